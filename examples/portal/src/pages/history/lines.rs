//! The record to take along: all that is meant, from the first on, sent as it is read. Nothing of it is held.

use std::collections::BTreeMap;
use std::io;

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::Value as Json;
use tenure::{Engine, Error, Timestamp};
use tenure_past::log::{HEAD, cells, position};
use tenure_past::row;
use tokio::sync::mpsc::{self, Sender};

use super::Question;
use super::seen::{Looked, json};
use crate::failure::Failure;
use crate::portal::Portal;
use crate::session::Who;

/// Records that are read, and lines that are sent, at once.
const AT_ONCE: usize = 500;

#[derive(Clone, Copy)]
enum Form {
    Csv,
    JsonLines,
}

pub(super) async fn csv(
    State(portal): State<Portal>,
    who: Who,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Result<Response, Failure> {
    Ok(sent(&portal, Question::of(&asked, &who)?, Form::Csv))
}

pub(super) async fn jsonl(
    State(portal): State<Portal>,
    who: Who,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Result<Response, Failure> {
    Ok(sent(&portal, Question::of(&asked, &who)?, Form::JsonLines))
}

fn sent(portal: &Portal, question: Question, form: Form) -> Response {
    let (pages, sent) = mpsc::channel(2);
    let asking = portal.clone();
    tokio::task::spawn_blocking(move || {
        let told = tell(asking.engine(), &question, form, asking.now(), &pages);
        // An answer that breaks off is seen to: it has no end.
        if let Err(broken) = told {
            eprintln!("tenure-portal: {broken}");
            let _gone = pages.blocking_send(Err(broken));
        }
    });
    let body = stream::unfold(sent, |mut sent| async move { Some((sent.recv().await?, sent)) });
    let (kind, name) = match form {
        Form::Csv => ("text/csv; charset=utf-8", "history.csv"),
        Form::JsonLines => ("application/jsonl; charset=utf-8", "history.jsonl"),
    };
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, disposition)], Body::from_stream(body))
        .into_response()
}

fn tell(
    engine: &Engine,
    question: &Question,
    form: Form,
    now: Timestamp,
    pages: &Sender<io::Result<Bytes>>,
) -> io::Result<()> {
    let mut looked = Looked::new(engine, now);
    let mut text = match form {
        Form::Csv => format!("{}\n", row::csv(HEAD.into_iter().map(str::to_owned))?),
        Form::JsonLines => String::new(),
    };
    let mut after = 0;
    loop {
        let page = match &question.grant {
            Some(_) if after > 0 => Vec::new(),
            Some(grant) => engine.history(grant).map_err(broken)?,
            None => engine.records(after, AT_ONCE).map_err(broken)?,
        };
        for record in page.iter().map(|record| json(record)) {
            after = position(&record);
            if looked.wanted(&question.wanted, &record).map_err(broken)? {
                text.push_str(&line(&record, form, &mut looked)?);
                text.push('\n');
            }
        }
        // Whoever asked may have gone.
        if !text.is_empty() && pages.blocking_send(Ok(Bytes::from(std::mem::take(&mut text)))).is_err() {
            return Ok(());
        }
        if page.is_empty() {
            return Ok(());
        }
    }
}

/// A record as `tenure log` prints it.
fn line(record: &Json, form: Form, looked: &mut Looked<'_>) -> io::Result<String> {
    match form {
        Form::Csv => row::csv(cells(record, looked).into_iter()),
        Form::JsonLines => Ok(record.to_string()),
    }
}

fn broken(error: Error) -> io::Error {
    io::Error::other(error.to_string())
}
