//! The client: what a service crate wraps, and what every call goes through.

use crate::error::{Error, ErrorKind};
use crate::exchange::{Meta, Opened, Payload, Request};
use crate::operation::{Answer, BodyKind, Operation, OperationInfo, Paged};
use crate::paging::{Cursor, Items, Pages};
use crate::pipeline::{Options, Retries, Retry};
use crate::record::{self, Slot, Token, Value};
use crate::seams::{Credential, Policy, Protocol, RealSurroundings, Surroundings, Transport};
use crate::transfer::{Again, Download};
use crate::transport::HttpTransport;
use http::HeaderValue;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Sends operations to one service, on behalf of one caller.
///
/// Clones are cheap and share connections and credential. The methods that take `self` give a clone that behaves
/// differently, which suits a single call: `client.deadline(SECOND).send(op)`.
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<Shared>,
    options: Options,
}

#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) protocol: Arc<dyn Protocol>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) credential: Option<Arc<dyn Credential>>,
    /// Tells credentials apart; 0 for none.
    pub(crate) caller: u64,
    pub(crate) policies: Vec<Arc<dyn Policy>>,
    pub(crate) surroundings: Arc<dyn Surroundings>,
    pub(crate) user_agent: HeaderValue,
    pub(crate) retries: Arc<Retries>,
}

/// The plain agent that is sent unless the user chooses another.
const USER_AGENT: HeaderValue = HeaderValue::from_static(concat!("yunkit/", env!("CARGO_PKG_VERSION")));

impl Client {
    /// A client without a credential, over HTTP.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`] when the system's certificates cannot be used.
    pub fn new(protocol: Arc<dyn Protocol>) -> Result<Self, Error> {
        Ok(Self::with_transport(protocol, Arc::new(HttpTransport::new()?)))
    }

    /// A client over a transport of the caller's.
    pub fn with_transport(protocol: Arc<dyn Protocol>, transport: Arc<dyn Transport>) -> Self {
        Self {
            shared: Arc::new(Shared {
                protocol,
                transport,
                credential: None,
                caller: 0,
                policies: Vec::new(),
                surroundings: Arc::new(RealSurroundings::default()),
                user_agent: USER_AGENT,
                retries: Arc::default(),
            }),
            options: Options::default(),
        }
    }

    fn change(mut self, change: impl FnOnce(&mut Shared)) -> Self {
        change(Arc::make_mut(&mut self.shared));
        self
    }

    /// Calls on behalf of this credential.
    #[must_use]
    pub fn credential(self, credential: Arc<dyn Credential>) -> Self {
        static CALLERS: AtomicU64 = AtomicU64::new(1);
        self.change(|shared| {
            shared.credential = Some(credential);
            shared.caller = CALLERS.fetch_add(1, Ordering::Relaxed);
        })
    }
    /// Calls on behalf of nobody.
    #[must_use]
    pub fn anonymous(self) -> Self {
        self.change(|shared| {
            shared.credential = None;
            shared.caller = 0;
        })
    }
    /// Adds behaviour around every attempt, inside of what was added before.
    #[must_use]
    pub fn policy(self, policy: Arc<dyn Policy>) -> Self {
        self.change(|shared| shared.policies.push(policy))
    }
    /// Brings another clock and other chance; for tests.
    #[must_use]
    pub fn surroundings(self, surroundings: Arc<dyn Surroundings>) -> Self {
        self.change(|shared| shared.surroundings = surroundings)
    }
    /// The clock and the chance that this client goes by, for what waits between calls.
    pub fn clock(&self) -> &Arc<dyn Surroundings> {
        &self.shared.surroundings
    }
    /// Sends through this transport.
    #[must_use]
    pub fn transport(self, transport: Arc<dyn Transport>) -> Self {
        self.change(|shared| shared.transport = transport)
    }
    /// Speaks this protocol, for example to another base address.
    #[must_use]
    pub fn protocol(self, protocol: Arc<dyn Protocol>) -> Self {
        self.change(|shared| shared.protocol = protocol)
    }
    /// Presents itself by this agent instead of `yunkit/…`.
    #[must_use]
    pub fn user_agent(self, agent: HeaderValue) -> Self {
        self.change(|shared| shared.user_agent = agent)
    }
    /// Gives a call this long, all attempts and waits included; a minute unless set. `None` waits for ever.
    #[must_use]
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.options.deadline = deadline.into();
        self
    }
    /// Gives a transfer this long without a single byte, be it an upload or an answer that is handed on while it arrives;
    /// half a minute unless set. `None` waits for ever.
    #[must_use]
    pub fn stall(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.options.stall = time.into();
        self
    }
    /// Tries again in another way than [`Retry::default`].
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.options.retry = retry;
        self
    }
    /// Writes bodies as JSON or form, whatever the document says; some services accept only the other one.
    #[must_use]
    pub fn body(mut self, kind: BodyKind) -> Self {
        self.options.body = Some(kind);
        self
    }
    /// Refuses answers of more than this many bytes after they are unpacked, unless they are streamed; 64 MiB unless set.
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.options.limit = bytes;
        self
    }

    /// Runs an operation and reads its answer.
    ///
    /// # Errors
    ///
    /// Everything that [`ErrorKind`] lists. What was retried in vain comes with the number of
    /// [`attempts`](Error::attempts).
    ///
    /// # Cancellation
    ///
    /// Dropping the future gives up; whether the service acted is then unknown.
    pub async fn send<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        let opened = self.exchange(O::INFO, &operation, false).await?;
        let mut output = O::Output::default();
        read(O::INFO, &opened, &mut output)?;
        Ok(output)
    }

    /// As [`send`](Self::send), with status, headers, request id and rate state beside the value.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn send_with_meta<O: Operation>(&self, operation: O) -> Result<(O::Output, Meta), Error> {
        let opened = self.exchange(O::INFO, &operation, false).await?;
        let mut output = O::Output::default();
        read(O::INFO, &opened, &mut output)?;
        Ok((output, self.meta(opened)))
    }

    /// Whether it is so: runs an operation that answers a question by success or by "not found".
    ///
    /// ```no_run
    /// # use yunkit_core::{Client, Error, Operation};
    /// # async fn example(client: Client, check_if_merged: impl Operation<Output = ()>) -> Result<(), Error> {
    /// let merged: bool = client.check(check_if_merged).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// Services answer a missing repository in the same way as a plain no.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), but for what [`is_not_found`](Error::is_not_found).
    pub async fn check<O: Operation<Output = ()>>(&self, operation: O) -> Result<bool, Error> {
        match self.send(operation).await {
            Ok(()) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Runs an operation and hands on its answer while it arrives, undecoded and without a limit.
    ///
    /// The deadline ends with the headers; what comes after them is bounded by [`stall`](Self::stall). Where the service names
    /// the version of a content by a strong `ETag`, a download that breaks goes on where it broke.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); a failure after the headers comes from the [`Download`].
    pub async fn download<O: Operation + 'static>(&self, operation: O) -> Result<Download, Error> {
        let mut opened = self.exchange(O::INFO, &operation, true).await?;
        let payload = std::mem::replace(&mut opened.payload, Payload::Bytes(Default::default()));
        let (client, operation) = (self.clone(), Arc::new(operation));
        let again = move |rest| -> Again {
            let (mut client, operation) = (client.clone(), operation.clone());
            client.options.rest = Some(rest);
            Box::pin(async move { client.exchange(O::INFO, &*operation, true).await })
        };
        Ok(Download::new(O::INFO, payload.into_stream(), self.meta(opened), Box::new(again)))
    }

    /// Fetches a list page by page.
    pub fn pages<O: Paged + 'static>(&self, operation: O) -> Pages<O>
    where
        O::Output: Send,
    {
        Pages::new(self.clone(), operation)
    }

    /// Fetches a list item by item, over all its pages.
    ///
    /// Where the operation says nothing about the size of a page, the largest one the service allows is asked for.
    pub fn items<O: Paged + 'static>(&self, operation: O) -> Items<O>
    where
        O::Output: Send,
        O::Item: Send,
    {
        Items::new(self.pages(operation), 0)
    }

    /// As [`pages`](Self::pages), from a place that was kept; from the start of its page, for one in the middle.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`] for a place in a list of another operation.
    pub fn pages_from<O: Paged + 'static>(&self, operation: O, cursor: &Cursor) -> Result<Pages<O>, Error>
    where
        O::Output: Send,
    {
        Pages::resume(self.clone(), operation, cursor)
    }

    /// As [`items`](Self::items), from a place that was kept.
    ///
    /// ```no_run
    /// # use yunkit_core::{Client, Error, Paged};
    /// # async fn example<O>(client: Client, list: O, kept: &str) -> Result<(), Box<dyn std::error::Error>>
    /// # where O: Paged + 'static, O::Output: Send, O::Item: Send {
    /// let mut items = client.items_from(list, &kept.parse()?)?;
    /// while let Some(item) = items.next().await {
    ///     let item = item?;
    ///     std::fs::write("place.txt", items.cursor().to_string())?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`pages_from`](Self::pages_from).
    pub fn items_from<O: Paged + 'static>(&self, operation: O, cursor: &Cursor) -> Result<Items<O>, Error>
    where
        O::Output: Send,
        O::Item: Send,
    {
        Ok(Items::new(self.pages_from(operation, cursor)?, cursor.skip()))
    }

    pub(crate) fn caller(&self) -> u64 {
        self.shared.caller
    }

    /// What [`send`](Self::send) would send, before any credential. Its `Debug` masks secrets.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`] when a value cannot be sent.
    pub fn prepare<O: Operation>(&self, operation: &O) -> Result<Request, Error> {
        let body = self.options.body.unwrap_or(O::INFO.body);
        self.shared.protocol.bind(O::INFO, operation, body)
    }

    /// As [`send`](Self::send), for an operation that is known by its catalogue entry only.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn send_record(
        &self,
        info: &'static OperationInfo,
        request: &dyn record::Record,
        output: &mut dyn Value,
    ) -> Result<Meta, Error> {
        let opened = self.exchange(info, request, false).await?;
        read(info, &opened, output)?;
        Ok(self.meta(opened))
    }

    pub(crate) async fn exchange(
        &self,
        info: &'static OperationInfo,
        request: &dyn record::Record,
        streamed: bool,
    ) -> Result<Opened, Error> {
        self.shared.run(info, request, &self.options, streamed).await
    }

    pub(crate) fn meta(&self, opened: Opened) -> Meta {
        Meta {
            rate: self.shared.protocol.rate(&opened.headers),
            status: opened.status,
            headers: opened.headers,
            request_id: opened.request_id,
        }
    }
}

/// Reads an opened answer into the operation's output; also the way in for fakes and conformance.
///
/// # Errors
///
/// [`ErrorKind::Decode`] with the place that did not fit.
pub fn read(info: &'static OperationInfo, opened: &Opened, output: &mut dyn Value) -> Result<(), Error> {
    let payload = opened.payload.bytes();
    let fail = |message: String| {
        let mut error = Error::new(ErrorKind::Decode, info.name)
            .with_status(opened.status)
            .with_attempts(opened.attempts)
            .with_message(message)
            .with_body(info, payload.clone());
        if let Some(id) = &opened.request_id {
            error = error.with_request_id(id);
        }
        error
    };
    if info.answer == Answer::Empty {
        return Ok(());
    }
    if info.answer == Answer::Bytes {
        if let Some(Slot::Bytes(place)) = output.slot(Token::Text) {
            *place = payload.clone();
        }
        return Ok(());
    }
    let text = std::str::from_utf8(payload).map_err(|_| fail("not UTF-8 text".to_owned()))?;
    if info.answer == Answer::Text {
        if let Some(Slot::String(place)) = output.slot(Token::Text) {
            text.clone_into(place);
        }
        return Ok(());
    }
    if text.is_empty() || (!info.absent.is_empty() && text.trim() == info.absent) {
        return match output.null() {
            true => Ok(()),
            false => Err(fail("the body is empty".to_owned())),
        };
    }
    record::decode(text, output).map_err(|error| fail(error.to_string()).with_source(error))
}
