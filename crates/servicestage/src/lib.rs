//! Huawei Cloud ServiceStage: access to code repositories, and the applications that are built from them.
//!
//! ```no_run
//! use yunkit_huawei::credentials::AccessKey;
//! use yunkit_servicestage::{Cloud, Region, authorizations, repositories};
//!
//! # async fn example() -> Result<(), yunkit_servicestage::Error> {
//! let cloud = Cloud::new(Region::CN_NORTH_4, AccessKey::new("AK", "SK".into()))?;
//! let client = yunkit_servicestage::client(&cloud)?;
//!
//! let known = client.send(authorizations::ListAuthorizations::new()).await?;
//! let namespaces = client.send(repositories::ListNamespaces::new("my-gitee")).await?;
//! println!("{known:?} {namespaces:?}");
//! # Ok(()) }
//! ```
//!
//! | I want to … | look at |
//! |---|---|
//! | let ServiceStage into Gitee, GitHub, GitLab or Bitbucket | [`authorization`] |
//! | list, read and change repositories and their files | [`repositories`], [`files`] |
//! | run applications (v2), and wait for their jobs | `v2`, `jobs`, with the feature `v2` |
//! | run applications (v3) | `v3`, with the feature `v3` |
//! | know what an error means | [`Error`], [`codes`] |
//!
//! The project that calls are for is found out by the [`Cloud`]; requests do not have it. Times are milliseconds since 1970. In
//! paths, `{project}` is the name of a repository with `:` for `/`.
//!
//! v3 has the 40 operations that Huawei's SDK and the Terraform provider attest. Another 31, known from a third party's copy of an
//! internal description only, are left out, as are swimlanes, releases and plugins, of which only titles are known.

#[rustfmt::skip]
// Some operations of v2 cannot do without nine things, and `new` takes what they cannot do without.
#[allow(missing_docs, clippy::too_many_arguments)]
mod generated;

#[cfg(feature = "authorizations")]
pub mod authorization;
pub mod codes;
#[cfg(feature = "v2")]
pub mod jobs;

pub use generated::*;
pub use yunkit_huawei::{
    Client, Cloud, Endpoints, Error, ErrorKind, Items, Meta, Operation, OperationInfo, Paged, Pages, Reason,
    Region, Retry, WasSent, body, operation, record,
};

/// A client for ServiceStage in the region of a caller.
///
/// # Errors
///
/// When the endpoint that was configured is no address.
pub fn client(cloud: &Cloud) -> Result<Client, Error> {
    cloud.client("servicestage")
}

/// What the generated files name.
#[allow(unused_imports)]
mod prelude {
    pub(crate) use yunkit_core::generated::*;
}

/// The specification this crate was generated from, with our corrections: what fakes go by.
#[cfg(feature = "catalogue")]
pub static SPEC: &str = include_str!("generated/spec.json");
