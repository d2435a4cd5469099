//! Reports: what each flow comes to, as charts with the numbers beside them, and as CSV.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use maud::{Markup, html};
use tenure::tenure_core::grant::Outcome;
use tenure::tenure_core::id::FlowId;
use tenure::{Engine, Error, Span, Timestamp};

use crate::duty::Duty;
use crate::failure::Failure;
use crate::page::{moment, page, words_of};
use crate::portal::Portal;
use crate::reports::chart::{Row, bars};
use crate::reports::{Left, LeftBehind, Reports, Share, Tally, left_behind, sheet};
use crate::session::Who;
use crate::words::Titles;

const HERE: &str = "/reports";

/// What was read of the record so far: each look reads on from there.
#[derive(Clone, Default)]
struct Read(Arc<Mutex<Reports>>);

/// All that the page tells.
struct Come {
    reports: Reports,
    left: LeftBehind,
    titles: Titles,
}

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route(HERE, get(show))
        .route("/reports/flows.csv", get(flows))
        .route("/reports/refusals.csv", get(refusals))
        .layer(Extension(Read::default()))
}

impl Read {
    fn come(&self, engine: &Engine, now: Timestamp) -> Result<Come, Error> {
        let mut reports = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reports.read_on(engine, now)?;
        let reports = reports.clone();
        Ok(Come { reports, left: left_behind(engine, now)?, titles: Titles::of(engine)? })
    }
}

async fn asked(portal: &Portal, who: &Who, read: Read) -> Result<Come, Failure> {
    who.must(Duty::Audit)?;
    portal.ask(move |engine, now| read.come(engine, now)).await
}

async fn show(
    State(portal): State<Portal>,
    Extension(read): Extension<Read>,
    who: Who,
) -> Result<Response, Failure> {
    let come = asked(&portal, &who, read).await?;
    Ok(page(&portal, &who, HERE, "Reports", &view(&come)))
}

async fn flows(
    State(portal): State<Portal>,
    Extension(read): Extension<Read>,
    who: Who,
) -> Result<Response, Failure> {
    let come = asked(&portal, &who, read).await?;
    sheet(sheet::flows(&come.reports, &come.left), "flows.csv")
}

async fn refusals(
    State(portal): State<Portal>,
    Extension(read): Extension<Read>,
    who: Who,
) -> Result<Response, Failure> {
    let come = asked(&portal, &who, read).await?;
    sheet(sheet::refusals(&come.reports), "refusals.csv")
}

fn sheet(made: std::io::Result<String>, name: &str) -> Result<Response, Failure> {
    let made = made.map_err(|error| Failure::Fault(error.to_string()))?;
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, made).into_response())
}

fn view(come: &Come) -> Markup {
    let Come { reports, left, .. } = come;
    html! {
        p.hint { "Summed up over the whole record: " (reports.position()) " entries." }
        p.links {
            a href="/reports/flows.csv" download { "Flows as CSV" }
            a href="/reports/refusals.csv" download { "Refusals as CSV" }
        }
        @if reports.flows().next().is_none() { p.nothing { "Nobody has asked for anything yet." } }
        @else {
            div.charts { (charts(come)) }
            (numbers(come))
            (refused(come))
            @if left.is_empty() {
                p.hint { "Everything that is over was taken away." }
            } @else { (left_over(come)) }
        }
    }
}

/// The parts of a flow's bar, and the number beside it.
type Drawn<'a> = &'a dyn Fn(&Tally) -> (Vec<(u64, &'static str)>, String);

fn charts(come: &Come) -> Markup {
    let rows = |row: Drawn<'_>| {
        let all = come.reports.flows().map(|(flow, tally)| {
            let (parts, told) = row(tally);
            Row { name: come.title(flow).to_owned(), parts, told }
        });
        all.filter(|row| row.parts.iter().any(|(length, _)| *length > 0)).collect::<Vec<_>>()
    };
    let asked = rows(&|tally| {
        let not = ended(tally, &[Outcome::Denied, Outcome::Undecided, Outcome::Withdrawn]);
        (vec![(tally.requests.saturating_sub(not), "first"), (not, "third")], tally.requests.to_string())
    });
    let approval = rows(&|tally| {
        let (median, ninety) = (millis(tally.approval.median()), millis(tally.approval.percentile(90)));
        let told = format!("{} / {}", told(tally.approval.median()), told(tally.approval.percentile(90)));
        (vec![(median, "first"), (ninety.saturating_sub(median), "faint")], told)
    });
    let extended = rows(&|tally| {
        let told = format!("{} of {}", tally.extended, tally.began);
        (vec![(tally.extended_share().map_or(0, Share::per_mille), "second")], told)
    });
    let unused = rows(&|tally| {
        let told = tally.unused().map(|share| share.to_string()).unwrap_or_default();
        (vec![(tally.unused().map_or(0, Share::per_mille), "third")], told)
    });
    html! {
        (bars("Requests", &[("first", "granted or open"), ("third", "denied, undecided or withdrawn")], &asked))
        (bars("Time to approval", &[("first", "half are quicker"), ("faint", "nine of ten are quicker")], &approval))
        (bars("Grants that were extended", &[], &extended))
        (bars("Approved and never taken up", &[], &unused))
    }
}

fn ended(tally: &Tally, outcomes: &[Outcome]) -> u64 {
    outcomes.iter().fold(0, |sum, outcome| sum.saturating_add(tally.ended_as(*outcome)))
}

fn millis(span: Option<Span>) -> u64 {
    span.map_or(0, Span::as_millis)
}

fn told(span: Option<Span>) -> String {
    span.map_or_else(|| "–".to_owned(), words_of)
}

fn share(share: Option<Share>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| share.to_string())
}

fn numbers(come: &Come) -> Markup {
    html! {
        section.card {
            h2 #flows { "Flows" }
            div.scroll tabindex="0" role="region" aria-labelledby="flows" {
                table.many {
                    thead { tr {
                        th scope="col" { "Flow" }
                        @for head in ["Requests", "Emergencies", "Half approved within", "90 % within", "Began", "Extended",
                                      "Extensions", "Each by (half)", "All together", "Never taken up", "Not yet removed"] {
                            th.number scope="col" { (head) }
                        }
                    } }
                    tbody { @for (flow, tally) in come.reports.flows() { (line(come, flow, tally)) } }
                }
            }
        }
    }
}

fn line(come: &Come, flow: &FlowId, tally: &Tally) -> Markup {
    let left = come.left.get(flow).cloned().unwrap_or_default();
    html! {
        tr {
            th scope="row" { a href={ "/history?flow=" (flow) } { (come.title(flow)) } }
            td.number { (tally.requests) }
            td.number { (tally.emergencies) }
            td.number { (told(tally.approval.median())) }
            td.number { (told(tally.approval.percentile(90))) }
            td.number { (tally.began) }
            td.number { (share(tally.extended_share())) }
            td.number { (tally.extensions.count()) }
            td.number { (told(tally.extensions.median())) }
            td.number { (words_of(tally.extensions.sum())) }
            td.number { (share(tally.unused())) }
            td.number { (left.grants) }
        }
    }
}

fn refused(come: &Come) -> Markup {
    let of_flows = come.reports.flows().flat_map(|(flow, tally)| {
        tally.refusals.iter().map(move |(code, times)| (come.title(flow), *code, *times))
    });
    let nowhere = come.reports.nowhere().iter().map(|(code, times)| ("no flow named", *code, *times));
    let mut lines: Vec<_> = of_flows.chain(nowhere).collect();
    lines.sort_by_key(|(_, _, times)| std::cmp::Reverse(*times));
    let rows: Vec<Row> = lines
        .iter()
        .map(|(flow, code, times)| Row {
            name: format!("{code} · {flow}"),
            parts: vec![(*times, "third")],
            told: times.to_string(),
        })
        .take(10)
        .collect();
    html! {
        section.card {
            h2 #refusals { "Refusals" }
            @if lines.is_empty() { p.hint { "Nothing was refused." } }
            @else {
                (bars("Most frequent", &[], &rows))
                div.scroll tabindex="0" role="region" aria-labelledby="refusals" {
                    table {
                        thead { tr { th scope="col" { "Code" } th scope="col" { "Flow" } th.number scope="col" { "Times" } } }
                        tbody {
                            @for (flow, code, times) in &lines {
                                tr { th scope="row" { code { (code) } } td { (flow) } td.number { (times) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn left_over(come: &Come) -> Markup {
    html! {
        section.card {
            h2 #left { "Over, and not yet taken away" }
            div.scroll tabindex="0" role="region" aria-labelledby="left" {
                table {
                    thead { tr {
                        th scope="col" { "Flow" } th.number scope="col" { "Grants" }
                        th.number scope="col" { "Stuck" } th scope="col" { "Since" }
                    } }
                    tbody {
                        @for (flow, Left { grants, stuck, since }) in &come.left {
                            tr {
                                th scope="row" { (come.title(flow)) }
                                td.number { (grants) } td.number { (stuck) }
                                td { @if let Some(since) = since { (moment(*since)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

impl Come {
    fn title<'a>(&'a self, flow: &'a FlowId) -> &'a str {
        self.titles.get(flow)
    }
}
