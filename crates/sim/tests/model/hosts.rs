//! Two hosts on one store, step by step.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::to_string;
use stateright::{Model, Property};
use tenure::tenure_core::command::{EffectDone, EffectFailed, Settle, TakeEffect, Verb, Which};
use tenure::tenure_core::grant::{Outcome, Stage};
use tenure::tenure_core::id::{CommandId, GrantId, SystemName, WorkerId};
use tenure::tenure_core::limits::{CLOCK_TOLERANCE, EFFECT_ATTEMPTS_DEFAULT};
use tenure::tenure_core::person::{Actor, Record};
use tenure::tenure_store::{Answered, Given, Write};
use tenure::{Code, Command, PersonId, Span, Timestamp};

use super::claims::{self, Claim};
use super::scene::{Errand, Scene, at};
use super::store::{Store, digest, own, print_of};

/// What a transaction holds from its first read until it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// The tenant.
    Tenant,
    /// The holder of the grant alone: too little for what people share.
    Holder,
    /// Nothing: check, then act.
    Nothing,
}

/// What makes it right. Each test of a mutation takes one of these out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guards {
    pub(crate) lock: Lock,
    /// Sweeps decide under the lock as well.
    pub(crate) sweeps_are_locked: bool,
    /// What an accepted command answered is looked up before it is decided again.
    pub(crate) receipts_are_kept: bool,
    /// The store's clock is asked, and not the host's alone.
    pub(crate) store_has_a_clock: bool,
}

/// All of them in their place.
pub(crate) const GUARDED: Guards =
    Guards { lock: Lock::Tenant, sweeps_are_locked: true, receipts_are_kept: true, store_has_a_clock: true };

/// Two hosts, one store, and what may happen.
pub(crate) struct Hosts {
    pub(crate) scene: Scene,
    guards: Guards,
    /// Decisions that were taken before, over the same store at the same instant: the rules are pure.
    decided: Mutex<HashMap<Asked, Arc<Decision>>>,
}

/// Over what is decided, at which tick, by which host, and what.
type Asked = (Arc<Store>, i64, usize, Job);

/// Where everything stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// What the store's clock shows, in ticks.
    pub(crate) clock: i64,
    pub(crate) store: Arc<Store>,
    /// Of each errand, how often it can still be given, and what was heard last.
    pub(crate) errands: Vec<(u8, Heard)>,
    /// What each host has decided and not yet written.
    pub(crate) open: [Option<Transaction>; 2],
    losses: u8,
    pub(crate) past: Past,
}

/// What whoever gave a command heard of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Heard {
    Nothing,
    Accepted,
    /// It was accepted before: the first answer came again.
    Repeated,
    Refused(Code),
    Fault,
}

/// A transaction between its decision and its write.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    job: Job,
    /// What the store's clock showed when it read.
    read_at: i64,
    decision: Arc<Decision>,
}

/// What a host does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Job {
    /// The errand by that number.
    Errand(usize),
    /// Writes down what time has made true of that person's grants.
    Sweep(usize),
    /// Takes an effect of that person's grants.
    Take(usize),
    /// Says of the effect that it has that this was done, or failed for good.
    Verdict { done: bool },
}

/// What came of a job, before it is written.
#[derive(Debug)]
pub(crate) struct Decision {
    answered: Answered,
    heard: Heard,
    write: Option<Write>,
    /// A digest of the above.
    print: u64,
    /// What was read, and what it becomes where nobody wrote meanwhile.
    read: Arc<Store>,
    becomes: OnceLock<Arc<Store>>,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Time goes on.
    Tick,
    /// A host reads what its job needs, and decides.
    Decide { host: usize, job: Job },
    /// It writes what it decided.
    Write { host: usize, fate: Fate },
}

/// What becomes of a transaction at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Written and answered.
    Answered,
    /// Written, and the answer is lost.
    AnswerLost,
    /// Broken off: nothing is written, and nothing answered.
    BrokenOff,
}

/// What once was so, where the store alone does not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Past {
    /// The first accepted answer of each errand.
    pub(crate) answers: BTreeMap<usize, u64>,
    /// Grants that time had ended while nothing was under way: when, and as what.
    pub(crate) over: BTreeMap<GrantId, (Timestamp, Outcome)>,
    /// Grants that were written as closed: when, and as what.
    pub(crate) closed: BTreeMap<GrantId, (Timestamp, Outcome)>,
    /// What did not hold.
    pub(crate) broken: BTreeSet<Claim>,
}

impl Hosts {
    pub(crate) fn new(scene: Scene, guards: Guards) -> Self {
        Self { scene, guards, decided: Mutex::default() }
    }

    fn jobs(&self, state: &State, host: usize) -> Vec<Job> {
        let can = |(place, errand): (usize, &Errand)| {
            let (tries, heard) = state.errands[place];
            let seen = errand.sees.as_ref().is_none_or(|grant| state.store.grants.contains_key(grant));
            let wanted = tries > 0 && seen && !matches!(heard, Heard::Accepted | Heard::Repeated);
            wanted.then_some(Job::Errand(place))
        };
        let mut jobs: Vec<Job> = self.scene.errands.iter().enumerate().filter_map(can).collect();
        jobs.extend((0..self.scene.people.len()).map(Job::Sweep));
        if self.scene.works {
            jobs.extend((0..self.scene.people.len()).map(Job::Take));
            let leased = leased(&state.store, host).is_some();
            jobs.extend([true, false].map(|done| Job::Verdict { done }).into_iter().filter(|_| leased));
        }
        jobs.retain(|job| self.may_begin(state, 1 - host, *job));
        jobs
    }

    /// Whether no lock of the other host stands in the way.
    fn may_begin(&self, state: &State, other: usize, job: Job) -> bool {
        let Some(theirs) = &state.open[other] else { return true };
        let free = |job: Job| matches!(job, Job::Sweep(_)) && !self.guards.sweeps_are_locked;
        match self.guards.lock {
            _ if free(job) || free(theirs.job) => true,
            Lock::Tenant => false,
            Lock::Holder => self.holder(state, job) != self.holder(state, theirs.job),
            Lock::Nothing => true,
        }
    }

    fn holder<'a>(&'a self, state: &'a State, job: Job) -> Option<&'a PersonId> {
        match job {
            Job::Errand(place) => Some(&self.scene.errands[place].holder),
            Job::Sweep(person) | Job::Take(person) => Some(&self.scene.people[person]),
            Job::Verdict { .. } => state.store.grants.values().map(|kept| kept.grant.holder()).next(),
        }
    }

    /// What comes of a job over what is stored now; nothing where there is nothing to do.
    fn decision(&self, state: &State, host: usize, job: Job) -> Option<Arc<Decision>> {
        let key = (state.store.clone(), state.clock, host, job);
        let known = self.decided.lock().unwrap().get(&key).cloned();
        let decision = known.unwrap_or_else(|| {
            let made = Arc::new(self.decide(state, host, job));
            self.decided.lock().unwrap().entry(key).or_insert(made).clone()
        });
        let idle = decision.write.as_ref().is_none_or(|write| write.entries.is_empty());
        (matches!(job, Job::Errand(_)) || !idle).then_some(decision)
    }

    fn decide(&self, state: &State, host: usize, job: Job) -> Decision {
        let now = at(state.clock + self.scene.skews[host]);
        let clock = if self.guards.store_has_a_clock { at(state.clock) } else { now };
        let given = match job {
            Job::Errand(place) => {
                Given { command: self.scene.errands[place].command.clone(), now, keep: true }
            }
            Job::Sweep(person) => own(
                by_host(Verb::Settle(Settle { person: self.scene.people[person].clone(), most: None })),
                now,
            ),
            Job::Take(person) => own(by_host(take(&self.scene.people[person], host)), now),
            Job::Verdict { done } => own(by_host(verdict(&state.store, host, done)), now),
        };
        let receipts_are_kept = self.guards.receipts_are_kept;
        let (answered, write) = state.store.decide(&self.scene.policy, clock, given, receipts_are_kept);
        let heard = match &answered {
            Answered::Accepted(accepted) if accepted.repeated => Heard::Repeated,
            Answered::Accepted(_) => Heard::Accepted,
            Answered::Refused(refusal) => Heard::Refused(refusal.code),
            Answered::Fault(_) => Heard::Fault,
        };
        let print = digest(&(heard, write.as_ref().map(|write| to_string(&write.entries).unwrap())));
        Decision { answered, heard, write, print, read: state.store.clone(), becomes: OnceLock::new() }
    }

    /// A transaction comes to its end.
    fn end(&self, state: &mut State, transaction: &Transaction, fate: Fate) {
        let decision = &*transaction.decision;
        if fate == Fate::BrokenOff {
            state.losses += 1;
            return;
        }
        if let Some(write) = &decision.write {
            state.store = decision.written(&state.store, write);
            claims::written(&mut state.past, write, transaction.read_at);
        }
        if let Job::Errand(place) = transaction.job {
            let accepted = match &decision.answered {
                Answered::Accepted(accepted) => Some((print_of(&accepted.receipt), accepted.repeated)),
                Answered::Refused(_) | Answered::Fault(_) => None,
            };
            claims::answered(&mut state.past, place, accepted, decision.heard);
            if fate == Fate::AnswerLost {
                state.losses += 1;
            } else {
                state.errands[place].1 = decision.heard;
            }
        }
    }
}

impl Model for Hosts {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let errands = self.scene.errands.iter().map(|errand| (errand.tries, Heard::Nothing)).collect();
        let (store, open, past) = (Arc::default(), [None, None], Past::default());
        vec![State { clock: 0, store, errands, open, losses: 0, past }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        steps.extend((state.clock < self.scene.ticks).then_some(Step::Tick));
        for host in [0, 1] {
            let Some(transaction) = &state.open[host] else {
                steps.extend(self.jobs(state, host).into_iter().map(|job| Step::Decide { host, job }));
                continue;
            };
            steps.push(Step::Write { host, fate: Fate::Answered });
            if matches!(transaction.job, Job::Errand(_)) && state.losses < self.scene.losses {
                let lost = [Fate::AnswerLost, Fate::BrokenOff];
                steps.extend(lost.map(|fate| Step::Write { host, fate }));
            }
        }
    }

    fn next_state(&self, before: &State, step: Step) -> Option<State> {
        let mut state = before.clone();
        match step {
            Step::Tick => state.clock += 1,
            Step::Decide { host, job } => {
                let decision = self.decision(&state, host, job)?;
                if let Job::Errand(place) = job {
                    state.errands[place].0 -= 1;
                }
                state.open[host] = Some(Transaction { job, read_at: state.clock, decision });
            }
            Step::Write { host, fate } => {
                let transaction = state.open[host].take()?;
                self.end(&mut state, &transaction, fate);
            }
        }
        claims::judge(self, &mut state);
        Some(state)
    }

    fn format_action(&self, step: &Step) -> String {
        let job = |job: Job| match job {
            Job::Errand(place) => self.scene.errands[place].command.id.to_string(),
            Job::Sweep(person) => format!("a sweep of {}", self.scene.people[person]),
            Job::Take(person) => format!("an effect of {}", self.scene.people[person]),
            Job::Verdict { done: true } => "that its effect is done".to_owned(),
            Job::Verdict { done: false } => "that its effect failed".to_owned(),
        };
        match step {
            Step::Tick => format!("{CLOCK_TOLERANCE} go by"),
            Step::Decide { host, job: what } => format!("host {host} decides: {}", job(*what)),
            Step::Write { host, fate: Fate::Answered } => format!("host {host} writes"),
            Step::Write { host, fate: Fate::AnswerLost } => format!("host {host} writes, its answer is lost"),
            Step::Write { host, fate: Fate::BrokenOff } => format!("host {host} breaks off"),
        }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = claims::properties();
        let sights = self.scene.sights.iter();
        properties.extend(sights.map(|(name, sight)| Property::sometimes(name, *sight)));
        properties
    }
}

impl Decision {
    /// The store once that is written over whatever it holds by then.
    fn written(&self, store: &Arc<Store>, write: &Write) -> Arc<Store> {
        if *store == self.read {
            self.becomes.get_or_init(|| Arc::new(store.written(write))).clone()
        } else {
            Arc::new(store.written(write))
        }
    }
}

impl Transaction {
    fn key(&self) -> (Job, i64, u64) {
        (self.job, self.read_at, self.decision.print)
    }
}

impl PartialEq for Transaction {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Transaction {}

impl Hash for Transaction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

fn by_host(verb: Verb) -> Command {
    let actor = Actor::System(SystemName::new("host").unwrap());
    Command { id: CommandId::new("own").unwrap(), actor, context: Record::new(), verb }
}

fn take(person: &PersonId, host: usize) -> Verb {
    let take = TakeEffect::new(person.clone(), worker(host), Span::seconds(30));
    let which = Which::At("pg".parse().unwrap());
    Verb::TakeEffect(TakeEffect { which, ..take })
}

fn verdict(store: &Store, host: usize, done: bool) -> Verb {
    let (grant, effect) = leased(store, host).unwrap();
    let worker = worker(host);
    if done {
        Verb::EffectDone(EffectDone { grant, effect, worker, already_held: BTreeSet::new() })
    } else {
        let (error, stuck_after) = ("no route".to_owned(), EFFECT_ATTEMPTS_DEFAULT);
        Verb::EffectFailed(EffectFailed { grant, effect, worker, error, last: true, stuck_after })
    }
}

/// The effect that a host's worker has.
fn leased(store: &Store, host: usize) -> Option<(GrantId, u32)> {
    let worker = worker(host);
    store.grants.iter().find_map(|(id, kept)| {
        let theirs = kept
            .grant
            .outbox
            .iter()
            .find(|outgoing| outgoing.lease.as_ref().is_some_and(|lease| lease.worker == worker))?;
        Some((id.clone(), theirs.effect.number))
    })
}

fn worker(host: usize) -> WorkerId {
    WorkerId::new(format!("worker-{host}")).unwrap()
}

impl State {
    /// Whether some grant stands so.
    pub(crate) fn any(&self, stands: impl Fn(&Stage) -> bool) -> bool {
        self.store.grants.values().any(|kept| stands(&kept.grant.stage))
    }

    /// Whether some grant is closed so.
    pub(crate) fn ended(&self, outcome: Outcome) -> bool {
        self.any(|stage| matches!(stage, Stage::Closed(closed) if closed.outcome == outcome))
    }

    /// Whether some errand heard that.
    pub(crate) fn heard(&self, what: Heard) -> bool {
        self.errands.iter().any(|(_, heard)| *heard == what)
    }
}
