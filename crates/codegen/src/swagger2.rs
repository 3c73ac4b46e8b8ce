//! From Swagger 2.0 to the parts of OpenAPI 3 that the reducer reads.

use serde_json::{Map, Value, json};

/// Converts a document; what is malformed stays as it is, for the reducer to complain about.
pub(crate) fn convert(document: &Value) -> Value {
    let mut paths = Map::new();
    for (path, item) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
        let mut out = Map::new();
        let common = item.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default();
        for (method, operation) in item.as_object().into_iter().flatten() {
            if method != "parameters" {
                out.insert(method.clone(), convert_operation(document, operation, &common));
            }
        }
        paths.insert(path.clone(), out.into());
    }
    let mut schemas = document.get("definitions").cloned().unwrap_or_else(|| json!({}));
    let mut paths = Value::from(paths);
    move_references(&mut schemas);
    move_references(&mut paths);
    json!({
        "openapi": "3.1.0",
        "info": document.get("info"),
        "paths": paths,
        "components": {"schemas": schemas},
    })
}

fn convert_operation(document: &Value, operation: &Value, common: &[Value]) -> Value {
    let Some(from) = operation.as_object() else {
        return operation.clone();
    };
    let mut out = from.clone();
    out.remove("parameters");
    let own = from.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default();
    let consumes = media_types(from.get("consumes").or(document.get("consumes")));
    let mut parameters = Vec::new();
    let mut form = Map::new();
    let mut order = Vec::new();
    let mut required = Vec::new();
    let mut whole = None;
    for parameter in common.iter().chain(&own) {
        let target = parameter.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
        let parameter = target.and_then(|target| document.pointer(target)).unwrap_or(parameter);
        match parameter.get("in").and_then(Value::as_str) {
            Some("body") => whole = Some(parameter.clone()),
            Some("formData") => {
                if let Some(name) = parameter.get("name").and_then(Value::as_str) {
                    form.insert(name.to_owned(), schema_of(parameter));
                    order.push(Value::from(name));
                    if parameter.get("required") == Some(&Value::Bool(true)) {
                        required.push(Value::from(name));
                    }
                }
            }
            _ => parameters.push(convert_parameter(parameter)),
        }
    }
    if !parameters.is_empty() {
        out.insert("parameters".to_owned(), parameters.into());
    }
    if let Some(body) = whole {
        let schema = body.get("schema").cloned().unwrap_or_else(|| json!({}));
        out.insert("requestBody".to_owned(), body_of(&["application/json"], schema, true));
    } else if !form.is_empty() {
        let has_file = form.values().any(|s| s.get("format").is_some_and(|f| f == "binary"));
        let json_first = consumes.iter().any(|c| c.contains("json"));
        let kinds: &[&str] = match (has_file, json_first) {
            (true, _) => &["multipart/form-data"],
            (_, true) => &["application/json", "application/x-www-form-urlencoded"],
            _ => &["application/x-www-form-urlencoded", "application/json"],
        };
        let must = !required.is_empty();
        let mut schema = json!({"type": "object", "properties": form, "x-order": order});
        if must {
            schema["required"] = required.into();
        }
        out.insert("requestBody".to_owned(), body_of(kinds, schema, must));
    }
    let produced = media_types(from.get("produces").or(document.get("produces")));
    let produced = produced.first().map_or("application/json", String::as_str);
    if let Some(Value::Object(responses)) = out.get_mut("responses") {
        for response in responses.values_mut() {
            if let Some(schema) = response.as_object_mut().and_then(|r| r.remove("schema")) {
                response["content"] = json!({produced: {"schema": schema_of(&schema)}});
            }
        }
    }
    out.into()
}

fn media_types(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|v| v.as_str().map(str::to_owned)).collect()
}

fn body_of(kinds: &[&str], schema: Value, required: bool) -> Value {
    let content: Map<String, Value> =
        kinds.iter().map(|kind| ((*kind).to_owned(), json!({"schema": schema}))).collect();
    let mut body = json!({"required": required, "content": content});
    if !kinds.is_sorted() {
        body["x-order"] = json!(kinds);
    }
    body
}

fn convert_parameter(parameter: &Value) -> Value {
    let mut out = json!({
        "name": parameter.get("name"),
        "in": parameter.get("in"),
        "schema": schema_of(parameter),
    });
    if parameter.get("required") == Some(&Value::Bool(true)) {
        out["required"] = true.into();
    }
    out
}

/// The schema that a Swagger 2.0 parameter or response spells out beside its name.
fn schema_of(from: &Value) -> Value {
    let mut out = from.clone();
    if let Some(object) = out.as_object_mut() {
        for name in ["name", "in", "required", "collectionFormat"] {
            if !object.get(name).is_some_and(Value::is_array) {
                object.remove(name);
            }
        }
        if object.get("type").is_some_and(|t| t == "file") {
            object.insert("type".to_owned(), "string".into());
            object.insert("format".to_owned(), "binary".into());
        }
    }
    out
}

fn move_references(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (name, inner) in object.iter_mut() {
                match inner {
                    Value::String(target) if name == "$ref" => {
                        *target = target.replace("#/definitions/", "#/components/schemas/");
                    }
                    inner => move_references(inner),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(move_references),
        _ => {}
    }
}
