//! How an input is laid out, so that seeds can be read and the fuzzer's dictionary hits.
//!
//! ```text
//! repos::Get 404
//! content-type: application/json
//!
//! {"message": "Not Found Project"}
//! ```

use yunkit_core::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use yunkit_core::{Bytes, RawResponse};

/// A line of words, lines of headers, an empty line, and the rest.
#[derive(Debug)]
pub struct Frame<'a> {
    /// The words of the first line.
    pub words: Vec<&'a str>,
    /// Every line below it that is a header.
    pub headers: HeaderMap,
    /// What comes after the empty line.
    pub body: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads any bytes.
    pub fn read(input: &'a [u8]) -> Self {
        let (first, mut rest) = line(input);
        let words = std::str::from_utf8(first).unwrap_or_default().split_ascii_whitespace().collect();
        let mut headers = HeaderMap::new();
        loop {
            let (header, after) = line(rest);
            rest = after;
            if header.is_empty() {
                return Self { words, headers, body: rest };
            }
            let mut parts = header.splitn(2, |byte| *byte == b':');
            let (Some(name), Some(value)) = (parts.next(), parts.next()) else { continue };
            let name = HeaderName::from_bytes(name);
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.trim_ascii())) {
                headers.append(name, value);
            }
        }
    }

    /// Frames with a line `---` between them.
    pub fn several(input: &'a [u8]) -> Vec<Self> {
        pieces(input).into_iter().map(Self::read).collect()
    }

    /// A word of the first line; empty when there are fewer.
    pub fn word(&self, index: usize) -> &'a str {
        self.words.get(index).copied().unwrap_or_default()
    }

    /// The body as text; nothing of one that is none.
    pub fn text(&self) -> Option<&'a str> {
        std::str::from_utf8(self.body).ok()
    }

    /// The answer that this is, with a word as its status.
    pub fn response(&self, status: usize) -> RawResponse {
        let status = self.word(status).parse().ok().and_then(|status| StatusCode::from_u16(status).ok());
        RawResponse::new(status.unwrap_or_default(), self.headers.clone(), Bytes::copy_from_slice(self.body))
    }

    /// One of a list: the one that a word names, or whichever it falls on.
    pub fn pick<'l, T>(&self, word: usize, list: &'l [T], name: impl Fn(&T) -> &str) -> &'l T {
        let word = self.word(word);
        let hash = word.bytes().fold(0_usize, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
        list.iter().find(|one| name(one) == word).unwrap_or(&list[hash % list.len()])
    }
}

/// The pieces of an input between lines of `---`.
pub fn pieces(input: &[u8]) -> Vec<&[u8]> {
    const BETWEEN: &[u8] = b"\n---\n";
    let mut pieces = Vec::new();
    let mut rest = input;
    while let Some(at) = rest.windows(BETWEEN.len()).position(|window| window == BETWEEN) {
        pieces.push(&rest[..at]);
        rest = &rest[at + BETWEEN.len()..];
    }
    pieces.push(rest);
    pieces
}

fn line(input: &[u8]) -> (&[u8], &[u8]) {
    match input.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&input[..at], &input[at + 1..]),
        None => (input, &[]),
    }
}
