//! The last steps: who uses what, what is boxed, whether every word of the overlay hit something.

use super::{BOXED_ABOVE, Lowering};
use crate::Problem;
use crate::api::{Api, Model, Module, Ty};
use crate::names;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

impl Lowering<'_> {
    pub(super) fn reach(&self, ty: &Ty, into: &mut BTreeSet<String>) {
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
    pub(super) fn box_members(&mut self) -> Result<(), Problem> {
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
        let sizes: BTreeMap<String, usize> =
            self.models.iter().map(|(id, m)| (id.clone(), m.members.len())).collect();
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
    pub(super) fn check_overlay(&self) -> Result<(), Problem> {
        if self.overlay.modules.is_empty() {
            return Ok(());
        }
        let schemas = self.facts.pointer("/components/schemas").and_then(Value::as_object);
        for (id, entry) in &self.overlay.types {
            let model = self.models.get(id);
            if model.is_none() && !schemas.is_some_and(|s| s.contains_key(id)) {
                return Err(self.overlay.problem(
                    "types",
                    &["types", id],
                    format!("the facts have no model `{id}`"),
                ));
            }
            if let Some(key) = entry
                .correct
                .keys()
                .find(|key| model.is_some() && !self.corrected.contains(&(id.clone(), (*key).clone())))
            {
                let message = format!("`{id}` has no member `{key}`");
                return Err(self.overlay.problem("types", &["types", id, "correct", key], message));
            }
        }
        for (name, entry) in &self.overlay.api.enums {
            if !self.enums.contains_key(&format!("/{name}")) {
                let message = format!(
                    "no place in the facts has just the values {}, and no correction names it",
                    entry.values.join(", ")
                );
                return Err(self.overlay.problem("api", &["enums", name], message));
            }
            for (table, keys) in [("value", &entry.value), ("variant", &entry.variant)] {
                if let Some(key) = keys.keys().find(|key| !entry.values.contains(key)) {
                    let message = format!("`{name}` has no value `{key}`");
                    return Err(self.overlay.problem("api", &["enums", name, table, key], message));
                }
            }
        }
        let covers =
            |key: &str, place: &str| key.strip_prefix('*').map_or(key == place, |end| place.ends_with(end));
        for key in self.overlay.api.raw.keys() {
            if !self.raw.iter().any(|place| covers(key, place)) {
                return Err(self.overlay.problem("api", &["raw", key], "nothing stays raw there"));
            }
        }
        // Which places are raw is only known for what some module reaches, and each needs its reason.
        let missing: Vec<&str> = self
            .raw
            .iter()
            .filter(|place| !self.overlay.api.raw.keys().any(|key| covers(key, place)))
            .map(String::as_str)
            .collect();
        if !missing.is_empty() {
            let message = format!("these places stay raw JSON; give the reason for each: {}", missing.join(", "));
            return Err(self.overlay.problem("api", &["raw"], message));
        }
        let params: BTreeSet<&str> = self.operations_params();
        for key in self.overlay.glossary.params.keys() {
            if !params.contains(key.as_str()) {
                let message = format!("no parameter is called `{key}`");
                return Err(self.overlay.problem("glossary", &["params", key], message));
            }
        }
        let members: BTreeSet<&str> =
            self.models.values().flat_map(|m| &m.members).map(|m| m.wire.as_str()).collect();
        for key in self.overlay.glossary.members.keys() {
            if !members.contains(key.as_str()) {
                let message = format!("no model has a member `{key}`");
                return Err(self.overlay.problem("glossary", &["members", key], message));
            }
        }
        Ok(())
    }

    pub(super) fn operations_params(&self) -> BTreeSet<&str> {
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
    pub(super) fn assemble(&mut self, mut modules: Vec<Module>) -> Result<Api, Problem> {
        for module in &mut modules {
            let mut reached = BTreeSet::new();
            module.roots.iter().for_each(|ty| self.reach(ty, &mut reached));
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
                note(&operation.output);
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
        let rust_names: BTreeMap<String, String> =
            self.models.iter().map(|(id, model)| (id.clone(), model.name.clone())).collect();
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
            revision: self.facts.pointer("/info/version").and_then(Value::as_str).unwrap_or_default().to_owned(),
            ..Api::default()
        };
        let mut models: Vec<Model> = self.models.values().filter(|m| !m.users.is_empty()).cloned().collect();
        for model in &mut models {
            model.members.iter_mut().for_each(|m| rename(&mut m.ty));
        }
        models.sort_by(|a, b| a.name.cmp(&b.name));
        // What is written inline in several places and got one name from us is one type.
        models.dedup_by(|next, kept| {
            let shape = |model: &Model| -> Vec<(String, Ty)> {
                model.members.iter().map(|m| (m.wire.clone(), m.ty.clone())).collect()
            };
            let inline = next.id.contains('/') && kept.id.contains('/');
            let same = inline && next.name == kept.name && shape(next) == shape(kept);
            if same {
                kept.users.append(&mut next.users);
                kept.users.sort();
                kept.users.dedup();
            }
            same
        });
        let index: BTreeMap<String, usize> = modules.iter().enumerate().map(|(i, m)| (m.name.clone(), i)).collect();
        for model in models {
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

    pub(super) fn collisions(&self, api: &Api, modules: &[Module]) -> Result<(), Problem> {
        let shared = api.shared.iter().map(|m| (m.name.clone(), format!("the model `{}`", m.id)));
        let shared = shared.chain(api.shared_enums.iter().map(|e| (e.name.clone(), "an enum".to_owned())));
        let shared: Vec<(String, String)> = shared.collect();
        for module in modules {
            let mut seen: BTreeMap<String, String> = BTreeMap::new();
            let own = module.models.iter().map(|m| (m.name.clone(), format!("the model `{}`", m.id)));
            let enums = module.enums.iter().map(|e| (e.name.clone(), "an enum".to_owned()));
            let operations =
                module.operations.iter().map(|o| (o.name.clone(), format!("the operation `{}`", o.id)));
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

fn default_enum_doc(places: &[String], modules: &[Module], models: &BTreeMap<String, String>) -> String {
    let Some(place) = places.first() else {
        return String::new();
    };
    let Some((holder, member)) = place.rsplit_once('/') else {
        return format!("The documented values of `{place}`.");
    };
    let mut operations = modules.iter().flat_map(|m| &m.operations);
    let holder = match operations.find(|o| o.id == holder) {
        Some(operation) => operation.name.clone(),
        None => models.get(holder).cloned().unwrap_or_else(|| names::pascal(holder)),
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
        Ty::List(inner) | Ty::Map(inner) | Ty::OneOrMany(inner) | Ty::Nullable(inner) | Ty::Boxed(inner) => {
            rename(inner, names);
        }
        _ => {}
    }
}
