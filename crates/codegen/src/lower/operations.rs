//! Operations: what they take, what they give, how they behave.

use super::{At, Lowering, MEMBERS, order_of, required_of};
use crate::Problem;
use crate::api::{Answer, BodyKind, Choice, Effect, Member, Operation, Place, Route, Ty};
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
        let confidence = facts.get("x-confidence").and_then(Value::as_str).unwrap_or("high");
        let gated = self.overlay.api.gated.iter().any(|word| word == confidence);
        let attested = gated && entry_or.confirmed.is_none();
        if let Some(group) =
            entry_or.group.as_deref().filter(|group| !names::is_module_name(group) || *group == module)
        {
            return Err(complain("group", format!("`{group}` cannot name a file")));
        }
        let route = match facts.get("x-action").and_then(Value::as_str) {
            Some(action) => Route::Action { action: action.to_owned() },
            None => Route::Rest { method: method.to_uppercase(), path: path.to_owned() },
        };
        let at =
            At { id: id.to_owned(), name: name.clone(), scope: module.to_owned(), pointer: pointer.to_owned() };
        let mut used = BTreeSet::new();
        let (mut body, mut members) = self.request(facts, &at, path, entry_or, &mut used)?;
        let (answer, mut output) = self.answer(facts, &at, pointer)?;
        if let Some(correction) = entry_or.correct.get("answer") {
            output = self.correction(correction, &output, module, &["operations", id, "correct", "answer"])?;
            self.note_raw(&output, format!("{id}/answer"));
            used.insert("answer".to_owned());
        }
        if entry_or.absent.is_some() && !matches!(output, Ty::Nullable(_)) {
            output = Ty::Nullable(Box::new(output));
        }
        let natural = natural_effect(&route);
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
        for (key, added) in &entry_or.add {
            let keys = ["operations", id, "add", key];
            if members.iter().any(|member| member.wire == *key) {
                return Err(overlay.problem(module, &keys, "the facts have made this addition unnecessary"));
            }
            let named = entry_or.rename.get(key).cloned().or_else(|| names::member(key));
            let ident = named.ok_or_else(|| overlay.problem(module, &keys, format!("`{key}` makes no name")))?;
            let (ty, place) = match added.ty.as_str() {
                "file" => (Ty::File, Place::File),
                _ => (self.correction(added, &Ty::Unit, module, &keys)?, Place::Body),
            };
            body = match (body, place) {
                (BodyKind::None, _) if natural_effect(&route) == Effect::Read => {
                    return Err(overlay.problem(module, &keys, "it is read without a body"));
                }
                (BodyKind::None | BodyKind::Form, Place::File) => BodyKind::Multipart,
                (BodyKind::None, _) => BodyKind::Form,
                (other, _) => other,
            };
            let required = place == Place::File;
            members.push(Member {
                wire: key.clone(),
                ident,
                ty,
                required,
                preset: None,
                clearable: false,
                place,
                doc: String::new(),
            });
        }
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
        for (key, evidence) in &entry_or.optional {
            let keys = ["operations", id, "optional", key];
            match members.iter_mut().find(|m| m.wire == *key) {
                Some(member) => self.optional(member, member.required, evidence, module, &keys)?,
                None => return Err(overlay.problem(module, &keys, format!("the facts have no parameter `{key}`"))),
            }
        }
        for (key, name) in &entry_or.rename {
            let keys = ["operations", id, "rename", key];
            let Some(member) = members.iter_mut().find(|m| m.wire == *key) else {
                return Err(overlay.problem(module, &keys, format!("the facts have no parameter `{key}`")));
            };
            member.ident = names::member(name)
                .filter(|ident| ident == name)
                .ok_or_else(|| overlay.problem(module, &keys, format!("`{name}` cannot name a member")))?;
        }
        for key in &entry_or.tail {
            match members.iter_mut().find(|m| m.wire == *key && m.place == Place::Path) {
                Some(member) => member.place = Place::Tail,
                None => {
                    let message = format!("the path has no `{key}`, or the facts allow slashes in it anyway");
                    return Err(overlay.problem(module, &["operations", id, "tail"], message));
                }
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
        let choices = self.choices(&mut members);
        for member in &mut members {
            let own = entry_or.params.get(&member.wire);
            let text = own.or_else(|| overlay.glossary.params.get(&member.wire));
            member.doc = text.map(|t| t.trim().to_owned()).unwrap_or_default();
        }
        self.unique(&members, pointer)?;
        let (paging, items, total) = self.paging(facts, entry_or, &members, &output, &complain)?;
        let mut pieces = false;
        if let Some((name, _)) = &paging {
            let paging = &self.overlay.api.paging[name];
            let first = i64::from(paging.style == "page");
            pieces = paging.style == "position";
            for member in members.iter_mut().filter(|member| member.required) {
                if member.wire == paging.start && member.ty == Ty::I64 {
                    member.preset = Some(first);
                } else if member.wire == paging.size {
                    member.preset = Some(paging.max_size.into());
                }
            }
        }
        let deprecated = entry_or.deprecated.clone();
        if entry.is_some() && deprecated.as_ref().is_none_or(|reason| reason.trim().is_empty()) {
            if facts.get("deprecated") == Some(&Value::Bool(true)) {
                return Err(complain(
                    "deprecated",
                    "the facts call it deprecated; say why and what to use".to_owned(),
                ));
            }
            if deprecated.is_some() {
                return Err(complain("deprecated", "a reason is missing".to_owned()));
            }
        }
        Ok(Operation {
            id: id.to_owned(),
            name,
            group: entry_or.group.clone().or_else(|| attested.then(|| "attested".to_owned())),
            attested,
            doc: entry_or.doc.trim().to_owned(),
            route,
            effect,
            body,
            answer,
            paging,
            items,
            pieces,
            total,
            in_query: facts.get("x-action-placement").is_some_and(|placement| placement == "all"),
            choices,
            absent: entry_or.absent.clone(),
            follows: entry_or.follows.unwrap_or(answer == Answer::Bytes),
            sensitive: entry_or.sensitive,
            rate: facts.get("x-rate-per-second").and_then(Value::as_u64).unwrap_or(0) as u16,
            deprecated,
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

    /// Members of which one is enough stop being required; the argument of the choice takes their place.
    fn choices(&self, members: &mut [Member]) -> Vec<Choice> {
        let mut found = Vec::new();
        for (name, entry) in &self.overlay.api.choices {
            let has = |wire: &String| members.iter().any(|member| member.wire == *wire);
            if !entry.members.iter().all(has) {
                continue;
            }
            for member in members.iter_mut() {
                let Some(at) = entry.members.iter().position(|wire| *wire == member.wire) else { continue };
                member.required = false;
                member.clearable = false;
                member.ty = match entry.types.get(at).map(String::as_str) {
                    Some("integer") => Ty::I64,
                    _ => Ty::String,
                };
            }
            found.push(Choice { name: name.clone(), members: entry.members.clone() });
        }
        found
    }

    /// How a list continues, the type of its items, the way to them, and the way to their number.
    #[allow(clippy::type_complexity)]
    pub(super) fn paging(
        &self,
        facts: &Value,
        entry: &OperationEntry,
        members: &[Member],
        output: &Ty,
        complain: &dyn Fn(&str, String) -> Problem,
    ) -> Result<(Option<(String, Ty)>, Vec<String>, Vec<String>), Problem> {
        let none = || Ok((None, Vec::new(), Vec::new()));
        let has = |wire: &str| members.iter().any(|m| m.wire == wire && m.place != Place::Path);
        for (name, paging) in &self.overlay.api.paging {
            if !matches!(paging.style.as_str(), "page" | "offset" | "after" | "token" | "position") {
                let message =
                    format!("expected `page`, `offset`, `after`, `token` or `position`, got `{}`", paging.style);
                return Err(self.overlay.problem("api", &["paging", name, "style"], message));
            }
        }
        let found = match entry.paging.as_deref() {
            Some("none") => return none(),
            Some(name) => match self.overlay.api.paging.get(name) {
                Some(paging) => Some((name, paging)),
                None => {
                    return Err(complain("paging", format!("api.toml has no paging called `{name}`")));
                }
            },
            None => {
                let mut all = self.overlay.api.paging.iter();
                all.find(|(_, p)| has(&p.start) && (p.size.is_empty() || has(&p.size)))
                    .map(|(name, p)| (name.as_str(), p))
            }
        };
        let Some((name, paging)) = found else {
            return none();
        };
        if let Ty::List(item) = output {
            return Ok((Some((name.to_owned(), (**item).clone())), Vec::new(), Vec::new()));
        }
        let Ty::Model(id) = output else {
            return none();
        };
        let way = |text: &str| -> Vec<String> {
            text.split('/').filter(|piece| !piece.is_empty()).map(str::to_owned).collect()
        };
        let listed = facts.pointer("/x-pagination/lists/0").and_then(Value::as_str);
        let items = match entry.items.as_deref().or(listed) {
            Some(text) => way(text),
            None => match self.list_member(id) {
                Some(wire) => vec![wire],
                None => return none(),
            },
        };
        let Some(item) = self.item_type(id, &items, paging.style == "position") else {
            return Err(complain("items", format!("there is no list at `{}`", items.join("/"))));
        };
        let said = facts.pointer("/x-pagination/response").and_then(Value::as_array).into_iter().flatten();
        const TOTALS: &[&str] = &["TotalCount", "TotalRow", "Total", "totalRow"];
        let is_total = |at: &&str| at.rsplit('/').next().is_some_and(|name| TOTALS.contains(&name));
        let own =
            |name: &&&str| self.schema_of(id).is_some_and(|s| s.pointer(&format!("/properties/{name}")).is_some());
        let total = said.filter_map(Value::as_str).find(is_total).or_else(|| TOTALS.iter().find(own).copied());
        let total = entry.total.as_deref().or(total).map(way).unwrap_or_default();
        Ok((Some((name.to_owned(), item)), items, total))
    }

    /// The type of what stands at the end of a way: of the items of a list, or of a text that comes in pieces.
    fn item_type(&self, id: &str, way: &[String], text: bool) -> Option<Ty> {
        let mut holder = id.to_owned();
        let mut schema = self.schema_of(id)?.clone();
        for wire in way {
            let member = schema.get("properties")?.get(wire)?.clone();
            holder = format!("{holder}/{wire}");
            schema = self.plain(&member, &mut holder)?;
        }
        if text {
            return (schema.get("type")? == "string").then_some(Ty::String);
        }
        let items = schema.get("items")?.clone();
        let items = self.plain(&items, &mut holder)?;
        Some(match items.get("type").and_then(Value::as_str) {
            _ if items.get("properties").is_some() => Ty::Model(holder),
            Some("string") => Ty::String,
            Some("integer") => Ty::I64,
            _ => return None,
        })
    }

    /// The schema of a model: one of the document, or one that is written where it is used.
    fn schema_of(&self, id: &str) -> Option<&Value> {
        let named = self.facts.pointer(&format!("/components/schemas/{}", escape(id)));
        named.or_else(|| self.pending.iter().find(|(pending, _, _)| pending == id).map(|(_, schema, _)| schema))
    }

    /// A schema without the `null` beside it and behind its reference; `holder` becomes the model it is.
    fn plain(&self, schema: &Value, holder: &mut String) -> Option<Value> {
        let parts = ["anyOf", "oneOf"].iter().find_map(|name| schema.get(*name)?.as_array());
        let is_null = |part: &&Value| part.get("type").is_some_and(|kind| kind == "null");
        let schema = match parts {
            Some(parts) => parts.iter().find(|part| !is_null(part))?,
            None => schema,
        };
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            *holder = target.rsplit('/').next()?.to_owned();
        }
        let mut plain = self.resolve(schema, "").ok()?;
        // `["array", "null"]` is an array here.
        if let Some(Value::Array(kinds)) = plain.get("type") {
            plain["type"] = kinds.iter().find(|kind| *kind != "null")?.clone();
        }
        Some(plain)
    }

    /// The one list of a schema that wraps a page. It is looked up in the facts, because the model may not be lowered yet.
    pub(super) fn list_member(&self, id: &str) -> Option<String> {
        let properties = self.schema_of(id)?.get("properties")?.as_object()?;
        let mut lists = properties.iter().filter(|(_, s)| s.get("type").is_some_and(|t| t == "array"));
        let (wire, list) = lists.next()?;
        if lists.next().is_some() {
            return None;
        }
        list.pointer("/items/$ref")?;
        Some(wire.clone())
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
            if text("in") == Some("query") && entry.twice.iter().any(|name| name == wire) {
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
        let mut order = order_of(&schema, properties);
        if self.overlay.api.required_first {
            let first: Vec<&str> = schema
                .get("required")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            order.sort_by_key(|wire| first.iter().position(|name| name == wire).unwrap_or(first.len()));
        }
        for wire in order {
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
            let holder = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.rsplit('/').next());
            let holder = holder.unwrap_or(&here.id).to_owned();
            let resolved = self.resolve(&schema, &here.pointer).unwrap_or_default();
            let members = resolved.get("properties").and_then(Value::as_object);
            let envelope = &self.overlay.api.envelope_members;
            let added = self.overlay.types.get(&holder).is_some_and(|entry| !entry.add.is_empty());
            if members.is_some_and(|members| !added && members.keys().all(|name| envelope.contains(name))) {
                return Ok((Answer::Empty, Ty::Unit));
            }
            self.answers.insert(holder);
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
        // Beside the answer stands what the protocol makes an error of.
        let is_error = |part: &Value| {
            let target = part.get("$ref").and_then(Value::as_str).and_then(|target| target.rsplit('/').next());
            target.is_some_and(|id| self.overlay.api.error_models.iter().any(|model| model == id))
        };
        for name in ["anyOf", "oneOf"] {
            let parts = schema.get(name).and_then(Value::as_array).into_iter().flatten();
            let rest: Vec<&Value> = parts.clone().filter(|part| !is_error(part)).collect();
            if let ([one], true) = (rest.as_slice(), parts.count() > 1) {
                return ((*one).clone(), at);
            }
        }
        (schema.clone(), at)
    }
}

fn natural_effect(route: &Route) -> Effect {
    match route {
        Route::Action { action } => effect_of_verb(action),
        Route::Rest { method, .. } => Effect::of_method(method),
    }
}

fn effect_of_verb(action: &str) -> Effect {
    let reads = ["Describe", "Get", "List", "Query"];
    match reads.iter().any(|verb| action.starts_with(verb)) {
        true => Effect::Read,
        false => Effect::Write,
    }
}
