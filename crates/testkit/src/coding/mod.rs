//! The fake of CODING: the open API at `/open-api`, the legacy API below `/api`, and the sign-in for both.
//!
//! Every action and operation is checked and answered with data that fits the specification. Remembered are:
//!
//! | what | with |
//! |---|---|
//! | sign-in | codes that work once, for five minutes; a refresh kills the old access token at once |
//! | callers | by header (`Bearer`, `token`, `Basic`), by the members `AccessToken` and `Authorization` of a body, by `access_token` in the query |
//! | projects | 25 of them; both APIs tell of the same ones |
//! | repositories | branches, merge requests and how they end |
//! | issues and iterations | 45 issues in `project-1`, comments |
//! | jobs | builds that run until the second look, logs in pieces |
//!
//! Refusals come as the services write them: `{"Response": {"Error": …}}` and `{"code": …, "msg": …}`, both at HTTP 200; actions
//! that the document declares a 401 for get one. No action may be called more often in a second than is documented for it.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), yunkit_core::Error> {
//! use yunkit_coding_open::{branches, issues, merge_requests};
//! use yunkit_testkit::coding::Fake;
//!
//! let fake = Fake::start().await;
//! let client = fake.open().with_token(fake.token())?;
//!
//! let all = client.items(issues::DescribeIssueList::new("project-1", "ALL")).collect().await?;
//! assert_eq!(all.len(), 45);
//!
//! let depot = "demo/project-1/depot-1";
//! client.send(branches::CreateGitBranch::new(depot, "fix", "master")).await?;
//! let opened = merge_requests::CreateGitMergeReq::new(depot, "Stop the leak", "It leaks no more", "fix", "master");
//! let opened = client.send(opened).await?.merge_info.unwrap_or_default();
//! assert!(opened.merge_request_id.is_some());
//!
//! let missing = client.send(branches::CreateGitBranch::new(depot, "fix", "master")).await.unwrap_err();
//! assert_eq!((missing.status().map(|s| s.as_u16()), missing.code()), (Some(200), Some("ResourceInUse")));
//! # Ok(()) }
//! ```

mod oauth;
mod rest;
mod world;

use crate::engine::{Checked, Engine, Reply, Why};
use crate::faults::{Fault, Faults};
use oauth::{Stranger, TEAM, Tokens};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};
use world::{Scene, World};
use yunkit_coding_open::CodingOpen;
use yunkit_coding_rest::CodingRest;
use yunkit_coding_rest::oauth::Application;
use yunkit_core::Url;
use yunkit_core::operation::Entry;
use yunkit_core::secrecy::SecretString;

/// The application that every fake knows.
pub fn application() -> Application {
    Application::new(oauth::CLIENT_ID, oauth::CLIENT_SECRET.into(), oauth::REDIRECT_URI)
}

/// How a fake is to be.
#[derive(Debug)]
pub struct Builder {
    seed: u64,
    lenient: bool,
    limited: bool,
    faults: Faults,
    listener: Option<TcpListener>,
}

impl Builder {
    /// Other data; 1 unless set.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
    /// Overlooks parameters that nothing has, as the services do. Off by default: they are slips of the pen, and the fake
    /// names them.
    #[must_use]
    pub fn lenient(mut self, lenient: bool) -> Self {
        self.lenient = lenient;
        self
    }
    /// Whether an action is refused that is called more often in a second than is documented for it; it is unless this says
    /// otherwise.
    #[must_use]
    pub fn rate_limited(mut self, limited: bool) -> Self {
        self.limited = limited;
        self
    }
    /// Lets calls fail by chance, by the rules for `coding-open` and `coding-rest`.
    #[must_use]
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }
    /// Listens here instead of on a free port of 127.0.0.1.
    #[must_use]
    pub fn listener(mut self, listener: TcpListener) -> Self {
        self.listener = Some(listener);
        self
    }
    /// Starts to listen.
    pub async fn start(self) -> Fake {
        let mut server = MockServer::builder().disable_request_recording();
        if let Some(listener) = self.listener {
            server = server.listener(listener);
        }
        let server = server.start().await;
        let body = ["AccessToken", "Authorization"];
        let open = Engine::new(yunkit_coding_open::CATALOGUE, yunkit_coding_open::SPEC, self.seed, &body);
        let rest =
            Engine::new(yunkit_coding_rest::CATALOGUE, yunkit_coding_rest::SPEC, self.seed, &["access_token"]);
        let open = open.lenient(self.lenient);
        let state = State {
            ahead: Duration::ZERO,
            tokens: Tokens::new(self.seed),
            world: World::new(&open),
            faults: self.faults,
            calls: BTreeMap::new(),
            requests: 0,
        };
        let shared = Arc::new(Shared {
            open,
            rest: rest.lenient(self.lenient),
            limited: self.limited,
            state: Mutex::new(state),
            address: server.uri(),
        });
        Mock::given(any()).respond_with(Responder(shared.clone())).mount(&server).await;
        Fake { _server: server, shared }
    }
}

/// A running fake. It stops when it is dropped.
#[derive(Debug)]
pub struct Fake {
    _server: MockServer,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    open: Engine,
    rest: Engine,
    limited: bool,
    state: Mutex<State>,
    address: String,
}

#[derive(Debug)]
struct State {
    /// How far the fake's clock runs ahead of the real one.
    ahead: Duration,
    tokens: Tokens,
    world: World,
    faults: Faults,
    /// The second in which an action was called last, and how often.
    calls: BTreeMap<&'static str, (u64, u16)>,
    requests: u64,
}

impl State {
    /// In milliseconds since 1970.
    fn now(&self) -> u64 {
        let since = (SystemTime::now() + self.ahead).duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    /// Counts a call; `false` when it is one too many in its second.
    fn counts(&mut self, call: &Checked, now: u64) -> bool {
        let info = call.entry.info;
        let (second, count) = self.calls.entry(info.id).or_default();
        if *second != now / 1000 {
            (*second, *count) = (now / 1000, 0);
        }
        *count = count.saturating_add(1);
        info.rate == 0 || *count <= info.rate
    }
}

impl Fake {
    /// A fake with the usual data.
    pub async fn start() -> Self {
        Self::builder().start().await
    }
    /// A fake of one's own making.
    pub fn builder() -> Builder {
        Builder { seed: 1, lenient: false, limited: true, faults: Faults::default(), listener: None }
    }
    /// Where it listens, such as `http://127.0.0.1:40123`.
    pub fn address(&self) -> &str {
        &self.shared.address
    }
    /// The open API to make clients for.
    pub fn open(&self) -> CodingOpen {
        CodingOpen::at(&format!("{}/open-api", self.address())).expect("the address of a server is valid")
    }
    /// The legacy API to make clients and sign-ins for.
    pub fn rest(&self) -> CodingRest {
        CodingRest::at(self.address()).expect("the address of a server is valid")
    }
    /// A personal token that never expires.
    pub fn token(&self) -> SecretString {
        oauth::PERSONAL_TOKEN.into()
    }
    /// The user and the password of a project token.
    pub fn project_token(&self) -> (&'static str, SecretString) {
        (oauth::PROJECT_USER, oauth::PROJECT_PASSWORD.into())
    }
    /// The application that the fake knows.
    pub fn application(&self) -> Application {
        application()
    }
    /// Plays the user who opens the address of a sign-in and agrees: answers the address the browser is sent to.
    ///
    /// # Errors
    ///
    /// In words, when the request for consent is not right.
    pub fn consent(&self, authorize: &Url) -> Result<String, String> {
        let mut state = self.shared.state();
        let now = state.now() / 1000;
        oauth::authorize(&mut state.tokens, authorize, now)
    }
    /// Lets the fake's clock run ahead; access tokens live for two hours.
    pub fn pass(&self, time: Duration) {
        self.shared.state().ahead += time;
    }
    /// How often tokens were refreshed.
    pub fn refreshes(&self) -> u64 {
        self.shared.state().tokens.refreshes()
    }
    /// How many requests have arrived.
    pub fn requests(&self) -> u64 {
        self.shared.state().requests
    }
    /// The engines, for samples of requests: the open API, the legacy API.
    pub fn engines(&self) -> [&Engine; 2] {
        [&self.shared.open, &self.shared.rest]
    }
    /// Members by which an action or operation finds something; what is missing is made. For programs that call what they do
    /// not know.
    pub fn known(&self, entry: &Entry) -> Map<String, Value> {
        let mut state = self.shared.state();
        let now = state.now();
        let mut known = state.world.example(&self.shared.open, now);
        let action = entry.info.id;
        if action == "DescribeDepotSpecDetail" {
            known.remove("DepotPath");
        }
        if action.starts_with("Create") || action == "ModifyProject" {
            // What is made must not be there yet.
            let name: Value = format!("new-{}", state.requests).into();
            known.extend(["Name", "DepotName", "BranchName"].map(|member| (member.to_owned(), name.clone())));
            known.extend(
                [("SrcBranch", "develop"), ("DestBranch", "master"), ("StartPoint", "master")]
                    .map(|(n, v)| (n.to_owned(), v.into())),
            );
        } else {
            known.insert("BranchName".to_owned(), "master".into());
            known.insert("DepotName".to_owned(), "depot-1".into());
        }
        let project = known.get("ProjectName").cloned().unwrap_or_default();
        // Only the sign-in itself is not left to chance.
        if action == "postOauthAccess_token" {
            let now = state.now() / 1000;
            let code = oauth::agreed(&mut state.tokens, "user", now);
            known.extend(
                [
                    ("client_id", oauth::CLIENT_ID),
                    ("client_secret", oauth::CLIENT_SECRET),
                    ("grant_type", "authorization_code"),
                    ("code", &code),
                    ("refresh_token", ""),
                ]
                .map(|(name, value)| (name.to_owned(), value.into())),
            );
        }
        known.insert("project".to_owned(), project);
        known.insert("project_id".to_owned(), known.get("ProjectId").cloned().unwrap_or_default());
        known.insert("team".to_owned(), TEAM.into());
        known
    }
    /// What a program in another language needs to know. The secrets are the fake's own and open nothing else.
    pub fn as_json(&self) -> Value {
        json!({
            "coding_open": {
                "url": format!("{}/open-api", self.address()),
                "token": oauth::PERSONAL_TOKEN,
                "project_token_user": oauth::PROJECT_USER,
                "project_token_password": oauth::PROJECT_PASSWORD,
            },
            "coding_rest": {
                "base": self.address(),
                "client_id": oauth::CLIENT_ID,
                "client_secret": oauth::CLIENT_SECRET,
                "redirect_uri": oauth::REDIRECT_URI,
                "token": oauth::PERSONAL_TOKEN,
                "team": TEAM,
            },
        })
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &Request) -> Reply {
        let mut state = self.state();
        state.requests += 1;
        let id = format!("{:032x}", state.requests);
        let now = state.now();
        match (request.method.as_str(), request.url.path()) {
            ("POST", path) if path.trim_end_matches('/') == "/open-api" => {
                self.action(&mut state, request, now, &id)
            }
            ("GET", "/oauth_authorize.html") => match oauth::authorize(&mut state.tokens, &request.url, now / 1000)
            {
                Ok(back) => Reply::empty(302).header("Location", back),
                Err(message) => rest::refuse(1, "authorize", &message),
            },
            ("POST", "/api/oauth/access_token") => oauth::token(&mut state.tokens, request, now / 1000),
            (_, path) if path.starts_with("/api/") => {
                self.operation(&mut state, path, request, now).header("X-Request-Id", id)
            }
            (method, path) => {
                let message = format!(
                    "the fake has nothing at {method} {path}; there are POST /open-api, /api/… and GET /oauth_authorize.html"
                );
                Reply::json(501, &json!({"message": message}))
            }
        }
    }

    fn action(&self, state: &mut State, request: &Request, now: u64, id: &str) -> Reply {
        let refuse = |code: &str, message: &str| {
            Reply::json(200, &json!({"Response": {"Error": {"Code": code, "Message": message}, "RequestId": id}}))
        };
        let call = match self.open.check_action(request) {
            Ok(call) => call,
            Err(refusal) => {
                let code = match refusal.why {
                    Why::NoOperation => "UnsupportedOperation",
                    Why::Missing => "MissingParameter",
                    Why::Unknown => "UnknownParameter",
                    Why::Invalid => "InvalidParameterValue",
                };
                return refuse(code, &refusal.message);
            }
        };
        let info = call.entry.info;
        let (delay, fault) = state.faults.strike("coding-open", info);
        let mut reply = match fault {
            Some(Fault::RateLimit) => refuse("RequestLimitExceeded", "a fault that was asked for"),
            Some(Fault::Status(status)) => Reply::json(status, &json!({"message": "a fault that was asked for"})),
            Some(Fault::Html) => Reply::page_of_a_proxy(),
            Some(Fault::Delay(_)) | None => match state.tokens.admit(request, now / 1000) {
                // Newer actions are documented with a status of their own for this.
                Err(_) if info.in_query => Reply::json(401, &"Invalid".into()),
                Err(stranger) => refuse("AuthFailure", stranger.words()),
                Ok(()) if self.limited && !state.counts(&call, now) => refuse(
                    "RequestLimitExceeded",
                    &format!("{} is called more than {} times a second", info.id, info.rate),
                ),
                Ok(()) => match enough(&call) {
                    Err(message) => refuse("MissingParameter", &message),
                    Ok(()) => match state.world.answer(&Scene { engine: &self.open, call: &call, now }) {
                        Some(Ok(mut told)) => {
                            told["RequestId"] = id.into();
                            Reply::json(200, &json!({"Response": told}))
                        }
                        Some(Err((code, message))) => refuse(code, &message),
                        None => self.sampled(&call, id),
                    },
                },
            },
        };
        reply.delay += delay;
        reply
    }

    /// An answer by the specification alone. A list that pages ends with its first page.
    fn sampled(&self, call: &Checked, id: &str) -> Reply {
        let mut reply = self.open.sample(&call.entry, &Value::Object(call.members.clone()).to_string());
        if let Some((_, body)) = &mut reply.body {
            let mut whole: Value = serde_json::from_slice(body).unwrap_or_default();
            let info = call.entry.info;
            let response = &mut whole["Response"];
            response["RequestId"] = id.into();
            let at = |way: &str| format!("/{way}");
            if let Some(paging) = info.paging {
                let items = response.pointer(&at(info.items)).and_then(Value::as_array).map_or(0, Vec::len);
                for (way, value) in
                    [(info.total, json!(items)), (paging.key, json!("")), (paging.more, json!(false))]
                {
                    if let Some(place) = response.pointer_mut(&at(way)).filter(|_| !way.is_empty()) {
                        *place = match (place.is_string(), value.is_number()) {
                            (true, true) => value.to_string().into(),
                            (false, false) if place.is_number() => json!(0),
                            _ => value,
                        };
                    }
                }
            }
            *body = whole.to_string().into_bytes();
        }
        reply
    }

    fn operation(&self, state: &mut State, path: &str, request: &Request, now: u64) -> Reply {
        let call = match self.rest.check(path, request) {
            Ok(call) => call,
            Err(refusal) => return rest::not_right(&refusal),
        };
        let (delay, fault) = state.faults.strike("coding-rest", call.entry.info);
        let mut reply = match fault {
            // No limit is documented; a gateway's answer is the likeliest.
            Some(Fault::RateLimit) => Reply::json(429, &json!({"message": "a fault that was asked for"})),
            Some(Fault::Status(status)) => Reply::json(status, &json!({"message": "a fault that was asked for"})),
            Some(Fault::Html) => Reply::page_of_a_proxy(),
            Some(Fault::Delay(_)) | None => match state.tokens.admit(request, now / 1000) {
                Err(stranger @ Stranger::Expired) => {
                    rest::refuse(1029, "user_login_status_expired", stranger.words())
                }
                Err(stranger) => rest::refuse(1000, "user_not_login", stranger.words()),
                Ok(()) => rest::answer(&state.world, &self.rest, &call).unwrap_or_else(|| {
                    self.rest.sample(&call.entry, &Value::Object(call.members.clone()).to_string())
                }),
            },
        };
        reply.delay += delay;
        reply
    }
}

/// Whether one of the members is there of which one is needed.
fn enough(call: &Checked) -> Result<(), String> {
    let shape = (call.entry.request)().shape();
    for pair in [["DepotId", "DepotPath"], ["DepotId", "DepotPat"], ["DepotPath", "DepotSpecName"]] {
        let choice = pair.iter().all(|name| {
            shape
                .index_of(name)
                .is_some_and(|at| !shape.required.iter().any(|required| usize::from(*required) == at))
        });
        if choice && !pair.iter().any(|name| call.members.contains_key(*name)) {
            return Err(format!("{}: one of `{}` and `{}` is missing", call.entry.info.id, pair[0], pair[1]));
        }
    }
    Ok(())
}

struct Responder(Arc<Shared>);

impl Respond for Responder {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        self.0.answer(request).into()
    }
}
