//! Inputs as the generator gets them: texts with a name.

use serde_json::Value;
use yunkit_codegen::{Overlay, Problem, Source};

/// Facts as `openapi.json`.
pub(crate) fn spec(facts: &Value) -> Source {
    Source { name: "openapi.json".to_owned(), text: facts.to_string() }
}

/// Files below `overlay/`, read.
pub(crate) fn overlay(files: &[(&str, &str)]) -> Result<Overlay, Problem> {
    let named = |(name, text): &(&str, &str)| Source { name: format!("overlay/{name}"), text: (*text).to_owned() };
    Overlay::parse(&files.iter().map(named).collect::<Vec<_>>())
}
