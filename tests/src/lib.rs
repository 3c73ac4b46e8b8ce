//! What the programs and tests of this package share.

pub mod conformance;
pub mod crowd;
pub mod every;
pub mod meaning;
pub mod signing;

/// The examples of the README, compiled and run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// The examples of the crates for Huawei.
#[cfg(doctest)]
#[doc = include_str!("../../crates/servicestage/README.md")]
#[doc = include_str!("../../crates/orgid/README.md")]
pub struct CratesForHuawei;

/// The examples of the crates for CODING.
#[cfg(doctest)]
#[doc = include_str!("../../crates/coding-open/README.md")]
#[doc = include_str!("../../crates/coding-rest/README.md")]
pub struct CratesForCoding;

/// The examples of the Chinese README.
#[cfg(doctest)]
#[doc = include_str!("../../README.zh-CN.md")]
pub struct ChineseReadme;
