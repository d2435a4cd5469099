//! Who holds what: pairs of a user and a permission, as many as a large company has, or as a file says.

use std::sync::Arc;
use std::time::Instant;

use tenure::tenure_store::{Answered, Batch, Given};
use tenure::{
    Ask, Engine, Extend, ManualClock, Person, RandomIds, Request, ResourceId, Span, SqliteStore, Store,
};
use tenure::{GrantId, Ids};

use crate::nine;

/// Users, permissions and pairs of the matrix that is made up: as many as `americas_large` has, which is a matrix of
/// the literature on the mining of roles.
const USERS: usize = 3_485;
const PERMISSIONS: usize = 10_127;
const PAIRS: usize = 185_294;
/// Commands of one transaction, while a file is filled: the more there are, the fewer pages are written again and again.
const AT_ONCE: usize = 2_048;
/// Grants between two words on how far it has come.
const TOLD_EVERY: usize = 50_000;

/// Pairs, each user's beside each other.
pub(crate) struct Matrix {
    pairs: Vec<(u32, u32)>,
    /// Whether each grant is somebody else's.
    apart: bool,
}

impl Matrix {
    pub(crate) fn read() -> Self {
        let Some(path) = std::env::var_os("TENURE_MATRIX") else { return Self::made_up() };
        let text = std::fs::read_to_string(path).unwrap();
        let mut pairs: Vec<(u32, u32)> = text
            .lines()
            .filter_map(|line| {
                let mut numbers = line.split_whitespace().map(|number| number.parse().unwrap());
                numbers.next().zip(numbers.next())
            })
            .collect();
        pairs.sort_unstable();
        Self::shuffled(pairs)
    }

    /// A few users hold much and a few permissions are held by many, as it is everywhere.
    fn made_up() -> Self {
        let mut dice = fastrand::Rng::with_seed(7);
        let mut pairs = std::collections::BTreeSet::new();
        while pairs.len() < PAIRS {
            let user = (USERS as f64 * dice.f64().powf(1.5)) as u32;
            let permission = (PERMISSIONS as f64 * dice.f64().powi(3)) as u32;
            pairs.insert((user, permission));
        }
        Self::shuffled(pairs.into_iter().collect())
    }

    /// Users one after the other in no order, so that the first of them hold as much as the others.
    fn shuffled(mut pairs: Vec<(u32, u32)>) -> Self {
        let last = pairs.iter().map(|(user, _)| *user).max().unwrap_or_default();
        let mut order: Vec<u32> = (0..=last).collect();
        fastrand::Rng::with_seed(7).shuffle(&mut order);
        pairs.sort_by_key(|(user, _)| order[*user as usize]);
        Self { pairs, apart: false }
    }

    /// The same permissions, each held by somebody else.
    pub(crate) fn apart(self) -> Self {
        Self { apart: true, ..self }
    }

    /// The holder and the item of the grant with that number. Where there are more grants than pairs, other people
    /// hold the same.
    fn grant(&self, n: usize) -> (Person, ResourceId) {
        let (user, permission) = self.pairs[n % self.pairs.len()];
        let team = if self.apart { n } else { n / self.pairs.len() };
        let name = format!("user-{user}-{team}@example.com");
        let name_of_item = format!("permission-{permission}");
        let item = ResourceId {
            integration: "prod-pg".parse().unwrap(),
            kind: "database".into(),
            name: name_of_item,
        };
        (Person::new(name.parse().unwrap()), item)
    }
}

/// Asks for the grants with these numbers, and extends each of them where that is wanted.
fn fill(store: &SqliteStore, matrix: &Matrix, grants: std::ops::Range<usize>, extended: bool) {
    let (begun, first) = (Instant::now(), grants.start);
    let numbers: Vec<usize> = grants.collect();
    let mut told = first;
    for some in numbers.chunks(AT_ONCE) {
        let asked = some.iter().map(|n| {
            let (person, item) = matrix.grant(*n);
            Request::new("db", &person).item(item.permission("read")).into_command(&RandomIds).unwrap()
        });
        let ids = carry_out(store, asked);
        if extended {
            let again = ids
                .iter()
                .zip(some)
                .map(|(id, n)| Extend::new(id, matrix.grant(*n).0).into_command(&RandomIds).unwrap());
            carry_out(store, again);
        }
        let made = some.last().map_or(first, |last| last + 1);
        if made >= told + TOLD_EVERY {
            told = made;
            println!("    {made} grants after {:.0} s", begun.elapsed().as_secs_f64());
        }
    }
}

fn carry_out(store: &SqliteStore, commands: impl Iterator<Item = tenure::Command>) -> Vec<GrantId> {
    let given = commands.map(|command| Given { command, now: nine(), keep: true }).collect();
    let mut batch = Batch::new(given, RandomIds.salt().unwrap());
    store.transact(&"default".parse().unwrap(), &mut batch).unwrap();
    let answers = batch.into_answers().into_iter().map(|answer| match answer {
        Answered::Accepted(accepted) => accepted.receipt.view.as_ref().unwrap().id.clone(),
        answer @ (Answered::Refused(_) | Answered::Fault(_)) => panic!("{answer:?}"),
    });
    answers.collect()
}

/// A store with these open grants in a file, and an engine on it.
pub(crate) fn filled(
    path: &std::path::Path,
    matrix: &Matrix,
    grants: std::ops::Range<usize>,
    extended: bool,
) -> (Engine, Arc<ManualClock>) {
    if grants.start == 0 {
        drop(crate::engine(path, crate::POLICY));
    }
    let clock = Arc::new(ManualClock::at(nine()));
    let store = Arc::new(SqliteStore::open_with(path, clock.clone()).unwrap());
    let engine = Engine::over(store.clone());
    fill(&store, matrix, grants, extended);
    (engine, clock)
}

/// How long access runs that nobody extended.
pub(crate) const RUNS: Span = Span::hours(1);
