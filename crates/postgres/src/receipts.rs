//! What accepted commands answered.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tenure_core::view::View;
use tenure_core::world::{Found, Receipt};

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

/// A receipt as text.
pub(crate) fn write(receipt: &Receipt) -> Out<String> {
    Ok(serde_json::to_string(&Kept {
        content: Cow::Borrowed(&receipt.content),
        view: receipt.view.as_ref().map(Cow::Borrowed),
        more: Cow::Borrowed(&receipt.more),
        revoked: receipt.revoked.as_ref().map(Cow::Borrowed),
    })?)
}

/// The receipt that a text says.
pub(crate) fn read(text: &str) -> Out<Receipt> {
    let kept: Kept<'_> = serde_json::from_str(text)?;
    Ok(Receipt {
        content: kept.content.into_owned(),
        view: kept.view.map(Cow::into_owned),
        more: kept.more.into_owned(),
        revoked: kept.revoked.map(Cow::into_owned),
    })
}
