//! How often within a rolling span: requests, extensions and the fast lane are counted here and nowhere else.
//!
//! What was done counts in `(now - per, now]`: exactly `per` later it does not count any more. It counts
//! whatever became of it, so closed grants are read too.

use crate::board::Board;
use crate::check::No;
use crate::flow::approval_rule::{Approval, Decided, Lane};
use crate::flow::extension_rule::{DecidedBy, ExtensionApproval};
use crate::flow::{Flow, Quota};
use crate::grant::Grant;
use crate::id::{FlowId, GrantId, PersonId};
use crate::lifecycle::governing::Side;
use crate::machine::Fault;
use crate::refusal::{Code, Refusal, WouldPass};
use crate::time::{Span, Timestamp};
use crate::world::{Read, World};

/// What counts against a quota at one instant.
pub(crate) struct Tally {
    quota: Quota,
    /// When that was done which still counts, the earliest first.
    done: Vec<Timestamp>,
    /// When that lapses which counts until it is decided, whenever that is.
    pending: Vec<Timestamp>,
}

/// What must be read of the holder's past before a request is judged; nothing where no quota looks there.
pub(crate) fn before_request(flow: &Flow, holder: &PersonId) -> Option<Read> {
    let lane = match &flow.approval {
        Approval::Automatic => None,
        Approval::Decided(decided) => of_lane(decided),
    };
    past(flow, holder, [flow.limits.requests, lane])
}

/// The same before an extension is judged, by the rules of today or by those it was granted under.
pub(crate) fn before_extension(world: &World, grant: &GrantId) -> Vec<Read> {
    let Some(grant) = world.grants.get(grant).filter(|grant| !grant.is_closed()) else { return Vec::new() };
    let today = world.policy.flow(&grant.origin.flow).map(|since| &since.flow);
    let flows = [today, world.revisions.get(&grant.origin.revision)];
    let sides = flows.into_iter().flatten().filter_map(|flow| Side::of(flow));
    let one = |side: Side<'_>| {
        let lane = side.decided().and_then(of_lane);
        past(side.flow, grant.holder(), [side.flow.limits.extensions, lane])
    };
    sides.filter_map(one).collect()
}

/// The holder's requests under the flow, asked by whomever.
pub(crate) fn requests(
    board: &Board<'_>,
    holder: &PersonId,
    flow: &FlowId,
    quota: Quota,
) -> Result<Tally, Fault> {
    let done = known(board, holder, flow, quota)?.map(|grant| grant.origin.requested_at);
    Ok(Tally::new(board.now, quota, done, Vec::new()))
}

/// Extensions of all the holder's grants under the flow, each from when it was granted: against the quota of
/// these that is full longest, if one is.
pub(crate) fn extensions(
    board: &Board<'_>,
    holder: &PersonId,
    flow: &FlowId,
    quotas: impl Iterator<Item = Quota>,
) -> Result<Option<Tally>, Fault> {
    let tallies = quotas.map(|quota| extensions_of(board, holder, flow, quota));
    let tallies = tallies.collect::<Result<Vec<Tally>, Fault>>()?;
    let full = tallies.into_iter().filter(Tally::is_full);
    Ok(full.max_by_key(|tally| (tally.resets_at().is_none(), tally.has_room_at())))
}

fn extensions_of(board: &Board<'_>, holder: &PersonId, flow: &FlowId, quota: Quota) -> Result<Tally, Fault> {
    let grants = || known(board, holder, flow, quota);
    let done = grants()?.flat_map(|grant| grant.extensions.iter().map(|moved| moved.at));
    let pending = grants()?.filter_map(|grant| grant.active()?.asked.as_ref());
    Ok(Tally::new(board.now, quota, done, pending.map(|asked| asked.decide_by).collect()))
}

/// Whether the holder may take this lane of requests once more. Extensions that are decided as requests are
/// take the same lane.
pub(crate) fn lane_of_requests(
    board: &Board<'_>,
    holder: &PersonId,
    flow: &Flow,
    lane: &Lane,
) -> Result<bool, Fault> {
    lane_has_room(board, holder, flow, lane, true, shares_lane(flow))
}

/// Whether the holder may take this lane of extensions once more: that of requests, or one of their own.
pub(crate) fn lane_of_extensions(
    board: &Board<'_>,
    holder: &PersonId,
    flow: &Flow,
    lane: &Lane,
) -> Result<bool, Fault> {
    lane_has_room(board, holder, flow, lane, shares_lane(flow), true)
}

fn lane_has_room(
    board: &Board<'_>,
    holder: &PersonId,
    flow: &Flow,
    lane: &Lane,
    requests: bool,
    extensions: bool,
) -> Result<bool, Fault> {
    let Some(quota) = lane.quota else { return Ok(true) };
    let grants = || known(board, holder, &flow.id, quota);
    let asked =
        grants()?.filter(|grant| requests && grant.origin.lane).map(|grant| grant.origin.requested_at);
    let moved = grants()?.flat_map(|grant| grant.extensions.iter());
    let moved = moved.filter(|moved| extensions && moved.lane).map(|moved| moved.at);
    Ok(!Tally::new(board.now, quota, asked.chain(moved), Vec::new()).is_full())
}

/// Whether extensions are decided by whoever decides on requests, their fast lane included.
fn shares_lane(flow: &Flow) -> bool {
    match flow.extension.as_ref().map(|rule| &rule.approval) {
        Some(ExtensionApproval::Decided { by: DecidedBy::Same, .. }) => true,
        Some(ExtensionApproval::Decided { by: DecidedBy::Steps(_), .. } | ExtensionApproval::Automatic)
        | None => false,
    }
}

/// How far back the flow's quotas look at most; nothing where it has none.
pub(crate) fn longest(flow: &Flow) -> Option<Span> {
    let of_requests = match &flow.approval {
        Approval::Automatic => None,
        Approval::Decided(decided) => of_lane(decided),
    };
    let of_extensions = match flow.extension.as_ref().map(|rule| &rule.approval) {
        Some(ExtensionApproval::Decided { by: DecidedBy::Steps(decided), .. }) => of_lane(decided),
        Some(ExtensionApproval::Decided { by: DecidedBy::Same, .. } | ExtensionApproval::Automatic)
        | None => None,
    };
    let quotas = [flow.limits.requests, flow.limits.extensions, of_requests, of_extensions];
    quotas.into_iter().flatten().map(|quota| quota.per).max()
}

fn of_lane(decided: &Decided) -> Option<Quota> {
    decided.automatic.as_ref().and_then(|lane| lane.quota)
}

/// One look at the past that is long enough for all of these.
fn past(flow: &Flow, holder: &PersonId, quotas: [Option<Quota>; 2]) -> Option<Read> {
    let longest = quotas.into_iter().flatten().map(|quota| quota.per).max();
    longest.map(|per| Read::Recent(holder.clone(), flow.id.clone(), per))
}

/// The holder's grants under the flow, open or closed, as far back as the quota looks.
fn known<'b>(
    board: &'b Board<'_>,
    holder: &'b PersonId,
    flow: &'b FlowId,
    quota: Quota,
) -> Result<impl Iterator<Item = &'b Grant>, Fault> {
    let enough = |read: &Read| matches!(read, Read::Recent(of, under, span) if of == holder && under == flow && quota.per <= *span);
    // Less than all of it would be a yes to somebody who has had enough.
    if !board.world.read.iter().any(enough) {
        let missing = Read::Recent(holder.clone(), flow.clone(), quota.per);
        return Err(Fault::NotLoaded(vec![missing]));
    }
    Ok(board.of_holder(holder).filter(move |grant| grant.origin.flow == *flow))
}

impl Tally {
    fn new(
        now: Timestamp,
        quota: Quota,
        done: impl Iterator<Item = Timestamp>,
        pending: Vec<Timestamp>,
    ) -> Self {
        let mut done: Vec<Timestamp> = done.filter(|at| now < at.plus(quota.per)).collect();
        done.sort_unstable();
        Self { quota, done, pending }
    }

    /// Whether one more would be too many.
    fn is_full(&self) -> bool {
        self.done.len().saturating_add(self.pending.len()) >= self.times()
    }

    /// The first instant at which one more passes, where time alone brings it: a decision has no such instant.
    fn resets_at(&self) -> Option<Timestamp> {
        self.has_room_at().filter(|_| self.pending.is_empty())
    }

    /// The same where nothing is decided: what waits for it then lapses.
    fn has_room_at(&self) -> Option<Timestamp> {
        let done = self.done.iter().map(|at| at.plus(self.quota.per));
        let mut ends: Vec<Timestamp> = done.chain(self.pending.iter().copied()).collect();
        ends.sort_unstable();
        ends.len().checked_sub(self.times()).and_then(|too_many| ends.get(too_many)).copied()
    }

    fn times(&self) -> usize {
        usize::try_from(self.quota.times).unwrap_or(usize::MAX)
    }

    /// The refusal with this code, where one more would be too many.
    pub(crate) fn refuses(&self, code: Code, what: &str) -> Result<(), No> {
        if !self.is_full() {
            return Ok(());
        }
        let (times, per) = (self.quota.times, self.quota.per);
        let resets_at = self.resets_at();
        Err(Refusal::new(code, format!("{what}: {times} in {per} is the most"))
            .with("limit", times)
            .with("per", per)
            .with_some("resets_at", resets_at)
            .or_some(self.has_room_at().map(WouldPass::at))
            .into())
    }
}

#[cfg(test)]
mod tests;
