//! A card for each grant: one that runs, one that waits to begin, one that waits for a decision.

use maud::{Markup, html};
use tenure::tenure_core::grant::{Enforcement, Waiting};
use tenure::{Timestamp, View};

use super::{Running, extend, life};
use crate::failure::Failure;
use crate::form::new_command;
use crate::page::{countdown, moment, seal, words_of};
use crate::portal::Portal;
use crate::session::Who;
use crate::told;
use crate::words::{self, Titles};

pub(super) fn running(
    portal: &Portal,
    who: &Who,
    running: &Running,
    titles: &Titles,
    now: Timestamp,
) -> Result<Markup, Failure> {
    let Running { view, life, offer } = running;
    let ceiling = offer.as_ref().ok().and_then(|offer| offer.latest_end);
    Ok(html! {
        article.card.running id={ "grant-" (view.id) } aria-labelledby={ "title-" (view.id) } {
            (top(portal, who, view, titles))
            @if let Some(end) = view.held_until {
                p.left { (countdown(end, now)) " " span.until { "left, until " (moment(end)) } }
            }
            (life::view(life, view, ceiling, now, &who.person.id, portal))
            @if let Some(asked) = &view.extension_asked {
                p.waits {
                    (words_of(asked.span)) " more, until " (moment(asked.ends_at)) ", is asked for. It is decided by "
                    (moment(asked.decide_by)) ", or not at all."
                }
            }
            @match offer {
                Ok(offer) => {
                    (extend::count(offer))
                    div.actions {
                        (extend::button(who, view, offer, "card", now)?)
                        (command(who, view, "give-back", "Give back")?)
                    }
                }
                Err(refusal) => { (told::refusal(refusal)) }
            }
        }
    })
}

pub(super) fn approved(
    portal: &Portal,
    who: &Who,
    view: &View,
    titles: &Titles,
    now: Timestamp,
) -> Result<Markup, Failure> {
    let mine = view.waiting_for == Some(Waiting::Holder);
    Ok(html! {
        article.card.approved id={ "grant-" (view.id) } aria-labelledby={ "title-" (view.id) } {
            (top(portal, who, view, titles))
            p.left {
                span.state { "Approved" } " "
                span.until {
                    @if let Some(waiting) = view.waiting_for { (words::waiting(waiting)) }
                    @if let Some(start) = view.starts_at { ", " (moment(start)) ", in " (countdown(start, now)) }
                    ", for " (words_of(view.granted))
                }
            }
            div.actions {
                @if mine { (command(who, view, "activate", "Begin now")?) }
                (command(who, view, "withdraw", "Withdraw")?)
            }
        }
    })
}

pub(super) fn pending(
    portal: &Portal,
    who: &Who,
    view: &View,
    titles: &Titles,
    now: Timestamp,
) -> Result<Markup, Failure> {
    Ok(html! {
        article.card.pending id={ "grant-" (view.id) } aria-labelledby={ "title-" (view.id) } {
            (top(portal, who, view, titles))
            p.left {
                span.state { "Waits for approval" } " "
                span.until {
                    "for " (words_of(view.asked))
                    @if let Some(by) = view.decide_by { ", decided by " (moment(by)) ", in " (countdown(by, now)) }
                }
            }
            div.actions { (command(who, view, "withdraw", "Withdraw")?) }
        }
    })
}

/// What every card begins with: what it is, what it opens, why.
fn top(portal: &Portal, who: &Who, view: &View, titles: &Titles) -> Markup {
    let others = view.holder != who.person.id;
    html! {
        header {
            h2 id={ "title-" (view.id) } { a href={ "/grants/" (view.id) } { (titles.get(&view.flow)) } }
            @if view.break_glass { span.chip.bad { "emergency" } }
            @if others { span.chip { "for " (portal.name(&view.holder)) } }
            @if view.enforcement != Enforcement::None { span.chip.(tone(view.enforcement)) { (words::enforcement(view.enforcement)) } }
        }
        (words::items(view.items.iter()))
        @if let Some(reason) = &view.reason { blockquote.why-asked { (reason) } }
        @if !view.fields.is_empty() {
            dl.fields { @for (name, text) in &view.fields { div { dt { (name) } dd { (text) } } } }
        }
    }
}

/// A command that is nothing but its button.
fn command(who: &Who, view: &View, verb: &str, words: &str) -> Result<Markup, Failure> {
    Ok(html! {
        form.plain method="post" action={ "/grants/" (view.id) "/" (verb) } {
            (seal(&who.visit, &new_command()?))
            button class=(if verb == "activate" { "primary" } else { "quiet" }) type="submit" { (words) }
        }
    })
}

fn tone(enforcement: Enforcement) -> &'static str {
    match enforcement {
        Enforcement::Applied | Enforcement::Removed => "good",
        Enforcement::None | Enforcement::Applying | Enforcement::Removing => "warn",
        Enforcement::StuckApplying | Enforcement::StuckRemoving => "bad",
    }
}
