//! Places with more states than one: a value, nothing, or nothing on purpose; one thing or a list of them.

use super::{Peek, Slot, Token, Value};

/// A member of an update that can be kept, cleared or set.
///
/// ```
/// use yunkit_core::record::{Patch, encode};
///
/// let due: Patch<String> = Patch::Clear;
/// assert_eq!(encode(&due)?, b"null");
/// assert_eq!(Patch::from("2026-01-31".to_owned()), Patch::Set("2026-01-31".to_owned()));
/// # Ok::<(), yunkit_core::record::EncodeError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Left out of the request; the service keeps what it has.
    #[default]
    Keep,
    /// Sent as `null`; the service clears what it has.
    Clear,
    /// Sent with this value.
    Set(T),
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

impl<T: Value + Default> Value for Patch<T> {
    fn null(&mut self) -> bool {
        *self = Self::Clear;
        true
    }
    fn slot(&mut self, token: Token) -> Option<Slot<'_>> {
        *self = Self::Set(T::default());
        match self {
            Self::Set(value) => value.slot(token),
            _ => None,
        }
    }
    fn peek(&self) -> Peek<'_> {
        match self {
            Self::Keep => Peek::Absent,
            Self::Clear => Peek::Null,
            Self::Set(value) => value.peek(),
        }
    }
}

/// One thing or a list of them, told apart by the JSON kind of the answer.
///
/// ```
/// use yunkit_core::record::{OneOrMany, decode};
///
/// let mut files: OneOrMany<String> = OneOrMany::default();
/// decode(r#"["a", "b"]"#, &mut files)?;
/// assert_eq!(files.iter().count(), 2);
/// decode(r#""a""#, &mut files)?;
/// assert!(matches!(files, OneOrMany::One(_)));
/// # Ok::<(), yunkit_core::record::DecodeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OneOrMany<T> {
    /// The answer was a single value.
    One(Box<T>),
    /// The answer was an array, perhaps an empty one.
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    /// All there is, in the order it came.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.as_slice().iter()
    }
    /// All there is as a slice.
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
    /// All there is as a list.
    pub fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(value) => vec![*value],
            Self::Many(values) => values,
        }
    }
    /// Whether the answer was an empty array.
    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }
}

impl<T> From<T> for OneOrMany<T> {
    fn from(value: T) -> Self {
        Self::One(Box::new(value))
    }
}

impl<T> From<Vec<T>> for OneOrMany<T> {
    fn from(values: Vec<T>) -> Self {
        Self::Many(values)
    }
}

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl<T: Value + Default> Value for OneOrMany<T> {
    fn slot(&mut self, token: Token) -> Option<Slot<'_>> {
        *self = match token {
            Token::Array => Self::Many(Vec::new()),
            _ => Self::One(Box::default()),
        };
        match self {
            Self::One(value) => (**value).slot(token),
            Self::Many(values) => Value::slot(values, token),
        }
    }
    fn peek(&self) -> Peek<'_> {
        match self {
            Self::One(value) => (**value).peek(),
            Self::Many(values) => Value::peek(values),
        }
    }
}
