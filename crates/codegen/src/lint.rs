//! Whether everything a caller sees is documented, in our words. The rules are in `docs/documenting.md`.

use crate::api::{Api, Operation};
use crate::names;
use crate::overlay::Overlay;
use std::collections::{BTreeMap, BTreeSet};

/// What is missing or weak, a line each; nothing when all is well.
pub fn lint(api: &Api, overlay: &Overlay) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut uses: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for module in &api.modules {
        for operation in &module.operations {
            for complaint in undocumented(operation) {
                complaints.push(format!("{}::{}{complaint}", module.name, operation.name));
            }
            let place = format!("{}::{}", module.name, operation.name);
            uses.entry(&operation.doc).or_default().push(place.clone());
            for member in &operation.members {
                if overlay.glossary.params.get(&member.wire).map(|t| t.trim()) != Some(member.doc.as_str()) {
                    uses.entry(&member.doc).or_default().push(format!("{place}.{}", member.wire));
                }
            }
        }
    }
    let modules = api.modules.iter().flat_map(|m| &m.models);
    for model in modules.chain(&api.shared) {
        if let Some(wrong) = weak(&model.doc, &model.name) {
            complaints.push(format!("types {} ({}): {wrong}", model.name, model.id));
        }
        for member in &model.members {
            if has_chinese(&member.doc) {
                complaints.push(format!("types {}.{}: holds Chinese", model.name, member.wire));
            }
        }
    }
    for (text, places) in uses {
        if places.len() > 3 && !text.is_empty() {
            complaints.push(format!(
                "{} and {} more share one text; the glossary is the place for {text:?}",
                places[0],
                places.len() - 1
            ));
        }
    }
    complaints
}

/// Whether `lint-docs` has nothing to say about an operation.
pub fn is_documented(operation: &Operation) -> bool {
    undocumented(operation).is_empty()
}

/// Whether an operation and all its parameters have text that says something.
fn undocumented(operation: &Operation) -> Vec<String> {
    let mut complaints = Vec::new();
    if let Some(wrong) = weak(&operation.doc, &operation.name) {
        complaints.push(format!(": {wrong}"));
    }
    let first = operation.doc.lines().next().unwrap_or_default();
    if !first.is_empty() && !first.ends_with('.') {
        complaints.push(": the first line must be one sentence".to_owned());
    }
    for member in &operation.members {
        if let Some(wrong) = weak(&member.doc, &member.wire) {
            complaints.push(format!(".{}: {wrong}", member.wire));
        }
    }
    complaints
}

fn weak(text: &str, name: &str) -> Option<&'static str> {
    // Words that any sentence about anything could have.
    const EMPTY: &[&str] = &[
        "a", "an", "and", "as", "be", "by", "for", "in", "is", "it", "its", "of", "on", "or", "that", "the",
        "this", "to", "with",
    ];
    if text.is_empty() {
        return Some("has no text");
    }
    if has_chinese(text) {
        return Some("holds Chinese");
    }
    let stem = |word: &String| word.trim_end_matches('s').to_owned();
    let known: BTreeSet<String> = names::words(name).iter().map(stem).collect();
    let mut said = names::words(text);
    said.retain(|word| !EMPTY.contains(&word.as_str()) && !known.contains(&stem(word)));
    (said.len() < 2).then_some("says no more than the name")
}

fn has_chinese(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{3000}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}'))
}
