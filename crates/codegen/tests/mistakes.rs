//! What is said about a mistake in the facts or the overlay: the file, the place, and what is wrong.

#[path = "support/source.rs"]
mod source;

use serde_json::{Value, json};
use source::{overlay, source, spec};
use yunkit_codegen::{Api, Overlay, Problem, lower};

/// The overlay that every row below spoils; what a row appends begins on line 8, in the entry of `getThing`.
const THINGS: &str = r#"[module]
tags = ["Things"]
doc = "Things, one by one."

[operations.getThing]
name = "Get"
doc = "Get a thing by its number."
"#;

/// The facts that every row below spoils.
fn facts() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Demo", "version": "1"},
        "paths": {"/things/{id}": {"get": {
            "operationId": "getThing",
            "tags": ["Things"],
            "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}],
            "responses": {"200": {"content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/Thing"},
            }}}},
        }}},
        "components": {"schemas": {
            "Thing": {"type": "object", "properties": {
                "id": {"type": "integer"},
                "name": {"type": "string"},
            }},
            "Lonely": {"type": "object", "properties": {"id": {"type": "integer"}}},
        }},
    })
}

/// Puts a value at a pointer of the facts, whose last piece may be new.
fn put(facts: &mut Value, pointer: &str, value: Value) {
    let (holder, key) = pointer.rsplit_once('/').unwrap();
    let holder = facts.pointer_mut(holder).unwrap_or_else(|| panic!("{pointer} hangs in the air"));
    holder[key.replace("~1", "/")] = value;
}

/// The text of the first mistake.
fn complaint(facts: &Value, files: &[(&str, &str)]) -> String {
    let lowered = overlay(files).and_then(|overlay| lower(&spec(facts), &overlay));
    lowered.map_or_else(|problem| problem.to_string(), |_| "no complaint".to_owned())
}

/// An operation on a path without parameters.
fn operation(id: &str, more: Value) -> Value {
    let mut operation = json!({"operationId": id, "tags": ["Things"], "responses": {"204": {}}});
    operation.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    operation
}

const OPERATION: &str = "/paths/~1things~1{id}/get";

fn lowered(facts: &Value) -> Result<Api, Problem> {
    lower(&spec(facts), &overlay(&[("things.toml", THINGS)])?)
}

#[test]
fn the_overlay_that_the_rows_spoil_is_sound() {
    let api = lowered(&facts()).unwrap();

    assert_eq!(api.modules[0].operations[0].name, "Get");
}

#[test]
fn a_mistake_in_the_overlay_names_the_file_and_the_line() {
    #[rustfmt::skip]
    let rows = [
        // Not TOML, or not the TOML we read.
        ("things.toml", "params.id = \n", "x"),
        ("glossary.toml", "[params]\nid = \"One.\"\n[members\n", "x"),
        ("glossary.toml", "[parameters]\nid = \"One.\"\n", "x"),
        ("things.toml", "efect = \"read\"\n", "x"),
        ("things.toml", "correct.id = {type = \"string\", evidence = \"seen\", since = \"1\"}\n", "x"),
        ("things.toml", "correct.id = {type = \"string\"}\n", "x"),
        ("types.toml", "[types.Thing]\ndocs = \"A thing.\"\n", "x"),
        ("api.toml", "surfaces = \"demo\"\n", "x"),
        ("more.toml", "[operations]\n", "x"),
        // Entries that hit nothing.
        ("things.toml", "[operations.getThink]\nname = \"Think\"\n", "x"),
        ("things.toml", "params.idd = \"Number of the thing.\"\n", "x"),
        ("things.toml", "correct.idd = {type = \"string\", evidence = \"seen\"}\n", "x"),
        ("types.toml", "[types.Think]\ndoc = \"A thought.\"\n", "x"),
        ("types.toml", "[types.Thing]\nmembers.nam = \"What people call it.\"\n", "x"),
        ("types.toml", "[types.Thing]\ndoc = \"A thing.\"\ncorrect.nam = {type = \"integer\", evidence = \"seen\"}\n", "x"),
        ("types.toml", "[types.Thing]\nsecret = [\"nam\"]\n", "x"),
        ("glossary.toml", "[params]\nidd = \"Number of the thing.\"\n", "x"),
        ("glossary.toml", "[members]\nnam = \"What people call it.\"\n", "x"),
        ("api.toml", "[enums.Colour]\nvalues = [\"red\", \"green\"]\ndoc = \"Colours.\"\n", "x"),
        ("api.toml", "[raw]\n\"Thing/name\" = \"Of no known shape.\"\n", "x"),
        ("more.toml", "[module]\ntags = [\"More\"]\ndoc = \"More.\"\n", "x"),
        ("more.toml", "[module]\ntags = [\"Things\"]\ndoc = \"More.\"\n", "x"),
        // Entries that say what is so anyway.
        ("things.toml", "effect = \"read\"\n", "x"),
        ("things.toml", "body = \"json\"\n", "x"),
        ("things.toml", "correct.id = {type = \"integer\", evidence = \"seen\"}\n", "x"),
        ("things.toml", "correct.answer = {type = \"Thing\", evidence = \"seen\"}\n", "x"),
        ("types.toml", "[types.Thing]\ncorrect.name = {type = \"string\", evidence = \"seen\"}\n", "x"),
        ("types.toml", "[types.Thing]\nadd.name = {type = \"string\", evidence = \"seen\"}\n", "x"),
        // Words that mean nothing.
        ("things.toml", "effect = \"readonly\"\n", "x"),
        ("things.toml", "body = \"xml\"\n", "x"),
        ("things.toml", "paging = \"pages\"\n", "x"),
        ("things.toml", "correct.id = {type = \"Number\", evidence = \"seen\"}\n", "x"),
        ("types.toml", "[types.Thing]\ncorrect.name = {type = \"[Name]\", evidence = \"seen\"}\n", "x"),
        ("types.toml", "[types.Thing]\nadd.colour = {type = \"Colour\", evidence = \"seen\"}\n", "x"),
        ("types.toml", "[types.Thing]\nadd.\"编号\" = {type = \"string\", evidence = \"seen\"}\n", "x"),
        ("types.toml", "[types.Thing]\ncorrect.name = {type = \"integer\", evidence = \" \"}\n", "x"),
        ("types.toml", "[types.Thing]\nname = \"a thing\"\n", "x"),
    ];

    for (file, text, expected) in rows {
        let complaint = match file {
            "things.toml" => complaint(&facts(), &[(file, &format!("{THINGS}{text}"))]),
            _ => complaint(&facts(), &[("things.toml", THINGS), (file, text)]),
        };
        println!("{file} | {text:?}\n   {complaint}");
    }
}
