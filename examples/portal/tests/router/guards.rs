//! What keeps others out: headers, cookies, tokens, and text that stays text.

use axum::http::header::SET_COOKIE;
use axum::http::{Method, StatusCode};
use tenure_portal::{demo, guard};

use crate::browser::World;

#[tokio::test]
async fn every_answer_carries_the_policy_that_lets_no_foreign_script_run() {
    let world = World::told();
    let mut maria = world.signed_in("maria").await;
    let mut stranger = world.browser();
    let pages = [
        maria.get("/access").await,
        maria.get("/nowhere").await,
        maria.ask(Method::POST, "/sign-out", &[], Vec::new()).await,
        stranger.get("/access").await,
        stranger.get("/sign-in").await,
        stranger.get("/assets/portal.js").await,
    ];
    for page in pages {
        assert_eq!(page.headers["content-security-policy"], guard::POLICY);
        assert_eq!(page.headers["x-content-type-options"], "nosniff");
        // A style or a script in a page would be one that the policy forbids.
        for inline in ["<style", " style=", " onclick=", "<script>"] {
            page.says_not(inline);
        }
    }
    for forbidden in ["'unsafe-inline'", "'unsafe-eval'", "*", "http:"] {
        assert!(!guard::POLICY.contains(forbidden));
    }
}

#[tokio::test]
async fn a_stranger_is_sent_to_sign_in_and_comes_back() {
    let world = World::told();
    let mut stranger = world.browser();
    for address in ["/access", "/ask", "/inbox", "/events", "/who", "/history", "/policy", "/reports"] {
        let page = stranger.get(address).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{address}");
        assert!(page.location().starts_with("/sign-in"), "{address} leads to {}", page.location());
    }
    let form = stranger.get("/sign-in?then=%2Fask%2Forders-db").await.form("/sign-in");
    assert_eq!(stranger.send(&form.clone().with("person", "maria")).await.location(), "/ask/orders-db");
    let elsewhere = stranger.get("/sign-in?then=https%3A%2F%2Fevil.example").await.form("/sign-in");
    assert_eq!(stranger.send(&elsewhere.with("person", "maria")).await.location(), "/");
    let nobody = stranger.get("/sign-in").await.form("/sign-in").with("person", "mallory");
    assert_eq!(stranger.send(&nobody).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_cookie_of_a_session_is_out_of_reach_and_new_after_signing_in() {
    let https = Some("https://access.example.com");
    for (site, name, more) in [(None, "tenure=", ""), (https, "__Host-tenure=", "; Secure")] {
        let world = World::with(demo::PEOPLE, site);
        let mut browser = world.browser();
        let page = browser.get("/sign-in").await;
        let before = browser.cookie.clone().unwrap();
        assert_eq!(before.len(), name.len() + 64, "256 bits as text: {before}");
        let entered = browser.send(&page.form("/sign-in").with("person", "maria")).await;
        let cookie = entered.headers[SET_COOKIE].to_str().unwrap().to_owned();
        assert!(cookie.starts_with(name), "{cookie}");
        for attribute in ["; HttpOnly", "; SameSite=Lax", "; Path=/", more] {
            assert!(cookie.contains(attribute), "{attribute} in {cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
        let after = browser.cookie.clone().unwrap();
        assert_ne!(before, after, "nobody is signed in by a name that they were handed");
        browser.cookie = Some(before);
        assert_eq!(browser.get("/access").await.status, StatusCode::SEE_OTHER);
        browser.cookie = Some(after.clone());
        let page = browser.get("/access").await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(browser.send(&page.form("/sign-out")).await.location(), "/sign-in");
        browser.cookie = Some(after);
        assert_eq!(browser.get("/access").await.status, StatusCode::SEE_OTHER, "the session is over");
    }
}

#[tokio::test]
async fn nothing_is_changed_by_what_another_site_could_have_sent() {
    let world = World::told();
    let mut maria = world.signed_in("maria").await;
    let mut sam = world.signed_in("sam").await;
    let form = maria.get("/access").await.form("/extend");
    let foreign = sam.get("/access").await.form("/give-back").field("csrf").to_owned();
    let same = [("sec-fetch-site", "same-origin"), ("origin", "http://portal.test")];
    let cases = [
        ("no token", form.clone().without("csrf"), &same[..]),
        ("somebody else's token", form.clone().without("csrf").with("csrf", &foreign), &same[..]),
        ("a blank token", form.clone().without("csrf").with("csrf", ""), &same[..]),
        ("another site", form.clone(), &[("sec-fetch-site", "cross-site")][..]),
        ("a sibling of the site", form.clone(), &[("sec-fetch-site", "same-site")][..]),
        ("another origin", form.clone(), &[("origin", "http://evil.test")][..]),
        ("no origin that can be told", form.clone(), &[("origin", "null")][..]),
    ];
    for (case, form, headers) in cases {
        let page = maria.send_with(&form, headers).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{case}");
    }
    maria.get("/access").await.says("1 of 4 extensions used");
    assert_eq!(maria.send(&form).await.status, StatusCode::SEE_OTHER, "with its own token it passes");
    maria.get("/access").await.says("2 of 4 extensions used");
}

/// What stands in front of the portal may call it by another name than browsers do.
#[tokio::test]
async fn a_page_is_the_portals_own_by_the_name_that_people_call_it() {
    let world = World::with(demo::PEOPLE, Some("https://access.example.com"));
    let mut maria = world.signed_in("maria").await;
    let form = maria.get("/access").await.form("/extend");
    let foreign =
        ["http://portal.test", "https://access.example.com.evil.test", "http://access.example.com", "null"];
    for origin in foreign {
        let page = maria.send_with(&form, &[("origin", origin)]).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{origin}");
        page.says("a name that is not its own");
    }
    assert_eq!(maria.send(&form).await.status, StatusCode::SEE_OTHER);
    maria.get("/access").await.says("2 of 4 extensions used");
}

#[tokio::test]
async fn more_than_is_read_is_refused() {
    let world = World::told();
    let mut maria = world.signed_in("maria").await;
    let form = maria.get("/access").await.form("/extend");
    let page = maria.send(&form.with("reason", &"x".repeat(guard::BODY_MAX + 1))).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn what_people_wrote_is_text_wherever_it_is_shown() {
    const EVIL: &str = "<img src=x onerror=alert(1)>";
    let people = demo::PEOPLE
        .replace("Priya Raman", EVIL)
        .replace("\"name\": \"shipping\"", &format!("\"name\": \"{EVIL}\""));
    let world = World::with(&people, None);
    let mut priya = world.signed_in("priya").await;
    let item =
        format!(r#"{{"integration":"prod-pg","type":"database","name":"{EVIL}","permission":"read"}}"#);
    let form = priya.get("/ask/orders-db").await.form("/ask/orders-db");
    let form =
        form.with("item", &item).with("span", "1h").with("reason", &format!("INC-1 {EVIL} \"'`</textarea>"));
    priya.follow(&form).await.says("INC-1 &lt;img").says_not("<img");
    let mut jonas = world.signed_in("jonas").await;
    let inbox = jonas.get("/inbox").await;
    inbox
        .says("INC-1 &lt;img")
        .says("&lt;img src=x onerror=alert(1)&gt; asks")
        .says_not("<img")
        .says_not("</textarea>");
    // What was refused is shown in the form again.
    let refused = form.without("command").with("command", "other").without("span").with("span", "9h");
    let page = priya.follow(&refused).await;
    page.says("duration.too_long").says("&lt;/textarea&gt;").says_not("<img");
}
