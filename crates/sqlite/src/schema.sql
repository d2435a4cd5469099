-- The layout of a store, format 3. Names of people, flows, places and items stand once and are keys elsewhere.
-- A key belongs to one namespace, and so does every row that names one.

CREATE TABLE IF NOT EXISTS namespace (
  key INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  latest INTEGER NOT NULL,      -- the last instant that anything happened at
  records INTEGER NOT NULL,     -- the last position of the record
  documents INTEGER NOT NULL,   -- the number of the policy in force
  peaks BLOB NOT NULL           -- hashes of the record's tree, to which the next record is added
) STRICT;

-- Policies that were in force, in order, as text.
CREATE TABLE IF NOT EXISTS document (
  ns INTEGER NOT NULL,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  revision TEXT NOT NULL,
  source TEXT NOT NULL,
  PRIMARY KEY (ns, number)
) STRICT;

CREATE TABLE IF NOT EXISTS word (
  key INTEGER PRIMARY KEY,
  ns INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  text TEXT NOT NULL,
  UNIQUE (ns, kind, text)
) STRICT;

-- A grant as it stands after its last event.
CREATE TABLE IF NOT EXISTS grants (
  key INTEGER PRIMARY KEY,
  ns INTEGER NOT NULL,
  id TEXT NOT NULL,
  holder INTEGER NOT NULL,
  requester INTEGER NOT NULL,
  flow INTEGER NOT NULL,
  revision INTEGER NOT NULL,    -- of the flow, when it was asked for
  changed INTEGER NOT NULL,     -- when its last event was
  open INTEGER NOT NULL,
  awaiting INTEGER NOT NULL,    -- a decision
  unsettled INTEGER NOT NULL,   -- something may still happen to it
  reached INTEGER,              -- the position of the revocation of many that has ended it, until it is closed
  mark INTEGER NOT NULL,        -- the checksum of its id and of `reached`; what is packed carries its own
  state BLOB NOT NULL           -- empty where it was compacted: the record says all of it
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS grants_id ON grants (ns, id);
CREATE INDEX IF NOT EXISTS grants_holder ON grants (holder, id);
CREATE INDEX IF NOT EXISTS grants_recent ON grants (holder, flow, changed) WHERE unsettled = 0;
CREATE INDEX IF NOT EXISTS grants_unsettled ON grants (holder) WHERE unsettled = 1;
CREATE INDEX IF NOT EXISTS grants_open ON grants (ns, id) WHERE open = 1;
CREATE INDEX IF NOT EXISTS grants_awaiting ON grants (ns, id) WHERE awaiting = 1;
CREATE INDEX IF NOT EXISTS grants_reached ON grants (ns, reached) WHERE reached IS NOT NULL;

-- Open grants by their flow, their items and their integrations.
CREATE TABLE IF NOT EXISTS open_on (
  word INTEGER NOT NULL,
  holding INTEGER NOT NULL,
  PRIMARY KEY (word, holding)
) STRICT, WITHOUT ROWID;

-- Who holds what, since when, until when: what time alone tells, for ever. Where `unsure` stands, the rules
-- must say from that instant on.
CREATE TABLE IF NOT EXISTS span (
  item INTEGER NOT NULL,
  person INTEGER NOT NULL,
  until INTEGER NOT NULL,
  holding INTEGER NOT NULL,
  since INTEGER,
  unsure INTEGER,
  mark INTEGER NOT NULL,        -- the checksum of all this, in names
  PRIMARY KEY (item, person, until, holding)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS span_until ON span (item, until);

-- People with something that comes due: a deadline (place 0), an effect anywhere (place -1), a notice
-- (place -2), or an effect at one integration (its key).
CREATE TABLE IF NOT EXISTS awaited (
  person INTEGER NOT NULL,
  place INTEGER NOT NULL,
  ns INTEGER NOT NULL,
  at INTEGER NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (person, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS awaited_at ON awaited (ns, place, at, id);

-- The record, in sheets of lines that follow each other and are about one grant: the bytes that the tree is made of, with
-- their checksum, and beside those what people wrote of them, until that is erased, and the hashes of the larger nodes
-- of the tree that they complete. Namespace and the position of the last line are one number, in whose order the rows
-- stand: 2^40 positions a namespace.
CREATE TABLE IF NOT EXISTS record (
  place INTEGER PRIMARY KEY,
  about INTEGER,                -- the grant
  leaves BLOB NOT NULL,
  written BLOB,
  nodes BLOB NOT NULL,
  ns INTEGER AS (place >> 40) VIRTUAL,
  position INTEGER AS (place & 1099511627775) VIRTUAL
) STRICT;
CREATE INDEX IF NOT EXISTS record_about ON record (about) WHERE about IS NOT NULL;

-- Where revocations of many stand in the record.
CREATE TABLE IF NOT EXISTS revocation (
  ns INTEGER NOT NULL,
  command TEXT NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (ns, command)
) STRICT, WITHOUT ROWID;

-- How often who was refused with what in the minute in which that was so last.
CREATE TABLE IF NOT EXISTS refusal (
  ns INTEGER NOT NULL,
  actor TEXT NOT NULL,
  code TEXT NOT NULL,
  minute INTEGER NOT NULL,
  times INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (ns, actor, code)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS refusal_minute ON refusal (ns, minute, actor, code);

-- What accepted commands answered, as far as the record does not say it, in the order they came: a random command id costs one page of a small index. The
-- digest is of namespace and command id, and the checksum of the answer says which command it is of.
CREATE TABLE IF NOT EXISTS receipt (
  key INTEGER PRIMARY KEY,
  digest INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS receipt_digest ON receipt (digest);
