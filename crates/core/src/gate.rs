//! Not asking while the service does not want to be asked.

use crate::client::Client;
use crate::error::Error;
use crate::exchange::{Opened, Rate, Request};
use crate::pipeline::{Call, Next};
use crate::seams::Policy;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use url::Position;

/// Remembers what a service says about the allowance of calls, and lets none through while it is used up.
///
/// It learns from the three headers that most services send, from 429, and from refusals that only their text tells (Gitee
/// answers 403). An allowance belongs to a credential on a host: one gate can serve many clients, and each credential is held
/// back on its own. Clones of a gate and of a client share what is known; two clients that were given the same token one by one
/// do not.
///
/// ```
/// use std::sync::Arc;
/// use yunkit_core::{Client, RateGate};
///
/// # fn example(client: Client) -> Client {
/// let gate = RateGate::waiting();
/// let client = client.policy(Arc::new(gate.clone()));
/// println!("{:?}", gate.state(&client));
/// # client }
/// ```
#[derive(Debug, Clone)]
pub struct RateGate {
    waits: bool,
    known: Arc<Mutex<BTreeMap<Key, State>>>,
}

/// A credential on a host.
type Key = (u64, String);

/// What a gate knows of one allowance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct State {
    /// What the service said last.
    pub rate: Option<Rate>,
    /// When calls are let through again; nothing while they are.
    pub closed_until: Option<SystemTime>,
}

/// How long to keep still after a refusal that does not say until when.
const PAUSE: Duration = Duration::from_secs(1);

impl RateGate {
    /// Calls wait until they are let through, if their deadline allows it; otherwise they fail at once.
    pub fn waiting() -> Self {
        Self { waits: true, known: Arc::default() }
    }

    /// Calls fail at once while the gate is closed.
    pub fn failing() -> Self {
        Self { waits: false, known: Arc::default() }
    }

    /// What is known of the allowance of a client; where it calls several hosts, of the one that is closed the longest.
    pub fn state(&self, client: &Client) -> State {
        let known = self.known();
        let its = known.iter().filter(|((caller, _), _)| *caller == client.caller()).map(|(_, state)| state);
        its.max_by_key(|state| state.closed_until).cloned().unwrap_or_default()
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<Key, State>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the gate stays closed; nothing when it is open.
    fn closed_for(&self, key: &Key, now: SystemTime) -> Option<Duration> {
        let mut known = self.known();
        let state = known.get_mut(key)?;
        let left = state.closed_until?.duration_since(now).ok().filter(|left| !left.is_zero());
        if left.is_none() {
            state.closed_until = None;
        }
        left
    }

    fn learn(&self, key: Key, rate: Option<Rate>, now: SystemTime, refused: Option<Option<Duration>>) {
        if rate.is_none() && refused.is_none() {
            return;
        }
        let mut known = self.known();
        let state = known.entry(key).or_default();
        let reset = rate.and_then(|rate| UNIX_EPOCH.checked_add(Duration::from_secs(rate.resets_at)));
        state.rate = rate.or(state.rate);
        let until = match (refused, rate) {
            (Some(Some(wait)), _) => now.checked_add(wait),
            (Some(None), _) => reset.filter(|reset| *reset > now).or_else(|| now.checked_add(PAUSE)),
            (None, Some(Rate { remaining: 0, .. })) => reset.filter(|reset| *reset > now),
            (None, _) => return,
        };
        state.closed_until = state.closed_until.max(until);
    }
}

#[async_trait]
impl Policy for RateGate {
    async fn send(&self, call: &Call<'_>, request: Request, next: Next<'_>) -> Result<Opened, Error> {
        let host = request.url[Position::BeforeHost..Position::AfterPort].to_owned();
        let key = (call.caller(), host);
        while let Some(wait) = self.closed_for(&key, call.clock().now()) {
            if !self.waits || !call.has_time_for(wait) {
                let seconds = wait.as_millis().div_ceil(1000);
                return Err(call.held(wait, format!("the allowance is used up for another {seconds} s")));
            }
            call.clock().sleep(wait).await;
        }
        let result = next.send(call, request).await;
        let now = call.clock().now();
        match &result {
            Ok(opened) => self.learn(key, Rate::from_headers(&opened.headers), now, None),
            Err(error) if error.is_rate_limited() => self.learn(key, None, now, Some(error.retry_after())),
            Err(_) => {}
        }
        result
    }
}
