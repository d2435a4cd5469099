//! I14: the targets as they really are, whoever was told of it. A worker does what it was handed when it says so.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tenure::tenure_core::effect::{Handed, Order};
use tenure::tenure_core::event::Happened;
use tenure::tenure_core::flow::Kind;
use tenure::tenure_core::id::{PersonId, WorkerId};
use tenure::tenure_core::record::Entry;
use tenure::{GrantId, Item, Timestamp};
use tenure_port::{Answer, Call};

use super::lives::Lives;
use super::terms::Terms;
use super::{Broken, Invariant, Moment};

/// Whose, in which account where the grant has one of its own, to what.
pub(super) type Access = (PersonId, Option<GrantId>, Item);

/// What each person has at the targets.
#[derive(Debug, Default)]
pub(super) struct Targets {
    present: BTreeMap<Access, Timestamp>,
    /// What a worker found there before anybody had asked for it.
    before: BTreeSet<Access>,
    /// Effects in the hands of workers who have not spoken.
    handed: HashMap<(GrantId, u32, WorkerId), Handed>,
}

impl Targets {
    /// Looks at what was handed out, and does what a worker says that it did.
    pub(super) fn saw(&mut self, moment: &Moment<'_>, lives: &Lives) -> Result<(), Broken> {
        // Who failed has done nothing, and will not.
        if let (Call::EffectFailed(failed), Answer::Ok(_)) = (moment.call, moment.answer) {
            let effect = (failed.effect.grant.clone(), failed.effect.number, failed.worker.clone());
            self.handed.remove(&effect);
        }
        if let (Call::EffectDone(done), Answer::Ok(_) | Answer::Refused(_)) = (moment.call, moment.answer) {
            let effect = (done.effect.grant.clone(), done.effect.number, done.worker.clone());
            if let Some(handed) = self.handed.remove(&effect) {
                self.carry_out(&handed, lives);
            }
        }
        for record in moment.records {
            let Entry::Event(event) = &record.entry else { continue };
            if let Happened::EffectTaken { handed } = &event.happened {
                removes_nothing_held(handed, event.at, lives)?;
                let effect = (handed.grant.clone(), handed.number, handed.worker.clone());
                self.handed.insert(effect, (**handed).clone());
            } else if let Happened::EffectDone(done) = &event.happened {
                let Some(holder) = lives.holder(&event.grant) else { continue };
                let own = |item: &Item| (holder.clone(), lives.account(&event.grant), item.clone());
                self.before.extend(done.already_held.iter().map(own));
            }
        }
        if matches!((moment.call, moment.answer), (Call::Sweep(_), Answer::Ok(_))) {
            self.nothing_is_forgotten(lives)?;
        }
        Ok(())
    }

    fn carry_out(&mut self, handed: &Handed, lives: &Lives) {
        let access = |kind: Kind, item: &Item| {
            let account = (kind == Kind::Ephemeral).then(|| handed.grant.clone());
            (handed.holder.clone(), account, item.clone())
        };
        match &handed.order {
            Order::Hold { items, kind, .. } => {
                self.present.extend(items.iter().map(|held| (access(*kind, &held.item), held.until)));
                // Taken away for a grant that did not know, it comes back as it was before.
                let marked = items.iter().filter(|held| lives.had_before(&handed.grant, &held.item));
                self.before.extend(marked.map(|held| access(*kind, &held.item)));
            }
            Order::Remove { remove, keep, kind, .. } => {
                for item in remove {
                    let access = access(*kind, item);
                    self.present.remove(&access);
                    self.before.remove(&access);
                }
                self.present.extend(keep.iter().map(|kept| (access(*kind, &kept.item), kept.until)));
            }
            Order::Rotate { .. } | Order::Tell { .. } => {}
        }
    }

    /// Once time's doing is written down, what outlives its last grant is listed as not yet removed.
    fn nothing_is_forgotten(&self, lives: &Lives) -> Result<(), Broken> {
        for (access, until) in self.given() {
            Invariant::I14.holds(lives.covers(access).is_some() || lives.lists(access), || {
                format!(
                    "`{}` has `{}` until {until}, under no grant, and it is not listed",
                    access.0, access.2
                )
            })?;
        }
        Ok(())
    }

    /// Once everything was delivered, what is there is what is covered, until the latest end, and all of it is there.
    pub(super) fn are_right(&self, lives: &Lives, terms: &Terms) -> Result<(), Broken> {
        for (access, until) in self.given() {
            Invariant::I14.holds(lives.tells(access, *until, terms), || {
                let covered = lives.covers(access);
                format!("`{}` has `{}` until {until}, and should until {covered:?}", access.0, access.2)
            })?;
        }
        for access in lives.accesses() {
            Invariant::I14.holds(self.present.contains_key(&access), || {
                format!("`{}` does not have `{}`, and a grant of theirs runs", access.0, access.2)
            })?;
        }
        Ok(())
    }

    /// What is there, and was not before.
    pub(super) fn given(&self) -> impl Iterator<Item = (&Access, &Timestamp)> {
        self.present.iter().filter(|(access, _)| !self.before.contains(*access))
    }
}

/// Nobody is told to take away what a grant that runs still covers.
fn removes_nothing_held(handed: &Handed, at: Timestamp, lives: &Lives) -> Result<(), Broken> {
    let Order::Remove { remove, kind, .. } = &handed.order else { return Ok(()) };
    let account = (*kind == Kind::Ephemeral).then(|| handed.grant.clone());
    for item in remove {
        let access = (handed.holder.clone(), account.clone(), item.clone());
        let running = lives.running(&access, at);
        Invariant::I14.holds(running.is_none(), || {
            format!("at {at} `{item}` is to be taken from `{}`, who holds it by {running:?}", handed.holder)
        })?;
    }
    Ok(())
}
