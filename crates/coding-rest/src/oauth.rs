//! Signing users in with OAuth2, and keeping them signed in, for both of CODING's APIs.
//!
//! ```no_run
//! use yunkit_coding_rest::{CodingRest, account, oauth::{Application, Scope}, session::MemoryStore};
//! # async fn example(callback: &str) -> Result<(), yunkit_coding_rest::Error> {
//! let coding = CodingRest::of_team("anywhere")?;
//! let oauth = coding.oauth(Application::new("id", "secret".into(), "http://localhost:8080/callback"))?;
//!
//! let request = oauth.authorize(&[Scope::User, Scope::Project]);
//! println!("open {}", request.url());
//! // The user agrees, and the browser is sent to the redirect address:
//! let code = request.code_from(callback)?;
//!
//! let session = oauth.session("alice", std::sync::Arc::new(MemoryStore::default()));
//! session.begin(oauth.exchange(&code).await?).await?;
//! let client = coding.with_session(session.clone())?;
//! let me = client.send(account::GetMe::new()).await?;
//! // yunkit_coding_open::CodingOpen::of_team("anywhere")?.with_session(session)?
//! # Ok(())
//! # }
//! ```
//!
//! An access token lives for two hours. A refresh token lives for 90 days; using it voids the access token at once, even
//! one that has time left, and may bring the same refresh token again. [`Session`] takes care of that: calls in flight whose
//! token died are repeated with the new one.

use crate::authorization::{CreateAccessToken, OAuthToken};
use crate::protocol::CodingRestProtocol;
use crate::rest::TEAM;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use yunkit_core::oauth;
use yunkit_core::rest::Base;
use yunkit_core::secrecy::{ExposeSecret, SecretString};
use yunkit_core::session::{Refresher, Session, TokenStore, Tokens};
use yunkit_core::{Client, Error, ErrorKind, Operation, Reason};

pub use yunkit_core::oauth::{Application, Authorization};

yunkit_core::open_enum! {
    /// What a token may do: the scopes of the legacy API.
    ///
    /// The open API has finer ones, such as `collaboration:issue:ro`, each with `:ro` to read or `:rw` to change;
    /// `Scope::from("collaboration:issue:ro")` asks for one of them.
    pub enum Scope {
        /// Everything. Known from a client only.
        All = "all",
        /// Read the profile: name, picture.
        User = "user",
        /// Read the mail address.
        UserEmail = "user:email",
        /// Read and change notifications.
        Notification = "notification",
        /// Read projects, their repositories, keys and members.
        Project = "project",
        /// Publish API documents.
        ProjectApiDoc = "project:api_doc",
        /// Push and pull artifacts.
        ProjectArtifacts = "project:artifacts",
        /// All there is to do with repositories.
        ProjectDepot = "project:depot",
        /// Read and change files.
        ProjectFile = "project:file",
        /// Read and change issues and iterations.
        ProjectIssue = "project:issue",
        /// Read and change deploy keys and personal keys.
        ProjectKey = "project:key",
        /// Read and change members, for administrators of a project.
        ProjectMembers = "project:members",
        /// Publish, delete and read announcements.
        ProjectNotice = "project:notice",
        /// Read and change tasks. Known from 2019.
        ProjectTask = "project:task",
        /// Read and change the team. Known from a client only.
        Team = "team",
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
        let client = Client::new(Arc::new(CodingRestProtocol::new(base.clone())))?;
        Ok(Self { base, application, client })
    }

    /// Sends through this client's transport, clock and policies instead of the usual ones; its credential is not used.
    #[must_use]
    pub fn through(mut self, client: &Client) -> Self {
        let protocol = Arc::new(CodingRestProtocol::new(self.base.clone()));
        self.client = client.clone().anonymous().protocol(protocol);
        self
    }

    /// Begins a sign-in: the address to open in the user's browser, and the secret it must come back with.
    pub fn authorize(&self, scopes: &[Scope]) -> Authorization {
        let mut url = self.base.url().clone();
        url.set_path(&format!("{}/oauth_authorize.html", url.path().trim_end_matches('/')));
        Authorization::ask(url, &self.application, spelled(scopes).as_deref())
    }

    /// Buys tokens for the code of a finished sign-in. A code works once, and for five minutes.
    ///
    /// # Errors
    ///
    /// What the service says of a code that is wrong, old or used.
    pub async fn exchange(&self, code: &SecretString) -> Result<Tokens, Error> {
        self.buy(self.request("authorization_code").code(code.clone())).await
    }

    /// Buys new tokens; the access token of before is void from then on. [`Session`] does it when it is time.
    ///
    /// # Errors
    ///
    /// What the service says of a refresh token that is wrong, old or revoked: the user has to sign in again.
    pub async fn refresh(&self, refresh_token: &SecretString) -> Result<Tokens, Error> {
        self.buy(self.request("refresh_token").refresh_token(refresh_token.clone())).await
    }

    /// A session whose tokens live in `store` under `identity` and renew themselves. It serves clients of both APIs.
    pub fn session(&self, identity: impl Into<String>, store: Arc<dyn TokenStore>) -> Session {
        Session::new(identity, store, Arc::new(self.clone()))
    }

    fn request(&self, grant_type: &str) -> CreateAccessToken {
        let application = &self.application;
        CreateAccessToken::new(application.client_id.clone(), application.client_secret.clone(), grant_type)
    }

    async fn buy(&self, request: CreateAccessToken) -> Result<Tokens, Error> {
        into_tokens(self.client.send(request).await?, self.client.clock().now())
    }
}

#[async_trait]
impl Refresher for OAuth {
    async fn refresh(&self, current: &Tokens) -> Result<Tokens, Error> {
        let name = CreateAccessToken::INFO.name;
        let spent = current
            .refresh_token
            .as_ref()
            .ok_or_else(|| Error::new(ErrorKind::Credential, name).with_message("there is no refresh token"))?;
        OAuth::refresh(self, spent).await.map_err(|error| match error.kind() {
            // Refused by a code of its own: no other try will go better.
            ErrorKind::Service if error.code().is_some() && !error.is_retryable() => {
                error.with_reason(Reason::Reauthorize)
            }
            _ => error,
        })
    }
}

/// Scopes as the consent page reads them.
fn spelled(scopes: &[Scope]) -> Option<String> {
    oauth::spelled(scopes.iter().map(Scope::as_str), ",")
}

fn into_tokens(answer: OAuthToken, now: SystemTime) -> Result<Tokens, Error> {
    let access_token = answer.access_token.filter(|token| !token.expose_secret().is_empty());
    let access_token = access_token.ok_or_else(|| {
        Error::new(ErrorKind::Decode, CreateAccessToken::INFO.name).with_message("there is no access token")
    })?;
    let mut tokens = Tokens::new(access_token);
    tokens.refresh_token = answer.refresh_token;
    tokens.scope = answer.scope;
    // The service writes the seconds as text.
    let lives = answer.expires_in.and_then(|seconds| seconds.trim().parse().ok());
    tokens.expires_at = lives.and_then(|seconds| now.checked_add(Duration::from_secs(seconds)));
    if let Some(team) = answer.team.filter(|team| !team.is_empty()) {
        tokens.extra.insert(TEAM.to_owned(), team);
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CodingRest, team_of};

    fn begun() -> Authorization {
        let application = Application::new("id", "s3cr3t".into(), "http://localhost:1/cb");
        let oauth = CodingRest::of_team("anywhere").unwrap().oauth(application).unwrap();
        oauth.authorize(&[Scope::ProjectDepot, Scope::User, Scope::ProjectDepot])
    }

    #[test]
    fn the_address_to_open_asks_for_scopes_with_commas_and_holds_no_secret() {
        let request = begun();

        let state = request.state().expose_secret();
        assert_eq!(
            request.url().as_str(),
            format!(
                "https://anywhere.coding.net/oauth_authorize.html?client_id=id&redirect_uri=http%3A%2F%2Flocalhost%3A1%2Fcb&response_type=code&scope=project%3Adepot%2Cuser&state={state}"
            )
        );
    }

    #[test]
    fn seconds_written_as_text_become_an_end_and_the_team_stays_with_the_tokens() {
        let answer = OAuthToken {
            access_token: Some("a".into()),
            expires_in: Some("7200".to_owned()),
            team: Some("anywhere".to_owned()),
            ..OAuthToken::default()
        };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);

        let tokens = into_tokens(answer, now).unwrap();

        assert_eq!(tokens.expires_at, Some(now + Duration::from_secs(7200)));
        assert_eq!(team_of(&tokens), Some("anywhere"));
        assert!(CodingRest::of_tokens(&tokens).is_ok());
        assert!(into_tokens(OAuthToken::default(), now).is_err());
    }

    #[test]
    fn nothing_here_prints_a_secret() {
        let application = Application::new("id", "s3cr3t".into(), "http://localhost:1/cb");
        let oauth = CodingRest::of_team("anywhere").unwrap().oauth(application.clone()).unwrap();
        let request = oauth.request("refresh_token").refresh_token("s3cr3t").code("s3cr3t");

        let printed = format!("{request:?} {application:?} {oauth:?} {:?}", begun());

        assert!(!printed.contains("s3cr3t"), "{printed}");
    }
}
