//! Who somebody is, and whom a selector means. People are JSON, as the host hands them in.

use serde_json::Value;

use super::policy::{Flow, at, flag, glob, list, text, texts};
use super::time::{Ms, instant};

/// A host may be this far ahead of its store's clock, and a login dated this far ahead of now.
pub(super) const TOLERANCE: Ms = 30_000;

/// Every id a person is known by, without regard to ASCII case.
pub(super) fn ids(person: &Value) -> Vec<String> {
    let acts_for = at(person, "acts_for").as_str();
    let all = [text(person, "id")].into_iter().chain(texts(person, "aliases")).chain(acts_for);
    all.map(str::to_ascii_lowercase).collect()
}

pub(super) fn same_human(one: &Value, other: &Value) -> bool {
    let theirs = ids(other);
    ids(one).iter().any(|mine| theirs.contains(mine))
}

/// Whether one of these selectors means this person. `manager` is the holder's; an owner owns all of the items.
pub(super) fn means(selectors: &[&str], person: &Value, manager: &str, items: &[Value]) -> bool {
    selectors.iter().any(|selector| match selector.split_once(':') {
        Some(("user", id)) => text(person, "id") == id,
        Some(("group", name)) => texts(person, "groups").iter().any(|group| glob(name, group)),
        Some(("role", name)) => texts(person, "roles").iter().any(|role| glob(name, role)),
        _ if *selector == "manager" => !manager.is_empty() && text(person, "id") == manager,
        _ if *selector == "owner" => {
            !items.is_empty()
                && items.iter().all(|item| means(&texts(item, "resource.owners"), person, "", &[]))
        }
        _ => *selector == "everyone",
    })
}

/// Whether the holder may have this access; `except` reaches every id of theirs.
pub(super) fn eligible(flow: &Flow, holder: &Value, glass: bool) -> bool {
    if flag(holder, "unknown", false) {
        // Anybody may, or nobody of whom nothing is known.
        let any = if glass { "break_glass.who" } else { "who.any" };
        return texts(&flow.doc, any).contains(&"everyone") && list(&flow.doc, "who.except").is_empty();
    }
    let who = if glass { "break_glass.who" } else { "who.any" };
    let names = ids(holder);
    let excepted =
        texts(&flow.doc, "who.except").iter().any(|selector| match selector.strip_prefix("user:") {
            Some(id) => names.contains(&id.to_ascii_lowercase()),
            None => means(&[selector], holder, "", &[]),
        });
    !excepted && (glass || means(&texts(&flow.doc, who), holder, "", &[]))
}

/// Whether a login is as a rule asks; the code of the refusal where not.
pub(super) fn login(rule: &Value, actor: &Value, now: Ms) -> Option<&'static str> {
    if rule.is_null() {
        return None;
    }
    let login = at(actor, "authenticated");
    let methods = texts(rule, "methods");
    let level = text(rule, "level");
    let weak = login.is_null()
        || !level.is_empty() && text(login, "level") < level
        || !methods.is_empty() && !texts(login, "methods").iter().any(|method| methods.contains(method));
    if weak {
        return Some("mfa.missing");
    }
    let when = instant(at(login, "at")).unwrap_or(Ms::MIN);
    let old = at(rule, "max_age").as_i64().is_some_and(|most| now.saturating_sub(when) > most);
    (old || when > now + TOLERANCE).then_some("mfa.stale")
}

/// Whether facts are beyond the bounds of the library.
pub(super) fn too_large(person: &Value) -> bool {
    let names = ["groups", "roles", "authenticated.methods"].map(|field| texts(person, field));
    names.iter().flatten().any(|name| name.len() > 256)
        || list(person, "groups").len() > 2_000
        || list(person, "roles").len() > 2_000
        || list(person, "aliases").len() > 32
        || list(person, "authenticated.methods").len() > 32
        || facts_too_large(at(person, "attributes"))
}

pub(super) fn facts_too_large(facts: &Value) -> bool {
    fn weight(fact: &Value) -> usize {
        match fact {
            Value::Null => 0,
            Value::Bool(_) => 5,
            Value::Number(_) => 8,
            Value::String(text) => text.len() + 2,
            Value::Array(all) => all.iter().map(weight).sum::<usize>() + 2,
            Value::Object(all) => {
                all.iter()
                    .filter(|(_, fact)| !fact.is_null())
                    .map(|(name, fact)| name.len() + 3 + weight(fact))
                    .sum::<usize>()
                    + 2
            }
        }
    }
    weight(facts) > 64 * 1024 + 2
}
