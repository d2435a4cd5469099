//! Steps in words: who, what, and what came of it.

use anstyle::Style;
use serde_json::Value as Json;
use tenure_past::words::{counted, text};
use tenure_port::core::time::{Span, Timestamp};
use tenure_scenario::Answers;
use tenure_scenario::run::{Scene, instant};
use tenure_scenario::story::{Ask, Deed, Step, StepClock};
use tenure_scenario::trouble::tame;

use super::{PERSON, moment};
use crate::screen::{BAD, DIM, GOOD, WAITS, paint};

/// Who acts, and in which colour they are named.
pub(crate) fn who(step: &Step) -> (String, Style) {
    match &step.deed {
        Deed::Call(ask) => match ask.who.as_deref() {
            Some("system") | None => ("host".to_owned(), DIM),
            Some(name) => (tame(name), PERSON),
        },
        Deed::Verdict(_) => ("worker".to_owned(), DIM),
        Deed::Restart | Deed::Person(_) => ("host".to_owned(), DIM),
    }
}

/// What happens, in words.
pub(crate) fn what(step: &Step) -> String {
    let words = match &step.deed {
        Deed::Call(ask) => asked(ask, step.at),
        Deed::Verdict(told) => match &told.error {
            None => format!("has done `{}` of {}", told.effect, told.grant),
            Some(error) => format!("could not do `{}` of {}: {error}", told.effect, told.grant),
        },
        Deed::Restart => "closes the store and opens it again".to_owned(),
        Deed::Person(name) => format!("knows other things of {name} from here on"),
    };
    let clock = match step.clock {
        StepClock::Story => "",
        StepClock::Back => " (a host whose clock is behind)",
        StepClock::Ahead => " (a host whose clock is ahead)",
    };
    format!("{}{clock}", tame(&words))
}

/// The reason that somebody wrote.
pub(super) fn quote(step: &Step) -> Option<String> {
    match &step.deed {
        Deed::Call(ask) => ask.of.as_deref().unwrap_or(ask).text("reason").map(tame),
        Deed::Verdict(_) | Deed::Restart | Deed::Person(_) => None,
    }
}

fn asked(ask: &Ask, now: Timestamp) -> String {
    let grant = ask.grant.as_deref().unwrap_or("a grant");
    let text = |name: &str| ask.text(name).unwrap_or("?").to_owned();
    let flag = |name: &str| ask.value(name).and_then(Json::as_bool).unwrap_or(false);
    match ask.verb {
        "request" => {
            let span = span(ask).map_or_else(String::new, |span| format!(" for {span}"));
            let holder = holder(ask).map_or_else(String::new, |holder| format!(", for {holder}"));
            let start = ask.text("start").and_then(|start| start.parse::<Timestamp>().ok());
            let start = start.map_or_else(String::new, |start| format!(", from {}", moment(start, now)));
            let what = match (ask.text("kit"), ask.items("items")) {
                (Some(kit), _) => format!("all of the kit {kit}"),
                // The flow says which items, or there are none.
                (None, items) if items.is_empty() => format!("access under {}", text("flow")),
                (None, items) => format!("{} under {}", items.join(", "), text("flow")),
            };
            let verb = if flag("break_glass") { "breaks the glass for" } else { "asks for" };
            format!("{verb} {what}{span}{holder}{start}")
        }
        "approve" => {
            let span = span(ask).map_or_else(String::new, |span| format!(", for {span}"));
            let only = match ask.items("only") {
                only if only.is_empty() => String::new(),
                only => format!(", only {}", only.join(", ")),
            };
            format!("approves {grant}{span}{only}")
        }
        "deny" => format!("denies {grant}"),
        "withdraw" => format!("takes {grant} back"),
        "activate" => format!("begins {grant}"),
        "extend" => match span(ask) {
            Some(span) => format!("extends {grant} by {span}"),
            None => format!("extends {grant}"),
        },
        "approve_extension" => format!("approves the extension of {grant}"),
        "deny_extension" => format!("denies the extension of {grant}"),
        "give_back" => format!("gives {grant} back"),
        "revoke" => format!("revokes {}", revoked(ask, grant)),
        "review" => format!("reviews {grant}"),
        "erase" => format!("erases what was written of {grant}"),
        "publish" => "puts a policy in force".to_owned(),
        "sweep" => "sweeps: what time has made true is written down".to_owned(),
        "look" => format!("looks at {grant}"),
        "offer" => format!("looks at the button that extends {grant}"),
        "holds" => format!("does {} hold {} on {}?", text("person"), text("permission"), resource(ask)),
        "list" => "lists grants".to_owned(),
        "inbox" => "opens the inbox".to_owned(),
        "catalog" => "opens the catalog".to_owned(),
        "explain" => {
            let of = ask.of.as_deref().map(|of| asked(of, now)).unwrap_or_default();
            format!("wants to know how this would be judged: {of}")
        }
        other => other.to_owned(),
    }
}

/// What a revocation ends.
fn revoked(ask: &Ask, grant: &str) -> String {
    let all = [("person", "of"), ("flow", "under"), ("integration", "at")];
    let said = all.iter().find_map(|(name, how)| Some(format!("everything {how} {}", ask.text(name)?)));
    let item = || ask.items("item").first().map(|item| format!("every grant of {item}"));
    said.or_else(item).unwrap_or_else(|| grant.to_owned())
}

fn span(ask: &Ask) -> Option<Span> {
    ask.value("span")?.as_u64().map(Span::millis)
}

fn holder(ask: &Ask) -> Option<String> {
    ask.value("holder")?.get("id")?.as_str().map(str::to_owned)
}

fn resource(ask: &Ask) -> String {
    let name = ask.value("resource").and_then(|resource| resource.get("name")?.as_str());
    name.unwrap_or("?").to_owned()
}

/// What came of it, a line each.
pub(super) fn came(step: &Step, scene: &Scene) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(ok) = scene.answer.get("ok") {
        lines.extend(granted(step, ok));
        if is_repeated(step, scene) {
            lines.push(paint(DIM, "the same command again: the same answer, and nothing happens"));
        }
    }
    if let Some(refused) = scene.answer.get("refused") {
        lines.push(refusal(refused, step.at));
        lines.extend(would_pass(refused, step.at).map(|words| paint(DIM, &format!("would pass: {words}"))));
    }
    if let Some(problems) = scene.answer.get("invalid").and_then(Json::as_array) {
        lines.push(paint(BAD, &format!("✗ refused, with {} problems", problems.len())));
        for problem in problems.iter().take(5) {
            lines.push(format!(
                "{} at {}: {}",
                text(problem, "code"),
                text(problem, "path"),
                text(problem, "message")
            ));
        }
    }
    if let Some(fault) = scene.answer.get("fault") {
        lines.push(paint(BAD, &format!("✗ fault {}: {}", text(fault, "code"), text(fault, "message"))));
    }
    let effects = scene.records.iter().filter_map(|record| record.get("effects")?.as_array()).flatten();
    let told: Vec<String> = effects.map(effect).collect();
    if !told.is_empty() {
        lines.push(paint(DIM, &format!("⇢ {}", told.join(", "))));
    }
    lines
}

/// A command that was accepted before writes nothing.
fn is_repeated(step: &Step, scene: &Scene) -> bool {
    let Deed::Call(ask) = &step.deed else { return false };
    let commanded = matches!(ask.answers, Answers::Grant | Answers::Kit | Answers::Revoked);
    commanded && ask.verb != "look" && scene.records.is_empty()
}

fn granted(step: &Step, ok: &Json) -> Option<String> {
    let Deed::Call(ask) = &step.deed else { return None };
    let now = step.at;
    match ask.answers {
        Answers::Grant => Some(state(ok, now)),
        Answers::Revoked => Some(ended(ok)),
        Answers::Kit => {
            let grants = ok.get("grants").and_then(Json::as_array).into_iter().flatten();
            let each = grants.map(|view| format!("{} {}", text(view, "id"), state(view, now)));
            Some(each.collect::<Vec<_>>().join(", "))
        }
        Answers::Policy => Some(paint(GOOD, "✓ in force")),
        Answers::Sweep => {
            (ok.get("events").and_then(Json::as_u64) == Some(0)).then(|| paint(DIM, "nothing was due"))
        }
        Answers::Holds => Some(if ok.get("allowed").and_then(Json::as_bool) == Some(true) {
            let until = instant(ok, "until")
                .map_or_else(String::new, |until| format!(" until {}", moment(until, now)));
            paint(GOOD, &format!("✓ yes{until}, by {}", text(ok, "grant")))
        } else {
            paint(WAITS, "– no")
        }),
        Answers::Offer => Some(offer(ok, now)),
        Answers::Checks => Some(checks(ok, now)),
        Answers::Grants => Some(names(ok.get("grants"), "nothing there")),
        Answers::Flows => Some(names(ok.get("flows"), "nothing to ask for")),
        Answers::Nothing => None,
    }
}

/// What a revocation of many ended, and what it had to leave.
fn ended(ok: &Json) -> String {
    let ids = |list: &str| {
        let ids = ok.get(list).and_then(Json::as_array).into_iter().flatten();
        ids.filter_map(Json::as_str).map(tame).collect::<Vec<_>>()
    };
    let (revoked, left) = (ids("revoked"), ids("not_allowed"));
    let left = if left.is_empty() { String::new() } else { format!("; may not end {}", left.join(", ")) };
    format!("■ {} closed: {}{left}", counted(revoked.len(), "grant"), revoked.join(", "))
}

/// Where a grant stands.
fn state(view: &Json, now: Timestamp) -> String {
    let until = |name: &str| instant(view, name).map_or_else(|| "?".to_owned(), |at| moment(at, now));
    let pending = view.pointer("/extensions/pending").and_then(Json::as_u64).unwrap_or(0);
    match text(view, "stage").as_str() {
        "pending" => paint(WAITS, &format!("○ pending, to be decided by {}", until("decide_by"))),
        "approved" => paint(WAITS, &format!("◐ approved, waits for {}", text(view, "waiting_for"))),
        "active" if pending > 0 => {
            paint(WAITS, &format!("● active until {}; an extension awaits its decision", until("ends_at")))
        }
        "active" => paint(GOOD, &format!("● active until {}{}", until("ends_at"), left(view))),
        "closed" => {
            format!("■ closed at {}: {}", until("closed_at"), text(view, "outcome").replace('_', " "))
        }
        other => other.to_owned(),
    }
}

fn left(view: &Json) -> String {
    let count = |name: &str| view.pointer(&format!("/extensions/{name}")).and_then(Json::as_u64).unwrap_or(0);
    match (count("used"), count("left")) {
        (0, _) => String::new(),
        (used, left) => format!(", {used} of {} extensions used", used.saturating_add(left)),
    }
}

/// A refusal with its code and words.
pub(crate) fn refusal(refused: &Json, now: Timestamp) -> String {
    let message = told(&text(refused, "message"), now);
    format!("{}: {message}", paint(BAD, &format!("✗ {}", text(refused, "code"))))
}

/// Words with their instants as people say them.
fn told(words: &str, now: Timestamp) -> String {
    let word = |word: &str| {
        let bare = word.trim_matches(|c| matches!(c, ',' | ';' | '.' | '`' | '(' | ')'));
        match bare.parse::<Timestamp>() {
            Ok(at) => word.replace(bare, &moment(at, now)),
            Err(_) => word.to_owned(),
        }
    };
    words.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// What would have passed, in words: `the same for 1h, after a login at aal2`.
pub(crate) fn would_pass(refused: &Json, now: Timestamp) -> Option<String> {
    let changes = refused.get("would_pass")?.as_object()?;
    let told: Option<Vec<String>> = changes.iter().map(|(how, value)| change(how, value, now)).collect();
    Some(format!("the same {}", told?.join(", ")))
}

fn change(how: &str, value: &Json, now: Timestamp) -> Option<String> {
    let at = value.as_str().and_then(|at| at.parse::<Timestamp>().ok()).map(|at| moment(at, now));
    Some(match how {
        "span" => format!("for {}", value.as_u64().map(Span::millis)?),
        "at" => format!("at {}", at?),
        "start" => format!("starting at {}", at?),
        "if_ends_at" => format!("knowing that it ends at {}", at?),
        "without" => format!("without {}", items(value)),
        "only" => format!("with only {}", items(value)),
        "reason" => format!("with {}", each(value, lacking)),
        "login" => format!("after a login{}", login(value)),
        "approvers" => format!("with {}", each(value, missing)),
        other => tame(other),
    })
}

fn each(value: &Json, words: fn(&Json) -> String) -> String {
    value.as_array().into_iter().flatten().map(words).collect::<Vec<_>>().join(" and ")
}

fn lacking(lacking: &Json) -> String {
    let field = text(lacking, "field");
    let mut words = if field == "reason" { "a reason".to_owned() } else { format!("`{field}`") };
    if let Some(least) = lacking.get("min_length").and_then(Json::as_u64) {
        words.push_str(&format!(" of at least {least} characters"));
    }
    if lacking.get("pattern").is_some() {
        words.push_str(&format!(" like `{}`", text(lacking, "pattern")));
    }
    words
}

fn login(needed: &Json) -> String {
    let mut words = String::new();
    if let Some(age) = needed.get("max_age").and_then(Json::as_u64).map(Span::millis) {
        words.push_str(&format!(" no older than {age}"));
    }
    if needed.get("level").is_some() {
        words.push_str(&format!(" at {}", text(needed, "level")));
    }
    let methods = needed.get("methods").and_then(Json::as_array).into_iter().flatten();
    let methods: Vec<String> = methods.filter_map(|method| method.as_str().map(tame)).collect();
    if !methods.is_empty() {
        words.push_str(&format!(" by {}", methods.join(" or ")));
    }
    words
}

fn missing(missing: &Json) -> String {
    let more = missing.get("missing").and_then(Json::as_u64).unwrap_or_default();
    format!("{more} more in the step `{}`", text(missing, "step"))
}

fn items(value: &Json) -> String {
    let one = |item: &Json| {
        format!("{}/{}/{}", text(item, "integration"), text(item, "name"), text(item, "permission"))
    };
    value.as_array().into_iter().flatten().map(one).collect::<Vec<_>>().join(", ")
}

fn offer(offer: &Json, now: Timestamp) -> String {
    let span = |name: &str| offer.get(name).and_then(Json::as_u64).map(Span::millis);
    if offer.get("allowed").and_then(Json::as_bool) != Some(true) {
        let from = instant(offer, "opens_at")
            .map_or_else(String::new, |at| format!(", from {} on", moment(at, now)));
        let code = offer.pointer("/refused/code").and_then(Json::as_str).unwrap_or_default();
        return paint(WAITS, &format!("– not now: {code}{from}"));
    }
    let mut words = Vec::new();
    words.extend(span("default").map(|default| format!("{default} by one click")));
    words.extend(span("min").zip(span("max")).map(|(min, max)| format!("{min} to {max}")));
    words.extend(instant(offer, "latest_end").map(|end| format!("not past {}", moment(end, now))));
    let left = offer.get("left").and_then(Json::as_u64).unwrap_or(0);
    words.push(format!("{left} left"));
    let needs: Vec<&str> =
        offer.get("needs").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect();
    if !needs.is_empty() {
        words.push(format!("needs {}", needs.join(", ")));
    }
    paint(GOOD, &format!("✓ {}", words.join(", ")))
}

fn checks(explanation: &Json, now: Timestamp) -> String {
    match explanation.get("refused") {
        Some(refused) => format!("it would be refused: {}", refusal(refused, now)),
        None => paint(GOOD, "✓ it would pass"),
    }
}

fn names(list: Option<&Json>, none: &str) -> String {
    let ids: Vec<String> =
        list.and_then(Json::as_array).into_iter().flatten().map(|one| text(one, "id")).collect();
    if ids.is_empty() { paint(DIM, none) } else { ids.join(", ") }
}

/// An effect in words: `provision at prod-pg`, `tells user:alice (active)`.
fn effect(effect: &Json) -> String {
    match text(effect, "effect").as_str() {
        "notify" => {
            let to: Vec<String> = effect
                .get("to")
                .and_then(Json::as_array)
                .into_iter()
                .flatten()
                .filter_map(|to| to.as_str().map(tame))
                .collect();
            format!("tells {} ({})", to.join(" and "), text(effect, "notice").replace('_', " "))
        }
        kind => format!("{kind} at {}", text(effect, "at")),
    }
}
