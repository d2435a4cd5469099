//! Notices beyond the portal's own pages: to Slack, as e-mail, and as a signed webhook, where whoever starts it says so.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use clap::Args;
use tenure::tenure_core::person::Record as Facts;
use tenure::{Clock, Handler, Person, PersonId, SystemClock, Taken};
use tenure_connect_notices::http::Http;
use tenure_connect_notices::mail::{Mail, relay_at};
use tenure_connect_notices::webhook::Webhook;
use tenure_connect_notices::{Directory, Everywhere, Words};
use tenure_connect_slack::Slack;
use tenure_connect_slack::signature::SigningSecret;

use crate::events::readers;
use crate::portal::Portal;
use crate::slack;

/// Where notices go, besides to whoever has a page open.
#[derive(Clone, Debug, Default, Args)]
pub struct Elsewhere {
    /// The file with the signing secret of a Slack app, whose interactivity goes to `/slack/interactions`.
    #[arg(long, value_name = "FILE", requires_all = ["slack_token_file", "slack_team"])]
    pub slack_signing_secret_file: Option<PathBuf>,
    /// The file with the bot token of that app.
    #[arg(long, value_name = "FILE", requires = "slack_signing_secret_file")]
    pub slack_token_file: Option<PathBuf>,
    /// The team in which the accounts of the directory are: an account of another team is nobody here.
    #[arg(long, value_name = "TEAM", requires = "slack_signing_secret_file")]
    pub slack_team: Option<String>,
    /// A stand-in for Slack, on this machine.
    #[arg(long, value_name = "URL", requires = "slack_signing_secret_file")]
    pub slack_stand_in: Option<String>,
    /// A relay for e-mail: `smtps://user:password@mail.example.com`, or `smtp://localhost:25` for one on this machine.
    #[arg(long, value_name = "URL", requires = "mail_from")]
    pub smtp: Option<String>,
    /// Whom e-mail is from: `Access <access@example.com>`.
    #[arg(long, value_name = "MAILBOX", requires = "smtp")]
    pub mail_from: Option<String>,
    /// Post notices there, signed as Standard Webhooks says.
    #[arg(long, value_name = "URL", requires = "webhook_secret_file")]
    pub webhook: Option<String>,
    /// The file with the webhook's secret, `whsec_...`; two lines while it is changed.
    #[arg(long, value_name = "FILE", requires = "webhook")]
    pub webhook_secret_file: Option<PathBuf>,
    /// Post to a webhook without TLS: to one on this machine.
    #[arg(long, requires = "webhook")]
    pub webhook_in_the_clear: bool,
}

/// What carries notices on, and the addresses that come with it.
#[derive(Default)]
pub struct Ways {
    /// Who is told besides the pages.
    pub handlers: Vec<Box<dyn Handler>>,
    /// What Slack asks.
    pub routes: Router,
}

/// Bad news for whoever starts the portal.
type Trouble = Box<dyn std::error::Error + Send + Sync>;

impl Elsewhere {
    /// What was asked for. `base` is where people reach the portal: what links in notices begin with.
    ///
    /// # Errors
    /// A file that cannot be read, or that does not hold what it should.
    pub fn ways(&self, portal: &Portal, base: &str) -> Result<Ways, Trouble> {
        let words = words(portal, base);
        let (mut everywhere, mut ways) = (Everywhere::new(), Ways::default());
        if let Some(slack) = self.slack(portal, &words)? {
            let slack = Arc::new(slack);
            let teller = slack.clone();
            everywhere = everywhere.and("slack", move |effect: &Taken| teller.carry_out(effect));
            ways.routes = slack::routes(slack, portal.clone());
        }
        if let (Some(url), Some(from)) = (&self.smtp, &self.mail_from) {
            let relay = relay_at(url).map_err(told)?;
            let people = portal.clone();
            let mail =
                Mail::new(relay, from, words.clone(), move |to| mailboxes(&people, to)).map_err(told)?;
            everywhere = everywhere.and("mail", mail);
        }
        if let (Some(url), Some(file)) = (&self.webhook, &self.webhook_secret_file) {
            everywhere = everywhere.and("webhook", self.webhook(url, file, words)?);
        }
        // One way to all of them: what was told one way is not told again because another failed.
        ways.handlers.push(Box::new(everywhere));
        Ok(ways)
    }

    fn slack(&self, portal: &Portal, words: &Words) -> Result<Option<Slack>, Trouble> {
        let (Some(secret), Some(token), Some(team)) =
            (&self.slack_signing_secret_file, &self.slack_token_file, &self.slack_team)
        else {
            return Ok(None);
        };
        let secret = SigningSecret::new(&read(secret)?);
        let staff = Arc::new(slack::Staff::new(portal.clone(), team));
        let slack = Slack::new(words.clone(), staff, secret, &read(token)?);
        Ok(Some(match &self.slack_stand_in {
            Some(base) => slack.at(base, Http::in_the_clear()),
            None => slack,
        }))
    }

    fn webhook(&self, url: &str, file: &Path, words: Words) -> Result<Webhook, Trouble> {
        let text = read(file)?;
        let mut secrets = text.lines().filter(|line| !line.trim().is_empty()).map(str::parse);
        let first = secrets.next().ok_or_else(|| format!("`{}` holds no secret", file.display()))??;
        let mut webhook = Webhook::new(url, first, words);
        for secret in secrets {
            webhook = webhook.and_secret(secret?);
        }
        Ok(if self.webhook_in_the_clear { webhook.through(Http::in_the_clear()) } else { webhook })
    }
}

fn words(portal: &Portal, base: &str) -> Words {
    let base = base.to_owned();
    Words::new(portal.engine().clone(), Arc::new(Known(portal.clone())))
        .link(move |grant| {
            let grant: String = form_urlencoded::byte_serialize(grant.as_str().as_bytes()).collect();
            // In a path a plus is a plus.
            Some(format!("{base}/grants/{}", grant.replace('+', "%20")))
        })
        .wall(|| SystemClock.now())
}

/// What the portal's directory knows of people.
struct Known(Portal);

impl Directory for Known {
    fn person(&self, id: &PersonId) -> Option<Person> {
        self.0.person(id)
    }

    fn name(&self, id: &PersonId) -> Option<String> {
        Some(self.0.name(id))
    }

    fn context(&self, _: &Person) -> Facts {
        Facts::new()
    }
}

/// The mailboxes of whom a selector or a channel means.
fn mailboxes(portal: &Portal, to: &str) -> Vec<String> {
    let readers = readers(&[to.to_owned()], portal.directory());
    readers.iter().filter_map(|id| portal.directory().person(id)?.email).collect()
}

fn read(file: &Path) -> Result<String, Trouble> {
    std::fs::read_to_string(file).map_err(|error| format!("`{}`: {error}", file.display()).into())
}

fn told(trouble: tenure::Trouble) -> Trouble {
    format!("{trouble:?}").into()
}
