//! What a store of tokens promises, kept by a real Redis.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

#[path = "support/server.rs"]
mod server;

use async_trait::async_trait;
use server::Server;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};
use yunkit_core::secrecy::ExposeSecret;
use yunkit_core::session::{Refresher, SealingKey, Session, TokenStore, Tokens};
use yunkit_core::{Error, ErrorKind, Reason};
use yunkit_token_redis::RedisStore;

const LONG: Duration = Duration::from_secs(60);

fn sealed(server: &Server) -> RedisStore {
    RedisStore::sealed(&server.address(), SealingKey::new([7; 32])).unwrap()
}

fn tokens(access: &str) -> Tokens {
    let mut tokens = Tokens::new(format!("access-{access}").into());
    tokens.refresh_token = Some(format!("refresh-{access}").into());
    tokens.scope = Some("projects".into());
    tokens.extra.insert("team".into(), "demo".into());
    tokens
}

#[tokio::test]
async fn tokens_come_back_as_they_were_and_only_the_version_that_is_expected_is_replaced() {
    let Some(server) = Server::start() else { return };
    let store = sealed(&server);
    assert!(store.load("alice").await.unwrap().is_none());

    assert_eq!(store.swap("alice", 0, &tokens("one")).await.unwrap(), Some(1));
    assert_eq!(store.swap("alice", 0, &tokens("two")).await.unwrap(), None);

    let (version, kept) = sealed(&server).load("alice").await.unwrap().unwrap();
    assert_eq!((version, kept.access_token.expose_secret()), (1, "access-one"));
    assert_eq!(kept.refresh_token.unwrap().expose_secret(), "refresh-one");
    assert_eq!((kept.scope.as_deref(), kept.extra["team"].as_str()), (Some("projects"), "demo"));
    assert!(store.load("bob").await.unwrap().is_none(), "another identity has its own");
    assert!(store.clone().prefix("other").load("alice").await.unwrap().is_none(), "and so has another prefix");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_swaps_of_one_version_one_succeeds() {
    let Some(server) = Server::start() else { return };
    let swaps = (0..32).map(|number| {
        let store = sealed(&server);
        tokio::spawn(async move { store.swap("alice", 0, &tokens(&number.to_string())).await.unwrap() })
    });

    let mut won = 0;
    for swap in swaps.collect::<Vec<_>>() {
        won += usize::from(swap.await.unwrap().is_some());
    }

    assert_eq!(won, 1);
}

#[tokio::test]
async fn nothing_readable_is_stored_and_nothing_is_taken_that_was_moved() {
    let Some(server) = Server::start() else { return };
    let store = sealed(&server);
    store.swap("alice", 0, &tokens("one")).await.unwrap();
    store.swap("alice", 1, &tokens("two")).await.unwrap();

    let kept: BTreeMap<String, Vec<u8>> = server.ask(&["HGETALL", "yunkit:{alice}:tokens"]);
    let all = kept.values().map(|value| String::from_utf8_lossy(value)).collect::<String>();
    for secret in ["access-", "refresh-", "projects", "demo"] {
        assert!(!all.contains(secret), "{secret}");
    }

    let refused = |store: RedisStore, identity: &'static str| async move {
        store.load(identity).await.unwrap_err().to_string()
    };
    let other = RedisStore::sealed(&server.address(), SealingKey::new([8; 32])).unwrap();
    let wrong = "the tokens cannot be read: another key, or tokens of another identity";
    assert_eq!(refused(other, "alice").await, wrong);
    let unsealed = RedisStore::plaintext(&server.address()).unwrap();
    assert_eq!(refused(unsealed, "alice").await, "the tokens cannot be read: they are sealed, and there is no key");
    let _: i64 = server.ask(&["COPY", "yunkit:{alice}:tokens", "yunkit:{mallory}:tokens"]);
    assert_eq!(refused(store.clone(), "mallory").await, wrong);
    let _: i64 = server.ask(&["HSET", "yunkit:{alice}:tokens", "version", "7"]);
    assert_eq!(refused(store, "alice").await, "the tokens in Redis are not of the version they stand under");
}

#[tokio::test]
async fn one_at_a_time_may_refresh_and_gives_the_right_back() {
    let Some(server) = Server::start() else { return };
    let store = sealed(&server);

    let first = store.lease("alice", LONG).await.unwrap().unwrap();
    assert!(sealed(&server).lease("alice", LONG).await.unwrap().is_none());
    assert!(store.lease("bob", LONG).await.unwrap().is_some());
    drop(first);

    // It is given back in the background.
    let mut second = None;
    while second.is_none() {
        second = store.lease("alice", LONG).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(second.unwrap().fence(), 2);
}

#[tokio::test]
async fn a_lease_outlives_its_time_with_its_process_and_ends_after_it_and_then_spends_nothing() {
    let Some(server) = Server::start() else { return };
    let store = sealed(&server);
    store.swap("alice", 0, &tokens("one")).await.unwrap();
    let short = Duration::from_secs(1);

    // A process of its own: when its runtime is gone, nothing keeps the lease alive and nothing gives it back.
    let address = server.address();
    let (out, taken) = std::sync::mpsc::channel();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let other = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(1).build().unwrap();
        let store = RedisStore::sealed(&address, SealingKey::new([7; 32])).unwrap();
        let lease = runtime.block_on(store.lease("alice", short)).unwrap().unwrap();
        out.send(()).unwrap();
        stopped.recv().unwrap();
        runtime.shutdown_background();
        lease
    });
    taken.recv().unwrap();
    let began = std::time::Instant::now();
    while began.elapsed() < 2 * short {
        assert!(store.lease("alice", short).await.unwrap().is_none(), "its process lives");
    }
    stop.send(()).unwrap();
    let old = tokio::task::spawn_blocking(|| other.join().unwrap()).await.unwrap();
    let mut new = None;
    while new.is_none() {
        new = store.lease("alice", LONG).await.unwrap();
        tokio::task::yield_now().await;
    }

    let new = new.unwrap();
    assert!(new.fence() > old.fence());
    let error = store.spend("alice", 1, &old).await.unwrap_err();
    assert_eq!(error.to_string(), "the right to refresh has passed to somebody else");
    assert!(store.spend("alice", 1, &new).await.unwrap());
    assert!(!store.spend("alice", 1, &new).await.unwrap(), "it is noted");
    assert!(store.spend("alice", 9, &new).await.is_err(), "that version is not there");
    store.swap("alice", 1, &tokens("two")).await.unwrap();
    assert!(store.spend("alice", 2, &new).await.unwrap(), "the swap has forgotten the note");
}

#[tokio::test]
async fn a_connection_that_breaks_is_made_anew_and_a_server_that_crashes_keeps_what_it_took() {
    let Some(mut server) = Server::start() else { return };
    let store = sealed(&server);
    store.swap("alice", 0, &tokens("one")).await.unwrap();

    let _: i64 = server.ask(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    assert_eq!(store.load("alice").await.unwrap().unwrap().0, 1);
    assert_eq!(store.swap("alice", 1, &tokens("two")).await.unwrap(), Some(2));

    server.crash_and_restart();
    // The first answer may be that the connection is gone.
    let mut loaded = store.load("alice").await;
    for _ in 0..20 {
        if loaded.is_ok() {
            break;
        }
        loaded = store.load("alice").await;
    }
    assert_eq!(loaded.unwrap().unwrap().0, 2);

    server.crash();
    let error = store.load("alice").await.unwrap_err().to_string();
    assert!(error.starts_with("Redis could not be asked: "), "{error}");
}

#[derive(Debug, Default)]
struct Service {
    sold: AtomicUsize,
    refuses: bool,
}

#[async_trait]
impl Refresher for Service {
    async fn refresh(&self, _: &Tokens) -> Result<Tokens, Error> {
        let sold = self.sold.fetch_add(1, Ordering::SeqCst) + 1;
        if self.refuses {
            return Err(Error::new(ErrorKind::Service, "identity").with_reason(Reason::Reauthorize));
        }
        let mut tokens = tokens(&format!("new {sold}"));
        tokens.expires_at = Some(SystemTime::now() + Duration::from_secs(3600));
        Ok(tokens)
    }
}

fn expired() -> Tokens {
    Tokens { expires_at: Some(SystemTime::now()), ..tokens("old") }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_on_many_machines_buy_one_pair_of_tokens() {
    let Some(server) = Server::start() else { return };
    sealed(&server).swap("alice", 0, &expired()).await.unwrap();
    let service = Arc::new(Service::default());
    let sessions: Vec<Session> =
        (0..8).map(|_| Session::new("alice", Arc::new(sealed(&server)), service.clone())).collect();

    let calls = sessions.iter().cycle().take(800).cloned();
    let calls = calls.map(|session| tokio::spawn(async move { session.tokens(None).await.unwrap().0 }));
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap(), 2);
    }

    assert_eq!(service.sold.load(Ordering::SeqCst), 1);
    let commands: String = server.ask(&["INFO", "commandstats"]);
    assert!(commands.contains("cmdstat_hmget"));
    assert!(!commands.contains("cmdstat_keys") && !commands.contains("cmdstat_scan"), "{commands}");
}

#[tokio::test]
async fn a_refresh_that_a_dead_process_began_ends_in_one_error_that_says_to_sign_in() {
    let Some(server) = Server::start() else { return };
    let store = sealed(&server);
    store.swap("alice", 0, &expired()).await.unwrap();
    let lease = store.lease("alice", LONG).await.unwrap().unwrap();
    assert!(store.spend("alice", 1, &lease).await.unwrap());
    let _: i64 = server.ask(&["DEL", "yunkit:{alice}:lease"]);
    let service = Arc::new(Service { refuses: true, ..Service::default() });
    let session = Session::new("alice", Arc::new(sealed(&server)), service.clone());

    for _ in 0..3 {
        let error = session.tokens(None).await.unwrap_err();
        assert!(error.is_reauthorization_required(), "{error}");
        assert!(error.to_string().ends_with("never finished, and its token is spent; sign in again"), "{error}");
    }

    assert_eq!(service.sold.load(Ordering::SeqCst), 1);
}

#[test]
fn the_address_keeps_its_password() {
    let store = RedisStore::plaintext("redis://:hunter2@127.0.0.1:1/").unwrap();
    assert_eq!(format!("{store:?}"), r#"RedisStore { prefix: "yunkit", .. }"#);
    assert!(!RedisStore::plaintext("nowhere:hunter2").unwrap_err().to_string().contains("hunter2"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(store.load("alice")).unwrap_err().to_string();
    assert!(!error.contains("hunter2"), "{error}");
}
