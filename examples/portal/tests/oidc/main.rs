//! Signing in with an issuer: the whole way over real HTTP on this machine, and every lie that a token can tell.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "these are tests: a panic is how they fail"
)]

mod issuer;
mod person;

use std::io::Write as _;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tenure::{Clock, Level, SystemClock};

use self::issuer::{Issuer, Key, Says, signed};
use self::person::{House, Person};

/// Keys are made once: it takes a moment.
fn keys() -> Option<&'static [Key; 3]> {
    static KEYS: OnceLock<Result<[Key; 3], String>> = OnceLock::new();
    let made = KEYS.get_or_init(|| Ok([Key::rsa("first")?, Key::es256("second")?, Key::rsa("third")?]));
    match made {
        Ok(keys) => Some(keys),
        Err(why) => {
            // Past what holds back the output of tests that pass.
            let mut out = std::io::stdout();
            writeln!(out, "not run: signing in with an issuer, because {why}").unwrap();
            None
        }
    }
}

fn seconds() -> u64 {
    u64::try_from(SystemClock.now().millis() / 1_000).unwrap()
}

async fn house(key: &Key) -> House {
    House::open(Issuer::start(key.clone(), seconds()).await).await
}

/// Signs somebody in with an issuer that says so, and tells whether it let them in.
async fn let_in(key: &Key, says: impl FnOnce(&mut Says)) -> bool {
    let house = house(key).await;
    house.issuer.says(says);
    let mut person = house.person();
    person.sign_in("/access").await;
    person.is("Maria Lindqvist").await
}

fn claim(says: &mut Says, name: &str, value: Value) {
    says.claims.insert(name.to_owned(), value);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_in_and_comes_back_to_where_they_were() {
    let Some([rsa, es256, _]) = keys() else { return };
    for key in [rsa, es256] {
        let house = house(key).await;
        let mut maria = house.person();
        let address = maria.sign_in("/inbox").await;
        assert_eq!(address, "/inbox");
        assert!(maria.is("Maria Lindqvist").await);
        let asked = house.issuer.asked();
        assert_eq!((asked["response_type"].as_str(), asked["scope"].as_str()), ("code", "openid"));
        assert_eq!(asked["code_challenge"].len(), 43);
        // It must say when the login was: the rules ask.
        assert_eq!(asked["max_age"], "43200");
        assert_ne!(asked["state"], asked["nonce"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_lie_of_a_token_is_refused() {
    let Some([key, ..]) = keys() else { return };
    let now = seconds();
    assert!(let_in(key, |_| {}).await);
    type Lie = (&'static str, Box<dyn FnOnce(&mut Says)>);
    let says = |name: &'static str, value: Value| -> Lie {
        (name, Box::new(move |says: &mut Says| claim(says, name, value)))
    };
    let lacks = |name: &'static str| -> Lie {
        (name, Box::new(move |says: &mut Says| says.without.extend([name.to_owned()])))
    };
    let lies: Vec<Lie> = vec![
        says("iss", json!("http://127.0.0.1:1")),
        says("aud", json!("another-client")),
        says("aud", json!(["tenure-portal", "another-client"])),
        says("aud", json!([])),
        says("azp", json!("another-client")),
        says("exp", json!(now - 61)),
        says("exp", json!("never")),
        says("iat", json!(now + 600)),
        says("nbf", json!(now + 600)),
        says("nonce", json!("another")),
        says("auth_time", json!(now - 13 * 3_600)),
        says("auth_time", json!(now + 600)),
        says("sub", json!("nobody-here")),
        lacks("iss"),
        lacks("aud"),
        lacks("exp"),
        lacks("nonce"),
        lacks("auth_time"),
        lacks("sub"),
    ];
    for (name, lie) in lies {
        assert!(!let_in(key, lie).await, "{name}");
    }
    // What is right in other words is right.
    assert!(let_in(key, |says| claim(says, "aud", json!(["tenure-portal"]))).await);
    assert!(let_in(key, |says| claim(says, "azp", json!("tenure-portal"))).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_its_key_did_not_sign_is_refused() {
    let Some([rsa, es256, other]) = keys() else { return };
    type Forgery = fn(&Value, &Key) -> String;
    let unsigned: Forgery = |claims, _| {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", part(&json!({"alg": "none", "typ": "JWT"})), part(claims))
    };
    // The public key, which everybody has, taken for a secret.
    let by_public_key: Forgery = |claims, key| {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(key.kid.clone());
        encode(&header, claims, &EncodingKey::from_secret(&key.public).unwrap()).unwrap()
    };
    let tampered: Forgery = |claims, key| {
        let token = signed(&json!({"sub": "noor"}), key);
        let [head, _, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
        format!("{head}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims.to_string()))
    };
    let garbled: Forgery = |claims, key| signed(claims, key).replace('.', "");
    for key in [rsa, es256] {
        for (name, forgery) in
            [("none", unsigned), ("public key", by_public_key), ("tampered", tampered), ("garbled", garbled)]
        {
            assert!(!let_in(key, |says| says.made = Some(Arc::new(forgery))).await, "{name}");
        }
    }
    // Another key under the name of the right one.
    let impostor = Key { kid: rsa.kid.clone(), ..other.clone() };
    let by_impostor = move |claims: &Value, _: &Key| signed(claims, &impostor);
    assert!(!let_in(rsa, |says| says.made = Some(Arc::new(by_impostor))).await);
    // A right key by an algorithm that is not its own.
    let otherwise = |claims: &Value, key: &Key| {
        let mut header = Header::new(Algorithm::RS512);
        header.kid = Some(key.kid.clone());
        encode(&header, claims, &key.private).unwrap()
    };
    assert!(!let_in(rsa, |says| says.made = Some(Arc::new(otherwise))).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_looked_up_once_and_an_unknown_one_is_refused() {
    let Some([first, second, third]) = keys() else { return };
    let house = house(first).await;
    assert!(house.signs_in().await && house.signs_in().await);
    assert_eq!(house.issuer.jwks_asked(), 1, "known keys are not asked for again");
    house.issuer.rotates(second.clone());
    assert!(house.signs_in().await);
    assert_eq!(house.issuer.jwks_asked(), 2);
    house.issuer.hides(third.clone());
    assert!(!house.signs_in().await);
    assert_eq!(house.issuer.jwks_asked(), 3, "asked for once more, and no oftener");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_keys_that_sign_for_everybody_count() {
    let Some([key, second, _]) = keys() else { return };
    // Whatever stands among the keys can be read by anybody: a secret that stands there is none.
    let shared = house(key).await;
    let secret = b"everybody reads this: 32 bytes or so";
    shared.issuer.shows(json!({"kty": "oct", "kid": "shared", "k": URL_SAFE_NO_PAD.encode(secret)}));
    let by_shared = |claims: &Value, _: &Key| {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some("shared".to_owned());
        encode(&header, claims, &EncodingKey::from_secret(secret).unwrap()).unwrap()
    };
    shared.issuer.says(|says| says.made = Some(Arc::new(by_shared)));
    assert!(!shared.signs_in().await);
    for (purpose, in_) in [("sig", true), ("enc", false)] {
        let house = house(key).await;
        house.issuer.shows_its_key_for(purpose);
        assert_eq!(house.signs_in().await, in_, "{purpose}");
    }
    // A token that names no key is by the only one there is, or by none.
    let unnamed =
        |claims: &Value, key: &Key| encode(&Header::new(key.algorithm), claims, &key.private).unwrap();
    let house = house(key).await;
    house.issuer.says(|says| says.made = Some(Arc::new(unnamed)));
    assert!(house.signs_in().await);
    let house = self::house(key).await;
    house.issuer.says(|says| says.made = Some(Arc::new(unnamed)));
    house.issuer.shows(json!(second.jwk()));
    assert!(!house.signs_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_calls_itself_otherwise_is_none() {
    let Some([key, ..]) = keys() else { return };
    let issuer = Issuer::start(key.clone(), seconds()).await;
    let named = format!("{}/", issuer.at());
    let house = House::with(issuer, named).await;
    let start = house.person().get("/sign-in").await;
    assert_eq!(start.status, 503, "{}", start.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_counts_once_and_only_where_it_was_asked_for() {
    let Some([key, ..]) = keys() else { return };
    let house = house(key).await;
    // The same answer a second time, in the same browser, finds nothing.
    let mut maria = house.person();
    let back = maria.as_far_as_the_issuer("/access").await;
    let again = back.clone();
    assert_eq!(maria.get(&back).await.status, 303);
    // The issuer knows her still: what she sees next does not ask it.
    let out = maria.sign_out().await;
    assert_eq!(maria.follow(&out).await, out);
    assert!(maria.get(&out).await.text.contains("You are signed out"));
    assert_eq!(maria.get(&again).await.status, 403);
    assert!(!maria.is("Maria Lindqvist").await);
    // An answer that was begun in another browser signs nobody in here: not with its state, and not with ours.
    let mut mallory = house.person();
    let theirs = mallory.as_far_as_the_issuer("/access").await;
    let mut victim = house.person();
    assert_eq!(victim.get(&theirs).await.status, 403);
    let ours = victim.as_far_as_the_issuer("/access").await;
    assert_eq!(victim.get(&theirs).await.status, 403);
    assert_eq!(victim.get(&ours).await.status, 403, "an attempt that failed is over");
    assert!(!victim.is("Maria Lindqvist").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_by_another_issuer_or_without_a_code_signs_nobody_in() {
    let Some([key, ..]) = keys() else { return };
    let beside = |name: &str, value: &str| {
        let pair = (name.to_owned(), value.to_owned());
        move |says: &mut Says| says.beside.push(pair)
    };
    assert!(!let_in(key, beside("iss", "http://127.0.0.1:1")).await);
    assert!(!let_in(key, beside("iss", "")).await, "it said that it always tells who it is");
    assert!(!let_in(key, beside("state", "another")).await);
    assert!(!let_in(key, beside("code", "another")).await);
    assert!(!let_in(key, beside("error", "access_denied")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_to_another_site_after_signing_in() {
    let Some([key, ..]) = keys() else { return };
    let house = house(key).await;
    assert_eq!(house.person().sign_in("https://evil.example/").await, "/");
    assert_eq!(house.person().sign_in("//evil.example/").await, "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_login_was_like_is_what_the_rules_hear() {
    let Some([key, ..]) = keys() else { return };
    let house = house(key).await;
    house.issuer.says(|says| {
        claim(says, "acr", json!("aal2"));
        claim(says, "amr", json!(["pwd", "otp"]));
        claim(says, "auth_time", json!(seconds() - 1_000));
    });
    let mut maria = house.person();
    maria.sign_in("/access").await;
    let told = house.authenticated(&maria);
    assert_eq!(told.level, Some(Level::Aal2));
    assert_eq!(told.methods.iter().map(String::as_str).collect::<Vec<_>>(), ["otp", "pwd"]);
    let age = house.portal.now().since(told.at).as_millis() / 1_000;
    assert!((1_000..1_030).contains(&age), "{age}: as old as it is, not as the session");
    // A level that nobody knows is none.
    house.issuer.says(|says| claim(says, "acr", json!("urn:whatever")));
    let mut maria = house.person();
    maria.sign_in("/access").await;
    assert_eq!(house.authenticated(&maria).level, None);
}

/// The rules want two factors for payments. A program is told so (RFC 9470), a person is sent to sign in again, and then
/// it passes.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_is_too_weak_is_stepped_up() {
    let Some([key, ..]) = keys() else { return };
    let house = house(key).await;
    let mut maria: Person = house.person();
    maria.sign_in("/access").await;
    let program = maria.ask_for_payments("application/json").await;
    assert_eq!(program.status, 401);
    assert_eq!(
        program.header("www-authenticate"),
        "Bearer error=\"insufficient_user_authentication\", error_description=\"a better login is needed\", \
         acr_values=\"aal2 aal3\", max_age=\"28800\""
    );
    let refused: Value = serde_json::from_str(&program.text).unwrap();
    assert_eq!(refused["refused"]["code"], "mfa.missing");
    let page = maria.ask_for_payments("text/html").await;
    assert_eq!(page.status, 303);
    let sign_in = page.header("location");
    assert!(sign_in.starts_with("/sign-in?"), "{sign_in}");
    let back = maria.follow(&sign_in).await;
    let asked = house.issuer.asked();
    assert_eq!((asked["acr_values"].as_str(), asked["max_age"].as_str()), ("aal2 aal3", "28800"));
    assert!(back.starts_with("/ask/payments-db"), "{back}");
    assert_eq!(house.authenticated(&maria).level, Some(Level::Aal2));
    let asked = maria.ask_for_payments("text/html").await;
    assert_eq!((asked.status, asked.header("location").as_str()), (303, "/access"), "{}", asked.text);
    assert!(maria.get("/access").await.text.contains("Look into payments"));
}
