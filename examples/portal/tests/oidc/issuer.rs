//! An issuer of its own: real keys, real HTTP on this machine, and whatever lie a test asks it for.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{Jwk, KeyAlgorithm};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub(crate) const CLIENT: &str = "tenure-portal";
pub(crate) const SECRET: &str = "s:e/c r&t";

/// Makes a token of its claims.
pub(crate) type Maker = Arc<dyn Fn(&Value, &Key) -> String + Send + Sync>;

/// A key pair and what it is called.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) kid: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) private: EncodingKey,
    /// The public half as a file of bytes, for whoever would take it for a secret.
    pub(crate) public: Vec<u8>,
}

impl Key {
    pub(crate) fn rsa(kid: &str) -> Result<Self, String> {
        let pem = openssl(&["genrsa", "2048"], &[])?;
        let private = openssl(&["rsa", "-traditional", "-outform", "DER"], &pem)?;
        let public = openssl(&["rsa", "-pubout"], &pem)?;
        let private = EncodingKey::from_rsa_der(&private);
        Ok(Self { kid: kid.to_owned(), algorithm: Algorithm::RS256, private, public })
    }

    pub(crate) fn es256(kid: &str) -> Result<Self, String> {
        let pem = openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], &[])?;
        let private = openssl(&["pkcs8", "-topk8", "-nocrypt", "-outform", "DER"], &pem)?;
        let public = openssl(&["pkey", "-pubout"], &pem)?;
        let private = EncodingKey::from_ec_der(&private);
        Ok(Self { kid: kid.to_owned(), algorithm: Algorithm::ES256, private, public })
    }

    pub(crate) fn jwk(&self) -> Jwk {
        let mut jwk = Jwk::from_encoding_key(&self.private, self.algorithm).unwrap();
        jwk.common.key_id = Some(self.kid.clone());
        let is_rsa = self.algorithm == Algorithm::RS256;
        jwk.common.key_algorithm = Some(if is_rsa { KeyAlgorithm::RS256 } else { KeyAlgorithm::ES256 });
        jwk
    }
}

/// What openssl makes of that.
fn openssl(words: &[&str], given: &[u8]) -> Result<Vec<u8>, String> {
    let pipes = |command: &mut Command| {
        command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()
    };
    let lacks = |why: std::io::Error| format!("there is no `openssl` ({why})");
    let mut child = pipes(&mut Command::new("openssl")).map_err(lacks)?;
    child.stdin.take().unwrap().write_all(given).unwrap();
    let made = child.wait_with_output().map_err(lacks)?;
    if made.status.success() { Ok(made.stdout) } else { Err(format!("`openssl {}` failed", words.join(" "))) }
}

/// What the next token says, and how it is signed.
#[derive(Clone)]
pub(crate) struct Says {
    pub(crate) claims: BTreeMap<String, Value>,
    /// Claims that are left out.
    pub(crate) without: BTreeSet<String>,
    /// Makes the token out of its claims; the issuer's own key where there is nothing.
    pub(crate) made: Option<Maker>,
    /// What is put in front of people's return, beside code and state.
    pub(crate) beside: Vec<(String, String)>,
}

struct Inner {
    at: String,
    key: Key,
    /// What the JWKS shows: the key, after a rotation only once it was asked again.
    shown: Vec<Jwk>,
    says: Says,
    /// Codes that were handed out, and what was sent along.
    codes: BTreeMap<String, BTreeMap<String, String>>,
    asked: Vec<BTreeMap<String, String>>,
    jwks_asked: usize,
    now: u64,
}

/// The issuer, as tests turn it.
#[derive(Clone)]
pub(crate) struct Issuer(Arc<Mutex<Inner>>);

impl Issuer {
    pub(crate) async fn start(key: Key, now: u64) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        let says = Says { claims: BTreeMap::new(), without: BTreeSet::new(), made: None, beside: Vec::new() };
        let shown = vec![key.jwk()];
        let inner =
            Inner { at, key, shown, says, codes: BTreeMap::new(), asked: Vec::new(), jwks_asked: 0, now };
        let this = Self(Arc::new(Mutex::new(inner)));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/jwks", get(jwks))
            .with_state(this.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        this
    }

    fn with<T>(&self, look: impl FnOnce(&mut Inner) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }

    pub(crate) fn at(&self) -> String {
        self.with(|inner| inner.at.clone())
    }

    /// What its next tokens say otherwise.
    pub(crate) fn says(&self, how: impl FnOnce(&mut Says)) {
        self.with(|inner| how(&mut inner.says));
    }

    /// Signs with another key from now on, and shows both.
    pub(crate) fn rotates(&self, key: Key) {
        self.with(|inner| {
            inner.shown = vec![inner.key.jwk(), key.jwk()];
            inner.key = key;
        });
    }

    /// Shows this among its keys.
    pub(crate) fn shows(&self, jwk: Value) {
        self.with(|inner| inner.shown.push(serde_json::from_value(jwk).unwrap()));
    }

    /// Shows its key as one that is for something else.
    pub(crate) fn shows_its_key_for(&self, purpose: &str) {
        self.with(|inner| {
            let mut jwk = json!(inner.key.jwk());
            jwk["use"] = json!(purpose);
            inner.shown = vec![serde_json::from_value(jwk).unwrap()];
        });
    }

    /// Signs with another key, and does not show it.
    pub(crate) fn hides(&self, key: Key) {
        self.with(|inner| inner.key = key);
    }

    /// What people were last sent here with.
    pub(crate) fn asked(&self) -> BTreeMap<String, String> {
        self.with(|inner| inner.asked.last().cloned().unwrap_or_default())
    }

    pub(crate) fn jwks_asked(&self) -> usize {
        self.with(|inner| inner.jwks_asked)
    }
}

struct Json(Value);

impl IntoResponse for Json {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, "application/json")], self.0.to_string()).into_response()
    }
}

async fn discovery(State(issuer): State<Issuer>) -> Json {
    let at = issuer.at();
    Json(json!({
        "issuer": at,
        "authorization_endpoint": format!("{at}/authorize"),
        "token_endpoint": format!("{at}/token"),
        "jwks_uri": format!("{at}/jwks"),
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn jwks(State(issuer): State<Issuer>) -> Json {
    issuer.with(|inner| {
        inner.jwks_asked += 1;
        Json(json!({"keys": inner.shown}))
    })
}

/// Whoever comes is signed in, and sent back with a code.
async fn authorize(State(issuer): State<Issuer>, Query(asked): Query<BTreeMap<String, String>>) -> Redirect {
    let code = format!("code-{}", asked["state"]);
    let mut back = vec![
        ("code".to_owned(), code.clone()),
        ("state".to_owned(), asked["state"].clone()),
        ("iss".to_owned(), issuer.at()),
    ];
    let to = asked["redirect_uri"].clone();
    issuer.with(|inner| {
        for (name, value) in &inner.says.beside {
            back.retain(|(known, _)| known != name);
            back.push((name.clone(), value.clone()));
        }
        inner.asked.push(asked.clone());
        inner.codes.insert(code, asked);
    });
    back.retain(|(_, value)| !value.is_empty());
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(back).finish();
    Redirect::to(&format!("{to}?{query}"))
}

/// A token for a code, once, for whoever has the secret and the verifier.
async fn token(
    State(issuer): State<Issuer>,
    headers: axum::http::HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:s%3Ae%2Fc+r%26t")));
    let refused = |why: &str| (StatusCode::BAD_REQUEST, Json(json!({"error": why}))).into_response();
    if headers["authorization"] != basic {
        return refused("invalid_client");
    }
    let asked = issuer.with(|inner| inner.codes.remove(&form["code"]));
    let Some(asked) = asked else { return refused("invalid_grant") };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
    if asked["code_challenge"] != challenge
        || asked["code_challenge_method"] != "S256"
        || asked["redirect_uri"] != form["redirect_uri"]
    {
        return refused("invalid_grant");
    }
    let token = issuer.with(|inner| made(inner, &asked));
    Json(json!({"access_token": "x", "token_type": "Bearer", "id_token": token})).into_response()
}

fn made(inner: &Inner, asked: &BTreeMap<String, String>) -> String {
    let now = inner.now;
    let mut claims: BTreeMap<String, Value> = BTreeMap::from_iter(
        [
            ("iss", json!(inner.at)),
            ("sub", json!("maria")),
            ("aud", json!(CLIENT)),
            ("exp", json!(now + 300)),
            ("iat", json!(now)),
            ("auth_time", json!(now - 30)),
            ("nonce", json!(asked["nonce"])),
            ("acr", json!(asked.get("acr_values").and_then(|acr| acr.split(' ').next()).unwrap_or("aal1"))),
            ("amr", json!(["pwd"])),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    claims.extend(inner.says.claims.clone());
    claims.retain(|name, _| !inner.says.without.contains(name));
    let claims = json!(claims);
    match &inner.says.made {
        Some(made) => made(&claims, &inner.key),
        None => signed(&claims, &inner.key),
    }
}

pub(crate) fn signed(claims: &Value, key: &Key) -> String {
    let mut header = Header::new(key.algorithm);
    header.kid = Some(key.kid.clone());
    encode(&header, claims, &key.private).unwrap()
}
