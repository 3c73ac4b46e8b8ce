//! Any overlay for a small specification: a mistake is said in words, and what is accepted generates the same files twice.
//! Files are separated by lines of `---`, and the first line of each is its name.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use yunkit_codegen::{Overlay, Source, reduce};
use yunkit_fuzz::{generated, once, pieces};

static FACTS: LazyLock<Source> = LazyLock::new(|| {
    let text = include_str!("../seeds/specs/things.json").to_owned();
    let facts = once(reduce(&Source { name: "openapi.json".to_owned(), text }));
    Source { name: "openapi.json".to_owned(), text: facts.to_string() }
});

fuzz_target!(|input: &[u8]| {
    let files = pieces(input).into_iter().filter_map(|piece| {
        let (name, text) = std::str::from_utf8(piece).ok()?.split_once('\n')?;
        Some(Source { name: format!("overlay/{name}"), text: text.to_owned() })
    });
    match Overlay::parse(&files.collect::<Vec<_>>()) {
        Ok(overlay) => assert_eq!(generated(&FACTS, &overlay), generated(&FACTS, &overlay)),
        Err(problem) => assert!(!problem.to_string().is_empty()),
    }
});
