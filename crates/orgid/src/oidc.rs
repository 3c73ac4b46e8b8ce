//! ID tokens of OIDC applications.
//!
//! OrgID's console hands out the addresses; there is no discovery document to read them from.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::Mutex;
use yunkit_core::http::Method as HttpMethod;
use yunkit_core::operation::Method;
use yunkit_core::secrecy::{ExposeSecret, SecretString};
use yunkit_core::{
    Error, ErrorKind, HttpTransport, OperationInfo, RealSurroundings, Request, Surroundings, Transport, Url,
};

const NAME: &str = "ID token";
/// Clocks differ, and tokens arrive late.
const LEEWAY: u64 = 60;
/// How often unknown keys are asked for, at most: a forged token must not make us hammer the service.
const PAUSE: Duration = Duration::from_secs(60);
/// How long keys are good for before they are asked for anew.
const FRESH: Duration = Duration::from_secs(3600);

/// What the console shows about an OIDC application.
#[derive(Debug, Clone)]
pub struct OidcConfig {
    /// Who issues the tokens.
    pub issuer: String,
    /// The application's `client_id`, which tokens are for.
    pub audience: String,
    /// Where the keys are (JWK Set).
    pub jwks: Url,
    /// Where user information is, if it is used.
    pub userinfo: Option<Url>,
    /// Where browsers are sent to sign out everywhere, if it is used.
    pub global_logout: Option<Url>,
}

/// Verifies ID tokens: signature, issuer, audience, times, nonce. Keys are fetched once, kept, and asked for again when one is
/// unknown.
#[derive(Debug)]
pub struct OidcVerifier {
    config: OidcConfig,
    transport: Arc<dyn Transport>,
    surroundings: Arc<dyn Surroundings>,
    keys: Mutex<Keys>,
}

#[derive(Debug, Default)]
struct Keys {
    set: Option<JwkSet>,
    fetched: Option<SystemTime>,
}

impl OidcVerifier {
    /// A verifier for an application.
    ///
    /// # Errors
    ///
    /// When the system's certificates cannot be used.
    pub fn new(config: OidcConfig) -> Result<Self, Error> {
        Ok(Self::with(config, Arc::new(HttpTransport::new()?), Arc::new(RealSurroundings::default())))
    }

    /// As [`new`](Self::new), with another transport and clock; for tests.
    pub fn with(config: OidcConfig, transport: Arc<dyn Transport>, surroundings: Arc<dyn Surroundings>) -> Self {
        Self { config, transport, surroundings, keys: Mutex::default() }
    }

    /// The claims of a token that is genuine, in time, for this application, and an answer to our request: `nonce` is what the
    /// request carried.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credential`] with the reason why it is not accepted.
    pub async fn verify(&self, token: &SecretString, nonce: Option<&str>) -> Result<Value, Error> {
        let token = token.expose_secret();
        let header =
            jsonwebtoken::decode_header(token).map_err(|error| refuse(format!("it is no token: {error}")))?;
        if !matches!(
            header.alg,
            Algorithm::RS256
                | Algorithm::RS384
                | Algorithm::RS512
                | Algorithm::PS256
                | Algorithm::PS384
                | Algorithm::PS512
                | Algorithm::ES256
                | Algorithm::ES384
        ) {
            // A shared secret would let anybody who can verify also sign.
            return Err(refuse(format!("it is signed by {:?}, which no published key can verify", header.alg)));
        }
        let key = self.key(header.kid.as_deref()).await?;
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&self.config.issuer]);
        validation.set_audience(&[&self.config.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        // Times are ours to check: by a clock that tests can set.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = jsonwebtoken::decode::<Value>(token, &key, &validation)
            .map_err(|error| refuse(format!("it is not accepted: {error}")))?
            .claims;
        let now = self.surroundings.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let time = |claim: &str| claims.get(claim).and_then(Value::as_f64).map(|seconds| seconds.max(0.0) as u64);
        if time("exp").is_none_or(|end| end.saturating_add(LEEWAY) <= now) {
            return Err(refuse("it has expired"));
        }
        if time("nbf").is_some_and(|begin| begin > now.saturating_add(LEEWAY)) {
            return Err(refuse("it is not good yet"));
        }
        let carried = claims.get("nonce").and_then(Value::as_str);
        let same = |a: &str, b: &str| yunkit_core::mac::same(a.as_bytes(), b.as_bytes());
        match (nonce, carried) {
            (Some(expected), Some(carried)) if same(expected, carried) => Ok(claims),
            (Some(_), _) => Err(refuse("its nonce is not that of our request")),
            (None, _) => Ok(claims),
        }
    }

    async fn key(&self, id: Option<&str>) -> Result<DecodingKey, Error> {
        let mut keys = self.keys.lock().await;
        let now = self.surroundings.now();
        let older = |age: Duration| keys.fetched.is_none_or(|fetched| fetched + age <= now);
        let known = keys.set.as_ref().and_then(|set| pick(set, id)).is_some();
        if older(FRESH) || (!known && older(PAUSE)) {
            match self.fetch().await {
                Ok(set) => *keys = Keys { set: Some(set), fetched: Some(now) },
                // Old keys are better than none while the service is away.
                Err(error) if !known => return Err(error),
                Err(_) => {}
            }
        }
        let found = keys.set.as_ref().and_then(|set| pick(set, id));
        let jwk = found.ok_or_else(|| refuse("it is signed with a key that the service does not publish"))?;
        DecodingKey::from_jwk(jwk).map_err(|error| refuse(format!("the published key cannot be used: {error}")))
    }

    async fn fetch(&self) -> Result<JwkSet, Error> {
        static JWKS: OperationInfo = OperationInfo::rest("oidc::Keys", "jwks", Method::Get, "/");
        let mut request = Request::new(HttpMethod::GET, self.config.jwks.clone());
        request.limit = 1024 * 1024;
        let response = self.transport.send(&JWKS, request).await.map_err(Error::into_credential)?;
        if !response.status.is_success() {
            return Err(refuse(format!("the keys cannot be fetched: the service answered {}", response.status)));
        }
        serde_json::from_slice(response.payload.bytes())
            .map_err(|error| refuse(format!("the keys cannot be read: {error}")))
    }
}

/// The key of that id; the only one for a token that names none.
fn pick<'s>(set: &'s JwkSet, id: Option<&str>) -> Option<&'s jsonwebtoken::jwk::Jwk> {
    match id {
        Some(id) => set.find(id),
        None if set.keys.len() == 1 => set.keys.first(),
        None => None,
    }
}

fn refuse(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Credential, NAME).with_message(why)
}
