//! Time that passes only when somebody waits, and chance that always lands in the middle.

use std::sync::Mutex;
use std::time::{Duration, SystemTime};
use yunkit_core::Surroundings;

#[derive(Debug, Default)]
pub(crate) struct Still {
    waits: Mutex<Vec<Duration>>,
}

impl Still {
    #[allow(dead_code)] // not every test asks
    pub(crate) fn waits(&self) -> Vec<Duration> {
        self.waits.lock().unwrap().clone()
    }
    #[allow(dead_code)] // nor does every test let time pass
    pub(crate) fn pass(&self, time: Duration) {
        self.waits.lock().unwrap().push(time);
    }
}

#[async_trait::async_trait]
impl Surroundings for Still {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.elapsed()
    }
    fn elapsed(&self) -> Duration {
        self.waits.lock().unwrap().iter().sum()
    }
    fn random(&self) -> f64 {
        0.5
    }
    async fn sleep(&self, time: Duration) {
        self.pass(time);
        tokio::task::yield_now().await;
    }
}
