//! Open enums: the documented spellings by name, every other one as it came.

use std::fmt;

/// An enum whose values are spellings on the wire.
pub trait Spelling: From<String> {
    /// The spellings that are documented.
    const KNOWN: &'static [&'static str];
    /// The value as it is written on the wire.
    fn as_str(&self) -> &str;
    /// Whether the spelling is a documented one.
    fn is_known(&self) -> bool {
        Self::KNOWN.contains(&self.as_str())
    }
}

/// A spelling that the documents do not list.
///
/// It can be read and written, but not matched by name: once a later version knows the spelling, it becomes a variant,
/// and a match on the text would silently stop matching.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Unlisted(Box<str>);

impl Unlisted {
    /// Keeps a spelling; [`open_enum!`](crate::open_enum) does so for what it does not know.
    pub fn new(spelling: &str) -> Self {
        Self(spelling.into())
    }
    /// The spelling as it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Unlisted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Declares an enum whose values are spellings on the wire and that keeps those it does not know.
///
/// ```
/// yunkit_core::open_enum! {
///     /// Which way a list runs.
///     pub enum Direction {
///         /// Smallest or oldest first.
///         Asc = "asc",
///         /// Largest or newest first.
///         Desc = "desc",
///     }
/// }
///
/// assert_eq!(Direction::Asc.as_str(), "asc");
/// assert_eq!(Direction::from("desc"), Direction::Desc);
/// let odd = Direction::from("sideways");
/// assert!(!odd.is_known());
/// assert_eq!(odd.to_string(), "sideways");
/// ```
#[macro_export]
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $wire:literal),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[allow(missing_docs)]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
            #[doc(hidden)]
            Unlisted($crate::record::Unlisted),
        }

        impl $name {
            /// The value as it is written on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $wire,)+
                    Self::Unlisted(other) => other.as_str(),
                }
            }
            /// Whether the spelling is a documented one.
            pub fn is_known(&self) -> bool {
                !matches!(self, Self::Unlisted(_))
            }
        }

        impl From<&str> for $name {
            fn from(spelling: &str) -> Self {
                match spelling {
                    $($wire => Self::$variant,)+
                    other => Self::Unlisted($crate::record::Unlisted::new(other)),
                }
            }
        }

        impl From<String> for $name {
            fn from(spelling: String) -> Self {
                Self::from(spelling.as_str())
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::Unlisted(Default::default())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(self.as_str(), f)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::record::Spelling for $name {
            const KNOWN: &'static [&'static str] = &[$($wire),+];
            fn as_str(&self) -> &str {
                Self::as_str(self)
            }
        }

        impl $crate::record::Text for $name {
            fn put(&mut self, text: &str) {
                *self = Self::from(text);
            }
        }

        impl $crate::record::Value for $name {
            fn slot(&mut self, _: $crate::record::Token) -> Option<$crate::record::Slot<'_>> {
                Some($crate::record::Slot::Text(self))
            }
            fn peek(&self) -> $crate::record::Peek<'_> {
                $crate::record::Peek::Text(self.as_str())
            }
        }
    };
}
