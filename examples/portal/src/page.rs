//! The frame of every page: what is around it, and the small things that all pages show alike.

use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};
use tenure::{Span, Timestamp};

use crate::failure::Failure;
use crate::form::COMMAND;
use crate::guard::TOKEN;
use crate::portal::Portal;
use crate::session::{Visit, Who};
use crate::told;

/// A page in the navigation: its address, its name, and what it answers.
const PAGES: [(&str, &str); 7] = [
    ("/access", "My access"),
    ("/ask", "Ask"),
    ("/inbox", "Inbox"),
    ("/who", "Who has access"),
    ("/history", "History"),
    ("/reports", "Reports"),
    ("/policy", "Policy"),
];

/// A page for somebody who is signed in, in its frame. `here` is its address in the navigation.
#[must_use]
pub fn page(portal: &Portal, who: &Who, here: &str, title: &str, body: &Markup) -> Response {
    // What is fetched to bring an open page up to date is not read as a page.
    let told = if who.visit.live { None } else { portal.sessions().told(&who.visit) };
    let (heard, now) = (portal.hub().latest(), portal.now());
    let frame = html! {
        (DOCTYPE)
        html lang="en" {
            (head(title))
            body.framed data-now=(now.millis()) data-speed=(portal.speed()) data-csrf=(who.visit.csrf) data-heard=(heard) {
                a.skip href="#main" { "Skip to the page" }
                header.top {
                    a.brand href="/access" { span.mark aria-hidden="true" { "◷" } " Access" }
                    nav aria-label="Pages" {
                        @for (address, name) in PAGES {
                            a href=(address) aria-current=[(address == here).then_some("page")] { (name) }
                        }
                    }
                    form.me method="post" action="/sign-out" {
                        (hidden(TOKEN, &who.visit.csrf))
                        span { (who.listed.name) }
                        button.quiet type="submit" { "Sign out" }
                    }
                }
                main #main tabindex="-1" {
                    @if let Some(told) = &told { (told::view(told)) }
                    h1 { (title) }
                    (body)
                }
                aside.notices aria-labelledby="notices-title" {
                    h2 #notices-title { "Notices" }
                    p.hint { "They come by themselves while this page is open." }
                    div #notices aria-live="polite" {}
                }
                footer { p { "Server time " (clock(now)) @if portal.speed() != 1 { ", runs " (portal.speed()) " times as fast" } } }
            }
        }
    };
    html_of(frame)
}

/// A page for anybody: signing in, and what went wrong.
#[must_use]
pub fn bare(title: &str, body: &Markup) -> Response {
    html_of(html! {
        (DOCTYPE)
        html lang="en" {
            (head(title))
            body.bare {
                main #main {
                    h1 { (title) }
                    (body)
                }
            }
        }
    })
}

/// A part of a page, fetched by a page that is open.
#[must_use]
pub fn part(body: Markup) -> Response {
    html_of(body)
}

fn head(title: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            title { (title) " · Access" }
            link rel="stylesheet" href="/assets/style.css";
            link rel="icon" href="/assets/icon.svg" type="image/svg+xml";
            script src="/assets/portal.js" defer {}
        }
    }
}

fn html_of(markup: Markup) -> Response {
    Html(markup.into_string()).into_response()
}

/// Where no page is.
pub async fn nowhere() -> Failure {
    Failure::Nowhere
}

/// A field that nobody sees.
#[must_use]
pub fn hidden(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

/// What every form that is a command carries: the session's token, and the command's id.
#[must_use]
pub fn seal(visit: &Visit, command: &str) -> Markup {
    html! { (hidden(TOKEN, &visit.csrf)) (hidden(COMMAND, command)) }
}

/// An instant: in UTC where there is no script, else as the reader's own clock shows it.
#[must_use]
pub fn moment(at: Timestamp) -> Markup {
    html! { time datetime=(at) data-moment { (at.to_string().get(..16).unwrap_or_default().replace('T', " ")) " UTC" } }
}

/// How long until an instant: it counts by the server's clock.
#[must_use]
pub fn countdown(to: Timestamp, now: Timestamp) -> Markup {
    html! { time.countdown datetime=(to) data-countdown=(to.millis()) role="timer" { (words_of(to.since(now))) } }
}

/// The server's clock, which goes on.
fn clock(now: Timestamp) -> Markup {
    html! { time datetime=(now) data-clock { (now.to_string().get(11..19).unwrap_or_default()) " UTC" } }
}

/// A length of time.
#[must_use]
pub fn span(length: Span) -> Markup {
    html! { span.span { (words_of(length)) } }
}

/// A length of time in words: the two largest units that it has.
#[must_use]
pub fn words_of(length: Span) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")];
    let mut left = length.as_millis();
    let mut words = Vec::new();
    for (size, unit) in UNITS {
        let count = left / size;
        left %= size;
        if count > 0 {
            words.push(format!("{count} {unit}"));
        }
        if words.len() == 2 {
            break;
        }
    }
    if words.is_empty() { "0 s".to_owned() } else { words.join(" ") }
}

/// Spans that people name, and the three that somebody else named, in order: those from `min` to `max`.
#[must_use]
pub fn round_spans(min: Span, default: Span, max: Span) -> Vec<Span> {
    const MINUTES: [u64; 13] = [5, 10, 15, 30, 45, 60, 90, 120, 180, 240, 480, 1_440, 10_080];
    let round = MINUTES.into_iter().map(Span::minutes);
    let mut spans: Vec<Span> = round.filter(|span| (min..=max).contains(span)).collect();
    spans.extend([min, default, max]);
    spans.sort_unstable();
    spans.dedup();
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_in_words_has_its_two_largest_units() {
        for (text, words) in [
            ("90m", "1 h 30 min"),
            ("2d", "2 d"),
            ("1d 5m", "1 d 5 min"),
            ("1h 2m 3s", "1 h 2 min"),
            ("59s", "59 s"),
            ("10ms", "0 s"),
        ] {
            assert_eq!(words_of(text.parse().unwrap()), words);
        }
    }
}
