//! Bodies that can be sent again: bytes, and files that are opened anew for every attempt.

use crate::transfer::{Progress, watched};
use bytes::Bytes;
use futures_core::Stream;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes as they arrive or leave.
pub type ByteStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// Content that can be read more than once, so that an attempt can be repeated.
pub trait BodySource: Send + Sync {
    /// How many bytes there are, if that is known before reading.
    fn len(&self) -> Option<u64>;
    /// Begins to read from the start. Failures to open are the stream's first item.
    fn open(&self) -> ByteStream;
    /// Whether [`open`](Self::open) would bring all of the content. A call is not repeated without it.
    fn can_open(&self) -> bool {
        true
    }
    /// Whether there are no bytes, if that is known.
    fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }
}

/// A file to upload: a name and where its content comes from.
///
/// The deadline of a call, a minute unless set, covers the whole upload; give large files more with
/// [`Client::deadline`](crate::Client::deadline).
///
/// ```
/// use yunkit_core::body::File;
///
/// let notes = File::from_bytes("notes.txt", "what changed");
/// assert_eq!(notes.name(), "notes.txt");
/// ```
#[derive(Clone)]
pub struct File {
    name: String,
    media_type: Option<String>,
    source: Arc<dyn BodySource>,
}

impl File {
    /// A file whose content is at hand.
    pub fn from_bytes(name: impl Into<String>, content: impl Into<Bytes>) -> Self {
        Self::from_source(name, Arc::new(Memory(content.into())))
    }
    /// A file on disk, named as there. It is read while it is sent, and never held whole.
    ///
    /// # Errors
    ///
    /// When the file cannot be found or has no name.
    pub fn from_path(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let len = std::fs::metadata(path)?.len();
        let name = path
            .file_name()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path has no file name"))?
            .to_string_lossy()
            .into_owned();
        let path = path.to_owned();
        Ok(Self::from_source(name, Arc::new(OnDisk { path, len })))
    }
    /// A file whose content can be read only once: a pipe, another download. `len` is its length in bytes, where that is
    /// known; some services refuse content of unknown length.
    ///
    /// An upload of it is tried again only if nothing of it has been read.
    pub fn from_stream(
        name: impl Into<String>,
        len: Option<u64>,
        stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Self {
        Self::from_source(name, Arc::new(Once { len, stream: Mutex::new(Some(Box::pin(stream))) }))
    }
    /// A file with content from anywhere.
    pub fn from_source(name: impl Into<String>, source: Arc<dyn BodySource>) -> Self {
        Self { name: name.into(), media_type: None, source }
    }
    /// Says what kind of content it is; `application/octet-stream` when left out.
    #[must_use]
    pub fn media_type(mut self, media_type: impl Into<String>) -> Self {
        self.media_type = Some(media_type.into());
        self
    }
    /// Tells `watcher` of every chunk of the file that is handed to the connection.
    ///
    /// ```
    /// use yunkit_core::body::File;
    ///
    /// let archive = File::from_bytes("a.zip", vec![0; 1 << 20])
    ///     .on_progress(|progress| println!("{} of {:?} bytes", progress.done, progress.total));
    /// ```
    #[must_use]
    pub fn on_progress(mut self, watcher: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.source = Arc::new(Watched { source: self.source, watcher: Arc::new(watcher) });
        self
    }
    /// The name the service will see.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Where the content comes from.
    pub fn source(&self) -> &Arc<dyn BodySource> {
        &self.source
    }
    pub(crate) fn content_type(&self) -> &str {
        self.media_type.as_deref().unwrap_or("application/octet-stream")
    }
}

impl Default for File {
    fn default() -> Self {
        Self::from_bytes("", Bytes::new())
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").field("name", &self.name).field("len", &self.source.len()).finish_non_exhaustive()
    }
}

struct Watched {
    source: Arc<dyn BodySource>,
    watcher: Arc<dyn Fn(Progress) + Send + Sync>,
}

impl BodySource for Watched {
    fn len(&self) -> Option<u64> {
        self.source.len()
    }
    fn open(&self) -> ByteStream {
        Box::pin(watched(self.source.open(), self.source.len(), self.watcher.clone()))
    }
    fn can_open(&self) -> bool {
        self.source.can_open()
    }
}

/// Content that is gone once it has been read.
struct Once {
    len: Option<u64>,
    stream: Mutex<Option<ByteStream>>,
}

impl Once {
    fn stream(&self) -> MutexGuard<'_, Option<ByteStream>> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BodySource for Once {
    fn len(&self) -> Option<u64> {
        self.len
    }
    fn open(&self) -> ByteStream {
        self.stream().take().unwrap_or_else(|| {
            let gone = io::Error::other("the content can be read only once, and has been");
            Box::pin(futures_util::stream::once(async move { Err(gone) }))
        })
    }
    fn can_open(&self) -> bool {
        self.stream().is_some()
    }
}

struct Memory(Bytes);

/// Content goes out in pieces of this size: large enough that the system calls do not count, small enough that progress is
/// seen and many uploads at once do not count either.
const PIECE: usize = 64 * 1024;

impl BodySource for Memory {
    fn len(&self) -> Option<u64> {
        Some(self.0.len() as u64)
    }
    fn open(&self) -> ByteStream {
        let mut rest = self.0.clone();
        Box::pin(futures_util::stream::iter(std::iter::from_fn(move || {
            let piece = rest.split_to(rest.len().min(PIECE));
            (!piece.is_empty()).then_some(Ok(piece))
        })))
    }
}

struct OnDisk {
    path: PathBuf,
    len: u64,
}

impl BodySource for OnDisk {
    fn len(&self) -> Option<u64> {
        Some(self.len)
    }
    fn open(&self) -> ByteStream {
        use tokio::io::AsyncReadExt;
        enum State {
            Closed(PathBuf),
            Open(tokio::fs::File),
        }
        Box::pin(futures_util::stream::try_unfold(State::Closed(self.path.clone()), |state| async move {
            let mut file = match state {
                State::Closed(path) => tokio::fs::File::open(path).await?,
                State::Open(file) => file,
            };
            let mut chunk = bytes::BytesMut::with_capacity(PIECE);
            let read = file.read_buf(&mut chunk).await?;
            Ok((read > 0).then(|| (chunk.freeze(), State::Open(file))))
        }))
    }
}

/// The body of a request.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Body {
    /// None.
    #[default]
    Empty,
    /// Bytes at hand.
    Bytes(Bytes),
    /// Bytes that are read while they are sent.
    Source(Arc<dyn BodySource>),
}

impl Body {
    /// Adds a member to a JSON object; `false` when the body is none. For credentials that travel in it.
    pub fn add_member(&mut self, name: &str, value: &str) -> bool {
        let Some(object) =
            self.as_bytes().and_then(|bytes| bytes.strip_suffix(b"}")).filter(|o| o.starts_with(b"{"))
        else {
            return false;
        };
        let mut out = Vec::with_capacity(object.len() + name.len() + value.len() + 16);
        out.extend_from_slice(object);
        if object.len() > 1 {
            out.push(b',');
        }
        let member = serde_json::Value::from(name).to_string() + ":" + &serde_json::Value::from(value).to_string();
        out.extend_from_slice(member.as_bytes());
        out.push(b'}');
        *self = Self::Bytes(out.into());
        true
    }
    /// The bytes, when they are at hand; `None` for a body that is read while it is sent.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Empty => Some(&[]),
            Self::Bytes(bytes) => Some(bytes),
            Self::Source(_) => None,
        }
    }
    /// How many bytes will be sent, if that is known.
    pub fn len(&self) -> Option<u64> {
        match self {
            Self::Empty => Some(0),
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Source(source) => source.len(),
        }
    }
    /// Whether nothing will be sent.
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }
    /// Whether all of it can be sent, be it for the first time or again.
    pub fn can_open(&self) -> bool {
        match self {
            Self::Empty | Self::Bytes(_) => true,
            Self::Source(source) => source.can_open(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Bodies hold passwords and tokens; their length is all that may be shown.
        match self.len() {
            Some(len) => write!(f, "[{len} bytes]"),
            None => f.write_str("[unknown length]"),
        }
    }
}

/// A `multipart/form-data` body made of text fields and files.
pub(crate) struct Multipart {
    parts: Vec<Part>,
}

enum Part {
    Text(Bytes),
    File(File),
}

impl Multipart {
    /// Lays out the fields; `boundary` must not occur in them.
    pub(crate) fn new(boundary: &str, fields: Vec<(&str, String)>, files: Vec<(&str, File)>) -> Self {
        let mut parts = Vec::new();
        let mut text = String::new();
        for (name, value) in fields {
            text += &format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{value}\r\n",
                quoted(name)
            );
        }
        for (name, file) in files {
            text += &format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
                quoted(name),
                quoted(file.name()),
                file.content_type(),
            );
            parts.push(Part::Text(std::mem::take(&mut text).into()));
            parts.push(Part::File(file));
            text += "\r\n";
        }
        text += &format!("--{boundary}--\r\n");
        parts.push(Part::Text(text.into()));
        Self { parts }
    }
}

/// As browsers write it: the three characters that would end the header's value are percent-encoded.
fn quoted(value: &str) -> String {
    value.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

impl BodySource for Multipart {
    fn len(&self) -> Option<u64> {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Some(text.len() as u64),
                Part::File(file) => file.source.len(),
            })
            .sum()
    }
    fn open(&self) -> ByteStream {
        use futures_util::StreamExt;
        let streams: Vec<ByteStream> = self
            .parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Memory(text.clone()).open(),
                Part::File(file) => file.source.open(),
            })
            .collect();
        Box::pin(futures_util::stream::iter(streams).flatten())
    }
    fn can_open(&self) -> bool {
        self.parts.iter().all(|part| match part {
            Part::Text(_) => true,
            Part::File(file) => file.source.can_open(),
        })
    }
}
