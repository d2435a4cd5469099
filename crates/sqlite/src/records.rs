//! Lines of the record: how each is written, and read again as what it was.

use std::borrow::Cow;
use std::sync::Arc;

use rusqlite::{Connection, Params, Row};
use serde::{Deserialize, Serialize};
use tenure_core::command::Verb;
use tenure_core::effect::Effect;
use tenure_core::event::{Cause, Event, Happened};
use tenure_core::id::{CommandId, GrantId, Revision};
use tenure_core::lifecycle::revoke_all::RevokedAll;
use tenure_core::record::{Entry, Published, Record, Refused};
use tenure_core::refusal::Code;
use tenure_core::time::Timestamp;

use crate::packed::{pack, unpack};
use crate::trouble::{Out, broken, count, number};

/// One line, without its position and its grant, which stand in columns.
#[derive(Serialize, Deserialize)]
enum Line<'a> {
    #[serde(rename = "e")]
    Event {
        #[serde(rename = "t")]
        at: i64,
        #[serde(rename = "c", skip_serializing_if = "Option::is_none", default)]
        cause: Option<Cow<'a, Cause>>,
        #[serde(rename = "h")]
        happened: Cow<'a, Happened>,
        #[serde(rename = "e", skip_serializing_if = "<[Effect]>::is_empty", default)]
        effects: Cow<'a, [Effect]>,
    },
    #[serde(rename = "r")]
    Refused {
        #[serde(rename = "r")]
        refused: Cow<'a, str>,
        #[serde(rename = "t")]
        at: i64,
        #[serde(rename = "v")]
        verb: Cow<'a, str>,
        #[serde(rename = "a")]
        actor: Cow<'a, str>,
        #[serde(rename = "i")]
        command: Cow<'a, CommandId>,
    },
    #[serde(rename = "p")]
    Published {
        #[serde(rename = "p")]
        published: Cow<'a, Revision>,
        #[serde(rename = "t")]
        at: i64,
        #[serde(rename = "a")]
        actor: Cow<'a, str>,
        #[serde(rename = "i")]
        command: Cow<'a, CommandId>,
    },
    #[serde(rename = "m")]
    Revoked(Cow<'a, RevokedAll>),
}

/// Puts one line on record. `about` is the key of the grant it is about.
pub(crate) fn write(
    connection: &Connection,
    ns: i64,
    position: u64,
    recorded_at: Timestamp,
    about: Option<i64>,
    entry: &Entry,
) -> Out<()> {
    connection
        .prepare_cached("INSERT INTO record (ns, position, recorded_at, about, body) VALUES (?, ?, ?, ?, ?)")?
        .execute((ns, number(position), recorded_at.millis(), about, pack(&line(entry))?))?;
    Ok(())
}

/// Records after that position, in order.
pub(crate) fn after(connection: &Connection, ns: i64, after: u64, limit: usize) -> Out<Vec<Arc<Record>>> {
    let sql = "SELECT r.position, r.recorded_at, g.id, r.body FROM record r \
               LEFT JOIN grants g ON g.key = r.about WHERE r.ns = ? AND r.position > ? ORDER BY r.position LIMIT ?";
    found(connection, sql, (ns, number(after), bounded(limit)))
}

/// Records of one grant after that position, in order.
pub(crate) fn of_grant(
    connection: &Connection,
    (ns, grant): (i64, &GrantId),
    after: u64,
    limit: usize,
) -> Out<Vec<Arc<Record>>> {
    let sql = "SELECT r.position, r.recorded_at, g.id, r.body FROM grants g \
               JOIN record r ON r.about = g.key AND r.ns = g.ns \
               WHERE g.ns = ? AND g.id = ? AND r.position > ? ORDER BY r.position LIMIT ?";
    found(connection, sql, (ns, grant.as_str(), number(after), bounded(limit)))
}

/// The revocation of many at that position.
pub(crate) fn revocation(connection: &Connection, ns: i64, position: u64) -> Out<Arc<RevokedAll>> {
    let sql = "SELECT body FROM record WHERE ns = ? AND position = ?";
    let body: Vec<u8> =
        connection.prepare_cached(sql)?.query_row((ns, number(position)), |row| row.get(0))?;
    match entry(unpack(&body)?, None)? {
        Entry::Revoked(revoked) => Ok(revoked),
        Entry::Event(_) | Entry::Refused(_) | Entry::Published(_) => {
            Err(broken(format!("record {position} is no revocation")))
        }
    }
}

fn found(connection: &Connection, sql: &str, params: impl Params) -> Out<Vec<Arc<Record>>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(Arc::new(record(row)?));
    }
    Ok(found)
}

fn record(row: &Row<'_>) -> Out<Record> {
    let position = count(row.get(0)?)?;
    let recorded_at = Timestamp::from_millis(row.get(1)?);
    let grant: Option<String> = row.get(2)?;
    let grant = grant.map(GrantId::new).transpose().map_err(|why| broken(why.to_string()))?;
    let body = row.get_ref(3)?.as_blob().map_err(|why| broken(why.to_string()))?;
    let entry = entry(unpack(body)?, grant).map_err(|why| broken(format!("record {position}: {}", why.0)))?;
    Ok(Record { position, recorded_at, entry })
}

fn bounded(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn line(entry: &Entry) -> Line<'_> {
    match entry {
        Entry::Event(event) => Line::Event {
            at: event.at.millis(),
            cause: event.cause.as_ref().map(Cow::Borrowed),
            happened: Cow::Borrowed(&event.happened),
            effects: Cow::Borrowed(&event.effects),
        },
        Entry::Refused(refused) => Line::Refused {
            refused: Cow::Borrowed(refused.refused.as_str()),
            at: refused.at.millis(),
            verb: Cow::Borrowed(refused.verb),
            actor: Cow::Borrowed(&refused.actor),
            command: Cow::Borrowed(&refused.command),
        },
        Entry::Published(published) => Line::Published {
            published: Cow::Borrowed(&published.published),
            at: published.at.millis(),
            actor: Cow::Borrowed(&published.actor),
            command: Cow::Borrowed(&published.command),
        },
        Entry::Revoked(revoked) => Line::Revoked(Cow::Borrowed(revoked)),
    }
}

fn entry(line: Line<'_>, grant: Option<GrantId>) -> Out<Entry> {
    Ok(match line {
        Line::Event { at, cause, happened, effects } => Entry::Event(Event {
            grant: grant.ok_or_else(|| broken("an event is about no grant"))?,
            at: Timestamp::from_millis(at),
            cause: cause.map(Cow::into_owned),
            happened: happened.into_owned(),
            effects: effects.into_owned(),
        }),
        Line::Refused { refused, at, verb, actor, command } => {
            let known = Verb::NAMES.iter().find(|known| **known == verb);
            let code = Code::ALL.iter().find(|code| code.as_str() == refused);
            Entry::Refused(Refused {
                refused: *code.ok_or_else(|| broken(format!("`{refused}` is no code of a refusal")))?,
                at: Timestamp::from_millis(at),
                verb: known.ok_or_else(|| broken(format!("`{verb}` is no verb")))?,
                actor: actor.into_owned(),
                command: command.into_owned(),
                grant,
            })
        }
        Line::Published { published, at, actor, command } => Entry::Published(Published {
            published: published.into_owned(),
            at: Timestamp::from_millis(at),
            actor: actor.into_owned(),
            command: command.into_owned(),
        }),
        Line::Revoked(revoked) if !revoked.grants.is_sorted() => {
            return Err(broken("the grants of a revocation are not in order"));
        }
        Line::Revoked(revoked) => Entry::Revoked(Arc::new(revoked.into_owned())),
    })
}
