//! Several documents of one service as one set of facts.

use crate::Problem;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

const SCHEMAS: &str = "#/components/schemas/";

/// Puts the facts of several documents together, such as the versions of an API that one crate serves.
///
/// What two documents call the same and mean differently gets the version in front in each of them: the model
/// `ComponentCreate` becomes `V2ComponentCreate` and `V3ComponentCreate`. Tags get it always, because modules are made of
/// them: `v2/Component`.
///
/// # Errors
///
/// When two documents have the same path, or no version to tell them apart.
pub fn combine(documents: Vec<Value>) -> Result<Value, Problem> {
    let mut documents = documents.into_iter();
    let Some(mut whole) = documents.next() else {
        return Err(Problem::new("", "", "there is no document"));
    };
    let rest: Vec<Value> = documents.collect();
    if rest.is_empty() {
        return Ok(whole);
    }
    let all: Vec<Value> = std::iter::once(whole.clone()).chain(rest).collect();
    let schemas = clashing_schemas(&all);
    let mut versions = BTreeSet::new();
    whole["info"]["version"] = Value::String(String::new());
    whole["paths"] = Map::new().into();
    whole["components"] = serde_json::json!({"schemas": {}, "parameters": {}});
    for (i, document) in all.iter().enumerate() {
        let version = document.pointer("/info/version").and_then(Value::as_str).unwrap_or_default();
        if version.is_empty() || !versions.insert(version) {
            return Err(Problem::new(
                "",
                "/info/version",
                format!("`{version}` does not tell the documents apart"),
            ));
        }
        let others = all.iter().enumerate().filter(move |(j, _)| *j != i).map(|(_, other)| other);
        let renamed = Renamed { version, schemas: &schemas, ids: clashing_ids(document, others) };
        let mut document = document.clone();
        renamed.walk(&mut document);
        for pointer in ["/paths", "/components/schemas", "/components/parameters"] {
            let Some(Value::Object(from)) = document.pointer_mut(pointer).map(Value::take) else { continue };
            for (mut key, mut value) in from {
                match pointer {
                    "/paths" => renamed.operations(&mut value),
                    "/components/schemas" if renamed.schemas.contains(&key) => key = renamed.name(&key),
                    _ => {}
                }
                let to = whole.pointer_mut(pointer).and_then(Value::as_object_mut);
                if let Some(old) = to.and_then(|to| to.insert(key.clone(), value.clone()))
                    && old != value
                {
                    return Err(Problem::new("", format!("{pointer}/{key}"), "two documents have it"));
                }
            }
        }
    }
    whole["info"]["version"] = versions.into_iter().collect::<Vec<_>>().join(", ").into();
    Ok(whole)
}

/// The models that mean different things in two documents, by themselves or by what they refer to.
fn clashing_schemas(documents: &[Value]) -> BTreeSet<String> {
    let schemas = || documents.iter().filter_map(|document| document.pointer("/components/schemas")?.as_object());
    let mut clashing = BTreeSet::new();
    let mut shared = BTreeSet::new();
    for (i, own) in schemas().enumerate() {
        for (name, content) in own {
            for other in schemas().skip(i + 1).filter_map(|other| other.get(name)) {
                shared.insert(name);
                if other != content {
                    clashing.insert(name.clone());
                }
            }
        }
    }
    loop {
        let refers = |name: &&&String| {
            schemas().filter_map(|all| all.get(**name)).any(|content| mentions(content, &clashing))
        };
        let more: Vec<String> = shared
            .iter()
            .filter(|name| !clashing.contains(**name))
            .filter(refers)
            .map(|name| (*name).clone())
            .collect();
        if more.is_empty() {
            return clashing;
        }
        clashing.extend(more);
    }
}

/// Whether a schema refers to one of the models.
fn mentions(schema: &Value, models: &BTreeSet<String>) -> bool {
    match schema {
        Value::Object(object) => object.iter().any(|(key, inner)| match inner {
            Value::String(target) if key == "$ref" => {
                target.strip_prefix(SCHEMAS).is_some_and(|name| models.contains(name))
            }
            inner => mentions(inner, models),
        }),
        Value::Array(items) => items.iter().any(|inner| mentions(inner, models)),
        _ => false,
    }
}

fn clashing_ids<'a>(document: &Value, others: impl Iterator<Item = &'a Value>) -> BTreeSet<String> {
    let theirs: BTreeSet<String> = others.flat_map(ids).collect();
    ids(document).filter(|id| theirs.contains(id)).collect()
}

fn ids(document: &Value) -> impl Iterator<Item = String> {
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    let operations = paths.filter_map(|(_, item)| item.as_object()).flat_map(Map::values);
    operations.filter_map(|operation| Some(operation.get("operationId")?.as_str()?.to_owned()))
}

/// The names of one document that get its version in front.
struct Renamed<'a> {
    version: &'a str,
    schemas: &'a BTreeSet<String>,
    ids: BTreeSet<String>,
}

impl Renamed<'_> {
    fn name(&self, name: &str) -> String {
        let mut letters = self.version.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).chain(name.chars()).collect()
    }

    /// Points references at the new names.
    fn walk(&self, value: &mut Value) {
        match value {
            Value::Object(object) => {
                if let Some(Value::String(target)) = object.get_mut("$ref")
                    && let Some(name) = target.strip_prefix(SCHEMAS)
                    && self.schemas.contains(name)
                {
                    *target = format!("{SCHEMAS}{}", self.name(name));
                }
                object.values_mut().for_each(|inner| self.walk(inner));
            }
            Value::Array(items) => items.iter_mut().for_each(|inner| self.walk(inner)),
            _ => {}
        }
    }

    fn operations(&self, item: &mut Value) {
        for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
            if let Some(Value::String(id)) = operation.get_mut("operationId")
                && self.ids.contains(id)
            {
                *id = self.name(id);
            }
            for tag in operation.get_mut("tags").and_then(Value::as_array_mut).into_iter().flatten() {
                if let Value::String(tag) = tag {
                    *tag = format!("{}/{tag}", self.version);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::combine;
    use serde_json::{Value, json};

    fn version(version: &str, member: &str) -> Value {
        json!({
            "info": {"title": "T", "version": version},
            "paths": {format!("/{version}/things"): {"post": {
                "operationId": "CreateThing", "tags": ["Thing"],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                "responses": {"400": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}},
            }}},
            "components": {"schemas": {
                "Thing": {"properties": {member: {"type": "string"}}},
                "Problem": {"properties": {"code": {"type": "string"}}},
            }},
        })
    }

    #[test]
    fn names_that_mean_two_things_get_the_version_and_others_stay() {
        let (mut older, mut newer) = (version("v2", "a"), version("v3", "b"));
        for document in [&mut older, &mut newer] {
            // The same in both, and yet not: what it holds differs.
            document["components"]["schemas"]["Box"] = json!({"items": {"$ref": "#/components/schemas/Thing"}});
        }

        let whole = combine(vec![older, newer]).unwrap();

        assert_eq!(whole["info"]["version"], "v2, v3");
        let schemas: Vec<&String> = whole["components"]["schemas"].as_object().unwrap().keys().collect();
        assert_eq!(schemas, ["Problem", "V2Box", "V2Thing", "V3Box", "V3Thing"]);
        let post = &whole["paths"]["/v3/things"]["post"];
        assert_eq!((&post["operationId"], &post["tags"][0]), (&json!("V3CreateThing"), &json!("v3/Thing")));
        let sent = &post["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        assert_eq!(sent, "#/components/schemas/V3Thing");
        let answered = &post["responses"]["400"]["content"]["application/json"]["schema"]["$ref"];
        assert_eq!(answered, "#/components/schemas/Problem");
    }

    #[test]
    fn one_document_stays_as_it_is_and_equal_versions_are_refused() {
        assert_eq!(combine(vec![version("v2", "a")]).unwrap(), version("v2", "a"));
        assert!(combine(vec![version("v2", "a"), version("v2", "b")]).is_err());
    }
}
