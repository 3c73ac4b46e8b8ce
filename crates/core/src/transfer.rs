//! Content that is too large to hold: how far it has come, and answers that are handed on while they arrive.

use crate::body::ByteStream;
use crate::error::{Error, ErrorKind, WasSent};
use crate::exchange::Meta;
use crate::operation::OperationInfo;
use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt;
use std::fmt;
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
pub(crate) fn watched(stream: ByteStream, total: Option<u64>, watcher: Watcher) -> ByteStream {
    let mut done = 0;
    Box::pin(stream.inspect(move |chunk| {
        if let Ok(chunk) = chunk {
            done += chunk.len() as u64;
            watcher(Progress { done, total });
        }
    }))
}

/// An answer that arrives piece by piece. From [`Client::download`](crate::Client::download).
///
/// ```no_run
/// # use yunkit_core::{Client, Error, Operation};
/// # async fn example(client: Client, archive: impl Operation) -> Result<(), Error> {
/// let download = client.download(archive).await?;
/// let bytes = download.on_progress(|progress| println!("{} bytes", progress.done)).save("archive.zip").await?;
/// # Ok(()) }
/// ```
pub struct Download {
    info: &'static OperationInfo,
    stream: ByteStream,
    total: Option<u64>,
    meta: Meta,
}

impl Download {
    pub(crate) fn new(info: &'static OperationInfo, stream: ByteStream, meta: Meta) -> Self {
        let total = meta.headers.get(http::header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
        Self { info, stream, total, meta }
    }

    /// Status, headers, request id and rate state.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// How many bytes will come, if the service says.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// Tells `watcher` of every chunk that arrives.
    #[must_use]
    pub fn on_progress(mut self, watcher: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.stream = watched(self.stream, self.total, Arc::new(watcher));
        self
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
    /// [`ErrorKind::Transport`] when the connection breaks, [`ErrorKind::File`] when the file cannot be written.
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
        self.error(ErrorKind::File, format!("{}: {error}", path.display())).with_source(error)
    }

    fn error(&self, kind: ErrorKind, message: String) -> Error {
        let error = Error::new(kind, self.info.name).with_status(self.meta.status).with_message(message);
        let error = error.with_was_sent(WasSent::Yes);
        match &self.meta.request_id {
            Some(id) => error.with_request_id(id),
            None => error,
        }
    }
}

impl Stream for Download {
    type Item = Result<Bytes, Error>;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = std::task::ready!(self.stream.as_mut().poll_next(cx));
        Poll::Ready(next.map(|chunk| {
            chunk.map_err(|error| self.error(ErrorKind::Transport, error.to_string()).with_source(error))
        }))
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("operation", &self.info.name)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}
