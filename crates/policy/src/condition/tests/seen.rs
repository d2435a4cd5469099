//! What a condition sees, and what nobody can make it see.

use super::*;

#[test]
fn everything_that_the_contract_names_is_seen() {
    let mut story = story();
    story.person.manager = Some("mona".parse().unwrap());
    for text in [
        r#"principal.id == "alice""#,
        r#"principal.groups.contains("sre") && !principal.groups.contains("dba")"#,
        r#"principal.roles == ["dba"]"#,
        r#"principal has manager && principal.manager == "mona""#,
        r#"principal.department == "engineering""#,
        r#"resource.integration == "prod-pg" && resource.type == "database" && resource.name == "orders""#,
        r#"resource.permission == "read""#,
        r#"resource.labels.env == "prod" && !(resource.labels has pii)"#,
        r#"resource.owners.containsAll(["user:bob", "group:data"])"#,
        "resource.tier == 1",
        "context.on_call && context.device.managed && context has device.managed",
        r#"context.ask.now == datetime("2026-03-02T09:00:00Z")"#,
        r#"context.ask.now.toTime() < duration("17h")"#,
        r#"context.ask.weekday == "mon" && context.ask.hour == 10"#,
        r#"context.ask.mfa_age <= duration("5m") && context.ask.span == duration("1h")"#,
        r#"context.ask.requester == context.ask.holder"#,
        r#"context.ask.reason like "INC-*" && context.ask.extension == 2"#,
    ] {
        assert_eq!(story.asks(text), Ok(true), "{text}");
    }
}

#[test]
fn a_built_in_name_wins_over_an_attribute_even_where_the_built_in_is_absent() {
    let mut story = story();
    for name in ["id", "groups", "roles", "manager"] {
        story.person.attributes.insert(name.to_owned(), text("mallory"));
    }
    story.context.insert("ask".to_owned(), Fact::Record([("hour".to_owned(), Fact::Long(3))].into()));
    let resource = story.resource.as_mut().unwrap();
    for name in ["integration", "type", "name", "permission", "labels", "owners"] {
        resource.attributes.insert(name.to_owned(), text("mallory"));
    }
    assert_eq!(story.asks(r#"principal.id == "alice" && principal.groups.contains("sre")"#), Ok(true));
    assert_eq!(story.asks(r#"principal.roles == ["dba"]"#), Ok(true));
    assert_eq!(story.asks("principal has manager"), Ok(false));
    assert_eq!(story.asks("context.ask.hour == 10"), Ok(true));
    assert_eq!(story.asks(r#"resource.type == "database" && resource.labels.env == "prod""#), Ok(true));
    assert_eq!(story.asks(r#"resource.permission == "read" && resource.name == "orders""#), Ok(true));
    assert_eq!(
        story.asks(r#"resource.integration != "mallory" && resource.owners.contains("user:bob")"#),
        Ok(true)
    );
}

#[test]
fn what_is_missing_is_named_and_never_a_yes() {
    let mut story = story();
    assert_eq!(
        story.unmet(r#"principal.region == "eu""#),
        "`principal.region` is missing: there is no `region`"
    );
    assert_eq!(
        story.unmet("context.device.owner.id == 1"),
        "`context.device.owner.id` is missing: there is no `owner`"
    );
    assert_eq!(story.unmet(r#"!(principal.region == "eu")"#), story.unmet(r#"principal.region == "eu""#));
    story.ask.mfa_age = None;
    assert!(story.unmet(r#"context.ask.mfa_age < duration("1h")"#).contains("`mfa_age`"));
    assert_eq!(story.asks("context.ask has mfa_age"), Ok(false));
}

#[test]
fn without_a_resource_no_condition_on_one_is_answered() {
    let mut story = story();
    story.resource = None;
    for text in
        ["resource.tier == 1", "resource has tier", "!(resource has tier)", "true || resource.tier == 1"]
    {
        assert_eq!(story.unmet(text), "no `resource` is asked for here", "{text}");
    }
    assert_eq!(story.asks("context.on_call"), Ok(true));
}

#[test]
fn a_result_that_is_no_answer_is_unmet() {
    let story = story();
    for (text, kind) in [
        ("principal.level", "a number"),
        ("principal.department", "a text"),
        ("principal.groups", "a set"),
        ("context.device", "a record"),
        ("context.ask.now", "a time"),
    ] {
        assert!(story.unmet(text).contains(kind), "{text}");
    }
}

#[test]
fn a_wrong_type_is_unmet_and_tells_no_value() {
    let mut story = story();
    story.person.attributes.insert("secret".to_owned(), Fact::Long(i64::MAX - 4_242));
    story.person.attributes.insert("phone".to_owned(), text("555-4242"));
    for (text, told) in [
        ("principal.phone && true", "of the wrong type"),
        ("principal.phone > 1", "of the wrong type"),
        ("principal.secret + 5000 > 1", "64 bits"),
        ("ip(principal.phone).isLoopback()", "read as an address"),
        ("principal.phone.nothing == 1", "of the wrong type"),
    ] {
        let message = story.unmet(text);
        assert!(message.contains(told), "{text}: {message}");
        assert!(!message.contains("4242") && !message.contains("9223372036854771565"), "{text}: {message}");
    }
}

#[test]
fn facts_nest_as_deep_as_documents_and_no_deeper() {
    let mut story = story();
    let lists = |levels| (0..levels).fold(Fact::Long(1), |inner, _| Fact::List(vec![inner]));
    for (fits, nests) in [(deep(32), true), (lists(32), true), (deep(33), false), (lists(33), false)] {
        story.context.insert("deep".to_owned(), fits);
        let answer = story.asks("context has deep");
        assert_eq!(answer.is_ok(), nests, "{answer:?}");
    }
    assert_eq!(story.unmet("context has deep"), "`context.deep` nests deeper than 32 levels");
    assert_eq!(story.asks("context.on_call"), Ok(true), "what is not looked at does not matter");
}

#[test]
fn what_is_asked_is_seen_whole_where_it_is_looked_at_whole() {
    let story = story();
    assert_eq!(story.asks("{a: context.ask}.a.hour == 10 && {a: context.ask}.a.extension == 2"), Ok(true));
    assert_eq!(story.asks("context.ask == {hour: 10}"), Ok(false));
    assert_eq!(story.asks("context[\"ask\"][\"hour\"] == 10 && context has ask"), Ok(true));
    assert_eq!(story.asks("context.ask[\"ho\\u{75}r\"] == 10"), Ok(true));
    assert_eq!(story.asks("principal[\"d\\u{65}partment\"] == \"engineering\""), Ok(true));
}

#[test]
fn lists_are_sets_and_the_longest_span_is_a_span() {
    let mut story = story();
    story.context.insert("tags".to_owned(), Fact::List(vec![text("a"), text("b"), text("a")]));
    assert_eq!(story.asks(r#"context.tags == ["b", "a"]"#), Ok(true));
    story.ask.span = Span::millis(u64::MAX);
    assert_eq!(story.asks(r#"context.ask.span > duration("1d")"#), Ok(true));
}
