//! The hashes, and the code that is made with them: over the compression function, because many small pieces are what they are fed.

use sha2::block_api::compress256;

/// Where the canonical request is written to.
pub(super) trait Sink {
    fn put(&mut self, bytes: &[u8]);
    /// One byte: most pieces are, and they need no call to copy them.
    fn byte(&mut self, byte: u8) {
        self.put(&[byte]);
    }
    /// The value of a header.
    fn value(&mut self, _name: &str, value: &[u8]) {
        self.put(value);
    }
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Text for people: what proves who is calling is masked.
pub(super) struct Shown(pub(super) Vec<u8>);

impl Sink for Shown {
    fn put(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
    fn value(&mut self, name: &str, value: &[u8]) {
        let secret = ["token", "secret", "password", "auth"].iter().any(|part| name.contains(part));
        self.put(if secret { b"***" } else { value });
    }
}

/// A hash that takes the canonical request piece by piece.
pub(super) trait Hash: Sink + Default {
    fn finish(self) -> [u8; 32];
    /// The hash of bytes that are all at hand.
    fn of(bytes: &[u8]) -> [u8; 32] {
        let mut hash = Self::default();
        hash.put(bytes);
        hash.finish()
    }
}

/// SHA-256 over the compression function of `sha2`: many small pieces are gathered, so that blocks are compressed several at once.
#[derive(Clone)]
pub(super) struct Sha {
    state: [u32; 8],
    gathered: [u8; GATHERED],
    len: usize,
    total: u64,
}

/// As much as most canonical requests have, and whole blocks.
pub(super) const GATHERED: usize = 512;

pub(super) const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

impl Default for Sha {
    fn default() -> Self {
        Self { state: START, gathered: [0; GATHERED], len: 0, total: 0 }
    }
}

impl Sha {
    #[cold]
    fn flush(&mut self) {
        compress256(&mut self.state, self.gathered[..self.len].as_chunks().0);
        self.len = 0;
    }

    #[inline(never)]
    fn overflow(&mut self, mut bytes: &[u8]) {
        let (first, rest) = bytes.split_at(GATHERED - self.len);
        self.gathered[self.len..].copy_from_slice(first);
        self.len = GATHERED;
        self.flush();
        bytes = rest;
        let (blocks, rest) = bytes.as_chunks();
        compress256(&mut self.state, blocks);
        self.gathered[..rest.len()].copy_from_slice(rest);
        self.len = rest.len();
    }
}

impl Sink for Sha {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        match self.gathered.get_mut(self.len..self.len + bytes.len()) {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.len += bytes.len();
            }
            None => self.overflow(bytes),
        }
    }
    #[inline]
    fn byte(&mut self, byte: u8) {
        if self.len == GATHERED {
            self.flush();
        }
        self.gathered[self.len] = byte;
        self.len += 1;
        self.total += 1;
    }
}

impl Hash for Sha {
    fn finish(mut self) -> [u8; 32] {
        match padded(&mut self.gathered, self.len, self.total) {
            Some(end) => {
                compress256(&mut self.state, self.gathered[..end].as_chunks().0);
                bytes_of(self.state)
            }
            None => finished(self.state, self.total - self.len as u64, &self.gathered[..self.len]),
        }
    }
    fn of(bytes: &[u8]) -> [u8; 32] {
        finished(START, 0, bytes)
    }
}

pub(super) fn bytes_of(state: [u32; 8]) -> [u8; 32] {
    let mut out = [0; 32];
    for (place, word) in out.as_chunks_mut().0.iter_mut().zip(state) {
        *place = word.to_be_bytes();
    }
    out
}

/// A key of HMAC-SHA256 with its schedule prepared: the states after its two blocks.
#[derive(Clone, Copy)]
pub(super) struct MacKey {
    inner: [u32; 8],
    outer: [u32; 8],
}

impl MacKey {
    pub(super) fn new(key: &[u8]) -> Self {
        let mut block = [0; 64];
        match block.get_mut(..key.len()) {
            Some(place) => place.copy_from_slice(key),
            None => block[..32].copy_from_slice(&Sha::of(key)),
        }
        let state = |pad: u8| {
            let mut state = START;
            compress256(&mut state, &[block.map(|byte| byte ^ pad)]);
            state
        };
        Self { inner: state(0x36), outer: state(0x5c) }
    }

    /// The code of a message in pieces.
    pub(super) fn of(&self, message: &[&[u8]]) -> [u8; 32] {
        // What is signed fits, unless the name of a region or a service is out of all proportion.
        let mut short = [0; 192];
        let mut len = 0;
        for piece in message {
            if let Some(place) = short.get_mut(len..len + piece.len()) {
                place.copy_from_slice(piece);
            }
            len += piece.len();
        }
        let inner = match padded(&mut short, len, 64 + len as u64) {
            Some(end) => {
                let mut state = self.inner;
                compress256(&mut state, short[..end].as_chunks().0);
                bytes_of(state)
            }
            None => finished(self.inner, 64, &message.concat()),
        };
        let mut last = [0; 64];
        last[..32].copy_from_slice(&inner);
        last[32] = 0x80;
        last[56..].copy_from_slice(&(96_u64 * 8).to_be_bytes());
        let mut state = self.outer;
        compress256(&mut state, &[last]);
        bytes_of(state)
    }
}

/// Ends a message in place, where there is room: the mark, zeros, and how many bits there were. Answers its end.
fn padded(buffer: &mut [u8], len: usize, total: u64) -> Option<usize> {
    let end = (len + 9).div_ceil(64) * 64;
    let place = buffer.get_mut(len..end)?;
    place.fill(0);
    place[0] = 0x80;
    let bits = place.len() - 8;
    place[bits..].copy_from_slice(&(total * 8).to_be_bytes());
    Some(end)
}

/// The hash of what came before, in whole blocks, and of these last bytes, which are compressed where they are.
pub(super) fn finished(mut state: [u32; 8], before: u64, last: &[u8]) -> [u8; 32] {
    let (blocks, rest) = last.as_chunks();
    compress256(&mut state, blocks);
    let mut end = [0; 128];
    end[..rest.len()].copy_from_slice(rest);
    end[rest.len()] = 0x80;
    let len = if rest.len() < 56 { 64 } else { 128 };
    let bits = (before + last.len() as u64) * 8;
    end[len - 8..len].copy_from_slice(&bits.to_be_bytes());
    compress256(&mut state, end[..len].as_chunks().0);
    bytes_of(state)
}

#[cfg(feature = "sm3")]
#[derive(Default)]
pub(super) struct Sm3(sm3::Sm3);

#[cfg(feature = "sm3")]
impl Sink for Sm3 {
    fn put(&mut self, bytes: &[u8]) {
        sm3::Digest::update(&mut self.0, bytes);
    }
}

#[cfg(feature = "sm3")]
impl Hash for Sm3 {
    fn finish(self) -> [u8; 32] {
        sm3::Digest::finalize(self.0).into()
    }
}

pub(super) fn hex(bytes: [u8; 32]) -> [u8; 64] {
    /// Both digits of every byte.
    static PAIRS: [[u8; 2]; 256] = {
        let digits = b"0123456789abcdef";
        let mut pairs = [[0; 2]; 256];
        let mut byte = 0;
        while byte < 256 {
            pairs[byte] = [digits[byte >> 4], digits[byte & 15]];
            byte += 1;
        }
        pairs
    };
    let mut out = [0; 64];
    for (pair, byte) in out.as_chunks_mut().0.iter_mut().zip(bytes) {
        *pair = PAIRS[usize::from(byte)];
    }
    out
}
