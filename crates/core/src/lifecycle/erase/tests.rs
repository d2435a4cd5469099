use crate::command::{Command, Verb};
use crate::event::{Event, Happened};
use crate::fixture::*;
use crate::machine;
use crate::person::{Actor, Record as Facts};
use crate::record::leaf::Leaf;
use crate::record::written::{ERASED, Salt};
use crate::record::{Entry, Record};
use crate::refusal::Code;

/// The host erases what was written of Alice's `g1`, which is over and done with.
struct Erasing {
    actor: Actor,
    grant: &'static str,
    told: bool,
    reused: bool,
    context: Facts,
}

impl Case for Erasing {
    fn sound() -> Self {
        Self { actor: system(), grant: "g1", told: true, reused: false, context: Facts::new() }
    }

    fn scene(&self) -> (Tenant, Command) {
        let mut tenant = over();
        if self.told {
            tenant.deliver("alice");
        }
        if self.reused {
            let other = Verb::Request(Box::new(request("db", "g2", &["pg/b/read"])));
            tenant.give(&command("wipe", &by(&alice()), other), tenant.clock).unwrap().unwrap();
        }
        let context = self.context.clone();
        (tenant, Command { context, ..command("wipe", &self.actor, erase(self.grant)) })
    }
}

const ROWS: &[Row<Erasing>] = &[
    (Code::CommandReused, |case| case.reused = true),
    (Code::GrantUnknown, |case| case.grant = "nothing"),
    (Code::ActorNotAllowed, |case| case.actor = by(&alice())),
    (Code::ErasureTooEarly, |case| case.told = false),
    (Code::RequestTooLarge, |case| case.context = too_many_facts()),
];

/// Alice asks with a reason and a field, Bob approves with a word of his own, and somebody revokes it.
fn over() -> Tenant {
    let mut flow = parts("db");
    flow.revoke_by = selectors(&["group:owners"]);
    let mut tenant = Tenant::new([flow]);
    let mut ask = request("db", "g1", &["pg/a/read"]);
    ask.reason = Some("her illness".to_owned());
    ask.fields.insert("ticket".to_owned(), "HR-7".to_owned());
    tenant.asks(&alice(), ask);
    let word = crate::command::Approve { reason: Some("I know of it".to_owned()), ..approve("g1") };
    tenant.ask(&bob(), Verb::Approve(word)).unwrap();
    tenant.system(revoke("g1")).unwrap();
    tenant
}

#[test]
fn an_erasure_is_refused_in_this_order() {
    in_order::<Erasing>(ROWS);
}

#[test]
fn nothing_is_erased_of_what_is_not_over() {
    let mut tenant = Tenant::new([automatic("db")]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    tenant.deliver("alice");
    let refusal = tenant.system(erase("g1")).unwrap_err();
    assert_eq!(refusal.code, Code::ErasureTooEarly);
    assert_eq!(refusal.details.get("stage"), Some(&crate::refusal::Detail::Text("active".to_owned())));
}

/// The events as they stand on record once the texts beside them are gone.
fn bare(tenant: &Tenant) -> Vec<Event> {
    let ns = "acme".parse().unwrap();
    let leaf = |(place, event): (usize, &Event)| {
        let position = u64::try_from(place).unwrap() + 1;
        let record = Record { position, recorded_at: event.at, entry: Entry::Event(event.clone()) };
        let leaf = Leaf::of(&ns, &record, None, &Salt::from_bytes([3; 16])).unwrap();
        assert_eq!(leaf.read().unwrap().record, record);
        for text in ["her illness", "HR-7", "I know of it", "over"] {
            assert!(!leaf.text.contains(&format!("\"{text}\"")), "{text}: {}", leaf.text);
        }
        let bare = leaf.erased();
        assert_eq!((bare.hash(), &bare.read().unwrap().record), (leaf.hash(), &record.erased()));
        bare.read().unwrap().record
    };
    let records = tenant.of("g1").enumerate().map(leaf);
    records.map(|record| if let Entry::Event(event) = record.entry { event } else { panic!() }).collect()
}

#[test]
fn i7_what_is_stored_after_an_erasure_is_what_the_erased_events_say() {
    let mut tenant = over();
    tenant.deliver("alice");
    let before = tenant.grant("g1").clone();
    let answer = tenant.system(erase("g1")).unwrap();
    assert_eq!(names(&answer.events), ["erased"]);
    assert_eq!(effects(&answer.events), [""; 0]);
    let after = tenant.grant("g1");
    assert_eq!((after.stage.clone(), after.terms.clone()), (before.stage, before.terms));
    let text = serde_json::to_string(after).unwrap();
    for gone in ["her illness", "HR-7", "I know of it", before.origin.content.as_str()] {
        assert!(!text.contains(gone), "{gone}: {text}");
    }
    assert_eq!(after.origin.fields.get("ticket").map(String::as_str), Some(ERASED));
    assert_eq!(machine::replay(bare(&tenant)).as_ref(), Ok(after));
    // It may be done again, and more may come to be known of it first.
    assert!(tenant.system(erase("g1")).is_ok());
    assert!(matches!(tenant.of("g1").last().unwrap().happened, Happened::Erased));
}

#[test]
fn what_a_command_answered_loses_its_texts_too() {
    let mut tenant = over();
    let answer = tenant.deliver("alice");
    drop(answer);
    let content = tenant.grant("g1").origin.content.clone();
    let view = tenant.look("g1");
    let receipt =
        crate::world::Receipt { content, view: Some(view.clone()), more: vec![view], revoked: None };
    let erased = receipt.erased(&grant_id("g1"));
    for view in erased.view.iter().chain(&erased.more) {
        assert_eq!(view.reason.as_deref(), Some(ERASED));
        assert_eq!((view.content.as_str(), view.fields["ticket"].as_str()), (ERASED, ERASED));
    }
    assert_eq!(erased.content, ERASED);
    let other = receipt.erased(&grant_id("g2"));
    assert_eq!((other.view, other.more), (receipt.view, receipt.more));
}
