//! Inputs as the generator gets them: texts with a name.

use serde_json::Value;
use yunkit_codegen::{Overlay, Problem, Source};

/// A text by the name it has in messages.
pub(crate) fn source(name: &str, text: impl Into<String>) -> Source {
    Source { name: name.to_owned(), text: text.into() }
}

/// Facts as `openapi.json`.
pub(crate) fn spec(facts: &Value) -> Source {
    source("openapi.json", facts.to_string())
}

/// Files below `overlay/`, read.
pub(crate) fn overlay(files: &[(&str, &str)]) -> Result<Overlay, Problem> {
    let sources: Vec<Source> = files.iter().map(|(name, text)| source(&format!("overlay/{name}"), *text)).collect();
    Overlay::parse(&sources)
}
