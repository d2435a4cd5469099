//! A random story: steps become commands at moments, and each command is watched.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::command::{Approve, Command, EffectDone, EffectFailed, Extend, Reach, TakeEffect, Verb};
use crate::effect::Handed;
use crate::event::Event;
use crate::fixture::*;
use crate::grant::Grant;
use crate::id::{CommandId, GrantId};
use crate::invariant::{self, Moment};
use crate::people::{FLOWS, ITEMS, PEOPLE, POLICIES, policy, someone};
use crate::person::Actor;
use crate::refusal::Code;
use crate::targets::Targets;
use crate::time::{Span, Timestamp};

/// One step of a story.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    wait: Wait,
    skew: Skew,
    who: u8,
    grant: u8,
    number: u8,
    deed: Deed,
}

/// How long nothing happens before.
#[derive(Clone, Copy, Debug)]
enum Wait {
    NoTime,
    OneMs,
    Minutes(u8),
    /// Until the next deadline, or a millisecond either side of it.
    Deadline(i8),
}

/// What the host's clock shows beside the store's.
#[derive(Clone, Copy, Debug)]
enum Skew {
    Right,
    Behind,
    /// Tolerated.
    Ahead,
    /// Not tolerated.
    FarAhead,
}

#[derive(Clone, Copy, Debug)]
enum Deed {
    Give(Ask),
    Sweep,
    Take(Worker),
    /// A worker who took its time does what it was told then, and says so.
    Speak,
    /// The id of an earlier command, with its content or with another.
    Again {
        altered: bool,
    },
}

/// What somebody asks for.
#[derive(Clone, Copy, Debug)]
enum Ask {
    Request { items: u8, planned: bool, for_other: bool },
    Approve { less: bool },
    Deny,
    Withdraw,
    Activate,
    Extend { named: bool, seen: bool },
    ApproveExtension,
    DenyExtension,
    GiveBack,
    Revoke,
    RevokeAll { by_host: bool },
    Publish,
}

/// What becomes of an effect that was taken.
#[derive(Clone, Copy, Debug)]
enum Worker {
    Does,
    Fails,
    /// Did it, and was never heard of again.
    DiesAfter,
    DiesBefore,
    /// Does it later, perhaps when the lease is long over.
    Late,
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let wait = prop_oneof![
        8 => Just(Wait::NoTime),
        1 => Just(Wait::OneMs),
        3 => (1..8_u8).prop_map(Wait::Minutes),
        3 => (-1..=1_i8).prop_map(Wait::Deadline),
    ];
    let skew = prop_oneof![
        20 => Just(Skew::Right),
        2 => Just(Skew::Behind),
        1 => Just(Skew::Ahead),
        1 => Just(Skew::FarAhead),
    ];
    let worker = prop_oneof![
        6 => Just(Worker::Does),
        2 => Just(Worker::Fails),
        3 => Just(Worker::Late),
        1 => Just(Worker::DiesAfter),
        1 => Just(Worker::DiesBefore),
    ];
    let ask = prop_oneof![
        6 => (1..8_u8, any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(items, planned, for_other)| Ask::Request { items, planned, for_other }),
        6 => prop::bool::weighted(0.3).prop_map(|less| Ask::Approve { less }),
        1 => Just(Ask::Deny),
        1 => Just(Ask::Withdraw),
        3 => Just(Ask::Activate),
        6 => any::<(bool, bool)>().prop_map(|(named, seen)| Ask::Extend { named, seen }),
        5 => Just(Ask::ApproveExtension),
        4 => Just(Ask::DenyExtension),
        2 => Just(Ask::GiveBack),
        1 => Just(Ask::Revoke),
        1 => any::<bool>().prop_map(|by_host| Ask::RevokeAll { by_host }),
        2 => Just(Ask::Publish),
    ];
    let deed = prop_oneof![
        31 => ask.prop_map(Deed::Give),
        3 => Just(Deed::Sweep),
        8 => worker.prop_map(Deed::Take),
        3 => Just(Deed::Speak),
        2 => any::<bool>().prop_map(|altered| Deed::Again { altered }),
    ];
    (wait, skew, any::<u8>(), any::<u8>(), any::<u8>(), deed)
        .prop_map(|(wait, skew, who, grant, number, deed)| Step { wait, skew, who, grant, number, deed })
}

/// One command as it was given.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    clock: Timestamp,
    now: Timestamp,
    command: Command,
}

/// A story that was told.
pub(crate) struct Told {
    tenant: Tenant,
    targets: Targets,
    given: Vec<Given>,
    refusals: BTreeSet<Code>,
    /// What workers took who have not spoken yet.
    late: Vec<Handed>,
    watch: invariant::Watch,
}

type Outcome<T = ()> = Result<T, TestCaseError>;

/// Tells the story, and looks at every invariant after every command.
pub(crate) fn tell(steps: &[Step]) -> Outcome<Told> {
    let mut told = Told {
        tenant: Tenant::new(policy(0, at(0))),
        targets: Targets::default(),
        given: Vec::new(),
        refusals: BTreeSet::new(),
        late: Vec::new(),
        watch: invariant::Watch::default(),
    };
    told.targets.had_before(&person_id("alice"), &item(ITEMS[0]));
    for step in steps {
        told.wait(step.wait);
        told.act(step)?;
    }
    Ok(told)
}

impl Told {
    /// What happened, by name.
    pub(crate) fn events(&self) -> impl Iterator<Item = &'static str> {
        self.tenant.events.iter().map(|event| event.happened.name())
    }

    /// The codes that commands were refused with.
    pub(crate) fn refusals(&self) -> impl Iterator<Item = Code> {
        self.refusals.iter().copied()
    }

    fn wait(&mut self, wait: Wait) {
        let clock = self.tenant.clock;
        let deadlines = self.tenant.grants.values().filter_map(|grant| grant.deadline());
        let next = deadlines.filter(|deadline| *deadline > clock.plus(MS)).min();
        self.tenant.clock = match wait {
            Wait::NoTime => clock,
            Wait::OneMs => clock.plus(MS),
            Wait::Minutes(minutes) => clock.plus(mins(u64::from(minutes))),
            Wait::Deadline(off) => match next {
                None => clock,
                Some(next) if off < 0 => next.minus(MS),
                Some(next) if off > 0 => next.plus(MS),
                Some(next) => next,
            },
        };
    }

    fn act(&mut self, step: &Step) -> Outcome {
        let clock = self.tenant.clock;
        let now = match step.skew {
            Skew::Right => clock,
            Skew::Behind => clock.minus(mins(9)),
            Skew::Ahead => clock.plus(Span::millis(17_003)),
            Skew::FarAhead => clock.plus(Span::millis(30_001)),
        };
        let id = format!("c{}", self.given.len());
        let actor = by(&someone(step.who));
        match step.deed {
            Deed::Sweep => {
                let person = PEOPLE[usize::from(step.number) % PEOPLE.len()];
                let sweep = command(&format!("sweep-{id}"), &system(), settle(person));
                self.watched(&sweep, now.min(clock)).map(|_| ())
            }
            Deed::Take(worker) => self.take(step, &id, now, worker),
            // A verdict that the store did not hear is no verdict: such a worker speaks by the right clock.
            Deed::Speak => self.speak(step, &id, clock),
            Deed::Again { altered } => match self.again(step, altered) {
                Some(again) => self.give(again, now).map(|_| ()),
                None => Ok(()),
            },
            Deed::Give(ask) => {
                let verb = self.verb(step, ask);
                let actor = if matches!(ask, Ask::Publish) { system() } else { self.actor(step, ask, actor) };
                self.give(command(&id, &actor, verb), now).map(|_| ())
            }
        }
    }

    /// What concerns the holder is mostly done by the holder, else little would ever happen.
    fn actor(&self, step: &Step, ask: Ask, anybody: Actor) -> Actor {
        let own = matches!(ask, Ask::Extend { .. } | Ask::GiveBack | Ask::Withdraw | Ask::Activate);
        let host = matches!(ask, Ask::Revoke) && step.number.is_multiple_of(2)
            || matches!(ask, Ask::RevokeAll { by_host: true });
        let holder = self.tenant.grants.get(&self.grant(step)).map(|grant| grant.holder().to_string());
        let number = holder.and_then(|holder| (0_u8..).zip(PEOPLE).find(|(_, id)| *id == holder));
        match number {
            _ if host => system(),
            Some((number, _)) if own && !step.number.is_multiple_of(4) => by(&someone(number)),
            Some(_) | None => anybody,
        }
    }

    fn grant(&self, step: &Step) -> GrantId {
        let grants = self.tenant.grants.iter();
        let any = step.number.is_multiple_of(5);
        let ids: Vec<&GrantId> =
            grants.filter(|(_, grant)| any || !grant.is_closed()).map(|(id, _)| id).collect();
        match ids.len() {
            0 => grant_id("g0"),
            many => ids[usize::from(step.grant) % many].clone(),
        }
    }

    fn verb(&self, step: &Step, ask: Ask) -> Verb {
        let id = self.grant(step);
        let grant = id.as_str();
        let minutes = mins(u64::from(step.number % 35));
        match ask {
            Ask::Request { items, planned, for_other } => {
                let flow = FLOWS[usize::from(step.number) % FLOWS.len()];
                let items: Vec<&str> =
                    (0..).zip(ITEMS).filter(|(bit, _)| items >> bit & 1 == 1).map(|(_, item)| item).collect();
                let mut request = request(flow, &format!("g{}", self.given.len()), &items);
                let late = !matches!(flow, "auto" | "db" | "ask");
                let ahead = if flow == "late" { minutes.times(4) } else { minutes };
                request.start = (planned && late).then(|| self.tenant.clock.plus(ahead));
                request.span = (step.grant.is_multiple_of(3)).then(|| mins(u64::from(step.grant % 61)));
                request.holder = for_other.then(|| someone(step.grant));
                Verb::Request(Box::new(request))
            }
            Ask::Approve { less } => {
                let span = less.then_some(minutes);
                let scope = self.tenant.grants.get(&id).map(|grant| grant.terms.scope.clone());
                let first = scope.iter().flat_map(|scope| scope.iter()).next().cloned();
                let only = first.filter(|_| less && step.number.is_multiple_of(2)).map(|item| [item].into());
                Verb::Approve(Approve { span, only, ..approve(grant) })
            }
            Ask::Deny => Verb::Deny(deny(grant)),
            Ask::Withdraw => withdraw(grant),
            Ask::Activate => activate(grant),
            Ask::Extend { named, seen } => {
                let ends =
                    self.tenant.grants.get(&id).and_then(|grant| grant.active()).map(|active| active.end);
                let (span, if_ends_at) = (named.then_some(minutes), ends.filter(|_| seen));
                let holder = self.tenant.grants.get(&id).map(|grant| grant.holder().to_string());
                let number = holder.and_then(|holder| (0_u8..).zip(PEOPLE).find(|(_, id)| *id == holder));
                let holder = number.map(|(number, _)| someone(number));
                Verb::Extend(Extend { span, if_ends_at, holder, ..extend(grant) })
            }
            Ask::ApproveExtension => Verb::ApproveExtension(decide(grant)),
            Ask::DenyExtension => Verb::DenyExtension(decide(grant)),
            Ask::GiveBack => give_back(grant),
            Ask::Revoke => revoke(grant),
            Ask::RevokeAll { .. } => revoke_all(match step.number % 4 {
                0 => Reach::Person(person_id(PEOPLE[usize::from(step.grant) % PEOPLE.len()])),
                1 => Reach::Flow(flow_id(FLOWS[usize::from(step.grant) % FLOWS.len()])),
                2 => Reach::Integration(
                    item(ITEMS[usize::from(step.grant) % ITEMS.len()]).resource.integration,
                ),
                _ => Reach::Item(item(ITEMS[usize::from(step.grant) % ITEMS.len()])),
            }),
            Ask::Publish => {
                let flows = policy(step.number % POLICIES, self.tenant.clock);
                Verb::Publish(publish(flows.into_iter().map(flow)))
            }
        }
    }

    /// An earlier command that was accepted, as it was or with another content.
    fn again(&self, step: &Step, altered: bool) -> Option<Command> {
        let accepted: Vec<&CommandId> = self.tenant.receipts.keys().collect();
        let id = accepted.get(usize::from(step.number) % accepted.len().max(1))?;
        let earlier = self.given.iter().map(|given| &given.command).find(|command| command.id == **id)?;
        let verb = if altered { give_back("never") } else { earlier.verb.clone() };
        Some(Command { verb, ..earlier.clone() })
    }

    fn take(&mut self, step: &Step, id: &str, now: Timestamp, fate: Worker) -> Outcome {
        let waiting: Vec<String> = self
            .tenant
            .grants
            .values()
            .filter(|grant| !grant.outbox.is_empty())
            .map(|grant| grant.holder().to_string())
            .collect();
        let person =
            waiting.get(usize::from(step.who) % waiting.len().max(1)).map_or(PEOPLE[0], String::as_str);
        let Verb::TakeEffect(take) = take(person) else { panic!("taking is taking") };
        let take =
            TakeEffect { worker: worker(id), lease: Span::seconds(1 + u64::from(step.number)), ..take };
        let taken = self.give(command(id, &system(), Verb::TakeEffect(take)), now)?;
        let Some(handed) = taken.and_then(|answer| answer.handed) else { return Ok(()) };
        let said = match fate {
            Worker::DiesBefore => return Ok(()),
            Worker::Late => {
                self.late.push(handed);
                return Ok(());
            }
            Worker::Fails => {
                let (failed, last) =
                    (failed(handed.grant.as_str(), handed.number), step.number.is_multiple_of(3));
                Verb::EffectFailed(EffectFailed { worker: handed.worker.clone(), last, ..failed })
            }
            Worker::Does => self.done(&handed, true)?,
            Worker::DiesAfter => return self.done(&handed, true).map(|_| ()),
        };
        let id = format!("c{}", self.given.len());
        self.give(command(&id, &system(), said), now).map(|_| ())
    }

    fn speak(&mut self, step: &Step, id: &str, now: Timestamp) -> Outcome {
        if self.late.is_empty() {
            return Ok(());
        }
        let handed = self.late.remove(usize::from(step.number) % self.late.len());
        let said = self.done(&handed, false)?;
        self.give(command(id, &system(), said), now).map(|_| ())
    }

    fn done(&mut self, handed: &Handed, at_once: bool) -> Outcome<Verb> {
        let settled = settled(&self.tenant);
        let already = self.targets.carry_out(&settled, handed, at_once).map_err(TestCaseError::fail)?;
        let done = done(handed.grant.as_str(), handed.number);
        let said = EffectDone { already_held: already, worker: handed.worker.clone(), ..done };
        Ok(Verb::EffectDone(said))
    }

    fn give(&mut self, command: Command, now: Timestamp) -> Outcome<Option<Answered>> {
        self.given.push(Given { clock: self.tenant.clock, now, command: command.clone() });
        self.watched(&command, now)
    }

    /// Gives the command, and looks at what must be true after it.
    fn watched(&mut self, command: &Command, now: Timestamp) -> Outcome<Option<Answered>> {
        let before = self.tenant.clone();
        let answer = self.tenant.give(command, now);
        let settled = settled(&self.tenant);
        let moment =
            Moment { before: &before, after: &self.tenant, settled: &settled, command, answer: &answer };
        invariant::all(&moment, &mut self.watch).map_err(TestCaseError::fail)?;
        self.targets.nothing_is_forgotten(&settled).map_err(TestCaseError::fail)?;
        if let Ok(Err(refusal)) = &answer {
            self.refusals.insert(refusal.code);
        }
        Ok(answer.ok().and_then(Result::ok))
    }
}

/// The tenant after time has done everything that it has done by its clock.
fn settled(tenant: &Tenant) -> Tenant {
    let mut settled = tenant.clone();
    sweep(&mut settled, PEOPLE);
    settled
}

fn sweep<'p>(tenant: &mut Tenant, people: impl IntoIterator<Item = &'p str>) {
    for person in people {
        tenant.system(settle(person)).unwrap();
    }
}

/// I11: early, late and repeated sweeps, of whomever first, lead to the same events.
pub(crate) fn same_under_other_sweeps(told: &Told) -> Outcome {
    let expected = of_each(&settled(&told.tenant));
    for eager in [false, true] {
        let mut tenant = Tenant::new(policy(0, at(0)));
        for given in &told.given {
            tenant.clock = given.clock;
            if eager {
                sweep(&mut tenant, PEOPLE.into_iter().rev());
            }
            drop(tenant.give(&given.command, given.now));
            if eager {
                sweep(&mut tenant, PEOPLE);
            }
        }
        tenant.clock = told.tenant.clock;
        let events = of_each(&settled(&tenant));
        prop_assert_eq!(&events, &expected, "I11: swept {}", if eager { "always" } else { "never" });
    }
    Ok(())
}

fn of_each(tenant: &Tenant) -> Vec<(GrantId, Vec<Event>)> {
    let of = |id: &GrantId| tenant.events.iter().filter(|event| event.grant == *id).cloned().collect();
    tenant.grants.keys().map(|id| (id.clone(), of(id))).collect()
}

/// I14: when everything was delivered, the targets are as the grants say: now, and after the last end.
pub(crate) fn delivered(mut told: Told) -> Outcome {
    for later in [Span::hours(1), Span::days(40)] {
        deliver(&mut told)?;
        told.targets.are_right(&told.tenant).map_err(TestCaseError::fail)?;
        told.tenant.later(later);
        sweep(&mut told.tenant, PEOPLE);
    }
    deliver(&mut told)?;
    told.targets.are_right(&told.tenant).map_err(TestCaseError::fail)?;
    let open: Vec<&Grant> =
        told.tenant.grants.values().map(AsRef::as_ref).filter(|grant| !grant.is_settled_for_good()).collect();
    prop_assert!(open.is_empty(), "r03: never ended: {:?}", open);
    Ok(())
}

fn deliver(told: &mut Told) -> Outcome {
    // Every lease and every pause is over by then.
    for _ in 0..2 {
        told.tenant.later(mins(16));
        sweep(&mut told.tenant, PEOPLE);
        for person in PEOPLE {
            while let Some(handed) = told.tenant.take(person) {
                let said = told.done(&handed, true)?;
                told.tenant.system(said).unwrap();
            }
        }
    }
    Ok(())
}
