//! What of an upstream document is a fact, and what is said about a document that is none.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

use serde_json::{Value, json};
use yunkit_codegen::{Source, reduce};

fn source(text: &str) -> Source {
    Source { name: "upstream.json".to_owned(), text: text.to_owned() }
}

fn reduced(text: &str) -> Value {
    reduce(&source(text)).unwrap()
}

fn complaint(text: &str) -> String {
    reduce(&source(text)).unwrap_err().to_string()
}

/// A Swagger 2.0 document with one operation, whose answer nobody describes.
fn swagger(operation: Value) -> String {
    let mut document = json!({
        "swagger": "2.0",
        "info": {"title": "Demo", "version": "2"},
        "paths": {"/things": {"post": {"operationId": "createThing", "responses": {"201": {"description": "Made."}}}}},
    });
    document["paths"]["/things"]["post"].as_object_mut().unwrap().extend(operation.as_object().unwrap().clone());
    document.to_string()
}

/// What a document with one operation becomes.
fn facts(operation: Value) -> Value {
    let mut facts = json!({
        "openapi": "3.1.0",
        "info": {"title": "Demo", "version": "2"},
        "paths": {"/things": {"post": {"operationId": "createThing", "responses": {"201": {}}}}},
        "components": {"schemas": {}},
    });
    facts["paths"]["/things"]["post"].as_object_mut().unwrap().extend(operation.as_object().unwrap().clone());
    facts
}

#[test]
fn an_openapi_document_loses_its_prose_and_keeps_its_facts() {
    let upstream = json!({
        "openapi": "3.0.3",
        "info": {"title": "Demo", "version": "7", "description": "A demo.", "contact": {"name": "Somebody"}},
        "servers": [{"url": "https://demo.example"}],
        "tags": [{"name": "Things", "description": "Things."}],
        "security": [{"token": []}],
        "paths": {
            "/things/{id}": {
                "summary": "One thing",
                "parameters": [{"name": "id", "in": "path", "required": true, "description": "Its number.",
                    "example": 7, "schema": {"type": "integer", "format": "int64", "example": 7}}],
                "patch": {
                    "operationId": "updateThing",
                    "summary": "Update a thing",
                    "description": "Updates.",
                    "tags": ["Things"],
                    "deprecated": true,
                    "x-success-status": 200,
                    "x-codeSamples": [{"lang": "curl", "source": "curl"}],
                    "parameters": [{"$ref": "#/components/parameters/dry"}],
                    "requestBody": {"description": "The new one.", "required": true, "content": {"application/json": {
                        "schema": {"$ref": "#/components/schemas/Thing"},
                        "examples": {"one": {"summary": "One", "value": {"name": "one"}}},
                    }}},
                    "responses": {
                        "200": {"description": "Done.", "headers": {"X-Total": {"description": "How many."}},
                            "content": {"application/json": {"schema": {"allOf": [
                                {"$ref": "#/components/schemas/Thing"},
                                {"type": "object", "title": "More", "properties": {
                                    "at": {"type": "string", "description": "When."},
                                }},
                            ]}, "example": {"id": 7}}}},
                        "404": {"description": "Not there."},
                        "418": {"description": "Made up.", "x-added": "A study saw it."},
                    },
                },
            },
            "/nothing": {"options": {"operationId": "options", "responses": {}}},
        },
        "components": {
            "parameters": {"dry": {"name": "dry", "in": "query", "required": false, "description": "Only look.",
                "schema": {"type": "boolean", "default": false}}},
            "schemas": {"Thing": {
                "type": "object",
                "title": "Thing",
                "description": "A thing.",
                "example": {"id": 7},
                "required": ["id"],
                "properties": {
                    "id": {"type": "integer", "description": "Its number.", "minimum": 1},
                    "kind": {"type": "string", "enum": ["book", "film"], "x-enum-descriptions": ["A book.", "A film."]},
                    "labels": {"type": "array", "items": {"type": "string", "description": "A label.", "maxLength": 8}},
                    "texts": {"type": "object", "additionalProperties": {"type": "string", "example": "hello"}},
                    "value": {"oneOf": [{"type": "string", "description": "Text."}, {"type": "null"}]},
                },
            }},
            "securitySchemes": {"token": {"type": "apiKey", "in": "query", "name": "access_token"}},
        },
    });

    let found = reduced(&upstream.to_string());

    let expected = json!({
        "openapi": "3.1.0",
        "info": {"title": "Demo", "version": "7"},
        "paths": {"/things/{id}": {"patch": {
            "operationId": "updateThing",
            "tags": ["Things"],
            "deprecated": true,
            "x-success-status": 200,
            "parameters": [
                {"name": "id", "in": "path", "required": true, "schema": {"type": "integer", "format": "int64"}},
                {"$ref": "#/components/parameters/dry"},
            ],
            "requestBody": {"required": true, "content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/Thing"},
            }}},
            "responses": {
                "200": {"content": {"application/json": {"schema": {"allOf": [
                    {"$ref": "#/components/schemas/Thing"},
                    {"type": "object", "properties": {"at": {"type": "string"}}},
                ]}}}},
                "404": {},
            },
        }}},
        "components": {
            "parameters": {"dry": {"name": "dry", "in": "query", "schema": {"type": "boolean", "default": false}}},
            "schemas": {"Thing": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "integer", "minimum": 1},
                    "kind": {"type": "string", "enum": ["book", "film"]},
                    "labels": {"type": "array", "items": {"type": "string", "maxLength": 8}},
                    "texts": {"type": "object", "additionalProperties": {"type": "string"}},
                    "value": {"oneOf": [{"type": "string"}, {"type": "null"}]},
                },
            }},
        },
    });
    assert_eq!(found, expected);
}

#[test]
fn members_called_like_prose_are_members() {
    let members = json!({
        "description": {"type": "string"},
        "example": {"type": "string"},
        "summary": {"type": "string"},
    });
    let upstream = json!({
        "openapi": "3.0.3",
        "info": {"title": "Demo", "version": "1"},
        "paths": {},
        "components": {"schemas": {"Thing": {"type": "object", "summary": "A thing", "properties": members}}},
    });

    let found = reduced(&upstream.to_string());

    assert_eq!(found["components"]["schemas"]["Thing"], json!({"type": "object", "properties": members}));
}

#[test]
fn facts_are_already_reduced() {
    let upstream = json!({
        "consumes": ["application/x-www-form-urlencoded"],
        "parameters": [
            {"name": "b", "in": "formData", "type": "string", "required": true},
            {"name": "a", "in": "formData", "type": "integer"},
        ],
    });
    let once = reduced(&swagger(upstream));

    let twice = reduced(&once.to_string());

    assert_eq!(twice, once);
}

#[test]
fn the_reason_of_an_inferred_answer_is_prose_and_that_there_is_one_a_fact() {
    let upstream = json!({
        "openapi": "3.1.0",
        "info": {"title": "Demo", "version": "1"},
        "paths": {"/things": {"get": {"operationId": "listThings", "responses": {"200": {
            "x-inferred": "Three clients read it so.",
            "x-maybe-array": "One of them reads a list.",
            "content": {"application/json": {"schema": {"type": "string"}}},
        }}}}},
    });

    let found = reduced(&upstream.to_string());

    let expected = json!({
        "x-inferred": true,
        "x-maybe-array": true,
        "content": {"application/json": {"schema": {"type": "string"}}},
    });
    assert_eq!(found["paths"]["/things"]["get"]["responses"]["200"], expected);
}

#[test]
fn members_keep_the_order_of_the_document() {
    // Text, because a `Value` would sort the keys before anybody has seen them.
    let upstream = r##"{"openapi": "3.0.0", "info": {"title": "Demo", "version": "1"}, "paths": {"/things": {"post": {
        "operationId": "createThing",
        "requestBody": {"content": {"multipart/form-data": {}, "application/json": {}}},
        "responses": {"200": {"content": {"text/plain": {}, "application/json": {}}}}
    }}}, "components": {"schemas": {"Thing": {"properties": {
        "name": {"type": "string"}, "id": {"type": "integer"},
        "owner": {"properties": {"url": {"type": "string"}, "login": {"type": "string"}}}
    }}}}}"##;

    let found = reduced(upstream);

    let expected = json!({
        "openapi": "3.1.0",
        "info": {"title": "Demo", "version": "1"},
        "paths": {"/things": {"post": {
            "operationId": "createThing",
            "requestBody": {
                "x-order": ["multipart/form-data", "application/json"],
                "content": {"application/json": {"schema": {}}, "multipart/form-data": {"schema": {}}},
            },
            "responses": {"200": {
                "x-order": ["text/plain", "application/json"],
                "content": {"application/json": {"schema": {}}, "text/plain": {"schema": {}}},
            }},
        }}},
        "components": {"schemas": {"Thing": {
            "x-order": ["name", "id", "owner"],
            "properties": {
                "id": {"type": "integer"},
                "name": {"type": "string"},
                "owner": {
                    "x-order": ["url", "login"],
                    "properties": {"login": {"type": "string"}, "url": {"type": "string"}},
                },
            },
        }}},
    });
    assert_eq!(found, expected);
}

#[test]
fn members_called_like_keywords_are_members() {
    let schema = |text: &str| {
        let document = format!(
            r#"{{"openapi": "3.0.0", "info": {{"title": "Demo", "version": "1"}}, "paths": {{}},
                "components": {{"schemas": {{"Thing": {text}}}}}}}"#
        );
        reduced(&document)["components"]["schemas"]["Thing"].clone()
    };
    // The keys of these members' schemas stand in an order that would be noted if they were members or media types.
    let rows = [
        (
            "content",
            r#"{"properties": {"content": {"type": "string", "format": "byte", "description": "-"}}}"#,
            json!({"properties": {"content": {"type": "string", "format": "byte"}}}),
        ),
        (
            "properties",
            r#"{"properties": {"properties": {"type": "array", "items": {"type": "string"}}}}"#,
            json!({"properties": {"properties": {"type": "array", "items": {"type": "string"}}}}),
        ),
        (
            "both, out of order",
            r#"{"properties": {"properties": {"type": "array", "items": {}}, "content": {"type": "string"}}}"#,
            json!({
                "x-order": ["properties", "content"],
                "properties": {"content": {"type": "string"}, "properties": {"type": "array", "items": {}}},
            }),
        ),
    ];

    for (story, text, expected) in rows {
        assert_eq!(schema(text), expected, "{story}");
    }
}

#[test]
fn form_data_is_sent_as_json_wherever_json_is_consumed() {
    let form = "application/x-www-form-urlencoded";
    let rows = [
        (json!([form]), json!([form, "application/json"])),
        (json!([form, "application/json"]), json!(["application/json", form])),
        (json!(["application/json"]), json!(["application/json", form])),
        (json!([]), json!([form, "application/json"])),
    ];

    for (consumes, order) in rows {
        let upstream = json!({
            "consumes": consumes,
            "parameters": [
                {"name": "dry", "in": "query", "type": "boolean", "description": "Only look."},
                {"name": "title", "in": "formData", "type": "string", "required": true, "description": "Its title."},
                {"name": "labels", "in": "formData", "type": "array", "items": {"type": "string"},
                    "collectionFormat": "multi"},
            ],
        });

        let found = reduced(&swagger(upstream));

        let schema = json!({"schema": {
            "type": "object",
            "properties": {"title": {"type": "string"}, "labels": {"type": "array", "items": {"type": "string"}}},
            "required": ["title"],
            "x-order": ["title", "labels"],
        }});
        let mut expected = facts(json!({
            "parameters": [{"name": "dry", "in": "query", "schema": {"type": "boolean"}}],
            "requestBody": {"required": true, "content": {"application/json": schema, form: schema}},
        }));
        if order[0] == form {
            expected["paths"]["/things"]["post"]["requestBody"]["x-order"] = order;
        }
        assert_eq!(found, expected, "{consumes}");
    }
}

#[test]
fn a_file_to_upload_makes_the_body_multipart() {
    let upstream = json!({
        "consumes": ["application/json"],
        "parameters": [
            {"name": "file", "in": "formData", "type": "file"},
            {"name": "title", "in": "formData", "type": "string"},
        ],
    });

    let found = reduced(&swagger(upstream));

    let expected = facts(json!({"requestBody": {"required": false, "content": {"multipart/form-data": {"schema": {
        "type": "object",
        "properties": {"file": {"type": "string", "format": "binary"}, "title": {"type": "string"}},
        "x-order": ["file", "title"],
    }}}}}));
    assert_eq!(found, expected);
}

#[test]
fn a_body_parameter_is_the_body_and_definitions_are_schemas() {
    let upstream = json!({
        "swagger": "2.0",
        "info": {"title": "Demo", "version": "2"},
        "produces": ["text/plain"],
        "paths": {"/things": {
            "parameters": [{"name": "dry", "in": "query", "type": "boolean"}],
            "post": {
                "operationId": "createThing",
                "produces": ["application/json"],
                "parameters": [{"name": "body", "in": "body", "required": true, "schema": {"$ref": "#/definitions/Thing"}}],
                "responses": {"201": {
                    "description": "Made.",
                    "schema": {"type": "array", "items": {"$ref": "#/definitions/Thing"}},
                }},
            },
            "get": {
                "operationId": "exportThings",
                "responses": {
                    "200": {"description": "A table.", "schema": {"type": "string"}},
                    "404": {"description": "No."},
                },
            },
        }},
        "definitions": {"Thing": {"type": "object", "properties": {"parent": {"$ref": "#/definitions/Thing"}}}},
    });

    let found = reduced(&upstream.to_string());

    let thing = json!({"$ref": "#/components/schemas/Thing"});
    let dry = json!([{"name": "dry", "in": "query", "schema": {"type": "boolean"}}]);
    let expected = json!({
        "openapi": "3.1.0",
        "info": {"title": "Demo", "version": "2"},
        "paths": {"/things": {
            "post": {
                "operationId": "createThing",
                "parameters": dry,
                "requestBody": {"required": true, "content": {"application/json": {"schema": thing}}},
                "responses": {"201": {"content": {"application/json": {"schema": {"type": "array", "items": thing}}}}},
            },
            "get": {
                "operationId": "exportThings",
                "parameters": dry,
                "responses": {"200": {"content": {"text/plain": {"schema": {"type": "string"}}}}, "404": {}},
            },
        }},
        "components": {"schemas": {"Thing": {"type": "object", "properties": {"parent": thing}}}},
    });
    assert_eq!(found, expected);
}

#[test]
fn a_document_that_cannot_be_read_is_an_error_with_the_place() {
    let openapi = |paths: Value| json!({"openapi": "3.0.0", "info": {}, "paths": paths}).to_string();
    let post = |operation: Value| openapi(json!({"/a/{b}": {"post": operation}}));
    let neither = "upstream.json: neither Swagger 2.0 nor OpenAPI 3: there is no `swagger: \"2.0\"` and no \
                   `openapi: \"3…\"`";
    let rows = [
        (
            "{\n  \"openapi\": \"3.0.0\",\n  \"paths\": {]\n}".to_owned(),
            "upstream.json: line 3: key must be a string at line 3 column 13",
        ),
        (String::new(), "upstream.json: line 1: EOF while parsing a value at line 1 column 0"),
        ("<html></html>".to_owned(), "upstream.json: line 1: expected value at line 1 column 1"),
        ("[]".to_owned(), neither),
        (json!({"swagger": "1.2", "paths": {}}).to_string(), neither),
        (json!({"openapi": "4.0.0", "paths": {}}).to_string(), neither),
        (json!({"openapi": "3.0.0"}).to_string(), "upstream.json: /paths: there are no paths"),
        (openapi(json!([])), "upstream.json: /paths: expected an object"),
        (openapi(json!({"/a/{b}": "soon"})), "upstream.json: /paths/~1a~1{b}: expected an object"),
        (post(json!({"responses": {}})), "upstream.json: /paths/~1a~1{b}/post: there is no operationId"),
        (
            post(json!({"operationId": "a"})),
            "upstream.json: /paths/~1a~1{b}/post/responses: there are no responses",
        ),
        (
            post(json!({"operationId": "a", "parameters": [{"in": "query", "schema": 1}], "responses": {}})),
            "upstream.json: /paths/~1a~1{b}/post/parameters/0/schema: expected an object",
        ),
        (
            post(
                json!({"operationId": "a", "requestBody": {"$ref": "#/components/requestBodies/A"}, "responses": {}}),
            ),
            "upstream.json: /paths/~1a~1{b}/post/requestBody: the reference `#/components/requestBodies/A` is not \
             supported here",
        ),
        (
            post(json!({"operationId": "a", "responses": {"200": {"$ref": "#/components/responses/A"}}})),
            "upstream.json: /paths/~1a~1{b}/post/responses/200: the reference `#/components/responses/A` is not \
             supported here",
        ),
        (
            json!({"openapi": "3.0.0", "paths": {}, "components": {"schemas": {"A": {"properties": {"b/c": 1}}}}})
                .to_string(),
            "upstream.json: /components/schemas/A/properties/b~1c: expected an object",
        ),
        (
            json!({"swagger": "2.0", "paths": {"/a": {"get": {"responses": {}}}}}).to_string(),
            "upstream.json: /paths/~1a/get: there is no operationId",
        ),
    ];

    for (text, expected) in rows {
        assert_eq!(complaint(&text), expected, "{text}");
    }
}

#[test]
fn what_openapi_3_0_says_beside_the_type_is_said_in_it_and_an_operation_overrules_its_path() {
    let source = Source {
        name: "api.json".to_owned(),
        text: serde_json::json!({
            "openapi": "3.0.3",
            "info": {"title": "t", "version": "1"},
            "paths": {"/x/{id}": {
                "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
                "get": {
                    "operationId": "getX",
                    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}],
                    "responses": {"200": {"content": {"application/json": {"schema": {"type": "string", "nullable": true}}}}}
                }
            }}
        })
        .to_string(),
    };

    let facts = reduce(&source).unwrap();

    let operation = &facts["paths"]["/x/{id}"]["get"];
    assert_eq!(
        operation["parameters"],
        serde_json::json!([{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}])
    );
    assert_eq!(
        operation["responses"]["200"]["content"]["application/json"]["schema"],
        serde_json::json!({"type": ["string", "null"]})
    );
}

#[test]
fn parameters_that_a_swagger_document_shares_are_found() {
    let source = Source {
        name: "api.json".to_owned(),
        text: serde_json::json!({
            "swagger": "2.0",
            "info": {"title": "t", "version": "1"},
            "parameters": {"Title": {"name": "title", "in": "formData", "type": "string", "required": true}},
            "paths": {"/x": {"post": {
                "operationId": "postX",
                "parameters": [{"$ref": "#/parameters/Title"}],
                "responses": {"201": {"description": "made"}}
            }}}
        })
        .to_string(),
    };

    let facts = reduce(&source).unwrap();

    let body =
        &facts["paths"]["/x"]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"];
    assert_eq!(
        *body,
        serde_json::json!({
            "type": "object",
            "properties": {"title": {"type": "string"}},
            "required": ["title"],
            "x-order": ["title"]
        })
    );
}
