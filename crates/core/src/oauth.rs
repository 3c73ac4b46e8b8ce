//! The part of an OAuth2 sign-in that is the same everywhere: leaving for the consent page, and coming back.

use crate::error::{Error, ErrorKind};
use crate::mac::same;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use url::Url;

const NAME: &str = "oauth callback";

/// An application as it is registered with a service.
#[derive(Clone)]
#[non_exhaustive]
pub struct Application {
    /// Its public name.
    pub client_id: String,
    /// What proves that it is the one.
    pub client_secret: SecretString,
    /// Where users are sent back to.
    pub redirect_uri: String,
}

impl Application {
    /// The three things the registration page shows. The redirect address must be the registered one to the letter.
    pub fn new(client_id: impl Into<String>, client_secret: SecretString, redirect_uri: impl Into<String>) -> Self {
        Self { client_id: client_id.into(), client_secret, redirect_uri: redirect_uri.into() }
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("client_id", &self.client_id)
            .field("redirect_uri", &self.redirect_uri)
            .finish_non_exhaustive()
    }
}

/// Scopes as one text; nothing for none, which means the application's own.
///
/// Always in the same order: Gitee skips its consent page only for the very text the user agreed to before.
pub fn spelled<'a>(scopes: impl IntoIterator<Item = &'a str>, separator: &str) -> Option<String> {
    let mut scopes: Vec<&str> = scopes.into_iter().collect();
    scopes.sort_unstable();
    scopes.dedup();
    (!scopes.is_empty()).then(|| scopes.join(separator))
}

/// A sign-in that has begun. Keep it until the browser comes back.
pub struct Authorization {
    url: Url,
    state: SecretString,
}

impl Authorization {
    /// Begins a sign-in at an address that says everything but the state, which is made here.
    pub fn begin(mut url: Url) -> Self {
        let state = format!("{:032x}", crate::random_u128());
        url.query_pairs_mut().append_pair("state", &state);
        Self { url, state: state.into() }
    }

    /// Begins a sign-in at a consent page that takes what OAuth2 names, with scopes as the page reads them.
    pub fn ask(mut page: Url, application: &Application, scope: Option<&str>) -> Self {
        page.query_pairs_mut()
            .append_pair("client_id", &application.client_id)
            .append_pair("redirect_uri", &application.redirect_uri)
            .append_pair("response_type", "code")
            .extend_pairs(scope.map(|scope| ("scope", scope)));
        Self::begin(page)
    }

    /// The address to open in the user's browser.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The value that the browser must bring back, for those who keep it in a cookie.
    pub fn state(&self) -> &SecretString {
        &self.state
    }

    /// Takes the code out of the address that the browser was sent back to, whole or from its path on.
    ///
    /// # Errors
    ///
    /// As [`code_from`].
    pub fn code_from(&self, callback: &str) -> Result<SecretString, Error> {
        code_from(callback, &self.state)
    }
}

/// Takes the code out of the address that the browser was sent back to; `expected` is the state of the [`Authorization`] it left with.
///
/// # Errors
///
/// [`ErrorKind::Input`] when the service or the user ended the sign-in, and when the state is not ours: somebody else began
/// that sign-in, and its code must not be used. States are compared in a time that tells nothing about them.
pub fn code_from(callback: &str, expected: &SecretString) -> Result<SecretString, Error> {
    let refuse = |what: String| Err(Error::new(ErrorKind::Input, NAME).with_message(what));
    // Frameworks hand out the address without its host.
    let base = Url::parse("http://localhost").map_err(|_| Error::input(NAME, "no base"))?;
    let Ok(url) = base.join(callback) else {
        return refuse("it is not an address".to_owned());
    };
    let get = |name: &str| url.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v.into_owned());
    if let Some(error) = get("error") {
        let description = get("error_description").map(|d| format!(": {d}")).unwrap_or_default();
        return refuse(format!("the sign-in ended with {error}{description}"));
    }
    match get("state") {
        Some(brought) if same(brought.as_bytes(), expected.expose_secret().as_bytes()) => {}
        Some(_) => return refuse("its state is that of another sign-in".to_owned()),
        None => return refuse("it has no state".to_owned()),
    }
    match get("code") {
        Some(code) if !code.is_empty() => Ok(code.into()),
        _ => refuse("it has no code".to_owned()),
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization").finish_non_exhaustive()
    }
}
