//! What Slack signs: that it was Slack who sent this, and lately.
//!
//! ```
//! use tenure_connect_slack::signature::{Incoming, SigningSecret};
//!
//! let secret = SigningSecret::new("8f742231b10e8888abcd99yyyzzz85a5");
//! let body = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar\
//! &user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2F\
//! T1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
//! let incoming = Incoming {
//!     timestamp: "1531420618",
//!     signature: "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
//!     body,
//!     at: "2018-07-12T18:36:58Z".parse()?,
//! };
//! assert!(secret.verify(&incoming).is_ok());
//! # Ok::<(), tenure::tenure_core::time::BadTime>(())
//! ```

use std::fmt;

use ring::hmac;
use tenure::{Span, Timestamp};

/// How old a request may be, or how far ahead: Slack's own number.
const AGE_MAX: Span = Span::minutes(5);
/// Bytes of a request: a form with all it may hold, and no more.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// Digits of a time in seconds: enough for any, too few to overflow.
const DIGITS_MAX: usize = 12;

/// A request as it came in, of which nothing was looked at.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// `X-Slack-Request-Timestamp`; empty where it is missing.
    pub timestamp: &'a str,
    /// `X-Slack-Signature`; empty where it is missing.
    pub signature: &'a str,
    /// The body, byte by byte as it came.
    pub body: &'a [u8],
    /// When it came in, by a clock that agrees with Slack's: the machine's, whatever time the engine is handed.
    pub at: Timestamp,
}

/// What Slack and the app share, to sign requests with.
#[derive(Clone)]
pub struct SigningSecret(hmac::Key);

/// Why a request is not listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unheard {
    /// It is too large.
    TooLarge,
    /// It does not say when it was sent.
    NoTime,
    /// It was sent too long ago, or is yet to be sent.
    NotNow,
    /// It is not signed, or not with this secret, or was changed since.
    NotSigned,
}

impl SigningSecret {
    /// The secret as the app's page shows it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, text.trim().as_bytes()))
    }

    /// Whether Slack sent this, at most five minutes before it came in. Nothing of the body is read for that, and signatures
    /// are compared in a time that tells nothing of them.
    ///
    /// # Errors
    /// [`Unheard`].
    pub fn verify(&self, incoming: &Incoming<'_>) -> Result<(), Unheard> {
        let Incoming { timestamp, signature, body, at } = *incoming;
        if body.len() > BODY_BYTES_MAX {
            return Err(Unheard::TooLarge);
        }
        let sent = time(timestamp).ok_or(Unheard::NoTime)?;
        if at.since(sent).max(sent.since(at)) > AGE_MAX {
            return Err(Unheard::NotNow);
        }
        let digits = signature.strip_prefix("v0=").ok_or(Unheard::NotSigned)?;
        let tag = hex::decode(digits).map_err(|_| Unheard::NotSigned)?;
        let signed = [b"v0:", timestamp.as_bytes(), b":", body].concat();
        hmac::verify(&self.0, &signed, &tag).map_err(|_| Unheard::NotSigned)
    }

    /// The signature of a body: what a stand-in for Slack sends.
    #[must_use]
    pub fn sign(&self, timestamp: &str, body: &[u8]) -> String {
        let signed = [b"v0:", timestamp.as_bytes(), b":", body].concat();
        format!("v0={}", hex::encode(hmac::sign(&self.0, &signed)))
    }
}

fn time(text: &str) -> Option<Timestamp> {
    let digits =
        !text.is_empty() && text.len() <= DIGITS_MAX && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds: i64 = text.parse().ok().filter(|_| digits)?;
    Some(Timestamp::from_millis(seconds.saturating_mul(1_000)))
}

impl Unheard {
    /// The status with which it is answered.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::TooLarge => 413,
            Self::NoTime | Self::NotNow | Self::NotSigned => 401,
        }
    }
}

impl fmt::Display for Unheard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the request is too large",
            Self::NoTime => "the request does not say when it was sent",
            Self::NotNow => "the request was not sent within five minutes of now",
            Self::NotSigned => "the request is not signed by Slack",
        })
    }
}

impl std::error::Error for Unheard {}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: &str = "1531420618";

    fn sent() -> Timestamp {
        Timestamp::from_millis(1_531_420_618_000)
    }

    fn judged(timestamp: &str, signature: &str, body: &[u8], now: Timestamp) -> Result<(), Unheard> {
        SigningSecret::new("8f742231b10e8888abcd99yyyzzz85a5").verify(&Incoming {
            timestamp,
            signature,
            body,
            at: now,
        })
    }

    fn signed(timestamp: &str, body: &[u8]) -> String {
        SigningSecret::new("8f742231b10e8888abcd99yyyzzz85a5").sign(timestamp, body)
    }

    #[test]
    fn five_minutes_to_either_side_pass_and_a_millisecond_more_does_not() {
        let (signature, body) = (signed(SENT, b"a"), b"a");
        let at = |now| judged(SENT, &signature, body, now);
        assert_eq!(at(sent().plus(AGE_MAX)), Ok(()));
        assert_eq!(at(sent().minus(AGE_MAX)), Ok(()));
        assert_eq!(at(sent().plus(AGE_MAX).plus(Span::millis(1))), Err(Unheard::NotNow));
        assert_eq!(at(sent().minus(AGE_MAX).minus(Span::millis(1))), Err(Unheard::NotNow));
    }

    #[test]
    fn what_was_changed_is_not_heard() {
        let good = signed(SENT, b"payload=1");
        assert_eq!(judged(SENT, &good, b"payload=1", sent()), Ok(()));
        assert_eq!(judged(SENT, &good, b"payload=2", sent()), Err(Unheard::NotSigned));
        assert_eq!(judged("1531420619", &good, b"payload=1", sent()), Err(Unheard::NotSigned));
        let other = SigningSecret::new("another").sign(SENT, b"payload=1");
        assert_eq!(judged(SENT, &other, b"payload=1", sent()), Err(Unheard::NotSigned));
        let changed = good.replace(char::from(good.as_bytes()[10]), "x");
        for bad in
            ["", "v0=", "v0=00", &changed, &good[3..], &good.replace("v0=", "v1="), &good[..good.len() - 2]]
        {
            assert_eq!(judged(SENT, bad, b"payload=1", sent()), Err(Unheard::NotSigned), "{bad}");
        }
    }

    #[test]
    fn a_time_is_digits_and_no_other_number() {
        for bad in
            ["", "-1531420618", "+1531420618", "1531420618.0", " 1531420618", "1e9", "99999999999999999999"]
        {
            let signature = signed(bad, b"a");
            assert_eq!(judged(bad, &signature, b"a", sent()), Err(Unheard::NoTime), "{bad}");
        }
    }

    #[test]
    fn what_is_too_large_is_not_even_signed_for() {
        let body = vec![b'a'; BODY_BYTES_MAX + 1];
        assert_eq!(judged(SENT, &signed(SENT, &body), &body, sent()), Err(Unheard::TooLarge));
        let body = &body[1..];
        assert_eq!(judged(SENT, &signed(SENT, body), body, sent()), Ok(()));
    }
}
