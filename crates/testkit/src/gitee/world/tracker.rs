//! Issues with their comments, labels and milestones.

use super::hooks::Happening;
use super::{Maker, Repository, Scene, bad, merge, not_found, page, rendered, same_members, text};
use crate::engine::Reply;
use serde_json::{Value, json};
use yunkit_core::operation::Method::{self, Delete, Get, Patch, Post, Put};

#[derive(Debug, Default)]
pub(super) struct Tracker {
    issues: Vec<Issue>,
    labels: Vec<Value>,
    milestones: Vec<Value>,
    /// `Note`, with the hash of the commit as its `source`.
    pub(super) commit_comments: Vec<Value>,
}

#[derive(Debug)]
struct Issue {
    /// `Issue`
    facts: Value,
    /// `Note`
    comments: Vec<Value>,
}

const ISSUE: [&str; 6] = ["title", "body", "state", "security_hole", "branch", "issue_type"];
const MILESTONE: [&str; 4] = ["title", "state", "description", "due_on"];

impl Tracker {
    pub(super) fn has_issue(&self, number: &str) -> bool {
        self.issues.iter().any(|issue| issue.facts["number"] == number)
    }

    pub(super) fn issues(&self) -> impl Iterator<Item = &Value> {
        self.issues.iter().map(|issue| &issue.facts)
    }

    fn issue(&mut self, number: &str) -> Option<&mut Issue> {
        self.issues.iter_mut().find(|issue| issue.facts["number"] == number)
    }

    pub(super) fn furnish(&mut self, maker: &mut Maker<'_>) {
        for (name, color) in [("bug", "d9534f"), ("feature", "5bc0de"), ("question", "777777")] {
            self.add_label(maker, name, color);
        }
        self.add_milestone(maker, json!({"title": "1.0", "due_on": "2026-12-31"}));
    }

    fn add_label(&mut self, maker: &mut Maker<'_>, name: &str, color: &str) -> Value {
        let id = maker.id();
        let facts =
            json!({"id": id, "name": name, "color": color, "created_at": maker.time(), "updated_at": maker.time()});
        let label = maker.model("Label", name, facts);
        self.labels.push(label.clone());
        label
    }

    fn add_milestone(&mut self, maker: &mut Maker<'_>, given: Value) -> Value {
        let id = maker.id();
        let facts = json!({"number": id, "state": "open", "description": "", "open_issues": 0, "closed_issues": 0,
            "created_at": maker.time(), "updated_at": maker.time()});
        let mut milestone = maker.model("Milestone", &id.to_string(), facts);
        merge(&mut milestone, given);
        self.milestones.push(milestone.clone());
        milestone
    }

    /// The labels of these names. What nobody has made is left out without a word, as the service does.
    pub(super) fn labels_called<'n>(&self, names: impl Iterator<Item = &'n str>) -> Vec<Value> {
        names.filter_map(|name| self.labels.iter().find(|label| label["name"] == name.trim()).cloned()).collect()
    }
}

impl Repository {
    pub(super) fn open_issue(&mut self, maker: &mut Maker<'_>, given: Value) -> Value {
        let count = maker.id();
        let number = issue_number(count);
        let mut issue = maker.model(
            "Issue",
            &number,
            json!({
                "id": 100_000 + count,
                "number": number,
                "state": "open",
                "url": format!("{}/issues/{number}", self.api()),
                "html_url": format!("{}/issues/{number}", self.home()),
                "body": "",
                "body_html": "",
                "comments": 0,
                "labels": [],
                "milestone": null,
                "assignee": null,
                "collaborators": [],
                "program": null,
                "user": maker.person,
                "created_at": maker.time(),
                "updated_at": maker.time(),
                "finished_at": null,
            }),
        );
        merge(&mut issue, given);
        // A repository inside each of its issues makes lists enormous, as it does at the real service.
        issue["repository"] = self.facts.clone();
        self.tracker.issues.push(Issue { facts: issue.clone(), comments: Vec::new() });
        issue
    }

    pub(super) fn tracker_answer(
        &mut self,
        scene: &mut Scene<'_>,
        maker: &mut Maker<'_>,
        method: Method,
        below: &str,
    ) -> Option<Reply> {
        let call = scene.call;
        let number = call.text("number");
        if below.starts_with("/issues/{number}") && !self.tracker.has_issue(number) {
            return Some(not_found("Not Found Issue"));
        }
        Some(match (method, below) {
            (Get, "/issues") => {
                let mut found: Vec<&Value> = self.tracker.issues().filter(|issue| wanted(scene, issue)).collect();
                if call.text("direction") != "asc" {
                    found.reverse();
                }
                page(scene, &found)
            }
            (Post, "/issues") => {
                if call.text("title").trim().is_empty() {
                    return Some(Reply::json(400, &json!({"messages": ["title is empty"]})));
                }
                let given = self.given(scene);
                let issue = self.open_issue(maker, given);
                self.happened(scene, maker, Happening::issue("open", &issue));
                Reply::json(201, &rendered(scene, &issue))
            }
            (Get, "/issues/{number}") => {
                let issue = self.tracker.issue(number)?;
                Reply::json(200, &rendered(scene, &issue.facts))
            }
            (Patch, "/issues/{number}") => {
                let changes = self.given(scene);
                let issue = &mut self.tracker.issue(number)?.facts;
                let before = issue["state"].clone();
                merge(issue, changes);
                issue["updated_at"] = maker.time().into();
                let moved = issue["state"] != before;
                if moved {
                    issue["finished_at"] = match text(issue, "state") {
                        "closed" | "rejected" => maker.time().into(),
                        _ => Value::Null,
                    };
                }
                let issue = issue.clone();
                if moved {
                    self.happened(scene, maker, Happening::issue("state_change", &issue));
                }
                Reply::json(200, &rendered(scene, &issue))
            }
            (Get, "/issues/comments") => {
                let all = self.tracker.issues.iter().flat_map(|issue| &issue.comments);
                page(scene, &all.collect::<Vec<_>>())
            }
            (Get | Patch | Delete, "/issues/comments/{id}") => {
                let id = call.number("id");
                let mine = |issue: &&mut Issue| issue.comments.iter().any(|comment| comment["id"].as_u64() == id);
                let Some(issue) = self.tracker.issues.iter_mut().find(mine) else {
                    return Some(not_found("Not Found Note"));
                };
                let reply = one_comment(scene, method, &mut issue.comments, maker.now);
                issue.facts["comments"] = issue.comments.len().into();
                reply
            }
            (Get, "/issues/{number}/comments") => {
                let mut comments: Vec<&Value> = self.tracker.issue(number)?.comments.iter().collect();
                if call.text("order") == "desc" {
                    comments.reverse();
                }
                page(scene, &comments)
            }
            (Post, "/issues/{number}/comments") => {
                if call.text("body").trim().is_empty() {
                    return Some(Reply::json(400, &json!({"messages": ["body is empty"]})));
                }
                let issue = self.tracker.issue(number)?;
                let target = json!({"issue": {"id": issue.facts["id"], "number": number, "title": issue.facts["title"]},
                    "pull_request": null});
                let comment = maker.note(call.text("body"), target);
                issue.comments.push(comment.clone());
                issue.facts["comments"] = issue.comments.len().into();
                let of = issue.facts.clone();
                self.happened(scene, maker, Happening::note("Issue", &comment, &format!("#{number}"), Some(&of)));
                Reply::json(201, &rendered(scene, &comment))
            }
            (_, "/issues/{number}/labels" | "/issues/{number}/labels/{name}") => {
                let names = call.members.get("body").cloned().unwrap_or_default();
                let labels = self.tracker.labels_called(listed(&names));
                label(scene, method, &mut self.tracker.issue(number)?.facts, labels)?
            }
            (Get, "/labels") => Reply::json(200, &json!(self.tracker.labels)),
            (Post, "/labels") => {
                let name = call.text("name");
                if !(2..=20).contains(&name.chars().count()) {
                    return Some(bad("name is not legal: 2 to 20 characters"));
                }
                if self.tracker.labels.iter().any(|label| label["name"] == name) {
                    return Some(bad("name is taken"));
                }
                Reply::json(201, &self.tracker.add_label(maker, name, call.text("color").trim_start_matches('#')))
            }
            (_, "/labels/{name}" | "/labels/{original_name}") => {
                let name = if method == Patch { call.text("original_name") } else { call.text("name") };
                let Some(at) = self.tracker.labels.iter().position(|label| label["name"] == name) else {
                    return Some(not_found("Not Found Label"));
                };
                if method == Delete {
                    self.tracker.labels.remove(at);
                    return Some(Reply::empty(204));
                }
                let label = &mut self.tracker.labels[at];
                merge(label, same_members(&call.members, if method == Patch { &["name", "color"] } else { &[] }));
                Reply::json(200, label)
            }
            (Get, "/milestones") => {
                let state = if call.text("state").is_empty() { "open" } else { call.text("state") };
                let fits = |milestone: &&Value| state == "all" || milestone["state"] == state;
                page(scene, &self.tracker.milestones.iter().filter(fits).collect::<Vec<_>>())
            }
            (Post, "/milestones") => {
                let given = same_members(&call.members, &MILESTONE);
                Reply::json(201, &self.tracker.add_milestone(maker, given))
            }
            (_, "/milestones/{number}") => {
                let number = call.number("number");
                let Some(at) = self.tracker.milestones.iter().position(|m| m["number"].as_u64() == number) else {
                    return Some(not_found("Not Found Milestone"));
                };
                if method == Delete {
                    self.tracker.milestones.remove(at);
                    return Some(Reply::empty(204));
                }
                let milestone = &mut self.tracker.milestones[at];
                if method == Patch {
                    merge(milestone, same_members(&call.members, &MILESTONE));
                }
                Reply::json(200, milestone)
            }
            _ => return None,
        })
    }

    /// What a request says about an issue, as the issue has it: labels and milestones come as names.
    fn given(&self, scene: &Scene<'_>) -> Value {
        let call = scene.call;
        let mut given = same_members(&call.members, &ISSUE);
        if call.members.contains_key("labels") {
            given["labels"] = self.tracker.labels_called(call.text("labels").split(',')).into();
        }
        if let Some(number) = call.number("milestone") {
            let mut milestones = self.tracker.milestones.iter();
            given["milestone"] =
                milestones.find(|m| m["number"].as_u64() == Some(number)).cloned().unwrap_or_default();
        }
        given
    }

    pub(super) fn tracker_example(&mut self, maker: &mut Maker<'_>, route: &str) -> Vec<(&'static str, Value)> {
        let tracker = &mut self.tracker;
        if tracker.labels.is_empty() || tracker.milestones.is_empty() {
            tracker.furnish(maker);
        }
        let mut known = Vec::new();
        if route.contains("/milestones/{number}") {
            known.push(("number", tracker.milestones[0]["number"].clone()));
        }
        if route.contains("/issues/{number}") {
            known.push(("number", tracker.issues[0].facts["number"].clone()));
        }
        if route.contains("/issues/comments/{id}") {
            let issue = &mut tracker.issues[0];
            if issue.comments.is_empty() {
                issue.comments.push(maker.note("The same here.", json!({"issue": null, "pull_request": null})));
            }
            known.push(("id", issue.comments[0]["id"].clone()));
        }
        let label = tracker.labels[0]["name"].clone();
        if route.contains("/labels/{name}") || route.contains("/labels/{original_name}") {
            if route.contains("/issues/") {
                tracker.issues[0].facts["labels"] = json!([tracker.labels[0]]);
            }
            known.push(("name", label.clone()));
            known.push(("original_name", label));
        } else if route.ends_with("/labels") && route.starts_with("POST") {
            known.push(("name", format!("label {}", maker.id()).into()));
        }
        known.push(("milestone", Value::Null));
        known
    }
}

/// Reads, changes or deletes the comment that `id` names.
pub(super) fn one_comment(scene: &Scene<'_>, method: Method, comments: &mut Vec<Value>, now: u64) -> Reply {
    let id = scene.call.number("id");
    let Some(at) = comments.iter().position(|comment| comment["id"].as_u64() == id) else {
        return not_found("Not Found Note");
    };
    if method == Delete {
        comments.remove(at);
        return Reply::empty(204);
    }
    let comment = &mut comments[at];
    if method == Patch {
        comment["body"] = scene.call.text("body").into();
        comment["updated_at"] = super::stamp(now).into();
    }
    Reply::json(200, &rendered(scene, comment))
}

/// Reads or changes the labels of an issue or a pull request. `named` are those that the request names.
pub(super) fn label(scene: &Scene<'_>, method: Method, target: &mut Value, named: Vec<Value>) -> Option<Reply> {
    let mut labels = target["labels"].as_array().cloned().unwrap_or_default();
    let reply = match method {
        Get => {
            return Some(match scene.call.entry.info.paging {
                Some(_) => page(scene, &labels.iter().collect::<Vec<_>>()),
                None => Reply::json(200, &labels.into()),
            });
        }
        Post => {
            labels.retain(|label| !named.iter().any(|new| new["name"] == label["name"]));
            labels.extend(named);
            Reply::json(201, &json!(labels))
        }
        Put => {
            labels = named;
            Reply::json(200, &json!(labels))
        }
        Delete => {
            let name = scene.call.text("name");
            match name {
                "" => labels.clear(),
                names => labels.retain(|label| !names.split(',').any(|name| label["name"] == name)),
            }
            Reply::empty(204)
        }
        _ => return None,
    };
    target["labels"] = labels.into();
    Some(reply)
}

pub(super) fn listed(names: &Value) -> impl Iterator<Item = &str> {
    names.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// Whether a list of issues is to have this one.
fn wanted(scene: &Scene<'_>, issue: &Value) -> bool {
    let call = scene.call;
    let state = if call.text("state").is_empty() { "open" } else { call.text("state") };
    let labels: Vec<&str> = call.text("labels").split(',').filter(|label| !label.is_empty()).collect();
    let has = |name: &&str| issue["labels"].as_array().into_iter().flatten().any(|label| label["name"] == **name);
    let creator = call.text("creator");
    let q = call.text("q").to_lowercase();
    (state == "all" || issue["state"] == state)
        && labels.iter().all(has)
        && (creator.is_empty() || issue["user"]["login"] == creator)
        && (q.is_empty() || text(issue, "title").to_lowercase().contains(&q))
}

/// As the service writes them: letters and digits, beginning with I.
fn issue_number(count: u64) -> String {
    const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut rest = 1_000_000 + count * 37;
    let mut out = Vec::new();
    while rest > 0 {
        out.push(char::from(DIGITS[(rest % 36) as usize]));
        rest /= 36;
    }
    std::iter::once('I').chain(out.into_iter().rev()).collect()
}
