//! Facts and overlay as one OpenAPI document.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

#[path = "support/source.rs"]
mod source;

use serde_json::json;
use source::{overlay, spec};
use yunkit_codegen::{Overlay, bundle, lower};

#[test]
fn the_bundle_has_our_text_and_our_types_and_nothing_that_only_we_read() {
    let text = json!({"type": "string"});
    let spec = spec(&json!({
        "openapi": "3.1.0",
        "info": {"title": "Demo", "version": "1"},
        "paths": {"/things/{id}": {"put": {
            "operationId": "updateThing",
            "tags": ["事物"],
            "x-rate-per-second": 5,
            "parameters": [{"name": "id", "in": "path", "required": true, "schema": text}],
            "requestBody": {"content": {"application/json": {"schema": {
                "type": "object",
                "x-order": ["name", "labels"],
                "properties": {"name": text, "labels": text},
            }}}},
            "responses": {
                "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                "404": {},
            },
        }}},
        "components": {"schemas": {"Thing": {
            "type": "object",
            "x-order": ["size", "name", "owner"],
            "properties": {"size": {"type": "string", "x-upstream-type": "any"}, "name": text, "owner": text},
        }}},
    }));
    let overlay = overlay(&[
        ("api.toml", "server = \"https://demo.example/api\"\n"),
        ("glossary.toml", "[members]\nname = \"What people call it.\"\n"),
        (
            "types.toml",
            "[types.Thing]\ndoc = \"A thing of somebody's.\"\nmembers.size = \"Bytes on disk.\"\n\
             correct.size = {type = \"integer\", evidence = \"seen\"}\n\
             correct.owner = {type = \"{Thing}\", evidence = \"seen\"}\n\
             add.parents = {type = \"[Thing]?\", evidence = \"seen\"}\n",
        ),
        (
            "things.toml",
            "[module]\ntags = [\"事物\"]\ndoc = \"Things.\"\n[operations.updateThing]\nname = \"Update\"\n\
             doc = \"\"\"\nUpdate a thing.\n\nIts number stays.\n\"\"\"\nparams.id = \"Thing to update.\"\n\
             params.labels = \"Words to sort it by.\"\nparams.name = \"New name.\"\n\
             correct.id = {type = \"integer\", evidence = \"seen\"}\n\
             correct.labels = {type = \"[string]\", evidence = \"seen\"}\n\
             correct.answer = {type = \"[Thing]\", evidence = \"seen\"}\n",
        ),
    ])
    .unwrap();
    let api = lower(&spec, &overlay).unwrap();

    let found = bundle(&spec, &overlay, &api).unwrap();

    let thing = json!({"$ref": "#/components/schemas/Thing"});
    let expected = json!({
        "openapi": "3.1.0",
        "info": {"title": "Demo", "version": "1"},
        "servers": [{"url": "https://demo.example/api"}],
        "paths": {"/things/{id}": {"put": {
            "operationId": "updateThing",
            "tags": ["things"],
            "summary": "Update a thing.",
            "description": "Its number stays.",
            "parameters": [{
                "name": "id",
                "in": "path",
                "required": true,
                "description": "Thing to update.",
                "schema": {"type": "integer"},
            }],
            "requestBody": {"content": {"application/json": {"schema": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "description": "New name."},
                    "labels": {"type": "array", "items": {"type": "string"}, "description": "Words to sort it by."},
                },
            }}}},
            "responses": {
                "200": {"description": "", "content": {"application/json": {
                    "schema": {"type": "array", "items": thing},
                }}},
                "404": {"description": ""},
            },
        }}},
        "components": {"schemas": {"Thing": {
            "type": "object",
            "description": "A thing of somebody's.",
            "properties": {
                "size": {"type": "integer", "description": "Bytes on disk."},
                "name": {"type": "string", "description": "What people call it."},
                "owner": {"type": "object", "additionalProperties": thing},
                "parents": {"anyOf": [{"type": "array", "items": thing}, {"type": "null"}]},
            },
        }}},
    });
    assert_eq!(found, expected);
}

#[test]
fn facts_that_are_no_json_are_an_error_with_the_line() {
    let mut sound = spec(&json!({"paths": {}}));
    let api = lower(&sound, &Overlay::default()).unwrap();
    sound.text.push_str("\n}");

    let problem = bundle(&sound, &Overlay::default(), &api).unwrap_err();

    assert_eq!(problem.to_string(), "openapi.json: line 2: trailing characters at line 2 column 1");
}
