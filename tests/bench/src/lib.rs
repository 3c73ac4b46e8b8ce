//! What a call costs: the same two calls by hand and through Yunkit, against a server on loopback.
//!
//! | I want to know … | run |
//! |---|---|
//! | instructions and allocations of a call | `scripts/instructions` |
//! | its time, and that of decoding alone | `cargo bench` in this folder |
//! | what the generated crates cost to compile | `scripts/compile-cost` |

pub mod by_hand;
pub mod by_yunkit;
pub mod twin;

/// One repository with few members.
pub const REPOSITORY: &str = include_str!("../bodies/repository.json");
/// Forty repositories with all their members.
pub const REPOSITORIES: &str = include_str!("../bodies/repositories.json");

/// What both sides put on their calls.
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::{REPOSITORIES, REPOSITORY, twin};
    use yunkit_core::record;
    use yunkit_gitee::types::Repository;

    #[test]
    fn both_sides_read_and_write_the_same() {
        let mut list: Vec<Repository> = Vec::new();
        record::decode(REPOSITORIES, &mut list).expect("the list fits the records");
        let derived: Vec<twin::Repository> = serde_json::from_str(REPOSITORIES).expect("the list fits the derives");
        assert_eq!(list.len(), 40);
        let written = record::encode(&list).expect("records can be written");
        assert_eq!(String::from_utf8(written).ok(), serde_json::to_string(&derived).ok());

        let mut one = Repository::default();
        record::decode(REPOSITORY, &mut one).expect("the repository fits the record");
        let derived: twin::Repository = serde_json::from_str(REPOSITORY).expect("the repository fits the derive");
        let written = record::encode(&one).expect("a record can be written");
        assert_eq!(String::from_utf8(written).ok(), serde_json::to_string(&derived).ok());
    }

    #[test]
    fn nothing_of_the_bodies_falls_out() {
        let mut list: Vec<Repository> = Vec::new();
        let seen = record::decode_with(REPOSITORIES, &mut list).expect("the list fits");
        assert_eq!(seen.unknown, [""; 0]);
        assert_eq!(seen.raw, [""; 0]);
    }
}
