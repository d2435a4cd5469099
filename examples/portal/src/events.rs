//! Notices, sent to whoever has a page open: server-sent events.
//!
//! What is sent says only that something happened, and to which grant. The words, and the button beside them, are
//! asked for by the page that hears it, so that they are of its reader and of that moment.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;
use tenure::tenure_core::effect::{Notice as About, Order};
use tenure::tenure_core::flow::selector::Selector;
use tenure::{Clock, GrantId, PersonId, SystemClock, Taken, Timestamp};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{self, Receiver, Sender};

use crate::failure::Failure;
use crate::people::Directory;
use crate::portal::Portal;
use crate::session::{Visit, Who};

/// Notices that are kept for pages whose connection broke, and that a slow page may lag behind.
const KEPT: usize = 1_024;
/// How often an idle stream says that it lives.
const ALIVE_EVERY: Duration = Duration::from_secs(15);
/// Streams that may be open at a time.
const STREAMS_MAX: usize = 4_096;

/// Who is listening, and what they were told last.
#[derive(Debug)]
pub struct Hub {
    told: Mutex<VecDeque<Arc<Heard>>>,
    sender: Sender<Call>,
    /// This run of the program: numbers of another run mean nothing here.
    run: i64,
}

/// What goes through the hub.
#[derive(Clone, Debug)]
enum Call {
    Heard(Arc<Heard>),
    /// The portal stops: streams end.
    Over,
}

/// A notice, and who hears it.
#[derive(Debug)]
struct Heard {
    number: u64,
    to: Vec<PersonId>,
    notice: Notice,
}

/// A notice, as pages hear it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// The effect that it is, the same at every attempt.
    pub effect: String,
    /// What about: `ending_soon`.
    pub kind: About,
    /// Which grant.
    pub grant: GrantId,
    /// The end that it speaks of.
    pub ends: Option<Timestamp>,
}

impl Default for Hub {
    fn default() -> Self {
        let (sender, _) = broadcast::channel(KEPT);
        Self { told: Mutex::default(), sender, run: SystemClock.now().millis() }
    }
}

impl Hub {
    /// Tells whoever it concerns and has a page open. One that was told already is not told again.
    pub fn deliver(&self, effect: &Taken, directory: &dyn Directory) {
        let Order::Tell { notice, to, ends } = &effect.order else { return };
        let notice =
            Notice { effect: effect.id.to_string(), kind: *notice, grant: effect.grant.clone(), ends: *ends };
        let mut told = self.lock();
        if told.iter().any(|heard| heard.notice.effect == notice.effect) {
            return;
        }
        let number = told.back().map_or(1, |last| last.number.saturating_add(1));
        let heard = Arc::new(Heard { number, to: readers(to, directory), notice });
        told.push_back(heard.clone());
        if told.len() > KEPT {
            told.pop_front();
        }
        // Nobody may be listening.
        let _listeners = self.sender.send(Call::Heard(heard));
    }

    /// The notice of that id, as long as it is kept, for somebody whom it went to.
    #[must_use]
    pub fn find(&self, id: &str, who: &PersonId) -> Option<Notice> {
        let number: u64 = id.strip_prefix(&format!("{}-", self.run))?.parse().ok()?;
        let told = self.lock();
        let heard = told.iter().find(|heard| heard.number == number && heard.to.contains(who))?;
        Some(heard.notice.clone())
    }

    /// The last notice that anybody was told: a page knows what came before it.
    #[must_use]
    pub fn latest(&self) -> String {
        format!("{}-{}", self.run, self.lock().back().map_or(0, |heard| heard.number))
    }

    /// Ends all streams.
    pub fn close(&self) {
        let _listeners = self.sender.send(Call::Over);
    }

    /// What this person missed since that id, and what comes from now on, with nothing in between.
    fn listen(&self, who: &PersonId, last: Option<&str>) -> (Vec<Arc<Heard>>, Receiver<Call>) {
        let told = self.lock();
        let receiver = self.sender.subscribe();
        let last = last.and_then(|id| id.strip_prefix(&format!("{}-", self.run))?.parse::<u64>().ok());
        let since =
            |heard: &&Arc<Heard>| last.is_some_and(|last| last < heard.number) && heard.to.contains(who);
        (told.iter().filter(since).cloned().collect(), receiver)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Heard>>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who is meant by selectors and channels, of those who are in the directory.
#[must_use]
pub fn readers(to: &[String], directory: &dyn Directory) -> Vec<PersonId> {
    let selectors: Vec<Selector> = to.iter().filter_map(|text| text.parse().ok()).collect();
    let people = directory.people().into_iter().filter(|listed| {
        let named = selectors.iter().any(|selector| selector.includes(&listed.person));
        named || listed.channels.iter().any(|channel| to.contains(channel))
    });
    people.map(|listed| listed.person.id).collect()
}

/// What a stream still has to send, and where it listens.
struct Ear {
    portal: Portal,
    visit: Visit,
    who: PersonId,
    waiting: VecDeque<Event>,
    receiver: Receiver<Call>,
}

/// The stream of one page. It begins with the server's time, so that a page that was away learns that it was.
///
/// # Errors
/// [`Failure::Barred`]: too many are open.
pub async fn stream(
    State(portal): State<Portal>,
    who: Who,
    Query(since): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let hub = portal.hub();
    if hub.sender.receiver_count() >= STREAMS_MAX {
        return Err(Failure::Barred("Too many pages listen already."));
    }
    // A connection that broke knows better than the page that it was opened for.
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let last = last.or_else(|| since.get("since").map(String::as_str));
    let (missed, receiver) = hub.listen(&who.person.id, last);
    let hello =
        format!(r#"{{"run":{},"now":{},"speed":{}}}"#, hub.run, portal.now().millis(), portal.speed());
    let mut waiting =
        VecDeque::from([Event::default().event("hello").retry(Duration::from_secs(1)).data(hello)]);
    waiting.extend(missed.iter().filter_map(|heard| event(hub.run, heard)));
    let (visit, who) = (who.visit, who.person.id);
    let ear = Ear { portal: portal.clone(), visit, who, waiting, receiver };
    let events =
        stream::unfold(ear, |mut ear| async move { Some((Ok::<_, Infallible>(ear.next().await?), ear)) });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE_EVERY)).into_response())
}

impl Ear {
    /// The next event for this person; none once their session or the portal is over.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            let call = self.receiver.recv().await;
            if !self.portal.sessions().is_of(&self.visit, &self.who) {
                return None;
            }
            match call {
                Ok(Call::Heard(heard)) if heard.to.contains(&self.who) => {
                    self.waiting.extend(event(self.portal.hub().run, &heard));
                }
                Ok(Call::Heard(_)) => {}
                // The browser comes back, says what it heard last, and is told what it missed.
                Ok(Call::Over) | Err(RecvError::Lagged(_) | RecvError::Closed) => return None,
            }
        }
    }
}

fn event(run: i64, heard: &Heard) -> Option<Event> {
    let data = serde_json::to_string(&heard.notice).ok()?;
    Some(Event::default().event("notice").id(format!("{run}-{}", heard.number)).data(data))
}
