//! Operations: what they take, what they give, how they behave.

use super::{At, Lowering, MEMBERS, order_of, required_of};
use crate::Problem;
use crate::api::{Answer, BodyKind, Effect, Member, Operation, Place, Route, Ty};
use crate::facts::escape;
use crate::names;
use crate::overlay::OperationEntry;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

impl Lowering<'_> {
    #[allow(clippy::too_many_arguments)]
    pub(super) fn operation(
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
            None => names::official(id),
        };
        let overlay = self.overlay;
        let complain = |key: &str, message: String| overlay.problem(module, &["operations", id, key], message);
        if !names::is_type_name(&name) {
            return Err(complain("name", format!("`{name}` cannot name an operation")));
        }
        if let Some(group) = entry_or.group.as_deref().filter(|group| !names::is_module_name(group)) {
            return Err(complain("group", format!("`{group}` cannot name a file")));
        }
        let route = match facts.get("x-action").and_then(Value::as_str) {
            Some(action) => Route::Action { action: action.to_owned() },
            None => Route::Rest { method: method.to_uppercase(), path: path.to_owned() },
        };
        let at =
            At { id: id.to_owned(), name: name.clone(), scope: module.to_owned(), pointer: pointer.to_owned() };
        let mut used = BTreeSet::new();
        let (body, mut members) = self.request(facts, &at, path, entry_or, &mut used)?;
        let (answer, mut output) = self.answer(facts, &at, pointer)?;
        if let Some(correction) = entry_or.correct.get("answer") {
            output = self.correction(correction, &output, module, &["operations", id, "correct", "answer"])?;
            self.note_raw(&output, format!("{id}/answer"));
            used.insert("answer".to_owned());
        }
        if entry_or.absent.is_some() && !matches!(output, Ty::Nullable(_)) {
            output = Ty::Nullable(Box::new(output));
        }
        let natural = match &route {
            Route::Action { action } => effect_of_verb(action),
            Route::Rest { method, .. } => Effect::of_method(method),
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
        for secret in &entry_or.secret {
            match members.iter_mut().find(|m| m.wire == *secret) {
                Some(member) => member.ty = Ty::Secret,
                None => {
                    let message = format!("the facts have no parameter `{secret}`");
                    return Err(overlay.problem(module, &["operations", id, "secret"], message));
                }
            }
        }
        // The path and the query come first; what the body calls the same is told apart by where it travels.
        let outside: BTreeSet<String> =
            members.iter().filter(|m| m.place != Place::Body).map(|m| m.ident.clone()).collect();
        for member in members.iter_mut().filter(|m| m.place == Place::Body && outside.contains(&m.ident)) {
            member.ident = format!("body_{}", member.ident.trim_start_matches("r#"));
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
            absent: entry_or.absent.clone(),
            follows: entry_or.follows.unwrap_or(answer == Answer::Bytes),
            sensitive: entry_or.sensitive,
            rate: facts.get("x-rate-per-second").and_then(Value::as_u64).unwrap_or(0) as u16,
            deprecated: entry_or.deprecated.clone(),
            members,
            output,
            pointer: pointer.to_owned(),
        })
    }

    pub(super) fn unique(&self, members: &[Member], pointer: &str) -> Result<(), Problem> {
        let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
        for member in members {
            if let Some(other) = seen.insert(&member.ident, &member.wire) {
                let message = format!("`{other}` and `{}` would both be called `{}`", member.wire, member.ident);
                return Err(self.problem(pointer, message));
            }
        }
        if members.len() > MEMBERS {
            let message = format!("{} members are more than a record can have ({MEMBERS})", members.len());
            return Err(self.problem(pointer, message));
        }
        Ok(())
    }

    #[allow(clippy::type_complexity)]
    pub(super) fn paging(
        &self,
        entry: &OperationEntry,
        members: &[Member],
        output: &Ty,
        complain: &dyn Fn(&str, String) -> Problem,
    ) -> Result<(Option<(String, Ty)>, Option<String>), Problem> {
        let has = |wire: &str| members.iter().any(|m| m.wire == wire && m.place != Place::Path);
        for (name, paging) in &self.overlay.api.paging {
            if !matches!(paging.style.as_str(), "page" | "offset" | "after") {
                let message = format!("expected `page`, `offset` or `after`, got `{}`", paging.style);
                return Err(self.overlay.problem("api", &["paging", name, "style"], message));
            }
        }
        let found = match entry.paging.as_deref() {
            Some("none") => return Ok((None, None)),
            Some(name) => match self.overlay.api.paging.get(name) {
                Some(paging) => Some((name, paging)),
                None => {
                    return Err(complain("paging", format!("api.toml has no paging called `{name}`")));
                }
            },
            None => {
                let mut all = self.overlay.api.paging.iter();
                all.find(|(_, p)| has(&p.start) && has(&p.size)).map(|(name, p)| (name.as_str(), p))
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
    pub(super) fn list_member(&self, id: &str) -> Option<(String, Ty)> {
        let schema = self.facts.pointer(&format!("/components/schemas/{}", escape(id)))?;
        let properties = schema.get("properties")?.as_object()?;
        let mut lists = properties.iter().filter(|(_, s)| s.get("type").is_some_and(|t| t == "array"));
        let (wire, list) = lists.next()?;
        if lists.next().is_some() {
            return None;
        }
        let item = list.pointer("/items/$ref")?.as_str()?.rsplit('/').next()?;
        Some((names::member(wire)?, Ty::Model(item.to_owned())))
    }

    pub(super) fn request(
        &mut self,
        facts: &Value,
        at: &At,
        path: &str,
        entry: &OperationEntry,
        corrected: &mut BTreeSet<String>,
    ) -> Result<(BodyKind, Vec<Member>), Problem> {
        let mut members: Vec<Member> = Vec::new();
        let optional_path = facts.get("x-optional-path-parameter").and_then(Value::as_str);
        for (i, parameter) in facts.get("parameters").and_then(Value::as_array).into_iter().flatten().enumerate() {
            let pointer = format!("{}/parameters/{i}", at.pointer);
            let parameter = match parameter.get("$ref").and_then(Value::as_str) {
                Some(target) => self
                    .facts
                    .pointer(target.trim_start_matches('#'))
                    .ok_or_else(|| self.problem(&pointer, format!("`{target}` does not exist")))?,
                None => parameter,
            };
            let text = |name: &str| parameter.get(name).and_then(Value::as_str);
            let wire = text("name").ok_or_else(|| self.problem(&pointer, "the parameter has no name"))?;
            if self.overlay.api.credential_members.iter().any(|m| m == wire) {
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
                        format!("parameters in `{}` are not supported", other.unwrap_or("nothing")),
                    ));
                }
            };
            if (place == Place::Path || place == Place::Tail) && !path.contains(&format!("{{{wire}}}")) {
                return Err(self.problem(&pointer, format!("the path has no `{{{wire}}}`")));
            }
            let required = parameter.get("required") == Some(&Value::Bool(true)) && optional_path != Some(wire);
            let schema = parameter.get("schema").cloned().unwrap_or_default();
            let mut here = at.member(wire);
            here.pointer = format!("{pointer}/schema");
            let member = self.member(wire, &schema, required, place, &here)?;
            members.push(member);
        }
        for piece in path.split('{').skip(1) {
            let wire = piece.split('}').next().unwrap_or_default();
            let credentials = self.overlay.api.credential_members.iter().any(|member| member == wire);
            if !credentials && !members.iter().any(|m| m.wire == wire) && facts.get("x-action").is_none() {
                return Err(self.problem(&at.pointer, format!("`{{{wire}}}` in the path is no parameter")));
            }
        }
        let mut kind = BodyKind::None;
        if let Some(body) = facts.get("requestBody") {
            let pointer = format!("{}/requestBody/content", at.pointer);
            let content = body.get("content").and_then(Value::as_object);
            let content = content.ok_or_else(|| self.problem(&pointer, "expected an object"))?;
            let order = order_of(body, content);
            // What the document prefers comes first; the overlay may know better.
            let own = entry.body.as_deref();
            let complain =
                |message: String| self.overlay.problem(&at.scope, &["operations", &at.id, "body"], message);
            if let Some(other) = own.filter(|kind| !matches!(*kind, "json" | "form")) {
                return Err(complain(format!("expected `json` or `form`, got `{other}`")));
            }
            let preferred = own.and_then(|kind| order.iter().find(|t| t.contains(kind)));
            if let (Some(kind), true) = (own, preferred.is_some() && preferred == order.first()) {
                return Err(complain(format!("the facts have made `{kind}` unnecessary")));
            }
            let Some(media_type) = preferred.or(order.first()) else {
                return Err(self.problem(&pointer, "there is no media type"));
            };
            let here = At { pointer: format!("{pointer}/{}/schema", escape(media_type)), ..at.clone() };
            let schema = content[media_type].get("schema").cloned().unwrap_or_default();
            kind = match media_type.split(';').next().unwrap_or_default() {
                "application/json" => BodyKind::Json,
                "application/x-www-form-urlencoded" => BodyKind::Form,
                "multipart/form-data" => BodyKind::Multipart,
                other => {
                    return Err(self.problem(&here.pointer, format!("bodies of type `{other}` are not supported")));
                }
            };
            kind = match own {
                Some("json") => BodyKind::Json,
                Some("form") => BodyKind::Form,
                _ => kind,
            };
            self.body(&schema, &here, body, kind, &mut members)?;
            if members.iter().all(|m| !matches!(m.place, Place::Body | Place::Whole | Place::File))
                && kind != BodyKind::Json
            {
                kind = BodyKind::None;
            } else if members.iter().all(|m| !matches!(m.place, Place::Body | Place::Whole | Place::File))
                && facts.get("x-action").is_none()
            {
                // Nothing is left once the credential's members are out.
                kind = BodyKind::None;
            }
        } else if entry.body.is_some() {
            let keys = ["operations", at.id.as_str(), "body"];
            return Err(self.overlay.problem(&at.scope, &keys, "the facts have no body"));
        }
        for member in &mut members {
            if let Some(correction) = entry.correct.get(&member.wire) {
                let keys = ["operations", at.id.as_str(), "correct", member.wire.as_str()];
                let module = self.module_of(&at.id);
                member.ty = self.correction(correction, &member.ty, &module, &keys)?;
                self.note_raw(&member.ty, at.member(&member.wire).id);
                corrected.insert(member.wire.clone());
            }
        }
        Ok((kind, members))
    }

    pub(super) fn module_of(&self, operation: &str) -> String {
        let mut modules = self.overlay.modules.iter();
        let found = modules.find(|(_, file)| file.operations.contains_key(operation));
        found.map(|(name, _)| name.clone()).unwrap_or_default()
    }

    pub(super) fn body(
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
                let here = At { pointer: format!("{}/allOf/{i}", at.pointer), ..at.clone() };
                self.body(part, &here, body, kind, members)?;
            }
            return Ok(());
        }
        let choice = ["oneOf", "anyOf"].iter().find_map(|name| schema.get(*name)?.as_array());
        let schema = match choice.and_then(|parts| self.blend(parts, super::types::BLENDS)) {
            Some(blend) if blend.get("properties").is_some() => blend,
            _ => schema,
        };
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            let empty = body.get("required") != Some(&Value::Bool(true))
                && schema.get("type").is_none_or(|t| t == "object")
                && schema.get("additionalProperties").is_none()
                && schema.get("oneOf").is_none()
                && schema.get("anyOf").is_none();
            if empty {
                return Ok(());
            }
            // The body is one value: a bare array, a map, a union.
            let required = body.get("required") == Some(&Value::Bool(true));
            let here = At { id: format!("{}/body", at.id), name: format!("{}Body", at.name), ..at.clone() };
            let member = self.member("body", &schema, required, Place::Whole, &here)?;
            members.push(member);
            return Ok(());
        };
        let required = required_of(&schema);
        for wire in order_of(&schema, properties) {
            if self.overlay.api.credential_members.contains(&wire) || properties[&wire].get("const").is_some() {
                continue;
            }
            let here = at.member(&wire);
            let property = properties[&wire].clone();
            let binary = property.get("format").is_some_and(|f| f == "binary");
            let place = if binary { Place::File } else { Place::Body };
            let mut member = self.member(&wire, &property, required.contains(&wire), place, &here)?;
            // A form cannot say null, so there clearing and leaving out are one.
            member.clearable &= kind == BodyKind::Json;
            members.push(member);
        }
        Ok(())
    }

    pub(super) fn answer(&mut self, facts: &Value, at: &At, pointer: &str) -> Result<(Answer, Ty), Problem> {
        let responses = facts.get("responses").and_then(Value::as_object);
        let responses =
            responses.ok_or_else(|| self.problem(&format!("{pointer}/responses"), "expected an object"))?;
        let success = responses.iter().find(|(status, _)| status.starts_with('2') || *status == "302");
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
        let schema = content[&media_type].get("schema").cloned().unwrap_or_default();
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
            let ty = if nullable { Ty::Nullable(Box::new(ty)) } else { ty };
            return Ok((Answer::Json, ty));
        }
        Ok(match kind {
            "text/plain" | "text/html" => (Answer::Text, Ty::String),
            _ => (Answer::Bytes, Ty::Bytes),
        })
    }

    /// Takes off what the protocol opens: `{"Response": …}` of actions and `{"code": 0, "data": …}` of the legacy API.
    pub(super) fn unwrap_envelope(&self, schema: &Value, at: At) -> (Value, At) {
        for name in ["anyOf", "oneOf"] {
            for (i, part) in schema.get(name).and_then(Value::as_array).into_iter().flatten().enumerate() {
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
}

fn effect_of_verb(action: &str) -> Effect {
    let reads = ["Describe", "Get", "List", "Query"];
    match reads.iter().any(|verb| action.starts_with(verb)) {
        true => Effect::Read,
        false => Effect::Write,
    }
}
