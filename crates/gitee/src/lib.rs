//! Gitee's API v5.
//!
//! Operations are plain values in a module per area, named as GitHub names them where Gitee follows GitHub; each module is
//! a feature. A client sends them:
//!
//! ```no_run
//! use yunkit_gitee::{Gitee, issues, repos};
//!
//! # async fn example() -> Result<(), yunkit_gitee::Error> {
//! let client = Gitee::new().with_token(std::env::var("GITEE_TOKEN").unwrap_or_default().into())?;
//!
//! let repository = client.send(repos::Get::new("oschina", "git-osc")).await?;
//! println!("{:?}", repository.full_name);
//!
//! let mut open = client.items(issues::ListForRepo::new("oschina", "git-osc").state("open"));
//! while let Some(issue) = open.next().await {
//!     println!("{:?}", issue?.title);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | I want to … | look at |
//! |---|---|
//! | call without a login, with a personal token, with OAuth | [`Gitee`] |
//! | sign a user in | [`oauth`] |
//! | receive webhooks | [`webhook`], with the feature `events` |
//! | know what an error means | [`Error`] |
//! | follow a list over its pages | [`Client::items`]; later, or in another run: [`Client::items_from`] |
//! | share tokens among processes or machines | [`session`], the crate `yunkit-token-redis` |
//! | keep still while the allowance is used up | [`RateGate`] |
//! | download an archive or upload a file, with progress | [`Client::download`], [`body::File`] |
//! | see what would be sent | [`Client::prepare`] |
//! | put a model into my own serde types | [`Json`](record::Json), or the feature `serde` |
//!
//! Members of answers are `Option`s: the document declares nothing as always present, and recorded answers leave out what
//! one would swear is there. Numbers are `i64`, because ids have outgrown what the document says; times are RFC 3339 text as
//! the service writes them.

#[rustfmt::skip]
#[allow(missing_docs)]
mod generated;

mod gitee;
pub mod oauth;
mod protocol;
#[cfg(feature = "events")]
pub mod webhook;

pub use generated::*;
pub use gitee::Gitee;
pub use protocol::GiteeProtocol;
pub use yunkit_core::{
    Client, Cursor, Download, Error, ErrorKind, Items, Meta, Operation, OperationInfo, Paged, Pages, Progress,
    Rate, RateGate, Reason, Retry, WasSent, body, credential, operation, record, session,
};

/// What the generated files name.
mod prelude {
    #[allow(unused_imports)] // a build without any module names nothing
    pub(crate) use yunkit_core::generated::*;
}

/// The specification this crate was generated from, with our corrections: what fakes go by.
#[cfg(feature = "catalogue")]
pub static SPEC: &str = include_str!("generated/spec.json");
