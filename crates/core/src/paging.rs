//! Lists that come in pages, as streams of pages and of items.

use crate::client::{Client, read};
use crate::error::Error;
use crate::exchange::Opened;
use crate::operation::{Operation, Paged, Paging, PagingStyle};
use crate::record::{Peek, Record, Seq, Slot, Token};
use futures_core::Stream;
use futures_util::StreamExt;
use http::{HeaderMap, header};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::task::{Context, Poll};

/// The pages of a list. From [`Client::pages`].
///
/// It is a `Stream`, and has [`next`](Self::next) for those who do not want a stream library.
pub struct Pages<O: Operation>(BoxStream<O::Output>);

/// The items of a list, over all its pages. From [`Client::items`].
///
/// ```no_run
/// # use yunkit_core::{Client, Error, Paged};
/// # async fn example<O>(client: Client, list: O) -> Result<(), Error>
/// # where O: Paged + 'static, O::Output: Send, O::Item: Send + std::fmt::Debug {
/// let mut items = client.items(list);
/// while let Some(item) = items.next().await {
///     println!("{:?}", item?);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Items<O: Paged>(BoxStream<O::Item>);

type BoxStream<T> = Pin<Box<dyn Stream<Item = Result<T, Error>> + Send>>;

impl<O: Paged + 'static> Pages<O>
where
    O::Output: Send,
{
    pub(crate) fn new(client: Client, operation: O) -> Self {
        Self(Box::pin(futures_util::stream::try_unfold(
            (operation, Cursor::default()),
            move |(mut operation, mut cursor)| {
                let client = client.clone();
                async move {
                    if !cursor.begin(&mut operation, O::INFO.paging) {
                        return Ok(None);
                    }
                    let opened = client.exchange(O::INFO, &operation, false).await?;
                    let mut page = O::Output::default();
                    read(O::INFO, &opened, &mut page)?;
                    let more = cursor.end(&opened, crate::record::Value::peek(&page));
                    Ok(more.then_some((page, (operation, cursor))))
                }
            },
        )))
    }
}

impl<O: Operation> Pages<O> {
    /// The next page, or nothing after the last one. After an error there is no next page.
    pub async fn next(&mut self) -> Option<Result<O::Output, Error>> {
        self.0.next().await
    }
}

impl<O: Paged + 'static> Items<O>
where
    O::Output: Send,
    O::Item: Send,
{
    pub(crate) fn new(pages: Pages<O>) -> Self {
        Self(Box::pin(pages.0.flat_map(|page| {
            let items: Vec<Result<O::Item, Error>> = match page {
                Ok(page) => O::items(page).into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            };
            futures_util::stream::iter(items)
        })))
    }
}

impl<O: Paged> Items<O> {
    /// The next item, or nothing after the last one. After an error there is no next item.
    pub async fn next(&mut self) -> Option<Result<O::Item, Error>> {
        self.0.next().await
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
}

impl<O: Operation> Stream for Pages<O> {
    type Item = Result<O::Output, Error>;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl<O: Paged> Stream for Items<O> {
    type Item = Result<O::Item, Error>;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
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

/// Where in a list we are. Knows nothing of the operation but its table.
#[derive(Default)]
struct Cursor {
    step: Option<Step>,
    done: bool,
    last_page: Option<u64>,
}

/// The page that is being fetched.
#[derive(Clone)]
struct Step {
    paging: &'static Paging,
    /// The number of the page or of its first item.
    start: i64,
    /// The item before its first one.
    after: Option<String>,
    size: i64,
}

impl Step {
    fn first(operation: &dyn Record, paging: &'static Paging) -> Self {
        let first = match paging.style {
            PagingStyle::Page => 1,
            PagingStyle::Offset | PagingStyle::After => 0,
        };
        Self {
            paging,
            start: read_integer(operation, paging.start).unwrap_or(first),
            after: None,
            size: read_integer(operation, paging.size).unwrap_or_else(|| i64::from(paging.max_size)),
        }
    }

    fn point(&self, operation: &mut dyn Record) {
        match (self.paging.style, &self.after) {
            (PagingStyle::After, Some(key)) => write_key(operation, self.paging.start, key),
            // The caller's own start, or the top of the list.
            (PagingStyle::After, None) => {}
            _ => write_integer(operation, self.paging.start, self.start),
        }
        write_integer(operation, self.paging.size, self.size);
    }

    fn next(&self, page: Peek<'_>) -> Self {
        let mut next = self.clone();
        match self.paging.style {
            PagingStyle::Page => next.start = self.start.saturating_add(1),
            PagingStyle::Offset => next.start = self.start.saturating_add(self.size),
            PagingStyle::After => next.after = last_key(page, self.paging.key),
        }
        next
    }
}

impl Cursor {
    /// Points the operation at the next page; `false` when there is none.
    fn begin(&mut self, operation: &mut dyn Record, paging: Option<&'static Paging>) -> bool {
        if self.done {
            return false;
        }
        match paging {
            Some(paging) => self.step.get_or_insert_with(|| Step::first(operation, paging)).point(operation),
            // A list that does not page is one page.
            None => self.done = true,
        }
        true
    }

    /// Decides whether there is more; `false` when the page itself is a repetition and not to be handed on.
    fn end(&mut self, opened: &Opened, page: Peek<'_>) -> bool {
        let Some(step) = &self.step else {
            return true;
        };
        let mut hasher = DefaultHasher::new();
        opened.payload.bytes().hash(&mut hasher);
        let print = hasher.finish();
        let got = list(page).map(|list| list.len());
        if got.is_some_and(|got| got > 0) && self.last_page == Some(print) {
            // A list that ignores the page we ask for would never end.
            self.done = true;
            return false;
        }
        self.last_page = Some(print);
        let next = step.next(page);
        self.done = match announced(&opened.headers, step) {
            Some(more) => !more || got == Some(0),
            // Nothing announced: a short page is the last one. One that is too long came from a list that does not page.
            None => got.is_none_or(|got| got as i64 != step.size),
        };
        // Without a name for its last item, there is no asking for what comes after it.
        self.done |= step.paging.style == PagingStyle::After && next.after.is_none();
        self.step = Some(next);
        true
    }
}

/// What the headers say about a next page, if they say anything.
fn announced(headers: &HeaderMap, step: &Step) -> Option<bool> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
    if step.paging.style == PagingStyle::Page
        && let Some(pages) = number("total_page")
    {
        return Some(step.start < pages);
    }
    if let Some(items) = number("total_count") {
        let seen = match step.paging.style {
            PagingStyle::Page => Some(step.start.saturating_mul(step.size)),
            PagingStyle::Offset => Some(step.start.saturating_add(step.size)),
            // How many came before the first page is not known.
            PagingStyle::After => None,
        };
        if let Some(seen) = seen {
            return Some(seen < items);
        }
    }
    let links = headers.get(header::LINK)?.to_str().ok()?;
    Some(has_next(links))
}

/// Whether a `Link` header (RFC 8288) has a target with the relation `next`.
fn has_next(links: &str) -> bool {
    links.split('>').skip(1).any(|parameters| {
        // What follows a target, up to the comma before the next one.
        let own = parameters.split('<').next().unwrap_or_default();
        own.split(';').any(|parameter| {
            let Some((name, value)) = parameter.split_once('=') else {
                return false;
            };
            name.trim().eq_ignore_ascii_case("rel")
                && value
                    .trim_matches([' ', ',', '"', '\''])
                    .split_whitespace()
                    .any(|relation| relation.eq_ignore_ascii_case("next"))
        })
    })
}

/// The items of a page: the list it is, or the first list it has.
fn list(page: Peek<'_>) -> Option<&dyn Seq> {
    match page {
        Peek::Seq(seq) => Some(seq),
        Peek::Record(record) => {
            let members = 0..record.shape().members.len();
            members.into_iter().find_map(|index| match record.peek(index).peek() {
                Peek::Seq(seq) => Some(seq),
                _ => None,
            })
        }
        _ => None,
    }
}

/// What the last item of a page is called.
fn last_key(page: Peek<'_>, key: &str) -> Option<String> {
    let items = list(page)?;
    let Peek::Record(last) = items.at(items.len().checked_sub(1)?) else {
        return None;
    };
    match last.peek(last.shape().index_of(key)?).peek() {
        Peek::Text(text) => Some(text.to_owned()),
        Peek::I64(value) => Some(value.to_string()),
        Peek::U64(value) => Some(value.to_string()),
        _ => None,
    }
}

fn write_key(record: &mut dyn Record, member: &str, key: &str) {
    let Some(index) = record.shape().index_of(member) else {
        return;
    };
    let place = record.slot(index);
    if let (Ok(value), Some(Slot::I64(place))) = (key.parse(), place.slot(Token::Number)) {
        *place = value;
    } else if let Some(Slot::String(place)) = place.slot(Token::Text) {
        key.clone_into(place);
    }
}

fn read_integer(record: &dyn Record, member: &str) -> Option<i64> {
    match record.peek(record.shape().index_of(member)?).peek() {
        Peek::I64(value) => Some(value),
        Peek::U64(value) => value.try_into().ok(),
        _ => None,
    }
}

fn write_integer(record: &mut dyn Record, member: &str, value: i64) {
    let Some(index) = record.shape().index_of(member) else {
        return;
    };
    match record.slot(index).slot(Token::Number) {
        Some(Slot::I64(place)) => *place = value,
        Some(Slot::U64(place)) => *place = value.unsigned_abs(),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::has_next;

    #[test]
    fn a_link_header_is_read_by_relation_not_by_position() {
        let rows = [
            (r#"<https://h/x?page=2>; rel="next""#, true),
            (r#"<https://h/x?page=1>; rel='prev', <https://h/x?page=3>; rel=next"#, true),
            // No quotes that the RFC knows, and yet they are sent.
            (r#"<https://h/x?page=1>; rel='first', <https://h/x?page=3>; rel='next'"#, true),
            (r#"<https://h/x?page=1>; rel="first", <https://h/x?page=9>; rel="last""#, false),
            (r#"<https://h/next>; rel="last""#, false),
            (r#"<https://h/x>; title="next"; rel="prev""#, false),
            (r#"<https://h/x>; REL="last Next""#, true),
            ("", false),
            ("garbage", false),
        ];

        for (header, expected) in rows {
            assert_eq!(has_next(header), expected, "{header}");
        }
    }
}
