//! The fake of Gitee.
//!
//! It plays the API below `/api`, the OAuth server below `/oauth`, and the user who agrees to a sign-in. Every operation is
//! checked and answered with data that fits the specification. Remembered are:
//!
//! | what | with |
//! |---|---|
//! | sign-in | codes that work once, refresh tokens that rotate, tokens that expire when [time passes](Fake::pass) |
//! | repositories | files, commits, branches and tags; a change of `contents` is a commit; a feed of events |
//! | issues | comments, labels, milestones |
//! | pull requests | comments, labels, people, the merge (or the conflict) |
//! | releases | attached files, handed out by another host as the service does |
//! | webhooks | signed and delivered to addresses of this machine, see [`Fake::deliveries`] |
//!
//! A repository begins with a few files on `master`, one more commit on `develop`, three issues, three labels and a milestone.
//! What is not in the table answers by the specification alone.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), yunkit_core::Error> {
//! use yunkit_gitee::{issues, pulls, repos};
//! use yunkit_testkit::gitee::Fake;
//!
//! let fake = Fake::builder().seed(7).repositories(3).start().await;
//! let client = fake.gitee().with_token(fake.token())?;
//!
//! let opened = client.send(issues::Create::new("demo", "It leaks").repo("repository-1")).await?;
//! let number = opened.number.unwrap_or_default();
//! client.send(issues::CreateComment::new("demo", "repository-1", &number, "Everywhere.")).await?;
//! let read = client.send(issues::Get::new("demo", "repository-1", number)).await?;
//! assert_eq!((read.title.as_deref(), read.comments), (Some("It leaks"), Some(1)));
//!
//! let fix = pulls::Create::new("demo", "repository-1", "Stop the leak", "develop", "master");
//! let number = client.send(fix).await?.number.unwrap_or_default();
//! client.send(pulls::Merge::new("demo", "repository-1", number)).await?;
//! assert!(client.check(pulls::CheckIfMerged::new("demo", "repository-1", number)).await?);
//!
//! let missing = client.send(repos::Get::new("demo", "no-such")).await.unwrap_err();
//! assert!(missing.is_not_found());
//! # Ok(()) }
//! ```
//!
//! A webhook reaches a receiver on this machine:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), yunkit_core::Error> {
//! use yunkit_gitee::webhook::{Event, Webhook};
//! use yunkit_gitee::{issues, webhooks};
//! use yunkit_testkit::gitee::Fake;
//!
//! let receiver = wiremock::MockServer::start().await;
//! let fake = Fake::builder().repositories(1).start().await;
//! let client = fake.gitee().with_token(fake.token())?;
//! let hook = webhooks::Create::new("demo", "repository-1", receiver.uri()).encryption_type(1).password("s3cr3t");
//! client.send(hook.issues_events(true)).await?;
//!
//! client.send(issues::Create::new("demo", "It leaks").repo("repository-1")).await?;
//!
//! fake.delivered().await;
//! let delivery = &receiver.received_requests().await.unwrap_or_default()[0];
//! let webhook = Webhook::signed("s3cr3t".into());
//! let Event::Issue(event) = webhook.open(&delivery.headers, &delivery.body, fake.now())? else { panic!() };
//! assert_eq!((event.action.as_deref(), event.title.as_deref()), (Some("open"), Some("It leaks")));
//! # Ok(()) }
//! ```

mod oauth;
mod post;
mod world;

use crate::engine::{Checked, Engine, Reply, media_type_of};
use crate::faults::{Fault, Faults};
use oauth::Tokens;
pub use post::Delivery;
use post::PostOffice;
use serde_json::{Map, Value, json};
use std::collections::VecDeque;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};
use world::{Scene, World};
use yunkit_core::Url;
use yunkit_core::operation::{Effect, Entry};
use yunkit_core::secrecy::SecretString;
use yunkit_gitee::Gitee;
use yunkit_gitee::oauth::Application;

/// The login of the user whom the fake signs in and to whom its repositories belong.
pub const LOGIN: &str = "demo";

/// The application that every fake knows.
pub fn application() -> Application {
    Application::new(oauth::CLIENT_ID, oauth::CLIENT_SECRET.into(), oauth::REDIRECT_URI)
}

/// How a fake is to be.
#[derive(Debug)]
pub struct Builder {
    seed: u64,
    repositories: usize,
    recording: bool,
    lenient: bool,
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
    /// Overlooks parameters that no operation has, as the service does. Off by default: they are slips of the pen, and the
    /// fake names them.
    #[must_use]
    pub fn lenient(mut self, lenient: bool) -> Self {
        self.lenient = lenient;
        self
    }
    /// Lets calls fail by chance. Rules of other surfaces than `gitee` are none of this fake's.
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
        let mut server = MockServer::builder();
        if let Some(listener) = self.listener {
            server = server.listener(listener);
        }
        if !self.recording {
            server = server.disable_request_recording();
        }
        let server = server.start().await;
        let engine = Engine::new(yunkit_gitee::CATALOGUE, yunkit_gitee::SPEC, self.seed, &["access_token"]);
        let engine = engine.lenient(self.lenient);
        let state = State::new(&engine, self.seed, self.repositories, self.faults);
        let files = MockServer::builder().disable_request_recording().start().await;
        let shared = Arc::new_cyclic(|shared: &Weak<Shared>| {
            let shared = shared.clone();
            let post = PostOffice::open(move |delivery| {
                if let Some(shared) = shared.upgrade() {
                    let said = delivery.outcome.as_ref().err().map(String::as_str).unwrap_or_default();
                    shared.state().world.delivered(delivery.hook, delivery.outcome.as_ref().ok().copied(), said);
                }
            });
            Shared { engine, state: Mutex::new(state), address: server.uri(), files: files.uri(), post }
        });
        Mock::given(any()).respond_with(Responder(shared.clone())).mount(&server).await;
        Mock::given(any()).respond_with(FileHost(shared.clone())).mount(&files).await;
        Fake { server, _files: files, shared }
    }
}

/// A running fake. It stops when it is dropped.
#[derive(Debug)]
pub struct Fake {
    server: MockServer,
    /// The other host, which hands out attached files.
    _files: MockServer,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    engine: Engine,
    state: Mutex<State>,
    address: String,
    files: String,
    post: PostOffice,
}

#[derive(Debug)]
struct State {
    /// How far the fake's clock runs ahead of the real one.
    ahead: Duration,
    tokens: Tokens,
    world: World,
    failures: VecDeque<Failure>,
    faults: Faults,
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
    fn new(engine: &Engine, seed: u64, repositories: usize, faults: Faults) -> Self {
        Self {
            ahead: Duration::ZERO,
            tokens: Tokens::new(seed),
            world: World::new(engine, repositories),
            failures: VecDeque::new(),
            faults,
            allowance: ALLOWANCE,
            reset: 0,
            requests: 0,
        }
    }
    fn now(&self) -> u64 {
        let now = SystemTime::now() + self.ahead;
        now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
    }
    /// As the service does: 403, and only the text tells.
    fn throttled(&self) -> Reply {
        self.with_rate(Reply::json(403, &json!({"message": "API rate limit exceeded"})))
    }
}

impl Fake {
    /// A fake with the usual data.
    pub async fn start() -> Self {
        Self::builder().start().await
    }
    /// A fake of one's own making.
    pub fn builder() -> Builder {
        Builder {
            seed: 1,
            repositories: 45,
            recording: false,
            lenient: false,
            faults: Faults::default(),
            listener: None,
        }
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
        application()
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
    /// The fake's time: the machine's, and what was [passed](Self::pass).
    pub fn now(&self) -> SystemTime {
        SystemTime::now() + self.state().ahead
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
    /// The webhook deliveries so far, the latest thousand. Only addresses of this machine are called; a delivery to another
    /// one says so in its outcome.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.post.delivered()
    }
    /// Waits until no webhook delivery is under way.
    pub async fn delivered(&self) {
        self.shared.post.settled().await;
    }
    /// Members by which an operation finds something in the fake's first repository: its owner and name, the number of an
    /// issue, the hash of a file. What is missing there is made. For programs that call operations they do not know.
    pub fn known(&self, entry: &Entry) -> Map<String, Value> {
        let mut state = self.state();
        let now = state.now();
        state.world.example(&self.shared.engine, &entry.info.route.to_string(), now)
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
        } else if let Some(id) = state.world.released(path) {
            // Release pages give out addresses here; the files themselves are with another host.
            Reply::empty(302).header("Location", format!("{}/{id}", self.files))
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
            return state.throttled();
        }
        state.allowance -= 1;
        let reply = match self.engine.check(path, request) {
            Ok(checked) => self.checked(state, &checked, path, request),
            Err(refusal) => refusal.into(),
        };
        state.with_rate(reply)
    }

    fn checked(&self, state: &mut State, call: &Checked, path: &str, request: &Request) -> Reply {
        let (delay, fault) = state.faults.strike("gitee", call.entry.info);
        let mut reply = match fault {
            Some(Fault::Status(status)) => Reply::json(status, &json!({"message": "a fault that was asked for"})),
            Some(Fault::RateLimit) => state.throttled(),
            Some(Fault::Html) => Reply::page_of_a_proxy(),
            Some(Fault::Delay(_)) | None => self.remembered(state, call, path, request),
        };
        reply.delay += delay;
        reply
    }

    fn remembered(&self, state: &mut State, call: &Checked, path: &str, request: &Request) -> Reply {
        let reads = call.entry.info.effect == Effect::Read;
        // What is public is read without a login, but for the plain bytes of files.
        let needed = !reads || path.starts_with("/v5/user/") || path == "/v5/user" || path.contains("/raw/");
        let now = state.now();
        match state.tokens.who(given_token(request), now) {
            Ok(Some(_)) => {}
            Ok(None) if !needed => {}
            Ok(None) => return refuse("401 Unauthorized: Access token is required"),
            Err(message) => return refuse(message),
        }
        let accepted = request.headers.get("accept").and_then(|v| v.to_str().ok()).unwrap_or_default();
        let mut outbox = Vec::new();
        let mut scene = Scene {
            engine: &self.engine,
            call,
            url: &request.url,
            html: accepted.contains("html"),
            now,
            address: &self.address,
            files: &self.files,
            outbox: &mut outbox,
        };
        let reply = state.world.answer(&mut scene);
        self.post.send(outbox);
        reply.unwrap_or_else(|| {
            let purpose = Value::Object(call.members.clone()).to_string();
            self.engine.sample(&call.entry, &purpose)
        })
    }

    /// The other host: it has no idea who the caller is, and must not be told.
    fn file(&self, request: &Request) -> Reply {
        if request.headers.contains_key("authorization") || request.url.query().is_some() {
            return Reply::json(400, &json!({"message": "the credential was sent to a foreign host"}));
        }
        let id = request.url.path().split('/').nth(1).and_then(|id| id.parse().ok());
        let state = self.state();
        match id.and_then(|id| state.world.file(id)) {
            Some((name, content)) => {
                let body = Some(("application/octet-stream".to_owned(), content.to_vec()));
                let name = format!("attachment; filename=\"{}\"", name.replace('"', "%22"));
                Reply { body, ..Reply::empty(200) }.header("Content-Disposition", name)
            }
            None => Reply::json(404, &json!({"message": "Not Found"})),
        }
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

struct FileHost(Arc<Shared>);

impl Respond for FileHost {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        self.0.file(request).into()
    }
}
