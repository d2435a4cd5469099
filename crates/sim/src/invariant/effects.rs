//! I6: every effect is explained by an event, once.

use std::collections::BTreeSet;

use tenure::tenure_core::event::{Event, Happened};

use super::{Broken, Invariant};

/// The effects that a grant's events made.
#[derive(Debug, Default)]
pub(super) struct Made {
    made: u32,
    finished: BTreeSet<u32>,
}

impl Made {
    /// Looks at what an event makes, and at what it says of effects that were made before.
    pub(super) fn by(&mut self, event: &Event) -> Result<(), Broken> {
        let (id, name) = (&event.grant, event.happened.name());
        let explained = explained(&event.happened);
        let mut tasks = BTreeSet::new();
        for effect in &event.effects {
            self.made += 1;
            Invariant::I6.holds(effect.number == self.made, || {
                format!("effect {} of `{id}` is its number {}", effect.number, self.made)
            })?;
            let kind = effect.task.to_string();
            Invariant::I6
                .holds(explained.contains(&kind.as_str()), || format!("`{name}` of `{id}` makes `{kind}`"))?;
            let place = effect.task.at().map(ToString::to_string);
            // Two kinds of notice go to different people; one of a kind is enough.
            Invariant::I6.holds(tasks.insert((kind, place)), || {
                format!("`{name}` of `{id}` makes {:?} twice", effect.task)
            })?;
        }
        self.told(event)
    }

    /// An effect that is taken was made, and none ends twice.
    fn told(&mut self, event: &Event) -> Result<(), Broken> {
        let Some((number, ends)) = spoken_of(&event.happened) else { return Ok(()) };
        let (id, name) = (&event.grant, event.happened.name());
        let known = (1..=self.made).contains(&number) && !self.finished.contains(&number);
        if ends {
            self.finished.insert(number);
        }
        Invariant::I6.holds(known, || format!("`{name}` of `{id}`: no effect {number} is open"))
    }
}

/// The effect that an event speaks of, and whether that is the end of it.
const fn spoken_of(happened: &Happened) -> Option<(u32, bool)> {
    if let Happened::EffectTaken { handed } = happened {
        Some((handed.number, false))
    } else if let Happened::EffectFailed(missed) = happened {
        Some((missed.number, false))
    } else if let Happened::EffectStuck { number, .. } = happened {
        Some((*number, false))
    } else if let Happened::EffectSkipped { number } = happened {
        Some((*number, true))
    } else if let Happened::EffectDone(done) = happened {
        Some((done.number, true))
    } else {
        None
    }
}

/// What an event may make, by the table of the contract.
fn explained(happened: &Happened) -> &'static [&'static str] {
    match happened {
        Happened::Requested(_) | Happened::ApprovalGiven(_) => &["notify:approval_wanted"],
        Happened::Escalated(_) => &["notify:escalated"],
        Happened::Approved(_) => &["provision", "notify:decided"],
        Happened::Denied | Happened::Undecided => &["notify:decided"],
        Happened::Withdrawn(_) => &["deprovision", "adjust", "rotate"],
        Happened::NowWaits(_) => &["provision"],
        Happened::Activated(_) => &["provision", "adjust", "notify:active", "notify:break_glass"],
        Happened::Unused(_)
        | Happened::Failed(_)
        | Happened::Expired(_)
        | Happened::GivenBack(_)
        | Happened::Revoked(_) => &["deprovision", "adjust", "rotate", "notify:ended"],
        Happened::Reminded(_) => &["notify:ending_soon"],
        Happened::ExtensionAsked(_) => &["adjust", "notify:extension_wanted"],
        Happened::ExtensionApprovalGiven(_) => &["notify:extension_wanted"],
        Happened::Extended(_) => &["adjust", "notify:extended"],
        Happened::ExtensionDenied(_) | Happened::ExtensionLapsed(_) => &["adjust", "notify:decided"],
        Happened::ReviewDue(_) => &["notify:review_due"],
        Happened::EffectStuck { .. } => &["notify:stuck"],
        Happened::EffectLate(_) => &["deprovision", "adjust", "provision"],
        Happened::DenialGiven(_)
        | Happened::ExtensionDenialGiven(_)
        | Happened::Reviewed(_)
        | Happened::KeptFor(_)
        | Happened::EffectTaken { .. }
        | Happened::EffectSkipped { .. }
        | Happened::EffectDone(_)
        | Happened::EffectFailed(_)
        | Happened::Erased => &[],
    }
}
