//! The one encoder, and the `Debug` that comes with it.

use super::{Peek, Value};
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};
use std::fmt;

/// Writes a value as the JSON the service reads, secrets included.
///
/// ```
/// assert_eq!(yunkit_core::record::encode(&vec![1_i64, 2])?, b"[1,2]");
/// # Ok::<(), yunkit_core::record::EncodeError>(())
/// ```
///
/// # Errors
///
/// [`EncodeError`] for numbers that JSON cannot write (infinite, not a number) and for files, which travel beside JSON.
pub fn encode(value: &dyn Value) -> Result<Vec<u8>, EncodeError> {
    let peek = value.peek();
    let mut out = Vec::with_capacity(128);
    Encoder { peek, reveal: true }
        .serialize(&mut serde_json::Serializer::new(&mut out))
        .map_err(EncodeError::from)?;
    Ok(out)
}

/// Formats a record for people: secrets masked, members that are absent left out.
pub fn debug(value: &dyn Value, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    fmt::Debug::fmt(&Masked(value.peek()), f)
}

/// Why a value could not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodeError(String);

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EncodeError {}

impl From<serde_json::Error> for EncodeError {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

pub(crate) struct Encoder<'a> {
    pub(crate) peek: Peek<'a>,
    /// Whether secrets may be written; the pipeline may, a user's `Serialize` must ask for it.
    pub(crate) reveal: bool,
}

impl Serialize for Encoder<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let inner = |peek| Encoder { peek, reveal: self.reveal };
        match self.peek {
            Peek::Absent | Peek::Null => to.serialize_unit(),
            Peek::Bool(v) => to.serialize_bool(v),
            Peek::I64(v) => to.serialize_i64(v),
            Peek::U64(v) => to.serialize_u64(v),
            Peek::F64(v) if v.is_finite() => to.serialize_f64(v),
            Peek::F64(_) => Err(S::Error::custom("JSON has no infinite and undefined numbers")),
            Peek::Text(v) => to.serialize_str(v),
            Peek::Secret(v) if self.reveal => to.serialize_str(v),
            Peek::Secret(_) => Err(S::Error::custom("a secret member is only serialized inside `Revealed`")),
            Peek::Raw(v) => v.serialize(to),
            Peek::Bytes(_) | Peek::File(_) => Err(S::Error::custom("bytes do not travel in JSON")),
            Peek::Seq(seq) => {
                let mut out = to.serialize_seq(Some(seq.len()))?;
                for index in 0..seq.len() {
                    out.serialize_element(&inner(seq.at(index)))?;
                }
                out.end()
            }
            Peek::Map(map) => {
                let mut out = to.serialize_map(None)?;
                let mut result = Ok(());
                map.each(&mut |key, value| {
                    if result.is_ok() {
                        result = out.serialize_entry(key, &inner(value));
                    }
                });
                result?;
                out.end()
            }
            Peek::Record(record) => {
                let mut out = to.serialize_map(None)?;
                for (index, name) in record.shape().members.iter().enumerate() {
                    match record.peek(index).peek() {
                        Peek::Absent => {}
                        value => out.serialize_entry(name, &inner(value))?,
                    }
                }
                out.end()
            }
        }
    }
}

struct Masked<'a>(Peek<'a>);

impl fmt::Debug for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Peek::Absent => f.write_str("None"),
            Peek::Null => f.write_str("null"),
            Peek::Bool(v) => v.fmt(f),
            Peek::I64(v) => v.fmt(f),
            Peek::U64(v) => v.fmt(f),
            Peek::F64(v) => v.fmt(f),
            Peek::Text(v) => v.fmt(f),
            Peek::Secret(_) => f.write_str("[redacted]"),
            Peek::Raw(v) => v.fmt(f),
            Peek::Bytes(v) => write!(f, "[{} bytes]", v.len()),
            Peek::File(v) => v.fmt(f),
            Peek::Seq(seq) => f.debug_list().entries((0..seq.len()).map(|index| Masked(seq.at(index)))).finish(),
            Peek::Map(map) => {
                let mut out = f.debug_map();
                map.each(&mut |key, value| {
                    out.entry(&key, &Masked(value));
                });
                out.finish()
            }
            Peek::Record(record) => {
                let mut out = f.debug_struct(record.shape().name);
                for (index, name) in record.shape().members.iter().enumerate() {
                    match record.peek(index).peek() {
                        Peek::Absent => {}
                        value => {
                            out.field(name, &Masked(value));
                        }
                    }
                }
                out.finish()
            }
        }
    }
}
