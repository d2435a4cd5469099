//! Every way to begin, to run on and to end, under sweeps that come always, sometimes or never.
//!
//! `TENURE_CASES` sets how many lives are lived, some dozens if it is not set.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::command::{Activate, EffectFailed, Reach, TakeEffect};
use crate::flow::approval_rule::{Lane, Tier};
use crate::flow::extension_rule::{DecidedBy, ExtensionApproval};
use crate::flow::{Activation, CredentialKind, Credentials, Kind, Parts, Quota};
use crate::machine;
use crate::person::{Actor, Person};
use crate::time::{Span, Timestamp};

const ITEMS: [&str; 3] = ["pg/a/read", "pg/b/read", "aws/a/read"];
const FLOWS: [&str; 5] = ["auto", "holder", "confirm", "own", "asked"];
const HOLDERS: [&str; 2] = ["alice", "zoe"];

fn holder(number: u8) -> Person {
    member(HOLDERS[usize::from(number) % HOLDERS.len()], &["sre", "oncall"])
}

/// One flow for each way to begin, all with what time alone decides; `until` where it has one.
fn flows(until: Option<Timestamp>) -> [Parts; 5] {
    let [mut auto, mut by_holder, mut confirm] = ["auto", "holder", "confirm"].map(automatic);
    let (mut own, mut slow) = (automatic("own"), parts("asked"));
    auto.credentials = Some(Credentials { kind: CredentialKind::Password, rotate_on_end: true });
    by_holder.activation = Activation::ByHolder;
    by_holder.hours = Some(open_daily(9, 10));
    confirm.activation = Activation::OnConfirmation;
    confirm.hours = Some(open_daily(9, 11));
    (own.kind, own.activation) = (Kind::Ephemeral, Activation::OnConfirmation);
    slow.break_glass = Some(crate::flow::BreakGlass { review_within: mins(12), extendable: true, ..glass() });
    let decided = ruling(&mut slow);
    (decided.decide_within, decided.denials) = (mins(11), 2);
    decided.automatic = Some(Lane { when: None, quota: Some(Quota { times: 1, per: mins(15) }) });
    decided.lists[0][0].escalate = vec![Tier { after: mins(3), to: selectors(&["group:more"]) }];
    [auto, by_holder, confirm, own, slow].map(|mut parts| {
        (parts.until, parts.start_ahead) = (until, Span::days(1));
        parts.activate_within = mins(9);
        parts.revoke_by = selectors(&["group:boss"]);
        parts.limits.open_per_person = Some(3);
        let mut decided = decided_by_boss();
        decided.lists[0][0].escalate = vec![Tier { after: mins(2), to: selectors(&["group:more"]) }];
        let rule = rule(&mut parts);
        (rule.times, rule.span.min) = (5, mins(1));
        rule.approval = ExtensionApproval::Decided {
            first: 1,
            bridge: Some(mins(6)),
            decide_within: Some(mins(7)),
            by: DecidedBy::Steps(decided),
        };
        parts
    })
}

fn decided_by_boss() -> crate::flow::approval_rule::Decided {
    decided(vec![step("boss", &["group:boss"])])
}

#[derive(Clone, Debug)]
struct Step {
    wait: Wait,
    number: u8,
    deed: Deed,
}

#[derive(Clone, Copy, Debug)]
enum Wait {
    No,
    Minutes(u8),
    /// Until the next deadline of anything, or a millisecond either side of it.
    Deadline(i8),
}

#[derive(Clone, Debug)]
enum Deed {
    Ask {
        flow: u8,
        items: u8,
        minutes: u8,
        start: Option<u8>,
        glass: bool,
    },
    Approve,
    Deny,
    Activate,
    Extend(u8),
    ApproveExtension,
    DenyExtension,
    GiveBack,
    Withdraw,
    Revoke,
    RevokeAll(u8),
    Review,
    Publish(Option<u8>),
    /// What a worker took is done, has failed for now, or for good; or the worker falls silent.
    Take(Fate),
    /// A silent worker speaks.
    Speak,
}

#[derive(Clone, Copy, Debug)]
enum Fate {
    Done,
    Failed,
    FailedForGood,
    Silent,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let wait = prop_oneof![
        4 => Just(Wait::No),
        2 => (1..6_u8).prop_map(Wait::Minutes),
        3 => (-1..=1_i8).prop_map(Wait::Deadline),
    ];
    let start = prop::option::weighted(0.3, 0..15_u8);
    let ask = (any::<u8>(), 1..8_u8, 1..41_u8, start, prop::bool::weighted(0.3));
    let fate = prop_oneof![
        5 => Just(Fate::Done), 1 => Just(Fate::Failed), 1 => Just(Fate::FailedForGood), 1 => Just(Fate::Silent),
    ];
    let deed = prop_oneof![
        8 => ask.prop_map(|(flow, items, minutes, start, glass)| {
            Deed::Ask { flow, items, minutes, start, glass }
        }),
        2 => Just(Deed::Approve),
        1 => Just(Deed::Deny),
        3 => Just(Deed::Activate),
        6 => (1..25_u8).prop_map(Deed::Extend),
        2 => Just(Deed::ApproveExtension),
        2 => Just(Deed::DenyExtension),
        1 => Just(Deed::GiveBack),
        1 => Just(Deed::Withdraw),
        1 => Just(Deed::Revoke),
        1 => any::<u8>().prop_map(Deed::RevokeAll),
        1 => Just(Deed::Review),
        1 => prop::option::of(0..30_u8).prop_map(Deed::Publish),
        8 => fate.prop_map(Deed::Take),
        1 => Just(Deed::Speak),
    ];
    let step = (wait, any::<u8>(), deed).prop_map(|(wait, number, deed)| Step { wait, number, deed });
    prop::collection::vec(step, 60)
}

/// What was told, as it was: the same commands at the same instants can be given again.
#[derive(Default)]
struct Story {
    given: Vec<(Timestamp, Actor, Verb)>,
    silent: Vec<Handed>,
}

impl Story {
    /// The story of these steps, and the tenant that lived it.
    fn told(steps: &[Step]) -> (Self, Tenant) {
        let (mut story, mut tenant) = (Self::default(), Tenant::new(flows(None)));
        for step in steps {
            tenant.clock = after(&tenant, step.wait);
            let number = usize::from(step.number);
            let open: Vec<&str> = tenant.grants.keys().map(|id| id.as_str()).collect();
            let recent = open.len().saturating_sub(6);
            let id = open
                .get(recent + number % (open.len() - recent).max(1))
                .copied()
                .unwrap_or("none")
                .to_owned();
            let owner = tenant.grants.get(&grant_id(&id)).map_or("alice", |grant| grant.holder().as_str());
            let owner = by(&member(owner, &["sre", "oncall"]));
            let (actor, verb) = match &step.deed {
                Deed::Take(fate) => {
                    story.take(&mut tenant, step.number, *fate);
                    continue;
                }
                Deed::Speak if story.silent.is_empty() => continue,
                Deed::Speak => (system(), confirmed(&story.silent.remove(number % story.silent.len()), &[])),
                Deed::Ask { flow, items, minutes, start, glass } => {
                    let flow = if *glass { "asked" } else { FLOWS[usize::from(*flow) % FLOWS.len()] };
                    let items: Vec<&str> = (0..)
                        .zip(ITEMS)
                        .filter(|(bit, _)| items >> bit & 1 == 1)
                        .map(|(_, item)| item)
                        .collect();
                    let id = format!("g{:02}-{}", step.number % 100, story.given.len());
                    let ask = asking(flow, &id, &items, u64::from(*minutes));
                    let reason = Some("INC-7".to_owned());
                    let start =
                        start.filter(|_| !glass).map(|ahead| tenant.clock.plus(mins(u64::from(ahead))));
                    let ask = Request { break_glass: *glass, reason, start, ..ask };
                    (by(&holder(step.number)), Verb::Request(Box::new(ask)))
                }
                Deed::Approve => (by(&bob()), Verb::Approve(approve(&id))),
                Deed::Deny => (by(&bob()), Verb::Deny(deny(&id))),
                Deed::Activate => (owner, Verb::Activate(Activate { grant: grant_id(&id) })),
                Deed::Extend(minutes) => (owner, Verb::Extend(by_minutes(&id, u64::from(*minutes)))),
                Deed::ApproveExtension => (by(&bob()), Verb::ApproveExtension(decide(&id))),
                Deed::DenyExtension => (by(&bob()), Verb::DenyExtension(decide(&id))),
                Deed::GiveBack => (owner, give_back(&id)),
                Deed::Withdraw => (owner, withdraw(&id)),
                Deed::Revoke => (by(&bob()), revoke(&id)),
                Deed::RevokeAll(reach) => (by(&bob()), revoke_all(reaches(*reach))),
                Deed::Review => (by(&sam()), review(&id)),
                Deed::Publish(until) => {
                    let until = until.map(|until| tenant.clock.plus(mins(u64::from(until))));
                    (system(), Verb::Publish(publish(flows(until).map(flow))))
                }
            };
            drop(story.give(&mut tenant, actor, verb));
        }
        (story, tenant)
    }

    fn take(&mut self, tenant: &mut Tenant, number: u8, fate: Fate) {
        let worker = worker(&format!("w{}", number % 2));
        let person = holder(number).id;
        let take = TakeEffect::new(person, worker, mins(2));
        let Some(handed) = self.give(tenant, system(), Verb::TakeEffect(take)) else { return };
        let last = matches!(fate, Fate::FailedForGood);
        let failed = failed(handed.grant.as_str(), handed.number);
        let verdict = match fate {
            Fate::Done => confirmed(&handed, &[]),
            Fate::Failed | Fate::FailedForGood => {
                Verb::EffectFailed(EffectFailed { worker: handed.worker.clone(), last, ..failed })
            }
            Fate::Silent => return self.silent.push(handed),
        };
        drop(self.give(tenant, system(), verdict));
    }

    fn give(&mut self, tenant: &mut Tenant, actor: Actor, verb: Verb) -> Option<Handed> {
        let command = command(&format!("c{}", self.given.len()), &actor, verb.clone());
        self.given.push((tenant.clock, actor, verb));
        tenant.give(&command, tenant.clock).unwrap().ok()?.handed
    }

    /// The same commands at the same instants, swept before and after some of them.
    fn again(&self, until: Timestamp, sweeps: impl Fn(usize) -> bool) -> Tenant {
        let mut tenant = Tenant::new(flows(None));
        for (number, (clock, actor, verb)) in self.given.iter().enumerate() {
            if sweeps(number) {
                // Also at every deadline on the way, one person first.
                while let Some(next) = deadlines(&tenant).find(|next| *next <= *clock) {
                    tenant.clock = tenant.clock.max(next);
                    tenant.system(settle(HOLDERS[number % 2])).unwrap();
                    tenant.system(settle(HOLDERS[(number + 1) % 2])).unwrap();
                }
            }
            tenant.clock = *clock;
            let command = command(&format!("c{number}"), actor, verb.clone());
            let _ = tenant.give(&command, *clock).unwrap();
        }
        tenant.clock = until;
        swept(tenant)
    }
}

fn reaches(number: u8) -> Reach {
    match number % 4 {
        0 => Reach::Person(person_id(HOLDERS[usize::from(number / 4) % 2])),
        1 => Reach::Flow(flow_id(FLOWS[usize::from(number / 4) % FLOWS.len()])),
        2 => Reach::Integration(item(ITEMS[usize::from(number / 4) % ITEMS.len()]).resource.integration),
        _ => Reach::Item(item(ITEMS[usize::from(number / 4) % ITEMS.len()])),
    }
}

/// What still comes of any grant, the earliest first.
fn deadlines(tenant: &Tenant) -> impl Iterator<Item = Timestamp> + use<> {
    let mut all: Vec<_> = tenant.grants.values().filter_map(|grant| grant.deadline()).collect();
    all.sort_unstable();
    all.into_iter()
}

fn after(tenant: &Tenant, wait: Wait) -> Timestamp {
    let now = tenant.clock;
    match wait {
        Wait::No => now,
        Wait::Minutes(minutes) => now.plus(mins(u64::from(minutes))),
        Wait::Deadline(off) => {
            let next = deadlines(tenant).find(|next| *next > now.plus(MS) && *next < now.plus(mins(90)));
            next.map_or(now, |next| match off {
                ..0 => next.minus(MS),
                0 => next,
                1.. => next.plus(MS),
            })
        }
    }
}

fn swept(mut tenant: Tenant) -> Tenant {
    for person in HOLDERS {
        tenant.system(settle(person)).unwrap();
    }
    tenant
}

/// The events of each grant, and the order in which all of one person's happened.
fn of_each(tenant: &Tenant) -> Vec<Vec<String>> {
    let of = |person: &str| {
        let theirs = tenant
            .events
            .iter()
            .filter(|event| tenant.grant(event.grant.as_str()).holder().as_str() == person);
        theirs.map(|event| serde_json::to_string(event).unwrap()).collect()
    };
    HOLDERS.map(of).to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(24), failure_persistence: None, ..Default::default() })]

    #[test]
    fn however_it_is_swept_the_same_happens(steps in steps()) {
        let (story, tenant) = Story::told(&steps);
        let until = tenant.clock.plus(Span::days(40));
        let expected = of_each(&story.again(until, |_| false));
        for (name, often) in [("always", 1), ("at times", 3)] {
            let events = of_each(&story.again(until, |number| number % often == 0));
            for (one, other) in events.iter().flatten().zip(expected.iter().flatten()) {
                prop_assert_eq!(one, other, "swept {}", name);
            }
            prop_assert_eq!(events.iter().map(Vec::len).sum::<usize>(), expected.iter().map(Vec::len).sum::<usize>());
        }
        let last = story.again(until, |_| false);
        for (id, grant) in &last.grants {
            prop_assert!(grant.is_closed(), "`{}` is {:?}", id, grant.stage);
            let events = last.of(id.as_str()).cloned();
            prop_assert_eq!(&machine::replay(events).unwrap(), Arc::as_ref(grant));
        }
    }

    #[test]
    fn what_is_there_is_held_or_about_to_begin_and_nothing_else(steps in steps()) {
        let (story, _) = Story::told(&steps);
        let (mut tenant, mut present) = (Tenant::new(flows(None)), BTreeSet::new());
        for (number, (clock, actor, verb)) in story.given.iter().enumerate() {
            tenant.clock = tenant.clock.max(*clock);
            // Workers do at once what they are told, and say so.
            if matches!(verb, Verb::TakeEffect(_) | Verb::EffectDone(_) | Verb::EffectFailed(_)) {
                continue;
            }
            let command = command(&format!("c{number}"), actor, verb.clone());
            let _ = tenant.give(&command, tenant.clock).unwrap();
            tenant = swept(tenant);
            carried_out(&mut tenant, &mut present);
            prop_assert_eq!(&present, &expected(&tenant), "after {:?}", verb);
        }
        tenant.later(Span::days(41));
        tenant = swept(tenant);
        carried_out(&mut tenant, &mut present);
        prop_assert_eq!(present, BTreeSet::new());
    }
}

/// Whose, at which account: a grant's own, or the holder's.
type There = (String, Option<String>, Item);

fn account(tenant: &Tenant, grant: &str) -> Option<String> {
    (tenant.grant(grant).origin.kind == Kind::Ephemeral).then(|| grant.to_owned())
}

fn carried_out(tenant: &mut Tenant, present: &mut BTreeSet<There>) {
    for person in HOLDERS {
        while let Some(handed) = tenant.take(person) {
            let account = account(tenant, handed.grant.as_str());
            let there = |item: &Item| (person.to_owned(), account.clone(), item.clone());
            match &handed.order {
                Order::Hold { items, .. } => {
                    for held in items {
                        present.insert(there(&held.item));
                    }
                }
                Order::Remove { remove, .. } => {
                    let gone: BTreeSet<There> = remove.iter().map(there).collect();
                    present.retain(|there| !gone.contains(there));
                }
                Order::Rotate { .. } | Order::Tell { .. } => {}
            }
            tenant.system(confirmed(&handed, &[])).unwrap();
        }
    }
}

/// What the grants say is held, or is given before it runs.
fn expected(tenant: &Tenant) -> BTreeSet<There> {
    let told = |grant: &&Arc<crate::grant::Grant>| grant.reserved_until(tenant.clock).is_some();
    let there = |grant: &Arc<crate::grant::Grant>| {
        let (person, account) = (grant.holder().to_string(), account(tenant, grant.id().as_str()));
        let items: Vec<Item> = grant.terms.scope.iter().cloned().collect();
        items.into_iter().map(move |item| (person.clone(), account.clone(), item))
    };
    tenant.grants.values().filter(told).flat_map(there).collect()
}

/// What is never reached would prove nothing.
#[test]
fn the_lives_reach_all_that_can_happen() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = std::collections::BTreeMap::<&str, usize>::new();
    for _ in 0..120 {
        let (_, tenant) = Story::told(&steps().new_tree(&mut runner).unwrap().current());
        for event in &swept(tenant).events {
            *seen.entry(event.happened.name()).or_default() += 1;
        }
    }
    let wanted = [
        "now_waits",
        "failed",
        "unused",
        "undecided",
        "review_due",
        "reviewed",
        "escalated",
        "extension_denied",
        "extension_lapsed",
        "kept_for",
        "revoked",
        "withdrawn",
        "effect_late",
        "effect_stuck",
    ];
    for name in wanted {
        assert!(seen.contains_key(name), "`{name}` never happened");
    }
}
