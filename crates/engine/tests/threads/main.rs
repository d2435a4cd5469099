//! Sixteen threads, four people, one store: whatever was answered, there is one order of the commands that explains
//! all of it, and that order is one in which nobody was answered before they asked. So it is with four processes on one
//! database.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests: a panic is how they fail"
)]
#![cfg_attr(
    feature = "cluster",
    expect(
        clippy::disallowed_methods,
        reason = "processes have no other order of their own than the machine's time"
    )
)]

#[cfg(feature = "cluster")]
mod hosts;
mod model;
mod watched;

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tenure::tenure_core::command::{
    self, Command, DecideExtension, EffectDone, GiveBack, Reach, Revoke, RevokeAll, Settle, TakeEffect, Verb,
    Withdraw,
};
use tenure::tenure_core::id::{CommandId, FlowId, Namespace, SystemName, WorkerId};
use tenure::tenure_core::record::Entry;
use tenure::tenure_core::refusal::Code;
use tenure::tenure_policy::document::Format;
use tenure::{
    Actor, Asked, Engine, Error, GrantId, ManualClock, MemoryStore, Person, Policy, RandomIds, Refusal,
    ResourceId, Span, Store, Timestamp, View, ask::Ask, ask::Publish, compile,
};

use model::Model;
use watched::{Decision, Order, Watched};

const THREADS: u64 = 16;
const COMMANDS: u64 = 120;

const POLICY: &str = "
version: 1
flows:
  - id: db
    who: {any: [everyone]}
    what: [{integration: pg, permissions: [read, write]}]
    duration: {min: 1s, default: 2s, max: 5s}
    approval: {decide_within: 3s, automatic: {times: 1, per: 2s}, steps: [{approvers: [everyone], escalate: [{after: 1s, to: [everyone]}]}]}
    extension: {times: 3, span: {min: 500ms, default: 1s, max: 2s}, approval: {first: 1, steps: [{approvers: [everyone]}]}}
    limits: {open_per_person: 3, open_total: 9}
    notify: {before_end: [500ms]}
  - id: quick
    who: {any: [everyone]}
    what: [{integration: pg, permissions: [read]}, {integration: k8s, permissions: ['*']}]
    duration: {min: 500ms, default: 1s, max: 2s}
    approval: automatic
    extension: {times: 2, span: {min: 500ms, default: 1s}}
    limits: {open_per_item: 4, requests: {times: 4, per: 3s}, extensions: {times: 2, per: 2s}}
";

/// One command, when it was given and answered, and what came of it.
#[derive(Clone, Debug)]
struct Call {
    thread: u64,
    command: Command,
    now: Timestamp,
    begun: u64,
    ended: u64,
    answer: String,
}

/// An answer as text, which another process can tell.
fn said(answer: &Result<Option<View>, Refusal>) -> String {
    serde_json::to_string(answer).unwrap()
}

impl Call {
    fn is_accepted(&self) -> bool {
        self.answer.starts_with("{\"Ok\"")
    }
}

#[test]
fn one_order_explains_all_answers() {
    for (seed, lanes) in [(1, Lanes::Apart), (2, Lanes::Apart), (3, Lanes::Shared), (4, Lanes::Shared)] {
        let story = Story::run(seed, lanes);
        story.check().unwrap();
        story.is_not_dull();
    }
}

#[test]
fn the_check_finds_an_answer_that_no_order_explains() {
    let mut story = Story::run(9, Lanes::Apart);
    story.check().unwrap();
    let honest = story.calls.clone();

    let (used, more) = ("\"used\":0", "\"used\":1");
    let place = honest.iter().rposition(|call| call.is_accepted() && call.answer.contains(used)).unwrap();
    story.calls[place].answer = honest[place].answer.replace(used, more);
    assert!(story.check().unwrap_err().contains("answered"));

    story.calls = honest.clone();
    let refused = honest.iter().position(|call| !call.is_accepted()).unwrap();
    story.calls[refused].answer = said(&Ok(None));
    assert!(story.check().unwrap_err().contains("answered"));

    // Somebody who was answered first, and is said to have asked last.
    story.calls = honest;
    let (first, last) = (story.order[1].clone(), story.order[story.order.len() - 1].clone());
    for call in &mut story.calls {
        if (call.thread, &call.command.id) == (first.thread, &first.command) {
            (call.begun, call.ended) = (u64::MAX - 1, u64::MAX);
        } else if (call.thread, &call.command.id) == (last.thread, &last.command) {
            (call.begun, call.ended) = (0, 1);
        }
    }
    assert!(story.check().unwrap_err().contains("before"));
}

#[test]
fn one_click_of_many_counts() {
    let engine = Engine::over(watched().0);
    published(&engine);
    let now = engine.clock();
    let alice = person("alice");
    let ask = tenure::Request::new("quick", &alice).item(orders().permission("read")).grant("g1".to_owned());
    let grant = engine.request(ask, now).unwrap();
    let extended: Vec<_> = std::thread::scope(|scope| {
        let click = |n: u64| {
            let (engine, alice, grant) = (&engine, &alice, &grant);
            scope.spawn(move || {
                // Half of them are the same click sent again, the others saw the same end.
                let id = if n.is_multiple_of(2) { "click".to_owned() } else { format!("click-{n}") };
                let click = tenure::Extend::new(&grant.id, alice).if_ends_at(grant.ends_at).command_id(id);
                engine.extend(click, now)
            })
        };
        let threads: Vec<_> = (0..THREADS).map(click).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let view = engine.look("g1", now).unwrap().unwrap();
    assert_eq!(view.extensions.used, 1, "r35: one end seen, one extension");
    assert_eq!(view.ends_at, grant.ends_at.map(|end| end.plus(Span::seconds(1))));
    let stale = |answer: &Result<View, Error>| {
        answer.as_ref().is_err_and(|error| error.refusal().unwrap().code.as_str() == "extension.stale")
    };
    assert!(extended.iter().all(|answer| stale(answer) || answer.as_ref().is_ok_and(|got| *got == view)));
}

/// Which handles the threads have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lanes {
    /// One: who leads decides for the others, and commands are told apart by their ids.
    Shared,
    /// Each one of its own: they meet in the store, and the same click may be sent by several of them.
    Apart,
}

/// What was asked and answered, and in which order the store says it was decided.
struct Story {
    calls: Vec<Call>,
    /// The first decision was to publish.
    order: Vec<Decision>,
    recorded: Vec<Entry>,
    /// Before how many others somebody may have been decided who stands after them.
    back: usize,
    policy: Command,
    lanes: Lanes,
}

impl Story {
    fn run(seed: u64, lanes: Lanes) -> Self {
        let (store, order) = watched();
        let engine = Engine::over(store.clone());
        let policy = published(&engine);
        let clock = engine.clock();
        let (ticks, elapsed, grants) = (AtomicU64::new(1), AtomicI64::new(0), AtomicU64::new(1));
        let calls = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let engine = match lanes {
                    Lanes::Shared => engine.clone(),
                    Lanes::Apart => Engine::over(store.clone()),
                };
                let calls = &calls;
                let (ticks, elapsed, grants) = (&ticks, &elapsed, &grants);
                scope.spawn(move || {
                    watched::i_am(thread);
                    let mut dice = Dice(seed * 1_000 + thread + 1);
                    for n in 0..COMMANDS {
                        let newest = grants.load(Ordering::SeqCst);
                        let next = || grants.fetch_add(1, Ordering::SeqCst) + 1;
                        let command = command(&mut dice, (thread, n), newest, next, lanes);
                        // Hosts do not agree on the time: some are behind the others.
                        let passed = elapsed.fetch_add(i64::from(dice.below(24)), Ordering::SeqCst);
                        let millis = clock.millis() + passed - i64::from(dice.below(40));
                        let now = Timestamp::from_millis(millis);
                        let begun = ticks.fetch_add(1, Ordering::SeqCst);
                        let answer = match engine.give(command.clone(), now) {
                            Ok(view) => Ok(view),
                            Err(Error::Refused(refusal)) => Err(*refusal),
                            Err(error) => panic!("{error}"),
                        };
                        let (answer, ended) = (said(&answer), ticks.fetch_add(1, Ordering::SeqCst));
                        calls.lock().unwrap().push(Call { thread, command, now, begun, ended, answer });
                    }
                });
            }
        });
        let order = order.lock().unwrap().clone();
        let recorded = recorded(&engine);
        let calls = calls.into_inner().unwrap();
        Self { calls, order, recorded, back: 0, policy, lanes }
    }

    fn is_not_dull(&self) {
        let accepted = self.calls.iter().filter(|call| call.is_accepted()).count();
        let all = self.calls.len();
        println!("{accepted} of {all} commands accepted");
        assert!(accepted > all / 5 && accepted < all - all / 20, "{accepted} of {all}: a dull story");
    }

    /// Whether an order explains every answer, and what is on record.
    fn check(&self) -> Result<(), String> {
        let mut model = Model::new(Namespace::new("default").unwrap(), self.order[0].clock);
        model.decide(&self.policy, self.order[0].clock).unwrap().unwrap();
        let ordered = self.explained(&mut model)?;
        let mut first_end = u64::MAX;
        for (call, _) in ordered.iter().rev() {
            if first_end < call.begun {
                return Err(format!("{:?} was decided before it was asked", call.command.id));
            }
            first_end = first_end.min(call.ended);
        }
        if self.back == 0 {
            return same(&self.recorded, &model.entries);
        }
        // What nobody waited for may stand elsewhere; of one grant, and of one who was refused, nothing may.
        let by_what = |entries: Vec<Entry>| {
            let (unseen, mut seen): (Vec<_>, Vec<_>) = entries.into_iter().partition(is_unseen);
            seen.sort_by_key(about);
            (unseen.len(), seen)
        };
        let ((unseen, recorded), (too, expected)) = (
            by_what(self.recorded.clone()),
            by_what(model.entries.iter().map(|entry| (**entry).clone()).collect()),
        );
        if unseen != too {
            return Err(format!("{unseen} grants were not seen, not {too}"));
        }
        let expected: Vec<_> = expected.into_iter().map(Arc::new).collect();
        same(&recorded, &expected)
    }

    /// The calls in an order that explains their answers, each with what the clock showed: that of their decisions. Only who
    /// had not seen a grant that was asked for at the same time comes before that one: such a one holds nobody up.
    fn explained(&self, model: &mut Model) -> Result<Vec<(&Call, Timestamp)>, String> {
        let mut ordered = self.together()?;
        let mut before: VecDeque<Model> = VecDeque::new();
        for place in 0..ordered.len() {
            if self.back > 0 {
                before.push_back(model.clone());
            }
            if before.len() > self.back + 1 {
                before.pop_front();
            }
            let Err(why) = ordered[place].iter().try_for_each(|call| model.answers(*call)) else { continue };
            let blind = ordered[place].iter().any(|(call, _)| call.answer.contains("\"grant.unknown\""));
            let earlier = (1..before.len()).filter(|_| blind).find_map(|back| {
                let mut model = before[before.len() - 1 - back].clone();
                let (last, between) = ordered[place - back..=place].split_last().unwrap();
                // Whoever was answered before it was asked stays before it.
                let asked = last.iter().map(|(call, _)| call.begun).max();
                let sooner = |calls: &Vec<(&Call, _)>| calls.iter().all(|(call, _)| Some(call.ended) < asked);
                let (sooner, others): (Vec<_>, Vec<_>) = between.iter().cloned().partition(sooner);
                let moved = [sooner, vec![last.clone()], others].concat();
                let mut models = vec![];
                for calls in &moved {
                    models.push(model.clone());
                    calls.iter().try_for_each(|call| model.answers(*call)).ok()?;
                }
                Some((moved, models, model))
            });
            let Some((moved, models, now)) = earlier else { return Err(why) };
            before.truncate(before.len() - models.len());
            before.extend(models);
            ordered.splice(place + 1 - moved.len()..=place, moved);
            *model = now;
        }
        Ok(ordered.into_iter().flatten().collect())
    }

    /// The calls in the order of their decisions, those of one transaction together.
    fn together(&self) -> Result<Vec<Vec<(&Call, Timestamp)>>, String> {
        let mut together: Vec<Vec<_>> = Vec::new();
        for (place, call) in self.decided()?.into_iter().enumerate() {
            let decisions = (&self.order[place], &self.order[place + 1]);
            match together.last_mut() {
                Some(calls) if decisions.0.with.is_some() && decisions.0.with == decisions.1.with => {
                    calls.push(call)
                }
                Some(_) | None => together.push(vec![call]),
            }
        }
        Ok(together)
    }

    /// The calls in the order of their decisions.
    fn decided(&self) -> Result<Vec<(&Call, Timestamp)>, String> {
        if self.lanes == Lanes::Shared {
            return self.decided_by_id();
        }
        // Each thread waited for one answer before it asked again.
        let mut threads: HashMap<u64, VecDeque<&Call>> = HashMap::new();
        for call in &self.calls {
            threads.entry(call.thread).or_default().push_back(call);
        }
        let decided = self.order[1..].iter().map(|decision| {
            let call = threads.get_mut(&decision.thread).and_then(VecDeque::pop_front);
            let call = call.filter(|call| call.command.id == decision.command);
            call.map(|call| (call, decision.clock)).ok_or(format!("{decision:?} was not asked"))
        });
        let ordered: Vec<_> = decided.collect::<Result<_, _>>()?;
        let forgotten = threads.values().map(VecDeque::len).sum::<usize>();
        if forgotten == 0 { Ok(ordered) } else { Err(format!("{forgotten} calls were never decided")) }
    }

    /// The same where no two calls have one id: whoever led decided for the others.
    fn decided_by_id(&self) -> Result<Vec<(&Call, Timestamp)>, String> {
        let mut calls: HashMap<_, &Call> = HashMap::new();
        calls.extend(self.calls.iter().map(|call| (&call.command.id, call)));
        let decided = self.order[1..].iter().map(|decision| {
            let call = calls.remove(&decision.command);
            call.map(|call| (call, decision.clock)).ok_or(format!("{decision:?} was not asked, or twice"))
        });
        let ordered: Vec<_> = decided.collect::<Result<_, _>>()?;
        if calls.is_empty() { Ok(ordered) } else { Err(format!("{} calls were never decided", calls.len())) }
    }
}

/// Of what an entry speaks: entries about one thing keep their order wherever others stand.
fn about(entry: &Entry) -> String {
    match entry {
        Entry::Event(event) => format!("grant {}", event.grant),
        Entry::Refused(refused) => format!("refused {} {}", refused.actor, refused.refused.as_str()),
        Entry::MoreRefused(more) => format!("refused {} {}", more.actor, more.more_refused.as_str()),
        Entry::Revoked(_) | Entry::Published(_) => "everybody".to_owned(),
    }
}

/// Whether that is on record, and nothing else.
fn same(recorded: &[Entry], expected: &[Arc<Entry>]) -> Result<(), String> {
    for place in 0..recorded.len().max(expected.len()) {
        let (found, expected) = (recorded.get(place), expected.get(place).map(|entry| &**entry));
        if found != expected {
            return Err(format!("on record is {found:?}, not {expected:?}"));
        }
    }
    Ok(())
}

/// Whether it says that somebody named a grant that was not there.
fn is_unseen(entry: &Entry) -> bool {
    matches!(entry, Entry::Refused(refused) if refused.refused == Code::GrantUnknown)
}

/// All that is on record.
fn recorded(engine: &Engine) -> Vec<Entry> {
    let mut all = Vec::new();
    loop {
        let more = engine.records(u64::try_from(all.len()).unwrap(), 1_000).unwrap();
        if more.is_empty() {
            return all;
        }
        all.extend(more.iter().map(|record| record.entry.clone()));
    }
}

/// A store, and the order in which it decides.
fn watched() -> (Arc<dyn Store>, Order) {
    let nine: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
    let store = Watched::new(MemoryStore::with_clock(Arc::new(ManualClock::at(nine))));
    let order = store.order.clone();
    (Arc::new(store), order)
}

/// Puts the policy in force.
fn published(engine: &Engine) -> Command {
    let policy = Policy::from_text(POLICY, Format::Yaml).unwrap();
    let admin = Actor::System(SystemName::new("test").unwrap());
    let publish = Publish::new(&policy, &admin).command_id("publish").into_command(&RandomIds).unwrap();
    engine.give(publish.clone(), engine.clock()).unwrap();
    assert!(compile(policy.source()).is_ok());
    publish
}

fn person(name: &str) -> Person {
    Person::new(name.parse().unwrap())
}

fn resource(integration: &str, name: &str) -> ResourceId {
    let integration = integration.parse().unwrap();
    ResourceId { integration, kind: "database".to_owned(), name: name.to_owned() }
}

fn orders() -> ResourceId {
    resource("pg", "orders")
}

/// Numbers that look random and are the same every time (xorshift; Marsaglia 2003).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(self.0 % u64::from(bound)).unwrap()
    }
}

/// The command of that number on that thread, where so many grants were asked for: which is the `next` one?
fn command(
    dice: &mut Dice,
    (thread, n): (u64, u64),
    newest: u64,
    next: impl FnOnce() -> u64,
    lanes: Lanes,
) -> Command {
    let people = ["alice", "bert", "carol", "dora"];
    let who = people[usize::try_from(dice.below(4)).unwrap()];
    let number = newest.saturating_sub(u64::from(dice.below(8))).max(1);
    // Whose grant it is can be read from its number: the holder of grant 5 is the person 5 mod 4.
    let holder = people[usize::try_from(number % 4).unwrap()];
    let own = dice.below(3) > 0;
    let grant = GrantId::new(format!("g{number}")).unwrap();
    let mut actor = Actor::Person(Box::new(person(if own { holder } else { who })));
    let worker = WorkerId::new("w1").unwrap();
    let decision = DecideExtension { grant: grant.clone(), reason: None, content: None };
    let verb = match dice.below(14) {
        0..=2 => {
            let number = next();
            actor = Actor::Person(Box::new(person(people[usize::try_from(number % 4).unwrap()])));
            request(dice, number)
        }
        3..=5 => approve(grant),
        6 | 7 => extend(grant),
        8 if dice.below(2) == 0 => Verb::ApproveExtension(decision),
        8 => Verb::DenyExtension(decision),
        9 if dice.below(2) == 0 => Verb::GiveBack(GiveBack { grant }),
        9 => Verb::Withdraw(Withdraw { grant }),
        10 if dice.below(10) == 0 => {
            let of = match dice.below(4) {
                0 => Reach::Person(holder.parse().unwrap()),
                1 => Reach::Flow(FlowId::new("quick").unwrap()),
                2 => Reach::Integration("k8s".parse().unwrap()),
                _ => Reach::Item(orders().permission("read").item()),
            };
            Verb::RevokeAll(RevokeAll { of, reason: Some("over".to_owned()) })
        }
        10 => {
            actor = Actor::System(SystemName::new("test").unwrap());
            Verb::Revoke(Revoke { grant, reason: Some("over".to_owned()) })
        }
        11 => Verb::Settle(Settle { person: who.parse().unwrap(), most: None }),
        12 => Verb::TakeEffect(TakeEffect::new(holder.parse().unwrap(), worker, Span::millis(400))),
        _ => {
            let effect = dice.below(4) + 1;
            Verb::EffectDone(EffectDone { grant, effect, worker, already_held: Default::default() })
        }
    };
    let shared = matches!(verb, Verb::Extend(_)) && dice.below(2) == 0 && lanes == Lanes::Apart;
    // The same click, sent by several threads: it counts once.
    let id = if shared { format!("click on g{number} by {actor}") } else { format!("t{thread}-{n}") };
    Command { id: CommandId::new(id).unwrap(), actor, context: Default::default(), verb }
}

fn request(dice: &mut Dice, number: u64) -> Verb {
    let quick = dice.below(2) == 0;
    let place = if quick && dice.below(2) == 0 { resource("k8s", "prod") } else { orders() };
    let mut items: Vec<Asked> = vec![place.permission("read")];
    if !quick {
        items.push(resource("pg", "bills").permission("write"));
    }
    Verb::Request(Box::new(command::Request {
        grant: Some(GrantId::new(format!("g{number}")).unwrap()),
        flow: FlowId::new(if quick { "quick" } else { "db" }).unwrap(),
        items,
        span: None,
        start: None,
        reason: None,
        fields: Default::default(),
        holder: None,
        break_glass: false,
        resources: Vec::new(),
    }))
}

fn approve(grant: GrantId) -> Verb {
    Verb::Approve(command::Approve {
        grant,
        span: None,
        only: None,
        reason: None,
        content: None,
        holder: None,
    })
}

fn extend(grant: GrantId) -> Verb {
    let fields = Default::default();
    Verb::Extend(command::Extend { grant, span: None, if_ends_at: None, reason: None, fields, holder: None })
}
