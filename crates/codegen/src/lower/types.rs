//! Types: what a schema is in Rust.

use super::{At, Lowering, order_of, required_of};
use crate::Problem;
use crate::api::{Enum, Member, Model, Place, Ty};
use crate::facts::escape;
use crate::names;
use crate::overlay::{Correction, EnumEntry, TypeEntry, Within};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// How deep a choice between objects is followed: deeper than any document has it, and an end for those that refer to
/// themselves.
pub(super) const BLENDS: usize = 16;

impl Lowering<'_> {
    pub(super) fn resolve(&self, schema: &Value, pointer: &str) -> Result<Value, Problem> {
        let mut found = schema;
        let mut seen = BTreeSet::new();
        while let Some(target) = found.get("$ref").and_then(Value::as_str) {
            if !seen.insert(target) {
                return Err(self.problem(pointer, format!("`{target}` refers to itself")));
            }
            let there = target.strip_prefix('#').and_then(|t| self.facts.pointer(t));
            found = there.ok_or_else(|| self.problem(pointer, format!("`{target}` does not exist")))?;
        }
        Ok(found.clone())
    }

    pub(super) fn member(
        &mut self,
        wire: &str,
        schema: &Value,
        required: bool,
        place: Place,
        at: &At,
    ) -> Result<Member, Problem> {
        let ident = names::member(wire)
            .ok_or_else(|| self.problem(&at.pointer, format!("`{wire}` makes no name for a member")))?;
        let (mut ty, nullable) = self.ty(schema, at)?;
        if schema.get("x-sensitive") == Some(&Value::Bool(true)) {
            ty = Ty::Secret;
        }
        // A model is no request, whose texts have the format that the document asks for.
        let moment = ty == Ty::I64 || (ty == Ty::String && at.scope.is_empty());
        if moment && self.overlay.api.timestamps.iter().any(|name| name == wire) {
            ty = Ty::Timestamp;
        }
        Ok(Member {
            wire: wire.to_owned(),
            ident,
            ty,
            required: required && !nullable,
            preset: None,
            clearable: nullable && place == Place::Body,
            place,
            doc: String::new(),
        })
    }

    /// The type of a schema, and whether `null` can stand in its place.
    pub(super) fn ty(&mut self, schema: &Value, at: &At) -> Result<(Ty, bool), Problem> {
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let id = target
                .strip_prefix("#/components/schemas/")
                .ok_or_else(|| self.problem(&at.pointer, format!("`{target}` is no schema")))?
                .to_owned();
            let found = self.resolve(schema, &at.pointer)?;
            if found.get("properties").is_none() {
                let pointer = format!("/components/schemas/{}", escape(&id));
                // A list or a map of itself has no place to begin.
                if self.open.contains(&id) {
                    return Err(self.problem(&at.pointer, format!("`{id}` holds nothing but itself")));
                }
                self.open.push(id.clone());
                let here = At { name: self.type_name(&id), id, scope: String::new(), pointer };
                let ty = self.ty(&found, &here);
                self.open.pop();
                return ty;
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
                let item = if nullable { Ty::Nullable(Box::new(item)) } else { item };
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
            // Also what is declared without a sign: one call's number is another's argument, and no id comes near the end.
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
                return Err(self.problem(&at.pointer, format!("the type `{}` is unknown", kinds.join(", "))));
            }
        };
        Ok((ty, nullable))
    }

    pub(super) fn union(&mut self, name: &str, parts: &[Value], at: &At) -> Result<(Ty, bool), Problem> {
        let is_null = |part: &&Value| part.get("type").is_some_and(|t| t == "null");
        let nullable = parts.iter().any(|part| is_null(&part));
        let rest: Vec<(usize, &Value)> = parts.iter().enumerate().filter(|(_, part)| !is_null(part)).collect();
        let pointer = |i: usize| format!("{}/{name}/{i}", at.pointer);
        let here = |i: usize| At { pointer: pointer(i), ..at.clone() };
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
        let parts: Vec<Value> = rest.into_iter().map(|(_, part)| part.clone()).collect();
        if let Some(blend) = self.blend(&parts, BLENDS) {
            return Ok((self.ty(&blend, at)?.0, nullable));
        }
        self.raw.insert(at.id.clone());
        Ok((Ty::Raw, nullable))
    }

    /// One schema for a choice between objects: the members of all, and required what all require. A member that the objects
    /// have different schemas for is blended in turn. Nothing when there is no such schema.
    pub(super) fn blend(&self, parts: &[Value], depth: usize) -> Option<Value> {
        let (first, others) = parts.split_first()?;
        if others.iter().all(|other| other == first) {
            return Some(first.clone());
        }
        let parts = parts.iter().map(|part| self.resolve(part, "").ok()).collect::<Option<Vec<Value>>>()?;
        let depth = depth.checked_sub(1)?;
        let items: Vec<Value> = parts.iter().filter_map(|part| part.get("items").cloned()).collect();
        if items.len() == parts.len() {
            return Some(serde_json::json!({"type": "array", "items": self.blend(&items, depth)?}));
        }
        let objects: Vec<&Map<String, Value>> =
            parts.iter().filter_map(|part| part.get("properties")?.as_object()).collect();
        if objects.len() < parts.len() {
            let kind = |part: &Value| part.get("type").cloned();
            let same = parts.iter().all(|part| kind(part).is_some() && kind(part) == kind(&parts[0]));
            // Lists of values that differ are one open list, which is text.
            return same.then(|| serde_json::json!({"type": kind(&parts[0])}));
        }
        let mut required = required_of(&parts[0]);
        let mut order: Vec<String> = Vec::new();
        for (part, own) in parts.iter().zip(&objects) {
            required = required.intersection(&required_of(part)).cloned().collect();
            for name in order_of(part, own) {
                if !order.contains(&name) {
                    order.push(name);
                }
            }
        }
        let member = |name: &String| {
            let all: Vec<Value> = objects.iter().filter_map(|own| own.get(name).cloned()).collect();
            (name.clone(), self.blend(&all, depth).unwrap_or_else(|| serde_json::json!({})))
        };
        let properties: Map<String, Value> = order.iter().map(member).collect();
        Some(
            serde_json::json!({"type": "object", "properties": properties, "required": required, "x-order": order}),
        )
    }

    pub(super) fn merged(&mut self, parts: &[Value], at: &At) -> Result<(Ty, bool), Problem> {
        if let [one] = parts {
            return self.ty(one, &At { pointer: format!("{}/allOf/0", at.pointer), ..at.clone() });
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
        let schema =
            serde_json::json!({"type": "object", "properties": properties, "x-order": order, "required": required});
        Ok((self.object(&schema, at)?, false))
    }

    pub(super) fn object(&mut self, schema: &Value, at: &At) -> Result<Ty, Problem> {
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
            Some(values) if values.is_object() && !values.as_object().is_some_and(Map::is_empty) => {
                let here = At {
                    name: singular(&at.name),
                    pointer: format!("{}/additionalProperties", at.pointer),
                    ..at.clone()
                };
                let (ty, nullable) = self.ty(values, &here)?;
                let ty = if nullable { Ty::Nullable(Box::new(ty)) } else { ty };
                Ok(Ty::Map(Box::new(ty)))
            }
            _ => {
                self.raw.insert(at.id.clone());
                Ok(Ty::Raw)
            }
        }
    }

    pub(super) fn text(&mut self, schema: &Value, at: &At) -> Result<Ty, Problem> {
        let Some(values) = schema.get("enum").and_then(Value::as_array) else {
            return Ok(Ty::String);
        };
        let values: Vec<String> = values.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect();
        // One value is a remark, not a choice; a very long list is data of the service, and grows without us.
        if values.len() < 2 || values.len() > self.overlay.api.enum_limit {
            return Ok(Ty::String);
        }
        let sorted = |values: &[String]| values.iter().cloned().collect::<BTreeSet<_>>();
        let mut named = self.overlay.api.enums.iter();
        let named = named.find(|(_, entry)| sorted(&entry.values) == sorted(&values));
        self.enumeration(named, values, at)
    }

    /// An enum by its entry in `api.toml`, or by the values and the name that a place gives it.
    fn enumeration(
        &mut self,
        named: Option<(&String, &EnumEntry)>,
        values: Vec<String>,
        at: &At,
    ) -> Result<Ty, Problem> {
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
            // `Unlisted` is what an open enum has for spellings that nobody listed.
            if !names::is_type_name(&variant) || variant == "Unlisted" {
                let message = format!("the value `{value}` makes no variant; name it in api.toml under [enums]");
                return Err(self.problem(&at.pointer, message));
            }
            if let Some(other) = variants.insert(variant.clone(), value.clone()) {
                let message = format!("the values `{other}` and `{value}` would both be `{variant}`");
                return Err(self.problem(&at.pointer, message));
            }
            let doc = named.and_then(|(_, entry)| entry.value.get(&value).cloned()).unwrap_or_default();
            out.push((variant, value, doc));
        }
        let doc = named.map(|(_, entry)| entry.doc.clone()).unwrap_or_default();
        let found = Enum { name: name.clone(), doc, values: out, users: Vec::new() };
        let key = match named {
            Some(_) => format!("/{name}"),
            None => format!("{}/{name}", at.scope),
        };
        let (known, places) = self.enums.entry(key.clone()).or_insert_with(|| (found.clone(), Vec::new()));
        let same = known.values.iter().map(|v| &v.1).eq(found.values.iter().map(|v| &v.1));
        let taken = known.name.clone();
        places.push(at.id.clone());
        if !same {
            let message =
                format!("another enum is called `{taken}`, too; name one of them in api.toml under [enums]");
            return Err(self.problem(&at.pointer, message));
        }
        Ok(Ty::Enum(key))
    }

    pub(super) fn type_name(&self, id: &str) -> String {
        let own = self.overlay.types.get(id).and_then(|entry| entry.name.clone());
        own.unwrap_or_else(|| {
            let name = names::official(id);
            // Without an overlay nobody can tell the two apart but us.
            let taken = self.overlay.modules.is_empty() && self.operation_names.contains(&name);
            if taken { format!("{name}Model") } else { name }
        })
    }

    pub(super) fn queue(&mut self, id: String, schema: Value, pointer: String) {
        self.pending.push((id, schema, pointer));
    }

    /// Lowers every schema that was referred to, and those that they refer to.
    pub(super) fn drain(&mut self) -> Result<(), Problem> {
        while let Some((id, schema, pointer)) = self.pending.pop() {
            if self.models.get(&id).is_some_and(|m| !m.members.is_empty()) {
                continue;
            }
            let name = match self.models.get(&id) {
                Some(inline) => inline.name.clone(),
                None => self.type_name(&id),
            };
            if !names::is_type_name(&name) {
                return Err(self.problem(&pointer, format!("`{name}` cannot name a type; name it in types.toml")));
            }
            let entry = self.overlay.types.get(&id).cloned().unwrap_or_default();
            let at = At { id: id.clone(), name: name.clone(), scope: String::new(), pointer: pointer.clone() };
            let empty = Map::new();
            let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
            let required = required_of(&schema);
            let mut members = Vec::new();
            let envelope: &[String] = match self.answers.contains(&id) {
                true => &self.overlay.api.envelope_members,
                false => &[],
            };
            for wire in order_of(&schema, properties).into_iter().filter(|wire| !envelope.contains(wire)) {
                let here = at.member(&wire);
                let mut member =
                    self.member(&wire, &properties[&wire], required.contains(&wire), Place::Body, &here)?;
                if let Some(correction) = entry.correct.get(&wire) {
                    member.ty =
                        self.correction(correction, &member.ty, "types", &["types", &id, "correct", &wire])?;
                    self.note_raw(&member.ty, here.id);
                    self.corrected.insert((id.clone(), wire.clone()));
                }
                let sensitive = properties[&wire].get("x-sensitive") == Some(&Value::Bool(true));
                if entry.secret.contains(&wire) || sensitive {
                    member.ty = Ty::Secret;
                }
                member.doc = self.member_doc(&entry, &wire);
                if let Some(evidence) = entry.optional.get(&wire) {
                    let keys = ["types", &id, "optional", &wire];
                    self.optional(&mut member, required.contains(&wire), evidence, "types", &keys)?;
                }
                if let Some(name) = entry.spelled.get(&wire) {
                    member.wire.clone_from(name);
                }
                members.push(member);
            }
            for (wire, added) in &entry.add {
                let keys = ["types", id.as_str(), "add", wire.as_str()];
                if properties.contains_key(wire) {
                    let message = "the facts have made this addition unnecessary";
                    return Err(self.overlay.problem("types", &keys, message));
                }
                let ident = names::member(wire)
                    .ok_or_else(|| self.overlay.problem("types", &keys, format!("`{wire}` makes no name")))?;
                let ty = self.correction(added, &Ty::Unit, "types", &keys)?;
                let doc = self.member_doc(&entry, wire);
                let place = Place::Body;
                members.push(Member {
                    wire: wire.clone(),
                    ident,
                    ty,
                    required: false,
                    preset: None,
                    clearable: false,
                    place,
                    doc,
                });
            }
            let known = entry.members.keys().chain(entry.correct.keys()).chain(&entry.secret);
            for key in known.chain(entry.optional.keys()).chain(entry.spelled.keys()) {
                if !properties.contains_key(key) && !entry.add.contains_key(key) {
                    let table = match () {
                        () if entry.members.contains_key(key) => "members",
                        () if entry.correct.contains_key(key) => "correct",
                        () if entry.optional.contains_key(key) => "optional",
                        () if entry.spelled.contains_key(key) => "spelled",
                        () => "secret",
                    };
                    let message = format!("`{id}` has no member `{key}`");
                    return Err(self.overlay.problem("types", &["types", &id, table, key], message));
                }
            }
            self.unique(&members, &pointer)?;
            let doc = entry.doc.trim().to_owned();
            self.models.insert(id.clone(), Model { name, id, doc, members, built: false, users: Vec::new() });
        }
        Ok(())
    }

    /// A member that the facts require can be left out after all.
    pub(super) fn optional(
        &self,
        member: &mut Member,
        required: bool,
        evidence: &str,
        stem: &str,
        keys: &[&str],
    ) -> Result<(), Problem> {
        if evidence.trim().is_empty() {
            return Err(self.overlay.problem(stem, keys, "what can be left out needs its evidence"));
        }
        if !required {
            return Err(self.overlay.problem(stem, keys, "the facts do not require it anyway"));
        }
        member.required = false;
        Ok(())
    }

    /// A correction decides anew whether a place stays raw.
    pub(super) fn note_raw(&mut self, corrected: &Ty, place: String) {
        let mut raw = false;
        corrected.walk(&mut |ty| raw |= *ty == Ty::Raw);
        match raw {
            true => self.raw.insert(place),
            false => self.raw.remove(&place),
        };
    }

    pub(super) fn member_doc(&self, entry: &TypeEntry, wire: &str) -> String {
        let text = entry.members.get(wire).or_else(|| self.overlay.glossary.members.get(wire));
        text.map(|t| t.trim().to_owned()).unwrap_or_default()
    }

    pub(super) fn correction(
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
        let spelled = correction.spelled();
        let mut ty = match spelled.name {
            "string" => Ty::String,
            "integer" => Ty::I64,
            "number" => Ty::F64,
            "boolean" => Ty::Bool,
            "any" => Ty::Raw,
            name if self.overlay.api.enums.contains_key(name) => {
                let at =
                    At { id: keys.join("/"), name: String::new(), scope: String::new(), pointer: keys.join("/") };
                self.enumeration(self.overlay.api.enums.get_key_value(name), Vec::new(), &at)?
            }
            id => {
                let pointer = format!("/components/schemas/{}", escape(id));
                let Some(schema) = self.facts.pointer(&pointer) else {
                    return Err(wrong(format!("`{id}` is no type")));
                };
                self.pending.push((id.to_owned(), schema.clone(), pointer));
                Ty::Model(id.to_owned())
            }
        };
        ty = match spelled.within {
            Within::Nothing => ty,
            Within::List => Ty::List(Box::new(ty)),
            Within::Map => Ty::Map(Box::new(ty)),
            Within::OneOrMany => Ty::OneOrMany(Box::new(ty)),
        };
        if spelled.nullable {
            ty = Ty::Nullable(Box::new(ty));
        }
        if ty == *now {
            return Err(self.overlay.problem(stem, keys, "the facts have made this correction unnecessary"));
        }
        Ok(ty)
    }
}

fn kinds_of(schema: &Value) -> (Vec<&str>, bool) {
    let kinds: Vec<&str> = match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let nullable = kinds.len() > 1 && kinds.contains(&"null");
    let rest = kinds.into_iter().filter(|kind| !nullable || *kind != "null").collect();
    (rest, nullable)
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

pub(super) fn singular(name: &str) -> String {
    match name.strip_suffix('s') {
        Some(one) if !one.ends_with('s') && !one.is_empty() => one.to_owned(),
        _ => name.to_owned(),
    }
}
