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
