//! What a store is asked beside plans: each answer is an index, read in one statement.

use std::collections::{BTreeMap, HashMap};

use tenure_core::grant::Grant;
use tenure_core::id::{FlowId, GrantId, Integration, Namespace, PersonId};
use tenure_core::limits::CLOCK_TOLERANCE;
use tenure_core::query::Held;
use tenure_core::time::Timestamp;
use tenure_store::{Awaited, AwaitedAt, Filter, Holding, Limit, Listed, Place, WhoAsk};
use tokio_postgres::Row;

use crate::compact;
use crate::flush::{ANYWHERE, AT, DUE, NOTICES};
use crate::link::Link;
use crate::load::id;
use crate::names;
use crate::stage::{Stage, asked};
use crate::trouble::Out;

/// Grants that one call of a list looks at, whether or not they match: work is bounded as answers are.
const LOOKED_AT_MAX: usize = 10_000;
/// How many of them are looked at in one statement.
const LOOKED_AT_ONCE: usize = 500;

const HOLDS: &str = "WITH c AS (SELECT coalesce($4::bigint, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) \
    AS clock), a AS (SELECT n.key, \
    CASE WHEN $5::bigint > c.clock + $6::bigint THEN c.clock ELSE greatest($5::bigint, c.clock) END AS at, c.clock, \
    greatest(n.published, (SELECT max(greatest(g.changed, g.reached_at)) FROM tenure.grants g \
    WHERE g.ns = n.key AND g.holder = $2 AND g.unsettled)) AS latest, n.stage, n.whither \
    FROM tenure.namespace n CROSS JOIN c WHERE n.name = $1) \
    SELECT a.at, greatest(a.latest, h.changed), s.until, s.unsure, s.holding, a.stage, a.whither, a.clock FROM a \
    LEFT JOIN tenure.span s ON s.ns = a.key AND s.item = $3 AND s.person = $2 AND s.until > a.at \
    LEFT JOIN tenure.grants h ON h.ns = s.ns AND h.id = s.holding";
/// The key of the namespace is looked up first, here and wherever else it is named: whoever joined the tables might begin with
/// the other one where it was empty when it was looked at, and read that of all namespaces.
const WHO_HAS: &str = "SELECT s.item, s.person, s.holding, s.since, s.until FROM tenure.span s \
    WHERE s.ns = (SELECT n.key FROM tenure.namespace n WHERE n.name = $1) AND s.item >= $2 AND s.item < $3 \
    AND s.until > $4 AND (s.since <= $4 OR s.unsure <= $4)";
/// Whom another host is settling, or whose effect it is taking, at this moment is not named.
const WAITS: &str = "SELECT a.at, a.person FROM tenure.awaited a \
    JOIN tenure.name p ON p.ns = a.ns AND p.kind = 1 AND p.text = a.person \
    WHERE a.ns = (SELECT n.key FROM tenure.namespace n WHERE n.name = $1) AND a.place = $2 AND (a.at, a.person) > ($3, $4) AND a.at <= $5 \
    ORDER BY a.at, a.person LIMIT $6 FOR KEY SHARE OF p SKIP LOCKED";
/// From place to place, however many wait at each.
const PLACES: &str = "WITH RECURSIVE p (ns, place) AS ( \
    SELECT n.key, (SELECT min(a.place) FROM tenure.awaited a WHERE a.ns = n.key) FROM tenure.namespace n WHERE n.name = $1 \
    UNION ALL SELECT p.ns, (SELECT min(a.place) FROM tenure.awaited a WHERE a.ns = p.ns AND a.place > p.place) \
    FROM p WHERE p.place IS NOT NULL) \
    SELECT p.place, (SELECT min(a.at) FROM tenure.awaited a WHERE a.ns = p.ns AND a.place = p.place) FROM p \
    WHERE p.place IS NOT NULL";

macro_rules! list {
    ($narrow:literal) => {
        concat!(
            "SELECT g.id, g.requester, g.flow, g.open, g.awaiting, CASE WHEN $5 THEN g.state END, g.ns \
             FROM tenure.grants g \
             WHERE g.ns = (SELECT n.key FROM tenure.namespace n WHERE n.name = $1) AND g.id > $2 AND ($3::text IS NULL OR g.holder = $3) ",
            $narrow,
            " ORDER BY g.id LIMIT $4"
        )
    };
}

const LIST: &str = list!("");
const LIST_HOLDER: &str = list!("AND g.holder = $3");
const LIST_OPEN: &str = list!("AND g.open");
const LIST_AWAITING: &str = list!("AND g.awaiting");

/// What is known of somebody's access without the rules.
pub(crate) enum Known {
    /// Access does not run.
    Not,
    /// Access runs.
    Runs(Found),
    /// Time may have changed more than its end: the rules must say.
    Unsettled,
}

/// Access that runs.
pub(crate) struct Found {
    pub(crate) held: Held,
    /// The instant that was asked for.
    pub(crate) at: Timestamp,
    /// The store's clock.
    pub(crate) clock: Timestamp,
    /// Until when time alone changes nothing.
    pub(crate) until: Timestamp,
}

/// Whether access runs now, by the store's clock: `handed`, or the server's.
pub(crate) fn holds(
    link: &mut Link,
    ns: &Namespace,
    (person, item): (&PersonId, &str),
    (handed, now): (Option<i64>, Timestamp),
) -> Out<Known> {
    let tolerance = i64::try_from(CLOCK_TOLERANCE.as_millis()).unwrap_or(i64::MAX);
    let (person, now) = (person.as_str(), now.millis());
    let rows = link.rows(HOLDS, &[&ns.as_str(), &person, &item, &handed, &now, &tolerance])?;
    if let Some(row) = rows.first() {
        Stage::read(row.get(5))?.answers(ns, row.get(6))?;
    }
    let mut best: Option<Held> = None;
    let mut changes: Option<i64> = None;
    for row in &rows {
        let at: i64 = row.get(0);
        if row.get::<_, Option<i64>>(1).is_some_and(|latest| at < latest) {
            return Ok(Known::Unsettled);
        }
        let Some(until) = row.get::<_, Option<i64>>(2) else { continue };
        if let Some(from) = row.get::<_, Option<i64>>(3) {
            if from <= at {
                return Ok(Known::Unsettled);
            }
            changes = Some(changes.map_or(from, |earlier| earlier.min(from)));
            continue;
        }
        let held = Held { grant: id::<GrantId>(row.get(4))?, until: Timestamp::from_millis(until) };
        // The latest end, then the smallest id.
        let better = best.as_ref().is_none_or(|best| {
            best.until < held.until || (best.until == held.until && held.grant < best.grant)
        });
        if better {
            best = Some(held);
        }
    }
    let (Some(held), Some(row)) = (best, rows.first()) else { return Ok(Known::Not) };
    let (at, clock) = (Timestamp::from_millis(row.get(0)), Timestamp::from_millis(row.get(7)));
    let until = changes.map_or(held.until, |changes| held.until.min(Timestamp::from_millis(changes)));
    Ok(Known::Runs(Found { held, at, clock, until }))
}

/// Who had a resource at that instant, by the table of spans: those of the resource that were not over by then.
pub(crate) fn who_has(
    link: &mut Link,
    ns: &Namespace,
    ask: WhoAsk<'_>,
    at: Timestamp,
    (after, limit): (Option<&Holding>, Limit),
) -> Out<Vec<Holding>> {
    // Items of one resource stand together: their names begin alike.
    let (from, to) = names::around(ask.resource)?;
    let rows = asked(link, ns, WHO_HAS, &[&ns.as_str(), &from, &to, &at.millis()])?;
    let mut found: BTreeMap<(String, PersonId, GrantId), Option<(Timestamp, Timestamp)>> = BTreeMap::new();
    for row in &rows {
        let permission = names::permission(row.get(0))?;
        if ask.permission.is_some_and(|wanted| wanted != permission) {
            continue;
        }
        let key = (permission, id::<PersonId>(row.get(1))?, id::<GrantId>(row.get(2))?);
        let until = Timestamp::from_millis(row.get(4));
        let run = row.get::<_, Option<i64>>(3).map(|since| (Timestamp::from_millis(since), until));
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

/// People with something that comes due.
pub(crate) fn due(
    link: &mut Link,
    ns: &Namespace,
    until: Timestamp,
    page: (Option<&Awaited>, Limit),
) -> Out<Vec<Awaited>> {
    waits(link, ns, DUE, until, page)
}

/// People with an effect that may be taken.
pub(crate) fn ready(
    link: &mut Link,
    ns: &Namespace,
    place: Place<'_>,
    until: Timestamp,
    page: (Option<&Awaited>, Limit),
) -> Out<Vec<Awaited>> {
    match place {
        Place::Anywhere => waits(link, ns, ANYWHERE, until, page),
        Place::Notices => waits(link, ns, NOTICES, until, page),
        Place::At(at) => waits(link, ns, &format!("{AT}{at}"), until, page),
    }
}

fn waits(
    link: &mut Link,
    ns: &Namespace,
    place: &str,
    until: Timestamp,
    (after, limit): (Option<&Awaited>, Limit),
) -> Out<Vec<Awaited>> {
    let after = after.map_or((i64::MIN, ""), |after| (after.at.millis(), after.person.as_str()));
    let (name, until, limit) = (ns.as_str(), until.millis(), bounded(limit.get()));
    let rows = asked(link, ns, WAITS, &[&name, &place, &after.0, &after.1, &until, &limit])?;
    let awaited = |row: &Row| {
        let person = id::<PersonId>(row.get(1))?;
        Ok(Awaited { at: Timestamp::from_millis(row.get(0)), person })
    };
    rows.iter().map(awaited).collect()
}

/// Places with effects that wait.
pub(crate) fn ready_places(
    link: &mut Link,
    ns: &Namespace,
    until: Timestamp,
    after: Option<&AwaitedAt>,
    limit: Limit,
) -> Out<Vec<AwaitedAt>> {
    let mut found = Vec::new();
    for row in asked(link, ns, PLACES, &[&ns.as_str()])? {
        let place: &str = row.get(0);
        let integration = match place.strip_prefix(AT) {
            Some(name) => Some(id::<Integration>(name)?),
            None if place == NOTICES => None,
            None => continue,
        };
        found.push(AwaitedAt { at: Timestamp::from_millis(row.get(1)), integration });
    }
    found.retain(|place| place.at <= until && after.is_none_or(|after| after < place));
    found.sort();
    found.truncate(limit.get());
    Ok(found)
}

/// Grants that match, in order of id.
pub(crate) fn list(
    link: &mut Link,
    ns: &Namespace,
    filter: &Filter,
    after: Option<&GrantId>,
    limit: Limit,
) -> Out<Listed> {
    let holder = filter.holder.as_ref().map(PersonId::as_str);
    // The narrowest order there is; every one of them is by id.
    let sql = match holder {
        Some(_) => LIST_HOLDER,
        None if filter.awaiting => LIST_AWAITING,
        None if filter.open => LIST_OPEN,
        None => LIST,
    };
    let by_item = filter.item.is_some();
    let mut listed = Listed::default();
    let mut from = after.map_or_else(String::new, |after| after.as_str().to_owned());
    let mut looked_at = 0_usize;
    loop {
        let rows = asked(link, ns, sql, &[&ns.as_str(), &from, &holder, &bounded(LOOKED_AT_ONCE), &by_item])?;
        let replayed = replayed(link, ns, filter, &rows)?;
        for row in &rows {
            if listed.grants.len() == limit.get() || looked_at == LOOKED_AT_MAX {
                return Ok(listed);
            }
            looked_at = looked_at.saturating_add(1);
            let grant = id::<GrantId>(row.get(0))?;
            listed.next = Some(grant.clone());
            if fits(row, filter, &replayed)? {
                listed.grants.push(grant);
            }
        }
        if rows.len() < LOOKED_AT_ONCE {
            listed.next = None;
            return Ok(listed);
        }
        from = listed.next.as_ref().map_or(from, |next| next.as_str().to_owned());
    }
}

/// What the record says of those that may match and of which only that is left.
fn replayed(link: &mut Link, ns: &Namespace, filter: &Filter, rows: &[Row]) -> Out<HashMap<String, Grant>> {
    let is_left = |row: &&Row| row.get::<_, Option<&str>>(5) == Some("") && may_fit(row, filter);
    let left: Vec<&Row> = rows.iter().filter(is_left).collect();
    let Some(first) = left.first() else { return Ok(HashMap::new()) };
    let ids: Vec<&str> = left.iter().map(|row| row.get(0)).collect();
    compact::replayed(link, (first.get(6), ns), &ids)
}

/// What the columns of a row say.
fn may_fit(row: &Row, filter: &Filter) -> bool {
    let (requester, flow): (&str, &str) = (row.get(1), row.get(2));
    filter.requester.as_ref().is_none_or(|wanted| wanted.as_str() == requester)
        && filter.flow.as_ref().is_none_or(|wanted: &FlowId| wanted.as_str() == flow)
        && (!filter.open || row.get(3))
        && (!filter.awaiting || row.get(4))
}

fn fits(row: &Row, filter: &Filter, replayed: &HashMap<String, Grant>) -> Out<bool> {
    let fits = may_fit(row, filter);
    match row.get::<_, Option<&str>>(5) {
        Some(state) if fits => Ok(filter.matches(&compact::grant(row.get(0), state, replayed)?)),
        Some(_) | None => Ok(fits),
    }
}

fn bounded(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
