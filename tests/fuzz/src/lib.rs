//! What the targets share: how an input is laid out, a service that says it, and what must hold of whatever comes back.

#![forbid(unsafe_code)]

mod checks;
mod frame;
mod generator;
mod service;

pub use checks::{answer, refused, written_and_read};
pub use frame::{Frame, pieces};
pub use generator::generated;
pub use service::{Scripted, now, once};
