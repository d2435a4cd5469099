//! One grant: for its holder, and for whoever may decide on it, end it or review it. Nobody else learns that it is there.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use tenure::{
    Approve, ApproveExtension, Code, Deny, DenyExtension, Engine, Error, Explanation, Offer, Person, Refusal,
    Review, Revoke, Timestamp, View,
};

use super::access::life::{self, Life};
use super::access::{extend, offered};
use super::{after, back_to};
use crate::failure::Failure;
use crate::form::{Sent, new_command};
use crate::page::{countdown, moment, page, seal, words_of};
use crate::portal::Portal;
use crate::session::Who;
use crate::words::{self, Titles, somebody};

const HERE: &str = "/grants";

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/grants/{grant}", get(show))
        .route("/grants/{grant}/revoke", post(revoke))
        .route("/grants/{grant}/review", post(review))
}

/// A grant, and what this person may do about it.
struct Seen {
    view: View,
    life: Life,
    offer: Result<Offer, Box<Refusal>>,
    /// Whether the rules would hear a revocation, and a review, of this person.
    revoke: bool,
    review: bool,
    titles: Titles,
    now: Timestamp,
}

async fn show(
    State(portal): State<Portal>,
    who: Who,
    Path(grant): Path<String>,
) -> Result<Response, Failure> {
    let (asking, person) = (portal.clone(), who.person.clone());
    let seen = portal.ask(move |engine, now| seen(engine, &asking, &person, &grant, now)).await?;
    let seen = seen.ok_or(Failure::Nowhere)?;
    let body = view(&portal, &who, &seen)?;
    Ok(page(&portal, &who, HERE, seen.titles.get(&seen.view.flow), &body))
}

/// The grant of that id, for somebody of whom the rules would hear at least one command about it.
fn seen(
    engine: &Engine,
    portal: &Portal,
    person: &Person,
    grant: &str,
    now: Timestamp,
) -> Result<Option<Seen>, Error> {
    let Some(view) = engine.look(grant, now)? else { return Ok(None) };
    let refused = |explained: Explanation| explained.refused.map(|refusal| refusal.code);
    let offer = offered(engine, portal, person, &view, now)?;
    let revoke = refused(engine.explain(Revoke::new(grant, person), now)?);
    let review = refused(engine.explain(Review::new(grant, person), now)?);
    let decide = [
        refused(engine.explain(Approve::new(grant, person), now)?),
        refused(engine.explain(Deny::new(grant, person), now)?),
        refused(engine.explain(ApproveExtension::new(grant, person), now)?),
        refused(engine.explain(DenyExtension::new(grant, person), now)?),
    ];
    let stranger = |code: &Option<Code>| {
        matches!(code, Some(Code::ActorNotAllowed | Code::ApprovalNotApprover | Code::ApprovalOwn))
    };
    let extends = !offer.as_ref().is_ok_and(|offer| {
        offer.refused.as_ref().is_some_and(|refusal| refusal.code == Code::ExtensionNotHolder)
    }) && offer.is_ok();
    if !extends && stranger(&revoke) && stranger(&review) && decide.iter().all(stranger) {
        return Ok(None);
    }
    let life = Life::of(engine.history(grant)?.iter().map(|record| &**record));
    let (revoke, review) = (revoke == Some(Code::ReasonMissing), review.is_none());
    Ok(Some(Seen { view, life, offer, revoke, review, titles: Titles::of(engine)?, now }))
}

fn view(portal: &Portal, who: &Who, seen: &Seen) -> Result<Markup, Failure> {
    let Seen { view, life, offer, revoke, review, now, .. } = seen;
    let ceiling = offer.as_ref().ok().and_then(|offer| offer.latest_end);
    Ok(html! {
        div #grant data-live {
            article.card id={ "grant-" (view.id) } aria-label="The grant" {
                (words::items(view.items.iter()))
                @if let Some(reason) = &view.reason { blockquote { (reason) } }
                @if let Some(end) = view.held_until {
                    p.left { (countdown(end, *now)) " " span.until { "left, until " (moment(end)) } }
                }
                (life::view(life, view, ceiling, *now, &who.person.id, portal))
                (facts(portal, who, view))
                @if let Ok(offer) = offer {
                    @if offer.allowed { (extend::count(offer)) (extend::button(who, view, offer, "grant", *now)?) }
                }
            }
            @if *review { (because(who, view, "review", "Review", "What came of it", false)?) }
            @if *revoke { (because(who, view, "revoke", "Revoke", "Why it must end", true)?) }
        }
        p { a href={ "/history?grant=" (view.id) } { "All that is on record of it" } }
    })
}

fn facts(portal: &Portal, who: &Who, view: &View) -> Markup {
    let reader = &who.person.id;
    html! {
        dl.facts {
            dt { "For" } dd { (somebody(portal, &view.holder, reader)) }
            @if view.requester != view.holder { dt { "Asked by" } dd { (somebody(portal, &view.requester, reader)) } }
            dt { "Stands" }
            dd {
                @match view.outcome {
                    Some(outcome) => {
                        (words::outcome(outcome)) @if let Some(at) = view.closed_at { ", " (moment(at)) }
                    }
                    None => { (view.stage) @if let Some(waiting) = view.waiting_for { ": " (words::waiting(waiting)) } }
                }
            }
            dt { "At the target" } dd { (words::enforcement(view.enforcement)) }
            dt { "Span" }
            dd { (words_of(view.granted)) @if view.granted != view.asked { " of " (words_of(view.asked)) " asked for" } }
            @if let Some(review) = &view.review {
                dt { "Review" }
                dd {
                    @match &review.reviewed_by {
                        Some(by) => { "by " (somebody(portal, by, reader)) }
                        None => { "due " (moment(review.due)) }
                    }
                }
            }
        }
    }
}

/// A command that says why.
fn because(
    who: &Who,
    view: &View,
    verb: &str,
    name: &str,
    asks: &str,
    danger: bool,
) -> Result<Markup, Failure> {
    let field = format!("{verb}-reason");
    Ok(html! {
        form.card id={ "form-" (verb) } method="post" action={ (HERE) "/" (view.id) "/" (verb) } {
            (seal(&who.visit, &new_command()?))
            div.field {
                label for=(field) { (asks) }
                input id=(field) name="reason" required[danger] maxlength="4096" autocomplete="off";
            }
            button class=(if danger { "danger" } else { "primary" }) type="submit" { (name) }
        }
    })
}

async fn revoke(
    State(portal): State<Portal>,
    who: Who,
    Path(grant): Path<String>,
    sent: Sent,
) -> Result<Response, Failure> {
    let back = back_to(&[HERE, &grant]);
    let ask = Revoke::new(grant, &who.person).command_id(sent.command()?).reason(sent.text("reason"));
    let answered = portal.ask(move |engine, now| engine.revoke(ask, now)).await;
    after(&portal, &who, &back, answered, |_| html! { "It was revoked, and is over." })
}

async fn review(
    State(portal): State<Portal>,
    who: Who,
    Path(grant): Path<String>,
    sent: Sent,
) -> Result<Response, Failure> {
    let back = back_to(&[HERE, &grant]);
    let ask = Review::new(grant, &who.person).command_id(sent.command()?).reason(sent.text("reason"));
    let answered = portal.ask(move |engine, now| engine.review(ask, now)).await;
    after(&portal, &who, &back, answered, |_| html! { "It was reviewed." })
}
