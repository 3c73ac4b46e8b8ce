//! Sessions: tokens that expire, the store they live in, and the one refresh that all callers share.

use crate::credential::authorization;
use crate::error::{Error, ErrorKind, Reason};
use crate::exchange::Request;
use crate::operation::OperationInfo;
use crate::seams::{Credential, Generation, RealSurroundings, Surroundings};
use async_trait::async_trait;
use http::header;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::watch;

/// What a sign-in or a refresh yields.
#[derive(Clone)]
pub struct Tokens {
    /// What calls are made with.
    pub access_token: SecretString,
    /// What the next pair is bought with; services that rotate it take each one only once.
    pub refresh_token: Option<SecretString>,
    /// When the access token stops working, if the service said so.
    pub expires_at: Option<SystemTime>,
    /// From when on a new one is bought while this one is still used; five minutes before its end unless said.
    pub renew_at: Option<SystemTime>,
    /// What the tokens may do, as the service spells it.
    pub scope: Option<String>,
    /// What else came along and belongs to the session, such as the team it is for.
    pub extra: BTreeMap<String, String>,
}

impl Tokens {
    /// Tokens of which only the access token is known.
    pub fn new(access_token: SecretString) -> Self {
        Self {
            access_token,
            refresh_token: None,
            expires_at: None,
            renew_at: None,
            scope: None,
            extra: BTreeMap::new(),
        }
    }

    /// What belongs to the session and is not repeated by a refresh stays as it was.
    fn after(mut self, before: Self) -> Self {
        self.refresh_token = self.refresh_token.or(before.refresh_token);
        self.scope = self.scope.or(before.scope);
        for (name, value) in before.extra {
            self.extra.entry(name).or_insert(value);
        }
        self
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("has_refresh_token", &self.refresh_token.is_some())
            .field("expires_at", &self.expires_at)
            .field("scope", &self.scope)
            .field("extra", &self.extra)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "file-store")]
pub use crate::file_store::FileStore;
#[cfg(feature = "sealing")]
pub use crate::vault::{Kept, SealingKey, Vault};

/// How often the tokens of an identity have been replaced; 0 before the first ones.
pub type Version = u64;

/// Where tokens live between calls, and between runs of a program.
///
/// An identity names one session: one user at one service, for one application.
#[async_trait]
pub trait TokenStore: fmt::Debug + Send + Sync {
    /// The tokens of an identity and their version.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    async fn load(&self, identity: &str) -> Result<Option<(Version, Tokens)>, StoreError>;

    /// Replaces version `expected` and answers the new version; `None` when another version is there now.
    ///
    /// # Errors
    ///
    /// When it is unknown whether the tokens were written.
    async fn swap(&self, identity: &str, expected: Version, tokens: &Tokens)
    -> Result<Option<Version>, StoreError>;

    /// Takes the right to refresh; `None` while somebody else has it. It ends when the lease is dropped, and `time` after the
    /// process that has it is gone or stands still; until then the store keeps it alive.
    ///
    /// # Errors
    ///
    /// When the store cannot be reached.
    async fn lease(&self, identity: &str, time: Duration) -> Result<Option<Lease>, StoreError>;

    /// Notes that the refresh token of a version is about to be spent, before it is; the next swap forgets it. `false` when
    /// that is noted already: somebody began, and nobody knows how it ended. Stores that do not outlive the process need not
    /// note anything.
    ///
    /// # Errors
    ///
    /// When it is unknown whether it was noted, the version is no longer there, or the lease has passed to somebody else;
    /// nothing is spent then.
    async fn spend(&self, _identity: &str, _version: Version, _lease: &Lease) -> Result<bool, StoreError> {
        Ok(true)
    }
}

/// The right to refresh the tokens of one identity. Dropping it gives it back.
pub struct Lease {
    fence: u64,
    release: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl Lease {
    /// A lease that is given back by `release`. Where leases can run out, each has a higher `fence` than the one before, by
    /// which a store knows whoever had it too long; 0 elsewhere.
    pub fn new(fence: u64, release: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self { fence, release: Some(Box::new(release)) }
    }

    /// The number of this lease.
    pub fn fence(&self) -> u64 {
        self.fence
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(release) = self.release.take() {
            release();
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lease")
    }
}

/// Why a store could not do its work. Its text must hold no secret.
#[derive(Debug, Clone)]
pub struct StoreError(String);

impl StoreError {
    /// An error in words for people.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StoreError {}

/// Keeps tokens in memory: they end with the program.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore(Arc<Mutex<BTreeMap<String, Remembered>>>);

#[derive(Debug, Default)]
struct Remembered {
    version: Version,
    tokens: Option<Tokens>,
    leased: bool,
}

impl MemoryStore {
    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, Remembered>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl TokenStore for MemoryStore {
    async fn load(&self, identity: &str) -> Result<Option<(Version, Tokens)>, StoreError> {
        let kept = self.kept();
        Ok(kept.get(identity).and_then(|kept| Some((kept.version, kept.tokens.clone()?))))
    }

    async fn swap(
        &self,
        identity: &str,
        expected: Version,
        tokens: &Tokens,
    ) -> Result<Option<Version>, StoreError> {
        let mut kept = self.kept();
        let kept = kept.entry(identity.to_owned()).or_default();
        if kept.version != expected {
            return Ok(None);
        }
        kept.version += 1;
        kept.tokens = Some(tokens.clone());
        Ok(Some(kept.version))
    }

    async fn lease(&self, identity: &str, _: Duration) -> Result<Option<Lease>, StoreError> {
        let mut kept = self.kept();
        let kept = kept.entry(identity.to_owned()).or_default();
        if std::mem::replace(&mut kept.leased, true) {
            return Ok(None);
        }
        let (store, identity) = (self.clone(), identity.to_owned());
        Ok(Some(Lease::new(0, move || {
            if let Some(kept) = store.kept().get_mut(&identity) {
                kept.leased = false;
            }
        })))
    }
}

/// How a service exchanges a refresh token for new tokens.
#[async_trait]
pub trait Refresher: fmt::Debug + Send + Sync {
    /// Buys new tokens. Called by one caller at a time per session. What the answer does not repeat, the session keeps: the
    /// refresh token, the scope, and what is extra.
    ///
    /// # Errors
    ///
    /// What the service said; it reaches every caller that waits.
    async fn refresh(&self, current: &Tokens) -> Result<Tokens, Error>;

    /// Buys tokens with what the program itself has, such as a password or a key, where there is nothing to refresh. `None`
    /// where a user has to sign in.
    ///
    /// # Errors
    ///
    /// As [`refresh`](Self::refresh).
    async fn sign_in(&self) -> Result<Option<Tokens>, Error> {
        Ok(None)
    }
}

/// A signed-in identity whose tokens renew themselves.
///
/// However many calls find the token expired or refused, one refresh runs. It goes on when the call that started it is
/// dropped, and the new tokens are in the store before anybody uses them. Clones share all of this.
#[derive(Debug, Clone)]
pub struct Session(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    identity: String,
    scheme: &'static str,
    store: Arc<dyn TokenStore>,
    refresher: Arc<dyn Refresher>,
    surroundings: Arc<dyn Surroundings>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    current: Option<(Version, Tokens)>,
    /// Bought but not yet stored, because the store failed: never spent, never forgotten.
    unsaved: Option<(Version, Tokens)>,
    /// The version that nothing can be bought for any more, and why: nobody asks the service again.
    over: Option<(Version, Error)>,
    /// The last refresh failed, and the next one has to wait.
    failed: Option<Failed>,
    running: Option<watch::Receiver<Option<Outcome>>>,
}

/// A failure that may pass: until then everybody is told the same, instead of asking a service that is down.
#[derive(Debug)]
struct Failed {
    until: Duration,
    wait: Duration,
    error: Error,
}

type Outcome = Result<(Version, Tokens), Error>;

/// How long tokens have to be good for.
#[derive(Debug, Clone, Copy)]
enum Good {
    /// One call.
    ForNow,
    /// Long enough that nobody needs to think of new ones.
    ForLonger,
}

/// A token this close to its end counts as expired: the call still has to travel.
const EARLY: Duration = Duration::from_secs(60);
/// A token this close to its end is replaced while it is still used: nobody waits for that refresh.
const SOON: Duration = Duration::from_secs(300);
/// How long the next refresh waits after one that failed: twice as long each time, up to the cap.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_CAP: Duration = Duration::from_secs(30);
/// How long after the death of a process the others wait, where only time tells that it is dead.
const LEASE: Duration = Duration::from_secs(15);
/// How often, and how long apart, a refresh looks whether the process that holds the lease is done.
const LEASE_CHECKS: u32 = 240;
const LEASE_CHECK: Duration = Duration::from_millis(500);

impl Session {
    /// A session of `identity`, whose tokens live in `store`.
    pub fn new(identity: impl Into<String>, store: Arc<dyn TokenStore>, refresher: Arc<dyn Refresher>) -> Self {
        Self::with_surroundings(identity, store, refresher, Arc::new(RealSurroundings::default()))
    }

    /// As [`new`](Self::new), with another clock; for tests.
    pub fn with_surroundings(
        identity: impl Into<String>,
        store: Arc<dyn TokenStore>,
        refresher: Arc<dyn Refresher>,
        surroundings: Arc<dyn Surroundings>,
    ) -> Self {
        Self(Arc::new(Inner {
            identity: identity.into(),
            scheme: "Bearer",
            store,
            refresher,
            surroundings,
            state: Mutex::default(),
        }))
    }

    /// Puts the tokens of a fresh sign-in into the store, replacing whatever is there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credential`] when the store fails; the session then has no new tokens.
    pub async fn begin(&self, tokens: Tokens) -> Result<(), Error> {
        loop {
            let stored = self.0.load().await?;
            let version = stored.map_or(0, |(version, _)| version);
            let swapped = self.0.swap(version, &tokens).await?;
            if let Some(version) = swapped {
                let mut state = self.0.state();
                state.current = Some((version, tokens));
                state.unsaved = None;
                state.failed = None;
                return Ok(());
            }
        }
    }

    /// Tokens that are good for a call now, refreshed if they have to be.
    ///
    /// `rejected` is the version that the service has refused, if it has: it is replaced even if it looks fresh.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credential`] when there are no tokens, or no refresh token, or the store fails; what the service said
    /// when the refresh fails.
    ///
    /// # Cancellation
    ///
    /// Dropping the future leaves a refresh that has begun running to its end.
    pub async fn tokens(&self, rejected: Option<Version>) -> Result<(Version, Tokens), Error> {
        let mut running = {
            let mut state = self.0.state();
            let pause = state.failed.as_ref().filter(|failed| self.0.surroundings.elapsed() < failed.until);
            let pause = pause.map(|failed| failed.error.clone());
            if let Some(current) = state.current.as_ref().filter(|it| self.0.are_good(it, Good::ForNow, rejected)) {
                let (version, tokens) = current.clone();
                let ages = !self.0.are_good(current, Good::ForLonger, rejected);
                let over = state.over.as_ref().is_some_and(|(over, _)| *over == version);
                let can = (tokens.refresh_token.is_some() || tokens.renew_at.is_some()) && !over;
                if ages && can && pause.is_none() && state.running.is_none() {
                    // The one that is here is good for this call and the next ones; the new one comes by itself.
                    self.start(&mut state, rejected, Good::ForLonger);
                }
                return Ok((version, tokens));
            }
            if let Some(error) = pause {
                return Err(error);
            }
            match &state.running {
                Some(running) => running.clone(),
                None => self.start(&mut state, rejected, Good::ForNow),
            }
        };
        let outcome = running.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
        outcome.unwrap_or_else(|| {
            Err(Error::new(ErrorKind::Credential, "session").with_message("the refresh was stopped before its end"))
        })
    }

    /// The access token alone, as [`tokens`](Self::tokens) brings it: for credentials that send it in a place of their own.
    ///
    /// # Errors
    ///
    /// As [`tokens`](Self::tokens).
    pub async fn access_token(&self, rejected: Option<Generation>) -> Result<(Generation, SecretString), Error> {
        let (version, tokens) = self.tokens(rejected.map(|Generation(version)| version)).await?;
        Ok((Generation(version), tokens.access_token))
    }

    /// Begins a refresh that runs on its own: whoever wanted it may go away while the refresh token is already spent.
    fn start(&self, state: &mut State, rejected: Option<Version>, good: Good) -> watch::Receiver<Option<Outcome>> {
        let (done, running) = watch::channel(None);
        state.running = Some(running.clone());
        let inner = self.0.clone();
        tokio::spawn(async move {
            let guard = Running(&inner);
            let outcome = inner.renew(rejected, good).await;
            drop(guard);
            done.send_replace(Some(outcome));
        });
        running
    }
}

/// Opens the way for the next refresh, also when this one panics.
struct Running<'a>(&'a Inner);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.state().running = None;
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether tokens have not been rejected and are good for as long as that.
    fn are_good(&self, (version, tokens): &(Version, Tokens), good: Good, rejected: Option<Version>) -> bool {
        let now = self.surroundings.now();
        let ends = |margin| tokens.expires_at.is_some_and(|end| end <= now + margin);
        let ended = match (good, tokens.renew_at) {
            (Good::ForNow, _) => ends(EARLY),
            (Good::ForLonger, None) => ends(SOON),
            (Good::ForLonger, Some(due)) => due <= now || ends(EARLY),
        };
        !ended && rejected.is_none_or(|rejected| *version > rejected)
    }

    async fn load(&self) -> Result<Option<(Version, Tokens)>, Error> {
        let loaded = self.store.load(&self.identity).await;
        loaded.map_err(|error| store_failed("the tokens could not be read", error))
    }

    async fn swap(&self, expected: Version, tokens: &Tokens) -> Result<Option<Version>, Error> {
        let swapped = self.store.swap(&self.identity, expected, tokens).await;
        swapped.map_err(|error| store_failed("the new tokens could not be stored", error))
    }

    async fn renew(&self, rejected: Option<Version>, good: Good) -> Outcome {
        let unsaved = self.state().unsaved.clone();
        if let Some((version, tokens)) = unsaved {
            return self.keep(version, tokens).await;
        }
        let mut lease = None;
        for _ in 0..LEASE_CHECKS {
            // Somebody else may have stored new ones: another session here, another process.
            let stored = self.load().await?;
            if let Some(fresh) = stored.as_ref().filter(|it| self.are_good(it, good, rejected)) {
                self.state().current = Some(fresh.clone());
                return Ok(fresh.clone());
            }
            if let Some(lease) = lease {
                return self.spend(stored, &lease).await;
            }
            lease = self
                .store
                .lease(&self.identity, LEASE)
                .await
                .map_err(|error| store_failed("the right to refresh could not be taken", error))?;
            if lease.is_none() {
                self.surroundings.sleep(LEASE_CHECK).await;
            }
        }
        Err(Error::new(ErrorKind::Credential, "session")
            .with_message("another process holds the right to refresh and does not finish"))
    }

    async fn spend(&self, stored: Option<(Version, Tokens)>, lease: &Lease) -> Outcome {
        let Some((version, tokens)) = stored.clone().filter(|(_, tokens)| tokens.refresh_token.is_some()) else {
            return self.sign_in(stored.map(|(version, _)| version)).await;
        };
        if let Some((over, error)) = &self.state().over
            && *over == version
        {
            return Err(error.clone());
        }
        let first = self.store.spend(&self.identity, version, lease).await;
        let first = first.map_err(|error| store_failed("the refresh could not be noted", error))?;
        match self.refresher.refresh(&tokens).await {
            Ok(renewed) => self.keep(version, renewed.after(tokens)).await,
            Err(error) => {
                let error = match (first, error.is_reauthorization_required()) {
                    // It may have been spent by a process that died before it could store what it bought.
                    (false, true) => error.with_message(
                        "a refresh was begun and never finished, and its token is spent; sign in again",
                    ),
                    _ => error,
                };
                if !error.is_reauthorization_required() {
                    self.pause(&error);
                    return Err(error);
                }
                // A process that stood still for long may find its token spent by the one that took over.
                if let Ok(Some(stored)) = self.load().await
                    && stored.0 != version
                    && self.are_good(&stored, Good::ForNow, None)
                {
                    self.state().current = Some(stored.clone());
                    return Ok(stored);
                }
                self.state().over = Some((version, error.clone()));
                Err(error)
            }
        }
    }

    /// Gets tokens where nothing can be refreshed; `stored` is the version of what is there all the same.
    async fn sign_in(&self, stored: Option<Version>) -> Outcome {
        match self.refresher.sign_in().await {
            Ok(Some(tokens)) => self.keep(stored.unwrap_or_default(), tokens).await,
            Ok(None) => {
                let error = Error::new(ErrorKind::Credential, "session");
                Err(match stored {
                    None => error.with_message("nobody is signed in; sign in first"),
                    Some(_) => error
                        .with_message("the token has expired and there is no refresh token; sign in again")
                        .with_reason(Reason::Reauthorize),
                })
            }
            Err(error) => {
                self.pause(&error);
                Err(error)
            }
        }
    }

    /// Keeps everybody from asking for a while, after a failure that may pass.
    fn pause(&self, error: &Error) {
        let mut state = self.state();
        let wait = state.failed.as_ref().map_or(PAUSE, |failed| (failed.wait * 2).min(PAUSE_CAP));
        let wait = error.retry_after().unwrap_or(wait);
        let until = self.surroundings.elapsed() + wait;
        state.failed = Some(Failed { until, wait, error: error.clone() });
    }

    async fn keep(&self, version: Version, tokens: Tokens) -> Outcome {
        match self.swap(version, &tokens).await {
            Ok(Some(version)) => {
                let mut state = self.state();
                state.unsaved = None;
                state.failed = None;
                state.current = Some((version, tokens.clone()));
                Ok((version, tokens))
            }
            Ok(None) => {
                // Somebody signed in anew meanwhile; theirs are the tokens of this session.
                self.state().unsaved = None;
                let stored = self.load().await?;
                stored.ok_or_else(|| {
                    Error::new(ErrorKind::Credential, "session")
                        .with_message("the store has lost the tokens; sign in again")
                })
            }
            Err(error) => {
                self.state().unsaved = Some((version, tokens));
                Err(error)
            }
        }
    }
}

fn store_failed(what: &str, error: StoreError) -> Error {
    Error::new(ErrorKind::Credential, "session").with_message(format!("{what}: {error}")).with_source(error)
}

#[async_trait]
impl Credential for Session {
    async fn apply(
        &self,
        _: &'static OperationInfo,
        request: &mut Request,
        rejected: Option<Generation>,
    ) -> Result<Generation, Error> {
        let (generation, token) = self.access_token(rejected).await?;
        let value = authorization(self.0.scheme, &token)?;
        request.headers.insert(header::AUTHORIZATION, value);
        Ok(generation)
    }
}
