//! One entry of the record: what it says, and the proof that it stands there.

use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde_json::{Value as Json, json};
use tenure::tenure_core::record::checkpoint::{SignedCheckpoint, VerifierKey};
use tenure::tenure_core::record::proof::is_included;
use tenure::{Engine, Error, Inclusion, Signer, Timestamp};
use tenure_past::log::{Wanted, words};
use tenure_past::words::actor;

use super::seen::{self, Looked};
use super::{at, named};
use crate::duty::Duty;
use crate::failure::Failure;
use crate::page::{moment, page};
use crate::portal::Portal;
use crate::session::Who;

/// An entry, and all that it takes to check it elsewhere.
struct Proved {
    record: Json,
    inclusion: Inclusion,
    /// Signed: how many entries there are, and the root over them.
    checkpoint: String,
    key: VerifierKey,
}

async fn proved(portal: &Portal, who: &Who, position: u64) -> Result<Proved, Failure> {
    let everybody = who.has(Duty::Audit);
    let own = Wanted { person: Some(who.person.id.to_string()), ..Wanted::default() };
    let asking = portal.clone();
    let found = portal
        .ask(move |engine, now| {
            let before = position.saturating_sub(1);
            let Some(record) = engine.records(before, 1)?.first().map(|record| seen::json(record)) else {
                return Ok(None);
            };
            let there = tenure_past::log::position(&record) == position;
            if !there || !(everybody || Looked::new(engine, now).wanted(&own, &record)?) {
                return Ok(None);
            }
            prove(engine, asking.log(), record, position, now).map(Some)
        })
        .await?;
    found.ok_or(Failure::Nowhere)
}

fn prove(
    engine: &Engine,
    log: &dyn Signer,
    record: Json,
    position: u64,
    now: Timestamp,
) -> Result<Proved, Error> {
    let (checkpoint, key) = (engine.checkpoint(log, now)?, engine.verifier_key(log)?);
    // The record grows meanwhile: the proof is against the very tree that was signed.
    let size = SignedCheckpoint::parse(&checkpoint).ok().map(|signed| signed.checkpoint.size);
    Ok(Proved { record, inclusion: engine.inclusion(position, size)?, checkpoint, key })
}

impl Proved {
    fn holds(&self) -> bool {
        let Inclusion { position, size, root, hash, proof, .. } = &self.inclusion;
        is_included(*hash, *position, *size, *root, proof)
    }

    /// The file that is handed out.
    fn file(&self) -> Json {
        json!({"checkpoint": self.checkpoint, "key": self.key.to_string(), "inclusion": self.inclusion})
    }
}

pub(super) async fn show(
    State(portal): State<Portal>,
    who: Who,
    Path(position): Path<u64>,
) -> Result<Response, Failure> {
    let proved = proved(&portal, &who, position).await?;
    let title = format!("Entry {position}");
    Ok(page(&portal, &who, super::HERE, &title, &view(&portal, &proved)))
}

pub(super) async fn proof(
    State(portal): State<Portal>,
    who: Who,
    Path(position): Path<u64>,
) -> Result<Response, Failure> {
    let proved = proved(&portal, &who, position).await?;
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"entry-{position}-proof.json\"")),
    ];
    Ok((headers, format!("{:#}\n", proved.file())).into_response())
}

fn view(portal: &Portal, proved: &Proved) -> Markup {
    let Proved { record, inclusion, checkpoint, key } = proved;
    html! {
        section.card {
            p.said { (words(record)) }
            p.hint {
                (named(portal, &actor(record)))
                @if let Some(at) = at(record) { ", " (moment(at)) }
            }
            details open { summary { "The whole entry" } pre tabindex="0" { code { (format!("{record:#}")) } } }
        }
        section.card {
            header {
                h2 { "It stands where it was written" }
                @if proved.holds() { span.chip.good { "the proof holds" } } @else { span.chip.bad { "the proof does not hold" } }
            }
            p {
                "Entry " (inclusion.position) " of " (inclusion.size)
                ". Whoever has this file and a checkpoint that was kept elsewhere can tell that the entry was neither changed nor moved."
            }
            p.links { a href={ "/history/" (inclusion.position) "/proof.json" } download { "Download the proof" } }
            details open { summary { "Checkpoint, signed" } pre tabindex="0" { code { (checkpoint) } } }
            details { summary { "Key to check it with" } pre tabindex="0" { code { (key) } } }
            details {
                summary { "Bytes of the entry, their hash, and the " (inclusion.proof.len()) " hashes that lead to the root" }
                p.hint { "What people wrote stands here as a salted hash, so that it can be erased." }
                pre tabindex="0" { code { (inclusion.leaf) } }
                ol.hashes {
                    li { code { (inclusion.hash) } " the entry" }
                    @for hash in &inclusion.proof { li { code { (hash) } } }
                    li { code { (inclusion.root) } " the root" }
                }
            }
        }
    }
}
