//! Not asking while the service does not want to be asked.

use crate::error::{Error, ErrorKind, Reason};
use crate::exchange::{Opened, Rate, Request};
use crate::pipeline::{Call, Next};
use crate::seams::Policy;
use async_trait::async_trait;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Remembers what a service says about the allowance of calls, and lets none through while it is used up.
///
/// It learns from the three headers that most services send, from 429, and from refusals that only their text tells (Gitee
/// answers 403). An allowance belongs to a credential on a host: give one gate to all clients that share both, and another
/// to the others. Clones share what is known.
///
/// ```
/// use std::sync::Arc;
/// use yunkit_core::{Client, RateGate};
///
/// # fn example(client: Client) -> Client {
/// let gate = RateGate::waiting();
/// let client = client.policy(Arc::new(gate.clone()));
/// println!("{:?}", gate.state());
/// # client }
/// ```
#[derive(Debug, Clone)]
pub struct RateGate {
    waits: bool,
    known: Arc<Mutex<State>>,
}

/// What a gate knows.
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

    /// What is known now.
    pub fn state(&self) -> State {
        self.known().clone()
    }

    fn known(&self) -> MutexGuard<'_, State> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the gate stays closed; nothing when it is open.
    fn closed_for(&self, now: SystemTime) -> Option<Duration> {
        let mut known = self.known();
        let left = known.closed_until?.duration_since(now).ok().filter(|left| !left.is_zero());
        if left.is_none() {
            known.closed_until = None;
        }
        left
    }

    fn learn(&self, rate: Option<Rate>, now: SystemTime, refused: Option<Option<Duration>>) {
        let mut known = self.known();
        let reset = rate.and_then(|rate| UNIX_EPOCH.checked_add(Duration::from_secs(rate.resets_at)));
        known.rate = rate.or(known.rate);
        let until = match (refused, rate) {
            (Some(Some(wait)), _) => now.checked_add(wait),
            (Some(None), _) => reset.filter(|reset| *reset > now).or_else(|| now.checked_add(PAUSE)),
            (None, Some(Rate { remaining: 0, .. })) => reset.filter(|reset| *reset > now),
            (None, _) => return,
        };
        known.closed_until = known.closed_until.max(until);
    }
}

#[async_trait]
impl Policy for RateGate {
    async fn send(&self, call: &Call<'_>, request: Request, next: Next<'_>) -> Result<Opened, Error> {
        while let Some(wait) = self.closed_for(call.clock().now()) {
            if !self.waits || call.remaining().is_some_and(|left| left <= wait) {
                return Err(Error::new(ErrorKind::Held, call.info().name)
                    .with_reason(Reason::Throttled)
                    .with_retry_after(wait)
                    .with_message(format!(
                        "the allowance is used up for another {} s",
                        wait.as_millis().div_ceil(1000)
                    )));
            }
            call.clock().sleep(wait).await;
        }
        let result = next.send(call, request).await;
        let now = call.clock().now();
        match &result {
            Ok(opened) => self.learn(Rate::from_headers(&opened.headers), now, None),
            Err(error) if error.is_rate_limited() => self.learn(None, now, Some(error.retry_after())),
            Err(_) => {}
        }
        result
    }
}
