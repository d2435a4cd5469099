//! Slack: the address that it calls, and who is who there.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{CONTENT_TYPE, HeaderMap};
use axum::http::{HeaderName, StatusCode};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tenure::tenure_core::flow::Flow;
use tenure::{Asked, Clock, Person, Resource, SystemClock};
use tenure_connect_slack::signature::{BODY_BYTES_MAX, Incoming};
use tenure_connect_slack::{Account, Heard, People, Place, Slack};

use crate::events::readers;
use crate::guard;
use crate::portal::Portal;

const TIMESTAMP: HeaderName = HeaderName::from_static("x-slack-request-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("x-slack-signature");

/// What Slack calls. There is no session and no token of ours in what it sends: it is signed, and that is looked at before
/// anything else.
pub fn routes(slack: Arc<Slack>, portal: Portal) -> Router {
    Router::new()
        .route("/slack/interactions", post(interaction))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn(guard::headers))
        .with_state((slack, portal))
}

async fn interaction(
    State((slack, portal)): State<(Arc<Slack>, Portal)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text = |name: &HeaderName| {
        headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let (timestamp, signature, at) = (text(&TIMESTAMP), text(&SIGNATURE), SystemClock.now());
    let ear = slack.clone();
    let heard = tokio::task::spawn_blocking(move || {
        let incoming = Incoming { timestamp: &timestamp, signature: &signature, body: &body, at };
        ear.hear(&incoming, portal.now())
    });
    let Ok(heard) = heard.await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    if let Some(fault) = &heard.fault {
        eprintln!("tenure-portal: what Slack asked failed: {fault}");
    }
    let answer = answer(&heard);
    // Slack waits for the answer, and does nothing else meanwhile: its methods are called after that.
    tokio::task::spawn_blocking(move || {
        if let Err(trouble) = slack.finish(&heard) {
            eprintln!("tenure-portal: Slack was not told: {trouble:?}");
        }
    });
    answer
}

fn answer(heard: &Heard) -> Response {
    let status = StatusCode::from_u16(heard.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match &heard.body {
        Some(body) => (status, [(CONTENT_TYPE, "application/json")], body.clone()).into_response(),
        None => status.into_response(),
    }
}

/// Who is who in Slack: the accounts of the directory, all of one team.
pub struct Staff {
    portal: Portal,
    team: String,
}

impl Staff {
    /// The accounts of that team.
    #[must_use]
    pub fn new(portal: Portal, team: &str) -> Self {
        Self { portal, team: team.to_owned() }
    }
}

impl People for Staff {
    fn member(&self, account: &Account<'_>) -> Option<Person> {
        let mut people = self.portal.directory().people().into_iter();
        let owns = |accounts: &std::collections::BTreeMap<String, String>| {
            account.team == self.team && accounts.get("slack").is_some_and(|user| user == account.user)
        };
        people.find(|listed| owns(&listed.accounts)).map(|listed| listed.person)
    }

    fn places(&self, to: &str) -> Vec<Place> {
        if let Some(channel) = to.strip_prefix("channel:") {
            return vec![Place::Channel(channel.to_owned())];
        }
        let directory = self.portal.directory();
        let readers = readers(&[to.to_owned()], directory);
        let accounts = readers.iter().filter_map(|id| directory.person(id)?.accounts.remove("slack"));
        accounts.map(Place::Member).collect()
    }

    fn items(&self, flow: &Flow, _: &Person) -> Vec<Asked> {
        let known = self.portal.directory().resources();
        let asked = known.iter().flat_map(|known| {
            let offers = |permission: &&String| {
                flow.what.iter().any(|target| target.offers(&known.resource, permission))
            };
            known.permissions.iter().filter(offers).map(|permission| known.resource.permission(permission))
        });
        asked.collect()
    }

    fn resources(&self, _: &Flow) -> Vec<Resource> {
        self.portal.directory().resources().into_iter().map(|known| known.resource).collect()
    }
}
