//! My access: what runs, until when, and a button to go on.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use tenure::tenure_core::offer::Need;
use tenure::{Extend, GiveBack, List, Offer, StageName, Timestamp, View};

use super::after;
use crate::failure::Failure;
use crate::form::{Sent, new_command};
use crate::page::{countdown, hidden, moment, page, seal, words_of};
use crate::portal::Portal;
use crate::session::Who;
use crate::told;

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/access", get(show))
        .route("/grants/{grant}/extend", post(extend))
        .route("/grants/{grant}/give-back", post(give_back))
}

/// A grant of somebody's that runs, and what the button beside it needs to know.
struct Running {
    view: View,
    offer: Offer,
    /// Ids for the commands that the card offers.
    extend: String,
    give_back: String,
}

async fn show(State(portal): State<Portal>, who: Who) -> Result<Response, Failure> {
    let person = who.person.clone();
    let (running, now) = portal
        .ask(move |engine, now| {
            let mine =
                List { holder: Some(person.id.clone()), stage: Some(StageName::Active), ..List::default() };
            let views = engine.list(&mine, now)?.grants;
            let offered = views.into_iter().map(|view| Ok((engine.offer(&view.id, &person, now)?, view)));
            Ok((offered.collect::<Result<Vec<_>, tenure::Error>>()?, now))
        })
        .await?;
    let running = running
        .into_iter()
        .map(|(offer, view)| Ok(Running { view, offer, extend: new_command()?, give_back: new_command()? }))
        .collect::<Result<Vec<_>, Failure>>()?;
    Ok(page(&portal, &who, "/access", "My access", &view(&who, &running, now)))
}

fn view(who: &Who, running: &[Running], now: Timestamp) -> Markup {
    html! {
        @if running.is_empty() { p.nothing { "You hold no access now. " a href="/ask" { "Ask for some" } "." } }
        @for grant in running { (card(who, grant, now)) }
    }
}

fn card(who: &Who, running: &Running, now: Timestamp) -> Markup {
    let Running { view, offer, extend, give_back } = running;
    html! {
        article.grant #{ "grant-" (view.id) } {
            h2 { (view.flow) }
            ul.items { @for item in view.items.iter() { li { code { (item) } } } }
            @if let Some(end) = view.held_until { p { (countdown(end, now)) " left, until " (moment(end)) } }
            form method="post" action={ "/grants/" (view.id) "/extend" } {
                (seal(&who.visit, extend))
                @if let Some(end) = offer.ends_at { (hidden("if_ends_at", &end.to_string())) }
                @if offer.needs.contains(&Need::Reason) { label { "Reason " input name="reason" required; } }
                button type="submit" disabled[!offer.allowed] {
                    "Extend" @if let Some(length) = offer.default { " by " (words_of(length)) }
                }
                @if let Some(refused) = &offer.refused { (told::refusal(refused)) }
            }
            form method="post" action={ "/grants/" (view.id) "/give-back" } {
                (seal(&who.visit, give_back))
                button.quiet type="submit" { "Give back" }
            }
        }
    }
}

async fn extend(
    State(portal): State<Portal>,
    who: Who,
    Path(grant): Path<String>,
    sent: Sent,
) -> Result<Response, Failure> {
    let ask = Extend::new(grant, &who.person)
        .command_id(sent.command()?)
        .if_ends_at(sent.time("if_ends_at")?)
        .span(sent.span("span")?)
        .reason(sent.text("reason"));
    let answered = portal.ask(move |engine, now| engine.extend(ask, now)).await;
    after(&portal, &who, "/access", answered, |view: View| match view.extension_asked {
        Some(_) => "Your extension was asked for, and waits for its approval.".to_owned(),
        None => "Your access goes on.".to_owned(),
    })
}

async fn give_back(
    State(portal): State<Portal>,
    who: Who,
    Path(grant): Path<String>,
    sent: Sent,
) -> Result<Response, Failure> {
    let ask = GiveBack::new(grant, &who.person).command_id(sent.command()?);
    let answered = portal.ask(move |engine, now| engine.give_back(ask, now)).await;
    after(&portal, &who, "/access", answered, |_| "You gave it back.".to_owned())
}
