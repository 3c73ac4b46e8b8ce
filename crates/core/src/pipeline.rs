//! The way of a call from record to opened answer. Compiled once: nothing here is generic over the operation.
//!
//! deadline > retry > user's policies > credential > redirect > transport > `open`

use crate::body::Body;
use crate::client::Shared;
use crate::error::{Error, ErrorKind, Reason, WasSent};
use crate::exchange::{Opened, Request};
use crate::operation::{BodyKind, OperationInfo};
use crate::record::Record;
use crate::seams::{Credential, Generation, Policy, Surroundings};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use tracing::Instrument;
use url::Url;

/// How often a redirect is followed before it counts as a loop.
const HOPS: usize = 5;

/// One use of an operation: what is sent, and how the caller wants it sent.
pub struct Call<'a> {
    info: &'static OperationInfo,
    request: &'a dyn Record,
    options: &'a Options,
    streamed: bool,
    caller: u64,
    clock: &'a dyn Surroundings,
    /// When the call has to be over, by that clock.
    ends: Option<Duration>,
    attempts: AtomicU32,
    in_flight: AtomicBool,
    /// Whether an attempt that is over can have had its effect.
    reached: AtomicBool,
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &self.info.name)
            .field("attempt", &self.attempt())
            .finish_non_exhaustive()
    }
}

impl Call<'_> {
    /// The facts of the operation.
    pub fn info(&self) -> &'static OperationInfo {
        self.info
    }
    /// The attempt that is under way, counted from 1.
    pub fn attempt(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }
    /// Tells apart the credentials that calls are made with; clones of a client share one. 0 for none.
    pub fn caller(&self) -> u64 {
        self.caller
    }
    /// The clock that the call goes by.
    pub fn clock(&self) -> &dyn Surroundings {
        self.clock
    }
    /// What is left of the deadline; nothing for a call without one.
    pub fn remaining(&self) -> Option<Duration> {
        self.ends.map(|ends| ends.saturating_sub(self.clock.elapsed()))
    }
    /// Whether the deadline allows a wait.
    pub(crate) fn has_time_for(&self, wait: Duration) -> bool {
        self.remaining().is_none_or(|left| wait < left)
    }
    /// The error of a call that is held back for so long.
    pub(crate) fn held(&self, wait: Duration, why: String) -> Error {
        let error = Error::new(ErrorKind::Held, self.info.name).with_reason(Reason::Throttled);
        error.with_retry_after(wait).with_message(why)
    }
}

/// How the caller wants calls made; see the methods of [`Client`](crate::Client) of the same names.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) deadline: Option<Duration>,
    pub(crate) body: Option<BodyKind>,
    pub(crate) limit: usize,
    pub(crate) stall: Option<Duration>,
    pub(crate) retry: Retry,
    pub(crate) rest: Option<Rest>,
}

/// What is left of a content: from this byte on, if it is still the one that this names.
#[derive(Debug, Clone)]
pub(crate) struct Rest {
    pub(crate) from: u64,
    pub(crate) of: HeaderValue,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            deadline: Some(Duration::from_secs(60)),
            body: None,
            // Far above any list, far below what a broken or hostile service could make us hold.
            limit: 64 * 1024 * 1024,
            stall: Some(Duration::from_secs(30)),
            retry: Retry::default(),
            rest: None,
        }
    }
}

/// How often and after what wait a call is tried again.
///
/// Reads and idempotent operations are repeated after every failure that may pass. Writes are repeated only when they
/// cannot have had their effect: when nothing was sent, or when the service refused them for their number. A body that can
/// be read only once is never sent twice.
///
/// While a service is down, all clones of a client together repeat no more calls than their budget has: every repetition
/// takes from it, and every call that succeeds gives a part back. A wait that the service itself asked for is free.
#[derive(Debug, Clone, PartialEq)]
pub struct Retry {
    /// Attempts in all, the first one included.
    pub attempts: u32,
    /// The longest wait before the second attempt; it doubles from there.
    pub base: Duration,
    /// The longest wait before any attempt, unless the service asks for more.
    pub cap: Duration,
    /// How many repetitions the clones of a client have together; ten calls that succeed, or one that succeeds by
    /// repetition, give one back.
    pub budget: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 4, base: Duration::from_secs(1), cap: Duration::from_secs(30), budget: 100 }
    }
}

impl Retry {
    /// Tries once.
    pub const NEVER: Self = Self { attempts: 1, base: Duration::ZERO, cap: Duration::ZERO, budget: 0 };

    /// How long to wait before trying again, or nothing when it must not be.
    fn wait(&self, info: &OperationInfo, error: &Error, attempt: u32, random: f64) -> Option<Duration> {
        use crate::operation::Effect;
        let safe = match info.effect {
            Effect::Read | Effect::Idempotent => true,
            Effect::Write => error.was_sent() == WasSent::No || error.is_rate_limited(),
        };
        if attempt >= self.attempts || !error.is_retryable() || !safe {
            return None;
        }
        Some(error.retry_after().unwrap_or_else(|| {
            // Full jitter: callers that failed together must not come back together.
            let most = self.base.saturating_mul(1 << (attempt - 1).min(16)).min(self.cap);
            most.mul_f64(random)
        }))
    }
}

/// What the clones of a client have taken from the budget of [`Retry`], in tenths of a repetition.
#[derive(Debug, Default)]
pub(crate) struct Retries(AtomicU32);

impl Retries {
    const ONE: u32 = 10;

    /// Takes one, if there is one left.
    fn take(&self, budget: u32) -> bool {
        let most = budget.saturating_mul(Self::ONE);
        let taken = |spent: u32| spent.checked_add(Self::ONE).filter(|spent| *spent <= most);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).is_ok()
    }

    /// A call has succeeded at this attempt.
    fn give_back(&self, attempt: u32) {
        if self.0.load(Ordering::Relaxed) == 0 {
            return;
        }
        let part = if attempt > 1 { Self::ONE } else { 1 };
        let given = |spent: u32| Some(spent.saturating_sub(part));
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, given);
    }
}

impl Shared {
    /// Runs a call to its end. The deadline covers everything, waits included.
    pub(crate) async fn run(
        &self,
        info: &'static OperationInfo,
        request: &dyn Record,
        options: &Options,
        streamed: bool,
    ) -> Result<Opened, Error> {
        let call = Call {
            info,
            request,
            options,
            streamed,
            caller: self.caller,
            clock: &*self.surroundings,
            ends: options.deadline.map(|deadline| self.surroundings.elapsed().saturating_add(deadline)),
            attempts: AtomicU32::new(0),
            in_flight: AtomicBool::new(false),
            reached: AtomicBool::new(false),
        };
        let span = tracing::debug_span!("call", operation = info.name, route = %info.route);
        let work = self.retrying(&call).instrument(span);
        let Some(deadline) = options.deadline else {
            return work.await;
        };
        match tokio::time::timeout(deadline, work).await {
            Ok(result) => result,
            Err(_) => Err(Error::new(ErrorKind::Timeout, info.name)
                .with_message(format!("no answer within {deadline:?}"))
                .with_attempts(call.attempt())
                .with_was_sent(
                    match call.in_flight.load(Ordering::Relaxed) || call.reached.load(Ordering::Relaxed) {
                        true => WasSent::Maybe,
                        false => WasSent::No,
                    },
                )),
        }
    }

    async fn retrying(&self, call: &Call<'_>) -> Result<Opened, Error> {
        let mut request = self.bind(call)?;
        loop {
            let attempt = call.attempts.fetch_add(1, Ordering::Relaxed) + 1;
            let result = if self.policies.is_empty() {
                self.authorized(call, request).await
            } else {
                Next { shared: self, rest: &self.policies }.send(call, request).await
            };
            call.in_flight.store(false, Ordering::Relaxed);
            let error = match result {
                Ok(mut opened) => {
                    self.retries.give_back(attempt);
                    opened.attempts = attempt;
                    return Ok(opened);
                }
                Err(error) => error.with_operation(call.info.name).with_attempts(attempt),
            };
            let Some((wait, next)) = self.next_attempt(call, &error, attempt) else {
                tracing::debug!(attempt, %error, "failed");
                let reached = call.reached.load(Ordering::Relaxed) && error.was_sent() == WasSent::No;
                return Err(if reached { error.with_was_sent(WasSent::Maybe) } else { error });
            };
            // What was refused for its number has had no effect; anything else that may have arrived may have had it.
            if error.was_sent() != WasSent::No && !error.is_rate_limited() {
                call.reached.store(true, Ordering::Relaxed);
            }
            tracing::debug!(attempt, ?wait, %error, "trying again");
            self.surroundings.sleep(wait).await;
            request = next;
        }
    }

    /// How long to wait and what to send then, or nothing when the error should reach the caller.
    fn next_attempt(&self, call: &Call<'_>, error: &Error, attempt: u32) -> Option<(Duration, Request)> {
        let retry = &call.options.retry;
        let wait = retry.wait(call.info, error, attempt, self.surroundings.random());
        let wait = wait.filter(|wait| call.has_time_for(*wait))?;
        let request = self.bind(call).ok().filter(|request| request.body.can_open())?;
        // A wait that the service has named is its own way of sharing out what it can do.
        let granted = error.retry_after().is_some() || self.retries.take(retry.budget);
        granted.then_some((wait, request))
    }

    fn bind(&self, call: &Call<'_>) -> Result<Request, Error> {
        let body = call.options.body.unwrap_or(call.info.body);
        let mut request = self.protocol.bind(call.info, call.request, body)?;
        request.headers.insert(header::USER_AGENT, self.user_agent.clone());
        request.streamed = call.streamed;
        request.limit = call.options.limit;
        request.stall = call.options.stall;
        if call.streamed {
            // What is handed on is what the service has, and its length what the service says.
            request.headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        if let Some(rest) = &call.options.rest {
            let range = HeaderValue::try_from(format!("bytes={}-", rest.from));
            request.headers.insert(header::RANGE, range.map_err(|_| Error::input(call.info.name, "no range"))?);
            request.headers.insert(header::IF_RANGE, rest.of.clone());
        }
        Ok(request)
    }

    /// Puts the credential on, and once more if it is refused and can be renewed.
    async fn authorized(&self, call: &Call<'_>, request: Request) -> Result<Opened, Error> {
        let Some(credential) = &self.credential else {
            if let Some(name) = crate::rest::unfilled(call.info, call.request) {
                let message = format!("`{name}` in the path comes with a credential, and there is none");
                return Err(Error::new(ErrorKind::Credential, call.info.name).with_message(message));
            }
            return self.exchange(call, request, None).await;
        };
        let spare = credential.renews().then(|| request.clone());
        let (generation, result) = self.with_credential(call, request, credential, None).await?;
        match (result, spare) {
            (Err(refused), Some(spare)) if refused.is_unauthenticated() => {
                if !spare.body.can_open() {
                    // The content is gone, but the next call need not fail for the same reason.
                    let mut bare = Request::new(spare.method, spare.url);
                    credential
                        .apply(call.info, &mut bare, Some(generation))
                        .await
                        .map_err(Error::into_credential)?;
                    return Err(refused);
                }
                // The body was refused unread: repeating even a write is safe.
                let (renewed, again) = match self.with_credential(call, spare, credential, Some(generation)).await {
                    Ok(renewed) => renewed,
                    Err(error) => return Err(error.with_source(refused)),
                };
                if renewed == generation { Err(refused) } else { again }
            }
            (result, _) => result,
        }
    }

    /// The outer error is the credential's, the inner one that of the exchange.
    async fn with_credential(
        &self,
        call: &Call<'_>,
        mut request: Request,
        credential: &Arc<dyn Credential>,
        rejected: Option<Generation>,
    ) -> Result<(Generation, Result<Opened, Error>), Error> {
        let bare = call.info.follows.then(|| request.headers.clone());
        let generation =
            credential.apply(call.info, &mut request, rejected).await.map_err(Error::into_credential)?;
        if rejected == Some(generation) {
            let refused = Error::new(ErrorKind::Credential, call.info.name);
            return Ok((generation, Err(refused)));
        }
        let result = self.exchange(call, request, bare).await;
        Ok((generation, result))
    }

    /// Sends the request, follows where the operation allows it, and opens the answer.
    /// `bare` holds the headers as they were before the credential came on.
    async fn exchange(&self, call: &Call<'_>, request: Request, bare: Option<HeaderMap>) -> Result<Opened, Error> {
        let info = call.info;
        if !info.follows {
            call.in_flight.store(true, Ordering::Relaxed);
            let response = self.transport.send(info, request).await?;
            return self.protocol.open(info, response);
        }
        let headers = bare.unwrap_or_else(|| request.headers.clone());
        // What every further request begins as: the first one, but for its body and its credential.
        let bare = Request { method: Method::GET, headers, body: Body::Empty, ..request.clone() };
        let home = request.url.origin();
        let mut request = request;
        for _ in 0..=HOPS {
            let here = request.url.clone();
            call.in_flight.store(true, Ordering::Relaxed);
            let response = self.transport.send(info, request).await?;
            let Some(location) = redirect_target(response.status, &response.headers) else {
                return self.protocol.open(info, response);
            };
            let refuse = |why: &str| {
                Error::new(ErrorKind::Redirect, info.name).with_status(response.status).with_message(why)
            };
            let next = here.join(location).map_err(|_| refuse("the new address is not valid"))?;
            if !is_web(&next) {
                return Err(refuse("the new address is not a web address"));
            }
            if here.scheme() == "https" && next.scheme() == "http" {
                return Err(refuse("the new address is not encrypted"));
            }
            request = Request { url: next, ..bare.clone() };
            // Once the call has left its host, nothing of the caller goes along, not even if it is sent back.
            let left = request.url.origin() != home || here.origin() != home;
            if let (false, Some(credential)) = (left, &self.credential) {
                credential.apply(info, &mut request, None).await.map_err(Error::into_credential)?;
            }
        }
        Err(Error::new(ErrorKind::Redirect, info.name).with_message(format!("more than {HOPS} redirects in a row")))
    }
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

fn redirect_target(status: StatusCode, headers: &HeaderMap) -> Option<&str> {
    match status.as_u16() {
        301 | 302 | 303 | 307 | 308 => headers.get(header::LOCATION)?.to_str().ok(),
        _ => None,
    }
}

/// The way on from a [`Policy`].
#[derive(Debug)]
pub struct Next<'a> {
    shared: &'a Shared,
    rest: &'a [Arc<dyn Policy>],
}

impl Next<'_> {
    /// Hands the request to the next policy, or to the service.
    ///
    /// # Errors
    ///
    /// Whatever went wrong further in.
    pub async fn send(self, call: &Call<'_>, request: Request) -> Result<Opened, Error> {
        match self.rest.split_first() {
            Some((policy, rest)) => {
                let next = Next { shared: self.shared, rest };
                policy.send(call, request, next).await
            }
            None => self.shared.authorized(call, request).await,
        }
    }
}
