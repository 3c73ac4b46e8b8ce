//! Lists that come in pages, as streams of pages and of items.

use crate::client::{Client, read};
use crate::error::Error;
use crate::exchange::Opened;
use crate::operation::{Operation, Paged, Paging, PagingStyle};
use crate::record::{Peek, Record, Slot, Token};
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
#[derive(Clone, Copy)]
struct Step {
    style: PagingStyle,
    start: i64,
    size: i64,
}

impl Cursor {
    /// Points the operation at the next page; `false` when there is none.
    fn begin(&mut self, operation: &mut dyn Record, paging: Option<&Paging>) -> bool {
        if self.done {
            return false;
        }
        let Some(paging) = paging else {
            // A list that does not page is one page.
            self.done = true;
            return true;
        };
        let step = match self.step {
            Some(step) => Step {
                start: match step.style {
                    PagingStyle::Page => step.start.saturating_add(1),
                    PagingStyle::Offset => step.start.saturating_add(step.size),
                },
                ..step
            },
            None => Step {
                style: paging.style,
                start: read_integer(operation, paging.start).unwrap_or(match paging.style {
                    PagingStyle::Page => 1,
                    PagingStyle::Offset => 0,
                }),
                size: read_integer(operation, paging.size).unwrap_or_else(|| i64::from(paging.max_size)),
            },
        };
        write_integer(operation, paging.start, step.start);
        write_integer(operation, paging.size, step.size);
        self.step = Some(step);
        true
    }

    /// Decides whether there is more; `false` when the page itself is a repetition and not to be handed on.
    fn end(&mut self, opened: &Opened, page: Peek<'_>) -> bool {
        let Some(step) = self.step else {
            return true;
        };
        let mut hasher = DefaultHasher::new();
        opened.payload.bytes().hash(&mut hasher);
        let print = hasher.finish();
        let got = count(page);
        if got.is_some_and(|got| got > 0) && self.last_page == Some(print) {
            // A list that ignores the page we ask for would never end.
            self.done = true;
            return false;
        }
        self.last_page = Some(print);
        self.done = match announced(&opened.headers, step) {
            Some(more) => !more || got == Some(0),
            // Nothing announced: a short page is the last one. One that is too long came from a list that does not page.
            None => got.is_none_or(|got| got as i64 != step.size),
        };
        true
    }
}

/// What the headers say about a next page, if they say anything.
fn announced(headers: &HeaderMap, step: Step) -> Option<bool> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
    if step.style == PagingStyle::Page
        && let Some(pages) = number("total_page")
    {
        return Some(step.start < pages);
    }
    if let Some(items) = number("total_count") {
        let seen = match step.style {
            PagingStyle::Page => step.start.saturating_mul(step.size),
            PagingStyle::Offset => step.start.saturating_add(step.size),
        };
        return Some(seen < items);
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
                    .trim_matches([' ', ',', '"'])
                    .split_whitespace()
                    .any(|relation| relation.eq_ignore_ascii_case("next"))
        })
    })
}

/// How many items a page holds: those of the list it is, or of the first list it has.
fn count(page: Peek<'_>) -> Option<usize> {
    match page {
        Peek::Seq(seq) => Some(seq.len()),
        Peek::Record(record) => {
            let members = 0..record.shape().members.len();
            members.into_iter().find_map(|index| match record.peek(index).peek() {
                Peek::Seq(seq) => Some(seq.len()),
                _ => None,
            })
        }
        _ => None,
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
