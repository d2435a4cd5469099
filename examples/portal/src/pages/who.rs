//! Who has access: what runs now, and who had a resource at a time.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use tenure::{GrantId, Holder, Holders, List, Page, ResourceId, StageName, Timestamp};

use crate::duty::Duty;
use crate::failure::Failure;
use crate::page::{countdown, moment, page};
use crate::portal::Portal;
use crate::session::Who;
use crate::sign_in::query;
use crate::words::{Titles, items};

const HERE: &str = "/who";
/// Grants on one page.
const SHOWN: usize = 100;

pub(super) fn routes() -> Router<Portal> {
    Router::new().route(HERE, get(show))
}

/// What is asked: of one resource, or of all.
#[derive(Default)]
struct Question {
    resource: Option<String>,
    permission: Option<String>,
    at: Option<String>,
    after: Option<GrantId>,
}

/// What the engine answers.
enum Told {
    Resource(Holders),
    Running(Page, Titles),
}

impl Question {
    fn of(asked: &BTreeMap<String, String>) -> Self {
        let text =
            |name: &str| asked.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        Self {
            resource: text("resource"),
            permission: text("permission"),
            at: text("at"),
            after: text("after").and_then(|id| GrantId::new(id).ok()),
        }
    }
}

async fn show(
    State(portal): State<Portal>,
    who: Who,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Result<Response, Failure> {
    who.must(Duty::Audit)?;
    let question = Question::of(&asked);
    let at = question.at.as_deref().map(instant).transpose()?;
    let told = match question.resource.as_deref().map(resource).transpose()? {
        Some(resource) => {
            let permission = question.permission.clone();
            let found = move |engine: &tenure::Engine, now: Timestamp| {
                engine.who_has(&resource, permission.as_deref(), at.unwrap_or(now), now)
            };
            Told::Resource(portal.ask(found).await?)
        }
        None => {
            let after = question.after.clone();
            let list = List { stage: Some(StageName::Active), limit: Some(SHOWN), after, ..List::default() };
            let (page, titles) =
                portal.ask(move |engine, now| Ok((engine.list(&list, now)?, Titles::of(engine)?))).await?;
            Told::Running(page, titles)
        }
    };
    let body = view(&portal, &question, at, &told);
    Ok(page(&portal, &who, HERE, "Who has access", &body))
}

/// INTEGRATION/TYPE/NAME. Only the name may hold a slash.
fn resource(text: &str) -> Result<ResourceId, Failure> {
    let wrong = || Failure::Malformed("A resource is written INTEGRATION/TYPE/NAME.".to_owned());
    match text.splitn(3, '/').collect::<Vec<_>>()[..] {
        [integration, kind, name] if !name.is_empty() => {
            let integration = integration.parse().map_err(|_| wrong())?;
            Ok(ResourceId { integration, kind: kind.to_owned(), name: name.to_owned() })
        }
        _ => Err(wrong()),
    }
}

/// An instant in UTC, as RFC 3339 writes it or as a field of a browser does: without seconds, without a zone.
pub(super) fn instant(text: &str) -> Result<Timestamp, Failure> {
    let zoned = text.ends_with(['Z', 'z']) || text.get(11..).is_some_and(|time| time.contains(['+', '-']));
    let full = match (zoned, text.len()) {
        (true, _) => text.to_owned(),
        (false, 10) => format!("{text}T00:00:00Z"),
        (false, 16) => format!("{text}:00Z"),
        (false, _) => format!("{text}Z"),
    };
    full.parse().map_err(|why| Failure::Malformed(format!("{why}")))
}

/// An instant as a field of a browser takes it: in UTC, without a zone.
pub(super) fn field(text: Option<&str>) -> String {
    let at = text.and_then(|text| instant(text).ok()).map(|at| at.to_string());
    at.and_then(|at| at.get(..19).map(str::to_owned)).unwrap_or_default()
}

fn view(portal: &Portal, question: &Question, at: Option<Timestamp>, told: &Told) -> Markup {
    html! {
        (form(portal, question))
        @match told {
            Told::Resource(holders) => (of_resource(portal, question, at, holders)),
            Told::Running(page, titles) => {
                @if question.at.is_some() || question.permission.is_some() {
                    p.waits { "Name a resource, too: a time and a permission are asked of one. This is all that runs now." }
                }
                (running(portal, page, titles))
            }
        }
    }
}

fn form(portal: &Portal, question: &Question) -> Markup {
    let value = |text: &Option<String>| text.clone().unwrap_or_default();
    let known = portal.directory().resources();
    let mut permissions: Vec<&String> = known.iter().flat_map(|known| &known.permissions).collect();
    permissions.sort();
    permissions.dedup();
    html! {
        form.card.filters method="get" action=(HERE) {
            div.field.wide {
                label for="resource" { "Resource" }
                input #resource name="resource" list="resources" value=(value(&question.resource)) placeholder="integration/type/name" autocomplete="off";
                datalist #resources { @for known in &known { option value=(known.resource.id) {} } }
            }
            div.field {
                label for="permission" { "Permission" }
                input #permission name="permission" list="permissions" value=(value(&question.permission)) placeholder="any" autocomplete="off";
                datalist #permissions { @for permission in permissions { option value=(permission) {} } }
            }
            div.field {
                label for="at" { "At, " span.hint data-zone { "in UTC" } }
                input #at name="at" type="datetime-local" step="1" data-utc value=(field(question.at.as_deref()));
            }
            div.field.go {
                button.primary type="submit" { "Look" }
                @if question.resource.is_some() { a href=(HERE) { "All that runs" } }
            }
        }
    }
}

fn of_resource(portal: &Portal, question: &Question, at: Option<Timestamp>, found: &Holders) -> Markup {
    let resource = question.resource.as_deref().unwrap_or_default();
    html! {
        section.card {
            h2 #found { "Who had " code { (resource) } " at " (moment(found.at)) }
            @if at.is_some_and(|at| at > found.at) {
                p.waits { "That instant is still to come: this is who has it now." }
            }
            @if found.holders.is_empty() { p.hint { "Nobody." } }
            @else {
                div.scroll tabindex="0" role="region" aria-labelledby="found" {
                    table {
                        thead { tr { @for head in ["Person", "Permission", "Since", "Until", "Grant"] { th scope="col" { (head) } } } }
                        tbody { @for holder in &found.holders { (had(portal, holder)) } }
                    }
                }
            }
        }
    }
}

fn had(portal: &Portal, holder: &Holder) -> Markup {
    let Holder { person, permission, grant, since, until } = holder;
    html! {
        tr {
            th scope="row" { (portal.name(person)) " " span.where { (person) } }
            td { (permission) }
            td { (moment(*since)) }
            td { (moment(*until)) }
            td { (of_grant(grant)) }
        }
    }
}

/// A grant's own history.
fn of_grant(grant: &GrantId) -> Markup {
    let short: String = grant.as_str().chars().take(12).collect();
    let cut = grant.as_str().chars().nth(12).map_or("", |_| "…");
    html! { a.id href={ "/history?" (query(&[("grant", grant.as_str())])) } title=(grant) { (short) (cut) } }
}

fn running(portal: &Portal, page: &Page, titles: &Titles) -> Markup {
    let now = portal.now();
    html! {
        section.card {
            h2 #running { "Access that runs now" }
            @if page.grants.is_empty() { p.hint { "Nobody has any." } }
            @else {
                div.scroll tabindex="0" role="region" aria-labelledby="running" {
                    table {
                        thead { tr { @for head in ["Person", "What", "Flow", "Left", "Until", "Grant"] { th scope="col" { (head) } } } }
                        tbody {
                            @for view in &page.grants {
                                tr {
                                    th scope="row" { (portal.name(&view.holder)) " " span.where { (view.holder) } }
                                    td { (items(view.items.iter())) }
                                    td { (titles.get(&view.flow)) }
                                    td { @if let Some(until) = view.held_until { (countdown(until, now)) } }
                                    td { @if let Some(until) = view.held_until { (moment(until)) } }
                                    td { (of_grant(&view.id)) }
                                }
                            }
                        }
                    }
                }
            }
            @if let Some(next) = &page.next {
                p.pager { a href={ (HERE) "?" (query(&[("after", next.as_str())])) } { "More" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_a_browser_is_an_instant_in_utc() {
        for (text, instant) in [
            ("2026-03-14T03:30", "2026-03-14T03:30:00.000Z"),
            ("2026-03-14T03:30:15", "2026-03-14T03:30:15.000Z"),
            ("2026-03-14", "2026-03-14T00:00:00.000Z"),
            ("2026-03-14T03:30:15Z", "2026-03-14T03:30:15.000Z"),
            ("2026-03-14T03:30:15+02:00", "2026-03-14T01:30:15.000Z"),
        ] {
            assert_eq!(super::instant(text).unwrap().to_string(), instant, "{text}");
        }
        assert!(super::instant("soon").is_err());
    }

    #[test]
    fn only_the_name_of_a_resource_holds_a_slash() {
        assert_eq!(resource("s3/bucket/a/b").unwrap().name, "a/b");
        assert!(resource("s3/bucket").is_err() && resource("s3/bucket/").is_err());
    }
}
