//! What `lint-docs` complains about, a row for each rule of `docs/documenting.md` it can check.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

#[path = "support/source.rs"]
mod source;

use serde_json::{Value, json};
use source::{overlay, spec};
use yunkit_codegen::{is_documented, lint, lower};

/// Facts with operations that take `params` and answer a `Label`.
fn facts(ids: &[&str], params: &[&str]) -> Value {
    let parameters: Vec<Value> =
        params.iter().map(|name| json!({"name": name, "in": "query", "schema": {"type": "string"}})).collect();
    let mut facts = json!({
        "openapi": "3.1.0",
        "info": {"title": "Demo", "version": "1"},
        "paths": {},
        "components": {"schemas": {"Label": {"type": "object", "properties": {"color": {"type": "string"}}}}},
    });
    for id in ids {
        facts["paths"][format!("/{id}")]["get"] = json!({
            "operationId": id,
            "tags": ["Labels"],
            "parameters": parameters,
            "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Label"}}}}},
        });
    }
    facts
}

const MODULE: &str = "[module]\ntags = [\"Labels\"]\ndoc = \"Labels of issues.\"\n";
const TYPES: &str = "[types.Label]\ndoc = \"A coloured word that sorts issues.\"\n";

/// The complaints, and whether each operation counts as documented.
fn complaints(facts: &Value, files: &[(&str, &str)]) -> (Vec<String>, Vec<bool>) {
    let overlay = overlay(files).unwrap();
    let api = lower(&spec(facts), &overlay).unwrap();
    (lint(&api, &overlay), api.modules[0].operations.iter().map(is_documented).collect())
}

#[test]
fn text_that_says_something_is_not_complained_about() {
    let module = format!(
        "{MODULE}[operations.listLabels]\nname = \"List\"\ndoc = \"List the labels of a repository.\"\n\
         params.sort = \"Order by colour or by age; by age when left out.\"\n"
    );

    let found = complaints(&facts(&["listLabels"], &["sort"]), &[("labels.toml", &module), ("types.toml", TYPES)]);

    assert_eq!(found, (Vec::new(), vec![true]));
}

#[test]
fn the_text_of_an_operation_is_there_in_english_and_says_more_than_its_name() {
    let rows = [
        ("", vec!["labels::ListLabels: has no text"]),
        (
            "列出标签。",
            vec!["labels::ListLabels: holds Chinese", "labels::ListLabels: the first line must be one sentence"],
        ),
        ("List labels（all of them）.", vec!["labels::ListLabels: holds Chinese"]),
        ("List the labels.", vec!["labels::ListLabels: says no more than the name"]),
        ("Lists a label of the repository.", vec!["labels::ListLabels: says no more than the name"]),
        ("List the labels of a repository by age", vec!["labels::ListLabels: the first line must be one sentence"]),
        (
            "List the labels of a repository\\nin the order of their age.",
            vec!["labels::ListLabels: the first line must be one sentence"],
        ),
    ];

    for (doc, expected) in rows {
        let module = format!("{MODULE}[operations.listLabels]\nname = \"ListLabels\"\ndoc = \"{doc}\"\n");
        let found = complaints(&facts(&["listLabels"], &[]), &[("labels.toml", &module), ("types.toml", TYPES)]);

        assert_eq!(found, (expected.into_iter().map(str::to_owned).collect(), vec![false]), "{doc:?}");
    }
}

#[test]
fn the_text_of_a_parameter_is_there_in_english_and_says_more_than_its_name() {
    let rows = [
        ("", "labels::List.sort_by: has no text"),
        ("按时间排序。", "labels::List.sort_by: holds Chinese"),
        ("What it sorts by.", "labels::List.sort_by: says no more than the name"),
        ("The sort.", "labels::List.sort_by: says no more than the name"),
    ];

    for (doc, expected) in rows {
        let module = format!(
            "{MODULE}[operations.listLabels]\nname = \"List\"\ndoc = \"List the labels of a repository.\"\n\
             params.sort_by = \"{doc}\"\n"
        );
        let found =
            complaints(&facts(&["listLabels"], &["sort_by"]), &[("labels.toml", &module), ("types.toml", TYPES)]);

        assert_eq!(found, (vec![expected.to_owned()], vec![false]), "{doc:?}");
    }
}

#[test]
fn the_text_of_a_model_is_there_in_english_and_says_more_than_its_name() {
    let module =
        format!("{MODULE}[operations.listLabels]\nname = \"List\"\ndoc = \"List the labels of a repository.\"\n");
    let rows = [
        ("[types.Label]\n", "types Label (Label): has no text"),
        ("[types.Label]\ndoc = \"标签\"\n", "types Label (Label): holds Chinese"),
        ("[types.Label]\nname = \"Tag\"\ndoc = \"A tag.\"\n", "types Tag (Label): says no more than the name"),
        (
            "[types.Label]\ndoc = \"A coloured word that sorts issues.\"\nmembers.color = \"颜色\"\n",
            "types Label.color: holds Chinese",
        ),
    ];

    for (types, expected) in rows {
        let found = complaints(&facts(&["listLabels"], &[]), &[("labels.toml", &module), ("types.toml", types)]);

        assert_eq!(found, (vec![expected.to_owned()], vec![true]), "{types:?}");
    }
}

#[test]
fn text_that_more_than_three_items_share_belongs_in_the_glossary() {
    let ids = ["listLabels", "getLabel", "findLabels", "countLabels"];
    let sort = "Order by colour or by age; by age when left out.";
    let module = |shared: usize, key: &str| {
        let mut text = MODULE.to_owned();
        for (i, id) in ids.iter().enumerate() {
            let own = if i < shared { sort.to_owned() } else { format!("Order by colour or by age, case {i}.") };
            text += &format!(
                "[operations.{id}]\nname = \"{}\"\ndoc = \"Read what the issues of a repository wear, way {i}.\"\n{key}\n",
                ["List", "Get", "Find", "Count"][i],
            );
            if key.is_empty() {
                text += &format!("params.sort = \"{own}\"\n");
            }
        }
        text
    };
    let glossary = format!("[params]\nsort = \"{sort}\"\n");
    let complaint = "labels::Count.sort and 3 more share one text; the glossary is the place for \"Order by colour or \
                     by age; by age when left out.\"";
    let (three, four, none) = (module(3, ""), module(4, ""), module(0, "deprecated = \"Old.\""));
    #[allow(clippy::type_complexity)] // rows of a table: parameters, glossary, complaints
    let rows: [(&str, Vec<(&str, &str)>, Vec<&str>); 4] = [
        ("three share it", vec![("labels.toml", &three)], vec![]),
        ("four share it", vec![("labels.toml", &four)], vec![complaint]),
        ("all have it from the glossary", vec![("labels.toml", &none), ("glossary.toml", &glossary)], vec![]),
        ("four repeat the glossary", vec![("labels.toml", &four), ("glossary.toml", &glossary)], vec![]),
    ];

    for (story, mut files, expected) in rows {
        files.push(("types.toml", TYPES));
        let found = complaints(&facts(&ids, &["sort"]), &files);

        assert_eq!(found, (expected.into_iter().map(str::to_owned).collect(), vec![true; 4]), "{story}");
    }
}

#[test]
fn operations_that_share_their_text_are_complained_about_too() {
    let ids = ["listLabels", "getLabel", "findLabels", "countLabels"];
    let mut module = MODULE.to_owned();
    for (id, name) in ids.iter().zip(["List", "Get", "Find", "Count"]) {
        module += &format!("[operations.{id}]\nname = \"{name}\"\ndoc = \"Read what issues wear.\"\n");
    }

    let found = complaints(&facts(&ids, &[]), &[("labels.toml", &module), ("types.toml", TYPES)]);

    let complaint =
        "labels::Count and 3 more share one text; the glossary is the place for \"Read what issues wear.\"";
    assert_eq!(found, (vec![complaint.to_owned()], vec![true; 4]));
}
