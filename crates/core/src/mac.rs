//! Codes that prove who wrote a message, and comparing them.

/// HMAC-SHA256 of a message.
///
/// ```
/// // RFC 4231, test case 2
/// let code = yunkit_core::mac::sha256(b"Jefe", b"what do ya want for nothing?");
/// assert_eq!(code[..4], [0x5b, 0xdc, 0xc1, 0x46]);
/// ```
#[cfg(feature = "hmac")]
pub fn sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// HMAC-SHA1 of a message, for services that have nothing better.
///
/// ```
/// // RFC 2202, test case 2
/// let code = yunkit_core::mac::sha1(b"Jefe", b"what do ya want for nothing?");
/// assert_eq!(code[..4], [0xef, 0xfc, 0xdf, 0x6a]);
/// ```
#[cfg(feature = "hmac-sha1")]
pub fn sha1(key: &[u8], message: &[u8]) -> [u8; 20] {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// Bytes as services write checksums: in hexadecimal, with small letters.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether two texts are equal, in a time that tells nothing about where they differ.
pub fn same(one: &[u8], other: &[u8]) -> bool {
    let difference = one.iter().zip(other).fold(0, |sum, (a, b)| sum | (a ^ b));
    one.len() == other.len() && std::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn only_equal_texts_are_the_same() {
        for (one, other, expected) in
            [("", "", true), ("abc", "abc", true), ("abc", "abd", false), ("abc", "ab", false), ("", "a", false)]
        {
            assert_eq!(same(one.as_bytes(), other.as_bytes()), expected, "{one:?} {other:?}");
        }
    }
}
