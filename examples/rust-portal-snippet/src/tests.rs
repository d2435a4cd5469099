use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use tenure::{ManualClock, Resource};
use tower::ServiceExt;

use super::*;

const POLICY: &str = "
version: 1
flows:
  - id: db
    who: {any: [group:sre]}
    what: [{integration: prod-pg, permissions: [read]}]
    duration: {max: 1h}
    approval: automatic
    extension: {times: 1, span: {default: 30m}}
";

/// A portal whose clock stands at nine, with a file of its own, and how to ask it.
struct House {
    _folder: tempfile::TempDir,
    portal: Router,
    engine: Engine,
    clock: Arc<ManualClock>,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (store, policy) = (folder.path().join("access.db"), folder.path().join("flows.yaml"));
        std::fs::write(&policy, POLICY).unwrap();
        let clock = Arc::new(ManualClock::at("2026-03-02T09:00:00Z".parse().unwrap()));
        let engine = Engine::new(SqliteStore::open_with(store, clock.clone()).unwrap());
        let policy = Policy::from_path(policy).unwrap();
        engine.publish(&policy, Person::new("admin".parse().unwrap()), engine.clock()).unwrap();
        Self { _folder: folder, portal: portal(engine.clone()).unwrap(), engine, clock }
    }

    fn grant(&self) {
        let id = ResourceId {
            integration: "prod-pg".parse().unwrap(),
            kind: "database".to_owned(),
            name: "prod-orders".to_owned(),
        };
        let (labels, owners, attributes) = Default::default();
        let orders = Resource { id, labels, owners, attributes };
        let mut maria = Person::new("maria".parse().unwrap());
        maria.groups.insert("sre".to_owned());
        let ask = tenure::Request::new("db", &maria).item(orders.permission("read")).grant("g1".to_owned());
        self.engine.request(ask, self.engine.clock()).unwrap();
    }

    fn says(&self, request: Request<Body>) -> (StatusCode, String) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let response = self.portal.clone().oneshot(request).await.unwrap();
            let status = response.status();
            let body = to_bytes(response.into_body(), 10_000).await.unwrap();
            (status, String::from_utf8(body.to_vec()).unwrap())
        })
    }

    fn orders(&self, who: &str) -> (StatusCode, String) {
        self.says(Request::get("/orders").header("x-forwarded-user", who).body(Body::empty()).unwrap())
    }

    fn click(&self, who: &str, shown: &str) -> (StatusCode, String) {
        let form = Request::post("/grants/g1/extend").header("x-forwarded-user", who);
        let form = form.header("content-type", "application/x-www-form-urlencoded");
        self.says(form.body(Body::from(format!("if_ends_at={shown}"))).unwrap())
    }
}

#[test]
fn the_page_is_open_while_access_is_held() {
    let house = House::new();
    assert_eq!(house.orders("maria").0, StatusCode::FORBIDDEN);
    house.grant();
    let (status, page) = house.orders("maria");
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Yours until <time>2026-03-02T10:00:00.000Z</time>"), "{page}");
    assert!(page.contains("<button>Extend by 30m</button>"), "{page}");
    assert_eq!(house.orders("jonas").0, StatusCode::FORBIDDEN);
    assert_eq!(house.orders("").0, StatusCode::UNAUTHORIZED);
    house.clock.set("2026-03-02T10:00:00Z".parse().unwrap());
    assert_eq!(house.orders("maria").0, StatusCode::FORBIDDEN);
}

#[test]
fn a_click_extends_once() {
    let house = House::new();
    house.grant();
    let shown = "2026-03-02T10:00:00.000Z";
    let (status, words) = house.click("jonas", shown);
    assert_eq!(
        (status, words.starts_with("extension.not_holder: ")),
        (StatusCode::CONFLICT, true),
        "{words}"
    );
    assert_eq!(house.click("maria", "soon").0, StatusCode::BAD_REQUEST);
    assert_eq!(house.click("maria", shown).0, StatusCode::SEE_OTHER);
    let (_, page) = house.orders("maria");
    assert!(page.contains("2026-03-02T10:30:00.000Z") && !page.contains("<button>"), "{page}");
    let (status, words) = house.click("maria", shown);
    assert_eq!(status, StatusCode::CONFLICT, "a second click on the same page: {words}");
    let (_, again) = house.orders("maria");
    assert_eq!(again, page);
}

#[test]
fn a_restart_publishes_nothing_that_is_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let (store, policy) = (folder.path().join("access.db"), folder.path().join("flows.yaml"));
    std::fs::write(&policy, POLICY).unwrap();
    let (store, policy) = (store.to_str().unwrap(), policy.to_str().unwrap());
    for _ in 0..2 {
        let engine = opened(store, policy).unwrap();
        assert_eq!(engine.records(0, 10).unwrap().len(), 1);
    }
}
