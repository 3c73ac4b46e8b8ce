//! Any text as JSON: the members of an object are those that serde_json finds, records agree with serde_json about what is
//! JSON, and what they read they write.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value as Json;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use yunkit_core::envelope::{Members, gateway_text, plain_text, scalar, texts_by_key};
use yunkit_core::record::{OneOrMany, Patch, Timestamp, Value, decode, decode_with};
use yunkit_fuzz::written_and_read;

fuzz_target!(|input: &[u8]| {
    let found: Option<Vec<(&[u8], &[u8])>> = Members::of(input).map(Iterator::collect);
    assert!(found.as_ref().is_none_or(|found| found.len() <= input.len()));
    plain_text(input);
    gateway_text(input, &["message", "msg"]);
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let (Some(expected), Some(found)) = (members(text), found) {
        let name = |name: &[u8]| serde_json::from_slice::<String>(&[b"\"", name, b"\""].concat()).unwrap();
        let found: Vec<_> = found.into_iter().map(|(key, value)| (name(key), value)).collect();
        let expected: Vec<_> = expected.into_iter().map(|(key, value)| (key, value.get().as_bytes())).collect();
        assert_eq!(found, expected);
    }
    records(text);
});

/// The members of an object as serde_json sees them, in order and with repetitions.
fn members(text: &str) -> Option<Vec<(String, &RawValue)>> {
    struct Pairs;
    impl<'de> Visitor<'de> for Pairs {
        type Value = Vec<(String, &'de RawValue)>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut pairs = Vec::new();
            while let Some(pair) = map.next_entry()? {
                pairs.push(pair);
            }
            Ok(pairs)
        }
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let pairs = json.deserialize_map(Pairs).ok()?;
    json.end().ok()?;
    Some(pairs)
}

fn records(text: &str) {
    let expected = serde_json::from_str::<Json>(text);
    let mut raw = Json::Null;
    assert_eq!(decode(text, &mut raw).is_ok(), expected.is_ok(), "whether it is JSON");
    if let Ok(expected) = expected {
        assert_eq!(raw, expected);
        scalar(&raw);
        texts_by_key(&raw);
    }
    into::<bool>(text);
    into::<u64>(text);
    into::<f64>(text);
    into::<String>(text);
    into::<Patch<i64>>(text);
    into::<Option<OneOrMany<String>>>(text);
    into::<Vec<Timestamp>>(text);
    into::<BTreeMap<String, Option<f64>>>(text);
    into::<yunkit_gitee::types::Repository>(text);
}

fn into<T: Value + Default + 'static>(text: &str) {
    let mut value = T::default();
    let read = decode(text, &mut value);
    assert_eq!(read.err(), decode_with(text, &mut T::default()).err(), "with and without a trace");
    let mut value = T::default();
    if decode(text, &mut value).is_ok() {
        written_and_read(&value, || Box::<T>::default());
    }
}
