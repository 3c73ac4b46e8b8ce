//! The four things that really vary, and the surroundings a call happens in.

use crate::error::Error;
use crate::exchange::{Opened, Rate, RawResponse, Request};
use crate::operation::{BodyKind, OperationInfo};
use crate::pipeline::{Call, Next};
use crate::record::Record;
use async_trait::async_trait;
use http::HeaderMap;
use std::fmt::Debug;
use std::time::{Duration, Instant, SystemTime};

/// The envelope: how an operation becomes a request, and what an answer means.
pub trait Protocol: Debug + Send + Sync {
    /// Writes the request. Called once per attempt, so it must not depend on anything that changes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) when a value cannot be sent.
    fn bind(&self, info: &'static OperationInfo, request: &dyn Record, body: BodyKind) -> Result<Request, Error>;

    /// Takes the envelope off an answer, or turns it into the service's own error, also where HTTP says 200.
    /// Called once per attempt, so that everything above decides on a classified result.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Service`](crate::ErrorKind::Service) when the service refused,
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) when its answer has no envelope.
    fn open(&self, info: &'static OperationInfo, response: RawResponse) -> Result<Opened, Error>;

    /// What the headers say about the allowance of calls.
    fn rate(&self, headers: &HeaderMap) -> Option<Rate> {
        Rate::from_headers(headers)
    }
}

/// The socket. One exchange: no retry, no redirect, no interpretation.
#[async_trait]
pub trait Transport: Debug + Send + Sync {
    /// Sends the request and brings the answer.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Connect`](crate::ErrorKind::Connect) when nothing was sent for sure,
    /// [`ErrorKind::Transport`](crate::ErrorKind::Transport) otherwise.
    async fn send(&self, info: &'static OperationInfo, request: Request) -> Result<RawResponse, Error>;
}

/// Behaviour around every attempt, of the user's making: metrics, extra headers, a breaker.
///
/// The request has no credential yet, and a renewed token is out of sight: both happen further in.
#[async_trait]
pub trait Policy: Debug + Send + Sync {
    /// Does what it does, and calls `next` to go on.
    ///
    /// # Errors
    ///
    /// What `next` returned, or an error of its own.
    async fn send(&self, call: &Call<'_>, request: Request, next: Next<'_>) -> Result<Opened, Error>;
}

/// Tells two tokens of one credential apart without showing them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Generation(pub u64);

/// Who is calling.
#[async_trait]
pub trait Credential: Debug + Send + Sync {
    /// Puts itself on the finished request of one attempt; signatures cover its final bytes.
    ///
    /// `rejected` names the generation that the service has just refused. A credential that can renew itself does so
    /// unless it has already moved on, and answers with the new generation; any other answers with the same one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credential`](crate::ErrorKind::Credential) when there is nothing to put on.
    async fn apply(
        &self,
        info: &'static OperationInfo,
        request: &mut Request,
        rejected: Option<Generation>,
    ) -> Result<Generation, Error>;

    /// Whether a refused token can be replaced; only then is a request kept for a second attempt.
    fn renews(&self) -> bool {
        true
    }
}

/// Time and chance. Tests bring their own, so that nothing sleeps and nothing is random.
#[async_trait]
pub trait Surroundings: Debug + Send + Sync {
    /// The time of day.
    fn now(&self) -> SystemTime;
    /// A clock that only runs forward.
    fn elapsed(&self) -> Duration;
    /// A number from 0 up to, not including, 1.
    fn random(&self) -> f64;
    /// Waits.
    async fn sleep(&self, time: Duration);
}

/// The system's clock and chance.
#[derive(Debug)]
pub struct RealSurroundings(Instant);

impl Default for RealSurroundings {
    fn default() -> Self {
        Self(Instant::now())
    }
}

#[async_trait]
impl Surroundings for RealSurroundings {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
    fn random(&self) -> f64 {
        fastrand::f64()
    }
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}
