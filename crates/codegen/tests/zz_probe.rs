#[path = "support/source.rs"]
mod source;
use serde_json::{Value, json};
use source::{overlay, source, spec};
use yunkit_codegen::*;
const THINGS: &str = r#"[module]
tags = ["Things"]
doc = "Things, one by one."

[operations.getThing]
name = "Get"
doc = "Get a thing by its number."
"#;
fn facts(answer: Value, params: Value, body: Value, schemas: Value) -> Value {
    let mut op = json!({
        "operationId": "getThing",
        "tags": ["Things"],
        "parameters": params,
        "responses": {"200": {"content": {"application/json": {"schema": answer}}}},
    });
    if !body.is_null() {
        op["requestBody"] = body;
    }
    json!({"openapi": "3.1.0","info": {"title": "Demo", "version": "1"},
        "paths": {"/things": {"post": op}},
        "components": {"schemas": schemas}})
}
fn show(name: &str, facts: &Value, files: &[(&str, &str)]) {
    let r = overlay(files).and_then(|overlay| lower(&spec(facts), &overlay));
    println!("=== {name}");
    match r {
        Err(p) => println!("ERR {p}"),
        Ok(api) => {
            for o in emit(&api, Style::Records) {
                if o.path.starts_with("things") || o.path.starts_with("types") {
                    println!("--- {}\n{}", o.path, o.text)
                }
            }
        }
    }
}
#[test]
fn probe() {
    let jb = |s: Value| json!({"content": {"application/json": {"schema": s}}});
    show(
        "enum answer",
        &facts(
            json!({"type":"array","items":{"type":"string","enum":["a","b"]}}),
            json!([]),
            Value::Null,
            json!({}),
        ),
        &[("things.toml", THINGS)],
    );
    show(
        "corrected raw answer",
        &facts(json!({}), json!([]), Value::Null, json!({})),
        &[("things.toml", &format!("{THINGS}correct.answer = {{type=\"[string]\", evidence=\"s\"}}\n"))],
    );
    show(
        "corrected raw param",
        &facts(
            json!({"type":"string"}),
            json!([]),
            jb(json!({"type":"object","properties":{"a":{}, "b":{"type":"string"}}})),
            json!({}),
        ),
        &[("things.toml", &format!("{THINGS}correct.a = {{type=\"[string]\", evidence=\"s\"}}\n"))],
    );
    show(
        "any param",
        &facts(
            json!({"type":"string"}),
            json!([]),
            jb(json!({"type":"object","properties":{"a":{"type":"string"}}})),
            json!({}),
        ),
        &[("things.toml", &format!("{THINGS}correct.a = {{type=\"any\", evidence=\"s\"}}\n"))],
    );
    show(
        "sensitive param",
        &facts(
            json!({"type":"string"}),
            json!([]),
            jb(json!({"type":"object","properties":{"a":{"type":"string","x-sensitive":true}}})),
            json!({}),
        ),
        &[("things.toml", THINGS)],
    );
    show(
        "unlisted",
        &facts(
            json!({"type":"string"}),
            json!([{"name":"q","in":"query","schema":{"type":"string","enum":["listed","unlisted"]}}]),
            Value::Null,
            json!({}),
        ),
        &[("things.toml", THINGS)],
    );
    show(
        "alias enum",
        &facts(
            json!({"type":"string"}),
            json!([{"name":"q","in":"query","schema":{"$ref":"#/components/schemas/State"}}]),
            Value::Null,
            json!({"State":{"type":"string","enum":["open","closed"]}}),
        ),
        &[("things.toml", THINGS)],
    );
    show(
        "entry model",
        &facts(
            json!({"$ref":"#/components/schemas/Entry"}),
            json!([]),
            Value::Null,
            json!({"Entry":{"type":"object","properties":{"a":{"type":"string"}}}}),
        ),
        &[("things.toml", THINGS)],
    );
    show(
        "group tables",
        &facts(json!({"type":"string"}), json!([]), Value::Null, json!({})),
        &[("things.toml", &format!("{THINGS}group=\"tables\"\n"))],
    );
    show(
        "enum value bogus",
        &facts(
            json!({"type":"string"}),
            json!([{"name":"q","in":"query","schema":{"type":"string","enum":["open","closed"]}}]),
            Value::Null,
            json!({}),
        ),
        &[
            ("things.toml", THINGS),
            (
                "api.toml",
                "[enums.Q]\nvalues=[\"open\",\"closed\"]\ndoc=\"x\"\nvalue.bogus=\"x\"\nvariant.bogus=\"X\"\n",
            ),
        ],
    );
    show(
        "clear collision",
        &facts(
            json!({"type":"string"}),
            json!([]),
            jb(json!({"type":"object","properties":{"a":{"type":["string","null"]},"clear_a":{"type":"boolean"}}})),
            json!({}),
        ),
        &[("things.toml", THINGS)],
    );
    show(
        "nullable correction in answer",
        &facts(
            json!({"$ref":"#/components/schemas/T"}),
            json!([]),
            Value::Null,
            json!({"T":{"type":"object","properties":{"a":{"type":"string"}}}}),
        ),
        &[
            ("things.toml", THINGS),
            ("types.toml", "[types.T]\ndoc=\"x\"\ncorrect.a={type=\"integer?\",evidence=\"x\"}\n"),
        ],
    );
    show(
        "correct to alias",
        &facts(
            json!({"$ref":"#/components/schemas/T"}),
            json!([]),
            Value::Null,
            json!({"State":{"type":"string","enum":["x","y"]}, "T":{"type":"object","properties":{"a":{"type":"string"}}}}),
        ),
        &[
            ("things.toml", THINGS),
            ("types.toml", "[types.T]\ndoc=\"x\"\ncorrect.a={type=\"State\",evidence=\"x\"}\n"),
        ],
    );
    show(
        "answer member vs answer",
        &facts(
            json!({"type":"object","properties":{"z":{"type":"string"}}}),
            json!([]),
            jb(
                json!({"type":"object","properties":{"answer":{"type":"object","properties":{"y":{"type":"string"}}}}}),
            ),
            json!({}),
        ),
        &[("things.toml", THINGS)],
    );
    show(
        "scalar binary etc in body",
        &facts(
            json!({"type":"string"}),
            json!([]),
            jb(
                json!({"type":"object","required":["n"],"properties":{"n":{"type":["string","null"]}, "l":{"type":"array","items":{"type":"string","format":"binary"}}}}),
            ),
            json!({}),
        ),
        &[("things.toml", THINGS)],
    );
    let r = |t: Value| match reduce(&source("up.json", t.to_string())) {
        Ok(v) => println!("{}", serde_json::to_string_pretty(&v).unwrap()),
        Err(p) => println!("ERR {p}"),
    };
    println!("=== reduce $ref body");
    r(
        json!({"openapi":"3.0.0","info":{"title":"t","version":"1"},"paths":{"/a":{"parameters":[{"name":"id","in":"query","schema":{"type":"string"}}],"post":{"operationId":"a","parameters":[{"name":"id","in":"query","schema":{"type":"integer"}}],"requestBody":{"$ref":"#/components/requestBodies/A"},"responses":{"200":{"$ref":"#/components/responses/A"}}}}},"components":{"requestBodies":{"A":{"content":{"application/json":{"schema":{"type":"string"}}}}}}}),
    );
    println!("=== reduce ordered edge");
    match reduce(&source(
        "up.json",
        r##"{"openapi":"3.0.0","info":{"title":"t","version":"1"},"paths":{},"components":{"schemas":{"A":{"type":"object","properties":{"properties":{"properties":{"x":{"type":"string"}},"additionalProperties":{}}, "a":{"type":"string"}}}}}}"##,
    )) {
        Ok(v) => println!("{v}"),
        Err(p) => println!("ERR {p}"),
    };
    println!("=== nullable oas3.0");
    r(
        json!({"openapi":"3.0.0","info":{"title":"t","version":"1"},"paths":{},"components":{"schemas":{"A":{"type":"object","properties":{"a":{"type":"string","nullable":true}}}}}}),
    );
    println!("=== sw2 ref param");
    r(
        json!({"swagger":"2.0","info":{"title":"t","version":"1"},"parameters":{"P":{"name":"p","in":"query","type":"string"}},"paths":{"/a":{"post":{"operationId":"a","parameters":[{"$ref":"#/parameters/P"}],"responses":{"200":{"description":"x"}}}}}}),
    );
}
