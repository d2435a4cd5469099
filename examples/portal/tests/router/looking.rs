//! Looking back: what the pages of an auditor hand out, and what a stranger is given.

use axum::http::header::SET_COOKIE;
use axum::http::{Method, StatusCode};
use std::time::Duration;
use tenure::Policy;
use tenure::tenure_policy::document::Format;
use tokio::runtime::Builder;
use tokio::time::timeout;

use crate::browser::World;

#[tokio::test]
async fn json_lines_are_those_that_the_log_prints() {
    let world = World::told();
    let mut noor = world.signed_in("noor").await;
    let page = noor.get("/history.jsonl").await;
    let records = world.portal.engine().records(0, 1_000).unwrap();
    let lines: Vec<String> =
        records.iter().map(|record| serde_json::to_value(record).unwrap().to_string()).collect();
    assert!(lines.len() > 10);
    assert_eq!(page.text.lines().collect::<Vec<_>>(), lines);
    let sheet = noor.get("/history.csv").await;
    let positions: Vec<&str> = sheet.text.lines().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(positions.len(), lines.len() + 1);
    assert_eq!((positions[0], positions[1]), ("position", "1"));
}

#[tokio::test]
async fn who_is_no_auditor_takes_along_what_is_their_own() {
    let world = World::told();
    let mut sam = world.signed_in("sam").await;
    for address in ["/history.jsonl", "/history.jsonl?person=maria", "/history.csv?person=noor"] {
        let page = sam.get(address).await;
        page.says("customer-records").says_not("maria").says_not("noor");
    }
    for address in ["/reports", "/reports/flows.csv", "/who", "/who?resource=prod-pg/database/orders"] {
        assert_eq!(sam.get(address).await.status, StatusCode::FORBIDDEN, "{address}");
    }
    assert_eq!(sam.get("/history/2").await.status, StatusCode::OK);
    assert_eq!(sam.get("/history/5").await.status, StatusCode::NOT_FOUND);
    assert_eq!(sam.get("/history/5/proof.json").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_policy_is_put_in_force_by_an_author_and_by_nobody_else() {
    let world = World::told();
    let revision = || world.portal.engine().policy().unwrap().unwrap().revision.clone();
    let before = revision();
    let text = "version: 1\nflows: []\n";
    let mut noor = world.signed_in("noor").await;
    let form = noor.get("/policy").await.form("/policy/check").with("text", text).with("language", "yaml");
    let checked = noor.send(&form).await;
    checked.says("Put it in force");
    let publish = checked.form("/policy/publish").with("text", text);
    let mut sam = world.signed_in("sam").await;
    let own = sam.get("/policy").await.form("/policy/check").with("text", text).with("language", "yaml");
    sam.send(&own).await.says_not("Put it in force").says("policy-author");
    let mut forged = own.with("command", "sam-1");
    forged.action = "/policy/publish".to_owned();
    assert_eq!(sam.send(&forged).await.status, StatusCode::FORBIDDEN);
    assert_eq!(revision(), before);
    // Twice the same form is once.
    noor.follow(&publish).await.says("The policy is in force");
    let after = revision();
    assert_ne!(after, before);
    let size = world.portal.engine().records(0, 1_000).unwrap().len();
    noor.send(&publish).await;
    assert_eq!(world.portal.engine().records(0, 1_000).unwrap().len(), size);
}

/// A form of another site comes without the cookie. An answer that set a new one would sign its visitor out.
#[tokio::test]
async fn what_another_site_sends_takes_nobodys_session_away() {
    let world = World::told();
    let mut stranger = world.browser();
    for address in ["/sign-out", "/policy/publish", "/nowhere"] {
        let sent = stranger.ask(Method::POST, address, &[("sec-fetch-site", "cross-site")], Vec::new()).await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN, "{address}");
        assert!(!sent.headers.contains_key(SET_COOKIE), "{address}");
    }
    assert!(stranger.get("/sign-in").await.headers.contains_key(SET_COOKIE));
}

#[test]
fn a_download_that_nobody_reads_makes_nobody_wait() {
    let few_threads = Builder::new_multi_thread().max_blocking_threads(2).enable_all().build().unwrap();
    few_threads.block_on(async {
        let world = World::told();
        let policy = Policy::from_text("version: 1\nflows: []\n", Format::Yaml).unwrap();
        let author = world.portal.person(&"noor".parse().unwrap()).unwrap();
        for _ in 0..2_000 {
            world.portal.engine().publish(&policy, &author, world.portal.now()).unwrap();
        }
        let noor = world.signed_in("noor").await;
        let mut maria = world.signed_in("maria").await;
        let mut unread = Vec::new();
        for _ in 0..4 {
            unread.push(noor.download("/history.jsonl").await);
        }
        let page = timeout(Duration::from_secs(10), maria.get("/access")).await.unwrap();
        assert_eq!(page.status, StatusCode::OK);
        // Read at last, all of it is there.
        let lines = axum::body::to_bytes(unread.remove(0), usize::MAX).await.unwrap();
        let count = lines.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(u64::try_from(count).unwrap(), world.portal.engine().inclusion(1, None).unwrap().size);
    });
}

#[tokio::test]
async fn a_time_or_a_permission_without_a_resource_is_not_passed_over() {
    let world = World::told();
    let mut noor = world.signed_in("noor").await;
    for asked in ["at=2026-03-02T11:00", "permission=read"] {
        noor.get(&format!("/who?{asked}")).await.says("Name a resource, too");
    }
    for asked in ["", "resource=prod-pg/database/orders&permission=read&at=2026-03-02T11:00"] {
        noor.get(&format!("/who?{asked}")).await.says_not("Name a resource, too");
    }
}
