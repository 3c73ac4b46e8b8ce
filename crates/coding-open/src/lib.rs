//! CODING's open API: 437 actions, each a plain value.
//!
//! Actions keep their official names, in a module per area; each module is a feature. A client sends them:
//!
//! ```no_run
//! use yunkit_coding_open::{CodingOpen, projects};
//!
//! # async fn example() -> Result<(), yunkit_coding_open::Error> {
//! let client = CodingOpen::new().with_token(std::env::var("CODING_TOKEN").unwrap_or_default().into())?;
//!
//! let mut all = client.items(projects::DescribeCodingProjects::new());
//! while let Some(project) = all.next().await {
//!     println!("{:?}", project?.name);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | I want to … | look at |
//! |---|---|
//! | call with a personal token, a project token, or for a user who has signed in | [`CodingOpen`] |
//! | send the token in the body | [`credentials::InBody`] |
//! | sign a user in | the crate `yunkit-coding-rest`; its session serves both |
//! | say which repository: by its number or its path | [`Depot`] |
//! | receive webhooks and service hooks | the module `webhook`, with the feature `events` |
//! | know what an error means | [`Error`]; the service's own code is [`Error::code`] |
//! | follow a list over its pages | [`Client::items`]; later, or in another run: [`Client::items_from`] |
//! | keep to the rate that CODING documents for an action | `yunkit_core::Pace`, with its feature `pace` |
//! | know when something happened | [`record::Timestamp`] |
//! | see what would be sent | [`Client::prepare`] |
//!
//! CODING ends on 2028-09-30; what that means for programs stands in the README of this crate.
//!
//! Members of answers are `Option`s: recorded answers leave out what the document calls required. An action that answers
//! nothing but the id of the request yields `()`; the id comes with
//! [`send_with_meta`](Client::send_with_meta).

#[rustfmt::skip]
#[allow(missing_docs, clippy::too_many_arguments)]
mod generated;

mod choice;
pub mod credentials;
mod open;
mod protocol;
#[cfg(feature = "events")]
pub mod webhook;

pub use choice::{Depot, Spec};
pub use generated::*;
pub use open::CodingOpen;
pub use protocol::CodingOpenProtocol;
pub use yunkit_core::{
    Client, Cursor, Download, Error, ErrorKind, Items, Meta, Operation, OperationInfo, Paged, Pages, Progress,
    Rate, RateGate, Reason, Retry, WasSent, body, credential, operation, record, session,
};

/// What a repository is called where the path is spelt `DepotPat`.
#[allow(unused_imports)] // one action of `merge_requests` has it
pub(crate) use choice::Depot as RebasedDepot;

/// What the generated files name.
mod prelude {
    #[allow(unused_imports)]
    pub(crate) use crate::{Depot, RebasedDepot, Spec};
    #[allow(unused_imports)] // without any module there is nothing to name
    pub(crate) use yunkit_core::generated::*;
}

/// The specification this crate was generated from, with our corrections: what fakes go by.
#[cfg(feature = "catalogue")]
pub static SPEC: &str = include_str!("generated/spec.json");
