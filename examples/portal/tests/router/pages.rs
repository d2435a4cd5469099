//! Asking and deciding.

use axum::http::StatusCode;
use tenure::tenure_policy::document::Format;
use tenure::{Policy, Request};

use crate::browser::{Page, World};

const PAYMENTS: &str = r#"{"integration":"prod-pg","type":"database","name":"payments","permission":"read"}"#;

fn shipping(permission: &str) -> String {
    format!(r#"{{"integration":"prod-pg","type":"database","name":"shipping","permission":"{permission}"}}"#)
}

#[tokio::test]
async fn one_asks_for_what_the_catalog_has_and_for_nothing_else() {
    let world = World::told();
    let mut sam = world.signed_in("sam").await;
    sam.get("/ask").await.says("Look up customer records").says_not("Repair the shop");
    assert_eq!(sam.get("/ask/orders-db").await.status, StatusCode::NOT_FOUND);
    let form = sam.get("/ask/customer-records").await;
    form.says("retail-south").says("Ticket").says_not("orders");
    // Sent all the same, the rules say no.
    let mut form = form.form("/ask/customer-records").with("item", PAYMENTS);
    form.action = "/ask/payments-db".to_owned();
    let sent = sam.send(&form).await;
    assert_eq!(sent.location(), "/ask/payments-db");
    let unknown = form.clone().without("item").with("item", &PAYMENTS.replace("payments", "secrets"));
    assert_eq!(sam.send(&unknown).await.status, StatusCode::BAD_REQUEST, "the directory has no such thing");
}

#[tokio::test]
async fn the_rules_speak_before_a_request_is_sent_and_nothing_is_sent_by_asking_them() {
    let world = World::told();
    let mut maria = world.signed_in("maria").await;
    let mut form = maria.get("/ask/orders-db").await.form("/ask/orders-db");
    form.action.push_str("/explain");
    let said = |page: Page, words: &[&str]| {
        for words in words {
            page.says(words);
        }
    };
    said(maria.send(&form).await, &["Not like this", "request.empty"]);
    let form = form.with("item", &shipping("read"));
    said(maria.send(&form).await, &["reason.missing"]);
    let short = form.clone().with("reason", "because");
    said(maria.send(&short).await, &["reason.malformed", "Begin with the incident"]);
    let long = form.clone().with("reason", "INC-1").with("span", "3h");
    said(maria.send(&long).await, &["duration.too_long", "What would pass", "2 h"]);
    said(maria.send(&form.clone().with("span", "so")).await, &["`so` is no span"]);
    let fits = form.with("reason", "INC-1").with("span", "1h");
    said(maria.send(&fits).await, &["This can be sent", "By database leads"]);
    maria.get("/access").await.says_not("Waits for approval");
}

#[tokio::test]
async fn a_request_is_approved_for_less() {
    let world = World::told();
    let mut jonas = world.signed_in("jonas").await;
    let inbox = jonas.get("/inbox").await;
    inbox.says("Priya Raman asks: Repair the shop").says("1 h 30 min").says("INC-2291 shipping retries");
    let form =
        inbox.form("/decide").with("verdict", "approve").with("only", &shipping("read")).with("span", "30m");
    for _ in 0..2 {
        jonas
            .follow(&form)
            .await
            .says("You said yes. The access has begun.")
            .says("Nothing waits for your decision");
    }
    let mut priya = world.signed_in("priya").await;
    priya.get("/access").await.says("30 min").says("by Jonas Weber").says(">read<").says_not("read, write");
}

#[tokio::test]
async fn a_denial_says_so_and_nobody_decides_on_their_own() {
    let world = World::told();
    let mut priya = world.signed_in("priya").await;
    priya.get("/inbox").await.says("Nothing waits for your decision");
    let mut own = priya.get("/access").await.form("/withdraw").with("verdict", "approve");
    own.action = own.action.replace("/withdraw", "/decide");
    priya.follow(&own).await.says("approval.own");
    let mut jonas = world.signed_in("jonas").await;
    let form = jonas.get("/inbox").await.form("/decide");
    let whole = form.clone().with("only", &shipping("read")).with("only", &shipping("write"));
    assert_eq!(jonas.send(&form).await.status, StatusCode::BAD_REQUEST, "neither yes nor no");
    jonas.follow(&whole.with("verdict", "deny").with("reason", "not now")).await.says("You said no.");
    priya.get("/access").await.says("You hold no access now");
}

#[tokio::test]
async fn a_login_that_is_too_weak_leads_to_a_better_one_and_back_to_what_was_written() {
    let world = World::told();
    let mut maria = world.signed_in("maria").await;
    let form = maria.get("/ask/payments-db").await.form("/ask/payments-db");
    let form = form.with("item", PAYMENTS).with("span", "30m").with("reason", "INC-9 a payment is missing");
    let refused = maria.send(&form).await;
    assert_eq!(refused.location(), "/sign-in?then=%2Fask%2Fpayments-db&level=aal2");
    let page = maria.get(&refused.location()).await;
    page.says("The rules ask for a login at");
    let again = page.form("/sign-in").with("person", "maria").with("level", "aal2");
    let back = maria.follow(&again).await;
    back.says("INC-9 a payment is missing");
    let form = back.form("/ask/payments-db").with("item", PAYMENTS).with("span", "30m");
    maria.follow(&form.with("reason", "INC-9 a payment is missing")).await.says("Your request was sent");
}

#[tokio::test]
async fn an_extension_that_needs_a_reason_and_a_yes_asks_for_them() {
    let world = World::told();
    let mut maria = world.signed_in_at("maria", "aal2").await;
    let form = maria.get("/ask/payments-db").await.form("/ask/payments-db").with("item", PAYMENTS);
    maria.follow(&form.with("span", "30m").with("reason", "INC-9 a payment is missing")).await;
    let mut jonas = world.signed_in("jonas").await;
    let yes = jonas.get("/inbox").await;
    yes.says("Look into payments");
    let yes =
        form_of(&yes, "Look into payments", "/decide").with("only", PAYMENTS).with("verdict", "approve");
    jonas.follow(&yes).await.says("You said yes. Somebody else has to, too.");
    // The second step asks its approver for a reason.
    let mut noor = world.signed_in("noor").await;
    let inbox = noor.get("/inbox").await;
    inbox.says("Your reason<").says("required");
    let yes = inbox.form("/decide").with("only", PAYMENTS).with("verdict", "approve");
    noor.follow(&yes).await.says("reason.missing");
    let yes = noor.get("/inbox").await.form("/decide").with("only", PAYMENTS).with("verdict", "approve");
    noor.follow(&yes.with("reason", "the amount is small")).await.says("The access has begun");
    let page = maria.get("/access").await;
    page.says("Why it takes longer");
    let extend = |page: &Page| form_of(page, "Look into payments", "/extend");
    maria.follow(&extend(&page)).await.says("reason.missing");
    let first = extend(&maria.get("/access").await).with("reason", "the ledger is slow");
    maria.follow(&first).await.says("Your access goes on");
    let page = maria.get("/access").await;
    page.says("Somebody has to approve it");
    maria.follow(&extend(&page).with("reason", "the ledger is slower")).await.says("waits for its approval");
    let inbox = noor.get("/inbox").await;
    inbox.says("Maria Lindqvist wants to go on").says("the ledger is slower");
    let form = inbox.form("/decide-extension").with("verdict", "approve");
    noor.follow(&form).await.says("You said yes. The access goes on.");
}

#[tokio::test]
async fn a_grant_has_a_page_for_those_who_have_to_do_with_it_and_security_ends_it_there() {
    let world = World::told();
    let mut maria = world.signed_in("maria").await;
    let form = maria.get("/access").await.form("/extend");
    let address = form.action.trim_end_matches("/extend").to_owned();
    maria.get(&address).await.says("Extend by 30 min").says_not("Why it must end");
    let mut sam = world.signed_in("sam").await;
    assert_eq!(sam.get(&address).await.status, StatusCode::NOT_FOUND);
    assert_eq!(sam.get("/grants/no-such-grant").await.status, StatusCode::NOT_FOUND);
    let mut noor = world.signed_in("noor").await;
    let page = noor.get(&address).await;
    page.says("Why it must end").says("INC-2291").says_not("Extend by");
    noor.follow(&page.form("/revoke")).await.says("reason.missing");
    noor.follow(&page.form("/revoke").with("reason", "the laptop was stolen")).await.says("It was revoked");
    maria.follow(&form).await.says("grant.not_active").says("You hold no access now");
}

#[tokio::test]
async fn an_emergency_is_reviewed_by_whom_the_policy_names() {
    let world = World::told();
    let mut priya = world.signed_in("priya").await;
    let form = priya.get("/ask/cloud-admin").await.form("/ask/cloud-admin");
    let form =
        form.with("span", "30m").with("reason", "INC-2291 the account is locked").with("break_glass", "yes");
    let page = priya.follow(&form).await;
    page.says("Your access has begun").says("emergency");
    let card = page.text.split("<article").find(|card| card.contains("emergency")).unwrap();
    let address = card.split('"').find(|text| text.starts_with("/grants/")).unwrap().to_owned();
    priya.get(&address).await.says_not("What came of it");
    let mut noor = world.signed_in("noor").await;
    let page = noor.get(&address).await;
    noor.follow(&page.form("/review").with("reason", "it was needed"))
        .await
        .says("It was reviewed")
        .says("by you");
}

/// The form in the card of that title.
fn form_of(page: &Page, title: &str, action: &str) -> crate::browser::Form {
    let card = page.text.split("<article").find(|card| card.contains(title)).unwrap();
    let (status, headers) = (page.status, page.headers.clone());
    Page { status, headers, text: card.to_owned() }.form(action)
}

/// The notice that wants their decision leads there.
#[tokio::test]
async fn whoever_decides_on_extensions_alone_finds_the_grant() {
    const POLICY: &str = "
version: 1
flows:
  - id: records
    who: {any: [group:support]}
    what: [{integration: crm, permissions: [read]}]
    duration: {max: 1h}
    approval: automatic
    extension: {times: 1, span: {default: 30m}, approval: {steps: [{approvers: [group:support-leads]}]}}
";
    let world = World::told();
    let (engine, now) = (world.portal.engine(), world.portal.now());
    let person = |id: &str| world.portal.person(&id.parse().unwrap()).unwrap();
    engine.publish(&Policy::from_text(POLICY, Format::Yaml).unwrap(), person("noor"), now).unwrap();
    let known = world.portal.directory().resources();
    let segment = known.iter().find(|known| known.resource.id.integration.as_str() == "crm").unwrap();
    let ask = Request::new("records", person("sam")).item(segment.resource.permission("read"));
    let grant = engine.request(ask, now).unwrap();
    for (who, status) in [("sam", StatusCode::OK), ("ines", StatusCode::OK), ("jonas", StatusCode::NOT_FOUND)]
    {
        let page = world.signed_in(who).await.get(&format!("/grants/{}", grant.id)).await;
        assert_eq!(page.status, status, "{who}");
    }
}
