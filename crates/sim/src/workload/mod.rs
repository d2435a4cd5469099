//! Random worlds: policies, people, resources, and commands around deadlines. A seed makes always the same one.
//!
//! A [`Workload`] is one episode in one namespace. It knows no rules: it remembers what was answered and picks what is
//! mostly allowed, at instants at which something happens, and now and then what is wrong. Corners that chance alone
//! finds too seldom have steering of their own: the advice of a refusal is taken to the millisecond (`again`), and a
//! policy is changed where it hurts whoever waits (`publish`).

mod again;
mod cast;
mod clock;
mod decide;
mod dice;
mod law;
mod life;
mod linger;
mod memory;
mod outbox;
mod policy;
mod publish;
mod questions;
mod request;
#[cfg(test)]
mod tests;
mod theme;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tenure::tenure_core::id::{CommandId, FlowId, GrantId, WorkerId};
use tenure::tenure_core::person::Record;
use tenure::{Actor, Person, Span, Timestamp};
use tenure_port::call::Actor as Given;
use tenure_port::{Answer, Answered, Call};

use self::again::Again;
use self::cast::{Cast, id};
use self::dice::Dice;
use self::law::{Hints, Law, Whose};
use self::memory::{Known, Memory};
use self::publish::Press;
use self::theme::{Feature, Sweeps, Theme};
use crate::coverage::Standing;
use crate::step::Step;

/// A random world, step by step.
#[derive(Debug)]
pub struct Workload {
    dice: Dice,
    theme: Theme,
    cast: Cast,
    press: Press,
    law: Law,
    memory: Memory,
    again: Again,
    clock: Timestamp,
    /// What comes next, before anything is left to chance.
    queue: VecDeque<Next>,
    number: u64,
    /// Fields of a reason that fit every rule.
    fields: BTreeMap<String, String>,
    /// Somebody does not look what they do.
    careless: bool,
    /// More is said of whoever gives the next command than may be.
    swollen: bool,
    /// What was given last was given before.
    repeats: bool,
    workers: Vec<WorkerId>,
}

/// What comes next.
#[derive(Clone, Debug)]
enum Next {
    /// The clock shows that.
    Clock(Timestamp),
    /// That is asked.
    Call(Box<Call>),
    /// Somebody gives that command on that grant.
    Verb(Verb, GrantId),
    /// The same, carelessly.
    Slip(Verb, GrantId),
    /// The same, by somebody of whom more is said than may be.
    Swollen(Verb, GrantId),
    /// The same, under the id of another command.
    Altered(Verb, GrantId),
    /// A command on that grant that was accepted comes again.
    Repeat(GrantId),
    /// The policy is changed where it hurts that grant.
    Corner(GrantId),
}

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Request,
    /// A request under the id of a grant that there is.
    Exists,
    Kit,
    Approve,
    Deny,
    Withdraw,
    Activate,
    Extend,
    ApproveExtension,
    DenyExtension,
    GiveBack,
    Revoke,
    RevokeAll,
    Review,
    Erase,
    Sweep,
    Take,
    Done,
    Failed,
    Look,
    Offer,
    Explain,
    Holds,
    List,
    Inbox,
    Catalog,
    History,
    Records,
}

/// What a verb can be done to.
enum Suited {
    /// This grant.
    To(GrantId),
    /// It needs none.
    Always,
    /// Nothing yet: that comes first.
    Rather(Verb),
}

/// Instants at which something is the matter with the clocks: changes to summer and to winter in several zones, the
/// turn of a year, and an ordinary morning.
const MORNINGS: [&str; 8] = [
    "2026-03-02T07:30:00Z",
    "2026-03-29T00:10:00Z",
    "2026-03-08T06:00:00Z",
    "2026-10-25T00:15:00.001Z",
    "2026-11-01T05:30:00Z",
    "2026-12-31T22:00:00Z",
    "2026-04-04T14:30:00Z",
    "2026-06-12T16:40:00.500Z",
];

impl Workload {
    /// The world of that seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let theme = Theme::new(&mut dice);
        let clock: Timestamp = id(dice.word(&MORNINGS));
        let cast = Cast::new(&mut dice, clock);
        let press = Press::new(&mut dice, &theme, clock, &cast.resources);
        let fields = [("ticket", "OPS-7"), ("impact", "low")];
        let mut world = Self {
            dice,
            theme,
            cast,
            press,
            law: Law::default(),
            memory: Memory::default(),
            again: Again::default(),
            clock,
            queue: VecDeque::new(),
            number: 0,
            fields: fields.map(|(name, text)| (name.to_owned(), text.to_owned())).into(),
            careless: false,
            swollen: false,
            repeats: false,
            workers: ["w0", "w1", "w2"].into_iter().map(id).collect(),
        };
        if !world.dice.one_in(12) {
            // Most often there is a policy before anybody asks.
            let call = world.first_publish();
            world.queue.push_back(Next::Call(Box::new(call)));
        }
        world
    }

    /// How many steps suit this world: the harness may take more, or fewer.
    #[must_use]
    pub const fn steps(&self) -> u32 {
        self.theme.steps
    }

    /// What the store's clock shows before anything happens.
    #[must_use]
    pub const fn clock(&self) -> Timestamp {
        self.clock
    }

    /// What happens next.
    pub fn next_step(&mut self) -> Step {
        while let Some(next) = self.queue.pop_front() {
            match next {
                Next::Clock(at) => self.clock = self.clock.max(at),
                Next::Call(call) => return self.step(*call),
                Next::Verb(verb, grant) => {
                    let call = self.on_grant(verb, Some(grant));
                    return self.step(call);
                }
                Next::Slip(verb, grant) => {
                    self.careless = true;
                    let call = self.on_grant(verb, Some(grant));
                    self.careless = false;
                    return self.step(call);
                }
                Next::Swollen(verb, grant) => {
                    let call = self.swollen(verb, grant);
                    return self.step(call);
                }
                Next::Altered(verb, grant) => {
                    let call = self.on_grant(verb, Some(grant));
                    let call = match self.again.accepted.back().cloned() {
                        Some(given) => self.under_its_id(call, &given),
                        None => call,
                    };
                    return self.step(call);
                }
                Next::Repeat(grant) => {
                    if let Some(call) = self.repeat_of(&grant) {
                        let step = self.step(call);
                        self.repeats = true;
                        return step;
                    }
                }
                Next::Corner(grant) => {
                    let place = self.memory.place(&grant);
                    self.corner(place);
                }
            }
        }
        if self.dice.one_in(1_500) {
            return Step::Restart;
        }
        self.wait();
        if self.dice.one_in(40) {
            self.cast.change(&mut self.dice, self.clock);
        }
        if let Some(call) = self.earlier() {
            return self.step(call);
        }
        let waiting = self.memory.revisions.is_empty() && self.dice.one_in(12);
        if waiting || self.dice.one_in(self.theme.publishes) {
            let call = self.next_publish();
            return self.step(call);
        }
        if self.dice.one_in(self.theme.publishes.saturating_mul(2)) {
            self.corner(None);
            return self.next_step();
        }
        let (verb, grant) = self.chosen();
        let call = self.on_grant(verb, grant);
        if self.dice.one_in(60) && call.head().is_some() {
            // It is given later, after others.
            self.again.hold_back(call);
            let call = self.on_grant(Verb::Look, None);
            return self.step(call);
        }
        self.step(call)
    }

    /// A command of somebody of whom more is said than may be.
    fn swollen(&mut self, verb: Verb, grant: GrantId) -> Call {
        self.swollen = true;
        let call = self.on_grant(verb, Some(grant));
        self.swollen = false;
        call
    }

    /// What the library answered to it: what comes next is steered by that.
    pub fn saw(&mut self, step: &Step, answer: &Answer) {
        let Step::Call { call, .. } = step else { return };
        match answer {
            Answer::Ok(answered) => self.saw_answered(call, answered),
            Answer::Refused(refusal) => self.saw_refused(call, refusal),
            Answer::Invalid(_) | Answer::Fault(_) => {}
        }
        self.again.saw(call, answer, &mut self.dice);
    }

    fn saw_answered(&mut self, call: &Call, answered: &Answered) {
        let clock = self.clock;
        match answered {
            Answered::Grant(Some(view)) => {
                self.memory.see(view, clock);
                self.expect_after(call, view);
                self.linger(call, view);
            }
            Answered::Kit { grants } => grants.iter().for_each(|view| self.memory.see(view, clock)),
            Answered::Grants(page) => {
                page.grants.iter().take(8).for_each(|view| self.memory.see(view, clock));
            }
            Answered::Published { published } => {
                self.memory.revisions.push(published.clone());
                self.published();
            }
            Answered::Effects(taken) => {
                self.memory.took(taken, clock);
                self.carry_out(taken.len());
            }
            Answered::Offer(offer) => {
                for at in [offer.opens_at, offer.latest_end, offer.ends_at].into_iter().flatten() {
                    self.memory.expect(at, clock);
                }
            }
            Answered::Grant(None)
            | Answered::Revoked(_)
            | Answered::Swept(_)
            | Answered::Explanation(_)
            | Answered::Holds(_)
            | Answered::Holders(_)
            | Answered::Reconciled(_)
            | Answered::Compacted(_)
            | Answered::Flows { .. }
            | Answered::Recorded { .. }
            | Answered::Exported { .. }
            | Answered::Checkpoint { .. }
            | Answered::Inclusion(_)
            | Answered::Consistency(_) => {}
        }
    }

    fn step(&mut self, call: Call) -> Step {
        self.repeats = false;
        Step::Call { clock: self.clock, call: Box::new(call) }
    }

    /// What is done next: each verb as often as the episode likes it.
    fn verb(&mut self) -> Verb {
        let [ask, decide, longer, end] = self.theme.bias;
        let sweeps = match self.theme.sweeps {
            Sweeps::Never => 0,
            Sweeps::Sometimes => 2,
            Sweeps::Often => 9,
        };
        let workers = self.theme.workers;
        let kits = if self.press.kits.is_empty() { 0 } else { ask.saturating_mul(2) };
        let all = [
            (ask * 9, Verb::Request),
            (kits, Verb::Kit),
            (decide * 7, Verb::Approve),
            (decide * 2, Verb::Deny),
            (end * 2, Verb::Withdraw),
            (decide * 2, Verb::Activate),
            (longer * 9, Verb::Extend),
            (longer * 4, Verb::ApproveExtension),
            (longer * 2, Verb::DenyExtension),
            (end * 2, Verb::GiveBack),
            (end * 2, Verb::Revoke),
            (end, Verb::RevokeAll),
            (end * 2, Verb::Review),
            (end * 2, Verb::Erase),
            (sweeps, Verb::Sweep),
            (workers, Verb::Take),
            (workers * 2, Verb::Done),
            (workers, Verb::Failed),
            (4, Verb::Look),
            (longer * 2, Verb::Offer),
            (4, Verb::Explain),
            (3, Verb::Holds),
            (2, Verb::List),
            (1, Verb::Inbox),
            (1, Verb::Catalog),
            (1, Verb::History),
            (1, Verb::Records),
        ];
        self.dice.weighted(&all).unwrap_or(Verb::Request)
    }

    /// A verb and a grant that suits it; where there is none, what leads to one.
    fn chosen(&mut self) -> (Verb, Option<GrantId>) {
        let mut verb = self.verb();
        if self.dice.chance(7) {
            return (verb, None);
        }
        for _ in 0..4 {
            match self.suited(verb) {
                Suited::To(grant) => return (verb, Some(grant)),
                Suited::Always => return (verb, None),
                Suited::Rather(before) => verb = before,
            }
        }
        (Verb::Request, None)
    }

    /// What a verb needs, and what comes before it.
    fn suited(&mut self, verb: Verb) -> Suited {
        let clock = self.clock;
        let law = &self.law.flows;
        let extendable = |grant: &Known| {
            grant.left > 0 && law.iter().any(|hints| hints.id == grant.flow && hints.extension.is_some())
        };
        let awaits = |grant: &Known| matches!(grant.standing, Standing::Asked | Standing::Bridged);
        let among =
            |first: Standing, last: Standing| move |grant: &Known| (first..=last).contains(&grant.standing);
        let Self { memory, dice, .. } = self;
        let (found, before) = match verb {
            Verb::Approve | Verb::Deny => {
                (memory.pick(dice, clock, among(Standing::Pending, Standing::Pending)), Verb::Request)
            }
            Verb::Withdraw => {
                (memory.pick(dice, clock, among(Standing::Pending, Standing::Provisioning)), Verb::Request)
            }
            Verb::Activate => {
                (memory.pick(dice, clock, among(Standing::Holder, Standing::Holder)), Verb::Approve)
            }
            Verb::Extend | Verb::Offer => (
                memory.pick(dice, clock, |grant| grant.standing == Standing::Active && extendable(grant)),
                Verb::Approve,
            ),
            Verb::ApproveExtension | Verb::DenyExtension => (memory.pick(dice, clock, awaits), Verb::Extend),
            Verb::GiveBack => {
                (memory.pick(dice, clock, among(Standing::Active, Standing::Bridged)), Verb::Approve)
            }
            Verb::Revoke => {
                (memory.pick(dice, clock, among(Standing::Pending, Standing::Bridged)), Verb::Request)
            }
            Verb::Review => (memory.unreviewed(dice), Verb::Approve),
            Verb::Erase => (memory.pick(dice, clock, |grant| grant.standing.is_closed()), Verb::Withdraw),
            Verb::Done | Verb::Failed if memory.leased.is_empty() => (None, Verb::Take),
            Verb::Request
            | Verb::Exists
            | Verb::Kit
            | Verb::RevokeAll
            | Verb::Sweep
            | Verb::Take
            | Verb::Done
            | Verb::Failed
            | Verb::Look
            | Verb::Explain
            | Verb::Holds
            | Verb::List
            | Verb::Inbox
            | Verb::Catalog
            | Verb::History
            | Verb::Records => return Suited::Always,
        };
        match found.and_then(|place| memory.grants.get(place)) {
            Some(grant) => Suited::To(grant.id.clone()),
            None => Suited::Rather(before),
        }
    }

    /// Somebody gives that command, on that grant or on one that suits it.
    fn on_grant(&mut self, verb: Verb, grant: Option<GrantId>) -> Call {
        match verb {
            Verb::Request => self.request(),
            Verb::Exists => self.request_again(grant),
            Verb::Kit => self.request_kit(),
            Verb::Approve => self.approve(grant),
            Verb::Deny => self.deny(grant),
            Verb::Withdraw => self.withdraw(grant),
            Verb::Activate => self.activate(grant),
            Verb::Extend => self.extend(grant),
            Verb::ApproveExtension => self.decide_extension(grant, true),
            Verb::DenyExtension => self.decide_extension(grant, false),
            Verb::GiveBack => self.give_back(grant),
            Verb::Revoke => self.revoke(grant),
            Verb::RevokeAll => self.revoke_all(),
            Verb::Review => self.review(grant),
            Verb::Erase => self.erase(grant),
            Verb::Sweep => self.sweep(),
            Verb::Take => self.take_effects(),
            Verb::Done => self.effect_done(),
            Verb::Failed => self.effect_failed(),
            Verb::Look => self.look(grant),
            Verb::Offer => self.offer(grant),
            Verb::Explain => self.explain(),
            Verb::Holds => self.holds(),
            Verb::List => self.list(),
            Verb::Inbox => self.inbox(),
            Verb::Catalog => self.catalog(),
            Verb::History => self.history(grant),
            Verb::Records => self.records(),
        }
    }

    /// Now and then something is wrong on purpose.
    fn slips(&mut self) -> bool {
        self.dice.chance(if self.careless { 35 } else { self.theme.wrong })
    }

    fn command_id(&mut self) -> CommandId {
        self.number = self.number.saturating_add(1);
        id(&format!("c{}", self.number))
    }

    /// Ids of grants come in no order: what happens at one instant happens by id.
    fn grant_id(&mut self) -> GrantId {
        let first = self.dice.number(0, 0xfff);
        id(&format!("{first:03x}g{}", self.number))
    }

    /// Somebody who suits, or in rare cases anybody.
    fn somebody(&mut self, fits: impl Fn(&Person) -> bool) -> usize {
        if self.slips() {
            return self.cast.anybody(&mut self.dice);
        }
        let many = self.cast.people.len();
        let first = self.dice.place(many);
        let around = (first..many).chain(0..first);
        let found = around.into_iter().find(|place| fits(self.cast.person(*place)));
        found.unwrap_or(first)
    }

    /// The person as the host vouches for them in this call; with a login where a rule may ask for one.
    fn present(&mut self, place: usize, login: Option<Option<u64>>) -> Person {
        let mut person = self.cast.person(place).clone();
        if login.is_some() || self.dice.one_in(6) {
            let strong = self.dice.chance(if self.careless { 35 } else { 70 });
            person.authenticated = if strong {
                self.cast.strong_login(self.clock)
            } else if self.careless && self.dice.chance(40) {
                // The best there is, of yesterday.
                self.cast.strong_login(self.clock.minus(Span::days(1)))
            } else if self.dice.chance(85) {
                Some(self.cast.login(&mut self.dice, self.clock, login.flatten()))
            } else {
                None
            };
        }
        if self.careless && self.dice.one_in(5) {
            // Somebody who is not what they were.
            person.groups.clear();
            person.roles.clear();
            person.attributes.clear();
        }
        let swells = if self.careless { 10 } else { 250 };
        if self.swollen || self.dice.one_in(swells) { cast::swollen(person) } else { person }
    }

    fn actor(&mut self, place: usize, login: Option<Option<u64>>) -> Given {
        if self.dice.one_in(150) {
            return self.host();
        }
        Given(Actor::Person(Box::new(self.present(place, login))))
    }

    fn host(&mut self) -> Given {
        Given(self.cast.host(&mut self.dice))
    }

    /// What the host says of the situation; nothing in episodes without conditions.
    fn context(&mut self) -> Record {
        let looked_at = self.theme.has(Feature::Conditions) || self.theme.has(Feature::Guards);
        if !looked_at && !self.dice.one_in(30) {
            return Record::new();
        }
        let good = !self.slips() && self.dice.chance(80);
        self.cast.context(&mut self.dice, good)
    }

    fn hints(&self, flow: &FlowId) -> Option<&Arc<Hints>> {
        self.law.flows.iter().find(|hints| hints.id == *flow)
    }

    /// A person by id as they stand today.
    fn person(&self, id: &tenure::PersonId) -> Option<&Person> {
        self.cast.place(id).map(|place| self.cast.person(place))
    }

    /// In view of whose access somebody is looked for.
    fn whose<'w>(&'w self, grant: &'w memory::Known) -> Whose<'w> {
        let first = grant.items.first().map(|item| &item.resource);
        let resource = self.cast.resources.iter().find(|resource| Some(&resource.id) == first);
        Whose {
            holder: self.person(&grant.holder),
            owners: resource.map(|resource| resource.owners.as_slice()).unwrap_or_default(),
        }
    }
}
