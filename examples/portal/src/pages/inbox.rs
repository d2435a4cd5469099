//! Inbox: requests and extensions that this person may decide, wholly or less.

use std::collections::BTreeSet;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use tenure::tenure_core::view::ExtensionView;
use tenure::{
    Approve, ApproveExtension, Code, Deny, DenyExtension, Engine, Error, Explanation, Item, Person,
    Timestamp, View,
};

use super::after;
use crate::failure::Failure;
use crate::form::{Sent, new_command};
use crate::page::{countdown, hidden, moment, page, round_spans, seal, words_of};
use crate::portal::Portal;
use crate::session::Who;
use crate::told;
use crate::words::{self, Titles};

const HERE: &str = "/inbox";

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route(HERE, get(show))
        .route("/grants/{grant}/decide", post(decide))
        .route("/grants/{grant}/decide-extension", post(decide_extension))
}

/// Something to decide, and what the rules say of a yes as it would be given now.
struct Waiting {
    view: View,
    approval: Explanation,
}

/// Something to decide, with what it is shown with.
struct Desk<'a> {
    portal: &'a Portal,
    who: &'a Who,
    titles: Titles,
    now: Timestamp,
}

async fn show(State(portal): State<Portal>, who: Who) -> Result<Response, Failure> {
    let (person, asking) = (who.person.clone(), portal.clone());
    let (waiting, titles, now) = portal
        .ask(move |engine, now| Ok((waiting(engine, &asking, &person, now)?, Titles::of(engine)?, now)))
        .await?;
    let desk = Desk { portal: &portal, who: &who, titles, now };
    let body = desk.all(&waiting)?;
    Ok(page(&portal, &who, HERE, "Inbox", &body))
}

/// All that waits for this person, the most urgent first.
fn waiting(engine: &Engine, portal: &Portal, person: &Person, now: Timestamp) -> Result<Vec<Waiting>, Error> {
    let mut waiting = Vec::new();
    let mut after = None;
    loop {
        let page = engine.inbox_after(person, after, None, now)?;
        for view in page.grants {
            let approval = match &view.extension_asked {
                Some(asked) => engine.explain(yes_to_extension(&view, person, asked), now)?,
                None => engine.explain(yes(&view, person).holder(portal.person(&view.holder)), now)?,
            };
            waiting.push(Waiting { view, approval });
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    waiting.sort_by_key(|waiting| decide_by(&waiting.view));
    Ok(waiting)
}

fn yes(view: &View, person: &Person) -> Approve {
    Approve::new(&view.id, person).content(view.content.clone())
}

fn yes_to_extension(view: &View, person: &Person, asked: &ExtensionView) -> ApproveExtension {
    ApproveExtension::new(&view.id, person).content(asked.content.clone())
}

/// Further fields of a reason.
fn fields(fields: &std::collections::BTreeMap<String, String>) -> Markup {
    html! {
        @if !fields.is_empty() {
            dl.fields { @for (name, text) in fields { div { dt { (name) } dd { (text) } } } }
        }
    }
}

fn decide_by(view: &View) -> Option<Timestamp> {
    view.extension_asked.as_ref().map(|asked| asked.decide_by).or(view.decide_by)
}

impl Desk<'_> {
    fn all(&self, waiting: &[Waiting]) -> Result<Markup, Failure> {
        Ok(html! {
            div #waiting data-live {
                @if waiting.is_empty() { div.nothing #nothing { p { "Nothing waits for your decision." } } }
                @for one in waiting { (self.card(one)?) }
            }
        })
    }

    fn card(&self, Waiting { view, approval }: &Waiting) -> Result<Markup, Failure> {
        let title = format!("title-{}", view.id);
        let asked = view.extension_asked.as_ref();
        Ok(html! {
            article.card id={ "grant-" (view.id) } aria-labelledby=(title) {
                header {
                    h2 id=(title) {
                        (self.portal.name(asked.map_or(&view.holder, |asked| &asked.by)))
                        @if asked.is_some() { " wants to go on: " } @else { " asks: " }
                        (self.titles.get(&view.flow))
                    }
                    @if view.requester != view.holder { span.chip { "asked by " (self.portal.name(&view.requester)) } }
                }
                (words::items(view.items.iter()))
                (self.what(view, asked))
                @if let Some(by) = decide_by(view) {
                    p.until { "To be decided by " (moment(by)) ", in " (countdown(by, self.now)) "." }
                }
                (self.form(view, asked, approval)?)
            }
        })
    }

    /// What a yes would give, and why it is asked for.
    fn what(&self, view: &View, asked: Option<&ExtensionView>) -> Markup {
        html! {
            @match asked {
                Some(asked) => {
                    p { strong { (words_of(asked.span)) " more" } ", until " (moment(asked.ends_at)) "."
                        @if let Some(end) = view.ends_at { " It ends " (moment(end)) " now; "
                            (view.extensions.used) " extensions so far." } }
                    @if let Some(reason) = &asked.reason { blockquote { (reason) } }
                    (fields(&asked.fields))
                }
                None => {
                    p { strong { (words_of(view.asked)) }
                        @if let Some(start) = view.starts_at { " from " (moment(start)) } @else { " from when it is approved" } "." }
                }
            }
            @if let Some(reason) = &view.reason {
                @if asked.is_some() { p.hint { "It was asked for because:" } }
                blockquote { (reason) }
            }
            (fields(&view.fields))
        }
    }

    fn form(
        &self,
        view: &View,
        asked: Option<&ExtensionView>,
        approval: &Explanation,
    ) -> Result<Markup, Failure> {
        let verb = if asked.is_some() { "decide-extension" } else { "decide" };
        let content = asked.map_or(&view.content, |asked| &asked.content);
        let lacks_reason =
            approval.refused.as_ref().is_some_and(|refused| refused.code == Code::ReasonMissing);
        let reason = format!("reason-{}", view.id);
        Ok(html! {
            form.decide method="post" action={ "/grants/" (view.id) "/" (verb) } {
                (seal(&self.who.visit, &new_command()?))
                (hidden("content", content))
                @if asked.is_none() { (self.less(view)) }
                div.field {
                    label for=(reason) { "Your reason" @if !lacks_reason { " (if you like)" } }
                    input id=(reason) name="reason" required[lacks_reason] maxlength="4096" autocomplete="off";
                }
                @if let (Some(refused), false) = (&approval.refused, lacks_reason) {
                    div.why { p { "A yes would not pass now:" } (told::refusal(refused)) }
                }
                div.actions {
                    button.primary type="submit" name="verdict" value="approve" { "Approve" }
                    button.danger type="submit" name="verdict" value="deny" { "Deny" }
                }
            }
        })
    }

    /// An approver may give less: a shorter span, fewer items.
    fn less(&self, view: &View) -> Markup {
        let span = format!("span-{}", view.id);
        let shorter = round_spans(tenure::Span::minutes(5).min(view.asked), view.asked, view.asked);
        html! {
            details.less {
                summary { "Give less" }
                div.row {
                    div.field {
                        label for=(span) { "For how long" }
                        select id=(span) name="span" {
                            option value="" { (words_of(view.asked)) ", as asked" }
                            @for length in shorter.iter().rev().filter(|length| **length != view.asked) {
                                option value=(length) { (words_of(*length)) }
                            }
                        }
                    }
                    fieldset.field {
                        legend { "What" }
                        ul.choices {
                            @for item in view.items.iter() {
                                @let text = serde_json::to_string(item).unwrap_or_default();
                                li { (hidden("asked", &text)) label {
                                    input type="checkbox" name="only" value=(text) checked;
                                    span { (words::resource(&item.resource)) " " span.permissions { (item.permission) } }
                                } }
                            }
                        }
                    }
                }
            }
        }
    }
}

async fn decide(
    State(portal): State<Portal>,
    who: Who,
    Path(grant): Path<String>,
    sent: Sent,
) -> Result<Response, Failure> {
    let (command, content, reason) = (sent.command()?, sent.text("content"), sent.text("reason"));
    let person = who.person.clone();
    if !said_yes(&sent)? {
        let ask = Deny::new(grant, person).command_id(command).content(content).reason(reason);
        let answered = portal.ask(move |engine, now| engine.deny(ask, now)).await;
        return after(&portal, &who, HERE, answered, |_| html! { "You said no." });
    }
    // All that was asked for is no trimming. The form itself says what that was: sent again, it is the same command.
    let (asked, only) = (items(&sent, "asked")?, items(&sent, "only")?);
    let only = (asked != only).then_some(only);
    let ask = Approve::new(&grant, person).command_id(command).content(content).reason(reason);
    let ask = ask.span(sent.span("span")?).only(only);
    let asking = portal.clone();
    let answered = portal
        .ask(move |engine, now| {
            let holder = engine.look(&grant, now)?.and_then(|view| asking.person(&view.holder));
            engine.approve(ask.holder(holder), now)
        })
        .await;
    after(&portal, &who, HERE, answered, |view: View| match view.stage.as_str() {
        "pending" => html! { "You said yes. Somebody else has to, too." },
        "active" => html! { "You said yes. The access has begun." },
        _ => html! { "You said yes." },
    })
}

async fn decide_extension(
    State(portal): State<Portal>,
    who: Who,
    Path(grant): Path<String>,
    sent: Sent,
) -> Result<Response, Failure> {
    let (command, content, reason) = (sent.command()?, sent.text("content"), sent.text("reason"));
    let person = who.person.clone();
    let yes = said_yes(&sent)?;
    let answered = portal
        .ask(move |engine, now| {
            if yes {
                let ask =
                    ApproveExtension::new(grant, person).command_id(command).content(content).reason(reason);
                engine.approve_extension(ask, now)
            } else {
                let ask =
                    DenyExtension::new(grant, person).command_id(command).content(content).reason(reason);
                engine.deny_extension(ask, now)
            }
        })
        .await;
    after(&portal, &who, HERE, answered, |view: View| match (yes, view.extension_asked) {
        (true, None) => html! { "You said yes. The access goes on." },
        (true, Some(_)) => html! { "You said yes. Somebody else has to, too." },
        (false, _) => html! { "You said no. The access ends when it would have." },
    })
}

fn items(sent: &Sent, name: &str) -> Result<BTreeSet<Item>, Failure> {
    let read =
        |text| serde_json::from_str(text).map_err(|_| Failure::Malformed(format!("`{text}` is no item.")));
    sent.all(name).map(read).collect()
}

/// Which of the two buttons was pressed.
fn said_yes(sent: &Sent) -> Result<bool, Failure> {
    match sent.text("verdict").as_deref() {
        Some("approve") => Ok(true),
        Some("deny") => Ok(false),
        Some(_) | None => Err(Failure::Malformed("The form says neither yes nor no.".to_owned())),
    }
}
