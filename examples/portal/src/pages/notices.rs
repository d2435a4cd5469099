//! A notice as its reader sees it: what happened, in words, and what can be done about it in one click.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};
use tenure::tenure_core::effect::Notice as About;
use tenure::{Code, Offer, Refusal, Timestamp, View};

use super::access::{extend, offered};
use crate::events::Notice;
use crate::failure::Failure;
use crate::page::{countdown, moment, part};
use crate::portal::Portal;
use crate::session::Who;
use crate::told;
use crate::words::{self, Titles, somebody};

pub(super) fn routes() -> Router<Portal> {
    Router::new().route("/notices/{id}", get(show))
}

async fn show(State(portal): State<Portal>, who: Who, Path(id): Path<String>) -> Result<Response, Failure> {
    // Whoever was not told of it learns nothing of its grant: there is nothing to tell, as of one that is long gone.
    let Some(notice) = portal.hub().find(&id, &who.person.id) else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let (asking, person, about) = (portal.clone(), who.person.clone(), notice.clone());
    let (view, offer, titles, now) = portal
        .ask(move |engine, now| {
            let view = engine.look(&about.grant, now)?;
            // A click belongs beside what speaks of the end, and nowhere else.
            let offer = match &view {
                Some(view) if about.kind == About::EndingSoon => {
                    Some(offered(engine, &asking, &person, view, now)?)
                }
                Some(_) | None => None,
            };
            Ok((view, offer, Titles::of(engine)?, now))
        })
        .await?;
    let view = view.ok_or(Failure::Nowhere)?;
    let told =
        Tell { portal: &portal, who: &who, notice: &notice, view: &view, title: titles.get(&view.flow), now };
    Ok(part(told.markup(offer.as_ref())?))
}

/// What a notice is told with.
struct Tell<'a> {
    portal: &'a Portal,
    who: &'a Who,
    notice: &'a Notice,
    view: &'a View,
    title: &'a str,
    now: Timestamp,
}

impl Tell<'_> {
    fn markup(&self, offer: Option<&Result<Offer, Box<Refusal>>>) -> Result<Markup, Failure> {
        let Self { view, notice, .. } = self;
        Ok(html! {
            article.notice.(self.tone()) data-grant=(view.id) data-kind=(notice.kind.as_str()) {
                header {
                    p { (self.words()) }
                    button.quiet.dismiss type="button" data-dismiss aria-label="Dismiss" { "×" }
                }
                (self.more())
                @match offer {
                    Some(Ok(offer)) if offer.allowed => { (extend::button(self.who, view, offer, "notice", self.now)?) }
                    Some(Ok(offer)) => { (self.why_not(offer.refused.as_ref())) }
                    Some(Err(refusal)) => { (self.why_not(Some(&**refusal))) }
                    None => {}
                }
            }
        })
    }

    /// Why there is no button; whoever is only told because they read a channel expects none.
    fn why_not(&self, refusal: Option<&Refusal>) -> Markup {
        let refusal = refusal.filter(|refusal| refusal.code != Code::ExtensionNotHolder);
        html! { @if let Some(refusal) = refusal { p.hint { (told::words(&refusal.message)) } } }
    }

    fn tone(&self) -> &'static str {
        match self.notice.kind {
            About::EndingSoon | About::ApprovalWanted | About::ExtensionWanted | About::Escalated => "soon",
            About::Ended | About::Stuck | About::BreakGlass | About::ReviewDue => "bad",
            About::Active | About::Extended => "good",
            About::Decided => {
                if self.view.outcome.is_some() {
                    "bad"
                } else {
                    "good"
                }
            }
        }
    }

    /// The one sentence.
    fn words(&self) -> Markup {
        let Self { portal, who, view, title, now, notice } = self;
        let holder = somebody(portal, &view.holder, &who.person.id);
        let whose = if view.holder == who.person.id { "Your".to_owned() } else { format!("{holder}’s") };
        match notice.kind {
            About::ApprovalWanted => html! { (holder) " asks for “" (title) "”." },
            About::Escalated => html! { (whose) " request for “" (title) "” still waits." },
            About::ExtensionWanted => html! { (whose) " access “" (title) "” should go on." },
            About::Decided => html! { (whose) " “" (title) "” " (self.decided()) "." },
            About::Active => html! { (whose) " access “" (title) "” has begun." },
            About::BreakGlass => html! { (holder) " took “" (title) "” in an emergency." },
            About::EndingSoon => match (view.held_until, view.outcome) {
                (Some(end), _) => {
                    html! { (whose) " access “" (title) "” ends in " (countdown(end, *now)) "." }
                }
                (None, outcome) => {
                    html! { (whose) " access “" (title) "” " (outcome.map_or("ends soon", words::outcome)) "." }
                }
            },
            About::Extended => html! { (whose) " access “" (title) "” goes on." },
            About::Ended => {
                html! { (whose) " access “" (title) "” " (view.outcome.map_or("has ended", words::outcome)) "." }
            }
            About::Stuck => {
                html! { "Something about “" (title) "” is stuck: " (words::enforcement(view.enforcement)) "." }
            }
            About::ReviewDue => html! { (whose) " emergency “" (title) "” was not reviewed in time." },
        }
    }

    /// What came of a decision; of one on an extension where the grant runs.
    fn decided(&self) -> &'static str {
        match (self.view.outcome, self.view.waiting_for) {
            (Some(outcome), _) => words::outcome(outcome),
            (None, Some(waiting)) => words::waiting(waiting),
            (None, None) => "was decided on",
        }
    }

    fn more(&self) -> Markup {
        let view = self.view;
        match self.notice.kind {
            About::ApprovalWanted | About::Escalated | About::ExtensionWanted => html! {
                (words::items(view.items.iter()))
                @if let Some(reason) = &view.reason { blockquote { (reason) } }
                p { a.button href={ "/inbox#grant-" (view.id) } { "Decide" } }
            },
            About::BreakGlass | About::ReviewDue | About::Stuck => html! {
                p { a.button href={ "/grants/" (view.id) } { "Look at it" } }
            },
            About::Active | About::Extended => html! {
                @if let Some(end) = view.held_until { p { "Until " (moment(end)) "." } }
            },
            About::EndingSoon => words::items(view.items.iter()),
            About::Ended => html! {
                @if let Some(at) = view.closed_at { p { "At " (moment(at)) "." } }
            },
            About::Decided => html! {},
        }
    }
}
