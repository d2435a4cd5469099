//! The form of a request.

use std::collections::BTreeMap;

use maud::{Markup, html};
use tenure::tenure_core::flow::Flow;
use tenure::tenure_core::flow::requirement::ReasonField;
use tenure::{Item, ResourceId, Timestamp};

use super::{facts, offered, takes_all};
use crate::failure::Failure;
use crate::form::{Sent, new_command};
use crate::page::{round_spans, seal, words_of};
use crate::portal::Portal;
use crate::session::Who;
use crate::told;
use crate::words;

/// The form, with what was written already.
pub(super) fn view(
    portal: &Portal,
    who: &Who,
    flow: &Flow,
    written: &Sent,
    now: Timestamp,
) -> Result<Markup, Failure> {
    let address = format!("/ask/{}", flow.id);
    Ok(html! {
        @if let Some(description) = &flow.description { p { (description) } }
        div.asking {
            form.card #ask method="post" action=(address) data-explain={ (address) "/explain" } data-explain-in="explained" {
                (seal(&who.visit, &new_command()?))
                (items(portal, flow, written))
                (times(flow, written))
                (reason(flow, written))
                (whom(portal, who, flow, written))
                @if flow.break_glass.is_some() { (emergency(written)) }
                div.actions { button.primary type="submit" { "Send" } a href="/ask" { "Something else" } }
            }
            aside {
                section.card aria-labelledby="says" {
                    h2 #says { "What the rules say" }
                    div #explained role="status" aria-live="polite" { p.hint { "They say it as you fill in the form." } }
                }
                section.card aria-labelledby="gives" { h2 #gives { "What it gives" } (facts(portal, flow, now)) }
            }
        }
    })
}

fn items(portal: &Portal, flow: &Flow, written: &Sent) -> Markup {
    let offered = offered(portal, flow);
    if takes_all(flow) {
        return html! { fieldset { legend { "All of this" } (words::items(&offered)) } };
    }
    let chosen = |item: &Item| {
        offered.len() == 1
            || written.all("item").any(|text| serde_json::from_str::<Item>(text).is_ok_and(|it| it == *item))
    };
    let mut by_resource: BTreeMap<&ResourceId, Vec<&Item>> = BTreeMap::new();
    for item in &offered {
        by_resource.entry(&item.resource).or_default().push(item);
    }
    html! {
        fieldset {
            legend { "What" }
            ul.choices {
                @for (resource, permissions) in &by_resource {
                    li {
                        div role="group" aria-label=(resource) {
                            span { (words::resource(resource)) }
                            @for item in permissions { (choice(item, chosen(item))) }
                        }
                    }
                }
            }
            @if offered.is_empty() { p.hint { "The directory knows nothing that this is about." } }
        }
    }
}

/// One permission on one resource, to be chosen.
fn choice(item: &Item, chosen: bool) -> Markup {
    html! {
        label {
            input type="checkbox" name="item" value=(serde_json::to_string(item).unwrap_or_default())
                checked[chosen] aria-label={ (item.permission) " on " (item.resource.name) };
            span.permissions { (item.permission) }
        }
    }
}

fn times(flow: &Flow, written: &Sent) -> Markup {
    let length = &flow.duration;
    let asked = written.text("span").and_then(|text| text.parse().ok()).unwrap_or(length.default);
    html! {
        div.row {
            div.field {
                label for="span" { "For how long" }
                select #span name="span" {
                    @for span in round_spans(length.min, length.default, length.max) {
                        option value=(span) selected[span == asked] { (words_of(span)) }
                    }
                }
            }
            @if !flow.start_ahead.is_zero() {
                div.field {
                    label for="start" { "From when" }
                    input #start name="start" type="datetime-local" data-utc aria-describedby="start-hint"
                        value=[written.text("start").and_then(|text| text.get(..16).map(str::to_owned))];
                    p.hint #start-hint {
                        "Now, if you leave it. " span data-zone { "In UTC" } ", up to " (words_of(flow.start_ahead)) " ahead."
                    }
                }
            }
        }
    }
}

fn reason(flow: &Flow, written: &Sent) -> Markup {
    let rule = &flow.reason;
    html! {
        div.field {
            label for="reason" { "Why" @if !rule.required { " (if you like)" } }
            textarea #reason name="reason" maxlength="4096" aria-describedby="reason-hint" { (written.text("reason").unwrap_or_default()) }
            p.hint #reason-hint {
                @if let Some(message) = &rule.message { (told::words(message)) } @else { "Whoever decides reads it, and it is kept on record." }
            }
        }
        @for field in &rule.fields { (further(field, written)) }
    }
}

fn further(field: &ReasonField, written: &Sent) -> Markup {
    let name = format!("field.{}", field.name);
    html! {
        div.field {
            label for=(name) {
                (field.label.as_deref().unwrap_or(&field.name)) @if !field.required { " (if you like)" }
            }
            input id=(name) name=(name) maxlength="4096" autocomplete="off" value=[written.text(&name)];
            @if let Some(message) = &field.message { p.hint { (told::words(message)) } }
        }
    }
}

/// Whom it is for, where the policy lets somebody ask for others; whether this person may is the rules' to say.
fn whom(portal: &Portal, who: &Who, flow: &Flow, written: &Sent) -> Markup {
    if flow.requesters.others.is_empty() {
        return html! {};
    }
    let chosen = written.text("holder");
    html! {
        div.field {
            label for="holder" { "For whom" }
            select #holder name="holder" {
                option value="" { "me" }
                @for listed in portal.directory().people() {
                    @if listed.person.id != who.person.id {
                        option value=(listed.person.id) selected[chosen.as_deref() == Some(listed.person.id.as_str())] { (listed.name) }
                    }
                }
            }
        }
    }
}

fn emergency(written: &Sent) -> Markup {
    html! {
        div.field {
            label.choice {
                input type="checkbox" name="break_glass" value="yes" checked[written.text("break_glass").is_some()];
                " This is an emergency: without approval, and reviewed afterwards"
            }
        }
    }
}
