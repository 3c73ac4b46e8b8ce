//! The fakes of Huawei Cloud: ServiceStage behind a gateway that verifies signatures, IAM with STS and the metadata of a server,
//! and OrgID.
//!
//! Every operation is checked and answered with data that fits the specification. Remembered are tokens and keys, sign-ins,
//! authorizations of repositories, and applications, environments, components, instances and their jobs: a job gets one step
//! further each time it is asked for, and fails for an instance that is called `fails`.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), yunkit_core::Error> {
//! use yunkit_servicestage::authorization::Authorization;
//! use yunkit_servicestage::authorizations::{ListAuthorizations, OAuthRepoType};
//! use yunkit_testkit::huawei::Fake;
//!
//! let fake = Fake::start().await;
//! let client = yunkit_servicestage::client(&fake.cloud())?;
//!
//! let mut authorization = Authorization::begin(&client, OAuthRepoType::Gitee).await?;
//! let callback = fake.sign_in_at_git_host(authorization.url());
//! authorization.finish(&client, "my-gitee", &callback).await?;
//!
//! let known = client.send(ListAuthorizations::new()).await?;
//! assert_eq!(known.authorizations.unwrap_or_default().len(), 1);
//! # Ok(()) }
//! ```

mod gateway;
mod iam;
mod orgid;
mod servicestage;

use crate::engine::{Engine, Reply};
use crate::faults::{Fault, Faults};
use gateway::Key;
use serde_json::{Map, Value, json};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};
use yunkit_core::Url;
use yunkit_core::operation::Entry;
use yunkit_huawei::credentials::AccessKey;
use yunkit_huawei::iam_token::IamToken;
use yunkit_huawei::{Cloud, Endpoints, Environment, Region};

const ACCESS: &str = "FAKEACCESSKEY0000001";
const SECRET: &str = "fake-secret-key-000000000000000000000001";
const REGION: &str = "cn-north-4";
const PROJECT_ID: &str = "0123456789abcdef0123456789abcdef";
const DOMAIN_ID: &str = "fedcba9876543210fedcba9876543210";
const ACCOUNT: &str = "fake-account";
const USER: &str = "demo";
const PASSWORD: &str = "fake-password";
const CLIENT_ID: &str = "fake-orgid-client";
const CLIENT_SECRET: &str = "fake-orgid-secret";
const REDIRECT_URI: &str = "http://localhost:8080/orgid";

/// How the fakes are to be.
#[derive(Debug)]
pub struct Builder {
    seed: u64,
    lenient: bool,
    faults: Faults,
    listeners: [Option<TcpListener>; 3],
}

impl Builder {
    /// Other data; 1 unless set.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
    /// Overlooks parameters that no operation has, as the services do.
    #[must_use]
    pub fn lenient(mut self, lenient: bool) -> Self {
        self.lenient = lenient;
        self
    }
    /// Lets calls fail by chance, by the rules for `servicestage`, `iam` and `orgid`.
    #[must_use]
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }
    /// Listens here instead of on free ports: ServiceStage, IAM, OrgID.
    #[must_use]
    pub fn listeners(mut self, servicestage: TcpListener, iam: TcpListener, orgid: TcpListener) -> Self {
        self.listeners = [Some(servicestage), Some(iam), Some(orgid)];
        self
    }
    /// Starts to listen.
    pub async fn start(self) -> Fake {
        let [servicestage, iam, orgid] = self.listeners;
        let engine = |catalogue, spec| Engine::new(catalogue, spec, self.seed, &[]).lenient(self.lenient);
        let key = Key { access: ACCESS.to_owned(), secret: SECRET.into(), security_token: None, ends: None };
        let shared = Arc::new(Shared {
            servicestage: engine(yunkit_servicestage::CATALOGUE, yunkit_servicestage::SPEC),
            iam: engine(yunkit_huawei::CATALOGUE, yunkit_huawei::SPEC),
            orgid: engine(yunkit_orgid::CATALOGUE, yunkit_orgid::SPEC),
            state: Mutex::new(State {
                ahead: Duration::ZERO,
                servicestage: servicestage::ServiceStage::default(),
                iam: iam::Iam::new(self.seed, key),
                orgid: orgid::OrgId::new(self.seed),
                faults: self.faults,
                requests: 0,
            }),
        });
        let mut servers = Vec::new();
        let listeners = [servicestage, iam, orgid];
        for (listener, surface) in listeners.into_iter().zip([Surface::ServiceStage, Surface::Iam, Surface::OrgId])
        {
            let mut server = MockServer::builder().disable_request_recording();
            if let Some(listener) = listener {
                server = server.listener(listener);
            }
            let server = server.start().await;
            Mock::given(any()).respond_with(Responder(shared.clone(), surface)).mount(&server).await;
            servers.push(server);
        }
        Fake { servers, shared }
    }
}

/// The running fakes. They stop when this is dropped.
#[derive(Debug)]
pub struct Fake {
    servers: Vec<MockServer>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    servicestage: Engine,
    iam: Engine,
    orgid: Engine,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    ahead: Duration,
    servicestage: servicestage::ServiceStage,
    iam: iam::Iam,
    orgid: orgid::OrgId,
    faults: Faults,
    requests: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Surface {
    ServiceStage,
    Iam,
    OrgId,
}

impl Surface {
    fn name(self) -> &'static str {
        match self {
            Self::ServiceStage => "servicestage",
            Self::Iam => "iam",
            Self::OrgId => "orgid",
        }
    }
}

impl Fake {
    /// Fakes with the usual data.
    pub async fn start() -> Self {
        Self::builder().start().await
    }
    /// Fakes of one's own making.
    pub fn builder() -> Builder {
        Builder { seed: 1, lenient: false, faults: Faults::default(), listeners: [None, None, None] }
    }
    /// Where ServiceStage listens.
    pub fn servicestage(&self) -> String {
        self.servers[0].uri()
    }
    /// Where IAM, STS and the metadata of a server listen.
    pub fn iam(&self) -> String {
        self.servers[1].uri()
    }
    /// Where OrgID listens.
    pub fn orgid(&self) -> String {
        self.servers[2].uri()
    }
    /// The access key that the gateway knows.
    pub fn key(&self) -> AccessKey {
        AccessKey::new(ACCESS, SECRET.into())
    }
    /// The IAM user that there is.
    pub fn user(&self) -> IamToken {
        IamToken::password(ACCOUNT, USER, PASSWORD.into())
    }
    /// The endpoints, for a [`Cloud`] of one's own.
    pub fn endpoints(&self) -> Endpoints {
        let orgid = self.orgid();
        Endpoints::new()
            .with("servicestage", self.servicestage())
            .with("iam", self.iam())
            .with("sts", self.iam())
            .with("orgid-external", orgid)
    }
    /// A caller with the access key.
    pub fn cloud(&self) -> Cloud {
        self.cloud_for(self.key())
    }
    /// A caller with whatever a provider brings.
    pub fn cloud_for(&self, provider: impl yunkit_huawei::credentials::Provider + 'static) -> Cloud {
        let cloud = Cloud::new(Region::CN_NORTH_4, provider).expect("the system's certificates can be used");
        cloud.endpoints(self.endpoints()).environment(Environment::of([]))
    }
    /// The application that OrgID knows.
    pub fn application(&self) -> yunkit_orgid::Application {
        yunkit_orgid::Application::new(CLIENT_ID, CLIENT_SECRET.into(), REDIRECT_URI)
    }
    /// OrgID for that application.
    pub fn org_id(&self) -> yunkit_orgid::OrgId {
        yunkit_orgid::OrgId::at(&self.orgid(), self.application()).expect("the address of a server is valid")
    }
    /// Plays the user who opens the address of a sign-in at OrgID and agrees: answers the address the browser is sent to.
    ///
    /// # Errors
    ///
    /// In words, when the request for consent is not right.
    pub fn consent(&self, authorize: &Url) -> Result<String, String> {
        self.state().orgid.authorize(authorize)
    }
    /// Plays the user who signs in by CAS for a service: answers the ticket that the browser brings there.
    pub fn ticket(&self, service: &str) -> String {
        self.state().orgid.ticket(service)
    }
    /// Plays the person who signs in at a Git host: answers the address of the console that the browser ends at.
    pub fn sign_in_at_git_host(&self, redirect: &str) -> String {
        let state =
            |url: Url| url.query_pairs().find(|(name, _)| name == "state").map(|(_, value)| value.into_owned());
        let state = Url::parse(redirect).ok().and_then(state);
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("code", "code-1").append_pair("state", &state.unwrap_or_default());
        format!("https://console.huaweicloud.com/servicestage/oauth?{}", query.finish())
    }
    /// Lets the fakes' clock run ahead.
    pub fn pass(&self, time: Duration) {
        self.state().ahead += time;
    }
    /// How many requests have arrived.
    pub fn requests(&self) -> u64 {
        self.state().requests
    }
    /// Members by which an operation of ServiceStage finds something; what is missing is made. For programs that call operations
    /// they do not know.
    pub fn known(&self, entry: &Entry) -> Map<String, Value> {
        self.state().servicestage.example(&self.shared.servicestage, entry, PROJECT_ID)
    }
    /// The engines, for samples of requests: ServiceStage, IAM, OrgID.
    pub fn engines(&self) -> [&Engine; 3] {
        [&self.shared.servicestage, &self.shared.iam, &self.shared.orgid]
    }
    /// What a program in another language needs to know. The secrets are the fakes' own and open nothing else.
    pub fn as_json(&self) -> Value {
        json!({
            "servicestage": {"endpoint": self.servicestage(), "ak": ACCESS, "sk": SECRET, "project_id": PROJECT_ID, "region": REGION},
            "iam": {"endpoint": self.iam(), "domain": ACCOUNT, "user": USER, "password": PASSWORD},
            "orgid": {"base": self.orgid(), "authorize_base": self.orgid(), "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
                "redirect_uri": REDIRECT_URI},
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }
}

impl State {
    fn now(&self) -> u64 {
        (SystemTime::now() + self.ahead).duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &Request, surface: Surface) -> Reply {
        let mut state = self.state();
        state.requests += 1;
        let number = state.requests;
        let now = state.now();
        let reply = self.served(&mut state, request, surface, now).unwrap_or_else(|refusal| refusal);
        reply.header("X-Request-Id", format!("{number:032x}"))
    }

    fn served(&self, state: &mut State, request: &Request, surface: Surface, now: u64) -> Result<Reply, Reply> {
        let engine = match surface {
            Surface::ServiceStage => &self.servicestage,
            Surface::Iam => &self.iam,
            Surface::OrgId => &self.orgid,
        };
        let path = request.url.path();
        // An older page has the token of user information in a body, which the specification does not know.
        let by_body = surface == Surface::OrgId
            && path.ends_with("/userinfo")
            && !request.headers.contains_key("x-orgid-authorization");
        let moved = by_body.then(|| with_token_in_header(request)).flatten();
        let request = moved.as_ref().unwrap_or(request);
        let call = engine.check(path, request)?;
        let (delay, fault) = state.faults.strike(surface.name(), call.entry.info);
        if let Some(fault) = fault {
            let mut reply = match fault {
                Fault::Status(status) => Reply::json(
                    status,
                    &json!({"error_code": "FAKE.0001", "error_msg": "a fault that was asked for"}),
                ),
                Fault::RateLimit => Reply::json(
                    429,
                    &json!({"error_code": "APIGW.0308", "error_msg": "the throttling threshold has been reached"}),
                ),
                _ => Reply {
                    body: Some(("text/html".to_owned(), b"<html><body>502</body></html>".to_vec())),
                    ..Reply::empty(502)
                },
            };
            reply.delay = delay;
            return Ok(reply);
        }
        let open = match surface {
            Surface::OrgId => !request.headers.contains_key("authorization"),
            Surface::Iam => iam::Iam::is_open(&call) || iam::Iam::proves_itself(&call),
            Surface::ServiceStage => false,
        };
        if !open {
            match gateway::token(request, &state.iam.tokens, now) {
                Some(known) => drop(known?),
                None => drop(gateway::verify(request, &state.iam.keys, now)?),
            }
        }
        let subject = request.headers.get("x-metadata-token").and_then(|value| value.to_str().ok());
        let remembered = match surface {
            Surface::ServiceStage => {
                if path.split('/').nth(2) != Some(PROJECT_ID) {
                    return Err(Reply::json(
                        403,
                        &json!({"error_code": "APIGW.0302", "error_msg": "the project is not the caller's"}),
                    ));
                }
                state.servicestage.answer(engine, &call, path, now)
            }
            Surface::Iam => state.iam.answer(&call, subject, now),
            Surface::OrgId => state.orgid.answer(&call, request, now),
        };
        let mut reply = remembered
            .unwrap_or_else(|| engine.sample(&call.entry, &Value::Object(call.members.clone()).to_string()));
        reply.delay = delay;
        Ok(reply)
    }
}

/// The same request with the token of its body in the header.
fn with_token_in_header(request: &Request) -> Option<Request> {
    let body: Value = serde_json::from_slice(&request.body).ok()?;
    let token = body.get("Authorization")?.as_str()?;
    let mut moved = request.clone();
    moved.headers.insert("x-orgid-authorization", token.parse().ok()?);
    moved.body = Vec::new();
    Some(moved)
}

struct Responder(Arc<Shared>, Surface);

impl Respond for Responder {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        self.0.answer(request, self.1).into()
    }
}
