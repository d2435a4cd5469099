//! As much of a browser as it takes: it keeps a cookie, reads forms, and sends them.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use axum::http::{Method, Request, StatusCode};
use tenure::{Clock, Engine, MemoryStore, Timestamp};
use tenure_portal::clock::RunningClock;
use tenure_portal::people::Book;
use tenure_portal::session::Sessions;
use tenure_portal::sign_in::dev::PickAPerson;
use tenure_portal::site::Site;
use tenure_portal::{Parts, Portal, demo, router};
use tower::ServiceExt;

/// The demo in memory, with a clock that stands until it is moved.
pub(crate) struct World {
    pub(crate) portal: Portal,
    pub(crate) clock: Arc<RunningClock>,
    pub(crate) began: Timestamp,
}

/// The instant at which the story has been told.
pub(crate) fn noon() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

impl World {
    pub(crate) fn told() -> Self {
        Self::with(demo::PEOPLE, None)
    }

    /// With these people, reached there, where that is said.
    pub(crate) fn with(people: &str, site: Option<&str>) -> Self {
        let site: Option<Site> = site.map(|site| site.parse().unwrap());
        let clock = Arc::new(RunningClock::since(noon(), 0));
        let engine = Engine::new(MemoryStore::with_clock(clock.clone()));
        demo::tell(&engine, &clock, noon(), 0).unwrap();
        let portal = Portal::new(Parts {
            engine,
            speed: 1,
            directory: Arc::new(Book::from_json(people).unwrap()),
            sign_in: Arc::new(PickAPerson),
            sessions: Sessions::open(None, site.as_ref().is_some_and(Site::is_https)).unwrap(),
            log: Arc::new(tenure::LogKey::new("test", &[7; 32])),
            site,
        });
        Self { portal, clock, began: noon().minus(demo::STORY) }
    }

    /// Lets the clock show that many minutes after the story began.
    pub(crate) fn at(&self, minutes: u64) {
        self.clock.stand_at(self.began.plus(tenure::Span::minutes(minutes)));
        assert_eq!(self.portal.now(), self.clock.now());
    }

    pub(crate) fn browser(&self) -> Browser {
        let origin = self.portal.site().map_or("http://portal.test", Site::origin).to_owned();
        Browser { router: router(self.portal.clone()), origin, cookie: None }
    }

    pub(crate) async fn signed_in(&self, person: &str) -> Browser {
        self.signed_in_at(person, "").await
    }

    pub(crate) async fn signed_in_at(&self, person: &str, level: &str) -> Browser {
        let mut browser = self.browser();
        let page = browser.get("/sign-in").await;
        let form = page.form("/sign-in").with("person", person).with("level", level);
        let entered = browser.send(&form).await;
        assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.text);
        browser
    }
}

pub(crate) struct Browser {
    router: Router,
    /// Where it believes to be.
    origin: String,
    pub(crate) cookie: Option<String>,
}

/// An answer, its text read.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

/// A form as a page holds it, filled in.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) action: String,
    fields: Vec<(String, String)>,
}

impl Browser {
    pub(crate) async fn get(&mut self, address: &str) -> Page {
        self.ask(Method::GET, address, &[], Vec::new()).await
    }

    /// Sends a form as a page of the portal itself would.
    pub(crate) async fn send(&mut self, form: &Form) -> Page {
        let origin = self.origin.clone();
        self.send_with(form, &[("sec-fetch-site", "same-origin"), ("origin", &origin)]).await
    }

    /// Sends a form, and what the browser says of where it came from.
    pub(crate) async fn send_with(&mut self, form: &Form, headers: &[(&str, &str)]) -> Page {
        let mut headers = headers.to_vec();
        headers.push((CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded"));
        self.ask(Method::POST, &form.action, &headers, form.body()).await
    }

    /// Sends a form and opens the page that it leads to.
    pub(crate) async fn follow(&mut self, form: &Form) -> Page {
        let sent = self.send(form).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
        let address = sent.location();
        self.get(&address).await
    }

    pub(crate) async fn ask(
        &mut self,
        method: Method,
        address: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Page {
        let response =
            self.router.clone().oneshot(self.request(method, address, headers, body)).await.unwrap();
        let (parts, body) = response.into_parts();
        if let Some(cookie) = parts.headers.get(SET_COOKIE) {
            self.cookie = cookie.to_str().unwrap().split(';').next().map(str::to_owned);
        }
        let text = to_bytes(body, usize::MAX).await.unwrap();
        Page { status: parts.status, headers: parts.headers, text: String::from_utf8(text.to_vec()).unwrap() }
    }

    /// Opens the stream of notices, and leaves it open.
    pub(crate) async fn listen(&self, last: Option<&str>) -> Body {
        let headers: Vec<_> = last.map(|last| ("last-event-id", last)).into_iter().collect();
        let request = self.request(Method::GET, "/events", &headers, Vec::new());
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.into_body()
    }

    /// Begins to download that, and reads nothing of it.
    pub(crate) async fn download(&self, address: &str) -> Body {
        let request = self.request(Method::GET, address, &[], Vec::new());
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.into_body()
    }

    fn request(
        &self,
        method: Method,
        address: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(address).header("host", "portal.test");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        request.body(Body::from(body)).unwrap()
    }
}

impl Page {
    pub(crate) fn location(&self) -> String {
        self.headers[LOCATION].to_str().unwrap().to_owned()
    }

    /// The form whose address ends so, with what stands in its fields.
    pub(crate) fn form(&self, action: &str) -> Form {
        let forms = self.text.split("<form").skip(1).map(|form| form.split("</form>").next().unwrap());
        let form =
            forms.into_iter().find(|form| attribute(form, "action").is_some_and(|at| at.ends_with(action)));
        let form = form.unwrap_or_else(|| panic!("no form for `{action}` in {}", self.text));
        let hidden = form.split("<input").skip(1).filter(|input| input.contains("type=\"hidden\""));
        let fields =
            hidden.map(|input| (attribute(input, "name").unwrap(), attribute(input, "value").unwrap()));
        Form { action: attribute(form, "action").unwrap(), fields: fields.collect() }
    }

    #[track_caller]
    pub(crate) fn says(&self, words: &str) -> &Self {
        assert!(self.text.contains(words), "`{words}` is not in {}", self.text);
        self
    }

    #[track_caller]
    pub(crate) fn says_not(&self, words: &str) -> &Self {
        assert!(!self.text.contains(words), "`{words}` is in {}", self.text);
        self
    }
}

impl Form {
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(field, _)| field != name);
        self
    }

    pub(crate) fn field(&self, name: &str) -> &str {
        &self.fields.iter().find(|(field, _)| field == name).unwrap().1
    }

    fn body(&self) -> Vec<u8> {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(&self.fields).finish().into_bytes()
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, after) = tag.split_once(&format!(" {name}=\""))?;
    let text = after.split('"').next()?;
    Some(text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}
