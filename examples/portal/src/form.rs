//! What a form sent, read as it is: texts by name, some of them several times.

use std::collections::BTreeMap;
use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use tenure::{Span, Timestamp};

use crate::failure::Failure;
use crate::portal::Portal;
use crate::session;

/// The fields of a form, in their order.
#[derive(Clone, Debug, Default)]
pub struct Sent(Vec<(String, String)>);

impl Sent {
    /// Reads the fields of a form.
    #[must_use]
    pub fn read(body: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(body);
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// Bytes of all that was written.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.iter().fold(0, |sum, (name, value)| sum.saturating_add(name.len()).saturating_add(value.len()))
    }

    /// What was written in that field; nothing where it is blank.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.all(name).find(|text| !text.trim().is_empty()).map(str::to_owned)
    }

    /// All that was chosen under that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The fields whose names begin so, by what follows; blank ones are none.
    #[must_use]
    pub fn named(&self, beginning: &str) -> BTreeMap<String, String> {
        let given = self.0.iter().filter(|(_, value)| !value.trim().is_empty());
        given
            .filter_map(|(name, value)| Some((name.strip_prefix(beginning)?.to_owned(), value.clone())))
            .collect()
    }

    /// A span, such as `30m`; nothing where the field is blank.
    ///
    /// # Errors
    /// [`Failure::Malformed`], in the words of the reader.
    pub fn span(&self, name: &str) -> Result<Option<Span>, Failure> {
        self.parsed(name)
    }

    /// An instant; nothing where the field is blank. Without a script browsers send `2026-03-02T09:00`, which is UTC.
    ///
    /// # Errors
    /// [`Failure::Malformed`], in the words of the reader.
    pub fn time(&self, name: &str) -> Result<Option<Timestamp>, Failure> {
        let bare = self.text(name).filter(|text| text.len() == "2026-03-02T09:00".len());
        if let Some(Ok(at)) = bare.map(|text| format!("{text}:00Z").parse()) {
            return Ok(Some(at));
        }
        self.parsed(name)
    }

    fn parsed<T: FromStr<Err: std::fmt::Display>>(&self, name: &str) -> Result<Option<T>, Failure> {
        let parsed = self.text(name).map(|text| text.trim().parse()).transpose();
        parsed.map_err(|bad: T::Err| Failure::Malformed(format!("{name}: {bad}")))
    }

    /// The id of the command that this form is. It was made with the form, so that sending it twice is one command.
    ///
    /// # Errors
    /// [`Failure::Malformed`]: the form has none, so it is none of ours.
    pub fn command(&self) -> Result<String, Failure> {
        self.text(COMMAND)
            .ok_or_else(|| Failure::Malformed("The form lacks the id of its command.".to_owned()))
    }
}

/// The field that carries a command id.
pub const COMMAND: &str = "command";

/// An id for a command that a form is about to be made for.
///
/// # Errors
/// [`Failure::Fault`]: there are no random bytes.
pub fn new_command() -> Result<String, Failure> {
    Ok(format!("web-{}", session::token()?))
}

impl FromRequest<Portal> for Sent {
    type Rejection = Failure;

    async fn from_request(request: Request, portal: &Portal) -> Result<Self, Failure> {
        let body = Bytes::from_request(request, portal).await.map_err(|_| Failure::TooLarge)?;
        Ok(Self::read(&body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_blank_was_not_written() {
        let sent = Sent::read(b"reason=+&span=30m&only=a&only=b%20c&field.ticket=INC-7&field.note=");
        assert_eq!(sent.text("reason"), None);
        assert_eq!(sent.span("span").unwrap(), Some(Span::minutes(30)));
        assert_eq!(sent.all("only").collect::<Vec<_>>(), ["a", "b c"]);
        assert_eq!(sent.named("field."), BTreeMap::from([("ticket".to_owned(), "INC-7".to_owned())]));
        assert!(sent.command().is_err());
        let nine = "2026-03-02T09:00:00Z".parse().unwrap();
        for text in ["start=2026-03-02T09:00", "start=2026-03-02T09:00:00.000Z"] {
            assert_eq!(Sent::read(text.as_bytes()).time("start").unwrap(), Some(nine));
        }
        let bad = Sent::read(b"span=soon").span("span").unwrap_err();
        assert!(matches!(bad, Failure::Malformed(words) if words.contains("`soon` is no span")));
    }
}
