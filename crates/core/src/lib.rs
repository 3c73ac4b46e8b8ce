//! The runtime every Yunkit service crate stands on.
//!
//! Users meet it through a service crate, which re-exports what they need. The modules answer one question each:
//!
//! | question | module |
//! |---|---|
//! | How do values become JSON and come back? | [`record`] |
//! | What is known of an operation before it is sent? | [`operation`] |
//! | How is a call made, retried, bounded in time? | [`Client`], [`Retry`] |
//! | What can go wrong, and what then? | [`Error`] |
//! | How do REST paths, queries and bodies come about? | [`rest`] |
//! | How is an envelope opened? | [`envelope`] |
//! | What if the service wants fewer calls? | [`RateGate`], [`Retry`], `Pace` with the feature `pace` |
//! | How does a transfer go on when it breaks? | [`Download`], [`body::File`] |
//! | How does a list continue? | [`Pages`], [`Items`] |
//! | Where do tokens live, and who renews them? | [`session`] |
//! | What can be replaced? | [`Protocol`], [`Transport`], [`Policy`], [`Credential`], [`Surroundings`] |

pub mod body;
pub mod civil;
mod client;
pub mod credential;
pub mod envelope;
mod error;
mod exchange;
#[cfg(feature = "file-store")]
mod file_store;
mod gate;
pub mod mac;
pub mod oauth;
pub mod operation;
#[cfg(feature = "pace")]
mod pace;
mod paging;
mod pipeline;
pub mod record;
pub mod rest;
mod seams;
pub mod session;
mod transfer;
mod transport;
#[cfg(feature = "sealing")]
mod vault;

pub use client::{Client, read};
pub use error::{Error, ErrorKind, Reason, WasSent};
pub use exchange::{Meta, Opened, Payload, Rate, RawResponse, Request, retry_after, sent_at};
pub use gate::{RateGate, State as GateState};
pub use operation::{Operation, OperationInfo, Paged};
#[cfg(feature = "pace")]
pub use pace::Pace;
pub use paging::{Cursor, Items, Pages};
pub use pipeline::{Call, Next, Retry};
pub use seams::{Credential, Generation, Policy, Protocol, RealSurroundings, Surroundings, Transport};
pub use transfer::{Download, Progress};
pub use transport::HttpTransport;

pub use async_trait::async_trait;
pub use bytes::Bytes;
pub use http;
pub use secrecy;
#[doc(hidden)]
pub use serde;
pub use url::Url;

/// 128 bits of the operating system's randomness, for what must not be guessed: the state of a sign-in, the boundary of a
/// body.
#[doc(hidden)]
pub fn random_u128() -> u128 {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    u128::from_ne_bytes(bytes)
}

/// What generated code names, in one place, so that its files need one `use` line.
#[doc(hidden)]
pub mod generated {
    pub use crate::body::File;
    pub use crate::operation::{Answer, BodyKind, Effect, Entry, Method, Operation, OperationInfo, Paged};
    pub use crate::record::{OneOrMany, Patch, Place, Record, Shape, Timestamp, Value, debug, nowhere};
    pub use bytes::Bytes;
    pub use secrecy::SecretString;
    pub use std::collections::BTreeMap;
    pub use std::fmt::{self, Debug, Formatter};
}
