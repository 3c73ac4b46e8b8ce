//! Whatever a service calls its things, what is generated are names that Rust takes, or there is an error.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

#[path = "support/source.rs"]
mod source;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use source::{overlay, spec};
use std::collections::BTreeSet;
use yunkit_codegen::{Api, Overlay, lower};

/// The strict and reserved words of the 2024 edition, from the reference and not from the generator.
const KEYWORDS: &str = "Self abstract as async await become box break const continue crate do dyn else enum extern \
    false final fn for gen if impl in let loop macro match mod move mut override priv pub ref return self static struct \
    super trait true try type typeof unsafe unsized use virtual where while yield";

fn is_keyword(word: &str) -> bool {
    KEYWORDS.split_whitespace().any(|keyword| keyword == word)
}

fn is_identifier(name: &str) -> bool {
    let plain = name.strip_prefix("r#");
    let word = plain.unwrap_or(name);
    let shaped = word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    // The four words that cannot be escaped, and all others that must be.
    let free = match plain {
        Some(word) => !["self", "Self", "super", "crate"].contains(&word),
        None => !is_keyword(word),
    };
    shaped && free
}

fn is_type(name: &str) -> bool {
    is_identifier(name) && name.starts_with(|c: char| c.is_ascii_uppercase())
}

/// Names as services write them, with those among them that are hard.
fn upstream_name() -> impl Strategy<Value = String> {
    let keyword = KEYWORDS.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    prop_oneof![
        6 => "[a-zA-Z][a-zA-Z0-9]{0,6}([_.\\[ -][a-zA-Z0-9]{1,4}){0,2}\\]?",
        2 => proptest::sample::select(keyword),
        1 => "[+@$_0-9-]{1,3}[a-zA-Z]{0,3}",
        1 => "\\PC{1,4}",
        1 => Just("__proto__".to_owned()),
    ]
}

/// Facts with one operation that takes these parameters and answers a `Thing` with these members.
fn facts(id: &str, parameters: &[String], members: &BTreeSet<String>, values: &[String]) -> Value {
    let text = json!({"type": "string"});
    let parameters: Vec<Value> =
        parameters.iter().map(|name| json!({"name": name, "in": "query", "schema": text})).collect();
    let mut properties: Map<String, Value> = members.iter().map(|name| (name.clone(), text.clone())).collect();
    if !values.is_empty() {
        properties.insert("choice".to_owned(), json!({"type": "string", "enum": values}));
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Demo", "version": "1"},
        "paths": {"/things": {"get": {
            "operationId": id,
            "tags": ["Things"],
            "parameters": parameters,
            "responses": {"200": {"content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/Thing"},
            }}}},
        }}},
        "components": {"schemas": {"Thing": {"type": "object", "properties": properties}}},
    })
}

fn lowered(facts: &Value) -> Result<Api, String> {
    let things = "[module]\ntags = [\"Things\"]\ndoc = \"Things.\"\n[operations.listThings]\nname = \"List\"\n";
    lower(&spec(facts), &overlay(&[("things.toml", things)]).unwrap()).map_err(|problem| problem.message)
}

/// Whether a refusal is one that a person can do something about.
fn is_about_names(message: &str) -> bool {
    message.contains(" makes no name")
        || message.contains(" makes no variant")
        || message.contains(" would both be ")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn distinct_members_get_distinct_identifiers(names in btree_set(upstream_name(), 1..6)) {
        match lowered(&facts("listThings", &[], &names, &[])) {
            Err(message) => prop_assert!(is_about_names(&message), "{}", message),
            Ok(api) => {
                let members = &api.modules[0].models[0].members;
                let idents: BTreeSet<&str> = members.iter().map(|member| member.ident.as_str()).collect();
                let wires: BTreeSet<String> = members.iter().map(|member| member.wire.clone()).collect();
                prop_assert!(idents.iter().all(|ident| is_identifier(ident)), "{:?}", idents);
                prop_assert_eq!(idents.len(), names.len());
                prop_assert_eq!(wires, names);
            }
        }
    }

    #[test]
    fn distinct_parameters_get_distinct_identifiers(names in btree_set(upstream_name(), 1..6)) {
        let names: Vec<String> = names.into_iter().collect();

        match lowered(&facts("listThings", &names, &BTreeSet::from(["id".to_owned()]), &[])) {
            Err(message) => prop_assert!(is_about_names(&message), "{}", message),
            Ok(api) => {
                let members = &api.modules[0].operations[0].members;
                let idents: BTreeSet<&str> = members.iter().map(|member| member.ident.as_str()).collect();
                prop_assert!(idents.iter().all(|ident| is_identifier(ident)), "{:?}", idents);
                prop_assert_eq!(idents.len(), names.len());
            }
        }
    }

    #[test]
    fn distinct_values_get_distinct_variants(values in btree_set(prop_oneof![upstream_name(), Just(String::new())], 2..6)) {
        let values: Vec<String> = values.into_iter().collect();

        match lowered(&facts("listThings", &[], &BTreeSet::new(), &values)) {
            Err(message) => prop_assert!(is_about_names(&message), "{}", message),
            Ok(api) => {
                let found = &api.modules[0].enums[0];
                let variants: BTreeSet<&str> = found.values.iter().map(|(variant, _, _)| variant.as_str()).collect();
                prop_assert!(is_type(&found.name));
                prop_assert!(variants.iter().all(|variant| is_type(variant) && *variant != "Unlisted"), "{:?}", variants);
                prop_assert_eq!(variants.len(), values.len());
            }
        }
    }

    #[test]
    fn types_and_operations_are_named_without_an_overlay(names in vec(upstream_name(), 2)) {
        let (id, model) = (&names[0], &names[1]);
        let mut facts = facts(id, &[], &BTreeSet::from(["id".to_owned()]), &[]);
        facts["components"]["schemas"][model] = json!({"type": "object", "properties": {"id": {"type": "integer"}}});
        let pointer = format!("#/components/schemas/{}", model.replace('~', "~0").replace('/', "~1"));
        facts["components"]["schemas"]["Thing"]["properties"]["other"] = json!({"$ref": pointer});

        // Names of types are refused in the words of the overlay that would help.
        match lower(&spec(&facts), &Overlay::default()) {
            Err(problem) => prop_assert!(
                problem.message.contains(" cannot name ") || problem.message.contains(" would both be "),
                "{}",
                problem
            ),
            Ok(api) => {
                let module = &api.modules[0];
                let mut all: Vec<&str> = module.models.iter().map(|model| model.name.as_str()).collect();
                all.extend(module.operations.iter().map(|operation| operation.name.as_str()));
                prop_assert!(all.iter().all(|name| is_type(name)), "{:?}", all);
                prop_assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
            }
        }
    }
}

#[test]
fn what_upstream_writes_has_one_name_in_rust() {
    let rows = [
        ("html_url", "html_url"),
        ("HtmlUrl", "html_url"),
        ("APICount", "api_count"),
        ("X-Depot-Id", "x_depot_id"),
        ("committer[name]", "committer_name"),
        ("_links", "links"),
        ("type", "r#type"),
        ("gen", "r#gen"),
        ("Self", "self_"),
        ("super", "super_"),
    ];

    for (wire, expected) in rows {
        let api =
            lowered(&facts("listThings", &[wire.to_owned()], &BTreeSet::new(), &["a".to_owned(), "b".to_owned()]));

        assert_eq!(api.unwrap().modules[0].operations[0].members[0].ident, expected, "{wire}");
    }
}
