//! A service without sockets: it answers what the input says.

use crate::frame::Frame;
use std::cell::LazyCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use yunkit_core::http::{HeaderMap, StatusCode};
use yunkit_core::{
    Bytes, Client, Error, OperationInfo, Protocol, RawResponse, Request, Retry, Transport, Url, async_trait,
};
use yunkit_testkit::ManualSurroundings;

/// Gives its answers in turn, the last one for ever, and notes what it was asked.
#[derive(Debug, Default)]
pub struct Scripted {
    script: Mutex<Script>,
}

#[derive(Debug, Default)]
struct Script {
    answers: Vec<(StatusCode, HeaderMap, Bytes)>,
    asked: Vec<(Url, HeaderMap)>,
}

impl Scripted {
    /// A service that gives these answers, each with its status as the first word.
    pub fn new(frames: &[Frame<'_>]) -> Arc<Self> {
        let answer = |frame: &Frame<'_>| {
            let response = frame.response(0);
            (response.status, response.headers, response.payload.bytes().clone())
        };
        let answers = frames.iter().map(answer).collect();
        Arc::new(Self { script: Mutex::new(Script { answers, asked: Vec::new() }) })
    }

    /// A client of it that tries once and waits for nothing.
    pub fn client(self: &Arc<Self>, protocol: impl Protocol + 'static) -> Client {
        Client::with_transport(Arc::new(protocol), self.clone())
            .surroundings(Arc::new(ManualSurroundings::default()))
            .retry(Retry::NEVER)
            .deadline(None)
    }

    /// Where requests went, and with which headers.
    pub fn asked(&self) -> Vec<(Url, HeaderMap)> {
        self.script().asked.clone()
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Transport for Scripted {
    async fn send(&self, _: &'static OperationInfo, request: Request) -> Result<RawResponse, Error> {
        let mut script = self.script();
        let at = script.asked.len().min(script.answers.len().saturating_sub(1));
        script.asked.push((request.url, request.headers));
        let answer = script.answers.get(at).cloned();
        let (status, headers, body) = answer.unwrap_or_default();
        Ok(RawResponse::new(status, headers, body))
    }
}

/// Runs what is asynchronous in this thread, without any sockets.
pub fn now<T>(work: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: LazyCell<tokio::runtime::Runtime> = LazyCell::new(|| {
            tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime without sockets")
        });
    }
    RUNTIME.with(|runtime| runtime.block_on(work))
}

/// Lets a panic in a constant set-up speak plainly.
pub fn once<T, E: std::fmt::Debug>(result: Result<T, E>) -> T {
    result.expect("what the target itself sets up is valid")
}
