//! Signing users in with OAuth2, and keeping them signed in.
//!
//! ```no_run
//! use yunkit_gitee::{Gitee, oauth::{Application, Scope}, session::MemoryStore, users};
//! # async fn example(callback: &str) -> Result<(), yunkit_gitee::Error> {
//! let gitee = Gitee::new();
//! let oauth = gitee.oauth(Application::new("id", "secret".into(), "http://localhost:8080/callback"))?;
//!
//! let request = oauth.authorize(&[Scope::UserInfo, Scope::Projects]);
//! println!("open {}", request.url());
//! // The user agrees, and the browser is sent to the redirect address:
//! let code = request.code_from(callback)?;
//!
//! let session = oauth.session("alice", std::sync::Arc::new(MemoryStore::default()));
//! session.begin(oauth.exchange(&code).await?).await?;
//! let client = gitee.with_session(session)?;
//! let me = client.send(users::GetAuthenticated::new()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! An access token lives for a day. A refresh token works once: using it voids it and brings a new one, and whoever still
//! has the old one is out. [`Session`] takes care of that.

use crate::protocol::GiteeProtocol;
use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use yunkit_core::generated::{BodyKind, Debug, Formatter, Method, Place, Record, Shape, Value};
use yunkit_core::http::StatusCode;
use yunkit_core::oauth;
use yunkit_core::record;
use yunkit_core::rest::Base;
use yunkit_core::secrecy::{ExposeSecret, SecretString};
use yunkit_core::session::{Refresher, Session, TokenStore, Tokens};
use yunkit_core::{Client, Error, ErrorKind, Operation, OperationInfo, Reason};

pub use yunkit_core::oauth::{Application, Authorization};

yunkit_core::open_enum! {
    /// What a token may do.
    pub enum Scope {
        /// Read the profile and the newest activity.
        UserInfo = "user_info",
        /// Read, create and change repositories.
        Projects = "projects",
        /// Read, open and change pull requests.
        PullRequests = "pull_requests",
        /// Read, open and change issues.
        Issues = "issues",
        /// Read, write and manage comments.
        Notes = "notes",
        /// Read, deploy and delete public keys.
        Keys = "keys",
        /// Read, deploy and change webhooks.
        Hook = "hook",
        /// Read and manage organizations and their members.
        Groups = "groups",
        /// Read, change and delete code snippets.
        Gists = "gists",
        /// Read and manage enterprises and their members.
        Enterprises = "enterprises",
        /// Read the private mail addresses.
        Emails = "emails",
    }
}

/// Signs users in to one application.
#[derive(Debug, Clone)]
pub struct OAuth {
    base: Base,
    application: Application,
    client: Client,
}

impl OAuth {
    pub(crate) fn new(base: Base, application: Application) -> Result<Self, Error> {
        let client = Client::new(Arc::new(GiteeProtocol::new(base.clone())))?;
        Ok(Self { base, application, client })
    }

    /// Sends through this client's transport, clock and policies instead of the usual ones; its credential is not used.
    #[must_use]
    pub fn through(mut self, client: &Client) -> Self {
        let protocol = Arc::new(GiteeProtocol::new(self.base.clone()));
        self.client = client.clone().anonymous().protocol(protocol);
        self
    }

    /// Begins a sign-in: the address to open in the user's browser, and the secret it must come back with.
    pub fn authorize(&self, scopes: &[Scope]) -> Authorization {
        let mut url = self.base.url().clone();
        url.set_path(&format!("{}/authorize", url.path().trim_end_matches('/')));
        Authorization::ask(url, &self.application, spelled(scopes).as_deref())
    }

    /// Buys tokens for the code of a finished sign-in. A code works once, and for minutes only.
    ///
    /// # Errors
    ///
    /// `invalid_grant` for a code that is wrong, old or used, and for another redirect address than the registered one.
    pub async fn exchange(&self, code: &SecretString) -> Result<Tokens, Error> {
        let mut request = self.request("authorization_code");
        request.code = Some(code.clone());
        request.redirect_uri = Some(self.application.redirect_uri.clone());
        self.buy(request).await
    }

    /// Buys tokens for the mail address and password of a user. For command lines and migrations; a browser is better.
    ///
    /// The service takes the mail address here, not the login.
    ///
    /// # Errors
    ///
    /// `invalid_grant` for a wrong address or password, and for applications that may not do this.
    pub async fn password(
        &self,
        email: impl Into<String>,
        password: SecretString,
        scopes: &[Scope],
    ) -> Result<Tokens, Error> {
        let mut request = self.request("password");
        request.username = Some(email.into());
        request.password = Some(password);
        request.scope = spelled(scopes);
        self.buy(request).await
    }

    /// Buys new tokens; the refresh token is void afterwards. [`Session`] does it when it is time.
    ///
    /// # Errors
    ///
    /// `invalid_grant` for a refresh token that was used before or revoked: the user has to sign in again.
    pub async fn refresh(&self, refresh_token: &SecretString) -> Result<Tokens, Error> {
        let mut request = self.request("refresh_token");
        request.refresh_token = Some(refresh_token.clone());
        self.buy(request).await
    }

    /// A session whose tokens live in `store` under `identity` and renew themselves.
    pub fn session(&self, identity: impl Into<String>, store: Arc<dyn TokenStore>) -> Session {
        Session::new(identity, store, Arc::new(self.clone()))
    }

    fn request(&self, grant_type: &str) -> RequestToken {
        RequestToken {
            grant_type: grant_type.to_owned(),
            client_id: Some(self.application.client_id.clone()),
            client_secret: Some(self.application.client_secret.clone()),
            ..RequestToken::default()
        }
    }

    async fn buy(&self, request: RequestToken) -> Result<Tokens, Error> {
        let answer = self.client.send(request).await.map_err(|error| {
            if error.status() != Some(StatusCode::FORBIDDEN) {
                return error;
            }
            // The service's own help names this cause.
            let said = error.message().unwrap_or("no reason given").to_owned();
            error.with_message(format!(
                "{said} (the token address refuses requests with a missing or unwelcome User-Agent; try another one)"
            ))
        })?;
        answer.into_tokens()
    }
}

#[async_trait]
impl Refresher for OAuth {
    async fn refresh(&self, current: &Tokens) -> Result<Tokens, Error> {
        let spent = current
            .refresh_token
            .as_ref()
            .ok_or_else(|| Error::new(ErrorKind::Credential, NAME).with_message("there is no refresh token"))?;
        OAuth::refresh(self, spent).await.map_err(|error| match error.code() {
            // Wrong, old, used or revoked: no other try will go better.
            Some("invalid_grant") => error.with_reason(Reason::Reauthorize),
            _ => error,
        })
    }
}

/// Scopes as the service reads them.
fn spelled(scopes: &[Scope]) -> Option<String> {
    oauth::spelled(scopes.iter().map(Scope::as_str), " ")
}

const NAME: &str = "oauth::RequestToken";

/// The exchange behind every sign-in and refresh: `POST /oauth/token`.
///
/// Secrets travel in the body only; the query, where the service accepts them as well, ends up in logs.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct RequestToken {
    /// `authorization_code`, `password` or `refresh_token`.
    pub grant_type: String,
    /// The code of a finished sign-in.
    pub code: Option<SecretString>,
    /// The refresh token to spend.
    pub refresh_token: Option<SecretString>,
    /// The registered redirect address.
    pub redirect_uri: Option<String>,
    /// The application's id. The service does not ask for it in a refresh.
    pub client_id: Option<String>,
    /// The application's secret. The service does not ask for it in a refresh.
    pub client_secret: Option<SecretString>,
    /// The user's mail address, for a password.
    pub username: Option<String>,
    /// The user's password.
    pub password: Option<SecretString>,
    /// What the tokens are to be for, separated by spaces; for a password.
    pub scope: Option<String>,
}

impl Record for RequestToken {
    fn shape(&self) -> &'static Shape {
        static SHAPE: Shape = Shape::request(
            "RequestToken",
            &[
                "grant_type",
                "code",
                "refresh_token",
                "redirect_uri",
                "client_id",
                "client_secret",
                "username",
                "password",
                "scope",
            ],
            &[0],
            &[Place::Body; 9],
        );
        &SHAPE
    }
    fn slot(&mut self, index: usize) -> &mut dyn Value {
        match index {
            0 => &mut self.grant_type,
            1 => &mut self.code,
            2 => &mut self.refresh_token,
            3 => &mut self.redirect_uri,
            4 => &mut self.client_id,
            5 => &mut self.client_secret,
            6 => &mut self.username,
            7 => &mut self.password,
            _ => &mut self.scope,
        }
    }
    fn peek(&self, index: usize) -> &dyn Value {
        match index {
            0 => &self.grant_type,
            1 => &self.code,
            2 => &self.refresh_token,
            3 => &self.redirect_uri,
            4 => &self.client_id,
            5 => &self.client_secret,
            6 => &self.username,
            7 => &self.password,
            _ => &self.scope,
        }
    }
}

impl Debug for RequestToken {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        record::debug(self, f)
    }
}

impl Operation for RequestToken {
    type Output = TokenAnswer;
    const INFO: &'static OperationInfo =
        &OperationInfo::rest(NAME, "oauthToken", Method::Post, "/token").body(BodyKind::Form).sensitive();
}

/// What `POST /oauth/token` answers.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct TokenAnswer {
    /// What calls are made with: 32 hexadecimal digits.
    pub access_token: SecretString,
    /// `bearer`.
    pub token_type: Option<String>,
    /// Seconds the access token lives, from `created_at` on: 86400, a day.
    pub expires_in: Option<i64>,
    /// What the next pair is bought with: 64 hexadecimal digits, good for one use.
    pub refresh_token: Option<SecretString>,
    /// What was granted, separated by spaces.
    pub scope: Option<String>,
    /// When the tokens were made, in seconds since 1970.
    pub created_at: Option<i64>,
}

impl TokenAnswer {
    fn into_tokens(self) -> Result<Tokens, Error> {
        if self.access_token.expose_secret().is_empty() {
            return Err(Error::new(ErrorKind::Decode, NAME).with_message("the access token is empty"));
        }
        let mut tokens = Tokens::new(self.access_token);
        tokens.refresh_token = self.refresh_token;
        tokens.scope = self.scope;
        tokens.expires_at = match (self.created_at, self.expires_in) {
            (Some(created), Some(lives)) => u64::try_from(created.saturating_add(lives))
                .ok()
                .and_then(|end| UNIX_EPOCH.checked_add(Duration::from_secs(end))),
            _ => None,
        };
        Ok(tokens)
    }
}

impl Record for TokenAnswer {
    fn shape(&self) -> &'static Shape {
        static SHAPE: Shape = Shape::model(
            "TokenAnswer",
            &["access_token", "token_type", "expires_in", "refresh_token", "scope", "created_at"],
            &[0],
        );
        &SHAPE
    }
    fn slot(&mut self, index: usize) -> &mut dyn Value {
        match index {
            0 => &mut self.access_token,
            1 => &mut self.token_type,
            2 => &mut self.expires_in,
            3 => &mut self.refresh_token,
            4 => &mut self.scope,
            _ => &mut self.created_at,
        }
    }
    fn peek(&self, index: usize) -> &dyn Value {
        match index {
            0 => &self.access_token,
            1 => &self.token_type,
            2 => &self.expires_in,
            3 => &self.refresh_token,
            4 => &self.scope,
            _ => &self.created_at,
        }
    }
}

impl Debug for TokenAnswer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        record::debug(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Gitee;

    fn begun() -> Authorization {
        let application = Application::new("id", "s3cr3t".into(), "http://localhost:1/cb");
        let oauth = Gitee::new().oauth(application).unwrap();
        oauth.authorize(&[Scope::Projects, Scope::UserInfo, Scope::Projects])
    }

    #[test]
    fn the_address_to_open_asks_for_scopes_in_one_order_and_holds_no_secret() {
        let request = begun();

        let state = request.state().expose_secret();
        assert_eq!(
            request.url().as_str(),
            format!(
                "https://gitee.com/oauth/authorize?client_id=id&redirect_uri=http%3A%2F%2Flocalhost%3A1%2Fcb&response_type=code&scope=projects+user_info&state={state}"
            )
        );
        assert_ne!(state, begun().state().expose_secret());
    }

    #[test]
    fn a_callback_is_taken_only_if_it_answers_this_sign_in() {
        let request = begun();
        let state = request.state().expose_secret().to_owned();

        let code = request.code_from(&format!("http://localhost:1/cb?code=c%2B1&state={state}")).unwrap();
        assert_eq!(code.expose_secret(), "c+1");
        assert!(request.code_from(&format!("/cb?code=c&state={state}")).is_ok());
        for (callback, said) in [
            ("/cb?code=c&state=other", "its state is that of another sign-in"),
            ("/cb?code=c", "it has no state"),
            (&*format!("/cb?state={state}"), "it has no code"),
            ("/cb?error=access_denied&error_description=no", "the sign-in ended with access_denied: no"),
        ] {
            let error = request.code_from(callback).unwrap_err();
            assert_eq!(error.to_string(), format!("oauth callback: the request is not valid: {said}"));
        }
    }

    #[test]
    fn nothing_here_prints_a_secret() {
        let mut request = RequestToken { grant_type: "refresh_token".into(), ..RequestToken::default() };
        request.refresh_token = Some("s3cr3t".into());
        let application = Application::new("id", "s3cr3t".into(), "http://localhost:1/cb");

        let printed = format!("{request:?} {application:?} {:?}", begun());

        assert!(!printed.contains("s3cr3t"), "{printed}");
    }
}
