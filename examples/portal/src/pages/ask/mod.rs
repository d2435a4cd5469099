//! Ask: what this person may ask for, what it will need, and what the rules say of it before it is sent.

mod form;

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use std::sync::Arc;

use tenure::tenure_core::explain::Verdict;
use tenure::tenure_core::flow::Flow;
use tenure::tenure_core::flow::approval_rule::Approval;
use tenure::tenure_core::flow::target::Take;
use tenure::{Asked, Explanation, Item, PersonId, Request, Timestamp, View};

use super::{after, back_to};
use crate::failure::Failure;
use crate::form::Sent;
use crate::page::{moment, page, part, words_of};
use crate::portal::Portal;
use crate::session::Who;
use crate::told;
use crate::words::{self, title};

const HERE: &str = "/ask";

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route(HERE, get(show))
        .route("/ask/{flow}", get(open).post(send))
        .route("/ask/{flow}/explain", post(explain))
}

async fn show(State(portal): State<Portal>, who: Who) -> Result<Response, Failure> {
    let person = who.person.clone();
    let (flows, now) = portal.ask(move |engine, now| Ok((engine.catalog(&person, now)?, now))).await?;
    Ok(page(&portal, &who, HERE, "Ask for access", &catalog(&portal, &flows, now)))
}

fn catalog(portal: &Portal, flows: &[Arc<Flow>], now: Timestamp) -> Markup {
    html! {
        @if flows.is_empty() { div.nothing { p { "There is nothing that you may ask for." } } }
        ul.flows {
            @for flow in flows {
                li {
                    article.card aria-labelledby={ "flow-" (flow.id) } {
                        header { h2 id={ "flow-" (flow.id) } { (title(flow)) } (approval_chip(flow)) }
                        @if let Some(description) = &flow.description { p { (description) } }
                        (facts(portal, flow, now))
                        div.actions { a.button href={ (HERE) "/" (flow.id) } aria-describedby={ "flow-" (flow.id) } { "Ask" } }
                    }
                }
            }
        }
    }
}

fn approval_chip(flow: &Flow) -> Markup {
    match &flow.approval {
        Approval::Automatic => html! { span.chip.good { "at once" } },
        Approval::Decided(_) => html! { span.chip { "with approval" } },
    }
}

/// What a flow gives, and what it will need.
fn facts(portal: &Portal, flow: &Flow, now: Timestamp) -> Markup {
    let length = &flow.duration;
    html! {
        dl.facts {
            dt { "How long" }
            dd { (words_of(length.default)) ", " (words_of(length.min)) " to " (words_of(length.max)) }
            dt { "Approval" }
            dd { (words::approval(&flow.approval, portal)) }
            dt { "Extension" }
            dd { (words::extension(flow.extension.as_ref(), portal)) }
            @if let Some(mfa) = &flow.mfa { dt { "Login" } dd { (words::login(mfa)) } }
            @if let Some(hours) = &flow.hours {
                dt { "Hours" }
                dd {
                    @match (hours.closes_after(now), hours.next_opening(now)) {
                        (Some(close), _) => { "open until " (moment(close)) }
                        (None, Some(opening)) => { "closed until " (moment(opening)) }
                        (None, None) => { "closed" }
                    }
                }
            }
        }
    }
}

/// The flow of that name, of those that this person may ask for.
async fn flow(portal: &Portal, who: &Who, id: &str) -> Result<(Arc<Flow>, Timestamp), Failure> {
    let person = who.person.clone();
    let (flows, now) = portal.ask(move |engine, now| Ok((engine.catalog(&person, now)?, now))).await?;
    let flow = flows.into_iter().find(|flow| flow.id.as_str() == id).ok_or(Failure::Nowhere)?;
    Ok((flow, now))
}

async fn open(
    State(portal): State<Portal>,
    who: Who,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let (flow, now) = flow(&portal, &who, &id).await?;
    let address = format!("{HERE}/{id}");
    let draft = portal.sessions().draft(&who.visit, &address);
    let written = draft.unwrap_or_else(|| Sent::read(query.unwrap_or_default().as_bytes()));
    let body = form::view(&portal, &who, &flow, &written, now)?;
    Ok(page(&portal, &who, HERE, title(&flow), &body))
}

async fn send(
    State(portal): State<Portal>,
    who: Who,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Failure> {
    let ask = request(&portal, &who, &id, &sent)?.command_id(sent.command()?);
    let answered = portal.ask(move |engine, now| engine.request(ask, now)).await;
    if let Err(Failure::Refused(_)) = &answered {
        // What was written is not lost with the refusal.
        let address = format!("{HERE}/{id}");
        portal.sessions().keep_draft(&who.visit, &address, sent);
        return after(&portal, &who, &back_to(&[HERE, &id]), answered, |_| html! {});
    }
    after(&portal, &who, "/access", answered, |view: View| match view.stage.as_str() {
        "active" => html! { "Your access has begun." },
        "approved" => html! { "Your request was approved." },
        _ => html! { "Your request was sent. Whoever decides on it is told." },
    })
}

async fn explain(
    State(portal): State<Portal>,
    who: Who,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Failure> {
    let ask = match request(&portal, &who, &id, &sent) {
        Ok(ask) => ask,
        // A field that is still being written is no failure of the page.
        Err(Failure::Malformed(why)) => return Ok(part(html! { p.hint { (why) } })),
        Err(other) => return Err(other),
    };
    let (flow, _) = flow(&portal, &who, &id).await?;
    let explained = portal.ask(move |engine, now| engine.explain(ask, now)).await?;
    Ok(part(verdict(&portal, &flow, &explained)))
}

fn verdict(portal: &Portal, flow: &Flow, explained: &Explanation) -> Markup {
    let class = |verdict: Verdict| match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Unreached => "unreached",
    };
    html! {
        @match &explained.refused {
            None => {
                p.verdict.good { "✓ This can be sent." }
                p { (words::approval(&flow.approval, portal)) " " (words::begins(flow.activation)) }
            }
            Some(refused) => {
                p.verdict.bad { "✗ Not like this" }
                (told::refusal(refused))
            }
        }
        details #checks {
            summary { "All checks, in their order" }
            ul.checks {
                @for check in &explained.checks { li class=(class(check.verdict)) { (check.code) } }
            }
        }
    }
}

/// What the form asks for. Of resources and people it takes names; the facts are the directory's.
fn request(portal: &Portal, who: &Who, flow: &str, sent: &Sent) -> Result<Request, Failure> {
    let resources = portal.directory().resources();
    let items = sent.all("item").map(|text| {
        let unknown = || Failure::Malformed(format!("`{text}` is nothing that there is."));
        let item: Item = serde_json::from_str(text).map_err(|_| unknown())?;
        let known = resources.iter().find(|known| known.resource.id == item.resource).ok_or_else(unknown)?;
        Ok(known.resource.permission(item.permission))
    });
    let items = items.collect::<Result<Vec<Asked>, Failure>>()?;
    let holder = sent.text("holder").map(|id| {
        let unknown = || Failure::Malformed(format!("`{id}` is not in the directory."));
        portal.person(&PersonId::new(&id).map_err(|_| unknown())?).ok_or_else(unknown)
    });
    Ok(Request::new(flow, &who.person)
        .items(items)
        .resources(resources.into_iter().map(|known| known.resource))
        .span(sent.span("span")?)
        .start(sent.time("start")?)
        .reason(sent.text("reason"))
        .fields(sent.named("field."))
        .holder(holder.transpose()?)
        .break_glass(sent.text("break_glass").is_some()))
}

/// Items of the directory that a flow offers, by resource.
fn offered(portal: &Portal, flow: &Flow) -> Vec<Item> {
    let resources = portal.directory().resources();
    let items = resources.iter().flat_map(|known| {
        let offers =
            |permission: &&String| flow.what.iter().any(|target| target.offers(&known.resource, permission));
        let permissions = known.permissions.iter().filter(offers);
        permissions
            .map(|permission| Item { resource: known.resource.id.clone(), permission: permission.clone() })
    });
    items.collect()
}

fn takes_all(flow: &Flow) -> bool {
    flow.take == Take::All
}
