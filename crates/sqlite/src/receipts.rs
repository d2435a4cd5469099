//! What accepted commands answered.

use std::borrow::Cow;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use tenure_core::id::CommandId;
use tenure_core::view::View;
use tenure_core::world::{Found, Receipt};

use crate::marks::Mark;
use crate::packed::{pack_as, unpack_as};
use crate::trouble::Out;

#[derive(Serialize, Deserialize)]
struct Kept<'a> {
    #[serde(rename = "c")]
    content: Cow<'a, str>,
    #[serde(rename = "v", skip_serializing_if = "Option::is_none", default)]
    view: Option<Cow<'a, View>>,
    #[serde(rename = "m", skip_serializing_if = "<[View]>::is_empty", default)]
    more: Cow<'a, [View]>,
    #[serde(rename = "r", skip_serializing_if = "Option::is_none", default)]
    revoked: Option<Cow<'a, Found>>,
}

pub(crate) fn write(connection: &Connection, ns: i64, command: &CommandId, receipt: &Receipt) -> Out<()> {
    connection
        .prepare_cached("INSERT INTO receipt (digest, body) VALUES (?, ?)")?
        .execute((digest(ns, command), packed(command, receipt)?))?;
    Ok(())
}

/// Puts an answer in the place of what it was before.
pub(crate) fn change(connection: &Connection, ns: i64, command: &CommandId, receipt: &Receipt) -> Out<()> {
    connection
        .prepare_cached("UPDATE receipt SET body = ? WHERE digest = ?")?
        .execute((packed(command, receipt)?, digest(ns, command)))?;
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
        view: receipt.view.as_ref().map(Cow::Borrowed),
        more: Cow::Borrowed(&receipt.more),
        revoked: receipt.revoked.as_ref().map(Cow::Borrowed),
    };
    pack_as(command.as_str(), &kept)
}

pub(crate) fn of(connection: &Connection, ns: i64, command: &CommandId) -> Out<Option<Arc<Receipt>>> {
    let body: Option<Vec<u8>> = connection
        .prepare_cached("SELECT body FROM receipt WHERE digest = ?")?
        .query_row([digest(ns, command)], |row| row.get(0))
        .optional()?;
    let Some(body) = body else { return Ok(None) };
    let kept: Kept<'_> = unpack_as(command.as_str(), &body)?;
    Ok(Some(Arc::new(Receipt {
        content: kept.content.into_owned(),
        view: kept.view.map(Cow::into_owned),
        more: kept.more.into_owned(),
        revoked: kept.revoked.map(Cow::into_owned),
    })))
}
