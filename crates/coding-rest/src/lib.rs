//! CODING's legacy REST API, and the sign-in for both of CODING's APIs.
//!
//! The [open API](https://docs.rs/yunkit-coding-open) is the one CODING documents; this one came before it, serves what the
//! other lacks (who am I, notifications, a web editor's way to files), and is where users sign in.
//!
//! ```no_run
//! use yunkit_coding_rest::{CodingRest, account};
//!
//! # async fn example() -> Result<(), yunkit_coding_rest::Error> {
//! let coding = CodingRest::of_team("anywhere")?;
//! let client = coding.with_token(std::env::var("CODING_TOKEN").unwrap_or_default().into())?;
//!
//! let me = client.send(account::GetMe::new()).await?;
//! println!("{:?}", me.global_key);
//! # Ok(())
//! # }
//! ```
//!
//! | I want to … | look at |
//! |---|---|
//! | call with a personal token, or for a user who has signed in | [`CodingRest`] |
//! | send the token in the query | [`InQuery`] |
//! | sign a user in | [`oauth`] |
//! | share tokens among processes or machines | [`session`], the crate `yunkit-token-redis` |
//! | know which team a sign-in was for | [`team_of`], [`CodingRest::of_tokens`] |
//! | know why the service refused | [`Code`] |
//! | follow a list over its pages | [`Client::items`]; later, or in another run: [`Client::items_from`] |
//! | see what would be sent | [`Client::prepare`] |
//!
//! What is there without further features is known from recorded bodies or official pages. The feature `attested` adds what
//! is known from clients of their time alone: their requests are typed, and their answers are where somebody wrote them
//! down; otherwise they are `serde_json::Value`. The tweets, topics and messages of the old public site are left out.

#[rustfmt::skip]
#[allow(missing_docs, clippy::too_many_arguments)]
mod generated;

mod codes;
#[cfg(feature = "authorization")]
pub mod oauth;
mod protocol;
mod rest;

pub use codes::Code;
pub use generated::*;
pub use protocol::CodingRestProtocol;
pub use rest::{CodingRest, InQuery, team_of};
pub use yunkit_core::{
    Client, Cursor, Download, Error, ErrorKind, Items, Meta, Operation, OperationInfo, Paged, Pages, Progress,
    Rate, RateGate, Reason, Retry, WasSent, body, credential, operation, record, session,
};

/// What the generated files name.
mod prelude {
    #[allow(unused_imports)] // without any module there is nothing to name
    pub(crate) use yunkit_core::generated::*;
}

/// The specification this crate was generated from, with our corrections: what fakes go by.
#[cfg(feature = "catalogue")]
pub static SPEC: &str = include_str!("generated/spec.json");
