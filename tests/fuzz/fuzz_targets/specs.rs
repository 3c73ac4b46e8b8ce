//! Any document as a specification: a mistake is said in words, and what is accepted generates the same files twice, and
//! has not changed since itself.

#![no_main]

use libfuzzer_sys::fuzz_target;
use yunkit_codegen::{Overlay, Source, combine, join, merge, reduce};
use yunkit_fuzz::generated;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let source = Source { name: "openapi.json".to_owned(), text: text.to_owned() };
    let _ = generated(&source, &Overlay::default());
    let _ = join(&source, &source);
    let facts = match reduce(&source) {
        Ok(facts) => facts,
        Err(problem) => return assert!(!problem.to_string().is_empty()),
    };
    let (merged, changes) = merge(&facts, &facts);
    assert!(merged == facts && changes.is_empty(), "it changed since itself: {changes:?}");
    let _ = combine(vec![facts.clone(), facts.clone()]);
    let facts = Source { name: "facts.json".to_owned(), text: facts.to_string() };
    assert_eq!(generated(&facts, &Overlay::default()), generated(&facts, &Overlay::default()));
});
