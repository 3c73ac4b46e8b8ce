//! A place in a list, to be kept and come back to.

use crate::error::Error;
use crate::operation::OperationInfo;
use std::fmt;
use std::str::FromStr;
use url::form_urlencoded::{Serializer, parse};

/// A place in a list. From [`Pages::cursor`](super::Pages::cursor) and [`Items::cursor`](super::Items::cursor); goes on with
/// [`Client::pages_from`](crate::Client::pages_from) and [`Client::items_from`](crate::Client::items_from).
///
/// It is a short text, to be kept in a file or a database between runs of a program, and holds no secret. What is added to
/// or taken from the list before this place meanwhile moves the rest, where the service counts pages or items: an item may
/// then come twice or not at all.
///
/// ```
/// use yunkit_core::Cursor;
///
/// let kept = "operation=issues%3A%3AList&start=3&size=100&seen=200";
/// let cursor: Cursor = kept.parse().unwrap();
/// assert_eq!(cursor.to_string(), kept);
/// assert!("page 3".parse::<Cursor>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub(super) operation: String,
    pub(super) done: bool,
    /// What the page before looked like, so that a list that ignores where it is to begin is noticed.
    pub(super) last: Option<u64>,
    /// Nothing at the start of the list.
    pub(super) place: Option<Place>,
    /// Items of the page that have been handed on.
    pub(super) skip: usize,
}

/// What the next page is asked for by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The number of the page, of its first item, or of the first character of a text.
    pub(super) start: i64,
    pub(super) size: i64,
    /// The items of the list before this page, where that is known.
    pub(super) seen: Option<i64>,
    /// The item before its first one, or the token that the page before ended with.
    pub(super) after: Option<String>,
}

impl Cursor {
    pub(super) fn start(operation: &str) -> Self {
        Self { operation: operation.to_owned(), done: false, last: None, place: None, skip: 0 }
    }

    /// Whether there is nothing after this place.
    pub fn is_at_end(&self) -> bool {
        self.done
    }

    pub(crate) fn skip(&self) -> usize {
        self.skip
    }

    pub(super) fn check(&self, info: &'static OperationInfo) -> Result<(), Error> {
        if self.operation == info.name {
            return Ok(());
        }
        Err(Error::input(info.name, format!("the cursor is a place in a list of `{}`", self.operation)))
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Serializer::new(String::new());
        out.append_pair("operation", &self.operation);
        if let Some(place) = &self.place {
            out.append_pair("start", &place.start.to_string()).append_pair("size", &place.size.to_string());
            if let Some(seen) = place.seen {
                out.append_pair("seen", &seen.to_string());
            }
            if let Some(after) = &place.after {
                out.append_pair("after", after);
            }
        }
        if self.skip > 0 {
            out.append_pair("skip", &self.skip.to_string());
        }
        if let Some(last) = self.last {
            out.append_pair("last", &format!("{last:x}"));
        }
        if self.done {
            out.append_pair("done", "1");
        }
        f.write_str(&out.finish())
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        read(text).ok_or_else(|| Error::input("cursor", "the text is not one that a cursor was written as"))
    }
}

fn read(text: &str) -> Option<Cursor> {
    let mut cursor = Cursor::start("");
    let (mut start, mut size, mut seen, mut after) = (None, None, None, None);
    for (name, value) in parse(text.as_bytes()) {
        match &*name {
            "operation" => cursor.operation = value.into_owned(),
            "start" => start = Some(value.parse().ok()?),
            "size" => size = Some(value.parse().ok()?),
            "seen" => seen = Some(value.parse().ok()?),
            "after" => after = Some(value.into_owned()),
            "skip" => cursor.skip = value.parse().ok()?,
            "last" => cursor.last = Some(u64::from_str_radix(&value, 16).ok()?),
            "done" => cursor.done = value == "1",
            _ => return None,
        }
    }
    cursor.place = match (start, size) {
        (Some(start), Some(size)) => Some(Place { start, size, seen, after }),
        (None, None) => None,
        _ => return None,
    };
    (!cursor.operation.is_empty()).then_some(cursor)
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Place};
    use proptest::prelude::*;

    fn places() -> impl Strategy<Value = Place> {
        (any::<i64>(), any::<i64>(), any::<Option<i64>>(), proptest::option::of("\\PC{0,12}"))
            .prop_map(|(start, size, seen, after)| Place { start, size, seen, after })
    }

    proptest! {
        #[test]
        fn a_cursor_that_was_written_is_read_back(
            operation in "[a-z]{1,8}::[A-Z][a-z]{0,8}", done: bool, last: Option<u64>, skip in 0..1000_usize,
            place in proptest::option::of(places()),
        ) {
            let cursor = Cursor { operation, done, last, place, skip };
            prop_assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        }
    }
}
