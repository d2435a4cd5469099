//! How a namespace stands in a database: in one of all it is in force, and while it moves, in none for a moment.

use tenure_core::id::Namespace;
use tenure_store::StoreFault;
use tokio_postgres::Row;

use crate::link::{Link, Param};
use crate::trouble::{Out, Trouble, broken};

const STANDS: &str = "SELECT stage, whither FROM tenure.namespace WHERE name = $1";

/// How a namespace stands here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It is in force.
    InForce,
    /// It is still in force, and nobody writes: its last rows are on their way.
    Leaving,
    /// It was in force, and all of it is still here.
    Left,
    /// It is not in force yet.
    Arriving,
    /// It is in force elsewhere, and its rows go.
    Gone,
}

impl Stage {
    pub(crate) fn read(number: i16) -> Out<Self> {
        match number {
            0 => Ok(Self::InForce),
            1 => Ok(Self::Leaving),
            2 => Ok(Self::Left),
            3 => Ok(Self::Arriving),
            4 => Ok(Self::Gone),
            other => Err(broken(format!("a namespace does not stand at {other}"))),
        }
    }

    /// What is asked of it here is answered here.
    pub(crate) fn answers(self, ns: &Namespace, whither: Option<&str>) -> Out<()> {
        let words = match self {
            Self::InForce | Self::Leaving => return Ok(()),
            Self::Arriving => format!("`{ns}` is on its way here, and not in force before all of it is"),
            Self::Left | Self::Gone => {
                format!("`{ns}` was moved to {}", whither.unwrap_or("another database"))
            }
        };
        Err(Trouble::Fault(StoreFault::Moved(words)))
    }
}

/// The rows that a question in a namespace gives, where it was in force by then.
///
/// It is looked at after the question: what was in force afterwards was so before.
pub(crate) fn asked(
    link: &mut Link,
    ns: &Namespace,
    sql: &'static str,
    params: &[Param<'_>],
) -> Out<Vec<Row>> {
    let name = ns.as_str();
    let asked = link.all(vec![(sql, params.to_vec()), (STANDS, vec![&name])])?;
    let mut asked = asked.into_iter();
    let rows = asked.next().unwrap_or_default();
    if let Some(row) = asked.next().unwrap_or_default().first() {
        Stage::read(row.get(0))?.answers(ns, row.get(1))?;
    }
    Ok(rows)
}
