//! Where the service is, and as whom to call it.

#[cfg(feature = "authorization")]
use crate::oauth::{Application, OAuth};
use crate::protocol::CodingRestProtocol;
use std::fmt;
use std::sync::Arc;
use yunkit_core::credential::HeaderToken;
use yunkit_core::rest::Base;
use yunkit_core::secrecy::{ExposeSecret, SecretString};
use yunkit_core::session::{Session, Tokens};
use yunkit_core::{Client, Credential, Error, ErrorKind, Generation, OperationInfo, Request, async_trait};

/// The legacy API on the host of a team. Clients and sign-ins come from here.
///
/// ```
/// use yunkit_coding_rest::CodingRest;
///
/// let client = CodingRest::of_team("anywhere")?.with_token("0123456789abcdef".into())?;
/// let own_server = CodingRest::at("https://coding.example.com")?.anonymous()?;
/// # Ok::<(), yunkit_coding_rest::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct CodingRest {
    base: Base,
}

impl CodingRest {
    /// `https://{team}.coding.net`. The team is the first part of its host name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`] when `team` is no part of a host name.
    pub fn of_team(team: &str) -> Result<Self, Error> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if team.is_empty() || !team.bytes().all(plain) {
            let what = "a team is the first part of its host name: letters, digits and hyphens";
            return Err(Error::input("base address", what));
        }
        Self::at(&format!("https://{team}.coding.net"))
    }

    /// The host of the team that a sign-in was for, which the service names beside the tokens.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`] when they name none.
    pub fn of_tokens(tokens: &Tokens) -> Result<Self, Error> {
        match team_of(tokens) {
            Some(team) => Self::of_team(team),
            None => Err(Error::input("base address", "the tokens do not say which team they are for")),
        }
    }

    /// An installation of one's own, or a fake: operations are expected below `/api`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`] when it is no plain web address.
    pub fn at(address: &str) -> Result<Self, Error> {
        Ok(Self { base: Base::parse(address.trim_end_matches('/'))? })
    }

    /// A client without a login: little more than public projects can be read.
    ///
    /// # Errors
    ///
    /// When the system's certificates cannot be used.
    pub fn anonymous(&self) -> Result<Client, Error> {
        Client::new(Arc::new(CodingRestProtocol::new(self.base.clone())))
    }

    /// A client with a personal token, sent as `Authorization: token`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`] when the token is empty or cannot stand in a header.
    pub fn with_token(&self, token: SecretString) -> Result<Client, Error> {
        self.with(HeaderToken::with_scheme("token", &token)?)
    }

    /// A client for a user who has signed in; its tokens are sent as `Authorization: Bearer` and renew themselves. The
    /// same session serves a client of `yunkit-coding-open`, too.
    ///
    /// # Errors
    ///
    /// When the system's certificates cannot be used.
    pub fn with_session(&self, session: Session) -> Result<Client, Error> {
        self.with(session)
    }

    /// A client whose token travels as `access_token` in the query; see [`InQuery`].
    ///
    /// # Errors
    ///
    /// When the system's certificates cannot be used.
    pub fn with_token_in_query(&self, token: InQuery) -> Result<Client, Error> {
        self.with(token)
    }

    /// The way to sign users in to an application.
    ///
    /// # Errors
    ///
    /// When the system's certificates cannot be used.
    #[cfg(feature = "authorization")]
    pub fn oauth(&self, application: Application) -> Result<OAuth, Error> {
        OAuth::new(self.base.clone(), application)
    }

    fn with(&self, credential: impl Credential + 'static) -> Result<Client, Error> {
        Ok(self.anonymous()?.credential(Arc::new(credential)))
    }
}

/// The team that a sign-in was for: the first part of its host name. Kept with the tokens, through every refresh.
pub fn team_of(tokens: &Tokens) -> Option<&str> {
    tokens.extra.get(TEAM).map(String::as_str)
}

/// Under which name tokens keep their team.
pub(crate) const TEAM: &str = "team";

/// An access token as `access_token` in the query, where some old operations want it and nothing else.
///
/// Addresses end up in the logs of proxies. No error and no `Debug` here shows a query, but who runs the service's side of
/// the line may; prefer the header.
pub struct InQuery(Kind);

enum Kind {
    Session(Session),
    Token(SecretString),
}

impl InQuery {
    /// The tokens of a user who has signed in; they renew themselves.
    pub fn session(session: Session) -> Self {
        Self(Kind::Session(session))
    }

    /// An access token that is at hand.
    pub fn token(token: SecretString) -> Self {
        Self(Kind::Token(token))
    }
}

impl fmt::Debug for InQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InQuery").finish_non_exhaustive()
    }
}

#[async_trait]
impl Credential for InQuery {
    async fn apply(
        &self,
        info: &'static OperationInfo,
        request: &mut Request,
        rejected: Option<Generation>,
    ) -> Result<Generation, Error> {
        let (generation, token) = match &self.0 {
            Kind::Session(session) => session.access_token(rejected).await?,
            Kind::Token(token) => (Generation::default(), token.clone()),
        };
        if token.expose_secret().trim().is_empty() {
            return Err(Error::new(ErrorKind::Credential, info.name).with_message("the token is empty"));
        }
        request.url.query_pairs_mut().append_pair("access_token", token.expose_secret());
        Ok(generation)
    }

    fn renews(&self) -> bool {
        matches!(self.0, Kind::Session(_))
    }
}
