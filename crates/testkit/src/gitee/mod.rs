//! The fake of Gitee.
//!
//! It plays the API below `/api`, the OAuth server below `/oauth`, and the user who agrees to a sign-in. Every operation is
//! checked and answered; sign-in, repositories and issues are remembered.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), yunkit_core::Error> {
//! use yunkit_gitee::{issues, repos};
//! use yunkit_testkit::gitee::Fake;
//!
//! let fake = Fake::builder().seed(7).repositories(3).start().await;
//! let client = fake.gitee().with_token(fake.token())?;
//!
//! let opened = client.send(issues::Create::new("demo", "It leaks").repo("repository-1")).await?;
//! let number = opened.number.unwrap_or_default();
//! let read = client.send(issues::Get::new("demo", "repository-1", number)).await?;
//! assert_eq!(read.title.as_deref(), Some("It leaks"));
//!
//! let missing = client.send(repos::Get::new("demo", "no-such")).await.unwrap_err();
//! assert!(missing.is_not_found());
//! # Ok(()) }
//! ```

mod oauth;
mod world;

use crate::engine::{Checked, Engine, Reply, media_type_of};
use oauth::Tokens;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};
use world::World;
use yunkit_core::Url;
use yunkit_core::operation::Effect;
use yunkit_core::secrecy::SecretString;
use yunkit_gitee::Gitee;
use yunkit_gitee::oauth::Application;

/// The login of the user whom the fake signs in and to whom its repositories belong.
pub const LOGIN: &str = "demo";

/// How a fake is to be.
#[derive(Debug)]
pub struct Builder {
    seed: u64,
    repositories: usize,
    recording: bool,
    listener: Option<TcpListener>,
}

impl Builder {
    /// Other data; 1 unless set.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
    /// How many repositories there are; 45 unless set. They are called `repository-1` and so on.
    #[must_use]
    pub fn repositories(mut self, repositories: usize) -> Self {
        self.repositories = repositories;
        self
    }
    /// Remembers all requests for [`Fake::received`]. Off by default, because requests hold tokens.
    #[must_use]
    pub fn recording(mut self, recording: bool) -> Self {
        self.recording = recording;
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
        let mut server = MockServer::builder();
        if let Some(listener) = self.listener {
            server = server.listener(listener);
        }
        if !self.recording {
            server = server.disable_request_recording();
        }
        let server = server.start().await;
        let engine = Engine::new(yunkit_gitee::CATALOGUE, yunkit_gitee::SPEC, self.seed, &["access_token"]);
        let state = State::new(&engine, self.seed, self.repositories);
        let shared = Arc::new(Shared { engine, state: Mutex::new(state), address: server.uri() });
        Mock::given(any()).respond_with(Responder(shared.clone())).mount(&server).await;
        Fake { server, shared }
    }
}

/// A running fake. It stops when it is dropped.
#[derive(Debug)]
pub struct Fake {
    server: MockServer,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    engine: Engine,
    state: Mutex<State>,
    address: String,
}

#[derive(Debug)]
struct State {
    /// How far the fake's clock runs ahead of the real one.
    ahead: Duration,
    tokens: Tokens,
    world: World,
    failures: VecDeque<Failure>,
    allowance: u64,
    /// When the allowance is full again, in seconds since 1970.
    reset: u64,
    requests: u64,
}

/// A failure to come.
#[derive(Debug, Clone)]
struct Failure {
    status: u16,
    retry_after: Option<u64>,
}

/// Calls in an hour, with a login.
const ALLOWANCE: u64 = 5000;
const HOUR: u64 = 3600;

impl State {
    fn new(engine: &Engine, seed: u64, repositories: usize) -> Self {
        Self {
            ahead: Duration::ZERO,
            tokens: Tokens::new(seed),
            world: World::new(engine, repositories),
            failures: VecDeque::new(),
            allowance: ALLOWANCE,
            reset: 0,
            requests: 0,
        }
    }
    fn now(&self) -> u64 {
        let now = SystemTime::now() + self.ahead;
        now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
    }
}

impl Fake {
    /// A fake with the usual data.
    pub async fn start() -> Self {
        Self::builder().start().await
    }
    /// A fake of one's own making.
    pub fn builder() -> Builder {
        Builder { seed: 1, repositories: 45, recording: false, listener: None }
    }
    /// Where it listens, such as `http://127.0.0.1:40123`.
    pub fn address(&self) -> &str {
        &self.shared.address
    }
    /// The service to make clients for.
    pub fn gitee(&self) -> Gitee {
        Gitee::at(self.address()).expect("the address of a server is valid")
    }
    /// A personal token that never expires.
    pub fn token(&self) -> SecretString {
        oauth::PERSONAL_TOKEN.into()
    }
    /// The application that the fake knows.
    pub fn application(&self) -> Application {
        Application::new(oauth::CLIENT_ID, oauth::CLIENT_SECRET.into(), oauth::REDIRECT_URI)
    }
    /// The engine behind it, for samples of requests and models.
    pub fn engine(&self) -> &Engine {
        &self.shared.engine
    }
    /// The number of the first issue of `repository-1`.
    pub fn first_issue(&self) -> String {
        self.state().world.first_issue()
    }
    /// What a program in another language needs to know: addresses, a token, an application. The secrets are the fake's
    /// own and open nothing else.
    pub fn as_json(&self) -> Value {
        json!({
            "api_base": format!("{}/api", self.address()),
            "oauth_base": format!("{}/oauth", self.address()),
            "token": oauth::PERSONAL_TOKEN,
            "client_id": oauth::CLIENT_ID,
            "client_secret": oauth::CLIENT_SECRET,
            "redirect_uri": oauth::REDIRECT_URI,
        })
    }
    /// Plays the user who opens the address of a sign-in and agrees: answers the address the browser is sent to.
    ///
    /// # Errors
    ///
    /// In words, when the request for consent is not right.
    pub fn consent(&self, authorize: &Url) -> Result<String, String> {
        let now = self.state().now();
        oauth::authorize(&mut self.state().tokens, authorize, now)
    }
    /// Lets the fake's clock run ahead; access tokens live for a day.
    pub fn pass(&self, time: Duration) {
        self.state().ahead += time;
    }
    /// Uses up the hourly allowance of calls.
    pub fn exhaust_allowance(&self) {
        let mut state = self.state();
        state.allowance = 0;
        state.reset = state.now() + HOUR;
    }
    /// Fills the allowance again.
    pub fn restore_allowance(&self) {
        let mut state = self.state();
        state.allowance = ALLOWANCE;
        state.reset = state.now() + HOUR;
    }
    /// Answers the next call with this status instead of what it asks for. Calls add up.
    pub fn fail_next(&self, status: u16, retry_after: Option<Duration>) {
        let retry_after = retry_after.map(|wait| wait.as_secs());
        self.state().failures.push_back(Failure { status, retry_after });
    }
    /// How many requests have arrived.
    pub fn requests(&self) -> u64 {
        self.state().requests
    }
    /// All requests that have arrived, if [`recording`](Builder::recording) is on.
    pub async fn received(&self) -> Vec<Request> {
        self.server.received_requests().await.unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &Request) -> Reply {
        let mut state = self.state();
        state.requests += 1;
        let number = state.requests;
        let path = request.url.path();
        let reply = if let Some(path) = path.strip_prefix("/api") {
            self.api(&mut state, path, request)
        } else if path.starts_with("/oauth/") {
            let now = state.now();
            oauth::answer(&mut state.tokens, request, now)
        } else {
            let message = format!("the fake has nothing at {path}; the API is below /api, OAuth below /oauth");
            Reply::json(501, &json!({"message": message}))
        };
        reply.header("X-Request-Id", format!("{number:032x}"))
    }

    fn api(&self, state: &mut State, path: &str, request: &Request) -> Reply {
        if let Some(failure) = state.failures.pop_front() {
            let reply = Reply::json(failure.status, &json!({"message": "the fake was told to fail"}));
            return match failure.retry_after {
                Some(seconds) => reply.header("Retry-After", seconds),
                None => reply,
            };
        }
        let now = state.now();
        if now >= state.reset {
            state.allowance = ALLOWANCE;
            state.reset = now + HOUR;
        }
        if state.allowance == 0 {
            // As the service does: 403, and only the text tells.
            let reply = Reply::json(403, &json!({"message": "API rate limit exceeded"}));
            return state.with_rate(reply);
        }
        state.allowance -= 1;
        let reply = match self.engine.check(path, request) {
            Ok(checked) => self.checked(state, &checked, path, request),
            Err(reply) => reply,
        };
        state.with_rate(reply)
    }

    fn checked(&self, state: &mut State, checked: &Checked, path: &str, request: &Request) -> Reply {
        let needed =
            checked.entry.info.effect != Effect::Read || path.starts_with("/v5/user/") || path == "/v5/user";
        let now = state.now();
        match state.tokens.who(given_token(request), now) {
            Ok(Some(_)) => {}
            Ok(None) if !needed => {}
            Ok(None) => return refuse("401 Unauthorized: Access token is required"),
            Err(message) => return refuse(message),
        }
        if let Some(reply) = state.world.answer(&self.engine, checked) {
            return reply;
        }
        let purpose = Value::Object(checked.members.clone()).to_string();
        self.engine.sample(&checked.entry, &purpose)
    }
}

impl State {
    fn with_rate(&self, reply: Reply) -> Reply {
        reply
            .header("X-RateLimit-Limit", ALLOWANCE)
            .header("X-RateLimit-Remaining", self.allowance)
            .header("X-RateLimit-Reset", self.reset)
    }
}

fn refuse(message: &str) -> Reply {
    Reply::json(401, &json!({"message": message}))
}

/// The token of a request, wherever the service takes it from.
fn given_token(request: &Request) -> Option<String> {
    if let Some(value) = request.headers.get("authorization").and_then(|v| v.to_str().ok()) {
        let (scheme, token) = value.split_once(' ')?;
        let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
        return known.then(|| token.trim().to_owned());
    }
    if let Some((_, token)) = request.url.query_pairs().find(|(name, _)| name == "access_token") {
        return Some(token.into_owned());
    }
    let media_type = media_type_of(request);
    if media_type.starts_with("application/json") {
        let body: Value = serde_json::from_slice(&request.body).ok()?;
        return body.get("access_token")?.as_str().map(str::to_owned);
    }
    if media_type.starts_with("application/x-www-form-urlencoded") {
        let mut form = url::form_urlencoded::parse(&request.body);
        return form.find(|(name, _)| name == "access_token").map(|(_, token)| token.into_owned());
    }
    None
}

struct Responder(Arc<Shared>);

impl Respond for Responder {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        self.0.answer(request).into()
    }
}
