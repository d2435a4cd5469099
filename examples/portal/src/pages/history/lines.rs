//! The record to take along: all that is meant, from the first on, sent as it is read. Nothing of it is held.

use std::collections::BTreeMap;
use std::io;

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::Value as Json;
use tenure::{Error, Timestamp};
use tenure_past::log::{HEAD, cells};
use tenure_past::row;

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
    let told = Told { portal: portal.clone(), question, form, now: portal.now(), after: None, over: false };
    let body = stream::unfold(Some(told), |told| async move { told?.next().await });
    let (kind, name) = match form {
        Form::Csv => ("text/csv; charset=utf-8", "history.csv"),
        Form::JsonLines => ("application/jsonl; charset=utf-8", "history.jsonl"),
    };
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, disposition)], Body::from_stream(body))
        .into_response()
}

/// How far the record was told. Whoever reads slowly holds this, and no thread.
struct Told {
    portal: Portal,
    question: Question,
    form: Form,
    now: Timestamp,
    /// The last record that was read.
    after: Option<u64>,
    over: bool,
}

impl Told {
    /// The next lines, made on a thread that may wait, and from where it goes on; nothing once all was told.
    async fn next(mut self) -> Option<(io::Result<Bytes>, Option<Self>)> {
        let made = tokio::task::spawn_blocking(move || (self.lines(), self)).await;
        let broken = match made {
            Ok((Ok(lines), told)) => return Some((Ok(lines?), Some(told))),
            Ok((Err(broken), _)) => broken,
            Err(panicked) => io::Error::other(panicked),
        };
        // An answer that breaks off is seen to: it has no end.
        eprintln!("tenure-portal: {broken}");
        Some((Err(broken), None))
    }

    fn lines(&mut self) -> io::Result<Option<Bytes>> {
        let portal = self.portal.clone();
        let mut looked = Looked::new(portal.engine(), self.now);
        let begun = self.after;
        self.after = Some(begun.unwrap_or_default());
        let mut text = match (begun, self.form) {
            (None, Form::Csv) => format!("{}\n", row::csv(HEAD.into_iter().map(str::to_owned))?),
            (None, Form::JsonLines) | (Some(_), _) => String::new(),
        };
        while text.is_empty() && !self.over {
            self.read_on(&mut looked, &mut text)?;
        }
        Ok(Some(text).filter(|text| !text.is_empty()).map(Bytes::from))
    }

    fn read_on(&mut self, looked: &mut Looked<'_>, text: &mut String) -> io::Result<()> {
        let (engine, after) = (self.portal.engine(), self.after.unwrap_or_default());
        let page = match &self.question.grant {
            Some(grant) => engine.history(grant).map_err(broken)?,
            None => engine.records(after, AT_ONCE).map_err(broken)?,
        };
        self.over = page.is_empty() || self.question.grant.is_some();
        self.after = Some(page.last().map_or(after, |last| last.position));
        for record in page.iter().map(|record| json(record)) {
            if looked.wanted(&self.question.wanted, &record).map_err(broken)? {
                text.push_str(&line(&record, self.form, looked)?);
                text.push('\n');
            }
        }
        Ok(())
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
