//! Just-In-Time access, embedded: a person asks, others approve, access runs for a bounded time, its end may
//! be moved a bounded number of times, and then it ends. All of it can be proved afterwards.
//!
//! ```
//! use tenure::{Approve, Engine, Extend, Person, Policy, Request, Resource, Span, SqliteStore};
//! # use tenure::tenure_policy::document::Format;
//! # let file = std::env::temp_dir().join(format!("tenure-quick-start-{}.yaml", std::process::id()));
//! # std::fs::write(&file, "
//! # version: 1
//! # flows:
//! #   - id: prod-db
//! #     who: {any: [group:sre]}
//! #     what: [{integration: prod-pg, permissions: [read]}]
//! #     duration: {max: 4h}
//! #     reason: {required: true}
//! #     approval: {steps: [{approvers: [group:db-owners]}]}
//! #     extension: {times: 2, span: {default: 30m}}
//! # ")?;
//! # let path = &file;
//! # let access = file.with_extension("db");
//! # let lease = Span::minutes(1);
//! # let admin = Person::new("admin".parse()?);
//! # let mut alice = Person::new("alice".parse()?);
//! # alice.groups.insert("sre".to_owned());
//! # let mut bob = Person::new("bob".parse()?);
//! # bob.groups.insert("db-owners".to_owned());
//! # let orders: Resource = serde_json::from_str(r#"{"integration": "prod-pg", "type": "database", "name": "orders"}"#)?;
//! let policy = Policy::from_path(path)?;                           // Err(Problems): all of them, with places
//! let engine = Engine::new(SqliteStore::open(&access)?);           // a file; MemoryStore::new() lives no longer than the process
//! let now = engine.clock();                                        // or the host's own; it is checked against the store's
//! engine.publish(&policy, &admin, now)?;
//! let grant = engine.request(Request::new("prod-db", &alice).item(orders.permission("read")).span(Span::hours(1)).reason("INC-7"), now)?;
//! let grant = engine.approve(Approve::new(grant.id, &bob), now)?;
//! let offer = engine.offer(&grant.id, &alice, now)?;
//! let grant = engine.extend(Extend::new(grant.id, &alice).span(Span::minutes(30)).if_ends_at(offer.ends_at), now)?;   // Err(Error::Refused(r)): r.code, r.details, r.would_pass
//! let verdict = engine.holds(&alice.id, &orders, "read", now)?;    // verdict.allowed, .grant, .until
//! # assert!(verdict.allowed);
//! # assert_eq!(verdict.until, offer.ends_at.map(|end| end.plus(Span::minutes(30))));
//! # let mut told = Vec::new();
//! for effect in engine.take_effects("worker-1", lease, now)? {
//! #   told.push(effect.kind.clone());
//!     engine.effect_done(effect.id, now)?;
//! }
//! # assert!(told.contains(&"provision".to_owned()), "{told:?}");
//! # drop(engine);
//! # std::fs::remove_file(&access)?;
//! # std::fs::remove_file(&file)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod ask;
pub mod compact;
pub mod effects;
pub mod engine;
pub mod error;
pub mod ids;
mod lane;
pub mod queries;
pub mod reconcile;
pub mod record;
pub mod runner;
pub mod sweep;
mod trace;

pub use tenure_core;
pub use tenure_policy;
#[cfg(feature = "postgres")]
pub use tenure_postgres::{self, PostgresStore};
#[cfg(feature = "sqlite")]
pub use tenure_sqlite::SqliteStore;
pub use tenure_store;

pub use ask::{
    Activate, Approve, ApproveExtension, Ask, Deny, DenyExtension, Erase, Extend, GiveBack, IntoActor,
    Publish, Request, RequestKit, Review, Revoke, RevokeAll, Withdraw, compile,
};
pub use compact::Compacted;
pub use effects::{Done, EffectId, Failed, Take, Taken};
pub use engine::Engine;
pub use error::{Error, Fault};
pub use ids::{Ids, RandomIds};
pub use queries::{Holder, Holders, List, Page, StageName, Verdict};
pub use reconcile::Reconciled;
pub use record::{BadKey, Consistency, Inclusion, LogKey, Signer};
pub use runner::{Carried, Handler, Runner, Stop, Trouble, Turn};
pub use sweep::SweepReport;

pub use tenure_core::command::{Asked, Command};
pub use tenure_core::explain::Explanation;
pub use tenure_core::id::{BadId, GrantId, Integration, Namespace, PersonId};
pub use tenure_core::offer::Offer;
pub use tenure_core::person::{Actor, Authenticated, Fact, Item, Level, Person, Resource, ResourceId};
pub use tenure_core::query::reconcile::InHand;
pub use tenure_core::record::Record;
pub use tenure_core::refusal::{Code, Refusal, WouldPass};
pub use tenure_core::time::{Span, Timestamp};
pub use tenure_core::view::View;
pub use tenure_core::world::{Found, Receipt};
pub use tenure_policy::{Policy, Problem, Problems};
pub use tenure_store::{
    Clock, Examined, Findings, ManualClock, MemoryStore, Part, Store, StoreFault, SystemClock, Unconfirmed,
};

/// The README's quick start, run as a test.
#[cfg(all(doctest, feature = "sqlite"))]
#[doc = include_str!("../../../README.md")]
pub struct Readme;
