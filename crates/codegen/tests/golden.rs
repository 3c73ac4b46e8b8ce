//! What is generated, to the letter. `UPDATE_GOLDEN=1 cargo test -p yunkit-codegen --test golden` accepts what has changed.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

#[path = "support/actions.rs"]
mod actions;
#[path = "support/depot.rs"]
mod depot;
#[path = "support/source.rs"]
mod source;

use serde_json::Value;
use source::{overlay, spec};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use yunkit_codegen::{Style, emit, lower};

/// All files below a folder, by their path in it.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            found.insert(name, fs::read_to_string(path).unwrap());
        }
    }
    found
}

fn is_as_it_was(folder: &str, facts: &Value, texts: &[(&str, &str)]) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let api = lower(&spec(facts), &overlay(texts).unwrap()).unwrap();

    let outputs = emit(&api, Style::Records);
    let written: BTreeMap<String, String> = outputs.into_iter().map(|file| (file.path, file.text)).collect();

    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let _ = fs::remove_dir_all(&folder);
        for (name, text) in &written {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
    let golden = files(&folder);
    assert_eq!(written.keys().collect::<Vec<_>>(), golden.keys().collect::<Vec<_>>());
    for (name, text) in &written {
        assert_eq!(text, &golden[name], "{name} is not what it was");
    }
}

#[test]
fn everything_the_generator_knows_is_written_as_it_was() {
    is_as_it_was("golden", &depot::facts(), depot::OVERLAY);
}

#[test]
fn actions_and_what_came_with_them_are_written_as_they_were() {
    is_as_it_was("golden-actions", &actions::facts(), actions::OVERLAY);
}
