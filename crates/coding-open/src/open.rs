//! Where the service is, and as whom to call it.

use crate::credentials::{InBody, personal_token, project_token};
use crate::protocol::CodingOpenProtocol;
use std::sync::Arc;
use yunkit_core::rest::Base;
use yunkit_core::secrecy::SecretString;
use yunkit_core::session::Session;
use yunkit_core::{Client, Credential, Error};

/// The open API at an address. Clients come from here.
///
/// ```
/// use yunkit_coding_open::CodingOpen;
///
/// let client = CodingOpen::new().with_token("0123456789abcdef".into())?;
/// let of_a_team = CodingOpen::of_team("anywhere")?.with_project_token("ptuser", "0123456789abcdef".into())?;
/// let own_server = CodingOpen::at("https://coding.example.com/open-api")?.anonymous()?;
/// # Ok::<(), yunkit_coding_open::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct CodingOpen {
    base: Base,
}

impl Default for CodingOpen {
    fn default() -> Self {
        Self::new()
    }
}

impl CodingOpen {
    /// `https://e.coding.net/open-api`, which serves every team.
    pub fn new() -> Self {
        Self::at("https://e.coding.net/open-api").expect("the address is a constant and valid")
    }

    /// The address of one team, `https://{team}.coding.net/open-api`. The team is the first part of its host name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) when `team` is no part of a host name.
    pub fn of_team(team: &str) -> Result<Self, Error> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if team.is_empty() || !team.bytes().all(plain) {
            let what = "a team is the first part of its host name: letters, digits and hyphens";
            return Err(Error::input("base address", what));
        }
        Self::at(&format!("https://{team}.coding.net/open-api"))
    }

    /// An installation of one's own, or a fake. The address is taken as it is; CODING's ends in `/open-api`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) when it is no plain web address.
    pub fn at(address: &str) -> Result<Self, Error> {
        Ok(Self { base: Base::parse(address.trim_end_matches('/'))? })
    }

    /// A client without a login. No action is known to work for it; it is what the others are made from.
    ///
    /// # Errors
    ///
    /// When the system's certificates cannot be used.
    pub fn anonymous(&self) -> Result<Client, Error> {
        Client::new(Arc::new(CodingOpenProtocol::new(self.base.clone())))
    }

    /// A client with a personal token, sent as `Authorization: token`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) when the token is empty or cannot stand in a header.
    pub fn with_token(&self, token: SecretString) -> Result<Client, Error> {
        self.with(personal_token(&token)?)
    }

    /// A client with a project token, sent as `Authorization: Basic`: its user and its password.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) when one of them is empty.
    pub fn with_project_token(&self, user: &str, password: SecretString) -> Result<Client, Error> {
        self.with(project_token(user, &password)?)
    }

    /// A client for a user who has signed in through `yunkit-coding-rest`; its tokens are sent as `Authorization: Bearer`
    /// and renew themselves. The same session serves a client of that crate, too.
    ///
    /// # Errors
    ///
    /// When the system's certificates cannot be used.
    pub fn with_session(&self, session: Session) -> Result<Client, Error> {
        self.with(session)
    }

    /// A client whose token travels in the body; see [`InBody`].
    ///
    /// # Errors
    ///
    /// When the system's certificates cannot be used.
    pub fn with_token_in_body(&self, token: InBody) -> Result<Client, Error> {
        self.with(token)
    }

    fn with(&self, credential: impl Credential + 'static) -> Result<Client, Error> {
        Ok(self.anonymous()?.credential(Arc::new(credential)))
    }
}
