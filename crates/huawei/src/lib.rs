//! Huawei Cloud: request signing, credentials, regions, IAM
#[rustfmt::skip]
#[allow(missing_docs)]
mod generated;
pub use generated::*;

/// What the generated files name.
mod prelude {
    pub(crate) use yunkit_core::generated::*;
}
