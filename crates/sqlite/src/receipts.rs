//! What accepted commands answered.
//!
//! Mostly that is the grant as it then stood, and the record says how it then stood: kept is up to where, and what an
//! answer says that no record does. An answer that does not follow from the record is kept as it is.

use std::borrow::Cow;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use tenure_core::grant::Grant;
use tenure_core::id::{CommandId, GrantId, Namespace};
use tenure_core::record::written::ERASED;
use tenure_core::view::View;
use tenure_core::world::{Found, Receipt};

use crate::compact;
use crate::marks::Mark;
use crate::packed::{pack, unpack};
use crate::trouble::Out;

#[derive(Serialize, Deserialize)]
struct Kept<'a> {
    #[serde(rename = "c")]
    content: Cow<'a, str>,
    #[serde(rename = "g", skip_serializing_if = "Option::is_none", default)]
    stood: Option<Stood>,
    #[serde(rename = "v", skip_serializing_if = "Option::is_none", default)]
    view: Option<Cow<'a, View>>,
    #[serde(rename = "m", skip_serializing_if = "<[View]>::is_empty", default)]
    more: Cow<'a, [View]>,
    #[serde(rename = "r", skip_serializing_if = "Option::is_none", default)]
    revoked: Option<Cow<'a, Found>>,
}

/// How the grant stood that a command was about.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Stood(
    /// Its key.
    i64,
    /// After the record at that position.
    u64,
    /// How many extensions were left: that is of the policy of the day.
    u32,
);

/// A grant that was just written, by its key, and the last position of the record then.
pub(crate) type Standing<'g> = (i64, &'g Grant, u64);

/// Keeps an answer.
pub(crate) fn write(
    connection: &Connection,
    ns: i64,
    command: &CommandId,
    receipt: &Receipt,
    standing: Option<Standing<'_>>,
) -> Out<()> {
    let stood = standing.and_then(|standing| stood(receipt, standing));
    let body = match stood {
        None => packed(command, receipt)?,
        Some(stood) => pack(&only(&receipt.content, stood), &[command.as_str()])?,
    };
    connection
        .prepare_cached("INSERT INTO receipt (digest, body) VALUES (?, ?)")?
        .execute((digest(ns, command), body))?;
    Ok(())
}

/// How the grant stood, where that is all that the answer says.
fn stood(receipt: &Receipt, (key, grant, position): Standing<'_>) -> Option<Stood> {
    let Receipt { content: _, view, more, revoked } = receipt;
    let left = view.as_ref().filter(|_| more.is_empty() && revoked.is_none())?.extensions.left;
    (view.as_ref() == Some(&viewed(grant, left))).then_some(Stood(key, position, left))
}

fn viewed(grant: &Grant, left: u32) -> View {
    let mut view = View::of(grant, 0);
    view.extensions.left = left;
    view
}

fn only(content: &str, stood: Stood) -> Kept<'_> {
    let (content, more) = (Cow::Borrowed(content), Cow::default());
    Kept { content, stood: Some(stood), view: None, more, revoked: None }
}

/// Takes out of an answer what people wrote of that grant.
pub(crate) fn erase(
    connection: &Connection,
    ns: (i64, &Namespace),
    command: &CommandId,
    grant: &GrantId,
) -> Out<()> {
    let Some(kept) = kept(connection, ns.0, command)? else { return Ok(()) };
    let body = match kept.stood {
        // The record says no more than is left of it.
        Some(stood) => pack(&only(ERASED, stood), &[command.as_str()])?,
        None => packed(command, &receipt(connection, ns, kept)?.erased(grant))?,
    };
    connection
        .prepare_cached("UPDATE receipt SET body = ? WHERE digest = ?")?
        .execute((body, digest(ns.0, command)))?;
    Ok(())
}

/// What a command's answer is found by. Two commands of one digest are not to be expected in the life of any store; the
/// later one would meet an answer whose checksum is not its own, which is a fault and never the other's answer.
fn digest(ns: i64, command: &CommandId) -> i64 {
    Mark::default().number(Some(ns)).text(command.as_str()).stored()
}

fn packed(command: &CommandId, receipt: &Receipt) -> Out<Vec<u8>> {
    let kept = Kept {
        content: Cow::Borrowed(&receipt.content),
        stood: None,
        view: receipt.view.as_ref().map(Cow::Borrowed),
        more: Cow::Borrowed(&receipt.more),
        revoked: receipt.revoked.as_ref().map(Cow::Borrowed),
    };
    pack(&kept, &[command.as_str()])
}

pub(crate) fn of(
    connection: &Connection,
    ns: (i64, &Namespace),
    command: &CommandId,
) -> Out<Option<Arc<Receipt>>> {
    let kept = kept(connection, ns.0, command)?;
    kept.map(|kept| Ok(Arc::new(receipt(connection, ns, kept)?))).transpose()
}

fn kept(connection: &Connection, ns: i64, command: &CommandId) -> Out<Option<Kept<'static>>> {
    let body: Option<Vec<u8>> = connection
        .prepare_cached("SELECT body FROM receipt WHERE digest = ?")?
        .query_row([digest(ns, command)], |row| row.get(0))
        .optional()?;
    body.map(|body| unpack(&body, &[command.as_str()])).transpose()
}

fn receipt(connection: &Connection, ns: (i64, &Namespace), kept: Kept<'_>) -> Out<Receipt> {
    let view = match kept.stood {
        None => kept.view.map(Cow::into_owned),
        Some(Stood(grant, position, left)) => {
            let grant = compact::replayed(connection, ns, grant, position.saturating_add(1))?;
            Some(viewed(&grant, left))
        }
    };
    Ok(Receipt {
        content: kept.content.into_owned(),
        view,
        more: kept.more.into_owned(),
        revoked: kept.revoked.map(Cow::into_owned),
    })
}
