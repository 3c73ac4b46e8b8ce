//! From facts and overlay to the API: every name decided, every type known.

mod assemble;
mod operations;
mod types;

use crate::api::{Api, Enum, Model, Module, Ty};
use crate::facts::escape;
use crate::names;
use crate::overlay::{Overlay, OverlayFile};
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
        open: Vec::new(),
        corrected: BTreeSet::new(),
        raw: BTreeSet::new(),
        requests_only: BTreeSet::new(),
        answers: BTreeSet::new(),
        operation_names: BTreeSet::new(),
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
    /// Schemas without members that are being lowered, outermost first.
    open: Vec<String>,
    corrected: BTreeSet<(String, String)>,
    raw: BTreeSet<String>,
    requests_only: BTreeSet<String>,
    /// The models that are answers as they stand, with what belongs to the envelope in them.
    answers: BTreeSet<String>,
    operation_names: BTreeSet<String>,
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
            name: types::singular(&self.name),
            scope: self.scope.clone(),
            pointer: format!("{}/items", self.pointer),
        }
    }
}

impl Lowering<'_> {
    pub(super) fn problem(&self, pointer: &str, message: impl Into<String>) -> Problem {
        Problem::new(self.file, pointer, message)
    }

    pub(super) fn api(&mut self) -> Result<Api, Problem> {
        let modules = self.modules()?;
        self.drain()?;
        // What the answers reach is read; only what no answer reaches is built by users alone.
        let mut read = BTreeSet::new();
        for module in &modules {
            for ty in module.roots.iter().chain(module.operations.iter().map(|operation| &operation.output)) {
                self.reach(ty, &mut read);
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
        self.say_whose_answers(&modules);
        self.box_members()?;
        self.check_overlay()?;
        self.assemble(modules)
    }

    /// A model that is named after its operation and that nobody described says whose answer it is.
    fn say_whose_answers(&mut self, modules: &[Module]) {
        for operation in modules.iter().flat_map(|module| &module.operations) {
            for id in [format!("{}Response", operation.id), format!("{}/answer", operation.id)] {
                if let Some(model) = self.models.get_mut(&id).filter(|model| model.doc.is_empty()) {
                    model.doc = format!("What [`{}`] answers.", operation.name);
                }
            }
        }
    }

    pub(super) fn modules(&mut self) -> Result<Vec<Module>, Problem> {
        let paths = self.facts.get("paths").and_then(Value::as_object);
        let paths = paths.ok_or_else(|| self.problem("/paths", "expected an object"))?;
        let items = paths.values().filter_map(Value::as_object).flat_map(|item| item.values());
        let ids = items.filter_map(|operation| operation.get("operationId")?.as_str());
        self.operation_names = ids.map(names::official).collect();
        // A module has what it describes; of the tags it lists, nothing may be left undescribed.
        let mut of_tag: BTreeMap<&str, &str> = BTreeMap::new();
        let mut of_operation: BTreeMap<&str, &str> = BTreeMap::new();
        for (name, file) in &self.overlay.modules {
            if !names::is_module_name(name) {
                let message = format!("`{name}` cannot name a module");
                return Err(self.overlay.problem(name, &["module"], message));
            }
            of_tag.extend(file.module.tags.iter().map(|tag| (tag.as_str(), name.as_str())));
            let left_out = file.module.leave_out.iter().filter(|id| *id != "*");
            for id in file.operations.keys().chain(left_out) {
                if let Some(other) = of_operation.insert(id, name) {
                    let message = format!("the module `{other}` describes `{id}`, too");
                    return Err(self.overlay.problem(name, &["operations", id], message));
                }
            }
        }
        let mut modules: BTreeMap<String, Module> = BTreeMap::new();
        for (name, file) in &self.overlay.modules {
            let mut module = Module { name: name.clone(), doc: file.module.doc.clone(), ..Module::default() };
            for id in &file.module.models {
                let pointer = format!("/components/schemas/{}", escape(id));
                let Some(schema) = self.facts.pointer(&pointer) else {
                    let message = format!("the facts have no model `{id}`");
                    return Err(self.overlay.problem(name, &["module", "models"], message));
                };
                self.queue(id.clone(), schema.clone(), pointer);
                module.roots.push(Ty::Model(id.clone()));
            }
            modules.insert(name.clone(), module);
        }
        let mut ids: BTreeMap<String, String> = BTreeMap::new();
        let mut tags = BTreeSet::new();
        for (path, item) in paths {
            for (method, facts) in item.as_object().into_iter().flatten() {
                let pointer = format!("/paths/{}/{method}", escape(path));
                let text = |name: &str| facts.get(name).and_then(Value::as_str);
                let id = text("operationId").ok_or_else(|| self.problem(&pointer, "there is no operationId"))?;
                if let Some(other) = ids.insert(id.to_owned(), pointer.clone()) {
                    let message = format!("the operationId `{id}` stands at {other}, too");
                    return Err(self.problem(&pointer, message));
                }
                let tag = facts.pointer("/tags/0").and_then(Value::as_str).unwrap_or("default");
                tags.insert(tag.to_owned());
                let module = match (of_operation.get(id), of_tag.get(tag)) {
                    (Some(module), Some(_)) => (*module).to_owned(),
                    (None, Some(module)) if leaves_out_the_rest(&self.overlay.modules[*module]) => continue,
                    (None, Some(module)) => {
                        let message = format!("the operation `{id}` ({method} {path}) has no entry");
                        return Err(self.overlay.problem(module, &["operations"], message));
                    }
                    (_, None) if self.overlay.modules.is_empty() => names::snake(tag),
                    (_, None) => continue,
                };
                let file = self.overlay.modules.get(&module);
                if file.is_some_and(|file| file.module.leave_out.iter().any(|left_out| left_out == id)) {
                    continue;
                }
                let entry = file.and_then(|file| file.operations.get(id));
                let operation = self.operation(&module, id, path, method, facts, entry, &pointer)?;
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
                            format!("no module lists the tag of the operation `{id}`")
                        }
                        None => format!("the facts have no operation `{id}`"),
                    };
                    return Err(self.overlay.problem(name, &["operations", id], message));
                }
            }
            for id in file.module.leave_out.iter().filter(|id| *id != "*") {
                if !ids.contains_key(id) {
                    let message = format!("the facts have no operation `{id}`");
                    return Err(self.overlay.problem(name, &["module", "leave_out"], message));
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
                    let message = format!("the name `{}` is taken by `{other}`, too", operation.name);
                    return Err(self.overlay.problem(name, &["operations", &operation.id, "name"], message));
                }
            }
        }
        Ok(modules.into_values().collect())
    }
}

fn leaves_out_the_rest(file: &OverlayFile) -> bool {
    file.module.leave_out.iter().any(|id| id == "*")
}

/// The keys of an object in the order the service declares them.
pub(super) fn order_of(holder: &Value, object: &Map<String, Value>) -> Vec<String> {
    let listed = holder.get("x-order").and_then(Value::as_array).into_iter().flatten();
    let listed = listed.filter_map(Value::as_str);
    let mut order: Vec<String> = Vec::new();
    for name in listed.chain(object.keys().map(String::as_str)) {
        if object.contains_key(name) && !order.iter().any(|known| known == name) {
            order.push(name.to_owned());
        }
    }
    order
}

pub(super) fn required_of(schema: &Value) -> BTreeSet<String> {
    let names = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    names.filter_map(|v| v.as_str().map(str::to_owned)).collect()
}
