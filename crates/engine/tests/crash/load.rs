//! What is asked of the store: every command follows from its name, so that whoever knows the name can give it again.

use tenure::tenure_core::command::{
    self, Command, DecideExtension, EffectDone, GiveBack, Reach, Revoke, RevokeAll, Verb, Withdraw,
};
use tenure::tenure_core::id::{CommandId, FlowId, SystemName};
use tenure::{Actor, Asked, EffectId, GrantId, Person, ResourceId};

pub(crate) const PEOPLE: [&str; 4] = ["alice", "bert", "carol", "dora"];
pub(crate) const WORKER: &str = "w1";

pub(crate) const POLICY: &str = "
version: 1
flows:
  - id: db
    who: {any: [everyone]}
    what: [{integration: pg, permissions: [read, write]}]
    duration: {min: 50ms, default: 400ms, max: 2s}
    approval: {decide_within: 500ms, automatic: {times: 2, per: 500ms}, steps: [{approvers: [everyone]}]}
    extension: {times: 3, span: {min: 50ms, default: 100ms, max: 1s}, approval: {first: 1, steps: [{approvers: [everyone]}]}}
    limits: {open_per_person: 6}
    notify: {before_end: [100ms]}
  - id: quick
    who: {any: [everyone]}
    what: [{integration: pg, permissions: [read]}, {integration: k8s, permissions: ['*']}]
    duration: {min: 50ms, default: 300ms, max: 1h}
    approval: automatic
    extension: {times: 2, span: {min: 50ms, default: 200ms}}
    limits: {open_per_item: 12}
";

/// The name of a command: the round, the thread and its number there; where it confirms an effect, that one too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deed {
    pub(crate) round: u64,
    pub(crate) thread: u64,
    pub(crate) number: u64,
    pub(crate) effect: Option<String>,
}

/// Numbers that look random and are the same every time (xorshift; Marsaglia 2003).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn of(seed: u64) -> Self {
        let mut dice = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..4 {
            dice.below(2);
        }
        dice
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }
}

impl Deed {
    pub(crate) fn id(&self) -> CommandId {
        let Self { round, thread, number, effect } = self;
        let of = effect.as_ref().map_or(String::new(), |effect| format!(" {effect}"));
        CommandId::new(format!("{round}.{thread}.{number}{of}")).unwrap()
    }

    pub(crate) fn of(text: &str) -> Self {
        let (name, effect) = text.split_once(' ').map_or((text, None), |(name, of)| (name, Some(of)));
        let mut parts = name.split('.').map(|part| part.parse().unwrap());
        let mut part = || parts.next().unwrap();
        Self { round: part(), thread: part(), number: part(), effect: effect.map(str::to_owned) }
    }

    pub(crate) fn command(&self) -> Command {
        let (actor, verb) = match &self.effect {
            Some(effect) => confirm(effect),
            None => self.plain(),
        };
        Command { id: self.id(), actor, context: Default::default(), verb }
    }

    /// A request at every fourth command, and something about the last requests of anybody at the others.
    fn plain(&self) -> (Actor, Verb) {
        let mut dice = Dice::of(self.round * 1_000_003 + self.thread * 10_007 + self.number);
        if self.number.is_multiple_of(4) {
            let grant = grant(self.round, self.thread, self.number);
            return (
                Actor::Person(Box::new(person(holder(self.thread, self.number)))),
                ask(&mut dice, grant),
            );
        }
        let thread = if dice.below(2) == 0 { self.thread } else { dice.below(8) };
        let number = (self.number - self.number % 4).saturating_sub(dice.below(3) * 4);
        let holder = holder(thread, number);
        let grant = grant(self.round, thread, number);
        let who = if dice.below(3) > 0 { holder } else { PEOPLE[usize::try_from(dice.below(4)).unwrap()] };
        let decision = DecideExtension { grant: grant.clone(), reason: None, content: None };
        let verb = match dice.below(16) {
            0..=3 => {
                let other = PEOPLE.iter().find(|other| **other != holder).unwrap();
                return (Actor::Person(Box::new(person(other))), approve(grant));
            }
            4..=8 => extend(grant),
            9 | 10 => Verb::ApproveExtension(decision),
            11 => Verb::DenyExtension(decision),
            12 => Verb::GiveBack(GiveBack { grant }),
            13 => Verb::Withdraw(Withdraw { grant }),
            14 if dice.below(4) == 0 => {
                let of = match dice.below(3) {
                    0 => Reach::Person(holder.parse().unwrap()),
                    1 => Reach::Flow(FlowId::new("quick").unwrap()),
                    _ => Reach::Item(place("pg", "orders").permission("read").item()),
                };
                let verb = Verb::RevokeAll(RevokeAll { of, reason: Some("over".to_owned()) });
                return (system(), verb);
            }
            _ => return (system(), Verb::Revoke(Revoke { grant, reason: Some("over".to_owned()) })),
        };
        (Actor::Person(Box::new(person(who))), verb)
    }
}

fn confirm(effect: &str) -> (Actor, Verb) {
    let EffectId { grant, number, worker } = EffectId::of(effect, WORKER).unwrap();
    let verb = EffectDone { grant, effect: number, worker, already_held: Default::default() };
    (Actor::System(SystemName::new(WORKER).unwrap()), Verb::EffectDone(verb))
}

fn system() -> Actor {
    Actor::System(SystemName::new("test").unwrap())
}

fn grant(round: u64, thread: u64, number: u64) -> GrantId {
    GrantId::new(format!("g{round}.{thread}.{number}")).unwrap()
}

fn holder(thread: u64, number: u64) -> &'static str {
    PEOPLE[usize::try_from((thread + number / 4) % 4).unwrap()]
}

fn person(name: &str) -> Person {
    Person::new(name.parse().unwrap())
}

pub(crate) fn place(integration: &str, name: &str) -> ResourceId {
    let integration = integration.parse().unwrap();
    ResourceId { integration, kind: "database".to_owned(), name: name.to_owned() }
}

fn ask(dice: &mut Dice, grant: GrantId) -> Verb {
    let quick = dice.below(2) == 0;
    let first = if quick && dice.below(2) == 0 { place("k8s", "prod") } else { place("pg", "orders") };
    let mut items: Vec<Asked> = vec![first.permission("read")];
    if !quick {
        items.push(place("pg", "bills").permission("write"));
    }
    // Some access outlives the round, so that a restart finds it.
    let span = (quick && dice.below(4) == 0).then(|| tenure::Span::minutes(10));
    Verb::Request(Box::new(command::Request {
        grant: Some(grant),
        flow: FlowId::new(if quick { "quick" } else { "db" }).unwrap(),
        items,
        span,
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
