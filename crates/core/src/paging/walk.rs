//! How a list goes on: from what was asked for and what came to what is asked for next.

use super::cursor::{Cursor, Place};
use crate::error::{Error, ErrorKind};
use crate::exchange::{Opened, number};
use crate::operation::{OperationInfo, Paging, PagingStyle};
use crate::record::{Peek, Record, Seq, Slot, Token};
use http::{HeaderMap, header};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A list that goes on longer than this is taken for one that never ends.
const MOST_PAGES: usize = 100_000;

/// The way along a list. Knows nothing of the operation but its table.
#[derive(Default)]
pub(super) struct Walk {
    step: Option<Step>,
    done: bool,
    /// What the page before looked like.
    last: Option<u64>,
    /// What all pages looked like, and how many there were.
    met: HashSet<u64>,
    pages: usize,
}

/// The page that is being fetched.
struct Step {
    paging: &'static Paging,
    place: Place,
}

impl Step {
    fn first(operation: &dyn Record, paging: &'static Paging) -> Self {
        let first = i64::from(paging.style == PagingStyle::Page);
        let start = read_integer(operation, paging.start).unwrap_or(first);
        let size = read_integer(operation, paging.size).unwrap_or_else(|| i64::from(paging.max_size));
        let seen = match paging.style {
            PagingStyle::Page => Some(start.saturating_sub(1).saturating_mul(size)),
            PagingStyle::Offset => Some(start),
            PagingStyle::After | PagingStyle::Token | PagingStyle::Position => None,
        };
        Self { paging, place: Place { start, size, seen, after: None } }
    }

    fn point(&self, operation: &mut dyn Record) {
        match (self.paging.style, &self.place.after) {
            (PagingStyle::After | PagingStyle::Token, Some(key)) => write_key(operation, self.paging.start, key),
            // The caller's own start, or the top of the list.
            (PagingStyle::After | PagingStyle::Token, None) => {}
            _ => write_integer(operation, self.paging.start, self.place.start),
        }
        write_integer(operation, self.paging.size, self.place.size);
    }

    /// Goes on behind a page, and answers whether there is anything to go on to; nothing where only the page's length tells.
    fn advance(&mut self, info: &OperationInfo, headers: &HeaderMap, page: Peek<'_>) -> Option<bool> {
        let got = list(page, info.items).map(|list| list.len() as i64);
        let announced = announced(headers, self.paging.style, self.place.start);
        self.place.seen = self.place.seen.map(|seen| seen.saturating_add(got.unwrap_or_default()));
        match self.paging.style {
            PagingStyle::Page => self.place.start = self.place.start.saturating_add(1),
            // A service that gives less than it was asked for has not skipped what it kept.
            PagingStyle::Offset => {
                self.place.start = self.place.start.saturating_add(got.unwrap_or(self.place.size))
            }
            PagingStyle::After => {
                self.place.after = last_key(page, info.items, self.paging.key);
                // Without a name for its last item, there is no asking for what comes after it.
                self.place.after.as_ref()?;
            }
            PagingStyle::Token => {
                let before = self.place.after.take();
                self.place.after = at(page, self.paging.key).and_then(text_of).filter(|token| !token.is_empty());
                // A token that stays is no mistake, but nothing new will come of it either once it brings nothing.
                return Some(self.place.after.is_some() && (got != Some(0) || self.place.after != before));
            }
            PagingStyle::Position => {
                let delivered = match self.paging.key {
                    "" => at(page, info.items)
                        .map(|text| if let Peek::Text(text) = text { text.len() as i64 } else { 0 }),
                    key => at(page, key).and_then(integer_of),
                };
                let delivered = delivered.unwrap_or_default();
                self.place.start = self.place.start.saturating_add(delivered);
                let more =
                    matches!(at(page, self.paging.more), Some(Peek::Bool(true))) || self.paging.more.is_empty();
                // A text that is still growing has nothing new yet: the caller comes back later.
                return Some(more && delivered > 0);
            }
        }
        if got == Some(0) {
            return Some(false);
        }
        let total = at(page, info.total).and_then(integer_of).filter(|total| *total > 0);
        let total = total.or_else(|| number(headers, "total_count"));
        match (announced, total, self.place.seen) {
            (Some(more), _, _) => Some(more),
            (None, Some(total), Some(seen)) => Some(seen < total),
            _ => links(headers),
        }
    }
}

impl Walk {
    /// Goes on where a cursor says.
    pub(super) fn from_cursor(cursor: &Cursor, paging: Option<&'static Paging>) -> Self {
        let step = cursor.place.clone().zip(paging).map(|(place, paging)| Step { paging, place });
        Self { step, done: cursor.done, last: cursor.last, met: HashSet::new(), pages: 0 }
    }

    /// The place that the next page begins at.
    pub(super) fn cursor(&self, info: &'static OperationInfo) -> Cursor {
        let mut cursor = Cursor::start(info.name);
        cursor.done = self.done;
        cursor.last = self.last;
        cursor.place = self.step.as_ref().map(|step| step.place.clone());
        cursor
    }

    /// Points the operation at the next page; `false` when there is none.
    pub(super) fn begin(&mut self, operation: &mut dyn Record, paging: Option<&'static Paging>) -> bool {
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
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] when the list goes round in circles, or does not end.
    pub(super) fn end(
        &mut self,
        info: &'static OperationInfo,
        opened: &Opened,
        page: Peek<'_>,
    ) -> Result<bool, Error> {
        let Some(step) = &mut self.step else {
            return Ok(true);
        };
        let items = list(page, info.items);
        let got = items.map(|list| list.len());
        // The items alone: what stands around them, such as the id of the request, is new every time.
        let mut hasher = DefaultHasher::new();
        imprint(items.map_or(page, Peek::Seq), &mut hasher);
        let print = hasher.finish();
        if got.is_none_or(|got| got > 0) && self.last == Some(print) {
            // A list that ignores the page we ask for would never end.
            self.done = true;
            return Ok(false);
        }
        self.last = Some(print);
        let circles = got.is_some_and(|got| got > 0) && !self.met.insert(print);
        self.pages += 1;
        if circles || self.pages > MOST_PAGES {
            self.done = true;
            let what = match circles {
                true => "the list has come back to a page it had before, and would never end".to_owned(),
                false => format!("the list has more than {MOST_PAGES} pages, and may never end"),
            };
            return Err(Error::new(ErrorKind::Decode, info.name).with_status(opened.status).with_message(what));
        }
        let (size, style) = (step.place.size, step.paging.style);
        self.done = match step.advance(info, &opened.headers, page) {
            Some(more) => !more,
            // Nothing announced: a short page is the last one. One that is too long came from a list that does not page.
            None => got.is_none_or(|got| got as i64 != size),
        };
        self.done |= style == PagingStyle::After && step.place.after.is_none();
        Ok(true)
    }
}

/// What the headers say about the pages there are, if they say anything.
fn announced(headers: &HeaderMap, style: PagingStyle, page: i64) -> Option<bool> {
    let pages = number(headers, "total_page").filter(|_: &i64| style == PagingStyle::Page)?;
    Some(page < pages)
}

fn links(headers: &HeaderMap) -> Option<bool> {
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

fn imprint(value: Peek<'_>, into: &mut DefaultHasher) {
    std::mem::discriminant(&value).hash(into);
    match value {
        Peek::Absent | Peek::Null | Peek::File(_) => {}
        Peek::Bool(value) => value.hash(into),
        Peek::I64(value) => value.hash(into),
        Peek::U64(value) => value.hash(into),
        Peek::F64(value) => value.to_bits().hash(into),
        Peek::Text(text) | Peek::Secret(text) => text.hash(into),
        Peek::Bytes(bytes) => bytes.hash(into),
        Peek::Raw(value) => value.to_string().hash(into),
        Peek::Seq(items) => (0..items.len()).for_each(|index| imprint(items.at(index), into)),
        Peek::Map(map) => map.each(&mut |key, value| {
            key.hash(into);
            imprint(value, into);
        }),
        Peek::Record(record) => {
            (0..record.shape().members.len()).for_each(|index| imprint(record.peek(index).peek(), into));
        }
    }
}

/// What stands at the end of a way: `Data/TotalCount`.
fn at<'a>(page: Peek<'a>, way: &str) -> Option<Peek<'a>> {
    if way.is_empty() {
        return None;
    }
    way.split('/').try_fold(page, |here, name| match here {
        Peek::Record(record) => Some(record.peek(record.shape().index_of(name)?).peek()),
        _ => None,
    })
}

/// The items of a page: those at the end of the way, else the list that the page is, or the first list it has.
fn list<'a>(page: Peek<'a>, way: &str) -> Option<&'a dyn Seq> {
    match at(page, way).unwrap_or(page) {
        Peek::Seq(seq) => Some(seq),
        Peek::Record(record) if way.is_empty() => {
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
fn last_key(page: Peek<'_>, way: &str, key: &str) -> Option<String> {
    let items = list(page, way)?;
    let Peek::Record(last) = items.at(items.len().checked_sub(1)?) else {
        return None;
    };
    text_of(last.peek(last.shape().index_of(key)?).peek())
}

fn text_of(value: Peek<'_>) -> Option<String> {
    match value {
        Peek::Text(text) => Some(text.to_owned()),
        Peek::I64(value) => Some(value.to_string()),
        Peek::U64(value) => Some(value.to_string()),
        _ => None,
    }
}

fn integer_of(value: Peek<'_>) -> Option<i64> {
    match value {
        Peek::I64(value) => Some(value),
        Peek::U64(value) => value.try_into().ok(),
        Peek::Text(text) => text.trim().parse().ok(),
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
    integer_of(record.peek(record.shape().index_of(member)?).peek())
}

fn write_integer(record: &mut dyn Record, member: &str, value: i64) {
    let Some(index) = record.shape().index_of(member) else {
        return;
    };
    match record.slot(index).slot(Token::Number) {
        Some(Slot::I64(place)) => *place = value,
        Some(Slot::U64(place)) => *place = value.unsigned_abs(),
        // Some documents declare the number of a page as text.
        Some(Slot::String(place)) => *place = value.to_string(),
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
