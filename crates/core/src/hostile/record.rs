//! The record reads back, and no event of one grant is another's.

use super::*;
use crate::event::Event;
use crate::machine;

#[test]
fn every_event_reads_back() {
    let mut parts = automatic("f");
    rule(&mut parts).approval = extension_by(&["group:boss"]);
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&alice(), asking("f", "x", &["pg/a/read", "pg/b/read"], 60));
    let given = next(&mut tenant, "provision");
    tenant.system(confirmed(&given, &["pg/a/read", "pg/c/read"])).unwrap();
    tenant.ask(&alice(), Verb::Extend(by_minutes("x", 5))).unwrap();
    tenant.ask(&bob(), Verb::ApproveExtension(decide("x"))).unwrap();
    let silent = next(&mut tenant, "adjust");
    tenant.asks(&alice(), asking("f", "y", &["pg/a/read"], 240));
    tenant.asks(&alice(), asking("f", "z", &["aws/a/read"], 60));
    tenant.ask(&alice(), give_back("z")).unwrap();
    tenant.at(70);
    tenant.deliver("alice");
    tenant.system(confirmed(&silent, &[])).unwrap();
    let last = next(&mut tenant, "deprovision");
    tenant
        .system(Verb::EffectFailed(crate::command::EffectFailed { last: true, ..failed("x", last.number) }))
        .unwrap();
    for name in ["effect_done", "kept_for", "effect_late", "effect_stuck", "effect_skipped", "extended"] {
        assert!(tenant.events.iter().any(|event| event.happened.name() == name), "`{name}` is looked at");
    }
    for event in &tenant.events {
        let text = serde_json::to_string(event).unwrap();
        let back: Event = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(back, *event);
    }
    for (id, grant) in &tenant.grants {
        let text = serde_json::to_string(grant).unwrap();
        assert_eq!(serde_json::from_str::<crate::grant::Grant>(&text).unwrap(), **grant, "{id}");
    }
}

#[test]
fn replay_takes_no_event_of_another_grant() {
    let mut tenant = Tenant::new([automatic("f")]);
    tenant.asks(&alice(), asking("f", "x", &["pg/a/read"], 60));
    tenant.at(1);
    tenant.asks(&alice(), asking("f", "y", &["pg/b/read"], 60));
    tenant.ask(&alice(), give_back("y")).unwrap();
    let end = tenant.of("y").last().unwrap().clone();
    let own: Vec<Event> = tenant.of("x").cloned().collect();
    assert!(machine::replay(own.clone()).is_ok());
    assert!(machine::replay(own.into_iter().chain([end])).is_err());
}
