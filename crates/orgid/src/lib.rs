//! Huawei OrgID: OAuth2 and CAS sign-in
#[rustfmt::skip]
#[allow(missing_docs)]
mod generated;
pub use generated::*;

/// What the generated files name.
mod prelude {
    pub(crate) use yunkit_core::generated::*;
}

/// The specification this crate was generated from, as the generator read it.
#[cfg(feature = "catalogue")]
pub static SPEC: &[&str] = &[include_str!("../spec/openapi.json")];
