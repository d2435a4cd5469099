//! Two routes of a portal in Rust: one that is shut to whoever holds no access, and a click that extends it.
//!
//! The engine waits for its store, and a handler of axum must not: every question goes to a thread that may wait. What may
//! be pressed, and why not, is the engine's to say; nothing is decided here.
//!
//! ```sh
//! cargo run -p tenure-rust-portal-snippet -- access.db flows.yaml
//! curl -H 'x-forwarded-user: maria' http://127.0.0.1:8080/orders
//! ```

use std::error::Error as StdError;

use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use tenure::tenure_core::id::SystemName;
use tenure::{
    Actor, BadId, Engine, Error, Extend, Person, Policy, Publish, ResourceId, SqliteStore, Timestamp,
};
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;

fn main() -> Result<(), Box<dyn StdError>> {
    let mut words = std::env::args().skip(1);
    let (Some(store), Some(policy)) = (words.next(), words.next()) else {
        return Err("give the file of the store, and the policy".into());
    };
    let engine = opened(&store, &policy)?;
    tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:8080").await?;
        println!("http://{}/orders", listener.local_addr()?);
        Ok(axum::serve(listener, portal(engine)?).await?)
    })
}

fn opened(store: &str, policy: &str) -> Result<Engine, Box<dyn StdError>> {
    let engine = Engine::new(SqliteStore::open(store)?);
    let policy = Policy::from_path(policy)?;
    let publish = Publish::new(&policy, Actor::System(SystemName::new("portal")?));
    // A restart publishes nothing where the policy is the one in force.
    if engine.policy()?.map(|publication| publication.revision.clone()) != Some(publish.revision()?) {
        engine.publish_with(publish, engine.clock())?;
    }
    Ok(engine)
}

/// What every handler has.
#[derive(Clone)]
struct Portal {
    engine: Engine,
    orders: ResourceId,
}

fn portal(engine: Engine) -> Result<Router, BadId> {
    let orders = ResourceId {
        integration: "prod-pg".parse()?,
        kind: "database".to_owned(),
        name: "prod-orders".to_owned(),
    };
    let routes =
        Router::new().route("/orders", get(orders_page)).route("/grants/{grant}/extend", post(extend));
    Ok(routes.with_state(Portal { engine, orders }))
}

/// Who is signed in. The proxy in front has verified the login and says who it is; the groups are your directory's.
fn signed_in(headers: &HeaderMap) -> Result<Person, Trouble> {
    let name = headers.get("x-forwarded-user").and_then(|name| name.to_str().ok());
    let id = name.and_then(|name| name.parse().ok()).ok_or(Trouble::Nobody)?;
    let mut person = Person::new(id);
    person.groups.insert("sre".to_owned());
    Ok(person)
}

/// Asks on a thread that may wait, at the time of the store's clock.
async fn asked<A: Send + 'static>(
    portal: &Portal,
    ask: impl FnOnce(&Portal, Timestamp) -> Result<A, Error> + Send + 'static,
) -> Result<A, Trouble> {
    let portal = portal.clone();
    let asked = spawn_blocking(move || ask(&portal, portal.engine.clock()));
    asked.await.map_err(|_| Trouble::Broken)?.map_err(Trouble::Said)
}

/// The orders, for whoever may read them now, with the button that extends while there is one.
async fn orders_page(State(portal): State<Portal>, headers: HeaderMap) -> Result<Response, Trouble> {
    let person = signed_in(&headers)?;
    let (verdict, offer) = asked(&portal, move |Portal { engine, orders }, now| {
        let verdict = engine.holds(&person.id, orders, "read", now)?;
        let offer = verdict.grant.as_ref().map(|grant| engine.offer(grant, &person, now)).transpose()?;
        Ok((verdict, offer))
    })
    .await?;
    let (Some(grant), Some(until), Some(offer)) = (verdict.grant, verdict.until, offer) else {
        return Ok((StatusCode::FORBIDDEN, "you hold no access to these orders\n").into_response());
    };
    let button = match (offer.allowed, offer.default, offer.ends_at, offer.refused) {
        (true, Some(span), Some(end), _) => format!(
            "<form method=\"post\" action=\"/grants/{grant}/extend\"><input type=\"hidden\" name=\"if_ends_at\" \
             value=\"{end}\"><button>Extend by {span}</button></form>"
        ),
        // Why not, in the rules' own words.
        (_, _, _, Some(refused)) => format!("<p>{}</p>", refused.message),
        (_, _, _, None) => String::new(),
    };
    Ok(Html(format!("<p>Yours until <time>{until}</time>.</p>{button}\n")).into_response())
}

#[derive(Deserialize)]
struct Click {
    /// The end that was shown beside the button: a second click finds another one, and does nothing.
    if_ends_at: String,
}

async fn extend(
    State(portal): State<Portal>,
    Path(grant): Path<String>,
    headers: HeaderMap,
    Form(click): Form<Click>,
) -> Result<Response, Trouble> {
    let person = signed_in(&headers)?;
    let shown: Timestamp = click.if_ends_at.parse().map_err(|_| Trouble::NoTime)?;
    let extend = Extend::new(grant, &person).if_ends_at(shown);
    asked(&portal, move |portal, now| portal.engine.extend(extend, now)).await?;
    Ok((StatusCode::SEE_OTHER, [("location", "/orders")]).into_response())
}

/// What keeps a page from being shown.
enum Trouble {
    Nobody,
    NoTime,
    Said(Error),
    Broken,
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let (status, words) = match self {
            Self::Nobody => (StatusCode::UNAUTHORIZED, "who are you?".to_owned()),
            Self::NoTime => (StatusCode::BAD_REQUEST, "`if_ends_at` is no time".to_owned()),
            // The rules say no: a code for programs, and words for people.
            Self::Said(Error::Refused(refused)) => {
                (StatusCode::CONFLICT, format!("{}: {}", refused.code, refused.message))
            }
            Self::Said(Error::Invalid(problems)) => (StatusCode::BAD_REQUEST, problems.to_string()),
            // The world failed: the rules said neither yes nor no, and nobody comes in.
            Self::Said(Error::Fault(fault)) => (StatusCode::SERVICE_UNAVAILABLE, fault.to_string()),
            Self::Broken => (StatusCode::INTERNAL_SERVER_ERROR, "this is a bug".to_owned()),
        };
        (status, format!("{words}\n")).into_response()
    }
}

#[cfg(test)]
mod tests;
