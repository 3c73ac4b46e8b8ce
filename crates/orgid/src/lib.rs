//! Huawei OrgID: signing people in with OAuth2, CAS, or OIDC.
//!
//! | I want to … | look at |
//! |---|---|
//! | sign users in with OAuth2, and know who they are | [`OrgId`] |
//! | check the ticket that a browser brought from CAS | [`validate_ticket`] |
//! | verify an ID token | `oidc`, with the feature of that name |
//! | call the operations one by one | [`oauth2`], [`cas`] |
//!
//! OrgID is at two hosts: its reference names `orgid.huaweiapaas.cn`, which public examples call without a signature
//! ([`OrgId::new`]); Huawei's SDKs sign and go to `orgid-external.cn-north-4.myhuaweicloud.com` ([`OrgId::signed`]).

#[rustfmt::skip]
#[allow(missing_docs)]
mod generated;

#[cfg(feature = "oidc")]
pub mod oidc;
#[cfg(feature = "oauth2")]
mod sign_in;
#[cfg(feature = "cas")]
mod ticket;

pub use generated::*;
#[cfg(feature = "oauth2")]
pub use sign_in::{Application, OrgId, Scope, TokenPlace};
#[cfg(feature = "cas")]
pub use ticket::{Ticket, validate_ticket};
pub use yunkit_core::oauth::Authorization;
pub use yunkit_core::session;
pub use yunkit_huawei::{
    Client, Error, ErrorKind, Operation, OperationInfo, Reason, Retry, WasSent, operation, record,
};

/// What the generated files name.
#[allow(unused_imports)]
mod prelude {
    pub(crate) use yunkit_core::generated::*;
}

/// The specification this crate was generated from, with our corrections: what fakes go by.
#[cfg(feature = "catalogue")]
pub static SPEC: &str = include_str!("generated/spec.json");
