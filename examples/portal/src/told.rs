//! What a person is told of what they did: that it was done, or that the rules say no, in the rules' own words.

use maud::{Markup, html};
use tenure::tenure_core::refusal::{Detail, Lacking, Login, Missing};
use tenure::{Refusal, Timestamp, WouldPass};

use crate::page::{moment, span};

/// A message for the next page of a session.
#[derive(Clone, Debug)]
pub enum Told {
    /// It was done, in words.
    Done(Markup),
    /// The rules said no.
    Refused(Box<Refusal>),
}

/// The message as a page shows it.
#[must_use]
pub fn view(told: &Told) -> Markup {
    match told {
        Told::Done(words) => html! { div.told.good role="status" { p { (words) } } },
        Told::Refused(refused) => html! { div.told.bad role="alert" { (refusal(refused)) } },
    }
}

/// A refusal: its words, its code, its details, and what would pass.
#[must_use]
pub fn refusal(refusal: &Refusal) -> Markup {
    html! {
        div.refusal {
            p { strong { (words(&refusal.message)) } " " code.code { (refusal.code) } }
            @if !refusal.details.is_empty() {
                dl.details {
                    @for (name, value) in &refusal.details {
                        div { dt { (name.replace('_', " ")) } dd { (detail(value)) } }
                    }
                }
            }
            @if let Some(change) = &refusal.would_pass { (would_pass(change)) }
        }
    }
}

/// What the rules say, as a sentence: they begin in lower case, put no stop, put what was written between backticks,
/// and tell instants to the millisecond.
#[must_use]
pub fn words(message: &str) -> Markup {
    let message = sentence(message);
    html! {
        @for (place, part) in message.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else {
                @for word in part.split_inclusive(' ') {
                    @match word.trim_end().parse::<Timestamp>() {
                        Ok(at) => { (moment(at)) " " }
                        Err(_) => { (word) }
                    }
                }
            }
        }
    }
}

pub(crate) fn sentence(words: &str) -> String {
    let mut signs = words.chars();
    let first = signs.next().map(|sign| sign.to_uppercase().to_string()).unwrap_or_default();
    let stop = if words.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", signs.as_str())
}

fn detail(detail: &Detail) -> Markup {
    match detail {
        Detail::Time(at) => moment(*at),
        Detail::Span(length) => span(*length),
        Detail::Count(count) => html! { (count) },
        Detail::Text(text) => html! { (text) },
        Detail::Texts(texts) => html! { (texts.join(", ")) },
    }
}

/// What would pass, as one list: all of it together.
#[must_use]
pub fn would_pass(change: &WouldPass) -> Markup {
    let WouldPass { span: length, at, start, if_ends_at, without, only, reason, login, approvers } = change;
    html! {
        div.would-pass {
            p { "What would pass:" }
            ul {
                @if let Some(at) = at { li { "the same at " (moment(*at)) } }
                @if let Some(length) = length { li { "for " (span(*length)) } }
                @if let Some(start) = start { li { "with a start at " (moment(*start)) } }
                @if let Some(end) = if_ends_at { li { "having seen that it ends at " (moment(*end)) } }
                @for item in without { li { "without " code { (item) } } }
                @for item in only { li { "with " code { (item) } } }
                @for text in reason { li { (lacking(text)) } }
                @if let Some(needed) = login { li { (self::login(needed)) } }
                @for Missing { step, missing } in approvers {
                    li { "with " (missing) " more named in the step “" (step) "”, which only the author of the policy can do" }
                }
            }
        }
    }
}

fn lacking(text: &Lacking) -> Markup {
    let Lacking { field, min_length, pattern } = text;
    html! {
        @if field == "reason" { "with a reason" } @else { "with the field “" (field) "”" }
        @if let Some(least) = min_length { ", " (least) " characters at least" }
        @if let Some(pattern) = pattern { ", that fits " code { (pattern) } }
    }
}

fn login(needed: &Login) -> Markup {
    let Login { max_age, level, methods } = needed;
    html! {
        "after signing in again"
        @if let Some(level) = level { " at " (level.as_str()) }
        @if !methods.is_empty() { " by " (methods.iter().cloned().collect::<Vec<_>>().join(" or ")) }
        @if let Some(age) = max_age { ", no longer than " (span(*age)) " ago" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure::{Code, Span};

    #[test]
    fn a_refusal_is_shown_with_all_that_it_carries_and_what_people_wrote_is_text() {
        let no = Refusal::new(Code::ExtensionTooLong, "`<b>90m</b>` is too long")
            .with("max", Span::minutes(30))
            .or(WouldPass::span(Span::minutes(30)));
        let shown = refusal(&no).into_string();
        for part in ["extension.too_long", "<code>&lt;b&gt;90m&lt;/b&gt;</code>", "What would pass", "30 min"]
        {
            assert!(shown.contains(part), "{part} in {shown}");
        }
        assert!(!shown.contains("<b>"), "{shown}");
    }

    #[test]
    fn words_of_the_rules_are_sentences_on_a_page() {
        assert_eq!(sentence("too late"), "Too late.");
        assert_eq!(sentence("`x` is no span"), "`x` is no span.");
        assert_eq!(sentence(""), ".");
        let shown = words("it may be extended from 2026-11-30T22:38:10.645Z on").into_string();
        assert!(shown.starts_with("It may be extended from <time datetime="), "{shown}");
        assert!(shown.contains(">2026-11-30 22:38 UTC</time> on."), "{shown}");
    }
}
