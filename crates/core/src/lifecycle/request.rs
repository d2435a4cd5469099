//! A person asks for access under a flow.

mod origin;

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::check::{self, Check, No, On};
use crate::command::{Asked, Command, Request};
use crate::effect::{Notice, Task};
use crate::event::{Happened, IllegalEvent};
use crate::flow::approval_rule::{Approval, Step};
use crate::flow::hours::{Hours, PastClose};
use crate::flow::target::Take;
use crate::flow::{Durations, Flow};
use crate::grant::{Grant, Origin, Pending, Stage, Target, Terms, TierDue, Tiers};
use crate::id::{GrantId, PersonId};
use crate::lifecycle::ballot::Ballot;
use crate::lifecycle::items::{self, Items};
use crate::lifecycle::quorum::Quorum;
use crate::lifecycle::{
    approve, break_glass, bring, conflict, counterfactual, eligible, guard, quota, settle,
};
use crate::limits;
use crate::machine::Fault;
use crate::person::{Item, Person, ResourceId};
use crate::refusal::{Code, Missing, Refusal, WouldPass};
use crate::time::{Span, Timestamp};

/// Access was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requested {
    /// What was asked.
    pub origin: Arc<Origin>,
    /// Until when it can be decided.
    pub decide_by: Timestamp,
    /// Whether nobody needs to decide.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub automatic: bool,
    /// When more people are asked.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub tiers: Vec<TierDue>,
}

/// The checks, in order: first what can never pass, then what passes later, then what the person can mend.
pub(crate) const CHECKS: &[Check<Request>] = &[
    Check { codes: &[Code::CommandReused], run: check::reused },
    Check { codes: &[Code::GrantExists], run: new_grant },
    Check { codes: &[Code::FlowUnknown], run: |on, ask| on.today(&ask.flow).map(|_| ()) },
    Check { codes: &[Code::RequesterNotAllowed], run: requester },
    Check { codes: &[Code::PersonNotEligible], run: eligibility },
    Check { codes: &[Code::FlowWithdrawn], run: in_force },
    Check { codes: &[Code::RequestEmpty, Code::RequestTooLarge], run: size },
    Check { codes: &[Code::ScopeNotInFlow], run: scope },
    Check { codes: &[Code::ConditionUnmet, Code::ConditionFailed], run: conditions },
    Check { codes: &[Code::GuardUnmet], run: guards },
    Check { codes: &[Code::ConflictHeld], run: none_held },
    Check { codes: &[Code::BreakGlassNotAllowed, Code::BreakGlassReviewDue], run: emergency },
    Check { codes: &[Code::ApprovalNobody], run: |on, ask| break_glass::skips(on, ask, somebody) },
    Check { codes: &[Code::LimitOpenPerPerson], run: |on, ask| break_glass::skips(on, ask, open_per_person) },
    Check { codes: &[Code::LimitOpenPerItem], run: |on, ask| break_glass::skips(on, ask, open_per_item) },
    Check { codes: &[Code::LimitOpenTotal], run: |on, ask| break_glass::skips(on, ask, open_total) },
    Check { codes: &[Code::LimitRequests], run: |on, ask| break_glass::skips(on, ask, quota_of_requests) },
    Check { codes: &[Code::StartInPast, Code::StartTooFar], run: start },
    Check { codes: &[Code::DurationTooShort, Code::DurationTooLong], run: duration },
    Check { codes: &[Code::HoursClosed], run: |on, ask| break_glass::skips(on, ask, hours) },
    Check { codes: &[Code::ReasonMissing, Code::ReasonMalformed], run: reason },
    Check { codes: &[Code::MfaMissing, Code::MfaStale], run: login },
];

pub(crate) fn decide(board: &mut Board<'_>, command: &Command, ask: &Request) -> Result<GrantId, No> {
    decide_on(board, command, ask, OnceCell::new(), None)
        .map_err(|no| counterfactual::advised(no, board, command, ask))
}

/// The same for items that were read already, those of a kit, and under the change that is tried where one is.
pub(crate) fn decide_on(
    board: &mut Board<'_>,
    command: &Command,
    ask: &Request,
    items: OnceCell<Items>,
    assumed: Option<&WouldPass>,
) -> Result<GrantId, No> {
    let on = On { items, assumed, ..On::new(board, command) };
    check::all(CHECKS, &on, ask)?;
    let flow = flow(&on, ask)?;
    let holder = holder(&on, ask)?;
    let automatic = automatic(&on, ask, flow, holder)?;
    let lane = automatic && !ask.break_glass && matches!(flow.approval, Approval::Decided(_));
    // From here it must succeed.
    let (now, cause) = (on.now(), on.cause());
    let origin = Arc::new(Origin { lane, ..origin::asked(&on, ask, flow, holder)? });
    let id = origin.id.clone();
    let decide_by = origin::decide_by(flow, &origin, now);
    let mut requested = Requested { origin, decide_by, automatic, tiers: Vec::new() };
    if !automatic {
        requested.tiers = ballot(&evolve(&requested, now), flow).tiers_due(&[], now);
    }
    board.record(&id, now, Some(cause.clone()), Happened::Requested(Box::new(requested)))?;
    if automatic {
        approve::settle(board, &id, cause)?;
    }
    Ok(id)
}

pub(crate) fn evolve(event: &Requested, at: Timestamp) -> Grant {
    let origin = event.origin.clone();
    let scope: BTreeSet<Item> = origin.items.iter().map(Asked::item).collect();
    let targets = scope.iter().map(|item| (item.resource.integration.clone(), Target::default())).collect();
    Grant {
        terms: Terms { span: origin.span, scope: Arc::new(scope) },
        origin,
        approvals: Arc::default(),
        denials: Arc::default(),
        stage: Stage::Pending(Pending {
            decide_by: event.decide_by,
            tiers: Tiers { due: event.tiers.clone(), reached: BTreeSet::new() },
        }),
        extensions: Arc::default(),
        targets,
        review: None,
        outbox: Vec::new(),
        effects_made: 0,
        changed_at: at,
        events: 0,
    }
}

pub(crate) fn effects(board: &Board<'_>, after: &Grant, event: &Requested) -> Result<Vec<Task>, Fault> {
    if event.automatic {
        return Ok(Vec::new());
    }
    let ballot = ballot(after, board.pinned(after)?);
    let to = ballot.tell(ballot.open_steps().map(|(_, step)| step));
    Ok(vec![Task::Notify { notice: Notice::ApprovalWanted, to, ends: None }])
}

/// The ballot on a request, under the flow it was asked under.
pub(crate) fn ballot<'a>(grant: &'a Grant, flow: &'a Flow) -> Ballot<'a> {
    let rule = match &flow.approval {
        Approval::Automatic => None,
        Approval::Decided(decided) => Some(Quorum::of(flow, decided)),
    };
    Ballot { grant, rule, approvals: &grant.approvals, denials: &grant.denials, asked: None }
}

/// An event that closes or changes a request finds it in another stage.
pub(crate) fn illegal(grant: &Grant, event: &'static str) -> IllegalEvent {
    IllegalEvent { grant: Some(grant.id().clone()), event, stage: grant.stage.name() }
}

fn flow<'a>(on: &On<'a>, ask: &Request) -> Result<&'a Flow, No> {
    Ok(&on.today(&ask.flow)?.flow)
}

/// The items asked for: those that are named, or the flow's own where it is taken whole.
fn items<'o>(on: &'o On<'_>, ask: &Request) -> Result<&'o Items, No> {
    let flow = flow(on, ask)?;
    Ok(on.items.get_or_init(|| Items::of(flow, ask)))
}

/// The holder: the actor, or the person named. What an actor says of themselves is not the host's word.
fn holder<'r>(on: &'r On<'_>, ask: &'r Request) -> Result<&'r Person, No> {
    named_holder(on.person(), ask.holder.as_ref()).ok_or_else(|| {
        let words = format!("`{}` holds nothing: name the person the access is for", on.actor());
        Refusal::new(Code::RequesterNotAllowed, words).into()
    })
}

/// The actor under their own id, else the person named.
pub(crate) fn named_holder<'r>(actor: Option<&'r Person>, named: Option<&'r Person>) -> Option<&'r Person> {
    actor.filter(|actor| named.is_none_or(|named| named.id == actor.id)).or(named)
}

fn grant_id(on: &On<'_>, ask: &Request) -> GrantId {
    ask.grant.clone().unwrap_or_else(|| GrantId::of(&on.board.world.namespace, &on.command.id))
}

fn new_grant(on: &On<'_>, ask: &Request) -> Result<(), No> {
    let id = grant_id(on, ask);
    match on.board.grant(&id) {
        Some(_) => Err(Refusal::new(Code::GrantExists, format!("the grant id `{id}` is in use")).into()),
        None => Ok(()),
    }
}

fn requester(on: &On<'_>, ask: &Request) -> Result<(), No> {
    let holder = holder(on, ask)?;
    if ask.break_glass {
        break_glass::for_oneself(on, holder)?;
    }
    eligible::may_request(flow(on, ask)?, on.actor(), &holder.names(), holder.manager.as_ref())
}

fn eligibility(on: &On<'_>, ask: &Request) -> Result<(), No> {
    let (flow, holder) = (flow(on, ask)?, holder(on, ask)?);
    if ask.break_glass {
        // Whom the glass is for is asked in its turn.
        return eligible::not_excepted(flow, holder);
    }
    eligible::may_hold(flow, Some(holder), &holder.id)
}

/// The flow is in force now, and will be when the access is to begin.
fn in_force(on: &On<'_>, ask: &Request) -> Result<(), No> {
    check::in_force(on, &ask.flow)?;
    match (ask.start, flow(on, ask)?.until) {
        (Some(start), Some(until)) if until <= start => {
            let words = format!("the flow `{}` ends at {until}, before the planned start", ask.flow);
            let earlier = until.minus(Span::millis(1));
            let passes = (on.now() <= earlier).then(|| WouldPass::start(earlier));
            Err(Refusal::new(Code::FlowWithdrawn, words)
                .with("flow", ask.flow.as_str())
                .or_some(passes)
                .into())
        }
        (_, _) => Ok(()),
    }
}

fn size(on: &On<'_>, ask: &Request) -> Result<(), No> {
    let refused = |code: Code, words: String| Err(Refusal::new(code, words).into());
    let takes_all = flow(on, ask)?.take == Take::All;
    if ask.items.is_empty() != takes_all {
        let words =
            if takes_all { "the flow gives its own items; name none" } else { "name at least one item" };
        let named = takes_all.then(|| WouldPass::without(ask.items.iter().map(Asked::item)));
        return Err(Refusal::new(Code::RequestEmpty, words).or_some(named).into());
    }
    if ask.items.len() > limits::ITEMS_PER_REQUEST_MAX {
        let most = limits::ITEMS_PER_REQUEST_MAX;
        return refused(
            Code::RequestTooLarge,
            format!("a request names at most {most} items, this one {}", ask.items.len()),
        );
    }
    let holder = holder(on, ask)?;
    // What awaits its review is loaded with every decision as well.
    let open = on.board.of_holder(&holder.id).filter(|grant| !grant.is_closed() || grant.awaits_review());
    let open = open.count();
    if open >= limits::OPEN_GRANTS_PER_PERSON_MAX {
        return refused(
            Code::RequestTooLarge,
            format!("`{}` has {open} open grants, which is the most", holder.id),
        );
    }
    items::bounded(&ask.resources)?;
    let items = &items(on, ask)?.list;
    let long = items.iter().map(|asked| asked.permission.len()).find(|bytes| *bytes > limits::ID_BYTES_MAX);
    if let Some(bytes) = long {
        let most = limits::ID_BYTES_MAX;
        return refused(
            Code::RequestTooLarge,
            format!("a permission has at most {most} bytes, this one {bytes}"),
        );
    }
    if let Some(words) = items.iter().find_map(|asked| asked.resource.too_large()) {
        return refused(Code::RequestTooLarge, words);
    }
    let texts = ask.fields.iter().flat_map(|(name, text)| [name.as_str(), text.as_str()]);
    // What an actor says of themselves as the holder decides nothing, and is bounded all the same.
    bring::bounded(on, ask.holder.as_ref(), texts.chain(ask.reason.as_deref()))
}

fn scope(on: &On<'_>, ask: &Request) -> Result<(), No> {
    let Items { list, unknown } = items(on, ask)?;
    let items: Vec<&Asked> = list.iter().collect();
    let passes = |foreign: &[Item]| Some(WouldPass::without(foreign.iter().cloned()));
    offered(flow(on, ask)?, &items, unknown, passes)
}

/// `scope.not_in_flow`: an item that the flow does not offer. What nobody described may have any label that
/// the flow leaves out.
pub(crate) fn offered(
    flow: &Flow,
    items: &[&Asked],
    unknown: &BTreeSet<ResourceId>,
    passes: impl Fn(&[Item]) -> Option<WouldPass>,
) -> Result<(), No> {
    let offers = |Asked { resource, permission }: &Asked| {
        let known = !unknown.contains(&resource.id);
        flow.what.iter().any(|target| {
            if known {
                target.offers(resource, permission)
            } else {
                target.surely_offers(&resource.id, permission)
            }
        })
    };
    let foreign: Vec<Item> = items.iter().filter(|asked| !offers(asked)).map(|asked| asked.item()).collect();
    match foreign.first() {
        Some(item) => {
            Err(Refusal::new(Code::ScopeNotInFlow, format!("`{}` does not offer `{item}`", flow.id))
                .with("items", foreign.iter().map(ToString::to_string).collect::<Vec<_>>())
                .or_some(passes(&foreign))
                .into())
        }
        None => Ok(()),
    }
}

fn conditions(on: &On<'_>, ask: &Request) -> Result<(), No> {
    let (flow, holder, items) = (flow(on, ask)?, holder(on, ask)?, items(on, ask)?);
    let items = || items.list.iter().collect();
    let named = flow.when.iter().map(eligible::Conditioned::named);
    eligible::conditions(on, named, Some(holder), items, || asking(on, ask, flow, holder))
}

/// `break_glass.not_allowed` and `break_glass.review_due`, where access is taken without approval.
fn emergency(on: &On<'_>, ask: &Request) -> Result<(), No> {
    if !ask.break_glass {
        return Ok(());
    }
    let holder = holder(on, ask)?;
    break_glass::allowed(flow(on, ask)?, holder)?;
    break_glass::reviewed(on, holder)
}

fn asking(on: &On<'_>, ask: &Request, flow: &Flow, holder: &Person) -> crate::flow::condition::Ask {
    let requester: &PersonId = on.person().map_or(&holder.id, |person| &person.id);
    let mut asking = eligible::asking(on, flow, requester, &holder.id);
    asking.span = span(on, ask, flow);
    asking.reason = ask.reason.clone().unwrap_or_default();
    asking
}

/// What guards ask of these items, whatever the flow says.
fn guards(on: &On<'_>, ask: &Request) -> Result<(), No> {
    let (flow, holder) = (flow(on, ask)?, holder(on, ask)?);
    let guards = guard::of(on.board, items(on, ask)?);
    let span = span(on, ask, flow);
    for guarding in &guards {
        guarding.approved(match &flow.approval {
            Approval::Automatic => Some("nobody does under this flow"),
            Approval::Decided(_) => ask.break_glass.then_some("nobody does in an emergency"),
        })?;
        if let Some(most) = guarding.guard.require.max.filter(|most| span > *most) {
            let refusal = guarding.unmet(&format!("{span} is longer than {most}")).with("max", most);
            return Err(refusal.or_some(guard::most(&guards).map(WouldPass::span)).into());
        }
        guarding.holds(on, Some(holder), || asking(on, ask, flow, holder))?;
        guarding.reasoned(on, ask.reason.as_deref())?;
        guarding.login(on)?;
    }
    Ok(())
}

/// What the holder has may not be held together with this.
fn none_held(on: &On<'_>, ask: &Request) -> Result<(), No> {
    conflict::none_held(on, &ask.flow, &[&holder(on, ask)?.names()], None)
}

/// Whether the fast lane is open, so that nobody needs to decide. What cannot be told is a no: the steps apply.
fn automatic(on: &On<'_>, ask: &Request, flow: &Flow, holder: &Person) -> Result<bool, No> {
    let lane = match &flow.approval {
        Approval::Automatic => return Ok(true),
        Approval::Decided(_) if ask.break_glass => return Ok(true),
        Approval::Decided(decided) => decided.automatic.as_ref(),
    };
    let Some(lane) = lane else { return Ok(false) };
    let items = items(on, ask)?;
    if guard::bars_lane(&guard::of(on.board, items))
        || !quota::lane_of_requests(on.board, &holder.id, flow, lane)?
    {
        return Ok(false);
    }
    let items = || items.list.iter().collect();
    let condition = lane.when.as_deref().map(eligible::Conditioned::plain);
    match eligible::conditions(on, condition, Some(holder), items, || asking(on, ask, flow, holder)) {
        Ok(()) => Ok(true),
        Err(No::Refused(_)) => Ok(false),
        Err(No::Fault(fault)) => Err(No::Fault(fault)),
    }
}

/// `approval.nobody`: it can be seen now that a needed step could never be filled, in every list of steps.
fn somebody(on: &On<'_>, ask: &Request) -> Result<(), No> {
    let (flow, holder) = (flow(on, ask)?, holder(on, ask)?);
    let Approval::Decided(decided) = &flow.approval else { return Ok(()) };
    if automatic(on, ask, flow, holder)? {
        return Ok(());
    }
    let parties = [Some(holder.names()), on.names()];
    let decides = |id: &&&PersonId| !parties.iter().flatten().any(|party| party.includes(id));
    let missing = |step: &Step| {
        let able = step.named_people()?.iter().filter(decides).count();
        let missing = step.needed.saturating_sub(u32::try_from(able).unwrap_or(u32::MAX));
        (missing > 0).then(|| Missing { step: step.name.clone(), missing })
    };
    let lists = decided.lists.iter().map(|steps| steps.iter().filter_map(missing).collect::<Vec<_>>());
    let fewest =
        lists.min_by_key(|missing| missing.iter().map(|step| step.missing).fold(0, u32::saturating_add));
    let fewest = fewest.unwrap_or_default();
    match fewest.first() {
        Some(Missing { step, .. }) if !on.names_enough(&fewest) => {
            let words = format!("nobody could ever decide on the step `{step}` of this request");
            let refusal = Refusal::new(Code::ApprovalNobody, words).with("step", step.as_str());
            Err(refusal.or(WouldPass::approvers(fewest.clone())).into())
        }
        Some(_) | None => Ok(()),
    }
}

fn open_per_person(on: &On<'_>, ask: &Request) -> Result<(), No> {
    let holder = holder(on, ask)?;
    let counts = |grant: &Grant| *grant.holder() == holder.id && grant.origin.flow == ask.flow;
    limit(on, Code::LimitOpenPerPerson, flow(on, ask)?.limits.open_per_person, counts, || {
        format!("`{}` has open access under `{}` already", holder.id, ask.flow)
    })
}

fn open_per_item(on: &On<'_>, ask: &Request) -> Result<(), No> {
    let most = flow(on, ask)?.limits.open_per_item;
    if most.is_none() {
        return Ok(());
    }
    for item in items(on, ask)?.list.iter().map(Asked::item) {
        let counts = |grant: &Grant| grant.terms.scope.contains(&item);
        let words = || format!("`{item}` is held or asked for already");
        limit(on, Code::LimitOpenPerItem, most, counts, words).map_err(|no| match no {
            No::Refused(refusal) => refusal.or(WouldPass::without([item.clone()])).into(),
            No::Fault(fault) => No::Fault(fault),
        })?;
    }
    Ok(())
}

fn open_total(on: &On<'_>, ask: &Request) -> Result<(), No> {
    let most = flow(on, ask)?.limits.open_total;
    let words = || format!("as many grants of `{}` are open as may be", ask.flow);
    limit(on, Code::LimitOpenTotal, most, |grant| grant.origin.flow == ask.flow, words)
}

fn quota_of_requests(on: &On<'_>, ask: &Request) -> Result<(), No> {
    let holder = holder(on, ask)?;
    let Some(quota) = flow(on, ask)?.limits.requests else { return Ok(()) };
    let tally = quota::requests(on.board, &holder.id, &ask.flow, quota)?;
    tally.refuses(Code::LimitRequests, &format!("`{}` has asked under `{}` too often", holder.id, ask.flow))
}

/// No more open grants than that; the refusal says when time alone frees a place.
fn limit(
    on: &On<'_>,
    code: Code,
    most: Option<u32>,
    counts: impl Fn(&Grant) -> bool,
    words: impl Fn() -> String,
) -> Result<(), No> {
    let Some(limit) = most else { return Ok(()) };
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let open = settle::count_open(on.board, &counts)?;
    if open < most {
        return Ok(());
    }
    let resets_at = settle::fewer_open_at(on.board, &counts, most)?;
    let open = u32::try_from(open).unwrap_or(u32::MAX);
    Err(Refusal::new(code, words())
        .with("limit", limit)
        .with("open", open)
        .with_some("resets_at", resets_at)
        .or_some(resets_at.map(WouldPass::at))
        .into())
}

fn start(on: &On<'_>, ask: &Request) -> Result<(), No> {
    let Some(start) = ask.start else { return Ok(()) };
    let now = on.now();
    if start < now {
        let words = format!("the planned start {start} has passed");
        return Err(Refusal::new(Code::StartInPast, words)
            .with("earliest", now)
            .or(WouldPass::start(now))
            .into());
    }
    let ahead = if ask.break_glass { Span::ZERO } else { flow(on, ask)?.start_ahead };
    let latest = now.plus(ahead);
    if start > latest {
        let words = format!("the planned start {start} is too far ahead, {latest} is the latest");
        return Err(Refusal::new(Code::StartTooFar, words)
            .with("latest", latest)
            .or(WouldPass::start(latest))
            .or(WouldPass::at(start.minus(ahead)))
            .into());
    }
    Ok(())
}

/// The span asked for, or the default: no more than guards allow, where that is enough.
fn span(on: &On<'_>, ask: &Request, flow: &Flow) -> Span {
    let default = || {
        let items = on.items.get_or_init(|| Items::of(flow, ask));
        let bounds = bounds(ask, flow);
        let most = guard::most(&guard::of(on.board, items)).filter(|most| *most >= bounds.min);
        most.map_or(bounds.default, |most| most.min(bounds.default))
    };
    ask.span.unwrap_or_else(default)
}

fn bounds(ask: &Request, flow: &Flow) -> Durations {
    if ask.break_glass { break_glass::bounds(flow) } else { flow.duration }
}

fn duration(on: &On<'_>, ask: &Request) -> Result<(), No> {
    let flow = flow(on, ask)?;
    let bounds = bounds(ask, flow);
    within(span(on, ask, flow), bounds.min, bounds.max, Code::DurationTooShort, Code::DurationTooLong)
}

/// A span must lie in `min..=max`; the bounds themselves are allowed.
pub(crate) fn within(span: Span, min: Span, max: Span, short: Code, long: Code) -> Result<(), No> {
    let refused = |code: Code, words: String, bound: Span| {
        let refusal = Refusal::new(code, words).with("min", min).with("max", max);
        Err(refusal.or(WouldPass::span(bound)).into())
    };
    if span < min {
        return refused(short, format!("{span} is too short, {min} is the least"), min);
    }
    if span > max {
        return refused(long, format!("{span} is too long, {max} is the most"), max);
    }
    Ok(())
}

/// The start lies in an opening, and with `past_close: refuse` the whole span does.
fn hours(on: &On<'_>, ask: &Request) -> Result<(), No> {
    let flow = flow(on, ask)?;
    let Some(hours) = &flow.hours else { return Ok(()) };
    let start = ask.start.unwrap_or(on.now());
    let Some((opened, close)) = hours.opening_at(start) else {
        let refusal = closed(hours, start, format!("`{}` is closed at {start}", flow.id));
        let before = hours.last_open(on.now(), start);
        return Err(moved(on, ask, refusal, hours.next_opening(start), before).into());
    };
    if flow.past_close == PastClose::Refuse && start.plus(span(on, ask, flow)) > close {
        let words = format!("`{}` closes at {close}, before the access would end", flow.id);
        let refusal = closed(hours, close, words).with("latest_end", close);
        let left = close.since(start);
        let shorter = (left >= flow.duration.min).then_some(WouldPass::span(left));
        let fits = close.minus(span(on, ask, flow));
        let before = if opened <= fits { Some(fits) } else { hours.last_open(on.now(), opened) };
        return Err(moved(on, ask, refusal.or_some(shorter), hours.next_opening(close), before).into());
    }
    Ok(())
}

/// The same from the next opening on, or before the last close: asked then, or planned for then.
fn moved(
    on: &On<'_>,
    ask: &Request,
    refusal: Refusal,
    opens: Option<Timestamp>,
    before: Option<Timestamp>,
) -> Refusal {
    if ask.start.is_some() {
        let before = before.filter(|before| on.now() <= *before);
        return refusal.or_some(opens.map(WouldPass::start)).or_some(before.map(WouldPass::start));
    }
    let ahead = flow(on, ask).map_or(Span::ZERO, |flow| flow.start_ahead);
    let planned = opens.filter(|opens| *opens <= on.now().plus(ahead)).map(WouldPass::start);
    refusal.or_some(opens.map(WouldPass::at)).or_some(planned)
}

/// `hours.closed`, naming the next opening.
pub(crate) fn closed(hours: &Hours, at: Timestamp, words: String) -> Refusal {
    shut(words, hours.next_opening(at), hours.closed_because(at))
}

/// `hours.closed`, from when it is open again, and why it is not now.
pub(crate) fn shut(words: String, opens: Option<Timestamp>, why: Option<&str>) -> Refusal {
    Refusal::new(Code::HoursClosed, words).with_some("opens_at", opens).with_some("why", why)
}

fn reason(on: &On<'_>, ask: &Request) -> Result<(), No> {
    let rule = &flow(on, ask)?.reason;
    if ask.break_glass {
        let rule = break_glass::reason(rule);
        return bring::reason(on, &rule, ask.reason.as_deref(), &ask.fields);
    }
    bring::reason(on, rule, ask.reason.as_deref(), &ask.fields)
}

fn login(on: &On<'_>, ask: &Request) -> Result<(), No> {
    bring::login(on, flow(on, ask)?.mfa.as_ref())
}

#[cfg(test)]
mod tests;
