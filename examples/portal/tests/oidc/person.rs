//! The portal behind its real port, and a person's browser before it: cookies, redirects, forms.

use std::sync::Arc;

use tenure::{Authenticated, Clock, Engine, LogKey, MemoryStore, SystemClock};
use tenure_portal::clock::RunningClock;
use tenure_portal::people::Book;
use tenure_portal::session::Sessions;
use tenure_portal::sign_in::oidc::{Oidc, Settings};
use tenure_portal::{Parts, Portal, demo, router};
use ureq::Agent;

use crate::issuer::{CLIENT, Issuer, SECRET};

/// The demo, signed in to with an issuer.
pub(crate) struct House {
    pub(crate) portal: Portal,
    pub(crate) issuer: Issuer,
    at: String,
}

impl House {
    pub(crate) async fn open(issuer: Issuer) -> Self {
        let named = issuer.at();
        Self::with(issuer, named).await
    }

    /// The same, where the portal was told another name of the issuer.
    pub(crate) async fn with(issuer: Issuer, named: String) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        let now = SystemClock.now();
        let clock = Arc::new(RunningClock::since(now, 1));
        let engine = Engine::new(MemoryStore::with_clock(clock.clone()));
        demo::tell(&engine, &clock, now, 1).unwrap();
        let settings = Settings {
            issuer: named,
            client: CLIENT.to_owned(),
            secret: Some(SECRET.to_owned()),
            callback: format!("{at}/sign-in/callback"),
            levels: Settings::own_levels(),
        };
        let portal = Portal::new(Parts {
            engine,
            speed: 1,
            directory: Arc::new(Book::from_json(demo::PEOPLE).unwrap()),
            sign_in: Arc::new(Oidc::new(settings)),
            sessions: Sessions::open(None, false).unwrap(),
            log: Arc::new(LogKey::new("test", &[7; 32])),
            site: None,
        });
        let router = router(portal.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { portal, issuer, at }
    }

    pub(crate) fn person(&self) -> Person {
        let config = Agent::config_builder().max_redirects(0).http_status_as_error(false).build();
        Person { agent: Agent::new_with_config(config), at: self.at.clone(), cookie: None }
    }

    /// Whether somebody new is let in.
    pub(crate) async fn signs_in(&self) -> bool {
        let mut person = self.person();
        person.sign_in("/access").await;
        person.is("Maria Lindqvist").await
    }

    /// How the person behind a cookie proved who they are.
    pub(crate) fn authenticated(&self, person: &Person) -> Authenticated {
        let headers = axum::http::HeaderMap::from_iter([(
            axum::http::header::COOKIE,
            person.cookie.clone().unwrap().parse().unwrap(),
        )]);
        self.portal.sessions().signed_in(&headers).unwrap().authenticated
    }
}

/// Somebody at a browser.
pub(crate) struct Person {
    agent: Agent,
    at: String,
    cookie: Option<String>,
}

/// What came.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: ureq::http::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> String {
        self.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }
}

impl Person {
    /// Opens an address, of the portal where it is no whole one.
    pub(crate) async fn get(&mut self, address: &str) -> Answer {
        self.ask(address, None, "text/html").await
    }

    async fn ask(&mut self, address: &str, form: Option<Vec<(String, String)>>, accept: &str) -> Answer {
        let to =
            if address.starts_with("http") { address.to_owned() } else { format!("{}{address}", self.at) };
        let here = to.starts_with(&self.at);
        let cookie = self.cookie.clone().filter(|_| here).unwrap_or_default();
        let (agent, accept) = (self.agent.clone(), accept.to_owned());
        let answer = tokio::task::spawn_blocking(move || {
            let answered = match form {
                None => agent.get(&to).header("cookie", cookie).header("accept", accept).call(),
                Some(form) => {
                    agent.post(&to).header("cookie", cookie).header("accept", accept).send_form(form)
                }
            };
            let mut answer = answered.unwrap();
            let text = answer.body_mut().read_to_string().unwrap();
            Answer { status: answer.status().as_u16(), headers: answer.headers().clone(), text }
        });
        let answer = answer.await.unwrap();
        let set = answer.header("set-cookie");
        if here && !set.is_empty() {
            self.cookie = set.split(';').next().map(str::to_owned);
        }
        answer
    }

    /// Goes where it leads, to the issuer and back, and says on which page of the portal that ends.
    pub(crate) async fn follow(&mut self, address: &str) -> String {
        let mut address = address.to_owned();
        for _ in 0..6 {
            let answer = self.get(&address).await;
            if answer.status != 303 {
                break;
            }
            address = answer.header("location");
        }
        address.strip_prefix(&self.at).unwrap_or(&address).to_owned()
    }

    pub(crate) async fn sign_in(&mut self, then: &str) -> String {
        let then: String = form_urlencoded::byte_serialize(then.as_bytes()).collect();
        let start = self.get(&format!("/sign-in?then={then}")).await;
        let back = self.get(&start.header("location")).await.header("location");
        self.get(&back).await.header("location")
    }

    /// To the issuer, and the address with which it sends back.
    pub(crate) async fn as_far_as_the_issuer(&mut self, then: &str) -> String {
        let start = self.get(&format!("/sign-in?then={then}")).await;
        self.get(&start.header("location")).await.header("location")
    }

    /// Whether the portal takes them for that one.
    pub(crate) async fn is(&mut self, name: &str) -> bool {
        let page = self.get("/access").await;
        page.status == 200 && page.text.contains(name)
    }

    /// Says where that leads.
    pub(crate) async fn sign_out(&mut self) -> String {
        let csrf = self.field("/access", "csrf").await;
        self.ask("/sign-out", Some(vec![("csrf".to_owned(), csrf)]), "text/html").await.header("location")
    }

    pub(crate) async fn ask_for_payments(&mut self, accept: &str) -> Answer {
        let (csrf, command) =
            (self.field("/ask/payments-db", "csrf").await, self.field("/ask/payments-db", "command").await);
        let item = r#"{"integration":"prod-pg","type":"database","name":"payments","permission":"read"}"#;
        let form = [
            ("csrf", csrf.as_str()),
            ("command", &command),
            ("item", item),
            ("reason", "a charge that came twice"),
        ];
        let form = form.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        self.ask("/ask/payments-db", Some(form), accept).await
    }

    /// What a page holds in a hidden field.
    async fn field(&mut self, address: &str, name: &str) -> String {
        let page = self.get(address).await;
        let marks = [format!("name=\"{name}\" value=\""), format!("name={name} value=\"")];
        let found = marks.iter().filter_map(|mark| page.text.rsplit_once(mark.as_str())).next();
        let (_, rest) =
            found.unwrap_or_else(|| panic!("no `{name}` on {address}: {} {}", page.status, page.text));
        rest.split('"').next().unwrap_or_default().to_owned()
    }
}
