//! Checks in order. A command runs its list, `explain` shows the same list, an offer asks it: there is no other copy.

use std::cell::OnceCell;

use crate::board::Board;
use crate::command::Command;
use crate::event::Cause;
use crate::explain::{Checked, Explanation, Verdict};
use crate::flow::Flow;
use crate::grant::{Grant, Outcome, Stage};
use crate::id::{FlowId, GrantId};
use crate::lifecycle::items::Items;
use crate::lifecycle::rules::Rules;
use crate::machine::Fault;
use crate::person::{Actor, Names, Person};
use crate::refusal::{Code, Lacking, Login, Missing, Refusal, WouldPass};
use crate::time::Timestamp;
use crate::world::Since;

/// One check: the codes it may refuse with, and the check itself.
pub(crate) struct Check<V: 'static> {
    pub(crate) codes: &'static [Code],
    pub(crate) run: fn(&On<'_>, &V) -> Result<(), No>,
}

/// Why a command does nothing: the rules say no, or the world failed.
#[derive(Debug)]
pub(crate) enum No {
    Refused(Box<Refusal>),
    Fault(Fault),
}

/// What a check looks at.
pub(crate) struct On<'a> {
    pub(crate) board: &'a Board<'a>,
    pub(crate) command: &'a Command,
    /// The rules of the extension that is asked about, once they were read.
    pub(crate) rules: OnceCell<Rules<'a>>,
    /// The items that are asked for, once the list was read.
    pub(crate) items: OnceCell<Items>,
    /// The change that is tried, where one is: what it says that people will bring counts as brought.
    pub(crate) assumed: Option<&'a WouldPass>,
}

/// Runs the checks; the first that fails is the refusal.
pub(crate) fn all<V>(checks: &[Check<V>], on: &On<'_>, ask: &V) -> Result<(), No> {
    checks.iter().try_for_each(|check| (check.run)(on, ask))
}

/// Shows how each check comes out.
pub(crate) fn explain<V>(checks: &[Check<V>], on: &On<'_>, ask: &V) -> Result<Explanation, Fault> {
    let mut shown = Vec::new();
    let mut refused: Option<Refusal> = None;
    for check in checks {
        if refused.is_none() {
            match (check.run)(on, ask) {
                Ok(()) => {}
                Err(No::Refused(refusal)) => refused = Some(*refusal),
                Err(No::Fault(fault)) => return Err(fault),
            }
        }
        show(&mut shown, check.codes, refused.as_ref().map(|refusal| refusal.code));
    }
    Ok(Explanation { checks: shown, refused })
}

/// A check with several codes passes those before the one it refuses with.
fn show(shown: &mut Vec<Checked>, codes: &[Code], refused: Option<Code>) {
    let reached = !shown.iter().any(|checked| checked.verdict == Verdict::Fail);
    let fails_here = reached && refused.is_some_and(|code| codes.contains(&code));
    let mut verdict =
        if reached && (refused.is_none() || fails_here) { Verdict::Pass } else { Verdict::Unreached };
    for &code in codes {
        if fails_here && refused == Some(code) {
            shown.push(Checked { code, verdict: Verdict::Fail });
            verdict = Verdict::Unreached;
        } else {
            shown.push(Checked { code, verdict });
        }
    }
}

impl<'a> On<'a> {
    pub(crate) const fn new(board: &'a Board<'a>, command: &'a Command) -> Self {
        Self { board, command, rules: OnceCell::new(), items: OnceCell::new(), assumed: None }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.board.now
    }

    /// Whether the text that the change which is tried brings is such a one; nothing where it brings none.
    pub(crate) fn brings(&self, lacking: &Lacking) -> Option<bool> {
        let mut brought =
            self.assumed?.reason.iter().filter(|brought| brought.field == lacking.field).peekable();
        brought.peek()?;
        Some(brought.any(|brought| brought.covers(lacking)))
    }

    /// The login that the change which is tried brings.
    pub(crate) fn login_brought(&self) -> Option<&'a Login> {
        self.assumed.and_then(|change| change.login.as_ref())
    }

    /// Whether the change that is tried names the people whom these steps lack.
    pub(crate) fn names_enough(&self, lacking: &[Missing]) -> bool {
        let names = |change: &WouldPass| lacking.iter().all(|step| change.approvers.contains(step));
        self.assumed.is_some_and(names)
    }

    /// The acting person, where it is one.
    pub(crate) fn person(&self) -> Option<&'a Person> {
        self.command.actor.person()
    }

    /// The acting person's names; none for the host itself.
    pub(crate) fn names(&self) -> Option<Names> {
        self.person().map(Person::names)
    }

    /// The actor as people are told of it.
    pub(crate) fn actor(&self) -> &'a Actor {
        &self.command.actor
    }

    pub(crate) fn cause(&self) -> Cause {
        Cause::of(&self.command.actor, &self.command.id)
    }

    /// The grant, or the refusal that there is none.
    pub(crate) fn grant(&self, id: &GrantId) -> Result<&'a Grant, No> {
        self.board
            .grant(id)
            .ok_or_else(|| Refusal::new(Code::GrantUnknown, format!("there is no grant `{id}`")).into())
    }

    /// The flow as it stands today, or the refusal that there is none.
    pub(crate) fn today(&self, flow: &FlowId) -> Result<&'a Since, No> {
        self.board
            .world
            .policy
            .flow(flow)
            .ok_or_else(|| Refusal::new(Code::FlowUnknown, format!("there is no flow `{flow}`")).into())
    }

    /// The flow the grant was asked under.
    pub(crate) fn pinned(&self, grant: &Grant) -> Result<&'a Flow, No> {
        Ok(self.board.pinned(grant)?)
    }
}

/// `command.reused`: this command id was accepted before with another content.
pub(crate) fn reused<V>(on: &On<'_>, _: &V) -> Result<(), No> {
    match &on.board.world.answered {
        Some(receipt) if receipt.content != on.command.content() => Err(Refusal::new(
            Code::CommandReused,
            format!("the command id `{}` was used for another command", on.command.id),
        )
        .into()),
        Some(_) | None => Ok(()),
    }
}

/// `flow.withdrawn`: nothing is asked, approved or extended under it now.
pub(crate) fn in_force(on: &On<'_>, flow: &FlowId) -> Result<(), No> {
    let since = on.today(flow)?;
    if since.is_withdrawn(on.now()) {
        let why = match since.flow.until {
            Some(until) if until <= on.now() => format!("the flow `{flow}` ended at {until}"),
            Some(_) | None => format!("the flow `{flow}` is withdrawn"),
        };
        return Err(Refusal::new(Code::FlowWithdrawn, why).with("flow", flow.as_str()).into());
    }
    Ok(())
}

/// The stage's refusal for a command that needs running access.
pub(crate) fn running(grant: &Grant) -> Result<&crate::grant::Active, No> {
    let refusal = match &grant.stage {
        Stage::Active(active) => return Ok(active),
        Stage::Closed(closed) if closed.outcome == Outcome::Expired => {
            Refusal::new(Code::GrantExpired, format!("the grant `{}` ended at {}", grant.id(), closed.at))
        }
        Stage::Pending(_) | Stage::Approved(_) | Stage::Closed(_) => Refusal::new(
            Code::GrantNotActive,
            format!("the grant `{}` is {}, not active", grant.id(), standing(grant)),
        ),
    };
    Err(staged(refusal, grant).into())
}

/// The stage, and the outcome of a closed grant, in words.
pub(crate) fn standing(grant: &Grant) -> &'static str {
    match &grant.stage {
        Stage::Closed(closed) if closed.outcome == Outcome::GivenBack => "given back",
        Stage::Closed(closed) => closed.outcome.as_str(),
        Stage::Pending(_) | Stage::Approved(_) | Stage::Active(_) => grant.stage.name(),
    }
}

/// Adds stage, outcome and end of the grant to a refusal.
pub(crate) fn staged(refusal: Refusal, grant: &Grant) -> Refusal {
    let refusal = refusal.with("stage", grant.stage.name());
    match &grant.stage {
        Stage::Pending(_) => refusal,
        Stage::Approved(approved) => {
            refusal.with_some("waiting_for", approved.waiting_for.map(crate::grant::Waiting::as_str))
        }
        Stage::Active(active) => refusal.with("ends", active.end),
        Stage::Closed(closed) => {
            refusal.with("outcome", closed.outcome.as_str()).with_some("ends", closed.end)
        }
    }
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<Fault> for No {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
