//! My access: what each grant opens and for how long, the bar of its life, and one click to go on.

mod card;
pub(crate) mod extend;
pub(crate) mod life;

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use tenure::tenure_core::person::Record as Facts;
use tenure::{
    Activate, Engine, Error, Extend, GiveBack, List, Offer, Person, Refusal, StageName, Timestamp, View,
    Withdraw,
};

use self::life::Life;
use super::after;
use crate::failure::Failure;
use crate::form::Sent;
use crate::page::{moment, page};
use crate::portal::Portal;
use crate::session::Who;
use crate::words::Titles;

const HERE: &str = "/access";
/// Grants that run and are shown at once; the others are a click away.
const SHOWN: usize = 20;

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route(HERE, get(show))
        .route("/grants/{grant}/extend", post(extend_it))
        .route("/grants/{grant}/give-back", post(give_back))
        .route("/grants/{grant}/withdraw", post(withdraw))
        .route("/grants/{grant}/activate", post(activate))
}

/// A grant that runs, what happened to it, and what the button beside it needs to know.
struct Running {
    view: View,
    life: Life,
    /// The button; or why this person may not know of it.
    offer: Result<Offer, Box<Refusal>>,
}

/// All that the page tells.
#[derive(Default)]
struct Mine {
    pending: Vec<View>,
    approved: Vec<View>,
    running: Vec<Running>,
    /// How many run, how many of them come before those that are shown.
    count: usize,
    skipped: usize,
    titles: Titles,
    /// Whether it is of others, on whose behalf this person asked.
    others: bool,
}

async fn show(
    State(portal): State<Portal>,
    who: Who,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Result<Response, Failure> {
    let skip = asked.get("skip").and_then(|skip| skip.parse().ok()).unwrap_or(0);
    let others = asked.get("for").is_some_and(|whom| whom == "others");
    let (person, asking) = (who.person.clone(), portal.clone());
    let (mine, now) =
        portal.ask(move |engine, now| Ok((mine(engine, &asking, &person, others, skip, now)?, now))).await?;
    let body = view(&portal, &who, &mine, now)?;
    let title = if others { "What I asked for others" } else { "My access" };
    Ok(page(&portal, &who, HERE, title, &body))
}

/// What this person holds, or asked for on somebody's behalf; soonest end first.
fn mine(
    engine: &Engine,
    portal: &Portal,
    person: &Person,
    others: bool,
    skip: usize,
    now: Timestamp,
) -> Result<Mine, Error> {
    let mut running = of(engine, person, others, StageName::Active, now)?;
    running.sort_by(|one, other| (one.held_until, &one.id).cmp(&(other.held_until, &other.id)));
    let count = running.len();
    let skipped = skip.min(count.saturating_sub(1)) / SHOWN * SHOWN;
    let shown = running.into_iter().skip(skipped).take(SHOWN);
    let running =
        shown.map(|view| look_closer(engine, portal, person, view, now)).collect::<Result<_, _>>()?;
    Ok(Mine {
        pending: of(engine, person, others, StageName::Pending, now)?,
        approved: of(engine, person, others, StageName::Approved, now)?,
        running,
        count,
        skipped,
        titles: Titles::of(engine)?,
        others,
    })
}

/// Grants in that stage: those that this person holds, or those that they asked for on somebody's behalf.
fn of(
    engine: &Engine,
    person: &Person,
    others: bool,
    stage: StageName,
    now: Timestamp,
) -> Result<Vec<View>, Error> {
    let mut list = List { stage: Some(stage), ..List::default() };
    *(if others { &mut list.requester } else { &mut list.holder }) = Some(person.id.clone());
    let mut grants = Vec::new();
    loop {
        let page = engine.list(&list, now)?;
        grants.extend(page.grants.into_iter().filter(|view| !others || view.holder != person.id));
        list.after = page.next;
        if list.after.is_none() {
            return Ok(grants);
        }
    }
}

fn look_closer(
    engine: &Engine,
    portal: &Portal,
    person: &Person,
    view: View,
    now: Timestamp,
) -> Result<Running, Error> {
    let offer = offered(engine, portal, person, &view, now)?;
    let life = Life::of(engine.history(&view.id)?.iter().map(|record| &**record));
    Ok(Running { view, life, offer })
}

/// What a button beside that grant needs to know; or why this person may know nothing of it.
pub(super) fn offered(
    engine: &Engine,
    portal: &Portal,
    person: &Person,
    view: &View,
    now: Timestamp,
) -> Result<Result<Offer, Box<Refusal>>, Error> {
    let facts = holder(portal, person, view);
    match engine.offer_for(&view.id, person, facts.as_ref(), &Facts::new(), now) {
        Ok(offer) => Ok(Ok(offer)),
        Err(Error::Refused(refusal)) => Ok(Err(refusal)),
        Err(other) => Err(other),
    }
}

/// Today's facts of the holder, where somebody else asks: the rules may look at them.
fn holder(portal: &Portal, person: &Person, view: &View) -> Option<Person> {
    (view.holder != person.id).then(|| portal.person(&view.holder)).flatten()
}

fn view(portal: &Portal, who: &Who, mine: &Mine, now: Timestamp) -> Result<Markup, Failure> {
    let Mine { pending, approved, running, count, skipped, titles, others } = mine;
    let nothing = pending.is_empty() && approved.is_empty() && running.is_empty();
    Ok(html! {
        div #mine data-live {
            @if nothing {
                div.nothing #nothing {
                    @if *others { p { "You asked for nothing for others that runs or waits." } } @else {
                        p { "You hold no access now, and none of your requests waits." }
                    }
                    a.button href="/ask" { "Ask for access" }
                }
            }
            @for view in approved { (card::approved(portal, who, view, titles, now)?) }
            @for grant in running { (card::running(portal, who, grant, titles, now)?) }
            @if count > &SHOWN { (pager(*count, *skipped, *others)) }
            @for view in pending { (card::pending(portal, who, view, titles, now)?) }
        }
        p.aside {
            @if *others { a href=(HERE) { "My own access" } } @else { a href={ (HERE) "?for=others" } { "What I asked for others" } }
        }
    })
}

fn pager(count: usize, skipped: usize, others: bool) -> Markup {
    let last = count.min(skipped.saturating_add(SHOWN));
    let page = |skip: usize| format!("{HERE}?{}skip={skip}", if others { "for=others&" } else { "" });
    html! {
        nav.pager #pager aria-label="More grants" {
            @if skipped > 0 { a rel="prev" href=(page(skipped.saturating_sub(SHOWN))) { "Sooner ends" } }
            span { (skipped.saturating_add(1)) "–" (last) " of " (count) ", soonest end first" }
            @if last < count { a rel="next" href=(page(last)) { "Later ends" } }
        }
    }
}

async fn extend_it(
    State(portal): State<Portal>,
    who: Who,
    Path(grant): Path<String>,
    sent: Sent,
) -> Result<Response, Failure> {
    let ask = Extend::new(&grant, &who.person)
        .command_id(sent.command()?)
        .if_ends_at(sent.time("if_ends_at")?)
        .span(sent.span("span")?)
        .reason(sent.text("reason"))
        .fields(sent.named("field."));
    let (asking, person) = (portal.clone(), who.person.clone());
    let answered = portal
        .ask(move |engine, now| {
            // Whom a grant is for is looked up only to hand in their facts; whether it may be extended is not asked here.
            let view = engine.look(&grant, now)?;
            let facts = view.and_then(|view| holder(&asking, &person, &view));
            engine.extend(ask.holder(facts), now)
        })
        .await;
    after(&portal, &who, HERE, answered, |view: View| match (&view.extension_asked, view.ends_at) {
        (Some(_), _) => html! { "Your extension was asked for, and waits for its approval." },
        (None, Some(end)) => html! { "Your access goes on until " (moment(end)) "." },
        (None, None) => html! { "Your access goes on." },
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
    after(&portal, &who, HERE, answered, |_| html! { "You gave it back. It has ended." })
}

async fn withdraw(
    State(portal): State<Portal>,
    who: Who,
    Path(grant): Path<String>,
    sent: Sent,
) -> Result<Response, Failure> {
    let ask = Withdraw::new(grant, &who.person).command_id(sent.command()?);
    let answered = portal.ask(move |engine, now| engine.withdraw(ask, now)).await;
    after(&portal, &who, HERE, answered, |_| html! { "Your request was withdrawn." })
}

async fn activate(
    State(portal): State<Portal>,
    who: Who,
    Path(grant): Path<String>,
    sent: Sent,
) -> Result<Response, Failure> {
    let ask = Activate::new(grant, &who.person).command_id(sent.command()?);
    let answered = portal.ask(move |engine, now| engine.activate(ask, now)).await;
    after(&portal, &who, HERE, answered, |_| html! { "Your access has begun." })
}
