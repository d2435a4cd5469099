//! An ID token, believed only after every check (OpenID Connect Core 1.0, 3.1.3.7; RFC 8725).

use std::fmt;

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use subtle::ConstantTimeEq;
use tenure::{Span, Timestamp};

/// By how much the issuer's clock and ours may differ.
const LEEWAY: Span = Span::seconds(60);

/// What a token must say to be the answer to what was asked.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Who must have issued it.
    pub issuer: &'a str,
    /// For whom: the portal's own client id.
    pub client: &'a str,
    /// The number used once that was sent along.
    pub nonce: &'a str,
    /// How old the login may be.
    pub max_age: Span,
    /// The present instant.
    pub now: Timestamp,
}

/// What a token says of a login.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Claims {
    /// Who signed in, as the issuer calls them.
    pub sub: String,
    /// When, in seconds since 1970.
    pub auth_time: Option<u64>,
    /// At which level, in the issuer's word.
    pub acr: Option<String>,
    /// By which methods (RFC 8176).
    #[serde(default)]
    pub amr: Vec<String>,
    iss: String,
    aud: Audience,
    azp: Option<String>,
    exp: u64,
    iat: u64,
    nbf: Option<u64>,
    nonce: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Why a token is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It is no signed token of ours to read, in the reader's words.
    Unreadable(String),
    /// It is signed by nothing, by a shared secret, or otherwise than its key signs.
    Algorithm,
    /// It is signed by a key that its issuer does not have.
    UnknownKey,
    /// Its signature is not right.
    Signature,
    /// Another issuer made it.
    Issuer,
    /// It was made for another client, or for others too.
    Audience,
    /// It was given to another client.
    Party,
    /// It is over.
    Expired,
    /// It is from the future.
    NotYet,
    /// It does not answer what was asked.
    Nonce,
    /// It does not say when its person proved who they are.
    LoginUndated,
    /// They proved it longer ago than was asked.
    LoginTooOld,
}

/// The claims of a token whose checks all hold.
///
/// # Errors
/// The first check that does not hold.
pub fn verified(token: &str, keys: &JwkSet, expected: &Expected<'_>) -> Result<Claims, Doubt> {
    let claims = signed(token, keys)?;
    claims.answer(expected)?;
    Ok(claims)
}

/// The claims of a token that one of these keys signed, whatever they say.
fn signed(token: &str, keys: &JwkSet) -> Result<Claims, Doubt> {
    let header = decode_header(token).map_err(|why| Doubt::Unreadable(why.to_string()))?;
    let key = key(keys, header.kid.as_deref())?;
    if !algorithms(key).contains(&header.alg) {
        return Err(Doubt::Algorithm);
    }
    let mut by_signature_alone = Validation::new(header.alg);
    // What it says is judged below, by the instant that is handed in.
    by_signature_alone.required_spec_claims.clear();
    by_signature_alone.validate_exp = false;
    by_signature_alone.validate_aud = false;
    let decoding = DecodingKey::from_jwk(key).map_err(|why| Doubt::Unreadable(why.to_string()))?;
    match decode::<Claims>(token, &decoding, &by_signature_alone) {
        Ok(token) => Ok(token.claims),
        Err(why) if *why.kind() == jsonwebtoken::errors::ErrorKind::InvalidSignature => Err(Doubt::Signature),
        Err(why) => Err(Doubt::Unreadable(why.to_string())),
    }
}

/// The key of that name; without a name, the only one there is.
fn key<'k>(keys: &'k JwkSet, kid: Option<&str>) -> Result<&'k Jwk, Doubt> {
    let signs = |key: &&Jwk| {
        let for_it = key.common.public_key_use.as_ref();
        for_it.is_none_or(|purpose| *purpose == PublicKeyUse::Signature) && !algorithms(key).is_empty()
    };
    let mut found = keys.keys.iter().filter(signs).filter(|key| match kid {
        Some(kid) => key.common.key_id.as_deref() == Some(kid),
        None => true,
    });
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(Doubt::UnknownKey),
    }
}

/// What a public key signs by: the algorithm that it names, else those of its sort. A shared secret is no public key.
fn algorithms(key: &Jwk) -> Vec<Algorithm> {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    let sort: &[Algorithm] = match &key.algorithm {
        AlgorithmParameters::RSA(_) => &[RS256, RS384, RS512, PS256, PS384, PS512],
        AlgorithmParameters::EllipticCurve(_) => &[ES256, ES384],
        AlgorithmParameters::OctetKeyPair(_) => &[EdDSA],
        // A shared secret among them, and whatever is yet to be invented.
        AlgorithmParameters::OctetKey(_) | AlgorithmParameters::Other(_) | _ => &[],
    };
    let named = key.common.key_algorithm.as_ref().map(ToString::to_string);
    let is = |algorithm: &Algorithm| named.as_ref().is_none_or(|named| *named == format!("{algorithm:?}"));
    sort.iter().copied().filter(is).collect()
}

impl Claims {
    fn answer(&self, expected: &Expected<'_>) -> Result<(), Doubt> {
        let Expected { issuer, client, nonce, max_age, now } = *expected;
        if self.iss != issuer {
            return Err(Doubt::Issuer);
        }
        if !self.is_for(client) {
            return Err(Doubt::Audience);
        }
        if self.azp.as_ref().is_some_and(|party| party != client) {
            return Err(Doubt::Party);
        }
        if at(self.exp).plus(LEEWAY) <= now {
            return Err(Doubt::Expired);
        }
        let from_the_future = |seconds: u64| at(seconds) > now.plus(LEEWAY);
        if from_the_future(self.iat) || self.nbf.is_some_and(from_the_future) {
            return Err(Doubt::NotYet);
        }
        let given = self.nonce.as_deref().unwrap_or_default();
        if nonce.is_empty() || !bool::from(given.as_bytes().ct_eq(nonce.as_bytes())) {
            return Err(Doubt::Nonce);
        }
        let login = self.auth_time.ok_or(Doubt::LoginUndated)?;
        if from_the_future(login) {
            return Err(Doubt::NotYet);
        }
        if now.since(at(login)) > max_age.plus(LEEWAY) {
            return Err(Doubt::LoginTooOld);
        }
        Ok(())
    }

    /// Whoever else it is for is nobody that we trust (3.1.3.7, 3).
    fn is_for(&self, client: &str) -> bool {
        match &self.aud {
            Audience::One(audience) => audience == client,
            Audience::Several(audiences) => {
                !audiences.is_empty() && audiences.iter().all(|audience| audience == client)
            }
        }
    }

    /// When the person proved who they are.
    #[must_use]
    pub fn login(&self) -> Option<Timestamp> {
        self.auth_time.map(at)
    }
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(0).plus(Span::seconds(seconds))
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable(why) => return write!(f, "the ID token cannot be read: {why}"),
            Self::Algorithm => "the ID token is signed by an algorithm that its key does not sign by",
            Self::UnknownKey => "the ID token is signed by a key that its issuer does not have",
            Self::Signature => "the signature of the ID token is not right",
            Self::Issuer => "the ID token is from another issuer",
            Self::Audience => "the ID token is for another client",
            Self::Party => "the ID token was given to another client",
            Self::Expired => "the ID token is over",
            Self::NotYet => "the ID token is from the future",
            Self::Nonce => "the ID token does not answer this sign-in",
            Self::LoginUndated => "the ID token does not say when the login was",
            Self::LoginTooOld => "the login is older than was asked",
        })
    }
}
