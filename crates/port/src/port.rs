//! The door: a call in, an answer out. Nothing is decided here.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tenure::ask::Ask;
use tenure::tenure_core::command::{self, Command, Reach, Verb};
use tenure::tenure_core::id::{CommandId, PersonId};
use tenure::tenure_core::person::{Actor, Record, ResourceId};
use tenure::tenure_core::time::Timestamp;
use tenure::tenure_policy::document;
use tenure::{
    Done, EffectId, Engine, Error, Failed, Fault, Ids, List, Policy, Signer, Store, Take, Verdict, View,
};

use crate::answer::{Answer, Answered, Listed, Misread};
use crate::call::{self, Call, Document};

/// A handle for one namespace, for every language: calls and answers are data.
///
/// ```
/// use std::sync::Arc;
/// use tenure_port::{Port, store::MemoryStore};
///
/// let port = Port::open(Arc::new(MemoryStore::new()));
/// let answer = port.call(r#"{"call": "holds", "person": "alice", "permission": "read",
///     "resource": {"integration": "prod-pg", "type": "database", "name": "orders"}}"#);
/// assert_eq!(answer, r#"{"ok":{"allowed":false}}"#);
/// ```
///
/// It may be used on any thread. A panic below it is caught and answered as a fault; so is every call
/// after it, for what the panic interrupted is not known.
pub struct Port {
    engine: Engine,
    signer: Option<Arc<dyn Signer>>,
    broken: AtomicBool,
}

impl Port {
    /// On an engine.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self { engine, signer: None, broken: AtomicBool::new(false) }
    }

    /// The same handle with a key that signs checkpoints. No call carries one.
    #[must_use]
    pub fn signing(self, signer: Arc<dyn Signer>) -> Self {
        Self { signer: Some(signer), ..self }
    }

    /// On a store, in the namespace `default`.
    #[must_use]
    pub fn open(store: Arc<dyn Store>) -> Self {
        Self::new(Engine::over(store))
    }

    /// The same in another namespace.
    ///
    /// # Errors
    /// [`Fault`] where that is no name of one.
    pub fn open_namespace(store: Arc<dyn Store>, namespace: &str) -> Result<Self, Error> {
        Ok(Self::new(Engine::over(store).namespace(namespace)?))
    }

    /// The same with command ids from elsewhere, where a call gives none.
    #[must_use]
    pub fn open_with_ids(store: Arc<dyn Store>, ids: impl tenure::Ids + 'static) -> Self {
        Self::new(Engine::over(store).with_ids(ids))
    }

    /// Answers a call that is JSON, in canonical JSON.
    #[must_use]
    pub fn call(&self, json: &str) -> String {
        self.ask(json).to_json()
    }

    pub(crate) fn ask(&self, json: &str) -> Answer {
        self.guarded(|| match crate::misread::call(json) {
            Ok(call) => self.answered(call),
            Err(misread) => misread.into(),
        })
    }

    /// Answers a call.
    #[must_use]
    pub fn answer(&self, call: Call) -> Answer {
        self.guarded(|| self.answered(call))
    }

    /// No panic crosses a border (REGRESSIONS 38, 39): it is answered as a fault, and so is every later call.
    fn guarded(&self, answer: impl FnOnce() -> Answer) -> Answer {
        self.whole(answer).unwrap_or_else(|bad| bad)
    }

    fn whole<A>(&self, answer: impl FnOnce() -> A) -> Result<A, Answer> {
        if self.broken.load(Ordering::Acquire) {
            return Err(Answer::fault("panicked", "an earlier call broke this handle; open another one"));
        }
        caught(answer).inspect_err(|_| self.broken.store(true, Ordering::Release))
    }

    /// Whether that person may use that permission on that resource: the call `holds`, without its text.
    pub(crate) fn holds(
        &self,
        person: &PersonId,
        resource: &ResourceId,
        permission: &str,
        now: Option<Timestamp>,
    ) -> Result<Verdict, Answer> {
        let held = self.whole(|| self.engine.holds(person, resource, permission, self.at(now)))?;
        held.map_err(Answer::from)
    }

    fn answered(&self, call: Call) -> Answer {
        self.tried(call).map_or_else(Answer::from, Answer::Ok)
    }

    /// The store's clock where a host says no time: no other clock is read.
    fn at(&self, now: Option<Timestamp>) -> Timestamp {
        now.unwrap_or_else(|| self.engine.clock())
    }

    fn tried(&self, call: Call) -> Result<Answered, Bad> {
        let given = match Given::of(call)? {
            Asked::Command(given) => {
                let now = self.at(given.now);
                let kit = matches!(given.verb, Verb::RequestKit(_));
                let Verb::Publish(publish) = &given.verb else {
                    let receipt = self.engine.answer(given, now)?;
                    return Ok(match &receipt.revoked {
                        Some(found) => Answered::Revoked(found.clone()),
                        None if kit => Answered::kit(&receipt),
                        None => grant(receipt.view.clone()),
                    });
                };
                let published = publish.policy.revision.clone();
                self.engine.give(given, now)?;
                return Ok(Answered::Published { published });
            }
            Asked::Question(call) => call,
        };
        self.question(given)
    }

    fn question(&self, call: Question) -> Result<Answered, Bad> {
        let engine = &self.engine;
        Ok(match call {
            Question::Sweep(ask) => Answered::Swept(engine.sweep(self.at(ask.now))?),
            Question::TakeEffects(ask) => {
                let mut take = Take::new(ask.worker, ask.lease).at(ask.integration.map(|at| at.to_string()));
                if let Some(limit) = ask.limit {
                    take = take.at_most(count(limit));
                }
                Answered::Effects(engine.take(&take, self.at(ask.now))?)
            }
            Question::EffectDone(ask) => {
                let id = EffectId { grant: ask.effect.grant, number: ask.effect.number, worker: ask.worker };
                let done = Done::new(id).already_held(ask.already_held);
                grant(engine.effect_done(done, self.at(ask.now))?)
            }
            Question::EffectFailed(ask) => {
                let id = EffectId { grant: ask.effect.grant, number: ask.effect.number, worker: ask.worker };
                let failed = Failed::new(id, ask.error).last(ask.last);
                grant(engine.effect_failed(failed, self.at(ask.now))?)
            }
            Question::Look(ask) => grant(engine.look(ask.grant, self.at(ask.now))?),
            Question::Offer(ask) => {
                let (now, holder) = (self.at(ask.now), ask.holder.as_ref());
                let offer = engine.offer_for(ask.grant, &ask.actor, holder, &ask.context, now)?;
                Answered::Offer(Box::new(offer))
            }
            Question::Explain(ask) => {
                let now = self.at(ask.now);
                match Given::of(*ask.of).map_err(|bad| bad.below("of"))? {
                    Asked::Command(given) => Answered::Explanation(Box::new(engine.explain(given, now)?)),
                    Asked::Question(_) => return Err(not_a_command().into()),
                }
            }
            Question::Holds(ask) => {
                let now = self.at(ask.now);
                Answered::Holds(engine.holds(&ask.person, &ask.resource, &ask.permission, now)?)
            }
            Question::WhoHas(ask) => {
                let now = self.at(ask.now);
                let (permission, at) = (ask.permission.as_deref(), ask.at.unwrap_or(now));
                Answered::Holders(engine.who_has(&ask.resource, permission, at, now)?)
            }
            Question::Reconcile(ask) => self.reconcile(ask)?,
            Question::Compact(ask) => self.compact(&ask)?,
            Question::List(ask) => {
                let now = self.at(ask.now);
                Answered::Grants(engine.list(&listed(*ask), now)?)
            }
            Question::Inbox(ask) => {
                let now = self.at(ask.now);
                Answered::Grants(engine.inbox_after(&ask.actor, ask.after, ask.limit.map(count), now)?)
            }
            Question::Catalog(ask) => {
                let flows = engine.catalog(&ask.actor, self.at(ask.now))?;
                Answered::Flows { flows: flows.iter().map(|flow| Listed::of(flow, &ask.actor)).collect() }
            }
            Question::History(ask) => Answered::Recorded { records: engine.history(ask.grant)? },
            Question::Records(ask) => {
                let records = engine.records(ask.after.unwrap_or(0), most(ask.limit))?;
                Answered::Recorded { records }
            }
            Question::Export(ask) => {
                let exported = engine.export(ask.after.unwrap_or(0), most(ask.limit))?;
                Answered::Exported { exported }
            }
            Question::Checkpoint(ask) => self.checkpoint(self.at(ask.now))?,
            Question::Prove(ask) => self.prove(&ask)?,
        })
    }

    fn prove(&self, ask: &call::Prove) -> Result<Answered, Bad> {
        match (ask.position, ask.old) {
            (Some(position), None) => Ok(Answered::Inclusion(self.engine.inclusion(position, ask.size)?)),
            (None, Some(old)) => Ok(Answered::Consistency(self.engine.consistency(old, ask.size)?)),
            (None, None) => Err(misread("missing_field", "position", PROVED).into()),
            (Some(_), Some(_)) => Err(misread("contradiction", "old", PROVED).into()),
        }
    }

    fn reconcile(&self, ask: call::Reconcile) -> Result<Answered, Bad> {
        let now = self.at(ask.now);
        let held = ask.held.into_iter().map(tenure::InHand::from);
        Ok(Answered::Reconciled(self.engine.reconcile(held, &ask.integrations, now)?))
    }

    fn compact(&self, ask: &call::Compact) -> Result<Answered, Bad> {
        let (now, limit) = (self.at(ask.now), ask.limit.map(count));
        Ok(Answered::Compacted(self.engine.compact_after(ask.before, ask.after.as_ref(), limit, now)?))
    }

    fn checkpoint(&self, now: Timestamp) -> Result<Answered, Bad> {
        let missing = || Fault::Signer("this handle was opened without a key".to_owned());
        let signer = self.signer.as_deref().ok_or_else(|| Error::from(missing()))?;
        let checkpoint = self.engine.checkpoint(signer, now)?;
        Ok(Answered::Checkpoint { checkpoint, key: self.engine.verifier_key(signer)?.to_string() })
    }
}

fn listed(ask: call::List) -> List {
    List {
        holder: ask.holder,
        requester: ask.requester,
        flow: ask.flow,
        item: ask.item,
        stage: ask.stage,
        outcome: ask.outcome,
        awaits_review: ask.awaits_review,
        enforcement: ask.enforcement,
        after: ask.after,
        limit: ask.limit.map(count),
    }
}

/// Does something that shall not panic, and answers with a fault where it does.
pub(crate) fn caught<A>(what: impl FnOnce() -> A) -> Result<A, Answer> {
    catch_unwind(AssertUnwindSafe(what)).map_err(|_| panicked())
}

/// What is answered where something panicked.
#[must_use]
pub fn panicked() -> Answer {
    Answer::fault("panicked", "this is a bug: the call was given up, and this handle with it")
}

/// A limit as a store takes it: as many as it gives at once, where none is named.
fn most(limit: Option<u32>) -> usize {
    limit.map_or(usize::MAX, count)
}

/// What a call says of which it is not clear what is to be proved.
const PROVED: &str = "a proof names a record by `position`, or an `old` size";

/// Why a call is not answered with what it asks.
enum Bad {
    Misread(Misread),
    Error(Error),
}

impl Bad {
    /// The same of a call that stands in a field of another.
    fn below(self, field: &str) -> Self {
        match self {
            Self::Misread(misread) => {
                Self::Misread(Misread { path: format!("{field}.{}", misread.path), ..misread })
            }
            Self::Error(error) => Self::Error(error),
        }
    }
}

impl From<Error> for Bad {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Misread> for Bad {
    fn from(misread: Misread) -> Self {
        Self::Misread(misread)
    }
}

impl From<Bad> for Answer {
    fn from(bad: Bad) -> Self {
        match bad {
            Bad::Misread(misread) => misread.into(),
            Bad::Error(error) => error.into(),
        }
    }
}

/// A call is a command of an actor, or it is not.
enum Asked {
    Command(Given),
    Question(Question),
}

/// Calls that no actor commands.
enum Question {
    Sweep(call::Sweep),
    TakeEffects(call::TakeEffects),
    EffectDone(call::EffectDone),
    EffectFailed(call::EffectFailed),
    Look(call::Look),
    Offer(call::Offer),
    Explain(call::Explain),
    Holds(call::Holds),
    WhoHas(call::WhoHas),
    Reconcile(call::Reconcile),
    Compact(call::Compact),
    List(Box<call::List>),
    Inbox(call::Inbox),
    Catalog(call::Catalog),
    History(call::History),
    Records(call::Records),
    Export(call::Export),
    Checkpoint(call::Checkpoint),
    Prove(call::Prove),
}

/// A command as a call brings it: the id may be absent, and the time.
struct Given {
    id: Option<CommandId>,
    actor: Actor,
    context: Record,
    now: Option<Timestamp>,
    verb: Verb,
}

impl Ask for Given {
    fn into_command(self, ids: &dyn Ids) -> Result<Command, Fault> {
        let id = match self.id {
            Some(id) => id,
            None => ids.next()?,
        };
        Ok(Command { id, actor: self.actor, context: self.context, verb: self.verb })
    }
}

macro_rules! given {
    ($ask:expr, $verb:expr) => {
        Ok(Asked::Command(Given {
            id: $ask.command_id,
            actor: $ask.actor.0,
            context: $ask.context,
            now: $ask.now,
            verb: $verb,
        }))
    };
}

impl Given {
    fn of(call: Call) -> Result<Asked, Bad> {
        match call {
            Call::Request(ask) => requested(ask),
            Call::Approve(ask) => {
                let approve = command::Approve {
                    grant: ask.grant,
                    span: ask.span,
                    only: ask.only,
                    reason: ask.reason,
                    content: ask.content,
                    holder: ask.holder,
                };
                given!(ask, Verb::Approve(approve))
            }
            Call::Deny(ask) => {
                let deny = command::Deny { grant: ask.grant, reason: ask.reason, content: ask.content };
                given!(ask, Verb::Deny(deny))
            }
            Call::Withdraw(ask) => given!(ask, Verb::Withdraw(command::Withdraw { grant: ask.grant })),
            Call::Activate(ask) => given!(ask, Verb::Activate(command::Activate { grant: ask.grant })),
            Call::Extend(ask) => {
                let extend = command::Extend {
                    grant: ask.grant,
                    span: ask.span,
                    if_ends_at: ask.if_ends_at,
                    reason: ask.reason,
                    fields: ask.fields,
                    holder: ask.holder,
                };
                given!(ask, Verb::Extend(extend))
            }
            Call::ApproveExtension(ask) => {
                let decide =
                    command::DecideExtension { grant: ask.grant, reason: ask.reason, content: ask.content };
                given!(ask, Verb::ApproveExtension(decide))
            }
            Call::DenyExtension(ask) => {
                let decide =
                    command::DecideExtension { grant: ask.grant, reason: ask.reason, content: ask.content };
                given!(ask, Verb::DenyExtension(decide))
            }
            Call::GiveBack(ask) => given!(ask, Verb::GiveBack(command::GiveBack { grant: ask.grant })),
            Call::Revoke(ask) => revoked(ask),
            Call::Review(ask) => {
                let review = command::Review { grant: ask.grant, reason: ask.reason };
                given!(ask, Verb::Review(review))
            }
            Call::Erase(ask) => given!(ask, Verb::Erase(command::Erase { grant: ask.grant })),
            Call::Publish(ask) => published(ask),
            Call::Sweep(ask) => Ok(Asked::Question(Question::Sweep(ask))),
            Call::TakeEffects(ask) => Ok(Asked::Question(Question::TakeEffects(ask))),
            Call::EffectDone(ask) => Ok(Asked::Question(Question::EffectDone(ask))),
            Call::EffectFailed(ask) => Ok(Asked::Question(Question::EffectFailed(ask))),
            Call::Look(ask) => Ok(Asked::Question(Question::Look(ask))),
            Call::Offer(ask) => Ok(Asked::Question(Question::Offer(ask))),
            Call::Explain(ask) => Ok(Asked::Question(Question::Explain(ask))),
            Call::Holds(ask) => Ok(Asked::Question(Question::Holds(ask))),
            Call::WhoHas(ask) => Ok(Asked::Question(Question::WhoHas(ask))),
            Call::Reconcile(ask) => Ok(Asked::Question(Question::Reconcile(ask))),
            Call::Compact(ask) => Ok(Asked::Question(Question::Compact(ask))),
            Call::List(ask) => Ok(Asked::Question(Question::List(Box::new(ask)))),
            Call::Inbox(ask) => Ok(Asked::Question(Question::Inbox(ask))),
            Call::Catalog(ask) => Ok(Asked::Question(Question::Catalog(ask))),
            Call::History(ask) => Ok(Asked::Question(Question::History(ask))),
            Call::Records(ask) => Ok(Asked::Question(Question::Records(ask))),
            Call::Export(ask) => Ok(Asked::Question(Question::Export(ask))),
            Call::Checkpoint(ask) => Ok(Asked::Question(Question::Checkpoint(ask))),
            Call::Prove(ask) => Ok(Asked::Question(Question::Prove(ask))),
        }
    }
}

fn requested(ask: call::Request) -> Result<Asked, Bad> {
    let verb = match (ask.flow, ask.kit) {
        (Some(flow), None) => Verb::Request(Box::new(command::Request {
            grant: ask.grant,
            flow,
            items: ask.items,
            span: ask.span,
            start: ask.start,
            reason: ask.reason,
            fields: ask.fields,
            holder: ask.holder,
            break_glass: ask.break_glass,
            resources: ask.resources,
        })),
        (None, Some(_)) if !ask.items.is_empty() => {
            return Err(misread("contradiction", "items", "a kit says its own items; name none").into());
        }
        (None, Some(_)) if ask.break_glass => {
            let words = "a kit is not taken in an emergency; ask by flow";
            return Err(misread("contradiction", "break_glass", words).into());
        }
        (None, Some(kit)) => Verb::RequestKit(Box::new(command::RequestKit {
            grant: ask.grant,
            kit,
            span: ask.span,
            start: ask.start,
            reason: ask.reason,
            fields: ask.fields,
            holder: ask.holder,
            resources: ask.resources,
        })),
        (None, None) => {
            return Err(misread("missing_field", "flow", "a request names a flow or a kit").into());
        }
        (Some(_), Some(_)) => {
            let words = "a request names a flow or a kit, not both";
            return Err(misread("contradiction", "kit", words).into());
        }
    };
    given!(ask, verb)
}

/// One grant, or all that is open somewhere: what is to end is named once.
fn revoked(ask: call::Revoke) -> Result<Asked, Bad> {
    let reason = || ask.reason.clone();
    let one = |grant| Verb::Revoke(command::Revoke { grant, reason: reason() });
    let all = |of| Verb::RevokeAll(command::RevokeAll { of, reason: reason() });
    let named = [
        ask.grant.map(|grant| ("grant", one(grant))),
        ask.person.map(|person| ("person", all(Reach::Person(person)))),
        ask.flow.map(|flow| ("flow", all(Reach::Flow(flow)))),
        ask.integration.map(|at| ("integration", all(Reach::Integration(at)))),
        ask.item.map(|item| ("item", all(Reach::Item(item)))),
    ];
    let mut named = named.into_iter().flatten();
    let (code, path) = match (named.next(), named.next()) {
        (Some((_, verb)), None) => return given!(ask, verb),
        (_, Some((second, _))) => ("contradiction", second),
        (None, None) => ("missing_field", "grant"),
    };
    let words = "a revocation names one of `grant`, `person`, `flow`, `integration` and `item`";
    Err(Bad::Misread(misread(code, path, words)))
}

fn published(ask: call::Publish) -> Result<Asked, Bad> {
    let policy = match (&ask.policy, ask.format) {
        (Document::Text(text), Some(format)) => Policy::from_text(text, document::Format::from(format)),
        (Document::Fields(fields), None) => Policy::from_json(serde_json::Value::from(fields.clone())),
        (Document::Text(_), None) => {
            return Err(misread("missing_field", "format", "a policy text needs its `format`").into());
        }
        (Document::Fields(_), Some(_)) => {
            return Err(misread("unknown_field", "format", "`format` belongs to a policy text").into());
        }
    }
    .map_err(Error::Invalid)?;
    let publication = tenure::ask::publication(&policy).map_err(Error::Fault)?;
    let publish = command::Publish { policy: Arc::new(publication), if_revision: ask.if_revision };
    given!(ask, Verb::Publish(publish))
}

fn not_a_command() -> Misread {
    misread("out_of_range", "of.call", "only a command of an actor has checks to explain")
}

fn misread(code: &'static str, path: &str, message: &str) -> Misread {
    Misread { code, path: path.to_owned(), line: None, column: None, message: message.to_owned() }
}

fn grant(view: Option<View>) -> Answered {
    Answered::Grant(view.map(Box::new))
}

fn count(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_a_flow_or_a_kit() {
        let port = Port::open(Arc::new(tenure::MemoryStore::new()));
        let misread = |fields: &str| {
            let call = format!(r#"{{"call": "request", "actor": {{"id": "alice"}}{fields}}}"#);
            let explain = format!(r#"{{"call": "explain", "of": {call}}}"#);
            [call, explain].map(|call| match port.ask(&call) {
                Answer::Invalid(crate::answer::Wrongs::Call(wrongs)) => {
                    wrongs.into_iter().map(|wrong| format!("{} {}", wrong.code, wrong.path)).collect()
                }
                other @ (Answer::Ok(_) | Answer::Refused(_) | Answer::Invalid(_) | Answer::Fault(_)) => {
                    format!("{other:?}")
                }
            })
        };
        let twice = |code: &str, path: &str| [format!("{code} {path}"), format!("{code} of.{path}")];
        assert_eq!(misread(""), twice("missing_field", "flow"));
        assert_eq!(misread(r#", "flow": "db", "kit": "all""#), twice("contradiction", "kit"));
        let item = r#"{"resource": {"integration": "pg", "type": "db", "name": "a"}, "permission": "read"}"#;
        let items = format!(r#", "kit": "all", "items": [{item}]"#);
        assert_eq!(misread(&items), twice("contradiction", "items"));
        let stranger =
            r#", "kit": "all", "resources": [{"integration": "pg", "type": "db", "name": "a", "x": 1}]"#;
        assert!(
            misread(stranger).concat().starts_with("unknown_field resources[0].x"),
            "{:?}",
            misread(stranger)
        );
    }

    #[test]
    fn r38_r39_a_panic_is_a_fault_and_the_handle_is_broken() {
        let port = Port::open(Arc::new(tenure::MemoryStore::new()));
        let fault = |answer: Answer| match answer {
            Answer::Fault(fault) => fault.code,
            other @ (Answer::Ok(_) | Answer::Refused(_) | Answer::Invalid(_)) => format!("{other:?}"),
        };
        assert_eq!(fault(port.guarded(|| panic!("told to"))), "panicked");
        assert_eq!(fault(port.ask(r#"{"call": "sweep"}"#)), "panicked");
        let fresh = Port::open(Arc::new(tenure::MemoryStore::new()));
        assert_eq!(fresh.call(r#"{"call":"sweep"}"#), r#"{"ok":{"events":0,"people":0}}"#);
    }
}
