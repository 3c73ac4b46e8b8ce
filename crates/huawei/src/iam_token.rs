//! Tokens of IAM: 24 hours for a password, a password with a code, or an agency.

use crate::context::{AuthToken, Context, SUBJECT_TOKEN};
use crate::credentials::{Means, Proof, Provider, decline};
use crate::iam::{
    AgencyTokenAssumerole, KeystoneCreateUserTokenByPassword, MfaTotp, MfaTotpUser, PwdPassword, PwdPasswordUser,
    PwdPasswordUserDomain, TokenAuth, TokenIdentity, TokenScope, TokenScopeDomain, TokenScopeProject,
};
use crate::providers::moment;
use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use yunkit_core::Error;
use yunkit_core::secrecy::SecretString;

/// A token bought with the name and password of an IAM user. Huawei IDs get none.
///
/// ```
/// use yunkit_huawei::iam_token::IamToken;
///
/// let user = IamToken::password("the-account", "the-user", "the password".into());
/// assert!(!format!("{user:?}").contains("the password"));
/// ```
#[derive(Clone)]
pub struct IamToken {
    domain: String,
    user: String,
    password: SecretString,
    code: Option<(String, Arc<dyn Fn() -> String + Send + Sync>)>,
    agency: Option<(String, String)>,
    scope: Scope,
}

#[derive(Debug, Clone)]
enum Scope {
    /// The project that is called like the region.
    Region,
    Project(String),
    Domain,
}

impl IamToken {
    /// For a user of an account, both by name. The token is good for the region's project.
    pub fn password(domain: impl Into<String>, user: impl Into<String>, password: SecretString) -> Self {
        Self { domain: domain.into(), user: user.into(), password, code: None, agency: None, scope: Scope::Region }
    }
    /// Adds the code of an authenticator, for the user of this id. It is asked for at each sign-in, because codes last half a
    /// minute.
    #[must_use]
    pub fn totp(mut self, user_id: impl Into<String>, code: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.code = Some((user_id.into(), Arc::new(code)));
        self
    }
    /// Acts as an agency of another account, which takes the permission Agent Operator.
    #[must_use]
    pub fn agency(mut self, domain: impl Into<String>, agency: impl Into<String>) -> Self {
        self.agency = Some((domain.into(), agency.into()));
        self
    }
    /// Makes the token good for another project than the region's, by id.
    #[must_use]
    pub fn project(mut self, id: impl Into<String>) -> Self {
        self.scope = Scope::Project(id.into());
        self
    }
    /// Makes the token good for global calls, not for a project.
    #[must_use]
    pub fn global(mut self) -> Self {
        self.scope = Scope::Domain;
        self
    }

    fn scope(&self, context: &Context, domain: &str) -> TokenScope {
        match &self.scope {
            Scope::Region => TokenScope::new().project(TokenScopeProject::new().name(context.region.as_str())),
            Scope::Project(id) => TokenScope::new().project(TokenScopeProject::new().id(id)),
            Scope::Domain => TokenScope::new().domain(TokenScopeDomain::new().name(domain)),
        }
    }
}

/// Shows names, not secrets.
impl fmt::Debug for IamToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IamToken").field("domain", &self.domain).field("user", &self.user).finish_non_exhaustive()
    }
}

#[async_trait]
impl Provider for IamToken {
    fn name(&self) -> &'static str {
        "IAM token"
    }
    async fn proof(&self, context: &Context) -> Result<Proof, Error> {
        let domain = PwdPasswordUserDomain::new(&self.domain);
        let user = PwdPasswordUser::new(domain, &self.user, self.password.clone());
        let methods = if self.code.is_some() { vec!["password", "totp"] } else { vec!["password"] };
        let mut identity = TokenIdentity::new(methods).password(PwdPassword::new(user));
        if let Some((id, code)) = &self.code {
            identity = identity.totp(MfaTotp::new(MfaTotpUser::new(id, code())));
        }
        let iam = context.client("iam")?;
        let own = TokenAuth::new(
            identity,
            match &self.agency {
                // What buys the agency's token is good for the account.
                Some(_) => TokenScope::new().domain(TokenScopeDomain::new().name(&self.domain)),
                None => self.scope(context, &self.domain),
            },
        );
        let issued = self.buy(&iam, own).await?;
        let Some((domain, agency)) = &self.agency else {
            return Ok(issued);
        };
        let Means::Token(token) = &issued.means else { return Ok(issued) };
        let role = AgencyTokenAssumerole::new(agency).domain_name(domain);
        let identity = TokenIdentity::new(["assume_role"]).assume_role(role);
        let iam = iam.credential(Arc::new(AuthToken::new(token)?));
        self.buy(&iam, TokenAuth::new(identity, self.scope(context, domain))).await
    }
}

impl IamToken {
    async fn buy(&self, iam: &yunkit_core::Client, auth: TokenAuth) -> Result<Proof, Error> {
        let create = KeystoneCreateUserTokenByPassword::new(auth).nocatalog("true");
        let (answer, meta) = iam.send_with_meta(create).await.map_err(Error::into_credential)?;
        let token = meta.headers.get(SUBJECT_TOKEN).and_then(|value| value.to_str().ok());
        let token = token.ok_or_else(|| decline(self.name(), "the answer brought no X-Subject-Token"))?;
        let info = answer.token.unwrap_or_default();
        let day = std::time::SystemTime::now() + Duration::from_secs(86_400);
        Ok(Proof {
            means: Means::Token(token.into()),
            project_id: info.project.and_then(|project| project.id),
            domain_id: info.domain.and_then(|domain| domain.id),
            expires_at: Some(info.expires_at.as_deref().and_then(moment).unwrap_or(day)),
        })
    }
}
