//! A namespace goes from one database to another while others work in it.
//!
//! First its rows are copied, page by page, while it stays in force where it is. Then nobody writes for a moment: what has
//! changed meanwhile is copied, and all of it compared. Then it has left, then it is in force in the other database, and
//! last its rows go where they were. Each of these steps is one commit, and whoever comes after somebody who was ended
//! goes on from the step at which both databases stand: in force is a namespace in one of them, or in none.

use std::thread::{scope, sleep};
use std::time::Duration;

use tenure_core::id::Namespace;
use tenure_store::StoreFault;

use crate::hour::MICROS;
use crate::layout::FORMAT;
use crate::link::{Link, Param};
use crate::stage::Stage;
use crate::step::{Moved, Step};
use crate::tables::{Page, TABLES, Table};
use crate::trouble::{Out, Trouble, broken, count};
use crate::{Learned, PostgresStore, seals};

/// Copies of what changes are made so often, at most, before nobody writes.
const ROUNDS: u32 = 5;
/// What is copied last, while nobody writes, is to be no more than this.
const FEW: u64 = 500;
/// The clocks of two servers may be so far apart, in microseconds: whoever arrives waits for as long.
const APART: u64 = 5_000_000;
/// Between two words to those who wait that this is still there lie so many pages, while nobody writes.
const HEARD_EVERY: usize = 8;
/// How long somebody who waits for something waits before the next look.
const LOOK: Duration = Duration::from_millis(50);
/// How often.
const LOOKS: u32 = 6_000;

const PLACE: &str =
    "SELECT p.id, l.version FROM tenure.layout l LEFT JOIN tenure.place p ON p.one = l.one WHERE l.one = 1";
const STANDS: &str = "SELECT key, stage, move, other, whither, until IS NOT NULL AND until > floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint, \
    gen_random_uuid()::text FROM tenure.namespace WHERE name = $1";
const STANDS_LOCKED: &str = "SELECT key, stage, move, other, whither, until IS NOT NULL AND until > floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint, \
    gen_random_uuid()::text FROM tenure.namespace WHERE name = $1 FOR UPDATE";
/// Whoever moves it was silent for so long that it stays.
pub(crate) const STAYS: &str = "UPDATE tenure.namespace SET stage = 0, move = NULL, until = NULL WHERE name = $1 AND stage = 1 \
    AND until <= floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
const STAYS_NOW: &str = "UPDATE tenure.namespace SET stage = 0, move = NULL, until = NULL WHERE key = $1 AND stage = 1 \
    AND move = $2";
const BEGIN: &str = "INSERT INTO tenure.namespace (name, documents) VALUES ($1, 0) ON CONFLICT DO NOTHING";
const EMPTY: &str = "SELECT n.documents = 0 AND NOT EXISTS (SELECT 1 FROM tenure.record r WHERE r.ns = n.key) \
    AND NOT EXISTS (SELECT 1 FROM tenure.pending p WHERE p.ns = n.key) \
    AND NOT EXISTS (SELECT 1 FROM tenure.receipt c WHERE c.ns = n.key) FROM tenure.namespace n WHERE n.key = $1";
const ARRIVES: &str = "UPDATE tenure.namespace SET stage = 3, move = $2, until = NULL, other = $3, whither = NULL WHERE key = $1";
/// For fifteen seconds from now.
const LEAVES: &str = "UPDATE tenure.namespace SET stage = 1, move = $2, \
    until = floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint + 15000000 WHERE key = $1";
const STILL_LEAVES: &str = "UPDATE tenure.namespace SET until = floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint + 15000000 \
    WHERE key = $1 AND stage = 1 AND move = $2 RETURNING 1";
const HAS_LEFT: &str = "UPDATE tenure.namespace SET stage = 2, until = NULL, other = $3, whither = $4 \
    WHERE key = $1 AND stage = 1 AND move = $2";
const IN_FORCE: &str = "UPDATE tenure.namespace SET stage = 0 WHERE key = $1 AND stage = 3 AND move = $2";
const GOES: &str = "UPDATE tenure.namespace SET stage = 4 WHERE key = $1 AND stage = 2";
const IS_MINE: &str =
    "SELECT 1 FROM tenure.namespace WHERE key = $1 AND stage = 3 AND move = $2 FOR KEY SHARE";
const IS_GONE: &str = "SELECT 1 FROM tenure.namespace WHERE key = $1 AND stage = 4 FOR KEY SHARE";
const HEAD: &str = "SELECT n.documents, n.published, s.records, s.latest, s.peaks FROM tenure.namespace n \
    LEFT JOIN tenure.seal s ON s.ns = n.key WHERE n.key = $1";
const HEAD_COPIED: &str = "UPDATE tenure.namespace SET documents = $2, published = $3 WHERE key = $1";
const SEAL_GONE: &str = "DELETE FROM tenure.seal WHERE ns = $1";
const SEAL_COPIED: &str = "INSERT INTO tenure.seal (ns, records, latest, peaks) VALUES ($1, $2, $3, $4)";
const TURN_GONE: &str = "DELETE FROM tenure.turn WHERE ns = $1";

/// Why it goes no further.
enum Halt {
    Fault(StoreFault),
    /// Whoever has called wants that.
    Told,
}

type Onward<T> = Result<T, Halt>;

/// How a namespace stands in one of the two.
struct Standing {
    key: i64,
    stage: Stage,
    mover: Option<String>,
    other: Option<String>,
    whither: Option<String>,
    /// Whether somebody moves it who was heard of not long ago.
    watched: bool,
}

struct Mover<'m> {
    from: &'m PostgresStore,
    to: &'m PostgresStore,
    ns: &'m Namespace,
    /// The two databases, by their own ids.
    places: [String; 2],
    /// The keys of the namespace in each.
    keys: [i64; 2],
    id: String,
    told: &'m mut dyn FnMut(Step) -> bool,
    moved: Moved,
    /// What the clock of the first showed when nobody wrote any more.
    still_since: Option<i64>,
}

impl PostgresStore {
    /// Moves a namespace from this database to that one, with everything, while others work in it. It tells every step,
    /// and breaks off where it is answered `false`; then there is no answer.
    ///
    /// A move that was broken off, or ended in any way, is gone on with by the same call.
    ///
    /// # Errors
    /// [`StoreFault`]: where another namespace of that name is in force in the other database, where this one is not in
    /// force here and did not leave for that database, or where either cannot be used.
    pub fn hand_over(
        &self,
        ns: &Namespace,
        to: &Self,
        told: &mut dyn FnMut(Step) -> bool,
    ) -> Result<Option<Moved>, StoreFault> {
        let mut mover = match Mover::begin(self, to, ns, told) {
            Ok(mover) => mover,
            Err(Halt::Told) => return Ok(None),
            Err(Halt::Fault(fault)) => return Err(fault),
        };
        let ended = mover.run();
        if ended.is_err() && mover.still_since.is_some() {
            // Whoever waits to write need not wait until it is noticed that nobody moves it any more.
            let (key, id) = (mover.keys[0], &mover.id);
            let _ = self.ask(|link| link.rows(STAYS_NOW, &[&key, id]));
        }
        match ended {
            Ok(()) => Ok(Some(mover.moved)),
            Err(Halt::Told) => Ok(None),
            Err(Halt::Fault(fault)) => Err(fault),
        }
    }

    fn stands(&self, ns: &Namespace) -> Result<Option<(Standing, String)>, StoreFault> {
        self.ask(|link| standing(link, ns, STANDS))
    }

    /// Which database this is, which must have the layout of this version.
    fn place(&self) -> Result<String, StoreFault> {
        self.ask(|link| {
            let rows = link.rows(PLACE, &[])?;
            let row = rows.first().ok_or_else(|| broken("the database holds no store of tenure"))?;
            let version: i32 = row.get(1);
            if version != FORMAT {
                let found = u32::try_from(version).unwrap_or(u32::MAX);
                return Err(Trouble::Fault(StoreFault::Newer { found }));
            }
            Ok(row.get(0))
        })
    }

    fn micros(&self) -> Result<i64, StoreFault> {
        self.ask(|link| Ok(link.rows(MICROS, &[])?.first().map_or(0, |row| row.get(0))))
    }
}

/// How it stands, and an id that nobody has had.
fn standing(link: &mut Link, ns: &Namespace, sql: &'static str) -> Out<Option<(Standing, String)>> {
    let rows = link.rows(sql, &[&ns.as_str()])?;
    let read = |row: &tokio_postgres::Row| {
        let standing = Standing {
            key: row.get(0),
            stage: Stage::read(row.get(1))?,
            mover: row.get(2),
            other: row.get(3),
            whither: row.get(4),
            watched: row.get(5),
        };
        Ok((standing, row.get(6)))
    };
    rows.first().map(read).transpose()
}

impl<'m> Mover<'m> {
    fn begin(
        from: &'m PostgresStore,
        to: &'m PostgresStore,
        ns: &'m Namespace,
        told: &'m mut dyn FnMut(Step) -> bool,
    ) -> Onward<Self> {
        let places = [from.place()?, to.place()?];
        if places[0] == places[1] {
            return halt("it is the same database");
        }
        let apart = from.micros()?.abs_diff(to.micros()?);
        if apart > APART {
            return halt(format!(
                "the clocks of the two servers are {} ms apart; set them first",
                apart / 1_000
            ));
        }
        let Some((standing, id)) = from.stands(ns)? else {
            return halt(format!("there is no namespace `{ns}` in the database that it is to leave"));
        };
        let keys = [standing.key, 0];
        Ok(Self { from, to, ns, places, keys, id, told, moved: Moved::default(), still_since: None })
    }

    fn run(&mut self) -> Onward<()> {
        let stage = self.source()?.stage;
        if !self.take_up(stage)? {
            if stage == Stage::Gone {
                return halt(format!("nothing is left of `{}` here, and it is not in force there", self.ns));
            }
            if stage == Stage::Left {
                // Nobody writes where it has left.
                self.round(false)?;
            } else {
                self.copy()?;
            }
            self.tell(Step::Left)?;
            self.enter()?;
        }
        self.tell(Step::InForce)?;
        self.empty()
    }

    /// How it stands where it is to leave, which must be so that it may.
    fn source(&self) -> Onward<Standing> {
        let Some((standing, _)) = self.from.stands(self.ns)? else {
            return halt(format!("there is no namespace `{}` in the database that it is to leave", self.ns));
        };
        let whither = || standing.whither.as_deref().unwrap_or("another database");
        match standing.stage {
            Stage::InForce | Stage::Leaving => Ok(standing),
            Stage::Left | Stage::Gone if standing.other.as_ref() == Some(&self.places[1]) => Ok(standing),
            Stage::Left | Stage::Gone => halt(format!("`{}` was moved to {}", self.ns, whither())),
            Stage::Arriving => {
                halt(format!("`{}` is itself on its way to the database that it is to leave", self.ns))
            }
        }
    }

    /// Makes the other database the one to which it goes, by this call alone; whether it is in force there already.
    fn take_up(&mut self, from: Stage) -> Onward<bool> {
        let (ns, id, place) = (self.ns, &self.id, &self.places[0]);
        let has_left = matches!(from, Stage::Left | Stage::Gone);
        let (key, in_force) = self.to.ask(|link| {
            link.rows(BEGIN, &[&ns.as_str()])?;
            link.plain("BEGIN")?;
            let there = standing(link, ns, STANDS_LOCKED)?;
            let (there, _) = there.ok_or_else(|| broken("a namespace that was begun is not there"))?;
            let empty = link.rows(EMPTY, &[&there.key])?.first().is_some_and(|row| row.get(0));
            let words = match there.stage {
                Stage::InForce if !empty && has_left => {
                    link.plain("ROLLBACK")?;
                    return Ok((there.key, true));
                }
                Stage::InForce if !empty => "is in force in the other database already",
                Stage::Leaving => "is just leaving the other database",
                // It may be in force nowhere, and all that there is of it be here.
                Stage::Left if has_left || there.other.as_ref() != Some(place) => {
                    "has left the other database, and its own move is not over"
                }
                Stage::Arriving if there.other.as_ref() != Some(place) => {
                    "is on its way to that database from another one"
                }
                Stage::InForce | Stage::Arriving | Stage::Left | Stage::Gone => {
                    link.rows(ARRIVES, &[&there.key, id, place])?;
                    link.plain("COMMIT")?;
                    return Ok((there.key, false));
                }
            };
            link.plain("ROLLBACK")?;
            Err(broken(format!("a namespace `{ns}` {words}")))
        })?;
        self.keys[1] = key;
        Ok(in_force)
    }

    /// Copies everything, first while others write, and then, until nothing differs, while nobody does.
    fn copy(&mut self) -> Onward<()> {
        for round in 1..=ROUNDS {
            let before = self.moved.copied;
            self.round_while_others_write(round)?;
            if self.moved.copied.saturating_sub(before) <= FEW {
                break;
            }
        }
        for _ in 0..LOOKS {
            match self.freeze()? {
                Frozen::Yes => {}
                Frozen::Watched => {
                    sleep(LOOK);
                    continue;
                }
                Frozen::Left => {
                    self.round(false)?;
                    return Ok(());
                }
            }
            if self.round(true)? && self.leave()? {
                return Ok(());
            }
        }
        halt("it never stands still for long enough, or somebody else moves it all the while")
    }

    fn round_while_others_write(&mut self, round: u32) -> Onward<()> {
        for table in TABLES {
            self.table(table, &mut |rows| Step::Copying { round, table: table.name, rows }, false)?;
        }
        Ok(())
    }

    /// Copies what differs where nobody writes. Where that is so for a time only, whether it was so to the end.
    fn round(&mut self, held: bool) -> Onward<bool> {
        for table in TABLES {
            if !self.table(table, &mut |rows| Step::Comparing { table: table.name, rows }, held)? {
                return Ok(false);
            }
        }
        self.head()?;
        Ok(true)
    }

    /// From now on nobody writes where it is, for as long as this is heard of. All that was put on record is numbered.
    fn freeze(&mut self) -> Onward<Frozen> {
        let (ns, id) = (self.ns, &self.id);
        let alone = || Learned { alone: true, ..Learned::default() };
        let (frozen, since) = self.from.write_knowing(alone(), ns, |link, _| {
            link.plain("BEGIN")?;
            let (here, _) = standing(link, ns, STANDS_LOCKED)?.ok_or_else(|| broken("it is gone"))?;
            let frozen = match here.stage {
                Stage::Leaving if here.watched && here.mover.as_ref() != Some(id) => Frozen::Watched,
                Stage::InForce | Stage::Leaving => Frozen::Yes,
                Stage::Left | Stage::Gone => Frozen::Left,
                Stage::Arriving => return Err(broken("it is itself on its way")),
            };
            if frozen == Frozen::Yes {
                seals::all(link, (here.key, ns))?;
                link.rows(LEAVES, &[&here.key, id])?;
            }
            let since = link.rows(MICROS, &[])?.first().map_or(0, |row| row.get(0));
            link.plain("COMMIT")?;
            Ok((frozen, since))
        })?;
        if frozen == Frozen::Yes {
            self.still_since.get_or_insert(since);
        }
        Ok(frozen)
    }

    /// It has left: nobody writes there any more. Whether that is so.
    fn leave(&mut self) -> Onward<bool> {
        // Nobody has brought one of them up to date meanwhile: what was compared then says nothing.
        self.from.place()?;
        self.to.place()?;
        let (key, id, place, whither) = (self.keys[0], &self.id, &self.places[1], self.to.pool.words());
        self.from.ask(|link| link.rows(HAS_LEFT, &[&key, id, place, &whither]))?;
        let here = self.source()?;
        Ok(here.stage == Stage::Left && here.mover.as_ref() == Some(id))
    }

    /// It is in force in the other database, at no earlier time than it left.
    fn enter(&mut self) -> Onward<()> {
        let left = self.from.micros()?;
        let mut looks = 0;
        while self.to.micros()? <= left {
            looks += 1;
            if looks > LOOKS {
                return halt("the clock of the other server stays behind");
            }
            sleep(LOOK);
        }
        let (key, id) = (self.keys[1], &self.id);
        self.to.ask(|link| link.rows(IN_FORCE, &[&key, id]))?;
        let there = self.to.stands(self.ns)?;
        if !there.is_some_and(|(there, _)| there.stage == Stage::InForce) {
            return halt("somebody else goes on with this move");
        }
        let since = self.still_since.map_or(0, |since| left.saturating_sub(since).unsigned_abs());
        self.moved.still = Duration::from_micros(since);
        Ok(())
    }

    /// What is left of it where it was goes.
    fn empty(&mut self) -> Onward<()> {
        let key = self.keys[0];
        self.from.ask(|link| link.rows(GOES, &[&key]))?;
        for table in TABLES {
            let mut after = first(table);
            loop {
                let last = bound(self.from, table, key, &after)?;
                let page = if last.is_some() { &table.page } else { &table.rest };
                self.from.ask(|link| {
                    link.plain("BEGIN")?;
                    if link.rows(IS_GONE, &[&key])?.is_empty() {
                        return Err(broken("it is coming back"));
                    }
                    link.rows(page.delete, &range(&key, &after, last.as_ref()))?;
                    link.plain("COMMIT")
                })?;
                self.tell(Step::Emptying { table: table.name })?;
                let Some(last) = last else { break };
                after = last;
            }
        }
        self.from.ask(|link| link.all(vec![(SEAL_GONE, vec![&key]), (TURN_GONE, vec![&key])]))?;
        Ok(())
    }

    /// Compares a table page by page, and copies what differs; whether nobody wrote to the end, where that is held.
    fn table(&mut self, table: &Table, step: &mut dyn FnMut(u64) -> Step, held: bool) -> Onward<bool> {
        let mut after = first(table);
        let mut rows = 0_u64;
        for page in 0_usize.. {
            if held && page.is_multiple_of(HEARD_EVERY) && !self.is_still()? {
                return Ok(false);
            }
            let last = bound(self.from, table, self.keys[0], &after)?;
            let page = if last.is_some() { &table.page } else { &table.rest };
            let (here, there) = self.digests(page, &after, last.as_ref())?;
            rows = rows.saturating_add(here.0);
            if here != there {
                self.copy_page((table, page), &after, last.as_ref())?;
            }
            self.tell(step(rows))?;
            let Some(last) = last else { break };
            after = last;
        }
        Ok(true)
    }

    /// Whether nobody has written since nobody was to write.
    fn is_still(&self) -> Onward<bool> {
        let (key, id) = (self.keys[0], &self.id);
        Ok(self.from.ask(|link| Ok(!link.rows(STILL_LEAVES, &[&key, id])?.is_empty()))?)
    }

    /// What a page says in both, each asked at the same time.
    fn digests(
        &self,
        page: &Page,
        after: &Vec<String>,
        last: Option<&Vec<String>>,
    ) -> Onward<((u64, String), (u64, String))> {
        let of = |store: &PostgresStore, key: i64| {
            store.ask(|link| {
                let rows = link.rows(page.digest, &range(&key, after, last))?;
                let row = rows.first().ok_or_else(|| broken("nothing is counted"))?;
                Ok((count(row.get(0))?, row.get::<_, String>(1)))
            })
        };
        let ((from, to), [here, there]) = ((self.from, self.to), self.keys);
        let (here, there) = scope(|scope| {
            let there = scope.spawn(|| of(to, there));
            (of(from, here), there.join())
        });
        let there = there.map_err(|_| StoreFault::Broken("a thread has ended".to_owned()))?;
        Ok((here?, there?))
    }

    fn copy_page(
        &mut self,
        (table, page): (&Table, &Page),
        after: &Vec<String>,
        last: Option<&Vec<String>>,
    ) -> Onward<()> {
        let [here, there] = self.keys;
        let rows: Vec<String> = self.from.ask(|link| {
            let rows = link.rows(page.rows, &range(&here, after, last))?;
            Ok(rows.iter().map(|row| row.get(0)).collect())
        })?;
        self.arriving(|link| {
            link.rows(page.delete, &range(&there, after, last))?;
            link.rows(table.insert, &[&there, &rows])?;
            Ok(())
        })?;
        self.moved.copied = self.moved.copied.saturating_add(u64::try_from(rows.len()).unwrap_or(u64::MAX));
        Ok(())
    }

    /// Where the policy and the record stand.
    fn head(&self) -> Onward<()> {
        let [here, there] = self.keys;
        let rows = self.from.ask(|link| link.rows(HEAD, &[&here]))?;
        let Some(row) = rows.first() else { return halt("it is gone") };
        let (documents, published): (i64, Option<i64>) = (row.get(0), row.get(1));
        let seal: Option<(i64, i64, Vec<u8>)> =
            row.get::<_, Option<i64>>(2).map(|records| (records, row.get(3), row.get(4)));
        self.arriving(|link| {
            link.rows(HEAD_COPIED, &[&there, &documents, &published])?;
            link.rows(SEAL_GONE, &[&there])?;
            if let Some((records, latest, peaks)) = &seal {
                link.rows(SEAL_COPIED, &[&there, records, latest, peaks])?;
            }
            Ok(())
        })
    }

    /// Writes where it arrives, as long as that is this call's to do.
    fn arriving(&self, mut write: impl FnMut(&mut Link) -> Out<()>) -> Onward<()> {
        let (key, id) = (self.keys[1], &self.id);
        Ok(self.to.ask(|link| {
            link.plain("BEGIN")?;
            if link.rows(IS_MINE, &[&key, id])?.is_empty() {
                return Err(broken("somebody else goes on with this move"));
            }
            write(link)?;
            link.plain("COMMIT")
        })?)
    }

    fn tell(&mut self, step: Step) -> Onward<()> {
        if (self.told)(step) { Ok(()) } else { Err(Halt::Told) }
    }
}

/// Whether nobody writes where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frozen {
    Yes,
    /// Somebody else moves it, and was heard of not long ago.
    Watched,
    /// Somebody else has moved it.
    Left,
}

fn first(table: &Table) -> Vec<String> {
    table.first.iter().map(|&text| text.to_owned()).collect()
}

/// The last key of the next page; nothing where the rest is less than a page.
fn bound(store: &PostgresStore, table: &Table, key: i64, after: &Vec<String>) -> Onward<Option<Vec<String>>> {
    Ok(store.ask(|link| Ok(link.rows(table.last, &[&key, after])?.first().map(|row| row.get(0))))?)
}

fn range<'p>(key: &'p i64, after: &'p Vec<String>, last: Option<&'p Vec<String>>) -> Vec<Param<'p>> {
    let mut params: Vec<Param<'p>> = vec![key, after];
    if let Some(last) = last {
        params.push(last);
    }
    params
}

fn halt<T>(words: impl Into<String>) -> Onward<T> {
    Err(Halt::Fault(StoreFault::Broken(words.into())))
}

impl From<StoreFault> for Halt {
    fn from(fault: StoreFault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Trouble> for Halt {
    fn from(trouble: Trouble) -> Self {
        Self::Fault(trouble.told())
    }
}
