//! Records: how every request and answer becomes JSON and comes back.
//!
//! A type hands out its places by index ([`Record`]); one decoder fills them and one encoder reads them. Nothing is
//! generic over the type, so a crate with a thousand models compiles the codec once, and each rule about foreign data
//! (numbers sent as text, `null` for absent, spellings nobody documented) has one home.
//!
//! | I want to … | use |
//! |---|---|
//! | read a JSON text into a value | [`decode`] |
//! | write a value as JSON for the service | [`encode`] |
//! | put a model into my own serde types | [`Json`], [`Revealed`] |
//! | send `null` as distinct from leaving a member out | [`Patch`] |
//! | know what moment a number or a text means | [`Timestamp`] |

mod decode;
mod encode;
mod json;
mod scalar;
mod spelling;
mod timestamp;
mod union;

pub use decode::{DecodeError, Seen, decode, decode_with};
pub use encode::{EncodeError, debug, encode};
pub use json::{Json, Revealed};
#[doc(hidden)]
pub use json::{deserialize, serialize};
pub use spelling::{Spelling, Unlisted};
pub use timestamp::Timestamp;
pub use union::{OneOrMany, Patch};

pub(crate) use decode::fill;
pub(crate) use encode::Encoder;
pub(crate) use scalar::float_text;

use crate::body::File;
use bytes::Bytes;

/// What is known of a record before one is seen: its name, its members and where they travel.
#[derive(Debug)]
pub struct Shape {
    /// The type's name, for messages and `Debug`.
    pub name: &'static str,
    /// Names as they are on the wire, in the order of [`Record::slot`].
    pub members: &'static [&'static str],
    /// Indexes of the members that must be present, ascending. At most [`Shape::MEMBERS`] are supported.
    pub required: &'static [u16],
    /// Where each member of a request travels; empty for models, which are all body.
    pub places: &'static [Place],
}

impl Shape {
    /// The most members a record may have; the generator refuses more.
    pub const MEMBERS: usize = 256;

    /// The shape of a model: a record that travels in bodies only.
    pub const fn model(name: &'static str, members: &'static [&'static str], required: &'static [u16]) -> Self {
        Self { name, members, required, places: &[] }
    }

    /// The shape of a request, with the place of each member.
    pub const fn request(
        name: &'static str,
        members: &'static [&'static str],
        required: &'static [u16],
        places: &'static [Place],
    ) -> Self {
        assert!(members.len() == places.len(), "a place for every member");
        Self { name, members, required, places }
    }

    /// The index of a member by its name on the wire.
    pub fn index_of(&self, member: &str) -> Option<usize> {
        self.members.iter().position(|m| *m == member)
    }

    /// Where the member travels; models have everything in the body.
    pub fn place(&self, index: usize) -> Place {
        self.places.get(index).copied().unwrap_or(Place::Body)
    }
}

/// Where a member of a request travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// One segment of the path; a slash in it is encoded.
    Path,
    /// The tail of the path; its slashes separate segments. Without a value the tail is left out.
    Tail,
    /// A query parameter; lists are repeated.
    Query,
    /// A header.
    Header,
    /// A member of the body.
    Body,
    /// The body itself: a bare array, or a record of its own.
    Whole,
    /// A file in a multipart body.
    File,
}

/// A type whose members are reached by index. The generator implements it; user code rarely does.
pub trait Record: Send + Sync {
    /// The table that describes the type.
    fn shape(&self) -> &'static Shape;
    /// The place to write member `index`. An index past the last one is the last one.
    fn slot(&mut self, index: usize) -> &mut dyn Value;
    /// The place to read member `index`. An index past the last one is the last one.
    fn peek(&self, index: usize) -> &dyn Value;
}

/// Anything that can stand where JSON has a value.
pub trait Value: Send + Sync {
    /// Takes a `null`; `false` means that there must be a value here.
    fn null(&mut self) -> bool {
        false
    }
    /// The place for a value whose first token is `token`, or nothing where such a value cannot stand.
    fn slot(&mut self, token: Token) -> Option<Slot<'_>>;
    /// What stands here now.
    fn peek(&self) -> Peek<'_>;
}

/// The kind of a JSON value, known from its first token; unions choose by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Token {
    Bool,
    Number,
    Text,
    Array,
    Object,
}

/// A typed place to write to.
#[allow(missing_docs)]
pub enum Slot<'a> {
    Bool(&'a mut bool),
    I64(&'a mut i64),
    U64(&'a mut u64),
    F64(&'a mut f64),
    String(&'a mut String),
    Text(&'a mut dyn Text),
    Seq(&'a mut dyn Seq),
    Map(&'a mut dyn Map),
    Record(&'a mut dyn Record),
    /// Any JSON, kept as it came.
    Raw(&'a mut serde_json::Value),
    /// An answer that is not JSON.
    Bytes(&'a mut Bytes),
    File(&'a mut File),
}

/// A typed view of what stands in a place.
#[derive(Clone, Copy)]
#[allow(missing_docs)]
pub enum Peek<'a> {
    /// Nothing: the member is left out.
    Absent,
    /// An explicit `null`.
    Null,
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
    Text(&'a str),
    /// Text that is never shown.
    Secret(&'a str),
    Seq(&'a dyn Seq),
    Map(&'a dyn Map),
    Record(&'a dyn Record),
    Raw(&'a serde_json::Value),
    Bytes(&'a Bytes),
    File(&'a File),
}

/// A place that takes text and keeps it in its own way: open enums and secrets.
pub trait Text: Send + Sync {
    /// Takes the text.
    fn put(&mut self, text: &str);
}

/// A list of values.
#[allow(clippy::len_without_is_empty)]
pub trait Seq: Send + Sync {
    /// Forgets what was there.
    fn clear(&mut self);
    /// Adds an empty element and hands it out.
    fn push(&mut self) -> &mut dyn Value;
    /// How many there are.
    fn len(&self) -> usize;
    /// The element at `index`, which is below [`len`](Seq::len).
    fn at(&self, index: usize) -> Peek<'_>;
}

/// A map with text keys.
pub trait Map: Send + Sync {
    /// Forgets what was there.
    fn clear(&mut self);
    /// An empty place under `key`, replacing what was there.
    fn entry(&mut self, key: &str) -> &mut dyn Value;
    /// Visits all entries in order of their keys.
    fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a str, Peek<'a>));
}

impl<T: Record> Value for T {
    fn slot(&mut self, _: Token) -> Option<Slot<'_>> {
        Some(Slot::Record(self))
    }
    fn peek(&self) -> Peek<'_> {
        Peek::Record(self)
    }
}

impl<T: Record + ?Sized> Record for Box<T> {
    fn shape(&self) -> &'static Shape {
        (**self).shape()
    }
    fn slot(&mut self, index: usize) -> &mut dyn Value {
        (**self).slot(index)
    }
    fn peek(&self, index: usize) -> &dyn Value {
        (**self).peek(index)
    }
}

/// The place of a member that a record without members does not have.
#[doc(hidden)]
pub fn nowhere() -> &'static mut dyn Value {
    // Nothing is allocated for a value without a size.
    Box::leak(Box::new(()))
}
