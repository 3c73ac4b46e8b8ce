//! What changed upstream, and how new facts join the ones we have.

use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// One difference between the facts we have and those of a new document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// `+`, `-` or `~`.
    pub sign: char,
    /// The operation or model, and the member.
    pub place: String,
    /// What is there now, or what became of it.
    pub detail: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.detail.as_str() {
            "" => write!(f, "{} {}", self.sign, self.place),
            detail => write!(f, "{} {}: {detail}", self.sign, self.place),
        }
    }
}

/// Joins new facts with those we have: answers the facts to keep, and what changed.
///
/// Where we know better than the document (`x-upstream-type`, `x-undocumented`, `x-inferred`), we go on knowing it for as
/// long as the document says what it said; when it says something new, that is a change and the correction is up for review.
pub fn merge(old: &Value, new: &Value) -> (Value, Vec<Change>) {
    let mut merged = new.clone();
    carry(old, &mut merged);
    carry_models(old, &mut merged);
    let mut changes = Vec::new();
    compare_operations(old, &merged, &mut changes);
    compare_models(old, &merged, &mut changes);
    changes.sort();
    (merged, changes)
}

/// Brings corrections along, node by node.
fn carry(old: &Value, new: &mut Value) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            if let Some(Value::String(was)) = old.get("x-upstream-type")
                && !new.contains_key("x-upstream-type")
                && was.eq_ignore_ascii_case(&spelled(new))
            {
                new.clone_from(old);
                return;
            }
            if let (Some(Value::String(was)), Some(Value::Object(content))) =
                (old.get("x-upstream-schema"), new.get("content"))
            {
                let now = content.values().next().and_then(|c| c.get("schema")).and_then(Value::as_object);
                if !new.contains_key("x-upstream-schema") && now.is_some_and(|now| was == &spelled(now)) {
                    new.clone_from(old);
                    return;
                }
            }
            if old.contains_key("x-inferred") && !new.contains_key("content") {
                new.clone_from(old);
                return;
            }
            for (key, value) in new.iter_mut() {
                if let Some(old) = old.get(key) {
                    carry(old, value);
                }
            }
            let undocumented: Vec<(String, Value)> = old
                .iter()
                .filter(|(key, value)| value.get("x-undocumented").is_some() && !new.contains_key(*key))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            new.extend(undocumented);
            for flag in ["x-allow-slash", "x-auth", "x-optional-path-parameter", "x-upstream-path", "x-order"] {
                if let (Some(value), false) = (old.get(flag), new.contains_key(flag)) {
                    new.insert(flag.to_owned(), value.clone());
                }
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            // Parameters are told apart by their names, everything else by position.
            for (i, value) in new.iter_mut().enumerate() {
                let name = value.get("name").cloned();
                let same = match &name {
                    Some(_) => old.iter().find(|o| o.get("name") == name.as_ref()),
                    None => old.get(i),
                };
                if let Some(same) = same {
                    carry(same, value);
                }
            }
        }
        _ => {}
    }
}

/// Models that only our corrections refer to are not in any document.
fn carry_models(old: &Value, new: &mut Value) {
    loop {
        let mut wanted = BTreeSet::new();
        references(new, &mut wanted);
        let missing: Vec<String> = wanted
            .into_iter()
            .filter(|name| new.pointer(&format!("/components/schemas/{name}")).is_none())
            .filter(|name| old.pointer(&format!("/components/schemas/{name}")).is_some())
            .collect();
        if missing.is_empty() {
            return;
        }
        let Some(schemas) = new.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else {
            return;
        };
        for name in missing {
            if let Some(schema) = old.pointer(&format!("/components/schemas/{name}")) {
                schemas.insert(name, schema.clone());
            }
        }
    }
}

fn references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            if let Some(target) = object.get("$ref").and_then(Value::as_str)
                && let Some(name) = target.strip_prefix("#/components/schemas/")
            {
                into.insert(name.to_owned());
            }
            object.values().for_each(|value| references(value, into));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, into)),
        _ => {}
    }
}

/// A schema in one word, as the study that corrected it wrote it down.
fn spelled(schema: &Map<String, Value>) -> String {
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        return target.rsplit('/').next().unwrap_or_default().to_owned();
    }
    for name in ["anyOf", "oneOf", "allOf"] {
        if let Some(parts) = schema.get(name).and_then(Value::as_array) {
            let parts: Vec<String> = parts.iter().filter_map(|p| p.as_object().map(spelled)).collect();
            return parts.join(" | ");
        }
    }
    let kind = match schema.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | "),
        _ => "any".to_owned(),
    };
    let items = schema.get("items").and_then(Value::as_object).map(spelled);
    let format = schema.get("format").and_then(Value::as_str).map(|f| format!("({f})")).unwrap_or_default();
    match items {
        Some(items) => format!("{kind}<{items}>"),
        None => format!("{kind}{format}"),
    }
}

fn compare_operations(old: &Value, new: &Value, changes: &mut Vec<Change>) {
    let (before, after) = (operations(old), operations(new));
    for route in before.keys().filter(|route| !after.contains_key(*route)) {
        changes.push(change('-', route, "the operation is gone"));
    }
    for (route, operation) in &after {
        match before.get(route) {
            None => changes.push(change('+', route, "a new operation")),
            Some(was) => {
                if was.get("operationId") != operation.get("operationId") {
                    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
                    changes.push(change('~', route, &format!("its id is `{id}` now")));
                }
                for fact in ["deprecated", "tags", "x-action"] {
                    if was.get(fact) != operation.get(fact) {
                        changes.push(change('~', route, &format!("`{fact}` changed")));
                    }
                }
                compare_members(&members(was, old), &members(operation, new), route, changes);
            }
        }
    }
}

fn compare_models(old: &Value, new: &Value, changes: &mut Vec<Change>) {
    let empty = Map::new();
    let of = |facts: &Value| {
        facts.pointer("/components/schemas").and_then(Value::as_object).cloned().unwrap_or_else(|| empty.clone())
    };
    let (before, after) = (of(old), of(new));
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        changes.push(change('-', name, "the model is gone"));
    }
    for (name, schema) in &after {
        match before.get(name) {
            None => changes.push(change('+', name, "a new model")),
            Some(was) => {
                let (mut from, mut to) = (BTreeMap::new(), BTreeMap::new());
                flatten(was, "", &mut from);
                flatten(schema, "", &mut to);
                compare_members(&from, &to, name, changes);
            }
        }
    }
}

fn compare_members(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    place: &str,
    changes: &mut Vec<Change>,
) {
    let at = |member: &str| format!("{place} {}", member.trim_start()).trim_end().to_owned();
    for (member, ty) in before {
        if !after.contains_key(member) {
            changes.push(change('-', &at(member), ty));
        }
    }
    for (member, ty) in after {
        match before.get(member) {
            None => changes.push(change('+', &at(member), ty)),
            Some(was) if was != ty => changes.push(change('~', &at(member), &format!("{was} -> {ty}"))),
            Some(_) => {}
        }
    }
}

fn change(sign: char, place: &str, detail: &str) -> Change {
    Change { sign, place: place.to_owned(), detail: detail.to_owned() }
}

fn operations(facts: &Value) -> BTreeMap<String, &Value> {
    let mut all = BTreeMap::new();
    for (path, item) in facts.get("paths").and_then(Value::as_object).into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            all.insert(format!("{} {path}", method.to_uppercase()), operation);
        }
    }
    all
}

/// Everything an operation takes and gives, by place and name.
fn members(operation: &Value, facts: &Value) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for parameter in operation.get("parameters").and_then(Value::as_array).into_iter().flatten() {
        let parameter = match parameter.get("$ref").and_then(Value::as_str) {
            Some(target) => facts.pointer(target.trim_start_matches('#')).unwrap_or(parameter),
            None => parameter,
        };
        let text = |key: &str| parameter.get(key).and_then(Value::as_str).unwrap_or_default();
        let place = format!("{} `{}`", text("in"), text("name"));
        let mut nested = BTreeMap::new();
        flatten(parameter.get("schema").unwrap_or(&Value::Null), "", &mut nested);
        let required = parameter.get("required") == Some(&Value::Bool(true));
        for (inner, ty) in nested {
            let ty = if required && inner.is_empty() { format!("{ty}, required") } else { ty };
            all.insert(format!("{place}{inner}"), ty);
        }
    }
    let add = |place: String, holder: &Value, all: &mut BTreeMap<String, String>| {
        for (media_type, entry) in holder.get("content").and_then(Value::as_object).into_iter().flatten() {
            let mut nested = BTreeMap::new();
            flatten(entry.get("schema").unwrap_or(&Value::Null), "", &mut nested);
            for (inner, ty) in nested {
                all.insert(format!("{place} {media_type}{inner}"), ty);
            }
        }
    };
    if let Some(body) = operation.get("requestBody") {
        add("body".to_owned(), body, &mut all);
    }
    for (status, response) in operation.get("responses").and_then(Value::as_object).into_iter().flatten() {
        add(format!("answer {status}"), response, &mut all);
        all.insert(format!("answer {status}"), String::new());
    }
    all
}

/// The members of a schema by path, each with its type in one word.
fn flatten(schema: &Value, path: &str, into: &mut BTreeMap<String, String>) {
    let Some(object) = schema.as_object() else {
        return;
    };
    let mut ty = spelled(object);
    let values = object.get("enum").or_else(|| object.get("items")?.get("enum"));
    if let Some(values) = values.and_then(Value::as_array) {
        let values: Vec<String> = values.iter().map(Value::to_string).collect();
        ty = format!("{ty} of {}", values.join(", "));
    }
    into.insert(path.to_owned(), ty);
    let required: BTreeSet<&str> =
        object.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, inner) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let path = format!("{path} .{name}");
        flatten(inner, &path, into);
        if let (true, Some(ty)) = (required.contains(name.as_str()), into.get_mut(&path)) {
            ty.push_str(", required");
        }
    }
    if let Some(items) = object.get("items")
        && items.get("properties").is_some()
    {
        flatten(items, &format!("{path}[]"), into);
    }
    if let Some(values) = object.get("additionalProperties")
        && values.is_object()
    {
        flatten(values, &format!("{path}{{}}"), into);
    }
    for name in ["allOf", "anyOf", "oneOf"] {
        for (i, part) in object.get(name).and_then(Value::as_array).into_iter().flatten().enumerate() {
            if part.get("properties").is_some() {
                flatten(part, &format!("{path} {name}/{i}"), into);
            }
        }
    }
}
