//! What a store is asked beside plans: each answer is an index, read.

use std::collections::BTreeMap;

use rusqlite::Connection;
use tenure_core::id::{GrantId, Integration, Namespace, PersonId};
use tenure_core::query::Held;
use tenure_core::time::Timestamp;
use tenure_store::{Awaited, AwaitedAt, Filter, Holding, HoldsAsk, Limit, Listed, Place, WhoAsk};

use crate::compact;
use crate::states::States;
use crate::trouble::{Out, broken};
use crate::words::{self, Kind};
use crate::write::{ANYWHERE, DUE, NOTICES, span_mark};

/// Grants that one call of a list looks at, whether or not they match: work is bounded as answers are.
const LOOKED_AT_MAX: usize = 10_000;

/// What is known of somebody's access without the rules.
pub(crate) enum Known {
    /// Access runs, or it does not.
    Surely(Option<Held>),
    /// Time may have changed more than its end: the rules must say.
    Unsettled,
}

/// Whether access runs at that instant.
pub(crate) fn holds(connection: &Connection, ns: &Namespace, ask: HoldsAsk<'_>, at: Timestamp) -> Out<Known> {
    let item = words::item(&ask.item())?;
    let mut statement = connection.prepare_cached(
        "SELECT n.latest, s.until, s.unsure, g.id, s.since, s.mark FROM namespace n \
         LEFT JOIN word p ON p.ns = n.key AND p.kind = 1 AND p.text = ? \
         LEFT JOIN word i ON i.ns = n.key AND i.kind = 4 AND i.text = ? \
         LEFT JOIN span s ON s.item = i.key AND s.person = p.key AND s.until > ? \
         LEFT JOIN grants g ON g.key = s.holding WHERE n.name = ?",
    )?;
    let asked = (ask.person.as_str(), item.as_str(), at.millis(), ns.as_str());
    let mut rows = statement.query(asked)?;
    let mut best: Option<Held> = None;
    while let Some(row) = rows.next()? {
        if at.millis() < row.get::<_, i64>(0)? {
            return Ok(Known::Unsettled);
        }
        let Some(until) = row.get::<_, Option<i64>>(1)? else { continue };
        let unsure = row.get::<_, Option<i64>>(2)?;
        let grant: String = row.get(3)?;
        let since = row.get(4)?;
        span_mark(ns, (ask.person.as_str(), &item, &grant), (since, until, unsure))
            .verify(row.get(5)?, "who holds what")?;
        if let Some(from) = unsure {
            if from <= at.millis() {
                return Ok(Known::Unsettled);
            }
            continue;
        }
        let held = Held { grant: grant_id(grant)?, until: Timestamp::from_millis(until) };
        // The latest end, then the smallest id.
        let better = best.as_ref().is_none_or(|best| {
            best.until < held.until || (best.until == held.until && held.grant < best.grant)
        });
        if better {
            best = Some(held);
        }
    }
    Ok(Known::Surely(best))
}

/// Who had a resource at that instant, by the table of spans: those of the resource that were not over by then.
pub(crate) fn who_has(
    connection: &Connection,
    ns: (i64, &Namespace),
    ask: WhoAsk<'_>,
    at: Timestamp,
    after: Option<&Holding>,
    limit: Limit,
) -> Out<Vec<Holding>> {
    // Items of one resource stand together: their names begin alike.
    let beginning = words::beginning(ask.resource)?;
    let mut statement = connection.prepare_cached(
        "SELECT i.text, p.text, g.id, s.since, s.until, s.unsure, s.mark FROM word i \
         CROSS JOIN span s INDEXED BY span_until ON s.item = i.key AND s.until > ?3 \
         JOIN word p ON p.key = s.person JOIN grants g ON g.key = s.holding \
         WHERE i.ns = ?1 AND i.kind = 4 AND i.text >= ?2 AND i.text < ?2 || char(1114111) \
         AND (s.since <= ?3 OR s.unsure <= ?3)",
    )?;
    let mut rows = statement.query((ns.0, beginning.as_str(), at.millis()))?;
    let mut found: BTreeMap<(String, PersonId, GrantId), Option<(Timestamp, Timestamp)>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (item, person, grant): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (since, until): (Option<i64>, i64) = (row.get(3)?, row.get(4)?);
        span_mark(ns.1, (&person, &item, &grant), (since, until, row.get(5)?))
            .verify(row.get(6)?, "who holds what")?;
        let permission = words::permission(&item)?;
        if ask.permission.is_some_and(|wanted| wanted != permission) {
            continue;
        }
        let person = PersonId::new(person).map_err(|why| broken(why.to_string()))?;
        let key = (permission, person, grant_id(grant)?);
        let run = since.map(|since| (Timestamp::from_millis(since), Timestamp::from_millis(until)));
        // Where only the rules know, what time alone tells is not enough.
        let known = found.entry(key).or_insert(run);
        if run.is_none() {
            *known = None;
        }
    }
    let found = found.into_iter().map(|((permission, person, grant), run)| Holding {
        permission,
        person,
        grant,
        run,
    });
    Ok(found.filter(|holding| after.is_none_or(|after| after < holding)).take(limit.get()).collect())
}

pub(crate) fn due(
    connection: &Connection,
    ns: i64,
    until: Timestamp,
    after: Option<&Awaited>,
    limit: Limit,
) -> Out<Vec<Awaited>> {
    awaited(connection, (ns, DUE), until, after, limit)
}

pub(crate) fn ready(
    connection: &Connection,
    ns: i64,
    place: Place<'_>,
    until: Timestamp,
    after: Option<&Awaited>,
    limit: Limit,
) -> Out<Vec<Awaited>> {
    let place = match place {
        Place::Anywhere => Some(ANYWHERE),
        Place::At(at) => words::find(connection, ns, Kind::Integration, at.as_str())?,
        Place::Notices => Some(NOTICES),
    };
    match place {
        Some(place) => awaited(connection, (ns, place), until, after, limit),
        None => Ok(Vec::new()),
    }
}

/// Places with an effect that waits, where somebody waits longest first. There are as many as integrations: each
/// costs a step into the index, however many people wait there.
pub(crate) fn ready_places(
    connection: &Connection,
    ns: i64,
    until: Timestamp,
    after: Option<&AwaitedAt>,
    limit: Limit,
) -> Out<Vec<AwaitedAt>> {
    let mut statement = connection.prepare_cached(
        "WITH RECURSIVE places (place) AS (\
           SELECT ?2 UNION ALL \
           SELECT (SELECT min(a.place) FROM awaited a INDEXED BY awaited_at \
                   WHERE a.ns = ?1 AND a.place > max(p.place, 0)) \
           FROM places p WHERE p.place IS NOT NULL) \
         SELECT p.place, w.text, (SELECT a.at FROM awaited a INDEXED BY awaited_at \
                                  WHERE a.ns = ?1 AND a.place = p.place ORDER BY a.at LIMIT 1) \
         FROM places p LEFT JOIN word w ON w.key = p.place WHERE p.place IS NOT NULL",
    )?;
    let mut rows = statement.query((ns, NOTICES))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let Some(at) = row.get::<_, Option<i64>>(2)?.map(Timestamp::from_millis) else { continue };
        let name: Option<String> = row.get(1)?;
        if name.is_none() && row.get::<_, i64>(0)? != NOTICES {
            return Err(broken("an effect waits at an integration without a name"));
        }
        let integration = name.map(Integration::new).transpose().map_err(|why| broken(why.to_string()))?;
        found.push(AwaitedAt { at, integration });
    }
    found.retain(|place| place.at <= until && after.is_none_or(|after| after < place));
    found.sort();
    found.truncate(limit.get());
    Ok(found)
}

fn awaited(
    connection: &Connection,
    (ns, place): (i64, i64),
    until: Timestamp,
    after: Option<&Awaited>,
    limit: Limit,
) -> Out<Vec<Awaited>> {
    let mut statement = connection.prepare_cached(
        "SELECT at, id FROM awaited INDEXED BY awaited_at \
         WHERE ns = ? AND place = ? AND (at, id) > (?, ?) AND at <= ? ORDER BY at, id LIMIT ?",
    )?;
    let after = after.map_or((i64::MIN, ""), |after| (after.at.millis(), after.person.as_str()));
    let limit = i64::try_from(limit.get()).unwrap_or(i64::MAX);
    let mut rows = statement.query((ns, place, after.0, after.1, until.millis(), limit))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let id: String = row.get(1)?;
        let person = PersonId::new(id).map_err(|why| broken(why.to_string()))?;
        found.push(Awaited { at: Timestamp::from_millis(row.get(0)?), person });
    }
    Ok(found)
}

/// Grants that match, in order of id.
pub(crate) fn list(
    connection: &Connection,
    states: &States,
    (ns, name): (i64, &Namespace),
    filter: &Filter,
    after: Option<&GrantId>,
    limit: Limit,
) -> Out<Listed> {
    let key = |kind, text: Option<&str>| match text {
        Some(text) => words::find(connection, ns, kind, text).map(|key| Some(key.unwrap_or(0))),
        None => Ok(None),
    };
    let holder = key(Kind::Person, filter.holder.as_ref().map(PersonId::as_str))?;
    let requester = key(Kind::Person, filter.requester.as_ref().map(PersonId::as_str))?;
    let flow = key(Kind::Flow, filter.flow.as_ref().map(tenure_core::id::FlowId::as_str))?;
    // The narrowest order there is; every one of them is by id.
    let (index, narrow, named) = match holder {
        Some(holder) => ("grants_holder", "holder = ?1", holder),
        None if filter.awaiting => ("grants_awaiting", "ns = ?1 AND awaiting = 1", ns),
        None if filter.open => ("grants_open", "ns = ?1 AND open = 1", ns),
        None => ("grants_id", "ns = ?1", ns),
    };
    let sql = format!(
        "SELECT id, requester, flow, open, awaiting, state, key FROM grants INDEXED BY {index} \
         WHERE {narrow} AND id > ?2 ORDER BY id"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query((named, after.map_or("", GrantId::as_str)))?;
    let mut listed = Listed::default();
    let mut looked_at = 0;
    while let Some(row) = rows.next()? {
        if listed.grants.len() == limit.get() || looked_at == LOOKED_AT_MAX {
            return Ok(listed);
        }
        looked_at = looked_at.saturating_add(1);
        let id = grant_id(row.get(0)?)?;
        listed.next = Some(id.clone());
        let fits = requester.is_none_or(|wanted| row.get(1) == Ok(wanted))
            && flow.is_none_or(|wanted| row.get(2) == Ok(wanted))
            && (!filter.open || row.get(3) == Ok(true))
            && (!filter.awaiting || row.get(4) == Ok(true));
        if !fits {
            continue;
        }
        if filter.item.is_some() {
            let state = row.get_ref(5)?.as_blob().map_err(|why| broken(why.to_string()))?;
            if !filter.matches(&*compact::grant(connection, states, (ns, name), row.get(6)?, state)?) {
                continue;
            }
        }
        listed.grants.push(id);
    }
    listed.next = None;
    Ok(listed)
}

fn grant_id(id: String) -> Out<GrantId> {
    GrantId::new(id).map_err(|why| broken(why.to_string()))
}
