//! HTTP by reqwest, with everything it would decide for us turned off.

use crate::body::{Body, BodySource, ByteStream};
use crate::error::{Error, ErrorKind, WasSent};
use crate::exchange::{Payload, RawResponse, Request, number};
use crate::operation::OperationInfo;
use crate::seams::Transport;
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::future::{Either, select};
use http_body::{Frame, SizeHint};
use std::error::Error as _;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

/// Sends over HTTP/1.1 and HTTP/2, with TLS by rustls and the system's certificates.
///
/// Redirects are not followed here, nothing is retried, and proxies are taken from the usual environment variables.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
}

impl HttpTransport {
    /// A transport with connections of its own.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`] when the system's certificates cannot be used.
    pub fn new() -> Result<Self, Error> {
        // reqwest leaves the choice to the process. Whoever made one before us keeps it; the error says just that.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(Duration::from_secs(15))
            .build()
            .map(Self::from)
            .map_err(|error| Error::input("client", cause(&error)))
    }
}

/// Takes a client that was configured elsewhere: a proxy, a private certificate authority.
///
/// It should follow no redirects: on its own it would carry credentials that live in other headers than `Authorization`
/// to foreign hosts.
impl From<reqwest::Client> for HttpTransport {
    fn from(client: reqwest::Client) -> Self {
        Self { client }
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, info: &'static OperationInfo, request: Request) -> Result<RawResponse, Error> {
        let (streamed, limit, stall) = (request.streamed, request.limit, request.stall);
        let moves = Moves::default();
        let mut outgoing = reqwest::Request::new(request.method, request.url);
        *outgoing.headers_mut() = request.headers;
        match request.body {
            Body::Empty => moves.end(),
            Body::Bytes(bytes) => {
                moves.end();
                *outgoing.body_mut() = Some(bytes.into());
            }
            Body::Source(source) => {
                let upload = Upload {
                    remaining: source.len(),
                    content: Mutex::new(Content::Closed(source)),
                    moves: moves.clone(),
                };
                *outgoing.body_mut() = Some(reqwest::Body::wrap(upload));
            }
        }
        let exchange = self.client.execute(outgoing);
        let sent = match stall {
            None => exchange.await,
            Some(stall) => match select(pin!(exchange), pin!(moves.stalled(stall))).await {
                Either::Left((sent, _)) => sent,
                Either::Right(((), _)) => {
                    let message = format!("nothing of the body was taken for {stall:?}");
                    return Err(Error::new(ErrorKind::Timeout, info.name).with_message(message));
                }
            },
        };
        let mut response = sent.map_err(|error| failure(info, error))?;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let payload = if streamed && status.is_success() {
            Payload::Stream(download(response, stall))
        } else {
            let announced = number(&headers, http::header::CONTENT_LENGTH.as_str());
            Payload::Bytes(collect(info, response, announced, limit).await?)
        };
        Ok(RawResponse::new(status, headers, payload))
    }
}

async fn collect(
    info: &'static OperationInfo,
    mut response: reqwest::Response,
    announced: Option<usize>,
    limit: usize,
) -> Result<Bytes, Error> {
    let status = response.status();
    let too_large = || {
        Error::new(ErrorKind::Decode, info.name)
            .with_status(status)
            .with_message(format!("larger than the limit of {limit} bytes"))
    };
    if announced.is_some_and(|len| len > limit) {
        return Err(too_large());
    }
    let failure = |error| failure(info, error).with_status(status).with_was_sent(WasSent::Yes);
    let Some(first) = response.chunk().await.map_err(failure)? else {
        return Ok(Bytes::new());
    };
    if announced == Some(first.len()) && first.len() <= limit {
        // Most answers arrive in one piece; it is handed on as it is.
        return Ok(first);
    }
    // An announced length is only trusted for as much as a lie may cost.
    let mut whole = BytesMut::with_capacity(announced.unwrap_or(16 * 1024).min(4 * 1024 * 1024));
    let mut next = Some(first);
    while let Some(chunk) = next {
        if whole.len() + chunk.len() > limit {
            return Err(too_large());
        }
        whole.extend_from_slice(&chunk);
        next = response.chunk().await.map_err(failure)?;
    }
    Ok(whole.freeze())
}

fn download(response: reqwest::Response, stall: Option<Duration>) -> ByteStream {
    Box::pin(futures_util::stream::try_unfold(response, move |mut response| async move {
        let next = match stall {
            None => response.chunk().await,
            Some(stall) => tokio::time::timeout(stall, response.chunk())
                .await
                .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, format!("nothing arrived for {stall:?}")))?,
        };
        match next {
            Ok(chunk) => Ok(chunk.map(|chunk| (chunk, response))),
            Err(error) => {
                let error = error.without_url();
                Err(io::Error::other(cause(&error)))
            }
        }
    }))
}

fn failure(info: &'static OperationInfo, error: reqwest::Error) -> Error {
    let kind = if error.is_connect() {
        ErrorKind::Connect
    } else if error.is_timeout() {
        ErrorKind::Timeout
    } else if error.is_builder() {
        ErrorKind::Input
    } else if error.is_decode() && error.source().is_some_and(|source| source.is::<io::Error>()) {
        // It arrived, and cannot be unpacked; a body that did not arrive counts as one, too, but hyper is who says so.
        ErrorKind::Decode
    } else {
        ErrorKind::Transport
    };
    // The address may hold a token in its query, and reqwest would print it.
    let error = error.without_url();
    Error::new(kind, info.name).with_message(cause(&error)).with_source(error)
}

/// The words of the innermost cause: the outer ones only say that there is one.
fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// A request's body that is read while it is sent. The lock is never contended: reqwest asks for `Sync`, and a stream is not.
struct Upload {
    content: Mutex<Content>,
    remaining: Option<u64>,
    moves: Moves,
}

/// Content is opened when the connection stands, so that one that can be read only once is not lost on a host that is down.
enum Content {
    Closed(Arc<dyn BodySource>),
    Open(ByteStream),
}

impl http_body::Body for Upload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let content = self.content.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Content::Closed(source) = content {
            *content = Content::Open(source.open());
        }
        let Content::Open(stream) = content else { unreachable!("it has just been opened") };
        let next = std::task::ready!(stream.as_mut().poll_next(cx));
        // What was announced is what is sent: a file that has changed meanwhile must not arrive as a part of itself.
        let left = match (&next, self.remaining) {
            (Some(Ok(chunk)), Some(remaining)) => match remaining.checked_sub(chunk.len() as u64) {
                None => return Poll::Ready(Some(Err(io::Error::other("the content is longer than it was")))),
                left => left,
            },
            (None, Some(1..)) => {
                return Poll::Ready(Some(Err(io::Error::other("the content is shorter than it was"))));
            }
            (_, remaining) => remaining,
        };
        self.remaining = left;
        match next {
            Some(Ok(_)) if left != Some(0) => self.moves.count(),
            _ => self.moves.end(),
        }
        Poll::Ready(next.map(|chunk| chunk.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        self.remaining.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

/// How many pieces of an upload have been taken; the highest number when none are left.
#[derive(Debug, Clone, Default)]
struct Moves(Arc<AtomicU64>);

impl Moves {
    fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    fn end(&self) {
        self.0.store(u64::MAX, Ordering::Relaxed);
    }
    /// Ends when no piece has been taken for so long. What happens after the last piece is the deadline's business.
    async fn stalled(&self, time: Duration) {
        loop {
            let before = self.0.load(Ordering::Relaxed);
            if before == u64::MAX {
                return std::future::pending().await;
            }
            tokio::time::sleep(time).await;
            if self.0.load(Ordering::Relaxed) == before {
                return;
            }
        }
    }
}
