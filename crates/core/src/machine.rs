//! The routes: what a command needs, what comes of it, and what an event makes of a grant. No rule is here.

use std::sync::Arc;

use crate::board::Board;
use crate::check::{self, No, On};
use crate::command::{Activate, Approve, Asked, Command, Extend, Request, Verb};
use crate::effect::Task;
use crate::event::{Event, Happened, IllegalEvent};
use crate::explain::Explanation;
use crate::flow::target::Take;
use crate::grant::{Grant, Outcome as Closing};
use crate::id::{FlowId, GrantId, PersonId, Revision};
use crate::lifecycle::revoke_all::RevokedAll;
use crate::lifecycle::{
    activate, approve, break_glass, conflict, counterfactual, decide_extension, deny, effects as outbox,
    erase, escalate, expire, extend, give_back, items, kit, open, publish, quota, remind, request, review,
    revoke, revoke_all, rules, settle, verdict, withdraw,
};
use crate::limits::CLOCK_TOLERANCE;
use crate::person::Item;
use crate::time::{Span, Timestamp};
use crate::view::View;
use crate::world::{Decided, Done, Outcome, Read, Receipt, World};

/// The world failed, not the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The `now` handed in is further ahead of the store's clock than is tolerated. Nothing was written.
    Clock {
        /// How far.
        ahead: Span,
    },
    /// A record that cannot be: it is damaged, or this build is wrong.
    Illegal(IllegalEvent),
    /// The store did not load what the decision needs.
    NotLoaded(Vec<Read>),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Clock { ahead } => {
                write!(
                    f,
                    "the time handed in is {ahead} ahead of the store's clock, more than {CLOCK_TOLERANCE}"
                )
            }
            Self::Illegal(illegal) => illegal.fmt(f),
            Self::NotLoaded(reads) => write!(f, "the store did not load what was needed: {reads:?}"),
        }
    }
}

impl std::error::Error for Fault {}

/// What must be known before the command can be decided. Asked again with what was loaded, until nothing
/// more is wanted: a grant leads to its holder, the holder to their grants, the grants to their flows.
#[must_use]
pub fn needs(command: &Command, world: &World) -> Vec<Read> {
    let mut reads = vec![Read::Command(command.id.clone())];
    match &command.verb {
        Verb::Request(ask) => reads.extend(asked(command, ask, world)),
        Verb::RequestKit(ask) => {
            // Whatever comes of the kit, and be it unknown, what time has made true of its holder is.
            let holder = request::named_holder(command.actor.person(), ask.holder.as_ref());
            reads.extend(holder.map(|holder| Read::Person(holder.id.clone())));
            let parts = kit::parts(world, command, ask).unwrap_or_default();
            reads.extend(parts.iter().flat_map(|part| asked(command, &part.ask, world)));
        }
        Verb::RevokeAll(ask) => reads.extend(revoke_all::needs(command, ask, world)),
        Verb::Settle(ask) => reads.push(Read::Person(ask.person.clone())),
        Verb::TakeEffect(ask) => reads.push(Read::Person(ask.person.clone())),
        Verb::Publish(_) => {}
        Verb::Approve(_)
        | Verb::Deny(_)
        | Verb::Withdraw(_)
        | Verb::Activate(_)
        | Verb::Extend(_)
        | Verb::ApproveExtension(_)
        | Verb::DenyExtension(_)
        | Verb::GiveBack(_)
        | Verb::Revoke(_)
        | Verb::Review(_)
        | Verb::Erase(_)
        | Verb::EffectDone(_)
        | Verb::EffectFailed(_) => {
            if let Some(grant) = command.verb.grant() {
                reads.push(Read::Grant(grant.clone()));
                reads.extend(world.grants.get(grant).map(|grant| Read::Person(grant.holder().clone())));
            }
            reads.extend(beside(&command.verb, world));
        }
    }
    if let Verb::Extend(ask) = &command.verb {
        reads.extend(quota::before_extension(world, &ask.grant));
    }
    reads.extend(revisions(world));
    wanted(reads, world)
}

/// What a request needs: its grant, its holder's, and those that its flow's limits, quotas and conflicts look at.
fn asked(command: &Command, ask: &Request, world: &World) -> Vec<Read> {
    let id = ask.grant.clone().unwrap_or_else(|| GrantId::of(&world.namespace, &command.id));
    let mut reads = vec![Read::Grant(id)];
    let holder = request::named_holder(command.actor.person(), ask.holder.as_ref());
    reads.extend(holder.map(|holder| Read::Person(holder.id.clone())));
    if let Some(person) = command.actor.person().filter(|_| ask.break_glass) {
        reads.extend(break_glass::earlier(&person.names()));
    }
    let Some(flow) = world.policy.flow(&ask.flow).map(|since| &since.flow) else { return reads };
    reads.extend(holder.and_then(|holder| quota::before_request(flow, &holder.id)));
    reads.extend(flow.limits.open_total.map(|_| Read::OpenIn(ask.flow.clone())));
    if flow.limits.open_per_item.is_some() {
        let items: Vec<Item> = match flow.take {
            Take::Any => ask.items.iter().map(Asked::item).collect(),
            Take::All => items::whole(flow).into_iter().collect(),
        };
        reads.extend(items.into_iter().map(Read::OpenOn));
    }
    reads.extend(conflict::reads(world, &ask.flow));
    reads
}

/// What the holder may not have beside the grant that is to begin, or to last longer.
fn beside(verb: &Verb, world: &World) -> Vec<Read> {
    let grant = match verb {
        Verb::Approve(Approve { grant, .. })
        | Verb::Activate(Activate { grant })
        | Verb::Extend(Extend { grant, .. }) => world.grants.get(grant),
        Verb::Request(_)
        | Verb::RequestKit(_)
        | Verb::Deny(_)
        | Verb::Withdraw(_)
        | Verb::ApproveExtension(_)
        | Verb::DenyExtension(_)
        | Verb::GiveBack(_)
        | Verb::Revoke(_)
        | Verb::RevokeAll(_)
        | Verb::Review(_)
        | Verb::Erase(_)
        | Verb::Publish(_)
        | Verb::Settle(_)
        | Verb::TakeEffect(_)
        | Verb::EffectDone(_)
        | Verb::EffectFailed(_) => None,
    };
    grant.map(|grant| conflict::reads(world, &grant.origin.flow)).unwrap_or_default()
}

/// The revisions that the loaded grants were asked under, and those their extensions were asked under: but for
/// what is known of them already, as the policy in force is.
pub(crate) fn revisions<'w>(world: &'w World) -> impl Iterator<Item = Read> {
    let asked = |grant: &'w Arc<Grant>| {
        let extension = grant.active().and_then(|active| active.asked.as_ref());
        let revisions = [Some(&grant.origin.revision), extension.map(|asked| &asked.revision)];
        revisions.into_iter().flatten().map(|revision| (&grant.origin.flow, revision))
    };
    let unknown = |(flow, revision): &(&FlowId, &Revision)| {
        let today = world.policy.flow(flow).is_some_and(|since| since.flow.revision == **revision);
        !today && !world.revisions.contains_key(*revision)
    };
    let read = |(_, revision): (_, &Revision)| Read::Revision(revision.clone());
    world.grants.values().flat_map(asked).filter(unknown).map(read)
}

/// What of these was not read yet.
pub(crate) fn wanted(mut reads: Vec<Read>, world: &World) -> Vec<Read> {
    reads.sort_unstable();
    reads.dedup();
    reads.retain(|read| !world.read.contains(read));
    reads
}

/// Decides a command over the world that was loaded for it.
///
/// # Errors
/// [`Fault::NotLoaded`] with all that must be read first, as [`needs`] says it; any other [`Fault`] where the world
/// cannot be trusted. Nothing may be written then.
pub fn apply(world: &World, command: &Command, now: Timestamp) -> Result<Decided, Fault> {
    if let Some(receipt) = &world.answered
        && receipt.content == command.content()
    {
        return Ok(Decided::Repeated(receipt.clone()));
    }
    // A store that loads too little must not make a wrong decision of it.
    let missing = needs(command, world);
    if !missing.is_empty() {
        return Err(Fault::NotLoaded(missing));
    }
    let now = moment(world, now)?;
    let mut board = Board::new(world, now);
    let most = if let Verb::Settle(ask) = &command.verb { ask.most } else { None };
    for holder in holders(world, command) {
        settle::up_to(&mut board, &holder, most.unwrap_or(usize::MAX))?;
    }
    let settled = board.cut();
    let answer = match decide(board, command) {
        Ok(done) => Ok(done),
        Err(No::Refused(refusal)) => Err(*refusal),
        Err(No::Fault(fault)) => return Err(fault),
    };
    Ok(Decided::Now(Box::new(Outcome { now, settled, answer })))
}

/// The moment a decision is taken at: time never runs backward, and no host runs ahead of its store.
pub(crate) fn moment(world: &World, now: Timestamp) -> Result<Timestamp, Fault> {
    let ahead = now.since(world.clock);
    if ahead > CLOCK_TOLERANCE {
        return Err(Fault::Clock { ahead });
    }
    Ok(now.max(world.clock).max(world.latest().unwrap_or(world.clock)))
}

/// Whose grants are settled before the command is decided.
pub(crate) fn holders(world: &World, command: &Command) -> Vec<PersonId> {
    let one =
        match &command.verb {
            Verb::Request(ask) => request::named_holder(command.actor.person(), ask.holder.as_ref())
                .map(|holder| holder.id.clone()),
            Verb::RequestKit(ask) => request::named_holder(command.actor.person(), ask.holder.as_ref())
                .map(|holder| holder.id.clone()),
            Verb::Settle(ask) => Some(ask.person.clone()),
            Verb::TakeEffect(ask) => Some(ask.person.clone()),
            Verb::RevokeAll(_) => return revoke_all::holders(world),
            Verb::Publish(_) => None,
            Verb::Approve(_)
            | Verb::Deny(_)
            | Verb::Withdraw(_)
            | Verb::Activate(_)
            | Verb::Extend(_)
            | Verb::ApproveExtension(_)
            | Verb::DenyExtension(_)
            | Verb::GiveBack(_)
            | Verb::Revoke(_)
            | Verb::Review(_)
            | Verb::Erase(_)
            | Verb::EffectDone(_)
            | Verb::EffectFailed(_) => {
                let grant = command.verb.grant().and_then(|grant| world.grants.get(grant));
                grant.map(|grant| grant.holder().clone())
            }
        };
    one.into_iter().collect()
}

fn decide(mut board: Board<'_>, command: &Command) -> Result<Done, No> {
    let (mut policy, mut revoked, mut handed, mut more) = (None, None, None, Vec::new());
    let on_board = &mut board;
    let grant = match &command.verb {
        Verb::Request(ask) => Some(request::decide(on_board, command, ask)?),
        Verb::RequestKit(ask) => {
            let mut grants = kit::decide(on_board, command, ask)?.into_iter();
            let first = grants.next();
            more.extend(grants);
            first
        }
        Verb::Approve(ask) => Some(approve::decide(on_board, command, ask)?),
        Verb::Deny(ask) => Some(deny::decide(on_board, command, ask)?),
        Verb::Withdraw(ask) => Some(withdraw::decide(on_board, command, ask)?),
        Verb::Activate(ask) => Some(activate::decide(on_board, command, ask)?),
        Verb::Extend(ask) => Some(extend::decide(on_board, command, ask)?),
        Verb::ApproveExtension(ask) => Some(decide_extension::approve(on_board, command, ask)?),
        Verb::DenyExtension(ask) => Some(decide_extension::deny(on_board, command, ask)?),
        Verb::GiveBack(ask) => Some(give_back::decide(on_board, command, ask)?),
        Verb::Revoke(ask) => Some(revoke::decide(on_board, command, ask)?),
        Verb::Review(ask) => Some(review::decide(on_board, command, ask)?),
        Verb::Erase(ask) => Some(erase::decide(on_board, command, ask)?),
        Verb::EffectDone(ask) => Some(verdict::done(on_board, command, ask)?),
        Verb::EffectFailed(ask) => Some(verdict::failed(on_board, command, ask)?),
        Verb::Publish(ask) => {
            policy = Some(publish::decide(&On::new(on_board, command), ask)?);
            None
        }
        Verb::TakeEffect(ask) => {
            handed = outbox::take(on_board, command, ask)?;
            None
        }
        Verb::RevokeAll(ask) => {
            revoked = Some(revoke_all::decide(on_board, command, ask)?);
            None
        }
        Verb::Settle(_) => None,
    };
    let view = |grant: &Grant| Ok::<_, Fault>(View::of(grant, rules::times(&board, grant)?));
    let one = grant.and_then(|id| board.grant(&id)).map(view).transpose()?;
    let more = more.iter().filter_map(|id| board.grant(id)).map(view).collect::<Result<_, _>>()?;
    let found = revoked.as_deref().map(RevokedAll::found);
    let receipt = Receipt { content: command.content(), view: one, more, revoked: found };
    Ok(Done { journal: board.finish(), policy, revoked, receipt, handed })
}

/// Shows the checks of a command, one by one; nothing is done.
pub(crate) fn explain(world: &World, command: &Command, now: Timestamp) -> Result<Explanation, Fault> {
    let mut board = Board::new(world, now);
    for holder in holders(world, command) {
        settle::holder(&mut board, &holder)?;
    }
    if let Verb::RequestKit(ask) = &command.verb {
        return kit::explain(&mut board, command, ask);
    }
    let on = On::new(&board, command);
    match &command.verb {
        Verb::Request(ask) => counterfactual::explain(request::CHECKS, &on, ask),
        Verb::Approve(ask) => counterfactual::explain(approve::CHECKS, &on, ask),
        Verb::Deny(ask) => counterfactual::explain(deny::CHECKS, &on, ask),
        Verb::Withdraw(ask) => check::explain(withdraw::CHECKS, &on, ask),
        Verb::Activate(ask) => counterfactual::explain(activate::CHECKS, &on, ask),
        Verb::Extend(ask) => counterfactual::explain(extend::CHECKS, &on, ask),
        Verb::ApproveExtension(ask) => decide_extension::explain(decide_extension::APPROVE, &on, ask),
        Verb::DenyExtension(ask) => decide_extension::explain(decide_extension::DENY, &on, ask),
        Verb::GiveBack(ask) => check::explain(give_back::CHECKS, &on, ask),
        Verb::Revoke(ask) => check::explain(revoke::CHECKS, &on, ask),
        Verb::Review(ask) => check::explain(review::CHECKS, &on, ask),
        Verb::Erase(ask) => check::explain(erase::CHECKS, &on, ask),
        Verb::EffectDone(ask) => check::explain(verdict::DONE, &on, ask),
        Verb::EffectFailed(ask) => check::explain(verdict::FAILED, &on, ask),
        Verb::Publish(ask) => check::explain(publish::CHECKS, &on, ask),
        Verb::RevokeAll(ask) => check::explain(revoke_all::CHECKS, &on, ask),
        Verb::RequestKit(_) | Verb::TakeEffect(_) | Verb::Settle(_) => {
            Ok(Explanation { checks: Vec::new(), refused: None })
        }
    }
}

/// The grant after an event, its effects in the outbox.
pub(crate) fn evolve_whole(before: Option<Grant>, event: &Event) -> Result<Grant, IllegalEvent> {
    let mut after = evolve(before, event)?;
    outbox::enqueue(&mut after, event);
    Ok(after)
}

/// The grant's state after an event; the old state is consumed.
pub(crate) fn evolve(before: Option<Grant>, event: &Event) -> Result<Grant, IllegalEvent> {
    let at = event.at;
    let grant = match (before, &event.happened) {
        (None, Happened::Requested(requested)) if requested.origin.id == event.grant => {
            return Ok(request::evolve(requested, at));
        }
        (Some(grant), happened)
            if grant.changed_at <= at
                && *grant.id() == event.grant
                && !matches!(happened, Happened::Requested(_)) =>
        {
            grant
        }
        (before, happened) => {
            let stage = before.as_ref().map_or("not there", |grant| grant.stage.name());
            return Err(IllegalEvent { grant: Some(event.grant.clone()), event: happened.name(), stage });
        }
    };
    match &event.happened {
        Happened::Requested(_) => Err(request::illegal(&grant, "requested")),
        Happened::ApprovalGiven(given) => approve::evolve_given(grant, given),
        Happened::Escalated(escalated) => escalate::evolve(grant, escalated),
        Happened::Approved(approved) => approve::evolve_approved(grant, approved, at),
        Happened::DenialGiven(given) => deny::evolve(grant, given),
        Happened::Denied => expire::evolve(grant, Closing::Denied, at),
        Happened::Withdrawn(_) => expire::evolve(grant, Closing::Withdrawn, at),
        Happened::Undecided => expire::evolve(grant, Closing::Undecided, at),
        Happened::NowWaits(waits) => open::evolve_waits(grant, waits),
        Happened::Activated(activated) => open::evolve(grant, activated),
        Happened::Unused(_) => expire::evolve(grant, Closing::Unused, at),
        Happened::Failed(_) => expire::evolve(grant, Closing::Failed, at),
        Happened::Reminded(reminded) => remind::evolve(grant, reminded, at),
        Happened::ExtensionAsked(asked) => extend::evolve_asked(grant, asked),
        Happened::ExtensionApprovalGiven(given) => decide_extension::evolve_approval(grant, given),
        Happened::Extended(extended) => extend::evolve(grant, extended, at),
        Happened::ExtensionDenialGiven(given) => decide_extension::evolve_denial(grant, given),
        Happened::ExtensionDenied(_) => decide_extension::evolve_ended(grant, "extension_denied"),
        Happened::ExtensionLapsed(_) => decide_extension::evolve_ended(grant, "extension_lapsed"),
        Happened::Expired(_) => expire::evolve(grant, Closing::Expired, at),
        Happened::GivenBack(_) => expire::evolve(grant, Closing::GivenBack, at),
        Happened::Revoked(_) => expire::evolve(grant, Closing::Revoked, at),
        Happened::ReviewDue(_) => review::evolve_due(grant, at),
        Happened::Reviewed(reviewed) => review::evolve(grant, reviewed),
        Happened::Erased if !grant.is_settled_for_good() => Err(request::illegal(&grant, "erased")),
        Happened::Erased => Ok(erase::evolve(grant)),
        Happened::KeptFor(kept) => outbox::evolve_kept(grant, kept),
        Happened::EffectTaken { handed } => outbox::evolve_taken(grant, handed),
        Happened::EffectSkipped { number } => outbox::evolve_skipped(grant, *number),
        Happened::EffectDone(done) => {
            verdict::evolve_finished(grant, done.number, &done.already_held, "effect_done")
        }
        Happened::EffectFailed(missed) => verdict::evolve_failed(grant, missed),
        Happened::EffectLate(late) => verdict::evolve_late(grant, late),
        Happened::EffectStuck { number, .. } => verdict::evolve_stuck(grant, *number),
    }
}

/// What the world must now be told of an event.
pub(crate) fn effects(board: &Board<'_>, after: &Grant, event: &Event) -> Result<Vec<Task>, Fault> {
    match &event.happened {
        Happened::Requested(requested) => request::effects(board, after, requested),
        Happened::ApprovalGiven(given) => approve::effects_given(board, after, given),
        Happened::Escalated(escalated) => Ok(escalate::effects(after, escalated)),
        Happened::Approved(approved) => Ok(approve::effects_approved(after, approved)),
        Happened::Denied => expire::effects(board, after, Closing::Denied, &[]),
        Happened::Withdrawn(ended) => expire::effects(board, after, Closing::Withdrawn, &ended.kept),
        Happened::Undecided => expire::effects(board, after, Closing::Undecided, &[]),
        Happened::Activated(activated) => open::effects(board, after, activated),
        Happened::NowWaits(waits) => Ok(open::effects_waits(after, waits)),
        Happened::Unused(ended) => expire::effects(board, after, Closing::Unused, &ended.kept),
        Happened::Failed(ended) => expire::effects(board, after, Closing::Failed, &ended.kept),
        Happened::Reminded(reminded) => remind::effects(board, after, reminded),
        Happened::ExtensionAsked(_) => extend::effects_asked(board, after),
        Happened::ExtensionApprovalGiven(given) => decide_extension::effects_approval(board, after, given),
        Happened::Extended(extended) => Ok(extend::effects(after, extended, event.cause.as_ref())),
        Happened::ExtensionDenied(ended) => {
            Ok(decide_extension::effects_ended(after, &ended.by, ended.falls_back))
        }
        Happened::ExtensionLapsed(ended) => {
            Ok(decide_extension::effects_ended(after, &ended.by, ended.falls_back))
        }
        Happened::Expired(ended) => expire::effects(board, after, Closing::Expired, &ended.kept),
        Happened::GivenBack(ended) => expire::effects(board, after, Closing::GivenBack, &ended.kept),
        Happened::Revoked(revoked) => expire::effects(board, after, Closing::Revoked, &revoked.ended.kept),
        Happened::ReviewDue(due) => Ok(review::effects_due(due)),
        Happened::EffectLate(late) => Ok(verdict::effects_late(after, late)),
        Happened::EffectStuck { number, .. } => verdict::effects_stuck(board, after, *number),
        Happened::DenialGiven(_)
        | Happened::ExtensionDenialGiven(_)
        | Happened::Reviewed(_)
        | Happened::Erased
        | Happened::KeptFor(_)
        | Happened::EffectTaken { .. }
        | Happened::EffectSkipped { .. }
        | Happened::EffectDone(_)
        | Happened::EffectFailed(_) => Ok(Vec::new()),
    }
}

/// The grant that these events lead to.
///
/// # Errors
/// The first event that cannot follow what happened before it, or that there is none.
pub fn replay(events: impl IntoIterator<Item = Event>) -> Result<Grant, IllegalEvent> {
    let mut grant = None;
    for event in events {
        grant = Some(evolve_whole(grant, &event)?);
    }
    grant.ok_or(IllegalEvent { grant: None, event: "nothing", stage: "not there" })
}
