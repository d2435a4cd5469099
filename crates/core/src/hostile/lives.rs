//! Random lives against a target that does what it is told, by workers that fail, die, linger and act too late.
//!
//! `TENURE_CASES` sets how many are lived, some dozens if it is not set.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::command::TakeEffect;
use crate::flow::Parts;
use crate::machine;
use crate::time::Span;

const ITEMS: [&str; 3] = ["pg/a/read", "pg/b/read", "aws/a/read"];

pub(crate) fn cases(usual: u32) -> u32 {
    std::env::var("TENURE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual)
}

#[derive(Clone, Debug)]
enum Deed {
    Ask {
        name: u8,
        items: u8,
        minutes: u8,
        ahead: Option<u8>,
    },
    GiveBack(u8),
    Extend(u8),
    Wait(u8),
    Take {
        worker: u8,
        fate: Fate,
    },
    /// Whoever lingers acts after all, and says so.
    Act(u8),
    /// All that is known is what the events say.
    Restart,
}

/// What becomes of an effect that was taken.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Done,
    Failed,
    /// It acted, and said that it had not.
    FailedAfter,
    DiedBefore,
    DiedAfter,
    Lingers,
}

fn deed() -> impl Strategy<Value = Deed> {
    let fate = prop_oneof![
        3 => Just(Fate::Done),
        1 => Just(Fate::Failed),
        1 => Just(Fate::FailedAfter),
        1 => Just(Fate::DiedBefore),
        1 => Just(Fate::DiedAfter),
        2 => Just(Fate::Lingers),
    ];
    let ahead = prop::option::weighted(0.25, 0..3_u8);
    prop_oneof![
        4 => (0..90_u8, 1..8_u8, 1..7_u8, ahead)
            .prop_map(|(name, items, minutes, ahead)| Deed::Ask { name, items, minutes, ahead }),
        2 => any::<u8>().prop_map(Deed::GiveBack),
        2 => any::<u8>().prop_map(Deed::Extend),
        2 => (0..4_u8).prop_map(Deed::Wait),
        6 => (0..2_u8, fate).prop_map(|(worker, fate)| Deed::Take { worker, fate }),
        1 => any::<u8>().prop_map(Deed::Act),
        1 => Just(Deed::Restart),
    ]
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    prop::collection::vec(deed(), 45)
}

/// What alice had before anybody asked for it.
fn before() -> impl Strategy<Value = BTreeSet<Item>> {
    (0..8_u8).prop_map(|bits| chosen(bits).into_iter().map(item).collect())
}

fn chosen(bits: u8) -> Vec<&'static str> {
    (0..).zip(ITEMS).filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, item)| item).collect()
}

/// Alice, and what she really has at the targets.
struct Life {
    tenant: Tenant,
    present: BTreeSet<Item>,
    lingering: Vec<Handed>,
    asked: u32,
}

impl Life {
    fn new(before: &BTreeSet<Item>) -> Self {
        let mut parts = automatic("f");
        parts.start_ahead = Span::days(1);
        let (tenant, present) = (Tenant::new([parts]), before.clone());
        Self { tenant, present, lingering: Vec::new(), asked: 0 }
    }

    fn live(&mut self, deed: &Deed) {
        match deed {
            Deed::Ask { name, items, minutes, ahead } => {
                self.asked += 1;
                let (id, items) = (format!("g{name:02}-{}", self.asked), chosen(*items));
                let mut ask = asking("f", &id, &items, u64::from(*minutes));
                ask.start = ahead.map(|ahead| self.tenant.clock.plus(mins(u64::from(ahead))));
                self.tenant.asks(&alice(), ask);
            }
            Deed::GiveBack(which) => self.on_some(*which, give_back),
            Deed::Extend(which) => self.on_some(*which, |id| Verb::Extend(by_minutes(id, 5))),
            Deed::Wait(halves) => drop(self.tenant.later(Span::seconds(30).times(u64::from(*halves)))),
            Deed::Take { worker, fate } => drop(self.take(*worker, *fate)),
            Deed::Act(which) => self.act(*which),
            Deed::Restart => self.restart(),
        }
    }

    /// Whether the rules allow it is another question.
    fn on_some(&mut self, which: u8, verb: impl Fn(&str) -> Verb) {
        let ids: Vec<_> = self.tenant.grants.keys().collect();
        let Some(id) = ids.get(usize::from(which) % ids.len().max(1)) else { return };
        let verb = verb(id.as_str());
        let _ = self.tenant.ask(&alice(), verb);
    }

    fn take(&mut self, number: u8, fate: Fate) -> Option<Handed> {
        let (person, worker) = (person_id("alice"), worker(&format!("w{number}")));
        let take = TakeEffect::new(person, worker, Span::seconds(30));
        let handed = self.tenant.system(Verb::TakeEffect(take)).unwrap().handed?;
        let acts = matches!(fate, Fate::Done | Fate::FailedAfter | Fate::DiedAfter);
        let already = if acts { self.carry_out(&handed) } else { BTreeSet::new() };
        match fate {
            Fate::Done => self.says_done(&handed, already).unwrap(),
            Fate::Failed | Fate::FailedAfter => {
                let failed = failed(handed.grant.as_str(), handed.number);
                let said = crate::command::EffectFailed { worker: handed.worker.clone(), ..failed };
                self.tenant.system(Verb::EffectFailed(said)).unwrap();
            }
            Fate::DiedBefore | Fate::DiedAfter => {}
            Fate::Lingers => self.lingering.push(handed.clone()),
        }
        Some(handed)
    }

    fn act(&mut self, which: u8) {
        if self.lingering.is_empty() {
            return;
        }
        let handed = self.lingering.remove(usize::from(which) % self.lingering.len());
        // As long as the effect is open, whatever comes of it comes after this hand.
        let open = &self.tenant.grant(handed.grant.as_str()).outbox;
        let retried = open.iter().any(|outgoing| outgoing.effect.number == handed.number);
        let already = self.carry_out(&handed);
        let heard = self.says_done(&handed, already);
        assert!(heard.is_some() || retried || matches!(handed.order, Order::Tell { .. }), "{handed:?}");
    }

    fn says_done(&mut self, handed: &Handed, already_held: BTreeSet<Item>) -> Option<()> {
        let done = done(handed.grant.as_str(), handed.number);
        let said = EffectDone { worker: handed.worker.clone(), already_held, ..done };
        self.tenant.system(Verb::EffectDone(said)).ok().map(|_| ())
    }

    /// Does what the order says, and tells what of it was there already.
    fn carry_out(&mut self, handed: &Handed) -> BTreeSet<Item> {
        let mut already = BTreeSet::new();
        match &handed.order {
            Order::Hold { items, .. } => {
                for held in items {
                    if !self.present.insert(held.item.clone()) && handed.kind == "provision" {
                        already.insert(held.item.clone());
                    }
                }
            }
            Order::Remove { remove, .. } => self.present.retain(|item| !remove.contains(item)),
            Order::Rotate { .. } | Order::Tell { .. } => {}
        }
        already
    }

    fn deliver(&mut self) {
        while self.take(0, Fate::Done).is_some() {}
    }

    fn restart(&mut self) {
        let ids: Vec<_> = self.tenant.grants.keys().cloned().collect();
        for id in ids {
            let replayed = machine::replay(self.tenant.of(id.as_str()).cloned()).unwrap();
            assert_eq!(replayed, *self.tenant.grants[&id], "`{id}` is what its events say");
            self.tenant.grants.insert(id, Arc::new(replayed));
        }
    }

    /// Everything ends, and everything is delivered.
    fn end(&mut self) {
        for wait in [Span::hours(1), Span::days(2), Span::hours(1)] {
            self.tenant.later(wait);
            self.tenant.system(settle("alice")).unwrap();
            self.deliver();
        }
        self.restart();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(96), failure_persistence: None, ..Default::default() })]

    #[test]
    fn nothing_outlives_its_grants(deeds in deeds(), before in before()) {
        let mut life = Life::new(&before);
        for deed in &deeds {
            life.live(deed);
        }
        life.end();
        // Those who still linger act when all is over; whoever acted says so, and it is undone.
        while !life.lingering.is_empty() {
            life.act(0);
            life.end();
        }
        prop_assert!(life.present.is_subset(&before), "{:?} is left", life.present.difference(&before));
        for (id, grant) in &life.tenant.grants {
            prop_assert!(grant.is_settled_for_good(), "`{}`: {:?}", id, grant.outbox);
        }
    }

    #[test]
    fn whoever_was_late_what_is_held_is_there_in_the_end(deeds in deeds(), before in before()) {
        let mut life = Life::new(&before);
        for deed in &deeds {
            life.live(deed);
        }
        life.tenant.asks(&alice(), asking("f", "last", &ITEMS, 240));
        life.deliver();
        while !life.lingering.is_empty() {
            life.act(0);
        }
        for _ in 0..40 {
            life.tenant.later(Span::seconds(40));
            life.deliver();
        }
        prop_assert_eq!(&life.present, &ITEMS.into_iter().map(item).collect());
    }

    #[test]
    fn what_is_held_is_there_and_nothing_else(deeds in deeds()) {
        let mut life = Life::new(&BTreeSet::new());
        for deed in deeds.iter().filter(|deed| !matches!(deed, Deed::Take { .. })) {
            life.live(deed);
            life.tenant.system(settle("alice")).unwrap();
            life.deliver();
            for text in ITEMS {
                let held = life.tenant.holds("alice", text).is_some();
                prop_assert_eq!(held, life.present.contains(&item(text)), "{} after {:?}", text, deed);
            }
        }
    }

    #[test]
    fn what_was_held_before_stays_while_nothing_fails(deeds in deeds(), before in before()) {
        let mut life = Life::new(&before);
        for deed in deeds.iter().filter(|deed| !matches!(deed, Deed::Take { .. })) {
            // Two that begin at one instant, nothing given for either, count each other's item as theirs.
            let mut now = deed.clone();
            if let Deed::Ask { ahead, .. } = &mut now {
                *ahead = None;
            }
            life.live(&now);
            life.deliver();
        }
        life.end();
        prop_assert_eq!(life.present, before);
    }
}

/// A flow with all that time alone decides, and one whose requests people decide.
fn timely(until: Option<u8>, from: u64, asks: bool) -> [Parts; 2] {
    let until = until.map(|until| at(from + u64::from(until)));
    let mut auto = automatic("auto");
    auto.until = until;
    auto.hours = Some(open_daily(9, 12));
    auto.activate_within = mins(20);
    rule(&mut auto).times = 5;
    if asks {
        rule(&mut auto).approval = crate::flow::extension_rule::ExtensionApproval::Decided {
            first: 1,
            bridge: Some(mins(4)),
            decide_within: Some(mins(7)),
            by: crate::flow::extension_rule::DecidedBy::Steps(decided(vec![step("boss", &["group:boss"])])),
        };
    }
    let mut slow = parts("slow");
    slow.until = until;
    ruling(&mut slow).decide_within = mins(9);
    [auto, slow].map(|parts| Parts { start_ahead: Span::days(1), ..parts })
}

#[derive(Clone, Debug)]
enum Timed {
    Ask { slow: bool, name: u8, item: bool, minutes: u8, start: Option<u8> },
    Approve(u8),
    Extend(u8, u8),
    ApproveExtension(u8),
    GiveBack(u8),
    Publish { until: Option<u8>, asks: bool },
    Take,
}

fn timed() -> impl Strategy<Value = Timed> {
    prop_oneof![
        3 => (any::<(bool, u8, bool)>(), 1..41_u8, prop::option::of(0..15_u8)).prop_map(
            |((slow, name, item), minutes, start)| Timed::Ask { slow, name, item, minutes, start }),
        1 => any::<u8>().prop_map(Timed::Approve),
        2 => (any::<u8>(), 5..25_u8).prop_map(|(which, minutes)| Timed::Extend(which, minutes)),
        1 => any::<u8>().prop_map(Timed::ApproveExtension),
        1 => any::<u8>().prop_map(Timed::GiveBack),
        1 => (prop::option::of(0..30_u8), any::<bool>())
            .prop_map(|(until, asks)| Timed::Publish { until, asks }),
        1 => Just(Timed::Take),
    ]
}

/// The history of that story, with a sweep in every minute or with none before the end.
fn history(story: &[(u8, Timed)], often: bool) -> Vec<String> {
    let mut tenant = Tenant::new(timely(None, 0, true));
    let mut minute = 0;
    for (number, (wait, timed)) in (0_u64..).zip(story) {
        for swept in minute..=minute + u64::from(*wait) {
            tenant.clock = tenant.clock.max(at(swept).plus(Span::millis(swept % 7)));
            if often {
                tenant.system(settle("alice")).unwrap();
            }
        }
        minute += u64::from(*wait);
        tenant.clock = tenant.clock.max(at(minute).plus(Span::millis(500 + number)));
        let (actor, verb) = told(&tenant, timed, number, minute);
        let _ = tenant.give(&command(&format!("c{number}"), &actor, verb), tenant.clock).unwrap();
    }
    tenant.at(minute + 5_000);
    tenant.system(settle("alice")).unwrap();
    let texts = tenant.events.into_iter().map(|event| {
        let cause = event.cause.map(|cause| cause.actor);
        serde_json::to_string(&crate::event::Event { cause: None, ..event }).unwrap() + &format!("{cause:?}")
    });
    texts.collect()
}

fn told(tenant: &Tenant, timed: &Timed, number: u64, minute: u64) -> (crate::person::Actor, Verb) {
    let ids: Vec<&str> = tenant.grants.keys().map(|id| id.as_str()).collect();
    let some = |which: u8| ids.get(usize::from(which) % ids.len().max(1)).copied().unwrap_or("none");
    match timed {
        Timed::Ask { slow, name, item, minutes, start } => {
            let (flow, id) = (if *slow { "slow" } else { "auto" }, format!("g{name:03}-{number}"));
            let mut ask = asking(flow, &id, &[ITEMS[usize::from(*item)]], u64::from(*minutes));
            ask.start = start.map(|start| tenant.clock.plus(mins(u64::from(start))));
            (by(&alice()), Verb::Request(Box::new(ask)))
        }
        Timed::Approve(which) => (by(&bob()), Verb::Approve(approve(some(*which)))),
        Timed::Extend(which, minutes) => {
            (by(&alice()), Verb::Extend(by_minutes(some(*which), u64::from(*minutes))))
        }
        Timed::ApproveExtension(which) => (by(&bob()), Verb::ApproveExtension(decide(some(*which)))),
        Timed::GiveBack(which) => (by(&alice()), give_back(some(*which))),
        Timed::Publish { until, asks } => {
            (system(), Verb::Publish(publish(timely(*until, minute, *asks).map(flow))))
        }
        Timed::Take => (system(), take("alice")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(96), failure_persistence: None, ..Default::default() })]

    #[test]
    fn sweeps_change_nothing(story in prop::collection::vec((0..6_u8, timed()), 50)) {
        let (never, often) = (history(&story, false), history(&story, true));
        prop_assert_eq!(never, often);
    }
}
