//! Sessions: one refresh for everybody, stored before it is used, finished whoever goes away.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

#[path = "support/surroundings.rs"]
mod surroundings;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use surroundings::Still;
use tokio::sync::Notify;
use yunkit_core::session::{Lease, MemoryStore, Refresher, Session, StoreError, TokenStore, Tokens, Version};
use yunkit_core::{Error, ErrorKind, Reason, Surroundings};

/// An identity service that rotates: every refresh token works once.
#[derive(Debug)]
struct Rotating {
    sold: AtomicU64,
    go: Notify,
    started: Notify,
    time: Arc<Still>,
}

#[async_trait]
impl Refresher for Rotating {
    async fn refresh(&self, current: &Tokens) -> Result<Tokens, Error> {
        self.started.notify_one();
        self.go.notified().await;
        let spent = current.refresh_token.as_ref().unwrap().expose_secret();
        let sold = self.sold.fetch_add(1, Ordering::SeqCst);
        assert_eq!(spent, format!("r{sold}"), "a refresh token was spent twice");
        Ok(pair(sold + 1, self.time.now()))
    }
}

fn pair(n: u64, now: SystemTime) -> Tokens {
    let mut tokens = Tokens::new(SecretString::from(format!("a{n}")));
    tokens.refresh_token = Some(format!("r{n}").into());
    tokens.expires_at = Some(now + Duration::from_secs(3600));
    tokens
}

struct World {
    time: Arc<Still>,
    service: Arc<Rotating>,
}

impl World {
    fn new() -> Self {
        let time = Arc::new(Still::default());
        let service = Arc::new(Rotating {
            sold: AtomicU64::new(0),
            go: Notify::new(),
            started: Notify::new(),
            time: time.clone(),
        });
        Self { time, service }
    }
    fn session(&self, store: impl TokenStore + 'static) -> Session {
        Session::with_surroundings("u", Arc::new(store), self.service.clone(), self.time.clone())
    }
}

fn access(tokens: &Tokens) -> &str {
    tokens.access_token.expose_secret()
}

#[tokio::test]
async fn a_rejected_token_is_replaced_once_for_a_hundred_callers() {
    let world = World::new();
    let session = world.session(MemoryStore::default());
    session.begin(pair(0, world.time.now())).await.unwrap();
    let (version, _) = session.tokens(None).await.unwrap();

    let callers: Vec<_> = (0..100)
        .map(|_| {
            let session = session.clone();
            tokio::spawn(async move { session.tokens(Some(version)).await.unwrap().1 })
        })
        .collect();
    world.service.go.notify_one();

    for caller in callers {
        assert_eq!(access(&caller.await.unwrap()), "a1");
    }
    assert_eq!(world.service.sold.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_expired_token_is_replaced_before_it_is_used_and_a_fresh_one_is_not() {
    let world = World::new();
    let session = world.session(MemoryStore::default());
    session.begin(pair(0, world.time.now())).await.unwrap();

    assert_eq!(access(&session.tokens(None).await.unwrap().1), "a0");
    world.time.pass(Duration::from_secs(3550));
    world.service.go.notify_one();

    assert_eq!(access(&session.tokens(None).await.unwrap().1), "a1");
}

#[tokio::test]
async fn a_refresh_goes_on_when_its_caller_is_dropped() {
    let world = World::new();
    let store = MemoryStore::default();
    let session = world.session(store.clone());
    session.begin(pair(0, world.time.now())).await.unwrap();

    let caller = tokio::spawn({
        let session = session.clone();
        async move { session.tokens(Some(1)).await }
    });
    world.service.started.notified().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    world.service.go.notify_one();

    // Whoever comes next gets what the dropped caller had bought.
    assert_eq!(access(&session.tokens(Some(1)).await.unwrap().1), "a1");
    assert_eq!(world.service.sold.load(Ordering::SeqCst), 1);
    assert_eq!(store.load("u").await.unwrap().unwrap().0, 2);
}

#[tokio::test]
async fn two_sessions_on_one_store_share_a_refresh() {
    let world = World::new();
    let store = MemoryStore::default();
    let (one, two) = (world.session(store.clone()), world.session(store));
    one.begin(pair(0, world.time.now())).await.unwrap();

    let (first, second) = tokio::join!(
        async {
            world.service.go.notify_one();
            one.tokens(Some(1)).await.unwrap()
        },
        two.tokens(Some(1)),
    );

    assert_eq!(access(&first.1), "a1");
    assert_eq!(access(&second.unwrap().1), "a1");
    assert_eq!(world.service.sold.load(Ordering::SeqCst), 1);
}

/// Fails to write when told to.
#[derive(Debug, Clone, Default)]
struct Moody {
    inner: MemoryStore,
    broken: Arc<AtomicBool>,
}

#[async_trait]
impl TokenStore for Moody {
    async fn load(&self, identity: &str) -> Result<Option<(Version, Tokens)>, StoreError> {
        self.inner.load(identity).await
    }
    async fn swap(
        &self,
        identity: &str,
        expected: Version,
        tokens: &Tokens,
    ) -> Result<Option<Version>, StoreError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(StoreError::new("disk full"));
        }
        self.inner.swap(identity, expected, tokens).await
    }
    async fn lease(&self, identity: &str, time: Duration) -> Result<Option<Lease>, StoreError> {
        self.inner.lease(identity, time).await
    }
}

#[tokio::test]
async fn tokens_that_could_not_be_stored_are_neither_used_nor_lost() {
    let world = World::new();
    let store = Moody::default();
    let session = world.session(store.clone());
    session.begin(pair(0, world.time.now())).await.unwrap();

    store.broken.store(true, Ordering::SeqCst);
    world.service.go.notify_one();
    let error = session.tokens(Some(1)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "session: there is no usable credential: the new tokens could not be stored: disk full"
    );
    store.broken.store(false, Ordering::SeqCst);

    let (version, tokens) = session.tokens(Some(1)).await.unwrap();
    assert_eq!((version, access(&tokens)), (2, "a1"));
    assert_eq!(world.service.sold.load(Ordering::SeqCst), 1, "bought once");
}

#[tokio::test]
async fn without_a_refresh_token_the_error_says_to_sign_in() {
    let world = World::new();
    let session = world.session(MemoryStore::default());

    let nobody = session.tokens(None).await.unwrap_err();
    session.begin(Tokens::new("a0".into())).await.unwrap();
    let stuck = session.tokens(Some(1)).await.unwrap_err();

    assert_eq!(nobody.kind(), ErrorKind::Credential);
    assert!(nobody.to_string().ends_with("nobody is signed in; sign in first"), "{nobody}");
    assert!(stuck.to_string().ends_with("sign in again"), "{stuck}");
}

#[test]
fn nothing_prints_a_token() {
    let world = World::new();
    let tokens = pair(0, world.time.now());
    let printed = format!("{tokens:?} {:?} {:?}", MemoryStore::default(), world.session(MemoryStore::default()));

    assert!(!printed.contains("a0") && !printed.contains("r0"), "{printed}");
}

/// An identity service that is down for a while, and counts who asks.
#[derive(Debug)]
struct Down {
    asked: AtomicU64,
    up: AtomicBool,
    time: Arc<Still>,
}

#[async_trait]
impl Refresher for Down {
    async fn refresh(&self, _: &Tokens) -> Result<Tokens, Error> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        match self.up.load(Ordering::SeqCst) {
            true => Ok(pair(asked, self.time.now())),
            false => Err(Error::new(ErrorKind::Connect, "identity").with_message("nobody answers")),
        }
    }
}

fn down() -> (Arc<Down>, Session) {
    let time = Arc::new(Still::default());
    let service = Arc::new(Down { asked: AtomicU64::new(0), up: AtomicBool::new(false), time: time.clone() });
    (service.clone(), Session::with_surroundings("u", Arc::new(MemoryStore::default()), service, time))
}

#[tokio::test]
async fn a_service_that_is_down_is_asked_again_after_a_pause_that_doubles_and_not_by_every_caller() {
    let (service, session) = down();
    session.begin(pair(0, service.time.now())).await.unwrap();
    service.time.pass(Duration::from_secs(3600));

    let mut asked = Vec::new();
    for _ in 0..8 {
        for _ in 0..100 {
            let error = session.tokens(None).await.unwrap_err();
            assert_eq!(error.message(), Some("nobody answers"));
        }
        asked.push(service.asked.load(Ordering::SeqCst));
        service.time.pass(Duration::from_secs(1));
    }
    // After 1, 2 and 4 seconds.
    assert_eq!(asked, [1, 2, 2, 3, 3, 3, 3, 4]);

    service.up.store(true, Ordering::SeqCst);
    service.time.pass(Duration::from_secs(30));
    assert!(session.tokens(None).await.is_ok());
}

#[tokio::test]
async fn a_token_that_ages_is_used_while_the_next_one_is_bought() {
    let (service, session) = down();
    session.begin(pair(0, service.time.now())).await.unwrap();
    service.time.pass(Duration::from_secs(3600 - 200));

    // It has 200 seconds left: nobody waits, and nobody hears that the service is down.
    for _ in 0..10 {
        assert_eq!(access(&session.tokens(None).await.unwrap().1), "a0");
        tokio::task::yield_now().await;
    }
    assert_eq!(service.asked.load(Ordering::SeqCst), 1);

    service.up.store(true, Ordering::SeqCst);
    service.time.pass(Duration::from_secs(2));
    assert_eq!(access(&session.tokens(None).await.unwrap().1), "a0");
    while service.asked.load(Ordering::SeqCst) < 2 {
        tokio::task::yield_now().await;
    }
    tokio::task::yield_now().await;
    assert_eq!(access(&session.tokens(None).await.unwrap().1), "a2");
}

/// A service that sells to whoever has a password, for ten minutes each; nothing can be refreshed.
#[derive(Debug)]
struct ByPassword(Arc<Down>);

#[async_trait]
impl Refresher for ByPassword {
    async fn refresh(&self, _: &Tokens) -> Result<Tokens, Error> {
        panic!("there is nothing to refresh");
    }
    async fn sign_in(&self) -> Result<Option<Tokens>, Error> {
        let mut tokens = self.0.refresh(&Tokens::new("".into())).await?;
        let now = self.0.time.now();
        tokens.refresh_token = None;
        tokens.expires_at = Some(now + Duration::from_secs(600));
        tokens.renew_at = Some(now + Duration::from_secs(300));
        Ok(Some(tokens))
    }
}

#[tokio::test]
async fn who_can_sign_in_alone_begins_without_a_user_and_begins_again_before_the_end() {
    let (service, _) = down();
    service.up.store(true, Ordering::SeqCst);
    let by_password = Arc::new(ByPassword(service.clone()));
    let store = MemoryStore::default();
    let time = service.time.clone();
    let session = Session::with_surroundings("u", Arc::new(store.clone()), by_password.clone(), time.clone());

    let callers = (0..100).map(|_| {
        let session = session.clone();
        tokio::spawn(async move { access(&session.tokens(None).await.unwrap().1).to_owned() })
    });
    for caller in callers.collect::<Vec<_>>() {
        assert_eq!(caller.await.unwrap(), "a1");
    }
    let other = Session::with_surroundings("u", Arc::new(store), by_password, time.clone());
    assert_eq!(access(&other.tokens(None).await.unwrap().1), "a1", "another process takes what is there");
    assert_eq!(service.asked.load(Ordering::SeqCst), 1);

    // Halfway, the next one is bought while the first is used.
    time.pass(Duration::from_secs(301));
    assert_eq!(access(&session.tokens(None).await.unwrap().1), "a1");
    while service.asked.load(Ordering::SeqCst) < 2 {
        tokio::task::yield_now().await;
    }
    tokio::task::yield_now().await;
    assert_eq!(access(&session.tokens(None).await.unwrap().1), "a2");

    // And when the service is down, the old one is good to its end.
    service.up.store(false, Ordering::SeqCst);
    time.pass(Duration::from_secs(400));
    for _ in 0..100 {
        assert_eq!(access(&session.tokens(None).await.unwrap().1), "a2");
        tokio::task::yield_now().await;
    }
    assert_eq!(service.asked.load(Ordering::SeqCst), 3);
}

/// Finds that the token was spent by another process, which has stored what it bought.
#[derive(Debug)]
struct TooLate(MemoryStore, Arc<Still>);

#[async_trait]
impl Refresher for TooLate {
    async fn refresh(&self, _: &Tokens) -> Result<Tokens, Error> {
        self.0.swap("u", 1, &pair(7, self.1.now())).await.unwrap();
        Err(Error::new(ErrorKind::Service, "identity").with_reason(Reason::Reauthorize))
    }
}

#[tokio::test]
async fn a_process_that_slept_while_another_took_over_uses_what_that_one_bought() {
    let (store, time) = (MemoryStore::default(), Arc::new(Still::default()));
    let slept = Arc::new(TooLate(store.clone(), time.clone()));
    let session = Session::with_surroundings("u", Arc::new(store), slept, time.clone());
    session.begin(pair(0, time.now())).await.unwrap();
    time.pass(Duration::from_secs(3600));

    let (version, tokens) = session.tokens(None).await.unwrap();

    assert_eq!((version, access(&tokens)), (2, "a7"));
}

/// Answers a refresh with an access token and nothing else.
#[derive(Debug)]
struct Terse;

#[async_trait]
impl Refresher for Terse {
    async fn refresh(&self, _: &Tokens) -> Result<Tokens, Error> {
        Ok(Tokens::new("a1".into()))
    }
}

#[tokio::test]
async fn what_a_refresh_does_not_repeat_stays_with_the_session() {
    let time = Arc::new(Still::default());
    let session = Session::with_surroundings("u", Arc::new(MemoryStore::default()), Arc::new(Terse), time.clone());
    let mut tokens = pair(0, time.now());
    tokens.scope = Some("projects".into());
    tokens.extra.insert("team".into(), "demo".into());
    session.begin(tokens).await.unwrap();

    let (_, renewed) = session.tokens(Some(1)).await.unwrap();

    assert_eq!(access(&renewed), "a1");
    assert_eq!(renewed.refresh_token.unwrap().expose_secret(), "r0");
    assert_eq!((renewed.scope.as_deref(), renewed.extra["team"].as_str()), (Some("projects"), "demo"));
    assert_eq!(renewed.expires_at, None, "the end of the old one is not that of the new one");
}
