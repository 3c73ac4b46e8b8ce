//! Moments, however the service writes them.

use super::{Peek, Slot, Text, Token, Value};
use crate::civil::Civil;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment as the service writes it: milliseconds or seconds since 1970, a day, a time of day, or a value that says that
/// there is none.
///
/// What came is kept and written back unchanged. Which unit a number has shows in its size: as milliseconds, what is below
/// 10¹¹ would lie before March 1973, and none of these services is that old. A text without an offset is taken for the time
/// in China.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use yunkit_core::record::Timestamp;
///
/// let moment = Some(UNIX_EPOCH + Duration::from_secs(1_600_000_000));
/// assert_eq!(Timestamp::from(1_600_000_000_000).time(), moment);
/// assert_eq!(Timestamp::from(1_600_000_000).time(), moment);
/// assert_eq!(Timestamp::from("2020-09-13 20:26:40").time(), moment);
/// assert_eq!(Timestamp::from(1_600_000_000_000).to_string(), "2020-09-13T12:26:40Z");
///
/// // How an iteration says that it has no end, and a key that it never expires.
/// assert!(Timestamp::from(-28_800_000).is_unset());
/// assert!(Timestamp::from("9999-12-31").is_unset());
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Timestamp(Written);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Written {
    Number(i64),
    Text(Box<str>),
}

/// From here on a number counts milliseconds.
const MILLISECONDS: i64 = 100_000_000_000;

/// Up to here a number is no moment: zero, small counts, and midnight of 1970 in some time zone.
const UNSET: i64 = 100_000_000;

/// From here on, the year 9999, milliseconds say "never".
const NEVER: i64 = 253_370_764_800_000;

/// What clocks in China are ahead of UTC, in seconds.
const CHINA: u64 = 8 * 3600;

impl Timestamp {
    /// The moment; nothing when it is [unset](Self::is_unset), or written in a way that nobody knows.
    pub fn time(&self) -> Option<SystemTime> {
        let since = match &self.0 {
            Written::Number(number) => since_1970(*number),
            Written::Text(text) => match text.trim().parse() {
                Ok(number) => since_1970(number),
                Err(_) => in_text(text.trim()),
            },
        }?;
        UNIX_EPOCH.checked_add(since)
    }

    /// Whether it says that there is no moment: 0, less than 0, a day or so after 1970 began, the year 9999, an empty text.
    pub fn is_unset(&self) -> bool {
        match &self.0 {
            Written::Number(_) => self.time().is_none(),
            Written::Text(text) => {
                let text = text.trim();
                let number: Result<i64, _> = text.parse();
                text.is_empty()
                    || text.starts_with("9999-")
                    || text.starts_with("0000-")
                    || text.starts_with("1970-01-01")
                    || number.is_ok_and(|number| since_1970(number).is_none())
            }
        }
    }
}

fn since_1970(number: i64) -> Option<Duration> {
    let count = u64::try_from(number).ok()?;
    match number {
        ..=UNSET | NEVER.. => None,
        MILLISECONDS.. => Some(Duration::from_millis(count)),
        _ => Some(Duration::from_secs(count)),
    }
}

fn in_text(text: &str) -> Option<Duration> {
    if text.starts_with("9999-") || text.starts_with("1970-01-01") {
        return None;
    }
    let whole = if text.len() == 10 { format!("{text} 00:00:00") } else { text.to_owned() };
    let seconds = Civil::parse_unix(&whole)?;
    // With an offset, or a `Z`, it is UTC already.
    let zoned = whole.get(19..)?.contains(['Z', 'z', '+', '-']);
    Some(Duration::from_secs(if zoned { seconds } else { seconds.checked_sub(CHINA)? }))
}

impl From<i64> for Timestamp {
    fn from(number: i64) -> Self {
        Self(Written::Number(number))
    }
}

impl From<&str> for Timestamp {
    fn from(text: &str) -> Self {
        Self(Written::Text(text.into()))
    }
}

impl From<String> for Timestamp {
    fn from(text: String) -> Self {
        Self(Written::Text(text.into()))
    }
}

/// Milliseconds, which is what these services count in unless they say otherwise.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::from(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

impl Default for Timestamp {
    fn default() -> Self {
        Self::from(0)
    }
}

/// RFC 3339 in UTC, `unset`, or the text nobody could read.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.time().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        match (since, &self.0) {
            (Some(since), _) => {
                let at = Civil::from_unix(since.as_secs());
                let (date, time) = ((at.year, at.month, at.day), (at.hour, at.minute, at.second));
                write!(f, "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", date.0, date.1, date.2, time.0, time.1, time.2)
            }
            (None, Written::Text(text)) if !self.is_unset() => f.write_str(text),
            _ => f.write_str("unset"),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Written::Number(number) => fmt::Debug::fmt(number, f),
            Written::Text(text) => fmt::Debug::fmt(text, f),
        }
    }
}

impl Text for Timestamp {
    fn put(&mut self, text: &str) {
        *self = text.into();
    }
}

impl Value for Timestamp {
    fn slot(&mut self, token: Token) -> Option<Slot<'_>> {
        if token == Token::Text {
            return Some(Slot::Text(self));
        }
        self.0 = Written::Number(0);
        match &mut self.0 {
            Written::Number(number) => Some(Slot::I64(number)),
            Written::Text(_) => None,
        }
    }
    fn peek(&self) -> Peek<'_> {
        match &self.0 {
            Written::Number(number) => Peek::I64(*number),
            Written::Text(text) => Peek::Text(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;
    use crate::record::{decode, encode};

    #[test]
    fn every_spelling_of_a_moment_means_the_same_and_comes_out_as_it_came() {
        let rows = [
            ("1605247760074", "2020-11-13T06:09:20Z"),
            (r#""1605247760074""#, "2020-11-13T06:09:20Z"),
            ("1605247760", "2020-11-13T06:09:20Z"),
            (r#""2020-11-13 14:09:20""#, "2020-11-13T06:09:20Z"),
            (r#""2020-11-13T06:09:20Z""#, "2020-11-13T06:09:20Z"),
            (r#""2020-11-13T14:09:20+08:00""#, "2020-11-13T06:09:20Z"),
            (r#""2020-11-13""#, "2020-11-12T16:00:00Z"),
            ("0", "unset"),
            ("-28800000", "unset"),
            ("6", "unset"),
            ("253402214400000", "unset"),
            (r#""""#, "unset"),
            (r#""9999-12-31""#, "unset"),
            (r#""1970-01-01 00:00:00""#, "unset"),
            (r#""soon""#, "soon"),
        ];

        for (json, shown) in rows {
            let mut moment = Timestamp::default();
            decode(json, &mut moment).unwrap();
            assert_eq!(moment.to_string(), shown, "{json}");
            assert_eq!(moment.is_unset(), shown == "unset", "{json}");
            assert_eq!(encode(&moment).unwrap(), json.as_bytes());
        }
    }
}
