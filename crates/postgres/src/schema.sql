-- The layout of a store, format 1. It stays as it is: `schema_2.sql` and what follows lead on from it. The namespace is part of every key. Text is compared byte by byte.

CREATE TABLE tenure.namespace (
  key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE,
  documents bigint NOT NULL,    -- the number of the policy in force
  published bigint              -- when it was put in force
);

-- Until when (in microseconds) those who begin make way for somebody who must be alone in the namespace: whoever shares
-- a lock would else go past whoever waits to have it alone, for ever.
CREATE TABLE tenure.turn (
  ns bigint PRIMARY KEY,
  until bigint NOT NULL
);

-- The end of the record of each namespace: whoever seals holds this row, and nobody else waits for it.
CREATE TABLE tenure.seal (
  ns bigint PRIMARY KEY,
  records bigint NOT NULL,      -- the last position
  latest bigint NOT NULL,       -- the last instant that anything happened at, of what is sealed
  peaks bytea NOT NULL          -- hashes of the record's tree, to which the next record is added
);

-- Policies that were in force, in order, as text.
CREATE TABLE tenure.document (
  ns bigint NOT NULL,
  number bigint NOT NULL,
  at bigint NOT NULL,
  revision text NOT NULL,
  source text NOT NULL,
  PRIMARY KEY (ns, number)
);

-- Names that are locked: people (1), flows (2), items (3), integrations (4). None is ever removed.
CREATE TABLE tenure.name (
  ns bigint NOT NULL,
  kind smallint NOT NULL,
  text text COLLATE "C" NOT NULL,
  PRIMARY KEY (ns, kind, text)
);

-- A grant as it stands after its last event. `grant` is a word of the language.
CREATE TABLE tenure.grants (
  ns bigint NOT NULL,
  id text COLLATE "C" NOT NULL,
  holder text COLLATE "C" NOT NULL,
  requester text COLLATE "C" NOT NULL,
  flow text COLLATE "C" NOT NULL,
  changed bigint NOT NULL,      -- when its last event was
  open boolean NOT NULL,
  awaiting boolean NOT NULL,    -- a decision
  unsettled boolean NOT NULL,   -- something may still happen to it
  reached bigint,               -- the position of the revocation of many that has ended it, until it is closed
  reached_at bigint,            -- when that was
  ordered bigint NOT NULL,      -- the place in time of the transaction that wrote it last
  state text NOT NULL,          -- empty: only its record is left
  PRIMARY KEY (ns, id)
);
CREATE INDEX grants_holder ON tenure.grants (ns, holder, id);
CREATE INDEX grants_recent ON tenure.grants (ns, holder, flow, changed);
CREATE INDEX grants_unsettled ON tenure.grants (ns, holder) WHERE unsettled;
CREATE INDEX grants_open ON tenure.grants (ns, id) WHERE open;
CREATE INDEX grants_awaiting ON tenure.grants (ns, id) WHERE awaiting;
CREATE INDEX grants_reached ON tenure.grants (ns, reached) WHERE reached IS NOT NULL;

-- Open grants by their flow, their items and their integrations.
CREATE TABLE tenure.open_on (
  ns bigint NOT NULL,
  kind smallint NOT NULL,
  text text COLLATE "C" NOT NULL,
  holding text COLLATE "C" NOT NULL,
  PRIMARY KEY (ns, kind, text, holding)
);

-- Who holds what, since when, until when: what time alone tells, for ever. Where `unsure` stands, the rules
-- must say from that instant on.
CREATE TABLE tenure.span (
  ns bigint NOT NULL,
  item text COLLATE "C" NOT NULL,
  person text COLLATE "C" NOT NULL,
  until bigint NOT NULL,
  holding text COLLATE "C" NOT NULL,
  since bigint,
  unsure bigint,
  PRIMARY KEY (ns, item, person, until, holding)
);
CREATE INDEX span_until ON tenure.span (ns, item, until);

-- People with something that comes due: a deadline (`due`), an effect anywhere (`any`), a notice (`notice`), or
-- an effect at one integration (`at:` and its name).
CREATE TABLE tenure.awaited (
  ns bigint NOT NULL,
  person text COLLATE "C" NOT NULL,
  place text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (ns, person, place)
);
CREATE INDEX awaited_at ON tenure.awaited (ns, place, at, person);

-- What was put on record and has no position yet, in the order in which it will get one: no commit waits for
-- another to be numbered.
CREATE TABLE tenure.pending (
  ns bigint NOT NULL,
  ordered bigint NOT NULL,
  tx text COLLATE "C" NOT NULL,
  number integer NOT NULL,
  happened bigint,              -- the instant it speaks of, where something happened
  draft text NOT NULL,
  salt bytea NOT NULL,
  PRIMARY KEY (ns, ordered, tx, number)
);

-- The record: each as the bytes that the tree is made of, beside them what people wrote of it, until that is
-- erased, and the hashes of the tree's nodes that it completes.
CREATE TABLE tenure.record (
  ns bigint NOT NULL,
  position bigint NOT NULL,
  about text COLLATE "C",       -- the grant
  leaf text NOT NULL,
  written text,
  nodes bytea NOT NULL,
  PRIMARY KEY (ns, position)
);
CREATE INDEX record_about ON tenure.record (ns, about, position) WHERE about IS NOT NULL;

-- Where revocations of many stand in the record.
CREATE TABLE tenure.revocation (
  ns bigint NOT NULL,
  command text COLLATE "C" NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (ns, command)
);

-- How often who was refused with what in the minute in which that was so last; never, where `times` is 0.
CREATE TABLE tenure.refusal (
  ns bigint NOT NULL,
  actor text COLLATE "C" NOT NULL,
  code text COLLATE "C" NOT NULL,
  minute bigint NOT NULL,
  times bigint NOT NULL,
  last bigint NOT NULL,
  PRIMARY KEY (ns, actor, code)
);
CREATE INDEX refusal_minute ON tenure.refusal (ns, minute, actor, code) WHERE times > 0;

-- What accepted commands answered.
CREATE TABLE tenure.receipt (
  ns bigint NOT NULL,
  command text COLLATE "C" NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (ns, command)
);
