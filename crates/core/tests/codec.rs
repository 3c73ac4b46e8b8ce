//! The codec against serde derives on the same types, and against anything at all.
//!
//! CI runs this file twice, the second time with `--features arbitrary-precision`.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

#[macro_use]
#[path = "support/record.rs"]
mod record;
#[path = "support/node.rs"]
mod node;

use node::{Node, State, Twin};
use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value as Any, json};
use yunkit_core::record::{Json, OneOrMany, Patch, Revealed, decode, decode_with, encode};

fn read<T: yunkit_core::record::Value + Default>(text: &str) -> Result<T, String> {
    let mut value = T::default();
    decode(text, &mut value).map_err(|error| error.to_string())?;
    Ok(value)
}

fn written(value: &dyn yunkit_core::record::Value) -> String {
    String::from_utf8(encode(value).unwrap()).unwrap()
}

/// Any number that JSON can say.
fn fractions() -> impl Strategy<Value = f64> {
    use prop::num::f64::{NORMAL, SUBNORMAL, ZERO};
    prop_oneof![any::<i32>().prop_map(|n| f64::from(n) / 4.0), NORMAL | SUBNORMAL | ZERO]
}

/// Any JSON, not deeper than the recursion limit.
fn any_json() -> impl Strategy<Value = Any> {
    let leaf = prop_oneof![
        Just(Any::Null),
        any::<bool>().prop_map(Any::from),
        any::<i64>().prop_map(Any::from),
        any::<u64>().prop_map(Any::from),
        fractions().prop_map(Any::from),
        "[a-z0-9\"\\\\é\u{1F600}]{0,6}".prop_map(Any::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Any::from),
            prop::collection::btree_map("[a-z/~]{0,4}", inner, 0..4)
                .prop_map(|m| Any::Object(m.into_iter().collect())),
        ]
    })
}

/// A document made for `Node`: mostly right, and here and there of another kind than documented.
fn document() -> impl Strategy<Value = Any> {
    fn of(depth: u32) -> BoxedStrategy<Any> {
        let child =
            || -> BoxedStrategy<Any> { if depth == 0 { Just(json!({"id": 1})).boxed() } else { of(depth - 1) } };
        let member = |right: BoxedStrategy<Any>| {
            prop_oneof![
                8 => right.prop_map(Some),
                2 => Just(None),
                1 => Just(Some(Any::Null)),
                1 => any_json().prop_map(Some),
            ]
        };
        let text = || "[a-z \u{7}\"]{0,5}".prop_map(Any::from).boxed();
        let members = (
            prop_oneof![8 => any::<u64>().prop_map(Any::from), 1 => Just(json!("7")), 1 => any_json()],
            member(any::<i64>().prop_map(Any::from).boxed()),
            member(text()),
            member(prop_oneof![Just(json!("open")), Just(json!("odd"))].boxed()),
            member(prop::collection::vec(child(), 0..3).prop_map(Any::from).boxed()),
            member(child()),
            member(
                prop::collection::vec(prop::collection::vec(any::<i32>(), 0..3), 0..3)
                    .prop_map(|v| json!(v))
                    .boxed(),
            ),
            member(
                prop::collection::btree_map("[a-z/]{0,3}", child(), 0..3)
                    .prop_map(|m| Any::Object(m.into_iter().collect()))
                    .boxed(),
            ),
            (
                member(text()),
                member(any::<bool>().prop_map(Any::from).boxed()),
                member(fractions().prop_map(Any::from).boxed()),
                member(any_json().boxed()),
            ),
            member(
                prop::collection::vec(prop_oneof![Just(json!("x")), Just(Any::Null)], 0..3)
                    .prop_map(Any::from)
                    .boxed(),
            ),
            member(any_json().boxed()),
        );
        members
            .prop_map(|(id, count, name, state, kids, parent, grid, by_name, rest, gaps, unknown)| {
                let (due, on, score, any) = rest;
                let mut object = serde_json::Map::new();
                object.insert("id".to_owned(), id);
                let named = [
                    ("count", count),
                    ("name", name),
                    ("unheard_of", unknown),
                    ("state", state),
                    ("kids", kids),
                    ("parent", parent),
                    ("grid", grid),
                    ("by_name", by_name),
                    ("due", due),
                    ("on", on),
                    ("score", score),
                    ("any", any),
                    ("gaps", gaps),
                ];
                for (name, value) in named {
                    if let Some(value) = value {
                        object.insert(name.to_owned(), value);
                    }
                }
                Any::Object(object)
            })
            .boxed()
    }
    of(2)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_derives_read_records_read_the_same(document in document()) {
        let text = document.to_string();
        let twin = serde_json::from_str::<Twin>(&text);
        let node = read::<Node>(&text);

        match (twin, node) {
            (Ok(twin), node) => prop_assert_eq!(node.unwrap().twin(), twin),
            // Records forgive more; what they made of it is in the declared types, so derives read that.
            (Err(_), Ok(node)) => {
                let again: Twin = serde_json::from_str(&written(&node)).unwrap();
                prop_assert_eq!(node.twin(), again);
            }
            (Err(_), Err(_)) => {}
        }
    }

    #[test]
    fn what_records_write_derives_write_the_same(document in document()) {
        if let Ok(node) = read::<Node>(&document.to_string()) {
            let mut ours: Any = serde_json::from_str(&written(&node)).unwrap();
            let mut theirs = serde_json::to_value(node.twin()).unwrap();
            // Only a record can say "clear this".
            drop_nulls(&mut ours);
            drop_nulls(&mut theirs);
            prop_assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn what_records_write_they_read_back(document in document()) {
        if let Ok(node) = read::<Node>(&document.to_string()) {
            prop_assert_eq!(read::<Node>(&written(&node)).unwrap(), node);
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,40}|[\\[\\]{}:,\"0-9a-z.eE+-]{0,60}") {
        let _ = read::<Node>(&text);
        let _ = read::<Vec<Option<Node>>>(&text);
        let _ = read::<OneOrMany<Node>>(&text);
        let _ = read::<Any>(&text);
    }

    #[test]
    fn no_json_panics(value in any_json(), cut in 0usize..200) {
        let text = value.to_string();
        let _ = read::<Node>(&text);
        let _ = read::<OneOrMany<String>>(&text);
        let _ = read::<Patch<SecretString>>(&text);
        // Nor does one that was cut off, whatever character that hit.
        let end = (0..=cut.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
        let _ = read::<Node>(&text[..end]);
    }

    #[test]
    fn raw_json_survives_both_ways(value in any_json()) {
        let text = value.to_string();
        let kept: Any = read(&text).unwrap();
        let theirs: Any = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(written(&kept), theirs.to_string());
        prop_assert_eq!(kept, theirs);
    }
}

fn drop_nulls(value: &mut Any) {
    if let Any::Object(object) = value {
        object.retain(|name, member| {
            if name != "any" && name != "by_name" {
                drop_nulls(member);
            }
            name != "due" || !member.is_null()
        });
        if let Some(Any::Object(by_name)) = object.get_mut("by_name") {
            by_name.values_mut().for_each(drop_nulls);
        }
    }
    if let Any::Array(items) = value {
        items.iter_mut().for_each(drop_nulls);
    }
}

#[test]
fn scalars_are_read_leniently_and_written_in_the_declared_type() {
    let rows = [
        (r#"{"id":"123"}"#, r#"{"id":123}"#),
        (r#"{"id":53.0}"#, r#"{"id":53}"#),
        (r#"{"id":18446744073709551615}"#, r#"{"id":18446744073709551615}"#),
        (r#"{"id":1,"count":"-7"}"#, r#"{"id":1,"count":-7}"#),
        (r#"{"id":1,"on":"true"}"#, r#"{"id":1,"on":true}"#),
        (r#"{"id":1,"on":0}"#, r#"{"id":1,"on":false}"#),
        (r#"{"id":1,"name":12}"#, r#"{"id":1,"name":"12"}"#),
        (r#"{"id":1,"name":true}"#, r#"{"id":1,"name":"true"}"#),
        (r#"{"id":1,"name":1.5}"#, r#"{"id":1,"name":"1.5"}"#),
        (r#"{"id":1,"name":53.0}"#, r#"{"id":1,"name":"53.0"}"#),
        (r#"{"id":1,"score":"1.5"}"#, r#"{"id":1,"score":1.5}"#),
        (r#"{"id":1,"name":null,"kids":[]}"#, r#"{"id":1,"kids":[]}"#),
        (r#"{"id":1,"due":null}"#, r#"{"id":1,"due":null}"#),
    ];

    for (sent, expected) in rows {
        assert_eq!(written(&read::<Node>(sent).unwrap()), expected, "{sent}");
    }
}

#[test]
fn a_value_that_does_not_fit_is_named_by_its_place() {
    let rows = [
        (r#"{"id":-1}"#, "/id: -1 is out of range"),
        (r#"{"id":1,"count":9223372036854775808}"#, "/count: 9223372036854775808 is out of range"),
        (r#"{"id":1.5}"#, "/id: expected an integer, got a fraction or too large a number"),
        (r#"{"id":1e20}"#, "/id: expected an integer, got a fraction or too large a number"),
        (r#"{"id":null}"#, "/id: expected an integer, got null"),
        (r#"{"id":"+5"}"#, "/id: expected an integer, got text"),
        (r#"{"id":"1x"}"#, "/id: expected an integer, got text"),
        (r#"{"id":1,"on":"yes"}"#, "/on: expected a boolean, got text"),
        (r#"{"id":1,"on":2}"#, "/on: expected a boolean, got a number"),
        (r#"{"id":1,"score":"NaN"}"#, "/score: expected a number, got text"),
        (r#"{"id":1,"name":[]}"#, "/name: expected text, got an array"),
        (r#"{"id":1,"kids":{}}"#, "/kids: expected an array, got an object"),
        (
            r#"{"id":1,"by_name":{"a/b":{"id":1,"kids":[{"id":1},{"id":-1}]}}}"#,
            "/by_name/a~1b/kids/1/id: -1 is out of range",
        ),
        (r#"{"name":"no id"}"#, "missing member `id` of Node"),
        (r#"{"id":1,"parent":{}}"#, "/parent: missing member `id` of Node"),
    ];

    for (sent, expected) in rows {
        let error = read::<Node>(sent).unwrap_err();
        let said = error.split(" at line").next().unwrap();
        assert_eq!(said, expected, "{sent}");
    }
}

#[test]
fn trailing_and_broken_text_is_refused() {
    for text in ["", "{", r#"{"id":1} x"#, r#"{"id":1,}"#, "[1,]", "\u{feff}{}", r#"{"id":1e400}"#] {
        assert!(read::<Node>(text).is_err(), "{text:?}");
    }
}

#[test]
fn of_equal_keys_the_last_one_wins_whole() {
    let node: Node = read(
        r#"{"id":1,"kids":[{"id":2},{"id":3}],"kids":[{"id":4}],"by_name":{"a":{"id":5,"name":"x"},"a":{"id":6}}}"#,
    )
    .unwrap();

    assert_eq!(written(&node), r#"{"id":1,"kids":[{"id":4}],"by_name":{"a":{"id":6}}}"#);
}

#[test]
fn nesting_ends_with_an_error_and_not_with_the_stack() {
    let deep =
        |levels: usize| format!("{}{}{}", r#"{"id":1,"parent":"#.repeat(levels), r#"{"id":1}"#, "}".repeat(levels));

    assert!(read::<Node>(&deep(100)).is_ok());
    assert!(read::<Node>(&deep(100_000)).is_err());
    assert!(read::<Any>(&"[".repeat(100_000)).is_err());
}

#[test]
fn unknown_members_and_raw_places_are_reported_where_they_are() {
    let mut node = Node::default();

    let seen = decode_with(r#"{"id":1,"new":1,"any":{"x":[]},"kids":[{"id":2,"a/b":{}}]}"#, &mut node).unwrap();

    assert_eq!(seen.unknown, ["/new", "/kids/0/a~1b"]);
    assert_eq!(seen.raw, ["/any"]);
}

#[test]
fn an_open_enum_keeps_what_it_does_not_know() {
    let node: Node = read(r#"{"id":1,"state":"paused"}"#).unwrap();

    let state = node.state.clone().unwrap();
    assert!(!state.is_known());
    assert_ne!(state, State::Open);
    assert_eq!(written(&node), r#"{"id":1,"state":"paused"}"#);
}

#[test]
fn a_union_goes_by_the_kind_of_the_value_and_numbers_are_no_objects() {
    // With `arbitrary_precision` a number reaches the codec as a map; it must not look like one.
    assert_eq!(read::<OneOrMany<i64>>("5").unwrap(), OneOrMany::One(Box::new(5)));
    assert_eq!(read::<OneOrMany<i64>>("[5]").unwrap(), OneOrMany::Many(vec![5]));
    assert!(read::<Node>("5").is_err());
    assert!(read::<Vec<i64>>("5").is_err());
}

#[test]
fn infinite_numbers_are_never_written() {
    for score in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let node = Node { id: 1, score: Some(score), ..Node::default() };
        assert!(encode(&node).is_err());
    }
}

#[derive(Default, Clone)]
struct Login {
    user: String,
    password: SecretString,
}

record!(Login { user, password } required &[]);

#[test]
fn secrets_are_sent_but_never_shown() {
    let login: Login = read(r#"{"user":"u","password":"hunter2"}"#).unwrap();

    assert_eq!(login.password.expose_secret(), "hunter2");
    assert_eq!(written(&login), r#"{"user":"u","password":"hunter2"}"#);
    assert!(serde_json::to_string(&Json(login.clone())).is_err());
    assert_eq!(serde_json::to_string(&Revealed(login.clone())).unwrap(), r#"{"user":"u","password":"hunter2"}"#);
    struct Shown<'a>(&'a Login);
    impl std::fmt::Debug for Shown<'_> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            yunkit_core::record::debug(self.0, f)
        }
    }
    assert_eq!(format!("{:?}", Shown(&login)), r#"Login { user: "u", password: [redacted] }"#);
}

#[test]
fn a_member_past_the_hundred_and_twenty_eighth_can_be_required() {
    const NAMES: [&str; 200] = {
        let mut names = ["x"; 200];
        names[199] = "last";
        names
    };
    #[derive(Default)]
    struct Wide(i64);
    impl yunkit_core::record::Record for Wide {
        fn shape(&self) -> &'static yunkit_core::record::Shape {
            static SHAPE: yunkit_core::record::Shape = yunkit_core::record::Shape::model("Wide", &NAMES, &[199]);
            &SHAPE
        }
        fn slot(&mut self, _: usize) -> &mut dyn yunkit_core::record::Value {
            &mut self.0
        }
        fn peek(&self, _: usize) -> &dyn yunkit_core::record::Value {
            &self.0
        }
    }

    assert!(read::<Wide>(r#"{"x":1}"#).is_err());
    assert!(read::<Wide>(r#"{"last":1}"#).is_ok());
}
