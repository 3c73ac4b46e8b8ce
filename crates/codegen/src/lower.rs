//! From facts and overlay to the API: every name decided, every type known.

use crate::api::{
    Answer, Api, BodyKind, Effect, Enum, Member, Model, Module, Operation, Place, Route, Ty,
};
use crate::facts::escape;
use crate::names;
use crate::overlay::{Correction, OperationEntry, Overlay};
use crate::{Problem, Source};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A nested model with more members than this is boxed, so that what holds it stays cheap to move.
const BOXED_ABOVE: usize = 24;

/// The most members a record can have; `Shape::MEMBERS` of the core.
const MEMBERS: usize = 256;

/// Decides everything.
///
/// Without any overlay module, a module is made of every tag; that is how a document is tried out before anybody has
/// written about it.
///
/// # Errors
///
/// The first mistake in facts or overlay.
pub fn lower(spec: &Source, overlay: &Overlay) -> Result<Api, Problem> {
    let facts: Value = serde_json::from_str(&spec.text).map_err(|error| {
        let place = format!("line {}", error.line());
        Problem::new(&spec.name, place, error.to_string())
    })?;
    let mut lowering = Lowering {
        file: &spec.name,
        facts: &facts,
        overlay,
        models: BTreeMap::new(),
        enums: BTreeMap::new(),
        pending: Vec::new(),
        corrected: BTreeSet::new(),
        raw: BTreeSet::new(),
        requests_only: BTreeSet::new(),
    };
    lowering.api()
}

struct Lowering<'a> {
    file: &'a str,
    facts: &'a Value,
    overlay: &'a Overlay,
    /// By upstream id.
    models: BTreeMap<String, Model>,
    /// By `scope/name`.
    enums: BTreeMap<String, (Enum, Vec<String>)>,
    /// Schemas that are referred to and not yet lowered, with their JSON pointer.
    pending: Vec<(String, Value, String)>,
    corrected: BTreeSet<(String, String)>,
    raw: BTreeSet<String>,
    requests_only: BTreeSet<String>,
}

/// Where a schema is met: what an inline type or enum is called after, and how to find it.
#[derive(Clone)]
struct At {
    /// The id of what holds it: `Issue`, `Issue/labels`, an operationId.
    id: String,
    /// The Rust name of what holds it, for inline types and enums.
    name: String,
    /// The module whose operation it is, if it is one: enums of two modules may share a name.
    scope: String,
    pointer: String,
}

impl At {
    fn member(&self, wire: &str) -> Self {
        Self {
            id: format!("{}/{wire}", self.id),
            name: format!("{}{}", self.name, names::pascal(wire)),
            scope: self.scope.clone(),
            pointer: format!("{}/properties/{}", self.pointer, escape(wire)),
        }
    }
    fn items(&self) -> Self {
        Self {
            id: self.id.clone(),
            name: singular(&self.name),
            scope: self.scope.clone(),
            pointer: format!("{}/items", self.pointer),
        }
    }
}

fn singular(name: &str) -> String {
    match name.strip_suffix('s') {
        Some(one) if !one.ends_with('s') && !one.is_empty() => one.to_owned(),
        _ => name.to_owned(),
    }
}

impl Lowering<'_> {
    fn problem(&self, pointer: &str, message: impl Into<String>) -> Problem {
        Problem::new(self.file, pointer, message)
    }

    fn api(&mut self) -> Result<Api, Problem> {
        let modules = self.modules()?;
        self.drain()?;
        // What the answers reach is read; only what no answer reaches is built by users alone.
        let mut read = BTreeSet::new();
        for module in &modules {
            for operation in &module.operations {
                self.reach(&operation.output, &mut read);
            }
        }
        let all: BTreeSet<String> = self.models.keys().cloned().collect();
        self.requests_only = all.difference(&read).cloned().collect();
        for (id, model) in &mut self.models {
            let built = self.requests_only.contains(id);
            model.built = built;
            for member in &mut model.members {
                member.required &= built;
                member.clearable &= built;
            }
        }
        self.box_members()?;
        self.check_overlay()?;
        self.assemble(modules)
    }

    // ---- modules and operations ----

    fn modules(&mut self) -> Result<Vec<Module>, Problem> {
        let paths = self.facts.get("paths").and_then(Value::as_object);
        let paths = paths.ok_or_else(|| self.problem("/paths", "expected an object"))?;
        let mut of_tag = BTreeMap::new();
        for (name, file) in &self.overlay.modules {
            for tag in &file.module.tags {
                if let Some(other) = of_tag.insert(tag.clone(), name.clone()) {
                    let message = format!("the tag `{tag}` is taken by the module `{other}`, too");
                    return Err(self.overlay.problem(name, &["module", "tags"], message));
                }
            }
        }
        let mut modules: BTreeMap<String, Module> = BTreeMap::new();
        for (name, file) in &self.overlay.modules {
            let module = Module {
                name: name.clone(),
                doc: file.module.doc.clone(),
                ..Module::default()
            };
            modules.insert(name.clone(), module);
        }
        let mut ids: BTreeMap<String, String> = BTreeMap::new();
        let mut tags = BTreeSet::new();
        for (path, item) in paths {
            for (method, facts) in item.as_object().into_iter().flatten() {
                let pointer = format!("/paths/{}/{method}", escape(path));
                let text = |name: &str| facts.get(name).and_then(Value::as_str);
                let id = text("operationId")
                    .ok_or_else(|| self.problem(&pointer, "there is no operationId"))?;
                if let Some(other) = ids.insert(id.to_owned(), pointer.clone()) {
                    let message = format!("the operationId `{id}` stands at {other}, too");
                    return Err(self.problem(&pointer, message));
                }
                let tag = facts
                    .pointer("/tags/0")
                    .and_then(Value::as_str)
                    .unwrap_or("default");
                tags.insert(tag.to_owned());
                let module = match of_tag.get(tag) {
                    Some(module) => module.clone(),
                    None if self.overlay.modules.is_empty() => names::snake(tag),
                    None => continue,
                };
                let entry = self
                    .overlay
                    .modules
                    .get(&module)
                    .and_then(|file| file.operations.get(id));
                if entry.is_none() && !self.overlay.modules.is_empty() {
                    let message = format!("the operation `{id}` ({method} {path}) has no entry");
                    return Err(self.overlay.problem(&module, &["operations"], message));
                }
                let operation =
                    self.operation(&module, id, path, method, facts, entry, &pointer)?;
                let module = modules.entry(module.clone()).or_insert_with(|| Module {
                    doc: format!("Operations of {tag}."),
                    name: module,
                    ..Module::default()
                });
                module.operations.push(operation);
            }
        }
        for (name, file) in &self.overlay.modules {
            for id in file.operations.keys() {
                let found = modules[name].operations.iter().any(|o| o.id == *id);
                if !found {
                    let message = match ids.get(id) {
                        Some(_) => {
                            format!("the operation `{id}` has a tag that is not in this module")
                        }
                        None => format!("the facts have no operation `{id}`"),
                    };
                    return Err(self.overlay.problem(name, &["operations", id], message));
                }
            }
            for tag in &file.module.tags {
                if !tags.contains(tag) {
                    let message = format!("no operation has the tag `{tag}`");
                    return Err(self.overlay.problem(name, &["module", "tags"], message));
                }
            }
            let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
            for operation in &modules[name].operations {
                if let Some(other) = seen.insert(&operation.name, &operation.id) {
                    let message =
                        format!("the name `{}` is taken by `{other}`, too", operation.name);
                    return Err(self.overlay.problem(
                        name,
                        &["operations", &operation.id, "name"],
                        message,
                    ));
                }
            }
        }
        Ok(modules.into_values().collect())
    }

    #[allow(clippy::too_many_arguments)]
    fn operation(
        &mut self,
        module: &str,
        id: &str,
        path: &str,
        method: &str,
        facts: &Value,
        entry: Option<&OperationEntry>,
        pointer: &str,
    ) -> Result<Operation, Problem> {
        let default = OperationEntry::default();
        let entry_or = entry.unwrap_or(&default);
        let name = match entry {
            Some(entry) => entry.name.clone(),
            None => names::pascal(id),
        };
        let overlay = self.overlay;
        let complain =
            |key: &str, message: String| overlay.problem(module, &["operations", id, key], message);
        if !names::is_type_name(&name) {
            return Err(complain(
                "name",
                format!("`{name}` cannot name an operation"),
            ));
        }
        let route = match facts.get("x-action").and_then(Value::as_str) {
            Some(action) => Route::Action {
                action: action.to_owned(),
            },
            None => Route::Rest {
                method: method.to_uppercase(),
                path: path.to_owned(),
            },
        };
        let at = At {
            id: id.to_owned(),
            name: name.clone(),
            scope: module.to_owned(),
            pointer: pointer.to_owned(),
        };
        let mut used = BTreeSet::new();
        let (body, mut members) = self.request(facts, &at, path, entry_or, &mut used)?;
        let body = match (entry_or.body.as_deref(), body) {
            (None, body) => body,
            (Some("json"), BodyKind::Form) => BodyKind::Json,
            (Some("form"), BodyKind::Json) => BodyKind::Form,
            (Some(kind @ ("json" | "form")), _) => {
                return Err(complain(
                    "body",
                    format!("the facts have made `{kind}` unnecessary"),
                ));
            }
            (Some(other), _) => {
                return Err(complain(
                    "body",
                    format!("expected `json` or `form`, got `{other}`"),
                ));
            }
        };
        let (answer, mut output) = self.answer(facts, &at, pointer)?;
        if let Some(correction) = entry_or.correct.get("answer") {
            output = self.correction(
                correction,
                &output,
                module,
                &["operations", id, "correct", "answer"],
            )?;
            used.insert("answer".to_owned());
        }
        let natural = match &route {
            Route::Action { action } => effect_of_verb(action),
            Route::Rest { method, .. } => effect_of_method(method),
        };
        let effect = match entry_or.effect.as_deref() {
            None => natural,
            Some(word) => {
                let effect = match word {
                    "read" => Effect::Read,
                    "idempotent" => Effect::Idempotent,
                    "write" => Effect::Write,
                    _ => {
                        return Err(complain(
                            "effect",
                            format!("expected `read`, `idempotent` or `write`, got `{word}`"),
                        ));
                    }
                };
                if effect == natural {
                    return Err(complain("effect", format!("`{word}` is what it is anyway")));
                }
                effect
            }
        };
        for key in entry_or.params.keys() {
            if !members.iter().any(|m| m.wire == *key) {
                let message = format!("the facts have no parameter `{key}`");
                return Err(overlay.problem(module, &["operations", id, "params", key], message));
            }
        }
        for key in entry_or.correct.keys() {
            if !used.contains(key) {
                let message = format!("there is nothing called `{key}` to correct");
                return Err(overlay.problem(module, &["operations", id, "correct", key], message));
            }
        }
        for member in &mut members {
            let own = entry_or.params.get(&member.wire);
            let text = own.or_else(|| overlay.glossary.params.get(&member.wire));
            member.doc = text.map(|t| t.trim().to_owned()).unwrap_or_default();
        }
        self.unique(&members, pointer)?;
        let (paging, items) = self.paging(entry_or, &members, &output, &complain)?;
        Ok(Operation {
            id: id.to_owned(),
            name,
            group: entry_or.group.clone(),
            doc: entry_or.doc.trim().to_owned(),
            route,
            effect,
            body,
            answer,
            paging,
            items,
            follows: entry_or.follows.unwrap_or(answer == Answer::Bytes),
            sensitive: entry_or.sensitive,
            rate: facts
                .get("x-rate-per-second")
                .and_then(Value::as_u64)
                .unwrap_or(0) as u16,
            deprecated: entry_or.deprecated.clone(),
            members,
            output,
            pointer: pointer.to_owned(),
        })
    }

    fn unique(&self, members: &[Member], pointer: &str) -> Result<(), Problem> {
        let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
        for member in members {
            if let Some(other) = seen.insert(&member.ident, &member.wire) {
                let message = format!(
                    "`{other}` and `{}` would both be called `{}`",
                    member.wire, member.ident
                );
                return Err(self.problem(pointer, message));
            }
        }
        if members.len() > MEMBERS {
            let message = format!(
                "{} members are more than a record can have ({MEMBERS})",
                members.len()
            );
            return Err(self.problem(pointer, message));
        }
        Ok(())
    }

    #[allow(clippy::type_complexity)]
    fn paging(
        &self,
        entry: &OperationEntry,
        members: &[Member],
        output: &Ty,
        complain: &dyn Fn(&str, String) -> Problem,
    ) -> Result<(Option<(String, Ty)>, Option<String>), Problem> {
        let has = |wire: &str| {
            members
                .iter()
                .any(|m| m.wire == wire && m.place != Place::Path)
        };
        let found = match entry.paging.as_deref() {
            Some("none") => return Ok((None, None)),
            Some(name) => match self.overlay.api.paging.get(name) {
                Some(paging) => Some((name, paging)),
                None => {
                    return Err(complain(
                        "paging",
                        format!("api.toml has no paging called `{name}`"),
                    ));
                }
            },
            None => {
                let mut all = self.overlay.api.paging.iter();
                all.find(|(_, p)| has(&p.start) && has(&p.size))
                    .map(|(name, p)| (name.as_str(), p))
            }
        };
        let Some((name, _)) = found else {
            return Ok((None, None));
        };
        let (item, member) = match output {
            Ty::List(item) => ((**item).clone(), None),
            Ty::Model(id) => match self.list_member(id) {
                Some((member, item)) => (item, Some(member)),
                None => return Ok((None, None)),
            },
            _ => return Ok((None, None)),
        };
        Ok((Some((name.to_owned(), item)), member))
    }

    /// The one list of a schema that wraps a page. It is looked up in the facts, because the model may not be lowered yet.
    fn list_member(&self, id: &str) -> Option<(String, Ty)> {
        let schema = self
            .facts
            .pointer(&format!("/components/schemas/{}", escape(id)))?;
        let properties = schema.get("properties")?.as_object()?;
        let mut lists = properties
            .iter()
            .filter(|(_, s)| s.get("type").is_some_and(|t| t == "array"));
        let (wire, list) = lists.next()?;
        if lists.next().is_some() {
            return None;
        }
        let item = list.pointer("/items/$ref")?.as_str()?.rsplit('/').next()?;
        Some((names::member(wire)?, Ty::Model(item.to_owned())))
    }

    // ---- requests ----

    fn request(
        &mut self,
        facts: &Value,
        at: &At,
        path: &str,
        entry: &OperationEntry,
        corrected: &mut BTreeSet<String>,
    ) -> Result<(BodyKind, Vec<Member>), Problem> {
        let mut members: Vec<Member> = Vec::new();
        let optional_path = facts
            .get("x-optional-path-parameter")
            .and_then(Value::as_str);
        for (i, parameter) in facts
            .get("parameters")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .enumerate()
        {
            let pointer = format!("{}/parameters/{i}", at.pointer);
            let parameter = match parameter.get("$ref").and_then(Value::as_str) {
                Some(target) => self
                    .facts
                    .pointer(target.trim_start_matches('#'))
                    .ok_or_else(|| self.problem(&pointer, format!("`{target}` does not exist")))?,
                None => parameter,
            };
            let text = |name: &str| parameter.get(name).and_then(Value::as_str);
            let wire =
                text("name").ok_or_else(|| self.problem(&pointer, "the parameter has no name"))?;
            if self
                .overlay
                .api
                .credential_members
                .iter()
                .any(|m| m == wire)
            {
                continue;
            }
            if facts.get("x-action").is_some() && wire == "Action" {
                continue;
            }
            let slash = parameter.get("x-allow-slash") == Some(&Value::Bool(true));
            let place = match text("in") {
                Some("path") if slash => Place::Tail,
                Some("path") => Place::Path,
                Some("query") => Place::Query,
                Some("header") => Place::Header,
                other => {
                    return Err(self.problem(
                        &pointer,
                        format!(
                            "parameters in `{}` are not supported",
                            other.unwrap_or("nothing")
                        ),
                    ));
                }
            };
            if place == Place::Path || place == Place::Tail {
                if !path.contains(&format!("{{{wire}}}")) {
                    return Err(self.problem(&pointer, format!("the path has no `{{{wire}}}`")));
                }
            }
            let required = parameter.get("required") == Some(&Value::Bool(true))
                && optional_path != Some(wire);
            let schema = parameter.get("schema").cloned().unwrap_or_default();
            let mut here = at.member(wire);
            here.pointer = format!("{pointer}/schema");
            let member = self.member(wire, &schema, required, place, &here)?;
            members.push(member);
        }
        for piece in path.split('{').skip(1) {
            let wire = piece.split('}').next().unwrap_or_default();
            if !members.iter().any(|m| m.wire == wire) && facts.get("x-action").is_none() {
                return Err(self.problem(
                    &at.pointer,
                    format!("`{{{wire}}}` in the path is no parameter"),
                ));
            }
        }
        let mut kind = BodyKind::None;
        if let Some(body) = facts.get("requestBody") {
            let pointer = format!("{}/requestBody/content", at.pointer);
            let content = body.get("content").and_then(Value::as_object);
            let content = content.ok_or_else(|| self.problem(&pointer, "expected an object"))?;
            let order = order_of(body, content);
            let Some(media_type) = order.first() else {
                return Err(self.problem(&pointer, "there is no media type"));
            };
            let here = At {
                pointer: format!("{pointer}/{}/schema", escape(media_type)),
                ..at.clone()
            };
            let schema = content[media_type]
                .get("schema")
                .cloned()
                .unwrap_or_default();
            kind = match media_type.split(';').next().unwrap_or_default() {
                "application/json" => BodyKind::Json,
                "application/x-www-form-urlencoded" => BodyKind::Form,
                "multipart/form-data" => BodyKind::Multipart,
                other => {
                    return Err(self.problem(
                        &here.pointer,
                        format!("bodies of type `{other}` are not supported"),
                    ));
                }
            };
            self.body(&schema, &here, body, kind, &mut members)?;
            if members
                .iter()
                .all(|m| !matches!(m.place, Place::Body | Place::Whole | Place::File))
                && kind != BodyKind::Json
            {
                kind = BodyKind::None;
            } else if members
                .iter()
                .all(|m| !matches!(m.place, Place::Body | Place::Whole | Place::File))
                && facts.get("x-action").is_none()
            {
                // Nothing is left once the credential's members are out.
                kind = BodyKind::None;
            }
        }
        for member in &mut members {
            if let Some(correction) = entry.correct.get(&member.wire) {
                let keys = [
                    "operations",
                    at.id.as_str(),
                    "correct",
                    member.wire.as_str(),
                ];
                let module = self.module_of(&at.id);
                member.ty = self.correction(correction, &member.ty, &module, &keys)?;
                corrected.insert(member.wire.clone());
            }
        }
        Ok((kind, members))
    }

    fn module_of(&self, operation: &str) -> String {
        let mut modules = self.overlay.modules.iter();
        let found = modules.find(|(_, file)| file.operations.contains_key(operation));
        found.map(|(name, _)| name.clone()).unwrap_or_default()
    }

    fn body(
        &mut self,
        schema: &Value,
        at: &At,
        body: &Value,
        kind: BodyKind,
        members: &mut Vec<Member>,
    ) -> Result<(), Problem> {
        let schema = self.resolve(schema, &at.pointer)?;
        if let Some(all) = schema.get("allOf").and_then(Value::as_array) {
            for (i, part) in all.iter().enumerate() {
                let here = At {
                    pointer: format!("{}/allOf/{i}", at.pointer),
                    ..at.clone()
                };
                self.body(part, &here, body, kind, members)?;
            }
            return Ok(());
        }
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            let empty = schema.get("type").is_none_or(|t| t == "object")
                && schema.get("additionalProperties").is_none()
                && schema.get("oneOf").is_none()
                && schema.get("anyOf").is_none();
            if empty {
                return Ok(());
            }
            // The body is one value: a bare array, a map, a union.
            let required = body.get("required") == Some(&Value::Bool(true));
            let here = At {
                id: format!("{}/body", at.id),
                name: format!("{}Body", at.name),
                ..at.clone()
            };
            let member = self.member("body", &schema, required, Place::Whole, &here)?;
            members.push(member);
            return Ok(());
        };
        let required = required_of(&schema);
        for wire in order_of(&schema, properties) {
            if self.overlay.api.credential_members.contains(&wire)
                || properties[&wire].get("const").is_some()
            {
                continue;
            }
            let here = at.member(&wire);
            let property = properties[&wire].clone();
            let binary = property.get("format").is_some_and(|f| f == "binary");
            let place = if binary { Place::File } else { Place::Body };
            let mut member =
                self.member(&wire, &property, required.contains(&wire), place, &here)?;
            // A form cannot say null, so there clearing and leaving out are one.
            member.clearable &= kind == BodyKind::Json;
            members.push(member);
        }
        Ok(())
    }

    // ---- answers ----

    fn answer(&mut self, facts: &Value, at: &At, pointer: &str) -> Result<(Answer, Ty), Problem> {
        let responses = facts.get("responses").and_then(Value::as_object);
        let responses = responses
            .ok_or_else(|| self.problem(&format!("{pointer}/responses"), "expected an object"))?;
        let success = responses
            .iter()
            .find(|(status, _)| status.starts_with('2') || *status == "302");
        let Some((status, response)) = success else {
            return Err(self.problem(&format!("{pointer}/responses"), "there is no success"));
        };
        let pointer = format!("{pointer}/responses/{status}/content");
        let Some(content) = response.get("content").and_then(Value::as_object) else {
            return Ok((Answer::Empty, Ty::Unit));
        };
        let Some(media_type) = order_of(response, content).into_iter().next() else {
            return Ok((Answer::Empty, Ty::Unit));
        };
        let schema = content[&media_type]
            .get("schema")
            .cloned()
            .unwrap_or_default();
        let here = At {
            id: format!("{}/answer", at.id),
            name: format!("{}Answer", at.name),
            scope: at.scope.clone(),
            pointer: format!("{pointer}/{}/schema", escape(&media_type)),
        };
        let kind = media_type.split(';').next().unwrap_or_default();
        if kind.ends_with("json") {
            let (schema, here) = self.unwrap_envelope(&schema, here);
            if schema.get("type").is_none() && schema.as_object().is_none_or(Map::is_empty) {
                self.raw.insert(here.id);
                return Ok((Answer::Json, Ty::Raw));
            }
            let (ty, nullable) = self.ty(&schema, &here)?;
            let ty = if nullable {
                Ty::Nullable(Box::new(ty))
            } else {
                ty
            };
            return Ok((Answer::Json, ty));
        }
        Ok(match kind {
            "text/plain" | "text/html" => (Answer::Text, Ty::String),
            _ => (Answer::Bytes, Ty::Bytes),
        })
    }

    /// Takes off what the protocol opens: `{"Response": …}` of actions and `{"code": 0, "data": …}` of the legacy API.
    fn unwrap_envelope(&self, schema: &Value, at: At) -> (Value, At) {
        for name in ["anyOf", "oneOf"] {
            for (i, part) in schema
                .get(name)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .enumerate()
            {
                for member in ["Response", "data"] {
                    let Some(inner) = part.pointer(&format!("/properties/{member}")) else {
                        continue;
                    };
                    if part.pointer("/properties/code").is_some() || member == "Response" {
                        let pointer = format!("{}/{name}/{i}/properties/{member}", at.pointer);
                        return (inner.clone(), At { pointer, ..at });
                    }
                }
            }
        }
        (schema.clone(), at)
    }

    // ---- types ----

    fn resolve(&self, schema: &Value, pointer: &str) -> Result<Value, Problem> {
        match schema.get("$ref").and_then(Value::as_str) {
            None => Ok(schema.clone()),
            Some(target) => {
                let found = target.strip_prefix('#').and_then(|t| self.facts.pointer(t));
                let found = found
                    .ok_or_else(|| self.problem(pointer, format!("`{target}` does not exist")))?;
                self.resolve(found, pointer)
            }
        }
    }

    fn member(
        &mut self,
        wire: &str,
        schema: &Value,
        required: bool,
        place: Place,
        at: &At,
    ) -> Result<Member, Problem> {
        let ident = names::member(wire).ok_or_else(|| {
            self.problem(&at.pointer, format!("`{wire}` makes no name for a member"))
        })?;
        let (ty, nullable) = self.ty(schema, at)?;
        Ok(Member {
            wire: wire.to_owned(),
            ident,
            ty,
            required: required && !nullable,
            clearable: nullable && place == Place::Body,
            place,
            doc: String::new(),
        })
    }

    /// The type of a schema, and whether `null` can stand in its place.
    fn ty(&mut self, schema: &Value, at: &At) -> Result<(Ty, bool), Problem> {
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let id = target
                .strip_prefix("#/components/schemas/")
                .ok_or_else(|| self.problem(&at.pointer, format!("`{target}` is no schema")))?
                .to_owned();
            let found = self.resolve(schema, &at.pointer)?;
            if found.get("properties").is_none() {
                let pointer = format!("/components/schemas/{}", escape(&id));
                let here = At {
                    name: self.type_name(&id),
                    id,
                    scope: String::new(),
                    pointer,
                };
                return self.ty(&found, &here);
            }
            let pointer = format!("/components/schemas/{}", escape(&id));
            self.queue(id.clone(), found, pointer);
            return Ok((Ty::Model(id), false));
        }
        for name in ["anyOf", "oneOf"] {
            if let Some(parts) = schema.get(name).and_then(Value::as_array) {
                return self.union(name, parts, at);
            }
        }
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            return self.merged(parts, at);
        }
        let (kinds, nullable) = kinds_of(schema);
        let format = schema.get("format").and_then(Value::as_str);
        let ty = match kinds.as_slice() {
            [] if schema.get("properties").is_some() => self.object(schema, at)?,
            [] if schema.get("enum").is_some() => self.text(schema, at)?,
            [] if schema.get("const").is_some() => Ty::String,
            ["object"] => self.object(schema, at)?,
            ["array"] => {
                let items = schema.get("items").cloned().unwrap_or_default();
                let (item, nullable) = self.ty(&items, &at.items())?;
                let item = if nullable {
                    Ty::Nullable(Box::new(item))
                } else {
                    item
                };
                Ty::List(Box::new(item))
            }
            ["string"] if format == Some("binary") => {
                if at.id.contains("/answer") {
                    Ty::Bytes
                } else {
                    Ty::File
                }
            }
            ["string"] => self.text(schema, at)?,
            ["integer"] if format == Some("uint64") => Ty::U64,
            ["integer"] => Ty::I64,
            ["number"] => Ty::F64,
            ["boolean"] => Ty::Bool,
            // Two kinds are two spellings of one: the lenient codec reads both.
            kinds if kinds.contains(&"boolean") => Ty::Bool,
            kinds if kinds.contains(&"string") => Ty::String,
            ["integer", "number"] | ["number", "integer"] => Ty::F64,
            ["null"] | [] => {
                self.raw.insert(at.id.clone());
                Ty::Raw
            }
            kinds => {
                return Err(self.problem(
                    &at.pointer,
                    format!("the type `{}` is unknown", kinds.join(", ")),
                ));
            }
        };
        Ok((ty, nullable))
    }

    fn union(&mut self, name: &str, parts: &[Value], at: &At) -> Result<(Ty, bool), Problem> {
        let is_null = |part: &&Value| part.get("type").is_some_and(|t| t == "null");
        let nullable = parts.iter().any(|part| is_null(&part));
        let rest: Vec<(usize, &Value)> = parts
            .iter()
            .enumerate()
            .filter(|(_, part)| !is_null(part))
            .collect();
        let pointer = |i: usize| format!("{}/{name}/{i}", at.pointer);
        let here = |i: usize| At {
            pointer: pointer(i),
            ..at.clone()
        };
        match rest.as_slice() {
            [(i, one)] => {
                let (ty, also) = self.ty(one, &here(*i))?;
                return Ok((ty, nullable || also));
            }
            [(i, one), (_, many)] if many.get("items") == Some(one) => {
                let (ty, _) = self.ty(one, &here(*i))?;
                return Ok((Ty::OneOrMany(Box::new(ty)), nullable));
            }
            _ => {}
        }
        self.raw.insert(at.id.clone());
        Ok((Ty::Raw, nullable))
    }

    fn merged(&mut self, parts: &[Value], at: &At) -> Result<(Ty, bool), Problem> {
        if let [one] = parts {
            return self.ty(
                one,
                &At {
                    pointer: format!("{}/allOf/0", at.pointer),
                    ..at.clone()
                },
            );
        }
        let mut properties = Map::new();
        let mut order = Vec::new();
        let mut required = Vec::new();
        for (i, part) in parts.iter().enumerate() {
            let part = self.resolve(part, &format!("{}/allOf/{i}", at.pointer))?;
            if let Some(own) = part.get("properties").and_then(Value::as_object) {
                order.extend(order_of(&part, own).into_iter().map(Value::from));
                properties.extend(own.clone());
            }
            required.extend(required_of(&part).into_iter().map(Value::from));
        }
        let schema = serde_json::json!({"type": "object", "properties": properties, "x-order": order, "required": required});
        Ok((self.object(&schema, at)?, false))
    }

    fn object(&mut self, schema: &Value, at: &At) -> Result<Ty, Problem> {
        let properties = schema.get("properties").and_then(Value::as_object);
        if properties.is_some_and(|p| !p.is_empty()) {
            self.queue(at.id.clone(), schema.clone(), at.pointer.clone());
            // Inline: its name is decided here, where the place is known.
            let name = match self.overlay.types.get(&at.id).and_then(|t| t.name.clone()) {
                Some(name) => name,
                None => at.name.clone(),
            };
            self.models.entry(at.id.clone()).or_insert_with(|| Model {
                name,
                id: at.id.clone(),
                doc: String::new(),
                members: Vec::new(),
                built: false,
                users: Vec::new(),
            });
            return Ok(Ty::Model(at.id.clone()));
        }
        match schema.get("additionalProperties") {
            Some(values)
                if values.is_object() && !values.as_object().is_some_and(Map::is_empty) =>
            {
                let here = At {
                    name: singular(&at.name),
                    pointer: format!("{}/additionalProperties", at.pointer),
                    ..at.clone()
                };
                let (ty, nullable) = self.ty(values, &here)?;
                let ty = if nullable {
                    Ty::Nullable(Box::new(ty))
                } else {
                    ty
                };
                Ok(Ty::Map(Box::new(ty)))
            }
            _ => {
                self.raw.insert(at.id.clone());
                Ok(Ty::Raw)
            }
        }
    }

    fn text(&mut self, schema: &Value, at: &At) -> Result<Ty, Problem> {
        let Some(values) = schema.get("enum").and_then(Value::as_array) else {
            return Ok(Ty::String);
        };
        let values: Vec<String> = values
            .iter()
            .filter_map(|v| v.as_str().map(str::to_owned))
            .collect();
        // One value is a remark, not a choice; a very long list is data of the service, and grows without us.
        if values.len() < 2 || values.len() > self.overlay.api.enum_limit {
            return Ok(Ty::String);
        }
        let sorted = |values: &[String]| values.iter().cloned().collect::<BTreeSet<_>>();
        let mut named = self.overlay.api.enums.iter();
        let named = named.find(|(_, entry)| sorted(&entry.values) == sorted(&values));
        let (name, values) = match named {
            Some((name, entry)) => (name.clone(), entry.values.clone()),
            None => (at.name.clone(), values),
        };
        if !names::is_type_name(&name) {
            return Err(self.problem(&at.pointer, format!("`{name}` cannot name an enum")));
        }
        let mut variants: BTreeMap<String, String> = BTreeMap::new();
        let mut out = Vec::new();
        for value in values {
            let own = named.and_then(|(_, entry)| entry.variant.get(&value).cloned());
            let variant = own.unwrap_or_else(|| variant_name(&value));
            if !names::is_type_name(&variant) {
                let message = format!(
                    "the value `{value}` makes no variant; name it in api.toml under [enums]"
                );
                return Err(self.problem(&at.pointer, message));
            }
            if let Some(other) = variants.insert(variant.clone(), value.clone()) {
                let message =
                    format!("the values `{other}` and `{value}` would both be `{variant}`");
                return Err(self.problem(&at.pointer, message));
            }
            let doc = named
                .and_then(|(_, entry)| entry.value.get(&value).cloned())
                .unwrap_or_default();
            out.push((variant, value, doc));
        }
        let doc = named
            .map(|(_, entry)| entry.doc.clone())
            .unwrap_or_default();
        let found = Enum {
            name: name.clone(),
            doc,
            values: out,
            users: Vec::new(),
        };
        let key = match named {
            Some(_) => format!("/{name}"),
            None => format!("{}/{name}", at.scope),
        };
        let (known, places) = self
            .enums
            .entry(key.clone())
            .or_insert_with(|| (found.clone(), Vec::new()));
        let same = known
            .values
            .iter()
            .map(|v| &v.1)
            .eq(found.values.iter().map(|v| &v.1));
        let taken = known.name.clone();
        places.push(at.id.clone());
        if !same {
            let message = format!(
                "another enum is called `{taken}`, too; name one of them in api.toml under [enums]"
            );
            return Err(self.problem(&at.pointer, message));
        }
        Ok(Ty::Enum(key))
    }

    fn type_name(&self, id: &str) -> String {
        let own = self
            .overlay
            .types
            .get(id)
            .and_then(|entry| entry.name.clone());
        own.unwrap_or_else(|| names::pascal(id))
    }

    fn queue(&mut self, id: String, schema: Value, pointer: String) {
        self.pending.push((id, schema, pointer));
    }

    /// Lowers every schema that was referred to, and those that they refer to.
    fn drain(&mut self) -> Result<(), Problem> {
        while let Some((id, schema, pointer)) = self.pending.pop() {
            if self.models.get(&id).is_some_and(|m| !m.members.is_empty()) {
                continue;
            }
            let name = match self.models.get(&id) {
                Some(inline) => inline.name.clone(),
                None => self.type_name(&id),
            };
            if !names::is_type_name(&name) {
                return Err(self.problem(
                    &pointer,
                    format!("`{name}` cannot name a type; name it in types.toml"),
                ));
            }
            let entry = self.overlay.types.get(&id).cloned().unwrap_or_default();
            let at = At {
                id: id.clone(),
                name: name.clone(),
                scope: String::new(),
                pointer: pointer.clone(),
            };
            let empty = Map::new();
            let properties = schema
                .get("properties")
                .and_then(Value::as_object)
                .unwrap_or(&empty);
            let required = required_of(&schema);
            let mut members = Vec::new();
            for wire in order_of(&schema, properties) {
                let here = at.member(&wire);
                let mut member = self.member(
                    &wire,
                    &properties[&wire],
                    required.contains(&wire),
                    Place::Body,
                    &here,
                )?;
                if let Some(correction) = entry.correct.get(&wire) {
                    member.ty = self.correction(
                        correction,
                        &member.ty,
                        "types",
                        &["types", &id, "correct", &wire],
                    )?;
                    self.raw.remove(&here.id);
                    member.ty.walk(&mut |ty| {
                        if *ty == Ty::Raw {
                            self.raw.insert(here.id.clone());
                        }
                    });
                    self.corrected.insert((id.clone(), wire.clone()));
                }
                let sensitive = properties[&wire].get("x-sensitive") == Some(&Value::Bool(true));
                if entry.secret.contains(&wire) || sensitive {
                    member.ty = Ty::Secret;
                }
                let text = entry
                    .members
                    .get(&wire)
                    .or_else(|| self.overlay.glossary.members.get(&wire));
                member.doc = text.map(|t| t.trim().to_owned()).unwrap_or_default();
                members.push(member);
            }
            for key in entry
                .members
                .keys()
                .chain(entry.correct.keys())
                .chain(&entry.secret)
            {
                if !properties.contains_key(key) {
                    let table = if entry.members.contains_key(key) {
                        "members"
                    } else {
                        "correct"
                    };
                    let message = format!("`{id}` has no member `{key}`");
                    return Err(self.overlay.problem(
                        "types",
                        &["types", &id, table, key],
                        message,
                    ));
                }
            }
            self.unique(&members, &pointer)?;
            let doc = entry.doc.trim().to_owned();
            self.models.insert(
                id.clone(),
                Model {
                    name,
                    id,
                    doc,
                    members,
                    built: false,
                    users: Vec::new(),
                },
            );
        }
        Ok(())
    }

    fn correction(
        &mut self,
        correction: &Correction,
        now: &Ty,
        stem: &str,
        keys: &[&str],
    ) -> Result<Ty, Problem> {
        let wrong = |message: String| self.overlay.problem(stem, keys, message);
        if correction.evidence.trim().is_empty() {
            return Err(wrong("a correction needs its evidence".to_owned()));
        }
        let mut text = correction.ty.trim();
        let nullable = text.ends_with('?');
        text = text.trim_end_matches('?');
        let list = text.starts_with('[') && text.ends_with(']');
        let map = text.starts_with('{') && text.ends_with('}');
        let inner = text.trim_matches(['[', ']', '{', '}']);
        let mut ty = match inner {
            "string" => Ty::String,
            "integer" => Ty::I64,
            "number" => Ty::F64,
            "boolean" => Ty::Bool,
            "any" => Ty::Raw,
            id => {
                let pointer = format!("/components/schemas/{}", escape(id));
                let Some(schema) = self.facts.pointer(&pointer) else {
                    return Err(wrong(format!("`{id}` is no type")));
                };
                self.pending.push((id.to_owned(), schema.clone(), pointer));
                Ty::Model(id.to_owned())
            }
        };
        if list {
            ty = Ty::List(Box::new(ty));
        }
        if map {
            ty = Ty::Map(Box::new(ty));
        }
        if nullable {
            ty = Ty::Nullable(Box::new(ty));
        }
        if ty == *now {
            return Err(self.overlay.problem(
                stem,
                keys,
                "the facts have made this correction unnecessary",
            ));
        }
        Ok(ty)
    }

    // ---- after all schemas are known ----

    fn reach(&self, ty: &Ty, into: &mut BTreeSet<String>) {
        let mut found = Vec::new();
        ty.walk(&mut |ty| {
            if let Ty::Model(id) = ty {
                found.push(id.clone());
            }
        });
        for id in found {
            if into.insert(id.clone()) {
                for member in self.models.get(&id).into_iter().flat_map(|m| &m.members) {
                    self.reach(&member.ty, into);
                }
            }
        }
    }

    /// Boxes what would otherwise hold itself, and what is large.
    fn box_members(&mut self) -> Result<(), Problem> {
        let direct: BTreeMap<String, BTreeSet<String>> = self
            .models
            .iter()
            .map(|(id, model)| {
                let held = model.members.iter().filter_map(|m| match &m.ty {
                    Ty::Model(id) => Some(id.clone()),
                    _ => None,
                });
                (id.clone(), held.collect())
            })
            .collect();
        let holds = |from: &str, to: &str| {
            let mut seen = BTreeSet::new();
            let mut next = vec![from.to_owned()];
            while let Some(id) = next.pop() {
                if id == to {
                    return true;
                }
                if seen.insert(id.clone()) {
                    next.extend(direct.get(&id).into_iter().flatten().cloned());
                }
            }
            false
        };
        let sizes: BTreeMap<String, usize> = self
            .models
            .iter()
            .map(|(id, m)| (id.clone(), m.members.len()))
            .collect();
        for (id, model) in &mut self.models {
            for member in &mut model.members {
                if let Ty::Model(inner) = &member.ty {
                    let large = sizes.get(inner).is_some_and(|size| *size > BOXED_ABOVE);
                    if large || holds(inner, id) {
                        member.ty = Ty::Boxed(Box::new(member.ty.clone()));
                    }
                }
            }
        }
        Ok(())
    }

    /// Every entry of the overlay must have hit something.
    fn check_overlay(&self) -> Result<(), Problem> {
        if self.overlay.modules.is_empty() {
            return Ok(());
        }
        let schemas = self
            .facts
            .pointer("/components/schemas")
            .and_then(Value::as_object);
        for (id, entry) in &self.overlay.types {
            let model = self.models.get(id);
            if model.is_none() && !schemas.is_some_and(|s| s.contains_key(id)) {
                return Err(self.overlay.problem(
                    "types",
                    &["types", id],
                    format!("the facts have no model `{id}`"),
                ));
            }
            if let Some(key) = entry.correct.keys().find(|key| {
                model.is_some() && !self.corrected.contains(&(id.clone(), (*key).clone()))
            }) {
                let message = format!("`{id}` has no member `{key}`");
                return Err(self
                    .overlay
                    .problem("types", &["types", id, "correct", key], message));
            }
        }
        for (name, entry) in &self.overlay.api.enums {
            if !self.enums.contains_key(&format!("/{name}")) {
                let message = format!(
                    "no place in the facts has just the values {}",
                    entry.values.join(", ")
                );
                return Err(self.overlay.problem("api", &["enums", name], message));
            }
        }
        for key in self.overlay.api.raw.keys() {
            if !self.raw.contains(key) {
                return Err(self
                    .overlay
                    .problem("api", &["raw", key], "nothing stays raw there"));
            }
        }
        // Which places are raw is only known for what some module reaches, and each needs its reason.
        let missing: Vec<&str> = self
            .raw
            .iter()
            .filter(|place| !self.overlay.api.raw.contains_key(*place))
            .map(String::as_str)
            .collect();
        if !missing.is_empty() {
            let message = format!(
                "these places stay raw JSON; give the reason for each: {}",
                missing.join(", ")
            );
            return Err(self.overlay.problem("api", &["raw"], message));
        }
        let params: BTreeSet<&str> = self.operations_params();
        for key in self.overlay.glossary.params.keys() {
            if !params.contains(key.as_str()) {
                let message = format!("no parameter is called `{key}`");
                return Err(self.overlay.problem("glossary", &["params", key], message));
            }
        }
        let members: BTreeSet<&str> = self
            .models
            .values()
            .flat_map(|m| &m.members)
            .map(|m| m.wire.as_str())
            .collect();
        for key in self.overlay.glossary.members.keys() {
            if !members.contains(key.as_str()) {
                let message = format!("no model has a member `{key}`");
                return Err(self.overlay.problem("glossary", &["members", key], message));
            }
        }
        Ok(())
    }

    fn operations_params(&self) -> BTreeSet<&str> {
        fn names<'v>(value: &'v Value, into: &mut BTreeSet<&'v str>) {
            match value {
                Value::Object(object) => {
                    if let Some(name) = object.get("name").and_then(Value::as_str) {
                        into.insert(name);
                    }
                    if let Some(Value::Object(properties)) = object.get("properties") {
                        into.extend(properties.keys().map(String::as_str));
                    }
                    object.values().for_each(|v| names(v, into));
                }
                Value::Array(items) => items.iter().for_each(|v| names(v, into)),
                _ => {}
            }
        }
        let mut into = BTreeSet::new();
        names(self.facts, &mut into);
        into
    }

    /// Gives every model and enum its place: the module that uses it alone, or the shared ones.
    fn assemble(&mut self, mut modules: Vec<Module>) -> Result<Api, Problem> {
        for module in &mut modules {
            let mut reached = BTreeSet::new();
            for operation in &module.operations {
                self.reach(&operation.output, &mut reached);
                for member in &operation.members {
                    self.reach(&member.ty, &mut reached);
                }
            }
            let mut enums = BTreeSet::new();
            let mut note = |ty: &Ty| {
                ty.walk(&mut |ty| {
                    if let Ty::Enum(name) = ty {
                        enums.insert(name.clone());
                    }
                });
            };
            for operation in &module.operations {
                operation.members.iter().for_each(|m| note(&m.ty));
            }
            for id in &reached {
                if let Some(model) = self.models.get_mut(id) {
                    model.members.iter().for_each(|m| note(&m.ty));
                    model.users.push(module.name.clone());
                }
            }
            for name in enums {
                if let Some((found, _)) = self.enums.get_mut(&name) {
                    found.users.push(module.name.clone());
                }
            }
        }
        let rust_names: BTreeMap<String, String> = self
            .models
            .iter()
            .map(|(id, model)| (id.clone(), model.name.clone()))
            .collect();
        let rename = |ty: &mut Ty| rename(ty, &rust_names);
        for module in &mut modules {
            for operation in &mut module.operations {
                rename(&mut operation.output);
                operation.members.iter_mut().for_each(|m| rename(&mut m.ty));
                if let Some((_, item)) = &mut operation.paging {
                    rename(item);
                }
            }
        }
        let mut api = Api {
            surface: self.overlay.api.surface.clone(),
            revision: self
                .facts
                .pointer("/info/version")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            ..Api::default()
        };
        let mut models: Vec<Model> = self
            .models
            .values()
            .filter(|m| !m.users.is_empty())
            .cloned()
            .collect();
        models.sort_by(|a, b| a.name.cmp(&b.name));
        // What is written inline in several places and got one name from us is one type.
        models.dedup_by(|next, kept| {
            let shape = |model: &Model| -> Vec<(String, Ty)> {
                model
                    .members
                    .iter()
                    .map(|m| (m.wire.clone(), m.ty.clone()))
                    .collect()
            };
            let inline = next.id.contains('/') && kept.id.contains('/');
            let same = inline && next.name == kept.name && shape(next) == shape(kept);
            if same {
                kept.users.extend(next.users.drain(..));
                kept.users.sort();
                kept.users.dedup();
            }
            same
        });
        let index: BTreeMap<String, usize> = modules
            .iter()
            .enumerate()
            .map(|(i, m)| (m.name.clone(), i))
            .collect();
        for mut model in models {
            model.members.iter_mut().for_each(|m| rename(&mut m.ty));
            match model.users.as_slice() {
                [one] => modules[index[one]].models.push(model),
                _ => api.shared.push(model),
            }
        }
        for (mut found, places) in self.enums.values().cloned() {
            if found.doc.is_empty() {
                found.doc = default_enum_doc(&places, &modules, &rust_names);
            }
            match found.users.as_slice() {
                [] => {}
                [one] => modules[index[one]].enums.push(found),
                _ => api.shared_enums.push(found),
            }
        }
        for (name, paging) in &self.overlay.api.paging {
            let mut paging = paging.clone();
            paging.name.clone_from(name);
            api.paging.push(paging);
        }
        self.collisions(&api, &modules)?;
        api.modules = modules;
        Ok(api)
    }

    fn collisions(&self, api: &Api, modules: &[Module]) -> Result<(), Problem> {
        let shared = api
            .shared
            .iter()
            .map(|m| (m.name.clone(), format!("the model `{}`", m.id)));
        let shared = shared.chain(
            api.shared_enums
                .iter()
                .map(|e| (e.name.clone(), "an enum".to_owned())),
        );
        let shared: Vec<(String, String)> = shared.collect();
        for module in modules {
            let mut seen: BTreeMap<String, String> = BTreeMap::new();
            let own = module
                .models
                .iter()
                .map(|m| (m.name.clone(), format!("the model `{}`", m.id)));
            let enums = module
                .enums
                .iter()
                .map(|e| (e.name.clone(), "an enum".to_owned()));
            let operations = module
                .operations
                .iter()
                .map(|o| (o.name.clone(), format!("the operation `{}`", o.id)));
            for (name, what) in own.chain(enums).chain(operations).chain(shared.clone()) {
                if let Some(other) = seen.insert(name.clone(), what.clone()) {
                    let message = format!(
                        "in the module `{}`, {other} and {what} would both be called `{name}`",
                        module.name
                    );
                    return Err(self.problem("", message));
                }
            }
        }
        Ok(())
    }
}

fn default_enum_doc(
    places: &[String],
    modules: &[Module],
    models: &BTreeMap<String, String>,
) -> String {
    let Some(place) = places.first() else {
        return String::new();
    };
    let (holder, member) = place.rsplit_once('/').unwrap_or((place, ""));
    let mut operations = modules.iter().flat_map(|m| &m.operations);
    let holder = match operations.find(|o| o.id == holder) {
        Some(operation) => operation.name.clone(),
        None => models
            .get(holder)
            .cloned()
            .unwrap_or_else(|| names::pascal(holder)),
    };
    format!("What `{member}` of [`{holder}`] can be.")
}

fn rename(ty: &mut Ty, names: &BTreeMap<String, String>) {
    match ty {
        Ty::Model(id) => {
            if let Some(name) = names.get(id) {
                id.clone_from(name);
            }
        }
        Ty::Enum(key) => {
            if let Some((_, name)) = key.split_once('/') {
                *key = name.to_owned();
            }
        }
        Ty::List(inner)
        | Ty::Map(inner)
        | Ty::OneOrMany(inner)
        | Ty::Nullable(inner)
        | Ty::Boxed(inner) => {
            rename(inner, names);
        }
        _ => {}
    }
}

fn kinds_of(schema: &Value) -> (Vec<&str>, bool) {
    let kinds: Vec<&str> = match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let nullable = kinds.len() > 1 && kinds.contains(&"null");
    let rest = kinds
        .into_iter()
        .filter(|kind| !nullable || *kind != "null")
        .collect();
    (rest, nullable)
}

/// The keys of an object in the order the service declares them.
fn order_of(holder: &Value, object: &Map<String, Value>) -> Vec<String> {
    let listed = holder
        .get("x-order")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let listed = listed.filter_map(Value::as_str);
    let mut order: Vec<String> = Vec::new();
    for name in listed.chain(object.keys().map(String::as_str)) {
        if object.contains_key(name) && !order.iter().any(|known| known == name) {
            order.push(name.to_owned());
        }
    }
    order
}

fn required_of(schema: &Value) -> BTreeSet<String> {
    let names = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    names
        .filter_map(|v| v.as_str().map(str::to_owned))
        .collect()
}

fn effect_of_method(method: &str) -> Effect {
    match method {
        "GET" | "HEAD" => Effect::Read,
        "PUT" | "DELETE" => Effect::Idempotent,
        _ => Effect::Write,
    }
}

fn effect_of_verb(action: &str) -> Effect {
    let reads = ["Describe", "Get", "List", "Query"];
    match reads.iter().any(|verb| action.starts_with(verb)) {
        true => Effect::Read,
        false => Effect::Write,
    }
}

fn variant_name(value: &str) -> String {
    match value {
        "" => "Empty".to_owned(),
        value => {
            let name = names::pascal(value);
            match name.chars().next() {
                Some(c) if c.is_ascii_digit() => format!("V{name}"),
                _ => name,
            }
        }
    }
}
