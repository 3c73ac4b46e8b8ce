//! Facts and overlay as one OpenAPI document: for people of other languages, and for checks by tools that are not ours.

use crate::api::Api;
use crate::facts::escape;
use crate::overlay::{Correction, Overlay, Within};
use crate::{Problem, Source};
use serde_json::{Map, Value, json};

/// Writes the document: corrected types, our names and our text.
///
/// # Errors
///
/// When the facts are no JSON.
pub fn bundle(spec: &Source, overlay: &Overlay, api: &Api) -> Result<Value, Problem> {
    let mut document: Value = serde_json::from_str(&spec.text)
        .map_err(|error| Problem::new(&spec.name, format!("line {}", error.line()), error.to_string()))?;
    keep_only(&mut document, api);
    let models = document.pointer("/components/schemas").cloned().unwrap_or_default();
    for module in &api.modules {
        for operation in &module.operations {
            let Some(node) = document.pointer_mut(&operation.pointer) else {
                continue;
            };
            // First, because a corrected schema is a new one, without any text.
            let entry = overlay.modules.get(&module.name).and_then(|file| file.operations.get(&operation.id));
            for (wire, correction) in entry.into_iter().flat_map(|entry| &entry.correct) {
                correct_operation(overlay, node, &models, wire, correction);
            }
            for (wire, added) in entry.into_iter().flat_map(|entry| &entry.add) {
                add_to_body(overlay, node, wire, added);
            }
            let (summary, rest) = operation.doc.split_once('\n').unwrap_or((&operation.doc, ""));
            node["summary"] = summary.trim().into();
            if !rest.trim().is_empty() {
                node["description"] = rest.trim().into();
            }
            node["tags"] = json!([module.name]);
            if let Some(parameters) = node.get_mut("parameters").and_then(Value::as_array_mut) {
                let twice = entry.map(|entry| entry.twice.as_slice()).unwrap_or_default();
                let is = |parameter: &Value, key: &str, text: &str| {
                    parameter.get(key).is_some_and(|value| value == text)
                };
                parameters.retain(|p| !(is(p, "in", "query") && twice.iter().any(|name| is(p, "name", name))));
            }
            let texts: Map<String, Value> =
                operation.members.iter().map(|m| (m.wire.clone(), m.doc.clone().into())).collect();
            for parameter in node.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
                let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
                if let Some(text) = texts.get(&name) {
                    parameter["description"] = text.clone();
                }
            }
            if let Some(content) = node.pointer_mut("/requestBody/content").and_then(Value::as_object_mut) {
                for entry in content.values_mut() {
                    describe(entry.get_mut("schema"), &texts);
                }
            }
        }
    }
    for operation in api.modules.iter().flat_map(|module| &module.operations) {
        for choice in &operation.choices {
            choose(&mut document, overlay, &operation.pointer, &choice.name);
        }
    }
    for (id, entry) in &overlay.types {
        let Some(node) = document.pointer_mut(&format!("/components/schemas/{}", escape(id))) else {
            continue;
        };
        node["description"] = entry.doc.trim().into();
        for (wire, correction) in &entry.correct {
            if let Some(member) = node.pointer_mut(&format!("/properties/{}", escape(wire))) {
                *member = schema_of(overlay, correction);
            }
        }
        let all = node.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        let required: Vec<Value> = all
            .iter()
            .filter(|wire| !wire.as_str().is_some_and(|wire| entry.optional.contains_key(wire)))
            .map(|wire| {
                wire.as_str()
                    .and_then(|wire| entry.spelled.get(wire))
                    .map_or(wire.clone(), |name| name.clone().into())
            })
            .collect();
        if required != all {
            node["required"] = required.into();
        }
        for (wire, name) in &entry.spelled {
            let properties = node.get_mut("properties").and_then(Value::as_object_mut);
            if let Some((properties, member)) = properties.and_then(|p| p.remove(wire).map(|member| (p, member))) {
                properties.insert(name.clone(), member);
            }
        }
        for (wire, added) in &entry.add {
            node["properties"][wire] = schema_of(overlay, added);
        }
        let mut texts: Map<String, Value> = Map::new();
        for (wire, text) in overlay.glossary.members.iter().chain(&entry.members) {
            texts.insert(wire.clone(), text.trim().into());
        }
        describe(Some(node), &texts);
    }
    strip(&mut document);
    if let Some(server) = &overlay.api.server {
        document["servers"] = json!([{"url": server}]);
    }
    Ok(document)
}

/// The corrected facts without a word of text: what fakes and samples go by.
///
/// # Errors
///
/// As [`bundle`].
pub fn corrected(spec: &Source, overlay: &Overlay, api: &Api) -> Result<Value, Problem> {
    let mut document = bundle(spec, overlay, api)?;
    untold(&mut document, false);
    Ok(document)
}

/// Takes the text out; `named` says whether the keys here are names of members, which may be called like our words for text.
fn untold(value: &mut Value, named: bool) {
    match value {
        Value::Object(object) => {
            if !named {
                object
                    .retain(|key, value| !(matches!(key.as_str(), "description" | "summary") && value.is_string()));
            }
            for (key, inner) in object.iter_mut() {
                untold(inner, !named && matches!(key.as_str(), "properties" | "schemas" | "paths"));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|inner| untold(inner, false)),
        _ => {}
    }
}

/// Takes out the operations that the crate leaves out.
fn keep_only(document: &mut Value, api: &Api) {
    let operations = || api.modules.iter().flat_map(|module| &module.operations);
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return };
    for (path, item) in paths.iter_mut() {
        let Some(item) = item.as_object_mut() else { continue };
        item.retain(|method, _| {
            let pointer = format!("/paths/{}/{method}", escape(path));
            operations().any(|operation| operation.pointer == pointer)
        });
    }
    paths.retain(|_, item| item.as_object().is_some_and(|item| !item.is_empty()));
}

fn describe(schema: Option<&mut Value>, texts: &Map<String, Value>) {
    let Some(members) = schema.and_then(|s| s.get_mut("properties")).and_then(Value::as_object_mut) else {
        return;
    };
    for (wire, member) in members {
        if let (Some(text), Some(member)) = (texts.get(wire), member.as_object_mut()) {
            member.insert("description".to_owned(), text.clone());
        }
    }
}

fn correct_operation(overlay: &Overlay, node: &mut Value, models: &Value, wire: &str, correction: &Correction) {
    for parameter in node.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        if parameter.get("name").is_some_and(|name| name == wire) {
            parameter["schema"] = schema_of(overlay, correction);
        }
    }
    for entry in node
        .pointer_mut("/requestBody/content")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flat_map(|c| c.values_mut())
    {
        // A body that is a model of its own is written out: the model may serve elsewhere, uncorrected.
        let target = entry.pointer("/schema/$ref").and_then(Value::as_str);
        let model = target.and_then(|target| models.get(target.strip_prefix("#/components/schemas/")?));
        if let Some(model) = model.filter(|model| model.pointer(&format!("/properties/{}", escape(wire))).is_some())
        {
            entry["schema"] = model.clone();
        }
        if let Some(member) = entry.pointer_mut(&format!("/schema/properties/{}", escape(wire))) {
            *member = schema_of(overlay, correction);
        }
    }
    if wire == "answer" {
        for (status, response) in node.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten() {
            if status.starts_with('2') {
                response["content"] = json!({"application/json": {"schema": schema_of(overlay, correction)}});
            }
        }
    }
}

/// Members of which one is enough are not required, and have the type that every operation gives them.
fn choose(document: &mut Value, overlay: &Overlay, operation: &str, name: &str) {
    let Some(choice) = overlay.api.choices.get(name) else { return };
    let body =
        document.pointer(operation).and_then(|node| node.pointer("/requestBody/content/application~1json/schema"));
    let parts = body.and_then(|schema| schema.get("allOf")?.as_array()).cloned().unwrap_or_default();
    let targets =
        parts.iter().filter_map(|part| Some(part.get("$ref")?.as_str()?.trim_start_matches('#').to_owned()));
    for target in targets.collect::<Vec<_>>() {
        let Some(model) = document.pointer_mut(&target) else { continue };
        for (member, ty) in choice.members.iter().zip(&choice.types) {
            if let Some(schema) = model.pointer_mut(&format!("/properties/{}", escape(member))) {
                let text = schema.get("description").cloned();
                *schema = json!({"type": ty});
                schema["description"] = text.unwrap_or_default();
            }
        }
        if let Some(required) = model.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|wire| {
                !wire.as_str().is_some_and(|wire| choice.members.iter().any(|member| member == wire))
            });
        }
    }
}

fn add_to_body(overlay: &Overlay, node: &mut Value, wire: &str, added: &Correction) {
    if node.get("requestBody").is_none() {
        let kind = if added.ty == "file" { "multipart/form-data" } else { "application/x-www-form-urlencoded" };
        node["requestBody"] = json!({"content": {kind: {"schema": {"type": "object", "properties": {}}}}});
    }
    let content = node.pointer_mut("/requestBody/content").and_then(Value::as_object_mut);
    for entry in content.into_iter().flat_map(|content| content.values_mut()) {
        entry["schema"]["properties"][wire] = match added.ty.as_str() {
            "file" => json!({"type": "string", "format": "binary"}),
            _ => schema_of(overlay, added),
        };
    }
}

fn schema_of(overlay: &Overlay, correction: &Correction) -> Value {
    let spelled = correction.spelled();
    let inner = match spelled.name {
        "string" | "integer" | "number" | "boolean" => json!({"type": spelled.name}),
        "any" => json!({}),
        name if overlay.api.enums.contains_key(name) => json!({"type": "string"}),
        id => json!({"$ref": format!("#/components/schemas/{id}")}),
    };
    let schema = match spelled.within {
        Within::Nothing => inner,
        Within::List => json!({"type": "array", "items": inner}),
        Within::Map => json!({"type": "object", "additionalProperties": inner}),
        Within::OneOrMany => json!({"anyOf": [inner, {"type": "array", "items": inner}]}),
    };
    match spelled.nullable {
        true => json!({"anyOf": [schema, {"type": "null"}]}),
        false => schema,
    }
}

/// Takes out what only the generator reads.
fn strip(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|key, _| !key.starts_with("x-"));
            object.values_mut().for_each(strip);
            if let Some(Value::Object(responses)) = object.get_mut("responses") {
                for response in responses.values_mut() {
                    if let Some(response) = response.as_object_mut() {
                        response.entry("description").or_insert_with(|| "".into());
                    }
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}
