//! Policy: what is in force, and a text that would replace it: its problems at their lines, what may not be meant, what
//! it would change, and putting it in force.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use serde_json::Value as Json;
use tenure::tenure_core::world::Publication;
use tenure::tenure_policy::document::Format;
use tenure::tenure_policy::problem::{Finding, Findings, Kind};
use tenure::{Policy, Problems, Publish};

use super::after;
use crate::changes::{Change, between};
use crate::duty::Duty;
use crate::failure::Failure;
use crate::form::{Sent, new_command};
use crate::page::{hidden, page, seal};
use crate::portal::Portal;
use crate::session::Who;

const HERE: &str = "/policy";
/// Lines of the text that are shown to either side of a finding.
const AROUND: usize = 2;
/// Findings, and changes, that are shown one by one.
const SHOWN: usize = 100;
/// A text of a change that is longer is folded up.
const LONG: usize = 120;

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route(HERE, get(show))
        .route("/policy/check", post(check))
        .route("/policy/publish", post(publish))
}

/// A text that was written, and what came of it.
struct Draft {
    text: String,
    language: Format,
    read: Result<Policy, Problems>,
}

impl Draft {
    fn of(sent: &Sent) -> Self {
        let text = sent.all("text").next().unwrap_or_default().replace("\r\n", "\n");
        let language = language(sent.text("language").as_deref());
        let read = Policy::from_text(&text, language);
        Self { text, language, read }
    }
}

fn language(name: Option<&str>) -> Format {
    match name {
        Some("toml") => Format::Toml,
        Some("json") => Format::Json,
        Some(_) | None => Format::Yaml,
    }
}

const LANGUAGES: [(&str, &str, Format); 3] =
    [("yaml", "YAML", Format::Yaml), ("toml", "TOML", Format::Toml), ("json", "JSON", Format::Json)];

async fn show(State(portal): State<Portal>, who: Who) -> Result<Response, Failure> {
    let published = portal.ask(|engine, _| engine.policy()).await?;
    let body = html! {
        (in_force(published.as_deref()))
        @let text = published.as_ref().map(|published| pretty(&published.source)).unwrap_or_default();
        (editor(&who, &text, Format::Json))
    };
    Ok(page(&portal, &who, HERE, "Policy", &body))
}

async fn check(State(portal): State<Portal>, who: Who, sent: Sent) -> Result<Response, Failure> {
    let (published, draft) = portal.ask(move |engine, _| Ok((engine.policy()?, Draft::of(&sent)))).await?;
    let command = new_command()?;
    let body = html! {
        @match &draft.read {
            Err(problems) => (findings("Problems", "bad", problems, &draft.text)),
            Ok(policy) => {
                @if !policy.warnings().is_empty() {
                    (findings("What may not be meant", "warn", policy.warnings(), &draft.text))
                }
                (replacing(&who, &draft, policy, published.as_deref(), &command))
            }
        }
        (editor(&who, &draft.text, draft.language))
    };
    Ok(page(&portal, &who, HERE, "Policy", &body))
}

async fn publish(State(portal): State<Portal>, who: Who, sent: Sent) -> Result<Response, Failure> {
    who.must(Duty::Publish)?;
    let (actor, command) = (who.person.clone(), sent.command()?);
    let seen = sent.text("if_revision");
    let answered = portal
        .ask(move |engine, now| {
            let policy = Draft::of(&sent).read?;
            let publish = Publish::new(&policy, &actor).command_id(command).if_revision(seen);
            engine.publish_with(publish, now)
        })
        .await;
    after(&portal, &who, HERE, answered, |revision| {
        let short: String = revision.as_str().chars().take(12).collect();
        html! { "The policy is in force: revision " (short) "…." }
    })
}

fn in_force(published: Option<&Publication>) -> Markup {
    html! {
        section.card {
            h2 { "In force" }
            @match published {
                None => p.hint { "No policy was ever published." },
                Some(published) => {
                    p { "Revision " code { (published.revision) } ", " (published.flows.len()) " flows." }
                    ul.items {
                        @for (id, flow) in &published.flows {
                            li { strong { (flow.title.as_deref().unwrap_or(id.as_str())) } " " code { (id) }
                                 @if !flow.enabled { " " span.chip.warn { "withdrawn" } } }
                        }
                    }
                }
            }
        }
    }
}

fn editor(who: &Who, text: &str, format: Format) -> Markup {
    html! {
        form.card.editor method="post" action="/policy/check" {
            (hidden(crate::guard::TOKEN, &who.visit.csrf))
            h2 { "Check another one" }
            div.field {
                label for="text" { "The whole document" }
                textarea.code #text name="text" rows="24" spellcheck="false" required { "\n" (text) }
            }
            div.row {
                div.field {
                    label for="language" { "Written in" }
                    select #language name="language" {
                        @for (value, name, this) in LANGUAGES { option value=(value) selected[this == format] { (name) } }
                    }
                }
                // A file is read into the field above by the script; without it the field is there.
                div.field.needs-script hidden {
                    label for="file" { "From a file" }
                    input #file type="file" accept=".yaml,.yml,.toml,.json" data-into="text" data-language="language";
                }
                div.field.go { button.primary type="submit" { "Check" } }
            }
        }
    }
}

fn findings<K: Kind>(title: &str, sort: &str, found: &Findings<K>, text: &str) -> Markup {
    let lines: Vec<&str> = text.lines().collect();
    html! {
        section.card.findings {
            header { h2 { (title) } span class={ "chip " (sort) } { (found.len().saturating_add(found.beyond())) } }
            ol {
                @for finding in found.iter().take(SHOWN) { li { (told(finding, &lines)) } }
            }
            @let more = found.len().saturating_sub(SHOWN).saturating_add(found.beyond());
            @if more > 0 { p.hint { "and " (more) " more" } }
        }
    }
}

fn told<K: Kind>(finding: &Finding<K>, lines: &[&str]) -> Markup {
    let line = finding.line.and_then(|line| usize::try_from(line).ok());
    let first = line.map_or(0, |line| line.saturating_sub(AROUND + 1));
    let count = line.map_or(0, |line| line.saturating_add(AROUND).saturating_sub(first));
    html! {
        p { strong { (crate::told::sentence(&finding.message)) } " " code.code { (finding.code.name()) } }
        @if !finding.path.is_empty() { p.hint { "at " code { (finding.path) } } }
        @if let Some(line) = line {
            pre.lines aria-label={ "Line " (line) " and what is around it" } tabindex="0" {
                @for (number, text) in lines.iter().enumerate().skip(first).take(count) {
                    @let number = number.saturating_add(1);
                    span class=[(number == line).then_some("meant")] {
                        span.no { (number) } (shown(text)) "\n"
                    }
                }
            }
        }
        @if let Some(help) = &finding.help { p.help { (crate::told::sentence(help)) } }
    }
}

/// A line, cut where nobody reads on.
fn shown(line: &str) -> String {
    line.chars().take(400).collect()
}

fn replacing(
    who: &Who,
    draft: &Draft,
    policy: &Policy,
    published: Option<&Publication>,
    command: &str,
) -> Markup {
    let today = published.map_or(Json::Null, |published| parsed(&published.source));
    let changes = if published.is_some() { between(&today, &parsed(policy.source())) } else { Vec::new() };
    let same = published.is_some() && changes.is_empty();
    html! {
        section.card {
            header { h2 { "What changes" } span.chip.good { "no problems" } }
            @if published.is_none() { p { "It would be the first: " (policy.flows().len()) " flows." } }
            @else if same { p.hint { "Nothing: it is the one in force." } }
            @else { (table(&changes)) }
            @if !same && who.has(Duty::Publish) {
                form method="post" action="/policy/publish" {
                    (seal(&who.visit, command))
                    (hidden("language", name(draft.language)))
                    @if let Some(published) = published { (hidden("if_revision", published.revision.as_str())) }
                    textarea name="text" hidden aria-label="The document" { "\n" (draft.text) }
                    button.primary type="submit" { "Put it in force" }
                    p.hint { "What runs, runs out. What is asked from then on is judged by it." }
                }
            }
            @if !who.has(Duty::Publish) {
                p.waits { "People with the role " code { (Duty::Publish.role()) } " put a policy in force." }
            }
        }
    }
}

fn name(language: Format) -> &'static str {
    LANGUAGES.iter().find(|(_, _, this)| *this == language).map_or("yaml", |(name, _, _)| name)
}

fn table(changes: &[Change]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="What changes" {
            table.changes {
                thead { tr { th scope="col" { "Where" } th scope="col" { "In force" } th scope="col" { "Then" } } }
                tbody {
                    @for change in changes.iter().take(SHOWN) {
                        tr {
                            th scope="row" { code { (change.place.join(" › ")) } }
                            td { (side(change.before.as_deref(), &|text| html! { del { (text) } })) }
                            td { (side(change.after.as_deref(), &|text| html! { ins { (text) } })) }
                        }
                    }
                }
            }
        }
        @if changes.len() > SHOWN { p.hint { "and " (changes.len() - SHOWN) " more" } }
    }
}

/// One side of a change; what is long is there for whoever opens it.
fn side(text: Option<&str>, marked: &dyn Fn(&str) -> Markup) -> Markup {
    match text {
        None => html! { span.hint { "–" } },
        Some(text) if text.len() <= LONG => marked(text),
        Some(text) => html! {
            details {
                summary { (marked("all of it")) }
                pre tabindex="0" { code { (pretty(text)) } }
            }
        },
    }
}

fn parsed(source: &str) -> Json {
    serde_json::from_str(source).unwrap_or_default()
}

fn pretty(source: &str) -> String {
    serde_json::from_str::<Json>(source).map_or_else(|_| source.to_owned(), |value| format!("{value:#}"))
}
