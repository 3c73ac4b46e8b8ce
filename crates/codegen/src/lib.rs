//! From a specification and an overlay to the source of a crate. Pure: texts in, texts out; `xtask` does the reading and writing.
//!
//! ```text
//! upstream document ─reduce─▶ facts (spec/openapi.json) ─┐
//!                                                         ├─lower─▶ Api ─emit─▶ files
//!                    overlay (spec/overlay/*.toml) ───────┘           ├─lint─▶ complaints
//!                                                                     └─bundle─▶ one OpenAPI document
//! ```

mod api;
mod bundle;
mod combine;
mod drift;
mod emit;
mod facts;
mod lint;
mod lower;
mod names;
mod ordered;
mod overlay;
mod problem;
mod swagger2;

pub use api::{Answer, Api, BodyKind, Effect, Enum, Member, Model, Module, Operation, Paging, Place, Route, Ty};
pub use bundle::{bundle, corrected};
pub use combine::combine;
pub use drift::{Change, merge};
pub use emit::{Style, emit, reference};
pub use facts::{join, reduce};
pub use lint::{is_documented, lint};
pub use lower::lower;
pub use overlay::{Overlay, OverlayFile};
pub use problem::Problem;

/// A text and the name people know it by.
#[derive(Debug, Clone)]
pub struct Source {
    /// The path, as it should stand in messages.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// A file to write: its path below the crate's `src/generated`, and what goes into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Path below `src/generated`.
    pub path: String,
    /// The text.
    pub text: String,
}
