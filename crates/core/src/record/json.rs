//! Records inside other people's serde types.

use super::{Encoder, Value, fill};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Any record or value as a serde type.
///
/// Models carry no serde implementations of their own by default, because those make up two fifths of the time to check a
/// crate. This wrapper gives them where they are wanted.
///
/// ```
/// use yunkit_core::record::Json;
///
/// let Json(ids): Json<Vec<u64>> = serde_json::from_str(r#"["1", 2]"#)?;
/// assert_eq!(ids, [1, 2]);
/// assert_eq!(serde_json::to_string(&Json(ids))?, "[1,2]");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Serializing a value that holds a secret fails; see [`Revealed`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// As [`Json`], for the places where secrets really have to be written.
///
/// ```
/// use secrecy::SecretString;
/// use yunkit_core::record::{Json, Revealed};
///
/// let secret = SecretString::from("s3cr3t");
/// assert!(serde_json::to_string(&Json(secret.clone())).is_err());
/// assert_eq!(serde_json::to_string(&Revealed(secret)).unwrap(), r#""s3cr3t""#);
/// ```
#[derive(Clone, Copy, Default)]
pub struct Revealed<T>(pub T);

impl<T: Value> Serialize for Json<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        serialize(&self.0, to)
    }
}

impl<T: Value> Serialize for Revealed<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Encoder { peek: self.0.peek(), reveal: true }.serialize(to)
    }
}

impl<'de, T: Value + Default> Deserialize<'de> for Json<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        deserialize(from).map(Self)
    }
}

impl<'de, T: Value + Default> Deserialize<'de> for Revealed<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        deserialize(from).map(Self)
    }
}

/// Gives a record the serde implementations of [`Json`]; generated behind each crate's `serde` feature.
#[macro_export]
#[doc(hidden)]
macro_rules! serde_record {
    ($name:ty) => {
        impl $crate::serde::Serialize for $name {
            fn serialize<S: $crate::serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                $crate::record::serialize(self, to)
            }
        }
        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::record::deserialize(from)
            }
        }
    };
}

/// Reads a value from any serde format.
#[doc(hidden)]
pub fn deserialize<'de, T: Value + Default, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    let mut value = T::default();
    fill(from, &mut value)?;
    Ok(value)
}

/// Writes a value into any serde format; secrets are refused.
#[doc(hidden)]
pub fn serialize<S: Serializer>(value: &dyn Value, to: S) -> Result<S::Ok, S::Error> {
    Encoder { peek: value.peek(), reveal: false }.serialize(to)
}
