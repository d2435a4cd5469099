//! Questions: answered from the settled view, and nothing is written.

pub mod compact;
pub mod reconcile;
pub mod who;

use crate::board::Board;
use crate::check::On;
use crate::command::{Command, Verb};
use crate::explain::Explanation;
use crate::flow::{Flow, OwnRequests};
use crate::grant::{Grant, Stage};
use crate::id::{CommandId, GrantId, PersonId};
use crate::lifecycle::{
    ballot, break_glass, conflict, decide_extension, eligible, extend, offer as offers, quota, request,
    rules, settle,
};
use crate::limits::CLOCK_TOLERANCE;
use crate::machine::{self, Fault};
use crate::offer::Offer;
use crate::person::{Actor, Item, Person, Record};
use crate::refusal::Refusal;
use crate::time::Timestamp;
use crate::view::View;
use crate::world::{Read, Since, World};

/// Access that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The grant that gives it: the latest end, then the smallest id.
    pub grant: GrantId,
    /// Until when.
    pub until: Timestamp,
}

/// What must be known to look at a grant. Asked again, as [`machine::needs`] is.
#[must_use]
pub fn needs_grant(grant: &GrantId, world: &World) -> Vec<Read> {
    let mut reads = vec![Read::Grant(grant.clone())];
    reads.extend(world.grants.get(grant).map(|grant| Read::Person(grant.holder().clone())));
    reads.extend(machine::revisions(world));
    machine::wanted(reads, world)
}

/// What must be known to offer an extension of a grant. Asked again, as [`machine::needs`] is.
#[must_use]
pub fn needs_offer(grant: &GrantId, world: &World) -> Vec<Read> {
    let mut reads = needs_grant(grant, world);
    let beside = world.grants.get(grant).map(|grant| conflict::reads(world, &grant.origin.flow));
    reads.extend(beside.unwrap_or_default());
    reads.extend(quota::before_extension(world, grant));
    machine::wanted(reads, world)
}

/// What must be known to look at a person's grants. Asked again, as [`machine::needs`] is.
#[must_use]
pub fn needs_person(person: &PersonId, world: &World) -> Vec<Read> {
    let mut reads = vec![Read::Person(person.clone())];
    reads.extend(machine::revisions(world));
    machine::wanted(reads, world)
}

/// The grant as it stands; nothing where there is none.
///
/// # Errors
/// A [`Fault`] where the world cannot be trusted.
pub fn look(world: &World, grant: &GrantId, now: Timestamp) -> Result<Option<View>, Fault> {
    let board = settled(world, grant, now)?;
    match board.grant(grant) {
        Some(grant) => Ok(Some(View::of(grant, rules::times(&board, grant)?))),
        None => Ok(None),
    }
}

/// What a button needs to know before it is pressed, and `holder`'s facts of today where somebody else presses it.
///
/// # Errors
/// A [`Fault`] where the world cannot be trusted; inside, the refusal that there is no such grant.
pub fn offer(
    world: &World,
    grant: &GrantId,
    person: &Person,
    holder: Option<&Person>,
    context: &Record,
    now: Timestamp,
) -> Result<Result<Offer, Refusal>, Fault> {
    let board = settled(world, grant, now)?;
    let verb = Verb::Extend(extend::click(grant, holder));
    let command = question(person, context, verb);
    offers::offer(&On::new(&board, &command), grant, holder)
}

/// The checks of a command, one by one.
///
/// # Errors
/// A [`Fault`] where the world cannot be trusted.
pub fn explain(world: &World, command: &Command, now: Timestamp) -> Result<Explanation, Fault> {
    machine::explain(world, &command.clone().without_blanks(), moment(world, now))
}

/// Whether the person holds access to the item, by which grant.
///
/// # Errors
/// A [`Fault`] where the world cannot be trusted.
pub fn holds(world: &World, person: &PersonId, item: &Item, now: Timestamp) -> Result<Option<Held>, Fault> {
    let mut board = Board::new(world, moment(world, now));
    settle::holder(&mut board, person)?;
    let covering = board
        .of_holder(person)
        .filter_map(|grant| Some((grant.covers(item, board.now)?, grant.id().clone())));
    let best = covering.min_by_key(|(until, id)| (std::cmp::Reverse(*until), id.clone()));
    Ok(best.map(|(until, grant)| Held { grant, until }))
}

/// Since when and until when a grant's access ran, or is to run, as it is stored. Nothing where it never began.
#[must_use]
pub fn run(grant: &Grant) -> Option<(Timestamp, Timestamp)> {
    let run = match &grant.stage {
        Stage::Pending(_) | Stage::Approved(_) => None,
        Stage::Active(active) => Some((active.since, active.held_until())),
        Stage::Closed(closed) => closed.since.map(|since| (since, closed.at)),
    };
    run.filter(|(since, until)| since < until)
}

/// The same of the grant as it stands at `now`, where it covers the item and ran at that instant.
///
/// # Errors
/// A [`Fault`] where the world cannot be trusted.
pub fn ran(
    world: &World,
    grant: &GrantId,
    item: &Item,
    at: Timestamp,
    now: Timestamp,
) -> Result<Option<(Timestamp, Timestamp)>, Fault> {
    let board = settled(world, grant, now)?;
    let grant = board.grant(grant).filter(|grant| grant.terms.scope.contains(item));
    Ok(grant.and_then(run).filter(|(since, until)| *since <= at && at < *until))
}

/// Whether the request, or the extension, awaits this person's decision.
///
/// # Errors
/// A [`Fault`] where the world cannot be trusted.
pub fn awaits(world: &World, grant: &GrantId, person: &Person, now: Timestamp) -> Result<bool, Fault> {
    let board = settled(world, grant, now)?;
    let Some(grant) = board.grant(grant) else { return Ok(false) };
    let command = question(person, &Record::new(), Verb::Extend(extend::click(grant.id(), None)));
    let on = On::new(&board, &command);
    match &grant.stage {
        crate::grant::Stage::Pending(_) => {
            Ok(ballot::awaits(&on, &request::ballot(grant, board.pinned(grant)?)))
        }
        crate::grant::Stage::Active(active) => match &active.asked {
            Some(asked) => Ok(ballot::awaits(&on, &decide_extension::ballot_on(&board, grant, asked)?)),
            None => Ok(false),
        },
        crate::grant::Stage::Approved(_) | crate::grant::Stage::Closed(_) => Ok(false),
    }
}

/// Whether this person may ask under the flow: for themselves where they are eligible, or for others.
/// Conditions are not looked at: they depend on what is asked.
#[must_use]
pub fn may_ask(since: &Since, person: &Person, now: Timestamp) -> bool {
    let flow = &since.flow;
    let excepted = flow.who.except.iter().any(|selector| selector.excludes(person));
    let named = flow.who.any.iter().any(|selector| selector.includes(person));
    let eligible = !excepted && (named || break_glass::names(flow, person));
    let own = match &flow.requesters.own {
        OwnRequests::Everyone => eligible,
        OwnRequests::Nobody => false,
        OwnRequests::Only(selectors) => {
            eligible && selectors.iter().any(|selector| selector.includes(person))
        }
    };
    let for_others = flow.requesters.others.iter().any(|selector| selector.includes(person));
    !since.is_withdrawn(now) && (own || for_others)
}

/// Whether this person may take access under the flow in an emergency. Conditions are not looked at.
#[must_use]
pub fn may_break_glass(flow: &Flow, person: &Person) -> bool {
    let own = match &flow.requesters.own {
        OwnRequests::Everyone => true,
        OwnRequests::Nobody => false,
        OwnRequests::Only(selectors) => selectors.iter().any(|selector| selector.includes(person)),
    };
    own && break_glass::names(flow, person) && eligible::not_excepted(flow, person).is_ok()
}

/// The moment a question is answered at: a host that is ahead of its store gets the store's.
pub(crate) fn moment(world: &World, now: Timestamp) -> Timestamp {
    let now = if now.since(world.clock) > CLOCK_TOLERANCE { world.clock } else { now };
    now.max(world.clock).max(world.latest().unwrap_or(world.clock))
}

pub(crate) fn settled<'w>(world: &'w World, grant: &GrantId, now: Timestamp) -> Result<Board<'w>, Fault> {
    let mut board = Board::new(world, moment(world, now));
    if let Some(holder) = world.grants.get(grant).map(|grant: &std::sync::Arc<Grant>| grant.holder().clone())
    {
        settle::holder(&mut board, &holder)?;
    }
    Ok(board)
}

fn question(person: &Person, context: &Record, verb: Verb) -> Command {
    Command {
        id: CommandId::question(),
        actor: Actor::Person(Box::new(person.clone())),
        context: context.clone(),
        verb,
    }
}
