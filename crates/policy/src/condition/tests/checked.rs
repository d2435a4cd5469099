//! What is no condition, and what does not fit the declared types.

use super::*;

fn typed(text: &str) -> Result<(), BadCondition> {
    compile(text, Some(&types())).map(|_| ())
}

#[test]
fn a_condition_is_one_expression_and_nothing_else() {
    for text in [
        "",
        "  // nothing",
        "true }",
        "true } ; permit(principal, action, resource) when { true",
        "true }; //",
        "true; true",
        "true true",
        "permit(principal, action, resource);",
        "when { true }",
        "1 +",
        "principal.id = \"alice\"",
        "\"unclosed",
    ] {
        assert!(compile(text, None).is_err(), "{text}");
        assert!(typed(text).is_err(), "{text}");
    }
    assert!(typed("context.on_call // }; permit(principal, action, resource)").is_ok());
    assert!(typed("context.on_call && context.note == \"}; permit(principal, action, resource);\"").is_err());
}

#[test]
fn entities_actions_and_slots_are_not_known() {
    for (text, about) in [
        (r#"principal == User::"alice""#, "principal"),
        (r#"principal.boss != User::"mallory""#, "::"),
        (r#"principal in Group::"sre""#, "principal"),
        (r#""sre" in principal.groups"#, "in"),
        ("context.owner is User", "is"),
        ("action.x == 1", "action"),
        ("context.a == ?principal", "?principal"),
        ("context.x != principal", "principal"),
        ("!principal.hasTag(\"x\")", "hasTag"),
        ("principal == resource", "principal"),
        ("context == {}", "context"),
    ] {
        let bad = bad(text);
        let at = bad.at.clone().unwrap();
        assert_eq!(&text[at], about, "{bad:?}");
        assert!(bad.help.is_some(), "{bad:?}");
    }
    assert!(compile("context.action == context.principal && {context: 1} == {context: 1}", None).is_ok());
}

#[test]
fn problems_are_told_in_the_authors_words_with_their_place() {
    for (text, message, at) in [
        ("region == \"eu\"", "there is no `region` here", 0..6),
        ("99999999999999999999 == 1", "this number is larger than 64 bits", 0..20),
        ("context.a && foo(1)", "`foo` is not a valid function", 13..19),
        ("context.a = 1", "`=` is not a valid operator", 0..13),
        ("(context.a", "this bracket is never closed", 0..1),
        ("context.a)", "`)` closes nothing", 9..10),
    ] {
        let bad = bad(text);
        assert_eq!((bad.message.as_str(), bad.at), (message, Some(at)), "{text}");
    }
}

#[test]
fn declared_types_are_checked_with_places() {
    for (text, message) in [
        (r#"principal.departmen == "x""#, "`principal.departmen` is not declared"),
        ("context.nothing == 1", "`context.nothing` is not declared"),
        (r#"principal.region == "eu""#, "`principal.region` may be absent"),
        (r#"principal.manager == "mona""#, "`principal.manager` may be absent"),
        (r#"context.ask.mfa_age < duration("1h")"#, "`context.ask.mfa_age` may be absent"),
        ("principal.department == 5", "the types long and string are not compatible"),
        ("resource.labels.env == 1", "the types long and string are not compatible"),
        ("principal.level", "unexpected type: expected bool but saw long"),
        ("context.ask.now > context.ask.span", "unexpected type: expected datetime but saw duration"),
        (
            "ip(principal.department).isLoopback()",
            "`ip(principal.department).isLoopback()` reads a fact as another type",
        ),
        ("[] == principal.groups", "an empty set has no type"),
    ] {
        let bad = typed(text).expect_err(text);
        let told = message.strip_prefix('`').and_then(|rest| rest.split_once('`'));
        assert_eq!(bad.message, message, "{bad:?}");
        let part = text.get(bad.at.clone().unwrap()).unwrap();
        assert!(told.is_none_or(|(told, _)| part.starts_with(told)), "{part}: {bad:?}");
        assert!(compile(text, None).is_ok(), "only the types forbid `{text}`");
    }
    let help = typed(r#"principal.region == "eu""#).unwrap_err().help;
    assert_eq!(help.as_deref(), Some("ask for it first: `principal has region && ...`"));
}

#[test]
fn what_fits_the_declared_types_compiles() {
    for text in [
        r#"principal has region && principal.region == "eu""#,
        r#"context.ask has mfa_age && context.ask.mfa_age < duration("1h")"#,
        r#"resource.labels.env == "prod" && !(resource.labels has pii)"#,
        r#"resource.labels["env"] == "prod""#,
        r#"principal.groups.contains("sre") && resource.owners.contains("user:bob")"#,
        "context.device.managed && context.on_call && resource.tier < 3",
        r#"context has tags && context.tags.contains("x")"#,
        r#"context.ask.reason like "INC-*" && context.ask.extension < 2"#,
    ] {
        assert_eq!(typed(text), Ok(()), "{text}");
    }
}

#[test]
fn every_wrong_place_is_told_in_the_order_of_the_text() {
    let text = "principal.nope == 1 && context.nix == 1 && principal.nada == 1";
    for _ in 0..20 {
        let bad = typed(text).unwrap_err();
        let all: Vec<&str> = std::iter::once(&bad).chain(&bad.also).map(|bad| bad.message.as_str()).collect();
        assert_eq!(
            all,
            [
                "`principal.nope` is not declared",
                "`context.nix` is not declared",
                "`principal.nada` is not declared"
            ]
        );
    }
}

#[test]
fn a_fact_that_is_not_of_its_declared_type_is_unmet() {
    let mut story = story();
    let ask = |story: &Story, text: &str| compile(text, Some(&types())).unwrap().holds(&story.facts());
    assert_eq!(ask(&story, "principal.level != 5"), Ok(true));
    story.person.attributes.insert("level".to_owned(), text("five"));
    assert_eq!(story.asks("principal.level != 5"), Ok(true), "without types, Cedar finds them different");
    let unmet = ask(&story, "principal.level != 5").unwrap_err();
    assert_eq!(unmet.message, "`principal.level` is not of the type that `attributes` declares");
    assert_eq!(ask(&story, "context.on_call"), Ok(true), "what is not looked at does not matter");
    story.context.insert("device".to_owned(), Fact::Record([("managed".to_owned(), text("yes"))].into()));
    assert!(ask(&story, "context.device.managed != true").is_err());
    story.context.insert("tags".to_owned(), Fact::List(vec![text("a"), Fact::Long(1)]));
    assert!(ask(&story, "context has tags && !context.tags.contains(\"x\")").is_err());
}

#[test]
fn a_condition_that_looks_at_nothing_is_constant() {
    let always = |text: &str| constant(&*compile(text, None).unwrap());
    assert_eq!(always("1 + 1 == 2"), Some(true));
    assert_eq!(always("\"principal\" == \"context\""), Some(false));
    assert_eq!(always("context.on_call"), None);
    assert_eq!(always("true || principal.level == 1"), None);
    for text in
        ["1 + 1", "\"a\" > 1", "9223372036854775807 + 1 == 1", "datetime(\"soon\") == datetime(\"now\")"]
    {
        assert!(bad(text).message.starts_with("this can never hold: "), "{text}");
    }
}

#[test]
fn a_condition_shows_as_it_was_written() {
    let condition = compile(" context.on_call // why\n", None).unwrap();
    assert_eq!(condition.source(), " context.on_call // why\n");
    assert_eq!(format!("{condition:?}"), "Condition(\" context.on_call // why\\n\")");
}
