//! Credentials that are a fixed header.

use crate::error::Error;
use crate::exchange::Request;
use crate::operation::OperationInfo;
use crate::seams::{Credential, Generation};
use async_trait::async_trait;
use http::{HeaderValue, header};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// A token that is sent as it is, in `Authorization`.
///
/// ```
/// use yunkit_core::credential::HeaderToken;
///
/// let token = HeaderToken::bearer("0123456789abcdef".into())?;
/// assert!(!format!("{token:?}").contains("0123456789abcdef"));
/// # Ok::<(), yunkit_core::Error>(())
/// ```
#[derive(Clone)]
pub struct HeaderToken(HeaderValue);

impl HeaderToken {
    /// Sends `Authorization: Bearer …`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) when the token is empty or cannot stand in a header.
    pub fn bearer(token: SecretString) -> Result<Self, Error> {
        Self::with_scheme("Bearer", &token)
    }
    /// Sends `Authorization: {scheme} …`.
    ///
    /// # Errors
    ///
    /// As [`bearer`](Self::bearer).
    pub fn with_scheme(scheme: &str, token: &SecretString) -> Result<Self, Error> {
        authorization(scheme, token).map(Self)
    }
}

/// Not even the scheme: whoever prints a credential wants to know that it is there, not what it is.
impl fmt::Debug for HeaderToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeaderToken").finish_non_exhaustive()
    }
}

#[async_trait]
impl Credential for HeaderToken {
    async fn apply(
        &self,
        _: &'static OperationInfo,
        request: &mut Request,
        _: Option<Generation>,
    ) -> Result<Generation, Error> {
        request.headers.insert(header::AUTHORIZATION, self.0.clone());
        Ok(Generation::default())
    }
    fn renews(&self) -> bool {
        false
    }
}

/// The value of an `Authorization` header, marked as sensitive.
pub(crate) fn authorization(scheme: &str, token: &SecretString) -> Result<HeaderValue, Error> {
    let token = token.expose_secret();
    if token.trim().is_empty() {
        return Err(Error::input("credential", "the token is empty"));
    }
    if token.trim() != token {
        return Err(Error::input("credential", "the token begins or ends with a space or a line break"));
    }
    let mut value = HeaderValue::try_from(format!("{scheme} {token}"))
        .map_err(|_| Error::input("credential", "the token holds characters that cannot be sent in a header"))?;
    value.set_sensitive(true);
    Ok(value)
}
