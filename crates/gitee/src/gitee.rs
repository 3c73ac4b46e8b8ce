//! Where the service is, and as whom to call it.

use crate::oauth::{Application, OAuth};
use crate::protocol::GiteeProtocol;
use std::sync::Arc;
use yunkit_core::credential::HeaderToken;
use yunkit_core::rest::Base;
use yunkit_core::secrecy::SecretString;
use yunkit_core::session::Session;
use yunkit_core::{Client, Error};

/// The service at an address. Clients come from here.
///
/// ```
/// use yunkit_gitee::Gitee;
///
/// let anonymous = Gitee::new().anonymous()?;
/// let own_server = Gitee::at("https://gitee.example.com")?.with_token("0123456789abcdef".into())?;
/// # Ok::<(), yunkit_gitee::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Gitee {
    api: Base,
    oauth: Base,
}

impl Default for Gitee {
    fn default() -> Self {
        Self::new()
    }
}

impl Gitee {
    /// gitee.com.
    pub fn new() -> Self {
        Self::at("https://gitee.com").expect("the address is a constant and valid")
    }

    /// Another installation, or a fake: the API is expected below `/api`, OAuth below `/oauth`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) when it is no plain web address.
    pub fn at(address: &str) -> Result<Self, Error> {
        let address = address.trim_end_matches('/');
        Self::at_addresses(&format!("{address}/api"), &format!("{address}/oauth"))
    }

    /// An installation that has the API and OAuth at addresses of their own.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) when one is no plain web address.
    pub fn at_addresses(api: &str, oauth: &str) -> Result<Self, Error> {
        Ok(Self { api: Base::parse(api)?, oauth: Base::parse(oauth)? })
    }

    /// A client without a login: it may read what is public, 60 times an hour.
    ///
    /// # Errors
    ///
    /// When the system's certificates cannot be used.
    pub fn anonymous(&self) -> Result<Client, Error> {
        Client::new(Arc::new(GiteeProtocol::new(self.api.clone())))
    }

    /// A client with a personal token, sent as `Authorization: Bearer`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) when the token is empty or cannot stand in a header.
    pub fn with_token(&self, token: SecretString) -> Result<Client, Error> {
        Ok(self.anonymous()?.credential(Arc::new(HeaderToken::bearer(token)?)))
    }

    /// A client with a personal token, sent as `Authorization: token`, for proxies that claim `Bearer` for themselves.
    ///
    /// # Errors
    ///
    /// As [`with_token`](Self::with_token).
    pub fn with_token_scheme(&self, token: &SecretString) -> Result<Client, Error> {
        let token = HeaderToken::with_scheme("token", token)?;
        Ok(self.anonymous()?.credential(Arc::new(token)))
    }

    /// A client for a user who has signed in; its tokens renew themselves.
    ///
    /// # Errors
    ///
    /// When the system's certificates cannot be used.
    pub fn with_session(&self, session: Session) -> Result<Client, Error> {
        Ok(self.anonymous()?.credential(Arc::new(session)))
    }

    /// The way to sign users in to an application.
    ///
    /// # Errors
    ///
    /// When the system's certificates cannot be used.
    pub fn oauth(&self, application: Application) -> Result<OAuth, Error> {
        OAuth::new(self.oauth.clone(), application)
    }
}
