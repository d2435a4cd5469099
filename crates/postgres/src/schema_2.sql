-- From format 1 to format 2: namespaces move from database to database, and lines that cannot be read are set aside.

-- Which database this is, for those that move between two.
CREATE TABLE tenure.place (
  one integer PRIMARY KEY,
  id text NOT NULL
);
INSERT INTO tenure.place (one, id) VALUES (1, gen_random_uuid()::text);

-- How a namespace stands here. 0: it is in force; 1: it leaves, and nobody writes; 2: it has left; 3: it arrives; 4: it has
-- left, is in force elsewhere, and its rows go. A namespace is in force in one database or in none.
ALTER TABLE tenure.namespace ADD COLUMN stage smallint NOT NULL DEFAULT 0;
ALTER TABLE tenure.namespace ADD COLUMN move text;     -- whose turn it is to move it
ALTER TABLE tenure.namespace ADD COLUMN until bigint;  -- whoever moves it and is silent until then (in microseconds) is gone
ALTER TABLE tenure.namespace ADD COLUMN other text;    -- the other database
ALTER TABLE tenure.namespace ADD COLUMN whither text;  -- the same in words

-- The grant that a line is about.
ALTER TABLE tenure.pending ADD COLUMN about text COLLATE "C";

-- Lines that wait to be numbered and cannot be read, and those about the same grant behind them. Whoever seals looks again.
CREATE TABLE tenure.parked (
  ns bigint NOT NULL,
  ordered bigint NOT NULL,
  tx text COLLATE "C" NOT NULL,
  number integer NOT NULL,
  happened bigint,
  about text COLLATE "C",
  draft text NOT NULL,
  salt bytea NOT NULL,
  why text NOT NULL,            -- it is set aside
  PRIMARY KEY (ns, ordered, tx, number)
);
CREATE INDEX parked_about ON tenure.parked (ns, about);
