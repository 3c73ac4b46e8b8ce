//! Time that passes only when somebody waits or says so.

use async_trait::async_trait;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use yunkit_core::Surroundings;

/// Surroundings for tests: waiting takes no time and moves the clock, chance lands in the middle.
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use yunkit_core::Surroundings;
/// use yunkit_testkit::ManualSurroundings;
///
/// let time = ManualSurroundings::default();
/// let before = time.now();
/// time.pass(Duration::from_secs(60));
/// assert_eq!(time.now(), before + Duration::from_secs(60));
/// ```
#[derive(Debug)]
pub struct ManualSurroundings {
    start: SystemTime,
    passed: Mutex<Passed>,
}

#[derive(Debug, Default)]
struct Passed {
    time: Duration,
    waits: Vec<Duration>,
}

impl Default for ManualSurroundings {
    fn default() -> Self {
        Self::starting_at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600))
    }
}

impl ManualSurroundings {
    /// A clock that shows this time until somebody waits.
    pub fn starting_at(start: SystemTime) -> Self {
        Self { start, passed: Mutex::default() }
    }
    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.passed().time += time;
    }
    /// How long callers have waited, in order.
    pub fn waits(&self) -> Vec<Duration> {
        self.passed().waits.clone()
    }
    fn passed(&self) -> MutexGuard<'_, Passed> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Surroundings for ManualSurroundings {
    fn now(&self) -> SystemTime {
        self.start + self.passed().time
    }
    fn elapsed(&self) -> Duration {
        self.passed().time
    }
    fn random(&self) -> f64 {
        0.5
    }
    async fn sleep(&self, time: Duration) {
        {
            let mut passed = self.passed();
            passed.time += time;
            passed.waits.push(time);
        }
        tokio::task::yield_now().await;
    }
}
