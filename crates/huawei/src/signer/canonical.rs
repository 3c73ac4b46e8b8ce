//! The pieces of the canonical request: path, query, headers.

use super::HeaderRule;
use super::sha::Sink;

/// Headers sorted by name. Requests have few, and those fit where nothing is allocated.
pub(super) struct Covered<'h> {
    few: [(&'h str, &'h [u8]); FEW],
    len: usize,
    many: Vec<(&'h str, &'h [u8])>,
}

pub(super) const FEW: usize = 16;

impl Default for Covered<'_> {
    fn default() -> Self {
        Self { few: [("", &[]); FEW], len: 0, many: Vec::new() }
    }
}

impl<'h> Covered<'h> {
    pub(super) fn insert(&mut self, name: &'h str, value: &'h [u8]) {
        if self.len == FEW && self.many.is_empty() {
            self.many = self.few.to_vec();
        }
        // Behind those of the same name: the order in which they are sent.
        let at = self.as_slice().iter().rposition(|(other, _)| *other <= name).map_or(0, |at| at + 1);
        if self.len >= FEW {
            self.many.insert(at, (name, value));
        } else {
            self.few.copy_within(at..self.len, at + 1);
            self.few[at] = (name, value);
        }
        self.len += 1;
    }

    pub(super) fn as_slice(&self) -> &[(&'h str, &'h [u8])] {
        if self.len > FEW || !self.many.is_empty() { &self.many } else { &self.few[..self.len] }
    }
}

/// The path with every byte but the unreserved ones encoded, and a slash at its end. What is encoded already is decoded first,
/// slashes included, except by the rule of the SDK for Go.
pub(super) fn put_path(path: &str, rule: HeaderRule, to: &mut impl Sink) {
    let path = if path.is_empty() { "/" } else { path };
    if is_plain_path(path.as_bytes()) {
        to.put(path.as_bytes());
    } else if rule == HeaderRule::Go {
        put_encoded(path.bytes(), true, to);
    } else {
        put_encoded(Decoded { rest: path.as_bytes(), form: false }, true, to);
    }
    if !path.ends_with('/') && !ends_in_encoded_slash(path, rule) {
        to.put(b"/");
    }
}

pub(super) fn ends_in_encoded_slash(path: &str, rule: HeaderRule) -> bool {
    rule != HeaderRule::Go
        && path.len() >= 3
        && path.is_char_boundary(path.len() - 3)
        && path[path.len() - 3..].eq_ignore_ascii_case("%2f")
}

/// The pairs of the query, sorted as they are before encoding.
pub(super) fn put_query(query: &str, to: &mut impl Sink) {
    if query.is_empty() {
        return;
    }
    let mut few = [("", ""); FEW];
    let mut many = Vec::new();
    let mut count = 0;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let pair = pair.split_once('=').unwrap_or((pair, ""));
        match few.get_mut(count) {
            Some(place) if many.is_empty() => *place = pair,
            _ => {
                if many.is_empty() {
                    many = few.to_vec();
                }
                many.push(pair);
            }
        }
        count += 1;
    }
    let pairs = if many.is_empty() { &mut few[..count] } else { &mut many[..] };
    // Sorting in place; of equal pairs no order can be seen.
    pairs.sort_unstable_by(|(a, x), (b, y)| decoded(a).cmp(decoded(b)).then_with(|| decoded(x).cmp(decoded(y))));
    for (i, (name, value)) in pairs.iter().enumerate() {
        if i > 0 {
            to.put(b"&");
        }
        put_encoded(decoded(name), false, to);
        to.put(b"=");
        put_encoded(decoded(value), false, to);
    }
}

pub(super) fn decoded(text: &str) -> Decoded<'_> {
    Decoded { rest: text.as_bytes(), form: true }
}

/// The bytes of percent-encoded text. In a query a plus is a space, as forms have it.
#[derive(Clone, Copy)]
pub(super) struct Decoded<'a> {
    rest: &'a [u8],
    form: bool,
}

impl Iterator for Decoded<'_> {
    type Item = u8;
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        if *first == b'%'
            && let [high, low, rest @ ..] = rest
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            self.rest = rest;
            return Some(high << 4 | low);
        }
        self.rest = rest;
        Some(if self.form && *first == b'+' { b' ' } else { *first })
    }
}

/// Whether a path is made of slashes and bytes that are never encoded. Without a branch for each byte it is done many at a time.
fn is_plain_path(path: &[u8]) -> bool {
    path.iter().fold(true, |plain, byte| {
        // From `-` to `9` stand `-`, `.`, `/` and the digits.
        let low = byte.wrapping_sub(b'-') <= b'9' - b'-';
        let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        plain & (low | letter | (*byte == b'_') | (*byte == b'~'))
    })
}

/// The bytes that are never encoded: RFC 3986 calls them unreserved.
pub(super) static PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        plain[byte] = b.is_ascii_alphanumeric() || b == b'-' || b == b'_' || b == b'.' || b == b'~';
        byte += 1;
    }
    plain
};

pub(super) fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

pub(super) fn put_encoded(bytes: impl Iterator<Item = u8>, slashes: bool, to: &mut impl Sink) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut run = [0; 64];
    let mut len = 0;
    for byte in bytes {
        if len + 3 > run.len() {
            to.put(&run[..len]);
            len = 0;
        }
        if PLAIN[usize::from(byte)] || (slashes && byte == b'/') {
            run[len] = byte;
            len += 1;
        } else {
            run[len] = b'%';
            run[len + 1] = DIGITS[usize::from(byte >> 4)];
            run[len + 2] = DIGITS[usize::from(byte & 15)];
            len += 3;
        }
    }
    to.put(&run[..len]);
}
