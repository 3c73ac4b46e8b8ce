//! What is wrong with a specification or an overlay, and where.

use std::fmt;

/// One mistake: the file, the place in it, and what to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, as the caller named it.
    pub file: String,
    /// A JSON pointer, or `line 12`.
    pub place: String,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
}

impl Problem {
    /// A mistake at a place of a file.
    pub fn new(file: impl Into<String>, place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), place: place.into(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place.as_str() {
            "" => write!(f, "{}: {}", self.file, self.message),
            place => write!(f, "{}: {place}: {}", self.file, self.message),
        }
    }
}

impl std::error::Error for Problem {}
