//! The rules of Just-In-Time access as a pure, deterministic state machine: time, ids and facts about people
//! are passed in, events and effects come out. Nothing here reads a clock, a disk or a network.
//!
//! - [`flow`]: what a policy says, valid by construction.
//! - [`command`], [`event`], [`effect`], [`refusal`]: what is asked, what then happened, what the world must be
//!   told, and how the rules say no.
//! - [`lifecycle`]: a step of a grant's life is a file; [`grant`] is the state it changes, [`view`] what hosts see.
//! - [`machine`]: which reads a command needs, what comes of it, and the grant that events lead to; [`query`] answers
//!   questions and writes nothing. [`world`] is what was loaded for a decision.
//!
//! A store loads what [`machine::needs`] names, lets [`machine::apply`] decide, and writes what came of it:
//!
//! ```
//! use std::{collections::BTreeMap, sync::Arc};
//! use tenure_core::command::{Asked, Command, Request, Verb};
//! use tenure_core::flow::{Flow, Parts};
//! use tenure_core::machine::{apply, needs, replay};
//! use tenure_core::person::{Actor, Person, Record, Resource};
//! use tenure_core::time::{Span, Timestamp};
//! use tenure_core::world::{Decided, Head, Publication, World};
//! # use tenure_core::flow::{approval_rule::Approval, target::{Except, Permissions, Target, Take}};
//! # use tenure_core::flow::{Activation, Counts, Durations, Kind, Notify, OwnRequests, Requesters, Who};
//!
//! # let hour = Span::hours(1);
//! # let target = Target { integration: Some("prod-pg".parse()?), kind: None, names: vec![], labels: BTreeMap::new(),
//! #     except: Except::default(), permissions: Permissions::Any };
//! # let parts = Parts { id: "prod-db".parse()?, revision: "1".parse()?, title: None, description: None,
//! #     labels: BTreeMap::new(), enabled: true, until: None, kind: Kind::Elevation,
//! #     who: Who { any: vec!["everyone".parse()?], except: vec![] },
//! #     requesters: Requesters { own: OwnRequests::Everyone, others: vec![] }, when: vec![], what: vec![target],
//! #     take: Take::Any, hours: None, past_close: Default::default(),
//! #     duration: Durations { min: Span::minutes(1), default: hour, max: hour }, start_ahead: Span::ZERO,
//! #     activation: Activation::OnApproval, activate_within: hour, reason: Default::default(), mfa: None,
//! #     approval: Approval::Automatic, extension: None, limits: Counts::default(), revoke_by: vec![],
//! #     break_glass: None, credentials: None, notify: Notify { before_end: vec![], to: vec![] } };
//! let nine: Timestamp = "2026-03-02T09:00:00Z".parse()?;
//! let flow = Arc::new(Flow::new(parts).expect("its fields agree")); // everybody, on prod-pg, for an hour, automatically
//! let flows = BTreeMap::from([(flow.id.clone(), flow)]);
//! let document = Publication { revision: "1".parse()?, source: "".into(), flows, beside: Default::default() };
//! let head = Head::default().with(Arc::new(document), nine);
//! let mut world = World::new("acme".parse()?, nine, Arc::new(head));
//!
//! let alice = Person::new("alice".parse()?);
//! let orders: Resource = serde_json::from_str(r#"{"integration": "prod-pg", "type": "database", "name": "orders"}"#)?;
//! let items = vec![Asked { resource: Arc::new(orders), permission: "read".to_owned() }];
//! let ask = Request {
//!     grant: None, flow: "prod-db".parse()?, items, span: None, start: None, reason: None,
//!     fields: BTreeMap::new(), holder: None, break_glass: false, resources: vec![],
//! };
//! let command = Command {
//!     id: "click-1".parse()?, actor: Actor::Person(Box::new(alice)), context: Record::new(),
//!     verb: Verb::Request(Box::new(ask)),
//! };
//!
//! // What a store must load; here nothing of it exists yet.
//! loop {
//!     let reads = needs(&command, &world);
//!     if reads.is_empty() {
//!         break;
//!     }
//!     world.read.extend(reads);
//! }
//! let Decided::Now(outcome) = apply(&world, &command, nine)? else { panic!("it is new") };
//! let done = outcome.answer?;
//! let view = done.receipt.view.expect("a request answers the grant");
//! assert_eq!((view.stage.as_str(), view.ends_at), ("active", Some(nine.plus(Span::hours(1)))));
//!
//! // The events are all that needs to be kept: they lead to the very grant that was stored.
//! assert_eq!(Some(&replay(done.journal.events)?), done.journal.after.get(&view.id));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
#![doc = include_str!("../DOMAIN.md")]

pub mod flow;
pub mod id;
pub mod limits;
pub mod person;
pub mod time;

pub mod command;
pub mod effect;
pub mod event;
pub mod explain;
pub mod grant;
pub mod lifecycle;
pub mod offer;
pub mod record;
pub mod refusal;
pub mod view;
pub mod world;

pub mod machine;
pub mod query;

pub(crate) mod board;
pub(crate) mod check;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod hostile;
