//! Notices: what the engine has to tell people, put into words once, and carried to them as e-mail and as signed
//! webhooks. Slack's messages are made of the same words.
//!
//! [`Words`] asks the engine what a notice is about and says it: a subject, lines, a link, and what may be done about it,
//! with nothing decided here: a button is there because the engine offers it. [`mail::Mail`] and [`webhook::Webhook`] are
//! handlers for [`tenure::Runner`]: what they cannot deliver has failed, and comes again from the outbox, pause by pause.
//! [`Everywhere`] gives one notice to several of them.
//!
//! ```
//! use std::sync::Arc;
//! use tenure::{Carried, Engine, ManualClock, MemoryStore, Person, PersonId, Policy, Request, Runner, Span, Taken, Trouble};
//! use tenure_connect_notices::{Directory, Words};
//! # use tenure::tenure_policy::document::Format;
//!
//! struct House;
//! impl Directory for House {
//!     fn person(&self, id: &PersonId) -> Option<Person> {
//!         Some(Person::new(id.clone()))               // groups, roles and all that the host vouches for
//!     }
//! }
//!
//! # let now: tenure::Timestamp = "2026-03-02T09:00:00Z".parse()?;
//! # let clock = Arc::new(ManualClock::at(now));
//! # let engine = Engine::new(MemoryStore::with_clock(clock.clone()));
//! # let policy = Policy::from_text("
//! # version: 1
//! # flows:
//! #   - id: db
//! #     title: Read the database
//! #     who: {any: [everyone]}
//! #     what: [{integration: pg, permissions: [read]}]
//! #     duration: {max: 1h}
//! #     approval: automatic
//! #     extension: {times: 1, span: {default: 30m}}
//! # ", Format::Yaml)?;
//! # engine.publish(&policy, &Person::new("admin".parse()?), now)?;
//! # let orders: tenure::Resource = serde_json::from_str(r#"{"integration": "pg", "type": "database", "name": "orders"}"#)?;
//! # let alice = Person::new("alice".parse()?);
//! # let grant = engine.request(Request::new("db", &alice).item(orders.permission("read")), now)?;
//! # let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
//! # let told_of = seen.clone();
//! # let later = now.plus(Span::minutes(45));
//! # clock.set(later);
//! let words = Words::new(engine.clone(), Arc::new(House)).link(|grant| Some(format!("https://iam.example.com/{grant}")));
//! let runner = Runner::new(engine, "notices", Span::minutes(1)).notices(move |effect: &Taken| -> Result<Carried, Trouble> {
//!     let told = words.tell(effect, later)?;
//!     println!("{}\n{}", told.subject, told.text());
//! #   told_of.lock().unwrap().push(told);
//!     Ok(Carried::out())
//! });
//! runner.turn(later)?;
//! # let told = seen.lock().unwrap();
//! # let ending = told.iter().find(|told| told.notice == tenure::tenure_core::effect::Notice::EndingSoon).unwrap();
//! # assert_eq!(ending.subject, "Access ends soon: Read the database, alice");
//! # assert!(ending.text().contains("Ends: 2026-03-02 10:00 UTC"), "{}", ending.text());
//! # assert!(ending.text().contains("May be extended: by 30m"), "{}", ending.text());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod everywhere;
pub mod http;
#[cfg(feature = "mail")]
pub mod mail;
mod quiet;
mod sent;
pub mod webhook;
pub mod words;

pub use everywhere::Everywhere;
pub use quiet::Quiet;
pub use sent::{Sent, told_all};
pub use words::{Action, Directory, Line, Said, Told, Words};
