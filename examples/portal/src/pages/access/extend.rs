//! The Extend button: what a click gives, what it must bring, and why it may not be pressed. All of it is the offer's.

use maud::{Markup, html};
use tenure::tenure_core::offer::Need;
use tenure::{Offer, Timestamp, View};

use crate::failure::Failure;
use crate::form::new_command;
use crate::page::{countdown, hidden, moment, round_spans, seal, words_of};
use crate::session::Who;
use crate::told;

/// The button with all that belongs to it. `at` makes its ids differ from those of the same button elsewhere on a page.
pub(crate) fn button(
    who: &Who,
    view: &View,
    offer: &Offer,
    at: &str,
    now: Timestamp,
) -> Result<Markup, Failure> {
    let why = format!("{at}-why-{}", view.id);
    Ok(html! {
        form.extend method="post" action={ "/grants/" (view.id) "/extend" } {
            (seal(&who.visit, &new_command()?))
            @if let Some(end) = offer.ends_at { (hidden("if_ends_at", &end.to_string())) }
            @if offer.allowed && offer.needs.contains(&Need::Reason) {
                label.reason { span { "Why it takes longer" } input name="reason" required maxlength="4096" autocomplete="off"; }
            }
            div.press {
                button.primary type="submit" disabled[!offer.allowed] aria-describedby=[(!offer.allowed).then_some(&why)] {
                    "Extend" @if let (true, Some(length)) = (offer.allowed, offer.default) { " by " (words_of(length)) }
                }
                @if offer.allowed { (other_spans(view, offer, at)) }
            }
            @if offer.allowed { (needs(offer)) } @else { (refused(offer, &why, now)) }
        }
    })
}

/// Another span, for whoever wants one: a click without touching it gives the default.
fn other_spans(view: &View, offer: &Offer, at: &str) -> Markup {
    let (Some(default), Some(min), Some(max)) = (offer.default, offer.min, offer.max) else {
        return html! {};
    };
    let spans = round_spans(min, default, max);
    if spans.len() < 2 {
        return html! {};
    }
    let id = format!("{at}-span-{}", view.id);
    html! {
        label.other for=(id) { "or by" }
        select id=(id) name="span" {
            option value="" { (words_of(default)) }
            @for span in spans.iter().filter(|span| **span != default) {
                option value=(span) { (words_of(*span)) }
            }
        }
    }
}

fn needs(offer: &Offer) -> Markup {
    html! {
        @if offer.needs.contains(&Need::Approval) { p.needs { "Somebody has to approve it." } }
        @if offer.needs.contains(&Need::Mfa) { p.needs { "You will be asked to sign in again." } }
    }
}

fn refused(offer: &Offer, id: &str, now: Timestamp) -> Markup {
    html! {
        div.why id=(id) {
            @if let Some(refused) = &offer.refused {
                p { (told::words(&refused.message)) " " code.code { (refused.code) } }
                @if let (None, Some(change)) = (offer.opens_at, &refused.would_pass) { (told::would_pass(change)) }
            }
            @if let Some(opens) = offer.opens_at {
                p { "You can from " (moment(opens)) ", in " (countdown(opens, now)) "." }
            }
        }
    }
}

/// How often it was extended and may be yet: for the eye as dots, and in words.
pub(crate) fn count(offer: &Offer) -> Markup {
    let all = offer.used.saturating_add(offer.left);
    html! {
        p.count {
            @if all <= 12 {
                span.dots aria-hidden="true" {
                    @for _ in 0..offer.used { span.used {} }
                    @for _ in 0..offer.left { span.free {} }
                }
            }
            (offer.used) " of " (all) " extensions used, " (offer.left) " left"
        }
    }
}
