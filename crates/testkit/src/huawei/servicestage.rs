//! What the fake of ServiceStage remembers: authorizations, and applications with what is in them.

use crate::engine::{Checked, Engine, Reply};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use yunkit_core::operation::Method::{self, Delete, Get, Post};
use yunkit_core::operation::{Entry, Route};

#[derive(Debug, Default)]
pub(crate) struct ServiceStage {
    authorizations: Vec<Value>,
    /// States that were handed out, and whether they were used.
    states: BTreeMap<String, bool>,
    /// Things by the path of their collection, as they were asked for and named.
    things: BTreeMap<String, Vec<Map<String, Value>>>,
    jobs: BTreeMap<String, Job>,
    made: u64,
}

/// A job gets one step further each time somebody looks.
#[derive(Debug)]
struct Job {
    looks: usize,
    fails: bool,
}

const STEPS: [&str; 3] = ["prepare", "pull image", "start"];

/// The name that makes the jobs of a thing fail.
pub(crate) const FAILS: &str = "fails";

impl ServiceStage {
    pub(crate) fn answer(&mut self, engine: &Engine, call: &Checked, path: &str, now: u64) -> Option<Reply> {
        let Route::Rest { method, path: template } = call.entry.info.route else {
            return None;
        };
        if let Some(reply) = self.repositories(engine, call, method, template, now) {
            return Some(reply);
        }
        if template.contains("/cas/jobs/") {
            return Some(self.job(engine, call, template));
        }
        if template.contains("/cas/") {
            return self.thing(engine, call, method, template, path, now);
        }
        None
    }

    fn id(&mut self) -> String {
        self.made += 1;
        format!("{:032x}", 0x5e41_c357_a9e0_u64 * self.made)
    }

    fn repositories(
        &mut self,
        engine: &Engine,
        call: &Checked,
        method: Method,
        template: &str,
        now: u64,
    ) -> Option<Reply> {
        let auths = template.strip_prefix("/v1/{project_id}/git/auths");
        match (method, auths) {
            (Get, Some("")) => Some(Reply::json(200, &json!({"authorizations": self.authorizations}))),
            (Get, Some("/{repo_type}/redirect")) => {
                let state = format!("$2a$10${}/{}", self.id(), call.text("repo_type"));
                self.states.insert(state.clone(), false);
                let mut query = url::form_urlencoded::Serializer::new(String::new());
                query.append_pair("client_id", "servicestage").append_pair("state", &state);
                let url =
                    format!("https://git.example.com/{}/authorize?{}", call.text("repo_type"), query.finish());
                Some(Reply::json(200, &json!({"url": url})))
            }
            (Post, Some("/{repo_type}/oauth")) => Some(match self.states.get_mut(call.text("state")) {
                Some(used) if !*used && call.text("code").starts_with("code-") => {
                    *used = true;
                    self.authorize(engine, call, "oauth", now)
                }
                _ => refuse(400, "SVCSTG.REPO.0402", "the code or the state is not valid"),
            }),
            (Post, Some("/{repo_type}/personal")) => Some(self.authorize(engine, call, "personal", now)),
            (Post, Some("/{repo_type}/password")) => Some(self.authorize(engine, call, "password", now)),
            (Delete, Some("/{name}")) => {
                let before = self.authorizations.len();
                self.authorizations.retain(|known| known["name"] != call.text("name"));
                Some(match self.authorizations.len() < before {
                    true => Reply::empty(204),
                    false => refuse(400, "SVCSTG.REPO.0450", "there is no authorization of this name"),
                })
            }
            _ if template.contains("/git/") && auths.is_none() => {
                let name = call.text("X-Repo-Auth");
                let needed = call.members.contains_key("X-Repo-Auth");
                let known = self.authorizations.iter().any(|known| known["name"] == name);
                (needed && !known).then(|| refuse(400, "SVCSTG.REPO.0450", "X-Repo-Auth names no authorization"))
            }
            _ => None,
        }
    }

    fn authorize(&mut self, engine: &Engine, call: &Checked, kind: &str, now: u64) -> Reply {
        let name = call.text("name");
        if self.authorizations.iter().any(|known| known["name"] == name) {
            return refuse(400, "SVCSTG.REPO.0403", "an authorization of this name exists");
        }
        let mut authorization = engine.model("AuthorizationVO", name);
        let time = now * 1000;
        let facts = json!({"name": name, "repo_type": call.text("repo_type"), "token_type": kind, "status": 0,
            "create_time": time, "update_time": time});
        overlay(&mut authorization, facts.as_object());
        // Lists may have null here; what creating one answers may not.
        authorization["tag"] = "".into();
        self.authorizations.push(authorization.clone());
        Reply::json(200, &json!({"authorization": authorization}))
    }

    /// Creates, lists, shows, changes and deletes whatever the path says.
    fn thing(
        &mut self,
        engine: &Engine,
        call: &Checked,
        method: Method,
        template: &str,
        path: &str,
        now: u64,
    ) -> Option<Reply> {
        let (collection, last) = path.rsplit_once('/')?;
        let (_, named) = template.rsplit_once('/')?;
        let is_item = named.ends_with("_id}");
        if let Some(missing) = self.missing_parent(path, template, is_item) {
            return Some(missing);
        }
        if is_item {
            let at = self.things.get(collection)?.iter().position(|thing| thing["id"] == last)?;
            if method == Delete {
                self.things.get_mut(collection)?.remove(at);
                return Some(self.sample(engine, call, &Map::new()));
            }
            let thing = &mut self.things.get_mut(collection)?[at];
            if method != Get {
                thing.extend(scalars(&call.members));
                thing.insert("update_time".to_owned(), (now * 1000).into());
            }
            let thing = thing.clone();
            return Some(self.sample(engine, call, &thing));
        }
        const COLLECTIONS: [&str; 7] = [
            "applications",
            "components",
            "environments",
            "instances",
            "config-groups",
            "configs",
            "runtimestacks",
        ];
        if !COLLECTIONS.contains(&last) {
            // Actions, configurations, overviews: sampled, with a job where the answer names one.
            return Some(self.sample(engine, call, &scalars(&call.members)));
        }
        if method == Post {
            let mut thing = scalars(&call.members);
            let id = self.id();
            let time = Value::from(now * 1000);
            let own_id = format!("{}_id", last.trim_end_matches('s').replace('-', "_"));
            for (name, value) in [
                ("id", id.clone().into()),
                (&own_id, id.into()),
                ("create_time", time.clone()),
                ("update_time", time),
            ] {
                thing.insert(name.to_owned(), value);
            }
            self.things.entry(path.to_owned()).or_default().push(thing.clone());
            return Some(self.sample(engine, call, &thing));
        }
        Some(self.list(engine, call, path))
    }

    /// A page of a collection: `{count, things}`.
    fn list(&mut self, engine: &Engine, call: &Checked, path: &str) -> Reply {
        let all = self.things.get(path).cloned().unwrap_or_default();
        let mut reply = self.sample(engine, call, &Map::new());
        let Some(mut body) = reply.body.as_ref().and_then(|(_, body)| serde_json::from_slice::<Value>(body).ok())
        else {
            return reply;
        };
        let (limit, offset) =
            (call.number("limit").unwrap_or(20).clamp(1, 100), call.number("offset").unwrap_or(0));
        let page: Vec<&Map<String, Value>> = all.iter().skip(offset as usize).take(limit as usize).collect();
        for (name, member) in body.as_object_mut().into_iter().flatten() {
            if let Value::Array(items) = member {
                let example = items.first().cloned().unwrap_or_else(|| json!({"id": "", "name": ""}));
                let item = |thing: &&Map<String, Value>| {
                    let mut item = example.clone();
                    overlay(&mut item, Some(thing));
                    item
                };
                *items = page.iter().map(item).collect();
            } else if name == "count" || name.ends_with("_count") {
                *member = all.len().into();
            }
        }
        reply.body = Some(("application/json".to_owned(), body.to_string().into_bytes()));
        reply
    }

    /// The answer of the specification with what is known in place, and a job of our own where it names one.
    fn sample(&mut self, engine: &Engine, call: &Checked, known: &Map<String, Value>) -> Reply {
        let mut reply = engine.sample(&call.entry, &Value::Object(call.members.clone()).to_string());
        let Some((_, bytes)) = &reply.body else { return reply };
        let Ok(mut body) = serde_json::from_slice::<Value>(bytes) else { return reply };
        overlay(&mut body, Some(known));
        if body.get("job_id").is_some() {
            let id = self.id();
            let fails = known.get("name").is_some_and(|name| name == FAILS);
            self.jobs.insert(id.clone(), Job { looks: 0, fails });
            body["job_id"] = id.into();
        }
        reply.body = Some(("application/json".to_owned(), body.to_string().into_bytes()));
        reply
    }

    fn job(&mut self, engine: &Engine, call: &Checked, template: &str) -> Reply {
        let id = call.text("job_id");
        let Some(job) = self.jobs.get_mut(id) else {
            return not_found(template);
        };
        let done = job.looks.min(STEPS.len());
        job.looks += 1;
        let broken = job.fails && done == STEPS.len();
        let status = match (done == STEPS.len(), job.fails) {
            (false, _) => "RUNNING",
            (true, false) => "SUCCEEDED",
            (true, true) => "FAILED",
        };
        let mut tasks: Vec<Value> = STEPS
            .iter()
            .take(done + usize::from(done < STEPS.len()))
            .enumerate()
            .map(|(i, name)| {
                let last = i + 1 == STEPS.len();
                let (status, said) = match () {
                    () if broken && last => ("FAILED", "the image cannot be pulled"),
                    () if i < done => ("SUCCEEDED", ""),
                    () => ("RUNNING", ""),
                };
                json!({"TASK_ID": format!("task-{i}"), "TASK_INDEX": i, "TASK_NAME": name, "TASK_STATUS": status, "MESSAGES": said})
            })
            .collect();
        let mut reply = engine.sample(&call.entry, id);
        let mut job = json!({"JOB_ID": id, "JOB_NAME": "deploy", "EXECUTION_STATUS": status});
        if template.starts_with("/v3/") {
            // The same members, spelt in small letters.
            tasks.iter_mut().chain([&mut job]).for_each(spell_small);
        }
        reply.body = Some((
            "application/json".to_owned(),
            json!({"task_count": tasks.len(), "job": job, "tasks": tasks}).to_string().into_bytes(),
        ));
        reply
    }

    /// The answer for a path whose application, component or environment is not there.
    fn missing_parent(&self, path: &str, template: &str, is_item: bool) -> Option<Reply> {
        let (parts, names): (Vec<&str>, Vec<&str>) = (path.split('/').collect(), template.split('/').collect());
        for (at, name) in names.iter().enumerate() {
            if !name.ends_with("_id}") || *name == "{project_id}" || (at + 1 == names.len() && !is_item) {
                continue;
            }
            let collection = parts[..at].join("/");
            let known = self.things.get(&collection).into_iter().flatten().any(|thing| thing["id"] == parts[at]);
            if !known {
                return Some(not_found(template));
            }
        }
        None
    }

    /// Members by which an operation finds something; what is missing is made.
    pub(crate) fn example(&mut self, engine: &Engine, entry: &Entry, project: &str) -> Map<String, Value> {
        let mut known = Map::new();
        let Route::Rest { path: template, .. } = entry.info.route else { return known };
        if self.authorizations.is_empty() {
            let mut authorization = engine.model("AuthorizationVO", "example");
            overlay(&mut authorization, json!({"name": "example"}).as_object());
            self.authorizations.push(authorization);
        }
        let first = self.authorizations[0]["name"].clone();
        known.insert("X-Repo-Auth".to_owned(), first.clone());
        if template.contains("/git/auths/{name}") {
            known.insert("name".to_owned(), first);
        } else if template.contains("/git/auths/") {
            let state = format!("$2a$10${}", self.id());
            self.states.insert(state.clone(), false);
            known.insert("name".to_owned(), self.id().into());
            known.insert("state".to_owned(), state.into());
            known.insert("code".to_owned(), "code-1".into());
        }
        let mut path = String::new();
        for piece in template.split('/').skip(1) {
            if piece == "{project_id}" {
                path = format!("{path}/{project}");
            } else if piece == "{job_id}" {
                let id = self.id();
                self.jobs.insert(id.clone(), Job { looks: 0, fails: false });
                known.insert("job_id".to_owned(), id.into());
            } else if let Some(name) =
                piece.strip_prefix('{').and_then(|p| p.strip_suffix('}')).filter(|p| p.ends_with("_id"))
            {
                let fresh = self.id();
                let things = self.things.entry(path.clone()).or_default();
                if things.is_empty() {
                    let thing = json!({"id": fresh, "name": "example"});
                    things.extend(thing.as_object().cloned());
                }
                let id = things[0]["id"].clone();
                path = format!("{path}/{}", id.as_str().unwrap_or_default());
                known.insert(name.to_owned(), id);
            } else {
                path = format!("{path}/{piece}");
            }
        }
        known
    }
}

fn spell_small(value: &mut Value) {
    let members = value.as_object().cloned().unwrap_or_default();
    *value = members.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
}

fn scalars(members: &Map<String, Value>) -> Map<String, Value> {
    let scalar = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    members.iter().filter(|(_, value)| scalar(value)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Replaces members by known ones of the same kind, so that the whole goes on fitting its specification.
fn overlay(whole: &mut Value, known: Option<&Map<String, Value>>) {
    let kind = |value: &Value| (value.is_string(), value.is_number(), value.is_boolean());
    for (name, member) in whole.as_object_mut().into_iter().flatten() {
        if let Some(value) = known.and_then(|known| known.get(name))
            && kind(value) == kind(member)
        {
            member.clone_from(value);
        }
    }
}

fn refuse(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({"error_code": code, "error_msg": message}))
}

/// v3 says 401 where it means 404.
fn not_found(template: &str) -> Reply {
    match template.starts_with("/v3/") {
        true => refuse(401, "SVCSTG.00100401", "there is no such thing"),
        false => refuse(404, "SVCSTG.00100403", "there is no such thing"),
    }
}
