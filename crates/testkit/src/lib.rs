//! Tests without a network: fakes that hold callers to the specification, and time that passes on command.
//!
//! ```
//! # #[cfg(feature = "gitee")]
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), yunkit_core::Error> {
//! use yunkit_testkit::gitee::Fake;
//! use yunkit_gitee::repos;
//!
//! let fake = Fake::start().await;
//! let client = fake.gitee().with_token(fake.token())?;
//!
//! let mine = client.items(repos::ListForAuthenticatedUser::new()).collect().await?;
//! assert_eq!(mine.len(), 45);
//! # Ok(()) }
//! # #[cfg(not(feature = "gitee"))] fn main() {}
//! ```
//!
//! A fake is one engine over the catalogue of a crate: it checks method, path, parameters, body and credential of every
//! request, and answers with data that fits the specification. Where clients depend on memory (sign-in, repositories,
//! issues) it remembers. The same seed gives the same answers.

#[cfg(feature = "coding")]
pub mod coding;
#[cfg(any(feature = "coding", feature = "gitee"))]
mod consent;
mod engine;
#[cfg_attr(not(any(feature = "coding", feature = "gitee", feature = "huawei")), allow(dead_code))]
mod faults;
#[cfg(feature = "gitee")]
pub mod gitee;
#[cfg(feature = "huawei")]
pub mod huawei;
mod leaks;
mod proxy;
mod sample;
mod surroundings;

pub use engine::{Checked, Engine, Refusal, Reply, Why, nearest};
pub use faults::Faults;
pub use leaks::LeakScanner;
pub use proxy::{Counts, FaultProxy, WireFault};
pub use sample::{Random, Sampler};
pub use surroundings::ManualSurroundings;
