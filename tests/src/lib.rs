//! What the programs and tests of this package share.

pub mod conformance;
pub mod every;
pub mod meaning;
