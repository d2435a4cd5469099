//! Notices as e-mail: plain text, one message for each mailbox, its id made from the effect so that one that comes again is
//! known.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::{SmtpTransport, Transport};
use sha2::{Digest, Sha256};
use tenure::tenure_core::effect::Order;
use tenure::{Carried, EffectId, Handler, Taken, Timestamp, Trouble};

use crate::sent::{Sent, told_all};
use crate::words::{Told, Words};

pub use lettre;

/// How long a relay has to answer each time it is spoken to.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who is meant by a selector or a channel: the host's.
type Mailboxes = Box<dyn Fn(&str) -> Vec<String> + Send + Sync>;

/// Sends each notice to the mailboxes of whom it is for.
pub struct Mail {
    relay: SmtpTransport,
    from: Mailbox,
    words: Words,
    mailboxes: Mailboxes,
    sent: Sent,
}

impl Mail {
    /// Through that relay, from that mailbox. `mailboxes` is the host's: who is meant by `user:alice`, `group:sre`,
    /// `role:dba`, `everyone` or `channel:#ops`. Where nobody is, nobody is told.
    ///
    /// # Errors
    /// [`Trouble`] where `from` is no mailbox.
    pub fn new(
        relay: SmtpTransport,
        from: &str,
        words: Words,
        mailboxes: impl Fn(&str) -> Vec<String> + Send + Sync + 'static,
    ) -> Result<Self, Trouble> {
        let from = from.parse()?;
        Ok(Self { relay, from, words, mailboxes: Box::new(mailboxes), sent: Sent::default() })
    }

    /// A message to one mailbox.
    fn message(&self, effect: &EffectId, to: &str, told: &Told, now: Timestamp) -> Result<Message, Trouble> {
        let message = Message::builder()
            .from(self.from.clone())
            .to(to.parse()?)
            .date(system_time(now))
            .message_id(Some(message_id(effect, to, self.from.email.domain())))
            .subject(&told.subject)
            // Nobody's holiday notice answers it (RFC 3834).
            .raw_header(automatic()?)
            .header(ContentType::TEXT_PLAIN);
        Ok(message.body(told.text())?)
    }

    fn send(&self, effect: &EffectId, to: &str, told: &Told, now: Timestamp) -> Result<(), Trouble> {
        if self.sent.has(effect, to) {
            return Ok(());
        }
        let message = self.message(effect, to, told, now)?;
        self.relay.send(&message).map_err(|error| {
            let trouble = Trouble::of(format!("`{to}`: {error}"));
            if error.is_permanent() { trouble.last() } else { trouble }
        })?;
        self.sent.put(effect, to);
        Ok(())
    }
}

impl Handler for Mail {
    fn carry_out(&self, effect: &Taken) -> Result<Carried, Trouble> {
        let told = self.words.tell(effect, self.words.now())?;
        let now = self.words.wall_now();
        let Order::Tell { to, .. } = &effect.order else { return Ok(Carried::out()) };
        let mut mailboxes: Vec<String> = to.iter().flat_map(|to| (self.mailboxes)(to)).collect();
        mailboxes.sort();
        mailboxes.dedup();
        // One that cannot be reached holds up no other.
        let tried = mailboxes.iter().map(|to| self.send(&effect.id, to, &told, now));
        let troubles: Vec<Trouble> = tried.filter_map(Result::err).collect();
        told_all(troubles)
    }
}

/// A relay over TLS from the first byte (465), with the certificate looked at; what else it takes, `lettre` says.
///
/// # Errors
/// [`Trouble`] where TLS cannot be set up.
pub fn relay(host: &str) -> Result<lettre::transport::smtp::SmtpTransportBuilder, Trouble> {
    Ok(SmtpTransport::relay(host)?.timeout(Some(PATIENCE)))
}

/// A relay by its address, as `lettre` reads one: `smtps://user:password@mail.example.com`.
///
/// # Errors
/// [`Trouble`] where it is no such address.
pub fn relay_at(url: &str) -> Result<SmtpTransport, Trouble> {
    Ok(SmtpTransport::from_url(url)?.timeout(Some(PATIENCE)).build())
}

/// A relay without TLS: one on this machine.
#[must_use]
pub fn relay_in_the_clear(host: &str, port: u16) -> SmtpTransport {
    SmtpTransport::builder_dangerous(host).port(port).timeout(Some(PATIENCE)).build()
}

/// The same at every attempt, and another for every mailbox.
fn message_id(effect: &EffectId, to: &str, domain: &str) -> String {
    let digest = Sha256::new().chain_update(effect.to_string()).chain_update([0]).chain_update(to).finalize();
    let mut id = String::from("<");
    for byte in digest.iter().take(16) {
        // Writing to a text cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    id + "@" + domain + ">"
}

fn automatic() -> Result<lettre::message::header::HeaderValue, Trouble> {
    use lettre::message::header::{HeaderName, HeaderValue};
    let name = HeaderName::new_from_ascii("Auto-Submitted".to_owned())?;
    Ok(HeaderValue::new(name, "auto-generated".to_owned()))
}

fn system_time(at: Timestamp) -> SystemTime {
    let since = Duration::from_millis(u64::try_from(at.millis()).unwrap_or(0));
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}
