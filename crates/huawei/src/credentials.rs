//! Who is calling: keys and tokens, and the places they are found in.
//!
//! | I have … | use |
//! |---|---|
//! | an access key | [`AccessKey`] |
//! | a temporary key with its security token | [`AccessKey::temporary`] |
//! | an IAM user's name and password | [`IamToken`](crate::iam_token::IamToken) |
//! | whatever this machine is set up with | [`Chain::usual`] |
//!
//! Whatever ends is fetched anew 40 minutes before it does, once for all callers.

use crate::context::Context;
use crate::environment::Environment;
use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;
use yunkit_core::secrecy::SecretString;
use yunkit_core::{Error, ErrorKind};

/// What proves who is calling, and what it is good for.
#[derive(Debug, Clone)]
pub struct Proof {
    /// The key or the token.
    pub means: Means,
    /// The project that calls in a region are for; looked up where it is not known.
    pub project_id: Option<String>,
    /// The account that global calls are for; looked up where it is not known.
    pub domain_id: Option<String>,
    /// When it ends; nothing for what does not end.
    pub expires_at: Option<SystemTime>,
}

/// A key that signs, or a token that is sent along.
#[derive(Debug, Clone)]
pub enum Means {
    /// Requests are signed with it.
    Key(AccessKey),
    /// It is sent as `X-Auth-Token`.
    Token(SecretString),
}

/// An access key: AK and SK, and the security token of a temporary one.
///
/// ```
/// use yunkit_huawei::credentials::AccessKey;
///
/// let own = AccessKey::new("HPUA…", "the secret".into());
/// let temporary = AccessKey::new("HSTA…", "the secret".into()).temporary("the token".into());
/// assert!(!format!("{own:?} {temporary:?}").contains("the secret"));
/// ```
#[derive(Debug, Clone)]
pub struct AccessKey {
    /// The AK, which is no secret.
    pub access: String,
    /// The SK.
    pub secret: SecretString,
    /// What a temporary key is good for only together with.
    pub security_token: Option<SecretString>,
}

impl AccessKey {
    /// A key that does not end.
    pub fn new(access: impl Into<String>, secret: SecretString) -> Self {
        Self { access: access.into(), secret, security_token: None }
    }
    /// Makes it a temporary one.
    #[must_use]
    pub fn temporary(mut self, security_token: SecretString) -> Self {
        self.security_token = Some(security_token);
        self
    }
}

impl From<AccessKey> for Proof {
    fn from(key: AccessKey) -> Self {
        Self { means: Means::Key(key), project_id: None, domain_id: None, expires_at: None }
    }
}

/// A place that proofs come from.
#[async_trait]
pub trait Provider: fmt::Debug + Send + Sync {
    /// What it is called when a chain says what it tried.
    fn name(&self) -> &'static str;

    /// Brings a proof. The caller keeps it until it is about to end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credential`] when there is none here; a chain goes on to the next place then.
    async fn proof(&self, context: &Context) -> Result<Proof, Error>;
}

/// What every provider says when it has nothing.
pub(crate) fn decline(name: &'static str, why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Credential, name).with_message(why)
}

/// Keys are providers of themselves.
#[async_trait]
impl Provider for AccessKey {
    fn name(&self) -> &'static str {
        "static key"
    }
    async fn proof(&self, _: &Context) -> Result<Proof, Error> {
        if self.access.trim().is_empty() {
            return Err(decline(self.name(), "the access key is empty"));
        }
        Ok(self.clone().into())
    }
}

/// One place after the other, until one has a proof. What each said is in the error when none has.
#[derive(Debug)]
pub struct Chain(Vec<Arc<dyn Provider>>);

impl Chain {
    /// These places, in this order.
    pub fn new(providers: Vec<Arc<dyn Provider>>) -> Self {
        Self(providers)
    }

    /// The places that Huawei's SDK for Python looks at (3.1.219), in its order: OIDC, environment, profile, the metadata of the
    /// server, the identity of the pod.
    pub fn usual() -> Self {
        use crate::providers::{EcsMetadata, OidcSts, PodIdentity, Profile, Variables};
        Self(vec![
            Arc::new(OidcSts),
            Arc::new(Variables),
            Arc::new(Profile::basic()),
            Arc::new(EcsMetadata::default()),
            Arc::new(PodIdentity),
        ])
    }
}

#[async_trait]
impl Provider for Chain {
    fn name(&self) -> &'static str {
        "chain"
    }
    async fn proof(&self, context: &Context) -> Result<Proof, Error> {
        let mut said = Vec::new();
        for provider in &self.0 {
            match provider.proof(context).await {
                Ok(proof) => return Ok(proof),
                Err(error) => {
                    let why = error.message().map_or_else(|| error.to_string(), str::to_owned);
                    said.push(format!("{}: {why}", provider.name()));
                }
            }
        }
        Err(decline(self.name(), format!("nowhere is a credential; {}", said.join("; "))))
    }
}

/// Reads what several providers read under the same names.
pub(crate) fn key_from(
    get: impl Fn(&str) -> Option<String>,
    name: &'static str,
    missing: impl Fn(&str) -> String,
) -> Result<Proof, Error> {
    let need = |key: &str| get(key).ok_or_else(|| decline(name, missing(key)));
    let mut key = AccessKey::new(need("ak")?, need("sk")?.into());
    key.security_token = get("security_token").map(Into::into);
    Ok(Proof { project_id: get("project_id"), domain_id: get("domain_id"), ..key.into() })
}

/// The text of a file that a setting names; its path goes into the error.
pub(crate) fn read_named(name: &'static str, environment: &Environment, path: &str) -> Result<String, Error> {
    let text = environment.read(path.as_ref()).map_err(|error| decline(name, format!("{path}: {error}")))?;
    match text.trim() {
        "" => Err(decline(name, format!("{path} is empty"))),
        text => Ok(text.to_owned()),
    }
}
