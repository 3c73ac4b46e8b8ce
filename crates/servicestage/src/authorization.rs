//! Letting ServiceStage into a Git host, as one small flow.
//!
//! ```no_run
//! use yunkit_servicestage::authorization::Authorization;
//! use yunkit_servicestage::authorizations::OAuthRepoType;
//! # async fn example(client: yunkit_servicestage::Client, ask: impl Fn(&str) -> String) -> Result<(), yunkit_servicestage::Error> {
//!
//! let mut authorization = Authorization::begin(&client, OAuthRepoType::Gitee).await?;
//! // The person opens the address, signs in, and ends at a page of Huawei's console. Its address is what we need.
//! let callback = ask(&format!("open {} and paste the address you end at", authorization.url()));
//! let created = authorization.finish(&client, "my-gitee", &callback).await?;
//! println!("{:?} may be given as X-Repo-Auth now", created.name);
//! # Ok(()) }
//! ```
//!
//! With a password, two bodies are in use: [`CreatePasswordAuth`](crate::authorizations::CreatePasswordAuth) sends the official one,
//! [`PasswordToken`] the one of the Terraform provider. Which of them a Git host takes was never recorded.

use crate::authorizations::{
    CreateOAuth, CreatePasswordAuthResponse, NewAuthorization, OAuthRepoType, PasswordRepoType, ShowRedirectUrl,
};
use crate::codes::REPO_CODE_OR_STATE_INVALID;
use std::fmt;
use yunkit_core::operation::{BodyKind, Method};
use yunkit_core::record::{Place, Record, Shape, Value};
use yunkit_core::secrecy::SecretString;
use yunkit_core::{Client, Error, Operation, OperationInfo, Url};

const NAME: &str = "repository authorization";

/// An authorization that waits for a person in a browser.
pub struct Authorization {
    repo_type: OAuthRepoType,
    tag: Option<String>,
    url: String,
    /// The state that the address carries, when it shows one.
    state: Option<String>,
    spent: bool,
}

impl Authorization {
    /// Asks for the address that the person is to open.
    ///
    /// # Errors
    ///
    /// As [`Client::send`], and [`ErrorKind::Decode`](yunkit_core::ErrorKind::Decode) when the answer holds no address.
    pub async fn begin(client: &Client, repo_type: impl Into<OAuthRepoType>) -> Result<Self, Error> {
        Self::begin_at(client, repo_type, None).await
    }

    /// As [`begin`](Self::begin), for a site: `intl` is the international one.
    ///
    /// # Errors
    ///
    /// As [`begin`](Self::begin).
    pub async fn begin_at(
        client: &Client,
        repo_type: impl Into<OAuthRepoType>,
        tag: Option<&str>,
    ) -> Result<Self, Error> {
        let repo_type = repo_type.into();
        let mut show = ShowRedirectUrl::new(repo_type.clone());
        show.tag = tag.map(str::to_owned);
        let answer = client.send(show).await?;
        let Some(url) = answer.url.filter(|url| !url.is_empty()) else {
            let message = "the answer holds no address to open";
            return Err(Error::new(yunkit_core::ErrorKind::Decode, NAME).with_message(message));
        };
        let state = Url::parse(&url).ok().and_then(|url| parameter(url.query()?, "state"));
        Ok(Self { repo_type, tag: tag.map(str::to_owned), url, state, spent: false })
    }

    /// The address for the person's browser.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Creates the authorization from the address that the browser ended at, whole or from its question mark on.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](yunkit_core::ErrorKind::Input), before anything is sent, when the address has no `code` or `state`, is for
    /// another Git host or another sign-in, was encoded twice, or was used before. Otherwise as [`Client::send`].
    pub async fn finish(&mut self, client: &Client, name: &str, callback: &str) -> Result<NewAuthorization, Error> {
        let (code, state) = self.read(callback)?;
        let mut create = CreateOAuth::new(self.repo_type.clone(), name, code, state);
        create.tag = self.tag.clone();
        match client.send(create).await {
            Ok(answer) => {
                self.spent = true;
                Ok(answer.authorization.unwrap_or_default())
            }
            Err(error) => {
                self.spent |= error.code() == Some(REPO_CODE_OR_STATE_INVALID);
                Err(error)
            }
        }
    }

    fn read(&self, callback: &str) -> Result<(SecretString, String), Error> {
        let refuse = |why: String| Err(Error::input(NAME, why));
        if self.spent {
            return refuse("its state was used; a state is good for one authorization, so begin anew".to_owned());
        }
        // Single-page consoles put their queries behind the hash.
        let query = callback.trim().split_once('?').map_or("", |(_, query)| query);
        let query = query.split('#').next().unwrap_or_default();
        if query.is_empty() {
            return refuse("the address has no `?`; paste the whole address that the browser ended at".to_owned());
        }
        if let Some(error) = parameter(query, "error") {
            let why = parameter(query, "error_description").unwrap_or_default();
            return refuse(format!("the sign-in ended with {error}: {why}"));
        }
        let need = |name: &str| {
            let value = parameter(query, name).filter(|value| !value.is_empty());
            value.ok_or_else(|| {
                Error::input(NAME, format!("the address has no `{name}`; was the sign-in cancelled?"))
            })
        };
        let (code, state) = (need("code")?, need("state")?);
        for (name, value) in [("code", &code), ("state", &state)] {
            if still_encoded(value) {
                return refuse(format!(
                    "`{name}` is percent-encoded twice; take the address from the browser's own bar"
                ));
            }
        }
        if let Some(other) = parameter(query, "repo_type")
            && !other.eq_ignore_ascii_case(self.repo_type.as_str())
        {
            return refuse(format!(
                "the address is for {other}, and this authorization is for {}",
                self.repo_type.as_str()
            ));
        }
        if self.state.as_ref().is_some_and(|expected| *expected != state) {
            return refuse("its state is that of another sign-in".to_owned());
        }
        Ok((code.into(), state))
    }
}

/// Shows where it is for, not what is in the address.
impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("repo_type", &self.repo_type.as_str())
            .field("spent", &self.spent)
            .finish_non_exhaustive()
    }
}

/// A parameter of a query, decoded once. A plus stays one: states hold it.
fn parameter(query: &str, name: &str) -> Option<String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.into_iter().find(|(key, _)| *key == name)?;
    Some(percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned())
}

fn still_encoded(value: &str) -> bool {
    let bytes = value.as_bytes();
    bytes.windows(3).any(|w| w[0] == b'%' && w[1].is_ascii_hexdigit() && w[2].is_ascii_hexdigit())
}

/// An authorization with a password, in the body of the Terraform provider: a `token` that is base64 of `user:password`.
///
/// ```
/// use yunkit_servicestage::authorization::PasswordToken;
/// use yunkit_servicestage::authorizations::PasswordRepoType;
///
/// let operation = PasswordToken::new(PasswordRepoType::DevCloud, "my-auth", "alice", "the password");
/// ```
#[derive(Clone)]
#[must_use = "an operation does nothing until a client sends it"]
pub struct PasswordToken {
    repo_type: PasswordRepoType,
    name: String,
    token: SecretString,
}

impl PasswordToken {
    /// For an account at a Git host.
    pub fn new(
        repo_type: impl Into<PasswordRepoType>,
        name: impl Into<String>,
        user: &str,
        password: &str,
    ) -> Self {
        use base64::Engine;
        let token = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        Self { repo_type: repo_type.into(), name: name.into(), token: token.into() }
    }
}

impl fmt::Debug for PasswordToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordToken").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Record for PasswordToken {
    fn shape(&self) -> &'static Shape {
        static SHAPE: Shape = Shape::request(
            "PasswordToken",
            &["repo_type", "name", "token"],
            &[0, 1, 2],
            &[Place::Path, Place::Body, Place::Body],
        );
        &SHAPE
    }
    fn slot(&mut self, index: usize) -> &mut dyn Value {
        match index {
            0 => &mut self.repo_type,
            1 => &mut self.name,
            _ => &mut self.token,
        }
    }
    fn peek(&self, index: usize) -> &dyn Value {
        match index {
            0 => &self.repo_type,
            1 => &self.name,
            _ => &self.token,
        }
    }
}

impl Operation for PasswordToken {
    type Output = CreatePasswordAuthResponse;
    const INFO: &'static OperationInfo = &OperationInfo::rest(
        "authorization::PasswordToken",
        "CreatePasswordAuth",
        Method::Post,
        "/v1/{project_id}/git/auths/{repo_type}/password",
    )
    .body(BodyKind::Json);
}

#[cfg(test)]
mod tests {
    use super::*;
    use yunkit_core::secrecy::ExposeSecret;

    fn waiting() -> Authorization {
        let (repo_type, state) = (OAuthRepoType::Gitee, Some("$2a$10$x/y".to_owned()));
        Authorization {
            repo_type,
            tag: None,
            url: "https://gitee.com/oauth/authorize".to_owned(),
            state,
            spent: false,
        }
    }

    #[test]
    fn the_address_is_decoded_once() {
        for callback in [
            "https://console.huaweicloud.com/servicestage/oauth?repo_type=gitee&code=c%2B1&state=%242a%2410%24x%2Fy",
            "https://console.huaweicloud.com/servicestage/?code=c%2B1&state=%242a%2410%24x%2Fy#/repository",
            "?state=$2a$10$x/y&code=c+1",
        ] {
            let (code, state) = waiting().read(callback).unwrap();
            assert_eq!((code.expose_secret(), state.as_str()), ("c+1", "$2a$10$x/y"), "{callback}");
        }
    }

    #[test]
    fn each_wrong_address_has_an_error_of_its_own() {
        let rows = [
            (
                "https://console.huaweicloud.com/",
                "the address has no `?`; paste the whole address that the browser ended at",
            ),
            ("/cb?state=s", "the address has no `code`; was the sign-in cancelled?"),
            ("/cb?code=c", "the address has no `state`; was the sign-in cancelled?"),
            (
                "/cb?code=c&state=%25242a",
                "`state` is percent-encoded twice; take the address from the browser's own bar",
            ),
            (
                "/cb?repo_type=github&code=c&state=s",
                "the address is for github, and this authorization is for gitee",
            ),
            ("/cb?code=c&state=s", "its state is that of another sign-in"),
            ("/cb?error=access_denied&error_description=no", "the sign-in ended with access_denied: no"),
        ];

        for (callback, said) in rows {
            let error = waiting().read(callback).unwrap_err();
            assert_eq!(error.message(), Some(said), "{callback}");
        }
        let spent = Authorization { spent: true, ..waiting() };
        assert!(spent.read("/cb?code=c&state=%242a%2410%24x%2Fy").unwrap_err().to_string().contains("begin anew"));
    }

    #[test]
    fn the_other_password_body_holds_one_secret() {
        let operation = PasswordToken::new(PasswordRepoType::DevCloud, "a", "user", "p:w");

        let body = yunkit_core::rest::encode_body(&operation).unwrap();

        assert_eq!(String::from_utf8_lossy(&body), r#"{"name":"a","token":"dXNlcjpwOnc="}"#);
        assert!(!format!("{operation:?}").contains("dXNlcjpwOnc="));
    }
}
