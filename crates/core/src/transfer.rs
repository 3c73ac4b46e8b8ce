//! Content that is too large to hold: how far it has come, and answers that are handed on while they arrive.

use crate::body::ByteStream;
use crate::error::{Error, ErrorKind, WasSent};
use crate::exchange::{Meta, Opened, number};
use crate::mac;
use crate::operation::{Effect, OperationInfo};
use crate::pipeline::Rest;
use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use ring::digest::{Context as Digest, SHA256};
use std::fmt;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::AsyncWriteExt;

/// How far a transfer has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes that went by, the last ones included. Less than before when an upload begins anew.
    pub done: u64,
    /// Bytes in all, when that is known.
    pub total: Option<u64>,
}

type Watcher = Arc<dyn Fn(Progress) + Send + Sync>;

/// Tells `watcher` of every chunk that goes by.
pub(crate) fn watched<E>(
    stream: impl Stream<Item = Result<Bytes, E>> + Send,
    total: Option<u64>,
    watcher: Watcher,
) -> impl Stream<Item = Result<Bytes, E>> + Send {
    let mut done = 0;
    stream.inspect(move |chunk| {
        if let Ok(chunk) = chunk {
            done += chunk.len() as u64;
            watcher(Progress { done, total });
        }
    })
}

/// An answer that arrives piece by piece. From [`Client::download`](crate::Client::download).
///
/// ```no_run
/// # use yunkit_core::{Client, Error, Operation};
/// # async fn example(client: Client, archive: impl Operation + 'static) -> Result<(), Error> {
/// let download = client.download(archive).await?;
/// let bytes = download.on_progress(|progress| println!("{} bytes", progress.done)).save("archive.zip").await?;
/// # Ok(()) }
/// ```
pub struct Download {
    stream: Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>,
    place: Arc<Place>,
}

/// What a download is, and comes from.
struct Place {
    info: &'static OperationInfo,
    meta: Meta,
    total: Option<u64>,
}

/// The same call for what is left of the content.
pub(crate) type Again = Pin<Box<dyn Future<Output = Result<Opened, Error>> + Send>>;

/// How often one download is taken up again.
const RESUMED: u32 = 8;

/// Content that is being read, and how to go on when it breaks.
struct Reader {
    place: Arc<Place>,
    stream: ByteStream,
    done: u64,
    resumed: u32,
    again: Box<dyn Fn(Rest) -> Again + Send>,
}

impl Reader {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let broke = match self.stream.next().await {
                Some(Ok(chunk)) => {
                    self.done += chunk.len() as u64;
                    return Ok(Some(chunk));
                }
                None => match self.place.total.filter(|total| *total != self.done) {
                    None => return Ok(None),
                    Some(total) => {
                        let what = format!("the content ended after {} of {total} bytes", self.done);
                        self.place.error(ErrorKind::Transport, what)
                    }
                },
                Some(Err(error)) => {
                    let kind = match error.kind() {
                        io::ErrorKind::TimedOut => ErrorKind::Timeout,
                        _ => ErrorKind::Transport,
                    };
                    self.place.error(kind, error.to_string()).with_source(error)
                }
            };
            self.stream = self.resume(broke).await?;
        }
    }

    /// What is left of the content; or why it broke, where that cannot be had.
    async fn resume(&mut self, broke: Error) -> Result<ByteStream, Error> {
        let same = strong_tag(&self.place.meta.headers).filter(|_| self.place.info.effect == Effect::Read);
        let Some(tag) = same.filter(|_| self.resumed < RESUMED) else {
            return Err(broke);
        };
        self.resumed += 1;
        tracing::debug!(operation = self.place.info.name, done = self.done, %broke, "taking a download up again");
        let opened = (self.again)(Rest { from: self.done, of: tag.clone() }).await?;
        let unchanged = strong_tag(&opened.headers).is_none_or(|now| now == tag);
        let begins = match opened.status {
            StatusCode::PARTIAL_CONTENT => first_byte(&opened.headers),
            _ => Some(0).filter(|_| strong_tag(&opened.headers).is_some()),
        };
        match begins.filter(|begins| unchanged && *begins <= self.done) {
            Some(begins) => Ok(without_first(opened.payload.into_stream(), self.done - begins)),
            None => Err(broke.with_message("the connection broke, and the content has changed since then")),
        }
    }
}

/// The version of a content, where two contents of one version are equal byte for byte.
fn strong_tag(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(header::ETAG).filter(|tag| tag.as_bytes().starts_with(b"\""))
}

/// Where a part begins: `Content-Range: bytes 5-9/10`.
fn first_byte(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
}

/// Some services begin anew whatever they are asked for.
fn without_first(stream: ByteStream, bytes: u64) -> ByteStream {
    let mut left = bytes;
    Box::pin(stream.map(move |chunk| {
        chunk.map(|mut chunk| {
            let gone = left.min(chunk.len() as u64);
            left -= gone;
            chunk.split_off(gone as usize)
        })
    }))
}

impl Place {
    fn error(&self, kind: ErrorKind, message: String) -> Error {
        let error = Error::new(kind, self.info.name).with_status(self.meta.status).with_message(message);
        let error = error.with_was_sent(WasSent::Yes);
        match &self.meta.request_id {
            Some(id) => error.with_request_id(id),
            None => error,
        }
    }
}

impl Download {
    pub(crate) fn new(
        info: &'static OperationInfo,
        stream: ByteStream,
        meta: Meta,
        again: Box<dyn Fn(Rest) -> Again + Send>,
    ) -> Self {
        let total = number(&meta.headers, header::CONTENT_LENGTH.as_str());
        let place = Arc::new(Place { info, meta, total });
        let reader = Reader { place: place.clone(), stream, done: 0, resumed: 0, again };
        let stream = futures_util::stream::try_unfold(reader, |mut reader| async move {
            let chunk = reader.next().await?;
            Ok(chunk.map(|chunk| (chunk, reader)))
        });
        Self { stream: Box::pin(stream), place }
    }

    /// Status, headers, request id and rate state.
    pub fn meta(&self) -> &Meta {
        &self.place.meta
    }

    /// How many bytes will come, if the service says.
    pub fn total(&self) -> Option<u64> {
        self.place.total
    }

    /// Tells `watcher` of every chunk that arrives.
    #[must_use]
    pub fn on_progress(mut self, watcher: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.stream = Box::pin(watched(self.stream, self.place.total, Arc::new(watcher)));
        self
    }

    /// Fails at the end when the content has another SHA-256 than this, in hexadecimal: what a service says of a file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`] when the text is no SHA-256.
    pub fn expect_sha256(mut self, hex: &str) -> Result<Self, Error> {
        let expected = hex.trim().to_ascii_lowercase();
        if expected.len() != 64 || !expected.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(Error::input(self.place.info.name, "a SHA-256 is written as 64 hexadecimal digits"));
        }
        let checked = Some((Digest::new(&SHA256), self.stream, expected, self.place.clone()));
        let stream = futures_util::stream::unfold(checked, |checked| async {
            let (mut digest, mut stream, expected, place) = checked?;
            match stream.next().await {
                Some(Ok(chunk)) => {
                    digest.update(&chunk);
                    Some((Ok(chunk), Some((digest, stream, expected, place))))
                }
                Some(Err(error)) => Some((Err(error), None)),
                None => {
                    let found = mac::hex(digest.finish().as_ref());
                    let what = format!("the content has the SHA-256 {found}, and should have {expected}");
                    (found != expected).then(|| (Err(place.error(ErrorKind::Decode, what)), None))
                }
            }
        });
        self.stream = Box::pin(stream);
        Ok(self)
    }

    /// The next chunk, or nothing after the last one. After an error there is no next chunk.
    pub async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        StreamExt::next(self).await
    }

    /// Writes everything to a file, and answers how many bytes there were.
    ///
    /// The content is collected in a neighbour of the file, `{name}.part`, and takes its name when it is complete: under
    /// `path` there is the old content, if there was any, or the whole new one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Transport`] when the connection breaks, [`ErrorKind::Timeout`] when nothing arrives any more,
    /// [`ErrorKind::File`] when the file cannot be written.
    pub async fn save(mut self, path: impl AsRef<Path>) -> Result<u64, Error> {
        let path = path.as_ref();
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let result = self.write(part.as_ref()).await;
        let result = match result {
            Ok(bytes) => tokio::fs::rename(&part, path).await.map(|()| bytes).map_err(|e| self.file_error(path, e)),
            Err(error) => Err(error),
        };
        if result.is_err() {
            // What is left of it is of no use; that it cannot be removed changes nothing about the failure.
            let _ = tokio::fs::remove_file(&part).await;
        }
        result
    }

    async fn write(&mut self, part: &Path) -> Result<u64, Error> {
        let mut file = tokio::fs::File::create(part).await.map_err(|e| self.file_error(part, e))?;
        let mut bytes = 0;
        while let Some(chunk) = self.next().await {
            let chunk = chunk?;
            file.write_all(&chunk).await.map_err(|e| self.file_error(part, e))?;
            bytes += chunk.len() as u64;
        }
        file.sync_all().await.map_err(|e| self.file_error(part, e))?;
        Ok(bytes)
    }

    fn file_error(&self, path: &Path, error: io::Error) -> Error {
        self.place.error(ErrorKind::File, format!("{}: {error}", path.display())).with_source(error)
    }
}

impl Stream for Download {
    type Item = Result<Bytes, Error>;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.stream.as_mut().poll_next(cx)
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("operation", &self.place.info.name)
            .field("total", &self.place.total)
            .finish_non_exhaustive()
    }
}
