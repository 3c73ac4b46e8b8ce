//! Calls at a fixed rate, for services that say how many they take and nothing about how many are left.

use crate::error::Error;
use crate::exchange::{Opened, Request};
use crate::operation::OperationInfo;
use crate::pipeline::{Call, Next};
use crate::seams::{Policy, RealSurroundings, Surroundings};
use async_trait::async_trait;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Spreads calls evenly over time; each waits for its turn, if its deadline allows it, and otherwise fails at once.
///
/// Clones share their turns. A rate belongs to a credential, or to an address, as the service has it; other processes of the
/// same caller are not known here.
///
/// ```
/// use std::sync::Arc;
/// use yunkit_core::{Client, Pace};
///
/// # fn example(client: Client) -> Client {
/// // CODING documents a rate for every action.
/// client.policy(Arc::new(Pace::as_documented()))
/// # }
/// ```
#[derive(Clone)]
pub struct Pace(Arc<Inner>);

struct Inner {
    rate: Kept,
    surroundings: Arc<dyn Surroundings>,
    /// By the name of the operation; all under one name where they share their turns.
    limiters: Mutex<HashMap<&'static str, Arc<Limiter>>>,
}

#[derive(Debug, Clone, Copy)]
enum Kept {
    AsDocumented,
    ByEach(NonZeroU32),
    ByAll(NonZeroU32),
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, Ticks, NoOpMiddleware<Duration>>;

struct Ticks(Arc<dyn Surroundings>);

impl Clock for Ticks {
    type Instant = Duration;
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

impl Pace {
    /// Every operation at the rate that its [`OperationInfo`] has from the document; those without one are not held back.
    pub fn as_documented() -> Self {
        Self::new(Kept::AsDocumented)
    }

    /// So many calls a second of each operation.
    pub fn by_operation(calls_per_second: NonZeroU32) -> Self {
        Self::new(Kept::ByEach(calls_per_second))
    }

    /// So many calls a second of all operations together.
    pub fn of_all(calls_per_second: NonZeroU32) -> Self {
        Self::new(Kept::ByAll(calls_per_second))
    }

    fn new(rate: Kept) -> Self {
        let surroundings = Arc::new(RealSurroundings::default());
        Self(Arc::new(Inner { rate, surroundings, limiters: Mutex::default() }))
    }

    /// Goes by another clock; for tests.
    #[must_use]
    pub fn surroundings(self, surroundings: Arc<dyn Surroundings>) -> Self {
        Self(Arc::new(Inner { rate: self.0.rate, surroundings, limiters: Mutex::default() }))
    }

    fn limiter(&self, info: &'static OperationInfo) -> Option<Arc<Limiter>> {
        let (name, rate) = match self.0.rate {
            Kept::AsDocumented => (info.name, NonZeroU32::new(info.rate.into())?),
            Kept::ByEach(rate) => (info.name, rate),
            Kept::ByAll(rate) => ("", rate),
        };
        let mut limiters = self.0.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        let limiter = limiters.entry(name).or_insert_with(|| {
            // No bursts: a service that counts by the second may draw its seconds anywhere.
            let quota = Quota::per_second(rate).allow_burst(NonZeroU32::MIN);
            Arc::new(RateLimiter::direct_with_clock(quota, Ticks(self.0.surroundings.clone())))
        });
        Some(limiter.clone())
    }
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pace").field(&self.0.rate).finish()
    }
}

#[async_trait]
impl Policy for Pace {
    async fn send(&self, call: &Call<'_>, request: Request, next: Next<'_>) -> Result<Opened, Error> {
        if let Some(limiter) = self.limiter(call.info()) {
            while let Err(turn) = limiter.check() {
                let wait = turn.wait_time_from(self.0.surroundings.elapsed());
                if !call.has_time_for(wait) {
                    return Err(call.held(wait, format!("its turn comes in {} ms", wait.as_millis())));
                }
                self.0.surroundings.sleep(wait).await;
            }
        }
        next.send(call, request).await
    }
}
