//! Tokens in files: sealed, whole at any instant, and one refresh for all processes.

#![cfg(feature = "file-store")]
#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};
use yunkit_core::secrecy::{ExposeSecret, SecretString};
use yunkit_core::session::{FileStore, Refresher, SealingKey, Session, TokenStore, Tokens};
use yunkit_core::{Error, ErrorKind, Reason, async_trait};

const LEASE: Duration = Duration::from_secs(120);

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn sealed(folder: &Path) -> FileStore {
    FileStore::sealed(folder, SealingKey::new([7; 32])).unwrap()
}

fn tokens(access: &str) -> Tokens {
    let mut tokens = Tokens::new(access.into());
    tokens.refresh_token = Some("r3fr3sh".into());
    tokens.expires_at = Some(UNIX_EPOCH + Duration::from_millis(1_700_000_000_123));
    tokens.scope = Some("user projects".to_owned());
    tokens.extra.insert("team".to_owned(), "anywhere".to_owned());
    tokens
}

fn all_bytes(folder: &Path) -> Vec<u8> {
    fs::read_dir(folder).unwrap().flat_map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn what_is_put_in_comes_out_in_another_process_and_nobody_can_read_it() {
    let folder = folder();
    let identity = "gitee:app/alice@example.com";
    assert_eq!(sealed(folder.path()).swap(identity, 0, &tokens("s3cr3t")).await.unwrap(), Some(1));

    // Another store, as another process would have it.
    let (version, back) = sealed(folder.path()).load(identity).await.unwrap().unwrap();

    assert_eq!((version, back.access_token.expose_secret()), (1, "s3cr3t"));
    assert_eq!(back.refresh_token.unwrap().expose_secret(), "r3fr3sh");
    assert_eq!(
        (back.expires_at, back.scope, back.extra),
        (tokens("").expires_at, tokens("").scope, tokens("").extra)
    );
    let bytes = all_bytes(folder.path());
    assert!(!holds(&bytes, "s3cr3t") && !holds(&bytes, "r3fr3sh"));
    #[cfg(unix)]
    for entry in fs::read_dir(folder.path()).unwrap() {
        use std::os::unix::fs::PermissionsExt;
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
    }
}

#[tokio::test]
async fn plaintext_is_what_its_name_says_and_neither_kind_reads_the_other() {
    let (plain, closed) = (folder(), folder());
    let store = FileStore::plaintext(plain.path()).unwrap();
    store.swap("a", 0, &tokens("s3cr3t")).await.unwrap();
    sealed(closed.path()).swap("a", 0, &tokens("s3cr3t")).await.unwrap();

    assert!(holds(&all_bytes(plain.path()), "s3cr3t"));
    assert!(!format!("{store:?}").contains("s3cr3t"));
    for (store, said) in [
        (sealed(plain.path()), "the tokens cannot be read: they are not sealed, and should be"),
        (
            FileStore::plaintext(closed.path()).unwrap(),
            "the tokens cannot be read: they are sealed, and there is no key",
        ),
        (
            FileStore::sealed(closed.path(), SealingKey::new([8; 32])).unwrap(),
            "the tokens cannot be read: another key, or tokens of another identity",
        ),
    ] {
        assert_eq!(store.load("a").await.unwrap_err().to_string(), said);
    }
}

#[tokio::test]
async fn a_file_is_bound_to_its_identity_and_garbage_is_refused() {
    let folder = folder();
    let store = sealed(folder.path());
    store.swap("alice", 0, &tokens("s3cr3t")).await.unwrap();
    fs::copy(folder.path().join("alice.tokens"), folder.path().join("bob.tokens")).unwrap();
    assert!(store.load("bob").await.is_err());

    let whole = fs::read(folder.path().join("alice.tokens")).unwrap();
    for length in 0..whole.len() {
        fs::write(folder.path().join("alice.tokens"), &whole[..length]).unwrap();
        assert!(store.load("alice").await.is_err(), "{length}");
    }
    // What a process left behind that died while it wrote is nobody's business.
    fs::write(folder.path().join("alice.tokens"), &whole).unwrap();
    fs::write(folder.path().join("alice.0123.new"), "half").unwrap();
    assert!(store.load("alice").await.unwrap().is_some());
    for identity in ["", &"x".repeat(300)] {
        assert!(store.load(identity).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_swap_the_same_version_one_succeeds() {
    let folder = folder();
    for version in 0..5 {
        let swaps = (0..8).map(|number| {
            let store = sealed(folder.path());
            tokio::spawn(async move { store.swap("a", version, &tokens(&format!("t{number}"))).await.unwrap() })
        });
        let mut won = 0;
        for swap in swaps.collect::<Vec<_>>() {
            won += usize::from(swap.await.unwrap().is_some());
        }
        assert_eq!(won, 1);
    }
    assert_eq!(sealed(folder.path()).load("a").await.unwrap().unwrap().0, 5);
}

#[tokio::test]
async fn a_lease_is_one_at_a_time_and_ends_when_it_is_dropped() {
    let folder = folder();
    let (one, other) = (sealed(folder.path()), sealed(folder.path()));

    let lease = one.lease("a", LEASE).await.unwrap().unwrap();
    assert!(other.lease("a", LEASE).await.unwrap().is_none());
    assert!(other.lease("b", LEASE).await.unwrap().is_some());
    drop(lease);

    assert!(other.lease("a", LEASE).await.unwrap().is_some());
}

/// Sells as it is told, and counts.
#[derive(Debug, Default)]
struct Service {
    asked: AtomicUsize,
    refuses: bool,
}

#[async_trait]
impl Refresher for Service {
    async fn refresh(&self, current: &Tokens) -> Result<Tokens, Error> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        if self.refuses {
            return Err(Error::new(ErrorKind::Service, "test")
                .with_reason(Reason::Reauthorize)
                .with_message("spent"));
        }
        let mut fresh = Tokens::new(SecretString::from(format!("fresh {asked}")));
        fresh.refresh_token = current.refresh_token.clone();
        Ok(fresh)
    }
}

/// Notes that a version is about to be spent, and is gone.
async fn noted(store: &FileStore, version: u64) -> bool {
    let lease = store.lease("a", Duration::from_secs(1)).await.unwrap().unwrap();
    store.spend("a", version, &lease).await.unwrap()
}

#[tokio::test]
async fn a_refresh_that_nobody_finished_is_tried_once_and_then_ends_in_one_error() {
    let folder = folder();
    let store = Arc::new(sealed(folder.path()));
    store.swap("a", 0, &tokens("old")).await.unwrap();
    // A process that died between the request and its answer.
    assert!(noted(&store, 1).await);
    let service = Arc::new(Service { refuses: true, ..Service::default() });
    let session = Session::new("a", store.clone(), service.clone());

    for _ in 0..3 {
        let error = session.tokens(None).await.unwrap_err();
        assert!(error.is_reauthorization_required());
        assert_eq!(
            error.message(),
            Some("a refresh was begun and never finished, and its token is spent; sign in again")
        );
    }
    assert_eq!(service.asked.load(Ordering::Relaxed), 1, "nobody asks again for what is over");

    // A new sign-in is a new beginning.
    session.begin(tokens("new")).await.unwrap();
    let _ = session.tokens(None).await;
    assert_eq!(service.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_refresh_that_was_noted_and_not_sent_still_succeeds() {
    let folder = folder();
    let store = Arc::new(sealed(folder.path()));
    store.swap("a", 0, &tokens("old")).await.unwrap();
    assert!(noted(&store, 1).await);
    assert!(!noted(&store, 1).await);
    let session = Session::new("a", store.clone(), Arc::new(Service::default()));

    let (version, fresh) = session.tokens(None).await.unwrap();

    assert_eq!((version, fresh.access_token.expose_secret()), (2, "fresh 1"));
    assert!(noted(&store, 2).await, "the swap has forgotten the note");
}
