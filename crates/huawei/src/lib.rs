//! What the services of Huawei Cloud have in common: signing, credentials, regions, errors, and IAM.
//!
//! Without its default features the crate is the [`signer`] and nothing else.
//!
//! Crates for single services, such as `yunkit-servicestage`, build on it. A [`Cloud`] is one caller in one region:
//!
//! ```no_run
//! use yunkit_huawei::credentials::Chain;
//! use yunkit_huawei::iam::KeystoneListRegions;
//! use yunkit_huawei::{Cloud, Region};
//!
//! # async fn example() -> Result<(), yunkit_huawei::Error> {
//! let cloud = Cloud::new(Region::CN_NORTH_4, Chain::usual())?;
//! let regions = cloud.global_client("iam")?.send(KeystoneListRegions::new()).await?;
//! println!("{:?}", regions.regions);
//! # Ok(()) }
//! ```
//!
//! | I want to … | look at |
//! |---|---|
//! | sign requests of my own making | [`signer`] |
//! | call with keys, with a user's password, with what the machine has | [`credentials`], [`iam_token`] |
//! | share tokens of IAM among processes or machines | [`Cloud::tokens_in`] |
//! | reach another address than the usual one | [`Endpoints`] |
//! | know what an error means | [`Error`] |
//! | call IAM, STS or the metadata of a server | [`iam`], [`sts`], [`metadata`] |

#[rustfmt::skip]
#[allow(missing_docs)]
mod generated;

#[cfg(feature = "credentials")]
mod cloud;
#[cfg(feature = "credentials")]
mod context;
#[cfg(feature = "credentials")]
pub mod credentials;
#[cfg(feature = "credentials")]
mod environment;
#[cfg(feature = "credentials")]
pub mod iam_token;
mod protocol;
#[cfg(feature = "credentials")]
pub mod providers;
#[cfg(feature = "credentials")]
mod region;
pub mod signer;

#[cfg(feature = "credentials")]
pub use cloud::Cloud;
#[cfg(feature = "credentials")]
pub use context::Context;
#[cfg(feature = "credentials")]
pub use environment::Environment;
pub use generated::*;
pub use protocol::{HuaweiProtocol, SIGNATURE_REFUSED};
#[cfg(feature = "credentials")]
pub use region::{Endpoints, Region};
pub use yunkit_core::{
    Client, Cursor, Error, ErrorKind, Items, Meta, Operation, OperationInfo, Paged, Pages, RateGate, Reason, Retry,
    WasSent, body, operation, record, session,
};

/// What the generated files name.
#[allow(unused_imports)]
mod prelude {
    pub(crate) use yunkit_core::generated::*;
}

/// The specification this crate was generated from, with our corrections: what fakes go by.
#[cfg(feature = "catalogue")]
pub static SPEC: &str = include_str!("generated/spec.json");
