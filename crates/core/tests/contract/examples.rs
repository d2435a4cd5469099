//! An example of every event, and what each could be for a grant as it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tenure_core::lifecycle::approve::{ApprovalGiven, Approved};
use tenure_core::lifecycle::decide_extension::{
    ExtensionApprovalGiven, ExtensionDenialGiven, ExtensionDenied,
};
use tenure_core::lifecycle::deny::DenialGiven;
use tenure_core::lifecycle::effects::{EffectConfirmed, EffectLate, EffectMissed, KeptFor};
use tenure_core::lifecycle::escalate::Escalated;
use tenure_core::lifecycle::expire::{Ended, ExtensionLapsed};
use tenure_core::lifecycle::extend::{Extended, ExtensionAsked};
use tenure_core::lifecycle::open::{Activated, NowWaits};
use tenure_core::lifecycle::remind::Reminded;
use tenure_core::lifecycle::request::Requested;
use tenure_core::lifecycle::review::{ReviewDue, Reviewed};
use tenure_core::lifecycle::revoke::Revoked;

use crate::command::Asked;
use crate::effect::{Effect, Handed, HeldItem, Kept, Notice, Order, Task};
use crate::event::{Cause, Event, Happened};
use crate::fixture::{asked, at, flow_id, grant_id, item, mins, person_id, selectors, worker};
use crate::flow::{CredentialKind, Kind};
use crate::grant::{
    AskedExtension, Decision, HolderThen, Origin, Outcome, TierDue, TierPlace, Tiers, Under, Waiting,
};
use crate::id::{CommandId, Integration, Revision};
use crate::person::{Fact, Item, Names, Record};
use crate::time::Timestamp;

/// How many events there are.
pub(crate) const EVENTS: usize = 32;

/// The place of an event among the examples: whoever adds an event adds an example.
pub(crate) const fn place(happened: &Happened) -> usize {
    match happened {
        Happened::Requested(_) => 0,
        Happened::ApprovalGiven(_) => 1,
        Happened::Escalated(_) => 2,
        Happened::Approved(_) => 3,
        Happened::DenialGiven(_) => 4,
        Happened::Denied => 5,
        Happened::Withdrawn(_) => 6,
        Happened::Undecided => 7,
        Happened::NowWaits(_) => 8,
        Happened::Activated(_) => 9,
        Happened::Unused(_) => 10,
        Happened::Failed(_) => 11,
        Happened::Reminded(_) => 12,
        Happened::ExtensionAsked(_) => 13,
        Happened::ExtensionApprovalGiven(_) => 14,
        Happened::Extended(_) => 15,
        Happened::ExtensionDenialGiven(_) => 16,
        Happened::ExtensionDenied(_) => 17,
        Happened::ExtensionLapsed(_) => 18,
        Happened::Expired(_) => 19,
        Happened::GivenBack(_) => 20,
        Happened::Revoked(_) => 21,
        Happened::ReviewDue(_) => 22,
        Happened::Reviewed(_) => 23,
        Happened::Erased => 24,
        Happened::KeptFor(_) => 25,
        Happened::EffectTaken { .. } => 26,
        Happened::EffectSkipped { .. } => 27,
        Happened::EffectDone(_) => 28,
        Happened::EffectFailed(_) => 29,
        Happened::EffectLate(_) => 30,
        Happened::EffectStuck { .. } => 31,
    }
}

/// A grant as events speak of it: its end, its scope, and the effect they are about.
pub(crate) struct About {
    pub(crate) end: Timestamp,
    pub(crate) scope: Arc<BTreeSet<Item>>,
    pub(crate) effect: u32,
    pub(crate) now: Timestamp,
}

/// Every event as it could happen to that grant, in the order of their declaration.
pub(crate) fn every(about: &About) -> Vec<Happened> {
    let end = about.end;
    let later = end.plus(mins(30));
    let number = about.effect;
    let end_of_access = Ended { kept: vec![kept(end)] };
    vec![
        Happened::Requested(Box::new(Requested {
            origin: Arc::new(origin()),
            decide_by: at(1440),
            automatic: true,
            tiers: vec![tier()],
        })),
        Happened::ApprovalGiven(ApprovalGiven { decision: decision(), next_step: true, tiers: vec![tier()] }),
        Happened::Escalated(Escalated { place: tier().place, to: vec!["group:oncall".to_owned()] }),
        Happened::Approved(approved(about)),
        Happened::DenialGiven(DenialGiven { decision: decision() }),
        Happened::Denied,
        Happened::Withdrawn(end_of_access.clone()),
        Happened::Undecided,
        Happened::NowWaits(now_waits(end)),
        Happened::Activated(activated(about)),
        Happened::Unused(end_of_access.clone()),
        Happened::Failed(end_of_access.clone()),
        Happened::Reminded(Reminded { ends: end }),
        Happened::ExtensionAsked(Box::new(ExtensionAsked { asked: extension(about) })),
        Happened::ExtensionApprovalGiven(ExtensionApprovalGiven {
            decision: decision(),
            next_step: true,
            tiers: vec![tier()],
        }),
        Happened::Extended(Extended {
            by: names("alice"),
            holder: Some(names("alice")),
            span: mins(30),
            from: end,
            to: later,
            reason: Some("not done yet".to_owned()),
            fields: BTreeMap::from([("ticket".to_owned(), "JIRA-13".to_owned())]),
            lane: true,
            reminders: vec![later.minus(mins(15)), later.minus(mins(5))],
        }),
        Happened::ExtensionDenialGiven(ExtensionDenialGiven { decision: decision() }),
        Happened::ExtensionDenied(ExtensionDenied { by: person_id("alice"), falls_back: true }),
        Happened::ExtensionLapsed(ExtensionLapsed { by: person_id("alice"), falls_back: true }),
        Happened::Expired(end_of_access.clone()),
        Happened::GivenBack(end_of_access.clone()),
        Happened::Revoked(Revoked { reason: "incident over".to_owned(), ended: end_of_access }),
        Happened::ReviewDue(ReviewDue { to: vec!["group:security".to_owned()] }),
        Happened::Reviewed(Reviewed { by: names("bob"), reason: Some("justified".to_owned()) }),
        Happened::Erased,
        Happened::KeptFor(KeptFor {
            from: grant_id("g0"),
            items: (*about.scope).clone(),
            held_before: (*about.scope).clone(),
        }),
        Happened::EffectTaken { handed: Box::new(handed(about)) },
        Happened::EffectSkipped { number },
        Happened::EffectDone(EffectConfirmed {
            number,
            already_held: (*about.scope).clone(),
            not_counted: BTreeSet::from([item("aws/b/read")]),
        }),
        Happened::EffectFailed(EffectMissed { number, error: "no route".to_owned(), again_at: end }),
        Happened::EffectLate(EffectLate { number, worker: worker("w1"), target: integration() }),
        Happened::EffectStuck { number, worker: worker("w1") },
    ]
}

fn now_waits(end: Timestamp) -> NowWaits {
    NowWaits {
        waiting_for: Waiting::Provisioning,
        opens_at: Some(end),
        unused_at: end,
        fails_at: Some(end),
        told_until: Some(end.plus(mins(30))),
    }
}

fn activated(about: &About) -> Activated {
    Activated {
        since: about.now,
        end: about.now.plus(mins(60)),
        clipped: true,
        reminders: vec![about.now.plus(mins(45)), about.now.plus(mins(55))],
        told: true,
        review_due: Some(about.now.plus(mins(1440))),
    }
}

/// The event with all that may stand beside it.
pub(crate) fn event(happened: Happened) -> Event {
    let notice =
        Task::Notify { notice: Notice::Ended, to: vec!["user:alice".to_owned()], ends: Some(at(60)) };
    let tasks = [
        Task::Provision { at: integration() },
        Task::Adjust { at: integration() },
        Task::Deprovision { at: integration() },
        Task::Rotate { at: integration() },
        notice,
    ];
    let command = CommandId::new("c1").unwrap();
    Event {
        grant: grant_id("g1"),
        at: at(10),
        cause: Some(Cause { actor: "alice".to_owned(), command }),
        happened,
        effects: tasks.into_iter().zip(1..).map(|(task, number)| Arc::new(Effect { number, task })).collect(),
    }
}

/// What the examples speak of.
pub(crate) fn about() -> About {
    let scope = Arc::new(BTreeSet::from([item("pg/a/read")]));
    About { end: at(60), scope, effect: 1, now: at(0) }
}

fn integration() -> Integration {
    Integration::new("pg").unwrap()
}

fn names(id: &str) -> Names {
    let aliases = BTreeSet::from([person_id("al@corp.example")]);
    Names { id: person_id(id), aliases, acts_for: Some(person_id("human")) }
}

fn kept(until: Timestamp) -> Kept {
    Kept { item: item("pg/a/read"), by: grant_id("g2"), until }
}

fn decision() -> Decision {
    Decision {
        by: names("bob"),
        at: at(5),
        fits: vec![(0, 1)],
        named_by: Some("group:owners".to_owned()),
        span: Some(mins(45)),
        only: Some(BTreeSet::from([item("pg/a/read")])),
        reason: Some("looks right".to_owned()),
    }
}

fn approved(about: &About) -> Approved {
    Approved {
        span: mins(45),
        scope: about.scope.clone(),
        waiting_for: Some(Waiting::Start),
        opens_at: Some(at(30)),
        unused_at: at(90),
        fails_at: Some(at(80)),
        told_until: Some(at(150)),
    }
}

fn extension(about: &About) -> AskedExtension {
    AskedExtension {
        by: names("alice"),
        at: about.now,
        span: mins(30),
        end: about.end.plus(mins(30)),
        decide_by: about.end,
        bridge: Some(about.end.plus(mins(10))),
        revision: Revision::new("r2").unwrap(),
        under: Under::Both,
        reason: Some("not done yet".to_owned()),
        fields: BTreeMap::from([("ticket".to_owned(), "JIRA-13".to_owned())]),
        holder: Some(HolderThen { names: names("alice"), manager: Some(person_id("carl")) }),
        content: "hash".to_owned(),
        approvals: Vec::new(),
        denials: Vec::new(),
        tiers: Tiers::default(),
    }
}

fn tier() -> TierDue {
    TierDue { at: at(10), place: TierPlace { list: 0, step: 1, tier: 2 } }
}

fn handed(about: &About) -> Handed {
    Handed {
        grant: grant_id("g1"),
        number: about.effect,
        kind: "provision".to_owned(),
        holder: person_id("alice"),
        attempt: 2,
        worker: worker("w1"),
        lease_until: about.end,
        order: Order::Hold {
            at: integration(),
            kind: Kind::Elevation,
            credential: Some(CredentialKind::Password),
            items: about.scope.iter().map(|item| HeldItem { item: item.clone(), until: about.end }).collect(),
        },
    }
}

/// The other orders that an effect can carry.
pub(crate) fn orders() -> Vec<Happened> {
    let remove = Order::Remove {
        at: integration(),
        kind: Kind::Elevation,
        remove: vec![item("pg/b/read")],
        keep: vec![kept(at(60))],
        outcome: Some(Outcome::Expired),
        cut_sessions: true,
    };
    let tell =
        Order::Tell { notice: Notice::EndingSoon, to: vec!["channel:#ops".to_owned()], ends: Some(at(60)) };
    let taken = |kind: &str, order| {
        let handed = Handed { kind: kind.to_owned(), order, ..handed(&about()) };
        Happened::EffectTaken { handed: Box::new(handed) }
    };
    let rotate = Order::Rotate {
        at: integration(),
        kind: Kind::Vaulted,
        credential: CredentialKind::AccessKey,
        items: vec![item("pg/b/read")],
        keep: vec![kept(at(60))],
    };
    vec![taken("deprovision", remove), taken("rotate", rotate), taken("notify:ending_soon", tell)]
}

fn origin() -> Origin {
    let mut asked: Asked = asked("pg/a/read");
    let resource = Arc::make_mut(&mut asked.resource);
    resource.labels = BTreeMap::from([("env".to_owned(), "prod".to_owned())]);
    resource.owners = selectors(&["user:olga", "group:db-owners"]);
    resource.attributes = Record::from([("tier".to_owned(), Fact::Long(1))]);
    Origin {
        id: grant_id("g1"),
        flow: flow_id("prod-db"),
        revision: Revision::new("r1").unwrap(),
        kind: Kind::Elevation,
        holder: names("alice"),
        admitted_by: Some("group:sre".to_owned()),
        manager: Some(person_id("mary")),
        requester: names("rita"),
        requested_at: at(0),
        items: vec![asked],
        span: mins(60),
        start: Some(at(30)),
        reason: Some("INC-7".to_owned()),
        fields: BTreeMap::from([("ticket".to_owned(), "JIRA-12".to_owned())]),
        content: "hash".to_owned(),
        lane: true,
        break_glass: true,
        unknown: BTreeSet::from([item("pg/a/read").resource]),
    }
}
