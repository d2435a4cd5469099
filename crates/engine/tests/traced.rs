//! What a subscriber sees of a host: one span a command, and nobody's name in it.

#![expect(clippy::unwrap_used, reason = "these are tests: a panic is how they fail")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tenure::tenure_policy::document::Format;
use tenure::{
    Actor, Engine, Error, Extend, ManualClock, MemoryStore, Person, Policy, Request, ResourceId, Revoke,
    Span, Timestamp,
};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Spans that are over, with what they say.
#[derive(Default)]
struct Seen {
    next: AtomicU64,
    open: Mutex<BTreeMap<u64, Fields>>,
    over: Mutex<Vec<Fields>>,
}

#[derive(Clone, Default, Debug)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

struct Watcher(Arc<Seen>);

impl Subscriber for Watcher {
    fn enabled(&self, of: &Metadata<'_>) -> bool {
        of.target() == "tenure"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let id = self.0.next.fetch_add(1, Ordering::SeqCst) + 1;
        let mut fields = Fields::default();
        span.record(&mut fields);
        fields.0.insert("name", span.metadata().name().to_owned());
        self.0.open.lock().unwrap().insert(id, fields);
        Id::from_u64(id)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        values.record(self.0.open.lock().unwrap().get_mut(&span.into_u64()).unwrap());
    }

    fn try_close(&self, span: Id) -> bool {
        let over = self.0.open.lock().unwrap().remove(&span.into_u64()).unwrap();
        self.0.over.lock().unwrap().push(over);
        true
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Seen {
    /// What the spans that are over say of these fields, one line each.
    fn take(&self, names: &[&str]) -> Vec<String> {
        assert!(self.open.lock().unwrap().is_empty(), "a command is over when it is answered");
        let over = std::mem::take(&mut *self.over.lock().unwrap());
        let line = |fields: &Fields| {
            let told = names.iter().map(|name| fields.0.get(name).map_or("-", String::as_str));
            told.collect::<Vec<_>>().join(" ")
        };
        over.iter().map(line).collect()
    }
}

const POLICY: &str = "
version: 1
flows:
  - id: db
    who: {any: [everyone]}
    what: [{integration: pg, permissions: [read]}]
    duration: {max: 1h}
    approval: automatic
    extension: {times: 1, span: {default: 30m}}
";

#[test]
fn a_command_is_a_span_that_names_nobody() {
    let nine: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
    let engine = Engine::new(MemoryStore::with_clock(Arc::new(ManualClock::at(nine))));
    let policy = Policy::from_text(POLICY, Format::Yaml).unwrap();
    let alice = Person::new("secret-alice".parse().unwrap());
    let orders = ResourceId { integration: "pg".parse().unwrap(), kind: "db".into(), name: "orders".into() };
    let ask = || {
        let request = Request::new("db", &alice).item(orders.permission("read")).reason("secret illness");
        request.grant("g1".to_owned()).command_id("click".to_owned())
    };
    let seen = Arc::<Seen>::default();
    tracing::subscriber::with_default(Watcher(seen.clone()), || {
        engine.publish(&policy, &alice, nine).unwrap();
        engine.request(ask(), nine).unwrap();
        engine.request(ask(), nine).unwrap();
        engine.extend(Extend::new("g1", Person::new("secret-bert".parse().unwrap())), nine).unwrap_err();
        let told = seen.take(&["name", "kind", "grant", "outcome", "code", "events", "batch"]);
        assert_eq!(
            told,
            [
                "command publish - accepted - 0 1",
                "command request g1 accepted - 3 1",
                "command request g1 repeated - 0 1",
                "command extend g1 refused extension.not_holder - 1",
            ]
        );
        // The fast host: nothing is decided.
        let ahead = nine.plus(Span::hours(9));
        assert!(matches!(engine.extend(Extend::new("g1", &alice), ahead), Err(Error::Fault(_))));
        assert_eq!(seen.take(&["kind", "outcome", "code"]), ["extend fault clock"]);
        // A worker's and a sweeper's commands are commands.
        let taken = engine.take_effects("w", Span::minutes(1), nine).unwrap();
        engine.effect_done(taken[0].id.clone(), nine).unwrap();
        let told = seen.take(&["kind", "grant", "outcome"]);
        assert!(told.contains(&"take_effect g1 accepted".to_owned()), "{told:?}");
        assert_eq!(told.last().unwrap(), "effect_done g1 accepted");
        let host = Actor::System("host".parse().unwrap());
        engine.revoke(Revoke::new("g1", host).reason("secret leak"), nine).unwrap();
        let whole = seen.over.lock().unwrap().clone();
        let took: u64 = whole[0].0["store_us"].parse().unwrap();
        assert!(took < 60_000_000, "{took}");
        assert!(!format!("{whole:?}").contains("secret"), "{whole:?}");
    });
    // Nobody watches any more.
    engine.extend(Extend::new("g1", &alice), nine).unwrap_err();
    assert!(seen.take(&[]).len() <= 1);
}
