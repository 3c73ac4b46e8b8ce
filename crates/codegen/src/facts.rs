//! Reducing an upstream document to facts: what is there, of which type, and nothing to read.

use crate::{Problem, Source, ordered, swagger2};
use serde_json::{Map, Value, json};

/// Members of a schema that are facts.
const SCHEMA: &[&str] = &[
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "default",
    "deprecated",
    "enum",
    "format",
    "items",
    "maxLength",
    "maximum",
    "minLength",
    "minimum",
    "oneOf",
    "pattern",
    "properties",
    "required",
    "type",
    "x-either-or",
    "x-official-type",
    "x-order",
    "x-sensitive",
    "x-undocumented",
    "x-upstream-type",
    "x-used-in",
];

/// Members of an operation that are facts.
const OPERATION: &[&str] = &[
    "deprecated",
    "operationId",
    "tags",
    "x-action",
    "x-action-placement",
    "x-confidence",
    "x-not-in-sdk",
    "x-optional-path-parameter",
    "x-pagination",
    "x-rate-per-second",
    "x-scope",
    "x-success-status",
    "x-tag-en",
    "x-upstream-path",
];

/// Members of a parameter that are facts.
const PARAMETER: &[&str] = &["$ref", "in", "name", "required", "x-allow-slash", "x-auth", "x-from-credentials"];

/// Members of a response that are facts.
const RESPONSE: &[&str] = &["x-inferred", "x-maybe-array", "x-order", "x-upstream-schema"];

const METHODS: &[&str] = &["get", "head", "post", "put", "patch", "delete"];

/// Reads a Swagger 2.0 or OpenAPI 3 document and keeps the facts, as a canonical OpenAPI 3.1 text.
///
/// # Errors
///
/// When the text is no such document.
pub fn reduce(source: &Source) -> Result<Value, Problem> {
    let document = ordered::parse(&source.text).map_err(|error| {
        let place = format!("line {}", error.line());
        Problem::new(&source.name, place, error.to_string())
    })?;
    let document = match (document.get("swagger"), document.get("openapi")) {
        (Some(version), _) if version == "2.0" => swagger2::convert(&document),
        (_, Some(version)) if version.as_str().is_some_and(|v| v.starts_with("3.")) => document,
        _ => {
            let message =
                "neither Swagger 2.0 nor OpenAPI 3: there is no `swagger: \"2.0\"` and no `openapi: \"3…\"`";
            return Err(Problem::new(&source.name, "", message));
        }
    };
    Reducer { file: &source.name }.document(&document)
}

/// Joins facts that are attested elsewhere to those of the upstream document, which has no place for them.
///
/// # Errors
///
/// When one of the texts is no JSON, and when the document has by now what was attested.
pub fn join(document: &Source, attested: &Source) -> Result<Source, Problem> {
    let parse = |source: &Source| {
        serde_json::from_str::<Value>(&source.text)
            .map_err(|error| Problem::new(&source.name, format!("line {}", error.line()), error.to_string()))
    };
    let (mut facts, more) = (parse(document)?, parse(attested)?);
    for pointer in ["/paths", "/components/schemas"] {
        let Some(from) = more.pointer(pointer).and_then(Value::as_object) else { continue };
        let Some(to) = facts.pointer_mut(pointer).and_then(Value::as_object_mut) else {
            return Err(Problem::new(&document.name, pointer, "expected an object"));
        };
        for (key, value) in from {
            if to.insert(key.clone(), value.clone()).is_some() {
                let place = format!("{pointer}/{}", escape(key));
                return Err(Problem::new(&attested.name, place, "the document has it, too; take it out here"));
            }
        }
    }
    Ok(Source { name: document.name.clone(), text: facts.to_string() })
}

struct Reducer<'a> {
    file: &'a str,
}

impl Reducer<'_> {
    fn problem(&self, pointer: &str, message: &str) -> Problem {
        Problem::new(self.file, pointer, message)
    }

    fn object<'v>(&self, value: &'v Value, pointer: &str) -> Result<&'v Map<String, Value>, Problem> {
        value.as_object().ok_or_else(|| self.problem(pointer, "expected an object"))
    }

    fn document(&self, document: &Value) -> Result<Value, Problem> {
        let mut paths = Map::new();
        let all = document.get("paths").ok_or_else(|| self.problem("/paths", "there are no paths"))?;
        for (path, item) in self.object(all, "/paths")? {
            let pointer = format!("/paths/{}", escape(path));
            let item = self.object(item, &pointer)?;
            let common = item.get("parameters");
            let mut kept = Map::new();
            for method in METHODS {
                if let Some(operation) = item.get(*method) {
                    let pointer = format!("{pointer}/{method}");
                    kept.insert((*method).to_owned(), self.operation(operation, common, &pointer)?);
                }
            }
            if !kept.is_empty() {
                paths.insert(path.clone(), kept.into());
            }
        }
        let mut components = Map::new();
        if let Some(schemas) = document.pointer("/components/schemas") {
            let mut kept = Map::new();
            for (name, schema) in self.object(schemas, "/components/schemas")? {
                let pointer = format!("/components/schemas/{}", escape(name));
                kept.insert(name.clone(), self.schema(schema, &pointer)?);
            }
            components.insert("schemas".to_owned(), kept.into());
        }
        if let Some(parameters) = document.pointer("/components/parameters") {
            let mut kept = Map::new();
            for (name, parameter) in self.object(parameters, "/components/parameters")? {
                let pointer = format!("/components/parameters/{}", escape(name));
                kept.insert(name.clone(), self.parameter(parameter, &pointer)?);
            }
            components.insert("parameters".to_owned(), kept.into());
        }
        let text = |pointer: &str| document.pointer(pointer).cloned().unwrap_or_default();
        Ok(json!({
            "openapi": "3.1.0",
            "info": {"title": text("/info/title"), "version": text("/info/version")},
            "paths": paths,
            "components": components,
        }))
    }

    fn operation(&self, value: &Value, common: Option<&Value>, pointer: &str) -> Result<Value, Problem> {
        let operation = self.object(value, pointer)?;
        let mut kept = keep(operation, OPERATION);
        if !kept.get("operationId").is_some_and(Value::is_string) {
            return Err(self.problem(pointer, "there is no operationId"));
        }
        let mut parameters = Vec::new();
        for (list, pointer) in
            [(common, "(of the path)".to_owned()), (operation.get("parameters"), format!("{pointer}/parameters"))]
        {
            for (i, parameter) in list.and_then(Value::as_array).into_iter().flatten().enumerate() {
                let parameter = self.parameter(parameter, &format!("{pointer}/{i}"))?;
                // What an operation says about a parameter replaces what its path says.
                let same = |other: &Value| {
                    ["name", "in"]
                        .iter()
                        .all(|key| other.get(key).is_some() && other.get(key) == parameter.get(key))
                };
                parameters.retain(|other| !same(other));
                parameters.push(parameter);
            }
        }
        if !parameters.is_empty() {
            kept.insert("parameters".to_owned(), parameters.into());
        }
        if let Some(body) = operation.get("requestBody") {
            let pointer = format!("{pointer}/requestBody");
            let body = self.object(body, &pointer)?;
            self.no_reference(body, &pointer)?;
            let mut out = keep(body, &["required", "x-order"]);
            self.content(body, &mut out, &pointer)?;
            kept.insert("requestBody".to_owned(), out.into());
        }
        let mut responses = Map::new();
        let pointer = format!("{pointer}/responses");
        let all = operation.get("responses").ok_or_else(|| self.problem(&pointer, "there are no responses"))?;
        for (status, response) in self.object(all, &pointer)? {
            let pointer = format!("{pointer}/{status}");
            let response = self.object(response, &pointer)?;
            self.no_reference(response, &pointer)?;
            // What a study added to the document is not what the document says.
            if response.contains_key("x-added") {
                continue;
            }
            let mut out = keep(response, RESPONSE);
            // The reasons are prose; that there was one is the fact.
            for flag in ["x-inferred", "x-maybe-array"] {
                if let Some(reason) = out.get_mut(flag) {
                    *reason = true.into();
                }
            }
            self.content(response, &mut out, &pointer)?;
            responses.insert(status.clone(), out.into());
        }
        kept.insert("responses".to_owned(), responses.into());
        Ok(kept.into())
    }

    /// Bodies and answers are written out in every document we have; one that refers must not lose its content silently.
    fn no_reference(&self, holder: &Map<String, Value>, pointer: &str) -> Result<(), Problem> {
        match holder.get("$ref").and_then(Value::as_str) {
            Some(target) => Err(self.problem(pointer, &format!("the reference `{target}` is not supported here"))),
            None => Ok(()),
        }
    }

    fn content(
        &self,
        from: &Map<String, Value>,
        to: &mut Map<String, Value>,
        pointer: &str,
    ) -> Result<(), Problem> {
        let Some(content) = from.get("content") else {
            return Ok(());
        };
        let mut out = Map::new();
        for (media_type, entry) in self.object(content, &format!("{pointer}/content"))? {
            let pointer = format!("{pointer}/content/{}/schema", escape(media_type));
            let schema = match entry.get("schema") {
                Some(schema) => self.schema(schema, &pointer)?,
                None => json!({}),
            };
            out.insert(media_type.clone(), json!({"schema": schema}));
        }
        to.insert("content".to_owned(), out.into());
        Ok(())
    }

    fn parameter(&self, value: &Value, pointer: &str) -> Result<Value, Problem> {
        let parameter = self.object(value, pointer)?;
        let mut kept = keep(parameter, PARAMETER);
        if let Some(schema) = parameter.get("schema") {
            kept.insert("schema".to_owned(), self.schema(schema, &format!("{pointer}/schema"))?);
        }
        if kept.get("required") == Some(&Value::Bool(false)) {
            kept.remove("required");
        }
        Ok(kept.into())
    }

    fn schema(&self, value: &Value, pointer: &str) -> Result<Value, Problem> {
        if value.is_boolean() {
            return Ok(value.clone());
        }
        let schema = self.object(value, pointer)?;
        let mut kept = keep(schema, SCHEMA);
        if schema.get("nullable") == Some(&Value::Bool(true)) {
            // OpenAPI 3.0 says beside the type what 3.1 says in it.
            match kept.remove("type") {
                Some(Value::String(kind)) => drop(kept.insert("type".to_owned(), json!([kind, "null"]))),
                Some(kind) => drop(kept.insert("type".to_owned(), kind)),
                None => {
                    let parts = json!([kept, {"type": "null"}]);
                    kept = Map::new();
                    kept.insert("anyOf".to_owned(), parts);
                }
            }
        }
        for name in ["items", "additionalProperties"] {
            if let Some(inner) = kept.get_mut(name) {
                *inner = self.schema(inner, &format!("{pointer}/{name}"))?;
            }
        }
        for name in ["anyOf", "oneOf", "allOf"] {
            if let Some(Value::Array(list)) = kept.get_mut(name) {
                for (i, inner) in list.iter_mut().enumerate() {
                    *inner = self.schema(inner, &format!("{pointer}/{name}/{i}"))?;
                }
            }
        }
        if let Some(Value::Object(properties)) = kept.get_mut("properties") {
            for (name, inner) in properties.iter_mut() {
                *inner = self.schema(inner, &format!("{pointer}/properties/{}", escape(name)))?;
            }
        }
        Ok(kept.into())
    }
}

fn keep(from: &Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    from.iter()
        .filter(|(name, _)| names.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// A key as a piece of a JSON pointer.
pub(crate) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
