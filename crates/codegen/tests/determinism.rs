//! The same facts give the same bytes, whatever order their keys happen to stand in.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

#[path = "support/depot.rs"]
mod depot;
#[path = "support/shuffle.rs"]
mod shuffle;
#[path = "support/source.rs"]
mod source;

use proptest::prelude::*;
use serde_json::Value;
use shuffle::shuffled;
use source::{overlay, spec};
use std::fs;
use std::path::{Path, PathBuf};
use yunkit_codegen::{Output, Overlay, Source, Style, bundle, emit, join, lower};

/// Everything that is made of facts and overlay.
fn generated(spec: &Source, overlay: &Overlay) -> Vec<Output> {
    let api = lower(spec, overlay).unwrap();
    let document = bundle(spec, overlay, &api).unwrap().to_string();
    let mut outputs = emit(&api, Style::Records);
    outputs.extend(emit(&api, Style::Derives));
    outputs.push(Output { path: "bundle.json".to_owned(), text: document });
    outputs
}

fn spec_of(text: String) -> Source {
    Source { name: "openapi.json".to_owned(), text }
}

fn read(path: &Path) -> Source {
    Source { name: path.display().to_string(), text: fs::read_to_string(path).unwrap() }
}

#[test]
fn shuffling_changes_the_text_and_nothing_it_says() {
    let facts = depot::facts();

    let text = shuffled(&facts, 7);

    assert_ne!(text, facts.to_string());
    assert_eq!(text.parse::<Value>().unwrap(), facts);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn shuffled_facts_generate_the_same_files(seed: u64) {
        let facts = depot::facts();
        let overlay = overlay(depot::OVERLAY).unwrap();

        let plain = generated(&spec(&facts), &overlay);
        let again = generated(&spec_of(shuffled(&facts, seed)), &overlay);

        prop_assert_eq!(again, plain);
    }
}

#[test]
fn the_overlay_files_may_come_in_any_order() {
    let facts = spec(&depot::facts());
    let mut backwards = depot::OVERLAY.to_vec();
    backwards.reverse();

    let plain = generated(&facts, &overlay(depot::OVERLAY).unwrap());
    let again = generated(&facts, &overlay(&backwards).unwrap());

    assert_eq!(again, plain);
}

#[test]
fn the_shuffled_facts_of_gitee_generate_the_same_files() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../gitee/spec");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder.join("overlay")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let overlay = Overlay::parse(&paths.iter().map(|path| read(path)).collect::<Vec<_>>()).unwrap();
    let facts = join(&read(&folder.join("openapi.json")), &read(&folder.join("attested.json"))).unwrap();
    let facts: Value = facts.text.parse().unwrap();
    let plain = generated(&spec(&facts), &overlay);

    for seed in 1..=3 {
        let again = generated(&spec_of(shuffled(&facts, seed)), &overlay);

        // By file, because the whole would print two crates.
        for (again, plain) in again.iter().zip(&plain) {
            assert_eq!(again.path, plain.path, "seed {seed}");
            assert!(again.text == plain.text, "{} depends on the order of the facts (seed {seed})", plain.path);
        }
        assert_eq!(again.len(), plain.len(), "seed {seed}");
    }
}
