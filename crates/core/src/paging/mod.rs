//! Lists that come in pages, as streams of pages and of items.

mod cursor;
mod walk;

pub use cursor::Cursor;

use crate::client::{Client, read};
use crate::error::Error;
use crate::operation::{Operation, Paged};
use crate::record::Value;
use futures_core::Stream;
use futures_util::StreamExt;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use walk::Walk;

/// The pages of a list. From [`Client::pages`].
///
/// It is a `Stream`, and has [`next`](Self::next) for those who do not want a stream library. A list that goes round in
/// circles or does not end is an error; one that answers every page alike is delivered once.
pub struct Pages<O: Operation> {
    stream: PageStream<O>,
    cursor: Cursor,
}

/// The items of a list, over all its pages. From [`Client::items`].
///
/// ```no_run
/// # use yunkit_core::{Client, Error, Paged};
/// # async fn example<O>(client: Client, list: O) -> Result<(), Error>
/// # where O: Paged + 'static, O::Output: Send, O::Item: Send + std::fmt::Debug {
/// let mut items = client.items(list).prefetch(2);
/// while let Some(item) = items.next().await {
///     println!("{:?}", item?);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Items<O: Paged> {
    pages: Pages<O>,
    page: std::vec::IntoIter<O::Item>,
    /// Where the page at hand begins, and how many of its items are gone.
    start: Cursor,
    given: usize,
    /// Items of the next page that have been handed on in an earlier life.
    skip: usize,
}

/// A page, and the place after it.
type PageStream<O> = Pin<Box<dyn Stream<Item = Result<(<O as Operation>::Output, Cursor), Error>> + Send>>;

impl<O: Paged + 'static> Pages<O>
where
    O::Output: Send,
{
    pub(crate) fn new(client: Client, operation: O) -> Self {
        Self::walk(client, operation, Cursor::start(O::INFO.name))
    }

    pub(crate) fn resume(client: Client, operation: O, cursor: &Cursor) -> Result<Self, Error> {
        cursor.check(O::INFO)?;
        Ok(Self::walk(client, operation, Cursor { skip: 0, ..cursor.clone() }))
    }

    fn walk(client: Client, operation: O, cursor: Cursor) -> Self {
        let walk = Walk::from_cursor(&cursor, O::INFO.paging);
        let stream = futures_util::stream::try_unfold((operation, walk), move |(mut operation, mut walk)| {
            let client = client.clone();
            async move {
                if !walk.begin(&mut operation, O::INFO.paging) {
                    return Ok(None);
                }
                let opened = client.exchange(O::INFO, &operation, false).await?;
                let mut page = O::Output::default();
                read(O::INFO, &opened, &mut page)?;
                let more = walk.end(O::INFO, &opened, Value::peek(&page))?;
                let after = walk.cursor(O::INFO);
                Ok(more.then_some(((page, after), (operation, walk))))
            }
        });
        Self { stream: Box::pin(stream), cursor }
    }

    /// Fetches up to so many pages before they are asked for, one after the other: where a page begins is known when the one
    /// before has come. It begins with the first [`next`](Self::next), and ends at once when this is dropped.
    ///
    /// Needs to run in a Tokio runtime.
    #[must_use]
    pub fn prefetch(self, pages: usize) -> Self
    where
        O::Output: 'static,
    {
        let source = self.stream;
        let ahead = futures_util::stream::once(async move { Ahead::<O>::start(source, pages.max(1)) });
        let stream = ahead.flat_map(|ahead| futures_util::stream::unfold(ahead, Ahead::next));
        Self { stream: Box::pin(stream), cursor: self.cursor }
    }
}

/// A task that fetches pages until so many are waiting.
struct Ahead<O: Operation> {
    waiting: mpsc::Receiver<Result<(O::Output, Cursor), Error>>,
    task: JoinHandle<()>,
}

impl<O: Operation + 'static> Ahead<O>
where
    O::Output: Send + 'static,
{
    fn start(mut source: PageStream<O>, pages: usize) -> Self {
        let (out, waiting) = mpsc::channel(pages);
        let task = tokio::spawn(async move {
            // First the room for a page, then the page: there are never more of them than asked for.
            while let Ok(room) = out.reserve().await {
                let Some(page) = source.next().await else { break };
                room.send(page);
            }
        });
        Self { waiting, task }
    }

    async fn next(mut self) -> Option<(Result<(O::Output, Cursor), Error>, Self)> {
        if let Some(page) = self.waiting.recv().await {
            return Some((page, self));
        }
        // A list must not seem to end because its task did.
        if let Err(error) = (&mut self.task).await
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
        None
    }
}

impl<O: Operation> Drop for Ahead<O> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<O: Operation> Pages<O> {
    /// The next page, or nothing after the last one. After an error there is no next page; with the [`cursor`](Self::cursor)
    /// the list can be taken up again.
    pub async fn next(&mut self) -> Option<Result<O::Output, Error>> {
        StreamExt::next(self).await
    }

    /// The place after the pages that have come so far.
    pub fn cursor(&self) -> &Cursor {
        &self.cursor
    }
}

impl<O: Paged + 'static> Items<O>
where
    O::Output: Send,
{
    pub(crate) fn new(pages: Pages<O>, skip: usize) -> Self {
        Self { page: Vec::new().into_iter(), start: pages.cursor.clone(), given: 0, skip, pages }
    }

    /// As [`Pages::prefetch`].
    #[must_use]
    pub fn prefetch(mut self, pages: usize) -> Self
    where
        O::Output: 'static,
    {
        self.pages = self.pages.prefetch(pages);
        self
    }
}

impl<O: Paged> Items<O> {
    /// The next item, or nothing after the last one. After an error there is no next item; with the
    /// [`cursor`](Self::cursor) the list can be taken up again.
    pub async fn next(&mut self) -> Option<Result<O::Item, Error>> {
        StreamExt::next(self).await
    }
    /// All items that are left.
    ///
    /// # Errors
    ///
    /// The first one met; what was fetched before it is lost.
    pub async fn collect(mut self) -> Result<Vec<O::Item>, Error> {
        let mut all = Vec::new();
        while let Some(item) = self.next().await {
            all.push(item?);
        }
        Ok(all)
    }
    /// The place after the items that have come so far. In the middle of a page it is that page, and how far in it.
    pub fn cursor(&self) -> Cursor {
        match self.page.len() {
            0 => Cursor { skip: self.skip, ..self.pages.cursor.clone() },
            _ => Cursor { skip: self.given, ..self.start.clone() },
        }
    }
}

impl<O: Operation> Stream for Pages<O> {
    type Item = Result<O::Output, Error>;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = std::task::ready!(self.stream.as_mut().poll_next(cx));
        Poll::Ready(next.map(|page| {
            page.map(|(page, after)| {
                self.cursor = after;
                page
            })
        }))
    }
}

// Nothing in here is pinned: the pages are boxed, and the items are moved out.
impl<O: Paged> Unpin for Items<O> {}

impl<O: Paged> Stream for Items<O> {
    type Item = Result<O::Item, Error>;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.page.next() {
                self.given += 1;
                return Poll::Ready(Some(Ok(item)));
            }
            let before = self.pages.cursor.clone();
            match std::task::ready!(Pin::new(&mut self.pages).poll_next(cx)) {
                Some(Ok(page)) => {
                    let skip = std::mem::take(&mut self.skip);
                    let mut items = O::items(page).into_iter();
                    items.by_ref().take(skip).for_each(drop);
                    (self.page, self.start, self.given) = (items, before, skip);
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<O: Operation> fmt::Debug for Pages<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pages of {}", O::INFO.name)
    }
}

impl<O: Paged> fmt::Debug for Items<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Items of {}", O::INFO.name)
    }
}
