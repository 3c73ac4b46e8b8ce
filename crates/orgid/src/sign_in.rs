//! Signing users in with OAuth2.

use crate::oauth2::{ShowOauth2Token, ShowOauth2UserInfo, ShowOauth2UserInfoResponse};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use yunkit_core::oauth::{self, Authorization};
use yunkit_core::operation::{BodyKind, Method};
use yunkit_core::record::{Place, Record, Shape, Value};
use yunkit_core::rest::Base;
use yunkit_core::secrecy::{ExposeSecret, SecretString};
use yunkit_core::session::{Refresher, Session, TokenStore, Tokens};
use yunkit_core::{Client, Error, ErrorKind, Operation, OperationInfo, Reason, Url};
use yunkit_huawei::{Cloud, HuaweiProtocol};

pub use yunkit_core::oauth::Application;

const NAME: &str = "orgid";
/// The host of the documentation.
const PUBLIC: &str = "https://orgid.huaweiapaas.cn";
/// The service name that makes the host of the SDKs: `orgid-external.cn-north-4.myhuaweicloud.com`.
const SDK_SERVICE: &str = "orgid-external";

yunkit_core::open_enum! {
    /// What a token may tell about the user.
    pub enum Scope {
        /// The phone number.
        Phone = "phone",
        /// Names, and the place in the enterprise.
        Profile = "profile",
        /// The mail address.
        Email = "email",
    }
}

/// Where the token of [`OrgId::user_info`] travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TokenPlace {
    /// In the header `X-OrgID-Authorization`, as the reference has it.
    #[default]
    Header,
    /// In a member `Authorization` of a body, as an older page of Huawei's has it.
    Body,
}

/// OrgID for one application.
///
/// ```no_run
/// use std::sync::Arc;
/// use yunkit_orgid::{Application, OrgId, Scope, TokenPlace, session::MemoryStore};
///
/// # async fn example(callback: &str) -> Result<(), yunkit_orgid::Error> {
/// let orgid = OrgId::new(Application::new("id", "secret".into(), "https://app.example.com"))?;
/// let request = orgid.authorize(&[Scope::Profile]);
/// println!("open {}", request.url());
/// let code = request.code_from(callback)?;
/// let session = orgid.session("alice", Arc::new(MemoryStore::default()));
/// session.begin(orgid.exchange(&code).await?).await?;
/// let user = orgid.user_info(&session, TokenPlace::Header).await?;
/// println!("{:?}", user.user_name);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct OrgId {
    base: Base,
    application: Application,
    client: Client,
}

impl OrgId {
    /// At the host of the documentation, which takes calls without a signature.
    ///
    /// # Errors
    ///
    /// When the system's certificates cannot be used.
    pub fn new(application: Application) -> Result<Self, Error> {
        Self::at(PUBLIC, application)
    }

    /// At another address.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`] when it is no plain web address.
    pub fn at(address: &str, application: Application) -> Result<Self, Error> {
        let base = Base::parse(address)?;
        let client = Client::new(Arc::new(HuaweiProtocol::new(base.clone())))?;
        Ok(Self { base, application, client })
    }

    /// At the host of Huawei's SDKs, with calls signed by a caller of the cloud. Pages for browsers are at the host of the
    /// documentation still.
    ///
    /// # Errors
    ///
    /// As [`Cloud::global_client`].
    pub fn signed(cloud: &Cloud, application: Application) -> Result<Self, Error> {
        let client = cloud.global_client(SDK_SERVICE)?;
        Ok(Self { base: Base::parse(PUBLIC)?, application, client })
    }

    /// The client behind it, for the operations of this crate.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Begins a sign-in. No `state` is documented; one is sent all the same, as OAuth2 asks for it, and has to come back.
    pub fn authorize(&self, scopes: &[Scope]) -> Authorization {
        let mut url = self.page("/oauth2/authorize");
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.application.client_id)
            .append_pair("redirect_uri", &self.application.redirect_uri);
        if let Some(scopes) = oauth::spelled(scopes.iter().map(Scope::as_str), " ") {
            url.query_pairs_mut().append_pair("scope", &scopes);
        }
        Authorization::begin(url)
    }

    /// Buys tokens for the code of a finished sign-in, with `access_type=offline`, so that a refresh token comes along.
    ///
    /// # Errors
    ///
    /// What the service says, and [`ErrorKind::Decode`] when its answer holds no token.
    pub async fn exchange(&self, code: &SecretString) -> Result<Tokens, Error> {
        let Application { client_id, client_secret, redirect_uri, .. } = &self.application;
        let ask = ShowOauth2Token::new(
            "authorization_code",
            code.clone(),
            client_id,
            client_secret.clone(),
            redirect_uri,
        );
        let answer = self.client.send(ask.access_type("offline")).await?;
        let none = || Error::new(ErrorKind::Decode, NAME).with_message("the answer holds no access_token");
        let mut tokens = Tokens::new(answer.access_token.ok_or_else(none)?);
        tokens.refresh_token = answer.refresh_token;
        tokens.scope = answer.scope;
        let seconds = answer.expires_in.and_then(|seconds| u64::try_from(seconds).ok());
        tokens.expires_at = seconds.and_then(|seconds| self.now().checked_add(Duration::from_secs(seconds)));
        Ok(tokens)
    }

    /// A session whose tokens live in `store`. The refresh token is kept, but no call that takes it is documented: when the
    /// access token ends, so does the session, and calls fail with an error whose
    /// [`is_reauthorization_required`](Error::is_reauthorization_required) is true.
    pub fn session(&self, identity: impl Into<String>, store: Arc<dyn TokenStore>) -> Session {
        Session::with_surroundings(identity, store, Arc::new(NoRefresh), self.client.clock().clone())
    }

    /// Who the user of a session is.
    ///
    /// # Errors
    ///
    /// What the service says, and what [`session`](Self::session) says about its end.
    pub async fn user_info(
        &self,
        session: &Session,
        place: TokenPlace,
    ) -> Result<ShowOauth2UserInfoResponse, Error> {
        let (_, tokens) = session.tokens(None).await?;
        let bearer: SecretString = format!("Bearer {}", tokens.access_token.expose_secret()).into();
        match place {
            TokenPlace::Header => self.client.send(ShowOauth2UserInfo::new(bearer)).await,
            TokenPlace::Body => self.client.send(UserInfoByBody { authorization: bearer }).await,
        }
    }

    /// The address that signs the user out and sends the browser on to `service`.
    pub fn logout_url(&self, service: Option<&str>) -> Url {
        let mut url = self.page("/oauth/logout");
        if let Some(service) = service {
            url.query_pairs_mut().append_pair("service", service);
        }
        url
    }

    fn page(&self, path: &str) -> Url {
        let mut url = self.base.url().clone();
        url.set_path(&format!("{}{path}", url.path().trim_end_matches('/')));
        url
    }

    fn now(&self) -> SystemTime {
        self.client.clock().now()
    }
}

/// OrgID documents no way to renew a token.
#[derive(Debug)]
struct NoRefresh;

#[async_trait]
impl Refresher for NoRefresh {
    async fn refresh(&self, _: &Tokens) -> Result<Tokens, Error> {
        let message = "OrgID documents no way to renew a token; the user has to sign in again";
        Err(Error::new(ErrorKind::Credential, NAME).with_reason(Reason::Reauthorize).with_message(message))
    }
}

/// User information with the token in the body.
struct UserInfoByBody {
    authorization: SecretString,
}

impl Record for UserInfoByBody {
    fn shape(&self) -> &'static Shape {
        static SHAPE: Shape = Shape::request("UserInfoByBody", &["Authorization"], &[0], &[Place::Body]);
        &SHAPE
    }
    fn slot(&mut self, _: usize) -> &mut dyn Value {
        &mut self.authorization
    }
    fn peek(&self, _: usize) -> &dyn Value {
        &self.authorization
    }
}

impl Operation for UserInfoByBody {
    type Output = ShowOauth2UserInfoResponse;
    const INFO: &'static OperationInfo = &OperationInfo::rest(
        "oauth2::ShowOauth2UserInfo",
        "ShowOauth2UserInfo",
        Method::Get,
        "/orgid/openapi/v1/oauth2/userinfo",
    )
    .body(BodyKind::Json);
}
