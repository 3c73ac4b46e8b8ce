//! What a new upstream document changes: what is reported, and which of our corrections live on.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

use serde_json::{Map, Value, json};
use yunkit_codegen::{Source, merge, reduce};

/// Facts with these models and no operations.
fn models(schemas: Value) -> Value {
    json!({"openapi": "3.1.0", "info": {"title": "Demo", "version": "1"}, "paths": {}, "components": {"schemas": schemas}})
}

/// Facts with one model of these members.
fn thing(members: Value) -> Value {
    models(json!({"Thing": {"type": "object", "properties": members}}))
}

/// Facts with one operation.
fn operation(more: Value) -> Value {
    let mut operation = json!({"operationId": "updateThing", "tags": ["Things"], "responses": {"204": {}}});
    operation.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut facts = models(json!({}));
    facts["paths"]["/things/{id}"]["patch"] = operation;
    facts
}

/// Facts with one operation that answers this.
fn answer(response: Value) -> Value {
    operation(json!({"responses": {"200": response}}))
}

fn json_of(schema: Value) -> Value {
    json!({"content": {"application/json": {"schema": schema}}})
}

/// The report, a line for a change.
fn report(old: &Value, new: &Value) -> Vec<String> {
    merge(old, new).1.iter().map(ToString::to_string).collect()
}

#[test]
fn every_change_is_reported_in_one_line() {
    let text = json!({"type": "string"});
    let number = json!({"type": "integer"});
    let choice = |values: Value| json!({"type": "string", "enum": values});
    let query = |name: &str, schema: &Value| {
        operation(json!({"parameters": [{"name": name, "in": "query", "schema": schema}]}))
    };
    let body = |schema: Value| operation(json!({"requestBody": json_of(schema)}));
    let rows: Vec<(Value, Value, &[&str])> = vec![
        // Operations.
        (models(json!({})), operation(json!({})), &["+ PATCH /things/{id}: a new operation"]),
        (operation(json!({})), models(json!({})), &["- PATCH /things/{id}: the operation is gone"]),
        (
            operation(json!({})),
            operation(json!({"operationId": "changeThing"})),
            &["~ PATCH /things/{id}: its id is `changeThing` now"],
        ),
        (
            operation(json!({})),
            operation(json!({"deprecated": true})),
            &["~ PATCH /things/{id}: `deprecated` changed"],
        ),
        (operation(json!({})), operation(json!({"tags": ["Other"]})), &["~ PATCH /things/{id}: `tags` changed"]),
        // What they take.
        (operation(json!({})), query("dry", &text), &["+ PATCH /things/{id} query `dry`: string"]),
        (query("dry", &text), operation(json!({})), &["- PATCH /things/{id} query `dry`: string"]),
        (query("dry", &text), query("dry", &number), &["~ PATCH /things/{id} query `dry`: string -> integer"]),
        (
            query("dry", &text),
            operation(json!({"parameters": [{"name": "dry", "in": "query", "schema": text, "required": true}]})),
            &["~ PATCH /things/{id} query `dry`: string -> string, required"],
        ),
        (
            query("sort", &choice(json!(["asc", "desc"]))),
            query("sort", &choice(json!(["asc", "desc", "none"]))),
            &[
                "~ PATCH /things/{id} query `sort`: string of \"asc\", \"desc\" -> string of \"asc\", \"desc\", \"none\"",
            ],
        ),
        (
            body(json!({"type": "object", "properties": {"name": text}})),
            body(json!({"type": "object", "properties": {"title": text}, "required": ["title"]})),
            &[
                "+ PATCH /things/{id} body application/json .title: string, required",
                "- PATCH /things/{id} body application/json .name: string",
            ],
        ),
        // What they give.
        (
            answer(json_of(text.clone())),
            answer(json_of(json!({"type": "array", "items": text}))),
            &["~ PATCH /things/{id} answer 200 application/json: string -> array<string>"],
        ),
        (
            answer(json!({})),
            operation(json!({"responses": {"201": {}}})),
            &["+ PATCH /things/{id} answer 201", "- PATCH /things/{id} answer 200"],
        ),
        // Models.
        (models(json!({})), thing(json!({})), &["+ Thing: a new model"]),
        (thing(json!({})), models(json!({})), &["- Thing: the model is gone"]),
        (thing(json!({})), thing(json!({"name": text})), &["+ Thing .name: string"]),
        (thing(json!({"name": text})), thing(json!({})), &["- Thing .name: string"]),
        (thing(json!({"name": text})), thing(json!({"name": number})), &["~ Thing .name: string -> integer"]),
        (
            thing(json!({"id": number})),
            thing(json!({"id": {"type": "integer", "format": "int64"}})),
            &["~ Thing .id: integer -> integer(int64)"],
        ),
        (
            thing(json!({"owner": {"$ref": "#/components/schemas/User"}})),
            thing(json!({"owner": {"anyOf": [{"$ref": "#/components/schemas/User"}, {"type": "null"}]}})),
            &["~ Thing .owner: User -> User | null"],
        ),
        (
            thing(json!({"owner": {"type": "object", "properties": {"login": text}}})),
            thing(json!({"owner": {"type": "object", "properties": {"login": number}}})),
            &["~ Thing .owner .login: string -> integer"],
        ),
        (
            thing(json!({"owners": {"type": "array", "items": {"type": "object", "properties": {"login": text}}}})),
            thing(
                json!({"owners": {"type": "array", "items": {"type": "object", "properties": {"login": number}}}}),
            ),
            &["~ Thing .owners[] .login: string -> integer"],
        ),
        (
            thing(json!({"events": {"type": "array", "items": choice(json!(["push"]))}})),
            thing(json!({"events": {"type": "array", "items": choice(json!(["push", "tag"]))}})),
            &["~ Thing .events: array<string> of \"push\" -> array<string> of \"push\", \"tag\""],
        ),
        (
            thing(json!({"sizes": {"type": "object", "additionalProperties": number}})),
            thing(json!({"sizes": {"type": "object", "additionalProperties": text}})),
            &["~ Thing .sizes{}: integer -> string"],
        ),
    ];

    for (old, new, expected) in rows {
        assert_eq!(report(&old, &new), expected, "from {old}\nto {new}");
    }
}

#[test]
fn a_parameter_that_is_shared_is_reported_where_it_is_used() {
    let paged = |schema: Value| {
        let mut facts = operation(json!({"parameters": [{"$ref": "#/components/parameters/page"}]}));
        facts["components"]["parameters"]["page"] = json!({"name": "page", "in": "query", "schema": schema});
        facts
    };

    let found = report(&paged(json!({"type": "integer"})), &paged(json!({"type": "string"})));

    assert_eq!(found, ["~ PATCH /things/{id} query `page`: integer -> string"]);
}

#[test]
fn the_first_sync_reports_everything_as_new() {
    let mut facts = operation(json!({}));
    facts["components"]["schemas"]["Thing"] = json!({"type": "object", "properties": {"id": {"type": "integer"}}});

    let (merged, changes) = merge(&Value::Null, &facts);

    assert_eq!(merged, facts);
    let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["+ PATCH /things/{id}: a new operation", "+ Thing: a new model"]);
}

#[test]
fn a_document_synced_with_itself_reports_nothing() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../gitee/spec/openapi.json");
    let text = std::fs::read_to_string(path).unwrap();
    let facts: Value = serde_json::from_str(&text).unwrap();

    let again = reduce(&Source { name: "openapi.json".to_owned(), text }).unwrap();
    let (merged, changes) = merge(&facts, &again);

    assert_eq!(changes, []);
    // Not `assert_eq!`: two thirds of a megabyte on each side help nobody.
    assert!(again == facts, "reducing facts loses some");
    assert!(merged == facts, "syncing facts with themselves loses some");
}

#[test]
fn a_corrected_type_survives_for_as_long_as_upstream_says_what_it_said() {
    let corrected = json!({"type": "integer", "x-upstream-type": "string"});
    let rows: [(&str, Value, Value, &[&str]); 4] = [
        ("still wrong", json!({"type": "string"}), corrected.clone(), &[]),
        ("put right", json!({"type": "integer"}), json!({"type": "integer"}), &[]),
        (
            "something third",
            json!({"type": "boolean"}),
            json!({"type": "boolean"}),
            &["~ Thing .number: integer -> boolean"],
        ),
        ("gone", Value::Null, Value::Null, &["- Thing .number: integer"]),
    ];

    for (story, upstream, kept, expected) in rows {
        let with = |schema: &Value| match schema {
            Value::Null => thing(json!({"id": {"type": "integer"}})),
            schema => thing(json!({"id": {"type": "integer"}, "number": schema})),
        };

        let (merged, changes) = merge(&with(&corrected), &with(&upstream));

        assert_eq!(merged, with(&kept), "{story}");
        assert_eq!(changes.iter().map(ToString::to_string).collect::<Vec<_>>(), expected, "{story}");
    }
}

#[test]
fn corrections_are_recognised_however_the_old_type_was_spelled() {
    let reference = json!({"$ref": "#/components/schemas/Label"});
    let rows = [
        ("string", json!({"type": "string"})),
        ("String", json!({"type": "string"})),
        ("integer(int32)", json!({"type": "integer", "format": "int32"})),
        ("array<string>", json!({"type": "array", "items": {"type": "string"}})),
        ("array<Label>", json!({"type": "array", "items": reference})),
        ("Label", reference),
        ("string | null", json!({"type": ["string", "null"]})),
        ("any", json!({})),
    ];

    for (was, upstream) in rows {
        let old = thing(json!({"labels": {"type": "array", "items": {"type": "boolean"}, "x-upstream-type": was}}));

        let (merged, changes) = merge(&old, &thing(json!({"labels": upstream})));

        assert_eq!(merged, old, "{was}");
        assert_eq!(changes, [], "{was}");
    }
}

#[test]
fn corrected_parameters_are_found_by_name_wherever_they_stand() {
    let tree = json!({"name": "tree", "in": "query", "schema": {"type": "string"}});
    let with = |sha: Value, parameters: &dyn Fn(Value) -> Value| operation(json!({"parameters": parameters(sha)}));
    let path = json!({"name": "path", "in": "path", "required": true, "schema": {"type": "string"}});
    let mut tail = path.clone();
    tail["x-allow-slash"] = json!(true);
    let corrected =
        json!({"name": "size", "in": "query", "schema": {"type": "integer", "x-upstream-type": "string"}});
    let wrong = json!({"name": "size", "in": "query", "schema": {"type": "string"}});
    let old = with(corrected.clone(), &|size| json!([tail, size]));

    let (merged, changes) = merge(&old, &with(wrong, &|size| json!([tree, size, path])));

    assert_eq!(merged, with(corrected, &|size| json!([tree, size, tail])));
    let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["+ PATCH /things/{id} query `tree`: string"]);
}

#[test]
fn a_corrected_answer_survives_for_as_long_as_upstream_says_what_it_said() {
    let mut corrected = json_of(json!({"type": "array", "items": {"type": "string"}}));
    corrected["x-upstream-schema"] = json!("string");
    let rows: [(&str, Value, Value, &[&str]); 2] = [
        ("still wrong", json_of(json!({"type": "string"})), corrected.clone(), &[]),
        (
            "something third",
            json_of(json!({"type": "integer"})),
            json_of(json!({"type": "integer"})),
            &["~ PATCH /things/{id} answer 200 application/json: array<string> -> integer"],
        ),
    ];

    for (story, upstream, kept, expected) in rows {
        let (merged, changes) = merge(&answer(corrected.clone()), &answer(upstream));

        assert_eq!(merged, answer(kept), "{story}");
        assert_eq!(changes.iter().map(ToString::to_string).collect::<Vec<_>>(), expected, "{story}");
    }
}

#[test]
fn an_inferred_answer_survives_until_upstream_describes_one() {
    let mut inferred = json_of(json!({"type": "string"}));
    inferred["x-inferred"] = json!(true);
    let described = json_of(json!({"type": "integer"}));

    let silent = merge(&answer(inferred.clone()), &answer(json!({})));
    let told = merge(&answer(inferred.clone()), &answer(described.clone()));

    assert_eq!(silent, (answer(inferred), Vec::new()));
    assert_eq!(told.0, answer(described));
    let lines: Vec<String> = told.1.iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["~ PATCH /things/{id} answer 200 application/json: string -> integer"]);
}

#[test]
fn an_undocumented_member_survives_until_upstream_documents_it() {
    let undocumented = json!({"type": "integer", "x-undocumented": true});
    let old = thing(json!({"id": {"type": "integer"}, "size": undocumented}));
    let documented = thing(json!({"id": {"type": "integer"}, "size": {"type": "string"}}));

    let silent = merge(&old, &thing(json!({"id": {"type": "integer"}})));
    let told = merge(&old, &documented);

    assert_eq!(silent, (old, Vec::new()));
    assert_eq!(told.0, documented);
    let lines: Vec<String> = told.1.iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["~ Thing .size: integer -> string"]);
}

#[test]
fn models_that_only_corrections_refer_to_survive() {
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let with = |owner: Value, more: Value| {
        let mut schemas: Map<String, Value> = more.as_object().unwrap().clone();
        schemas.insert("Thing".to_owned(), json!({"type": "object", "properties": {"owner": owner}}));
        models(schemas.into())
    };
    let mut corrected = reference("Owner");
    corrected["x-upstream-type"] = json!("string");
    let owner = json!({"type": "object", "properties": {"plan": reference("Plan")}});
    let plan = json!({"type": "object", "properties": {"name": {"type": "string"}}});
    let old = with(corrected.clone(), json!({"Owner": owner, "Plan": plan, "Unused": plan}));

    let (merged, changes) = merge(&old, &with(json!({"type": "string"}), json!({})));

    assert_eq!(merged, with(corrected, json!({"Owner": owner, "Plan": plan})));
    let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["- Unused: the model is gone"]);
}
