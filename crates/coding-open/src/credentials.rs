//! Tokens, in the header where they belong or in the body where the service's own page shows them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use yunkit_core::credential::HeaderToken;
use yunkit_core::secrecy::{ExposeSecret, SecretString};
use yunkit_core::session::Session;
use yunkit_core::{Credential, Error, ErrorKind, Generation, OperationInfo, Request, async_trait};

/// A personal token, sent as `Authorization: token …`.
///
/// # Errors
///
/// [`ErrorKind::Input`] when the token is empty or cannot stand in a header.
pub fn personal_token(token: &SecretString) -> Result<HeaderToken, Error> {
    HeaderToken::with_scheme("token", token)
}

/// A project token, sent as `Authorization: Basic …`: the user and the password that its page shows.
///
/// # Errors
///
/// [`ErrorKind::Input`] when one of them is empty, or the user has a colon.
pub fn project_token(user: &str, password: &SecretString) -> Result<HeaderToken, Error> {
    if user.is_empty() || user.contains(':') || password.expose_secret().is_empty() {
        let what = "a project token has a user, without a colon, and a password";
        return Err(Error::input("credential", what));
    }
    let pair = SecretString::from(format!("{user}:{}", password.expose_secret()));
    HeaderToken::with_scheme("Basic", &STANDARD.encode(pair.expose_secret()).into())
}

/// A token that travels in the body, beside the action, for those whose proxies take the header.
///
/// A page of the service shows `AccessToken` for OAuth and `Authorization` for a personal token; no recorded request has
/// either of them, so the header is the better choice wherever it arrives.
pub struct InBody(Kind);

enum Kind {
    Session(Session),
    OAuth(SecretString),
    Personal(SecretString),
}

impl InBody {
    /// `{"Action": …, "AccessToken": …}` with the tokens of a user who has signed in; they renew themselves.
    pub fn session(session: Session) -> Self {
        Self(Kind::Session(session))
    }

    /// `{"Action": …, "AccessToken": …}` with an access token from OAuth.
    pub fn oauth(access_token: SecretString) -> Self {
        Self(Kind::OAuth(access_token))
    }

    /// `{"Action": …, "Authorization": "token …"}` with a personal token.
    pub fn personal(token: SecretString) -> Self {
        Self(Kind::Personal(token))
    }
}

impl fmt::Debug for InBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InBody").finish_non_exhaustive()
    }
}

#[async_trait]
impl Credential for InBody {
    async fn apply(
        &self,
        info: &'static OperationInfo,
        request: &mut Request,
        rejected: Option<Generation>,
    ) -> Result<Generation, Error> {
        let fixed = Generation::default();
        let (member, (generation, token)) = match &self.0 {
            Kind::Session(session) => ("AccessToken", session.access_token(rejected).await?),
            Kind::OAuth(token) => ("AccessToken", (fixed, token.clone())),
            Kind::Personal(token) => {
                ("Authorization", (fixed, SecretString::from(format!("token {}", token.expose_secret()))))
            }
        };
        if token.expose_secret().trim().is_empty() {
            return Err(Error::new(ErrorKind::Credential, info.name).with_message("the token is empty"));
        }
        match request.body.add_member(member, token.expose_secret()) {
            true => Ok(generation),
            false => {
                let what = "the body is no JSON object, so no token can travel in it";
                Err(Error::new(ErrorKind::Credential, info.name).with_message(what))
            }
        }
    }

    fn renews(&self) -> bool {
        matches!(self.0, Kind::Session(_))
    }
}
