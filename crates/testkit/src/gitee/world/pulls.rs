//! Pull requests: their comments, labels and people, and the merge.

use super::git::{Commit, Tree};
use super::hooks::Happening;
use super::{Maker, Repository, Scene, bad, merge, not_found, page, rendered, same_members, text};
use crate::engine::Reply;
use serde_json::{Value, json};
use yunkit_core::operation::Method::{self, Delete, Get, Patch, Post, Put};

#[derive(Debug)]
pub(super) struct Pull {
    /// `PullRequest`
    facts: Value,
    /// `PullRequestComments`
    comments: Vec<Value>,
    head: String,
    base: String,
}

const PULL: [&str; 4] = ["title", "body", "draft", "security_hole"];

impl Pull {
    fn number(&self) -> Option<u64> {
        self.facts["number"].as_u64()
    }
    fn is_open(&self) -> bool {
        self.facts["state"] == "open"
    }
}

impl Repository {
    pub(super) fn pulls_answer(
        &mut self,
        scene: &mut Scene<'_>,
        maker: &mut Maker<'_>,
        method: Method,
        below: &str,
    ) -> Option<Reply> {
        let call = scene.call;
        let at = self.pulls.iter().position(|pull| pull.number() == call.number("number"));
        let at = match at {
            None if below.starts_with("/pulls/{number}") => return Some(not_found("Not Found Pull Request")),
            at => at.unwrap_or_default(),
        };
        Some(match (method, below) {
            (Get, "/pulls") => {
                let state = if call.text("state").is_empty() { "open" } else { call.text("state") };
                let fits = |pull: &&Pull| {
                    (state == "all" || pull.facts["state"] == state)
                        && [("head", &pull.head), ("base", &pull.base)].iter().all(|(name, branch)| {
                            call.text(name).is_empty() || branch_of(call.text(name)) == *branch
                        })
                };
                let mut found: Vec<&Value> = self.pulls.iter().filter(fits).map(|pull| &pull.facts).collect();
                if call.text("direction") != "asc" {
                    found.reverse();
                }
                page(scene, &found)
            }
            (Post, "/pulls") => self.open_pull(scene, maker),
            (Get, "/pulls/{number}") => Reply::json(200, &rendered(scene, &self.pulls[at].facts)),
            (Patch, "/pulls/{number}") => self.update_pull(scene, maker, at),
            (Get, "/pulls/{number}.diff") => {
                let (base, head) = self.sides(at)?;
                let diff = self.git.unified(&self.git.changes(&base.tree, &head.tree));
                Reply {
                    body: Some(("text/plain; charset=utf-8".to_owned(), diff.into_bytes())),
                    ..Reply::empty(200)
                }
            }
            (Get, "/pulls/{number}/files") => {
                let (base, head) = self.sides(at)?;
                let files = self.git.changes(&base.tree, &head.tree).into_iter().map(|change| {
                    let hunk = self.git.hunk(&change);
                    json!({
                        "sha": head.sha,
                        "filename": change.path,
                        "status": change.status(),
                        // Numbers as text, here and nowhere else.
                        "additions": hunk.additions.to_string(),
                        "deletions": hunk.deletions.to_string(),
                        "blob_url": format!("{}/blob/{}/{}", self.home(), head.sha, change.path),
                        "raw_url": format!("{}/raw/{}/{}", self.home(), head.sha, change.path),
                        "patch": {
                            "diff": hunk.text,
                            "new_path": change.path,
                            "old_path": change.path,
                            "a_mode": if change.before.is_some() { "100644" } else { "0" },
                            "b_mode": if change.after.is_some() { "100644" } else { "0" },
                            "new_file": change.before.is_none(),
                            "renamed_file": false,
                            "deleted_file": change.after.is_none(),
                            "too_large": false,
                        },
                    })
                });
                Reply::json(200, &files.collect())
            }
            (Get, "/pulls/{number}/commits") => {
                let (base, head) = self.sides(at)?;
                let look = self.look(maker.person);
                let commits = self.git.ahead(&base.sha, &head.sha).into_iter().map(|commit| {
                    let mut shown = look.commit(commit);
                    // One object with all hashes in it, where other lists of commits have a list.
                    shown["parents"] = json!({"url": shown["parents"][0]["url"], "sha": commit.parents.first(),
                        "shas": commit.parents});
                    shown
                });
                Reply::json(200, &commits.collect())
            }
            (Get, "/pulls/{number}/merge") => match self.pulls[at].facts["state"] == "merged" {
                true => Reply::empty(204),
                false => not_found("404 Pull Request Not Merged"),
            },
            (Put, "/pulls/{number}/merge") => self.merge_pull(scene, maker, at),
            (Get, "/pulls/{number}/comments") => {
                let mut comments: Vec<&Value> = self.pulls[at].comments.iter().collect();
                if call.text("direction") == "desc" {
                    comments.reverse();
                }
                page(scene, &comments)
            }
            (Post, "/pulls/{number}/comments") => {
                if call.text("body").trim().is_empty() {
                    return Some(Reply::json(400, &json!({"messages": ["body is empty"]})));
                }
                let comment = self.comment_on_pull(scene, maker, at);
                Reply::json(201, &rendered(scene, &comment))
            }
            (Get | Patch | Delete, "/pulls/comments/{id}") => {
                let id = call.number("id");
                let mine = |pull: &&mut Pull| pull.comments.iter().any(|comment| comment["id"].as_u64() == id);
                match self.pulls.iter_mut().find(mine) {
                    Some(pull) => super::tracker::one_comment(scene, method, &mut pull.comments, maker.now),
                    None => not_found("Not Found Note"),
                }
            }
            (_, "/pulls/{number}/labels" | "/pulls/{number}/labels/{name}") => {
                let names = call.members.get("body").cloned().unwrap_or_default();
                let labels = self.tracker.labels_called(super::tracker::listed(&names));
                super::tracker::label(scene, method, &mut self.pulls[at].facts, labels)?
            }
            (_, "/pulls/{number}/assignees") => self.people(scene, maker, method, at, "assignees"),
            (_, "/pulls/{number}/testers") => self.people(scene, maker, method, at, "testers"),
            _ => return None,
        })
    }

    /// The heads of the branch that takes and of the branch that gives.
    fn sides(&self, at: usize) -> Option<(&Commit, &Commit)> {
        let pull = &self.pulls[at];
        let head = self.git.at(text(&pull.facts["head"], "sha")).or_else(|| self.git.at(&pull.head))?;
        let base = self.git.at(text(&pull.facts["base"], "sha")).or_else(|| self.git.at(&pull.base))?;
        Some((base, head))
    }

    fn open_pull(&mut self, scene: &mut Scene<'_>, maker: &mut Maker<'_>) -> Reply {
        let call = scene.call;
        if call.text("title").trim().is_empty() {
            return Reply::json(400, &json!({"messages": ["title is empty"]}));
        }
        let (head, base) = (branch_of(call.text("head")).to_owned(), branch_of(call.text("base")).to_owned());
        for branch in [&head, &base] {
            if !self.git.branches.contains_key(branch) {
                return bad(&format!("the branch {branch} does not exist"));
            }
        }
        if self.pulls.iter().any(|pull| pull.is_open() && pull.head == head && pull.base == base) {
            return bad("a pull request of these branches is open");
        }
        if self.git.branches[&head] == self.git.branches[&base] {
            return bad("the branches do not differ");
        }
        let facts = self.add_pull(maker, &head, &base, same_members(&call.members, &PULL));
        let at = self.pulls.len() - 1;
        if call.members.contains_key("labels") {
            self.pulls[at].facts["labels"] = self.tracker.labels_called(call.text("labels").split(',')).into();
        }
        let _ = facts;
        let facts = self.pulls[at].facts.clone();
        self.happened(scene, maker, Happening::merge_request("open", &facts));
        Reply::json(201, &rendered(scene, &facts))
    }

    fn add_pull(&mut self, maker: &mut Maker<'_>, head: &str, base: &str, given: Value) -> Value {
        let id = maker.id();
        let number = 1 + self.pulls.iter().filter_map(Pull::number).max().unwrap_or_default();
        let side = |branch: &str| {
            json!({"label": branch, "ref": branch, "sha": self.git.branches.get(branch), "user": maker.person,
                "repo": self.facts})
        };
        let mut facts = maker.model(
            "PullRequest",
            &id.to_string(),
            json!({
                "id": id,
                "number": number,
                "state": "open",
                "url": format!("{}/pulls/{number}", self.api()),
                "html_url": format!("{}/pulls/{number}", self.home()),
                "diff_url": format!("{}/pulls/{number}.diff", self.home()),
                "patch_url": format!("{}/pulls/{number}.patch", self.home()),
                "body": "",
                "body_html": "",
                "assignees": [],
                "testers": [],
                "assignees_number": 0,
                "testers_number": 0,
                "api_reviewers": [],
                "labels": [],
                "milestone": null,
                "locked": false,
                "draft": false,
                "mergeable": true,
                "can_merge_check": true,
                "merged_at": null,
                "closed_at": null,
                "ref_pull_requests": [],
                "user": maker.person,
                "head": side(head),
                "base": side(base),
                "created_at": maker.time(),
                "updated_at": maker.time(),
            }),
        );
        merge(&mut facts, given);
        let pull =
            Pull { facts: facts.clone(), comments: Vec::new(), head: head.to_owned(), base: base.to_owned() };
        self.pulls.push(pull);
        facts
    }

    fn update_pull(&mut self, scene: &mut Scene<'_>, maker: &mut Maker<'_>, at: usize) -> Reply {
        let call = scene.call;
        let labels = call.members.contains_key("labels");
        let labels = labels.then(|| self.tracker.labels_called(call.text("labels").split(',')));
        let pull = &mut self.pulls[at];
        merge(&mut pull.facts, same_members(&call.members, &PULL));
        pull.facts["updated_at"] = maker.time().into();
        let relabelled = labels.is_some();
        if let Some(labels) = labels {
            pull.facts["labels"] = labels.into();
        }
        let mut action = if relabelled { "update" } else { "" };
        match call.text("state") {
            "closed" if pull.is_open() => {
                pull.facts["state"] = "closed".into();
                pull.facts["closed_at"] = maker.time().into();
                action = "close";
            }
            "open" if pull.facts["state"] == "closed" => {
                pull.facts["state"] = "open".into();
                pull.facts["closed_at"] = Value::Null;
                action = "open";
            }
            _ => {}
        }
        let facts = pull.facts.clone();
        if !action.is_empty() {
            let mut happening = Happening::merge_request(action, &facts);
            if action == "update" {
                happening.facts["action_desc"] = "update_label".into();
            }
            self.happened(scene, maker, happening);
        }
        Reply::json(200, &rendered(scene, &facts))
    }

    fn merge_pull(&mut self, scene: &mut Scene<'_>, maker: &mut Maker<'_>, at: usize) -> Reply {
        let call = scene.call;
        if !self.pulls[at].is_open() {
            return bad("the pull request is not open");
        }
        let (number, title) =
            (self.pulls[at].number().unwrap_or_default(), text(&self.pulls[at].facts, "title").to_owned());
        let (head, base) = (self.pulls[at].head.clone(), self.pulls[at].base.clone());
        let (Some(ours), Some(theirs)) = (self.git.at(&base).cloned(), self.git.at(&head).cloned()) else {
            return not_found("404 Branch Not Found");
        };
        let before =
            self.git.merge_base(&ours.sha, &theirs.sha).map(|commit| commit.tree.clone()).unwrap_or_default();
        let Some(tree) = merged(&before, &ours.tree, &theirs.tree) else {
            return bad("the branches conflict");
        };
        let message = match call.text("title") {
            "" => format!("!{number} {title}"),
            title => title.to_owned(),
        };
        let parents = match call.text("merge_method") {
            "squash" | "rebase" => vec![],
            _ => vec![theirs.sha],
        };
        let author = super::contents::person(maker, None);
        let commit = self.push(scene, maker, &base, &parents, tree, &message, author);
        let facts = &mut self.pulls[at].facts;
        facts["state"] = "merged".into();
        facts["merged_at"] = maker.time().into();
        facts["mergeable"] = false.into();
        let facts = facts.clone();
        if call.members.get("prune_source_branch") == Some(&Value::Bool(true)) {
            self.git.branches.remove(&head);
        }
        let mut happening = Happening::merge_request("merge", &facts);
        happening.facts["merge_commit_sha"] = commit.sha.clone().into();
        self.happened(scene, maker, happening);
        Reply::json(200, &json!({"merged": true, "message": "merged", "sha": commit.sha}))
    }

    fn comment_on_pull(&mut self, scene: &mut Scene<'_>, maker: &mut Maker<'_>, at: usize) -> Value {
        let call = scene.call;
        let number = self.pulls[at].number().unwrap_or_default();
        let id = maker.id();
        let position = call.members.get("position").map(|p| p.to_string());
        let (path, commit) = (call.members.get("path"), call.members.get("commit_id"));
        let comment = json!({
            "url": format!("{}/pulls/comments/{id}", self.api()),
            "id": id,
            "path": path,
            "position": position,
            "original_position": position,
            "commit_id": commit,
            "original_commit_id": commit,
            "user": maker.person,
            "created_at": maker.time(),
            "updated_at": maker.time(),
            "body": call.text("body"),
            "html_url": format!("{}/pulls/{number}#note_{id}", self.home()),
            "pull_request_url": format!("{}/pulls/{number}", self.api()),
            "comment_type": if path.is_some() { "diff_comment" } else { "pr_comment" },
        });
        let pull = &mut self.pulls[at];
        pull.comments.push(comment.clone());
        let of = pull.facts.clone();
        self.happened(scene, maker, Happening::note("PullRequest", &comment, &format!("!{number}"), Some(&of)));
        comment
    }

    /// Who is to review or to test.
    fn people(&mut self, scene: &Scene<'_>, maker: &Maker<'_>, method: Method, at: usize, kind: &str) -> Reply {
        let names = scene.call.text(kind);
        let named = || names.split(',').map(str::trim).filter(|name| !name.is_empty());
        let facts = &mut self.pulls[at].facts;
        let people = facts[kind].as_array_mut();
        if let Some(people) = people {
            match method {
                Post => {
                    for name in named() {
                        let mut person = maker.model("UserAssignee", name, json!({"login": name, "accept": false}));
                        person["name"] = name.into();
                        people.retain(|other| other["login"] != name);
                        people.push(person);
                    }
                }
                Delete => people.retain(|person| named().all(|name| person["login"] != name)),
                _ => people.iter_mut().for_each(|person| person["accept"] = false.into()),
            }
        }
        Reply::json(if method == Post { 201 } else { 200 }, facts)
    }

    pub(super) fn pulls_example(&mut self, maker: &mut Maker<'_>, route: &str) -> Vec<(&'static str, Value)> {
        let mut known = Vec::new();
        if route.ends_with("/pulls") && route.starts_with("POST") {
            self.pulls.retain(|pull| !pull.is_open());
            return known;
        }
        if !self.pulls.iter().any(Pull::is_open) {
            let topic = super::contents::TOPIC;
            self.add_pull(maker, topic, super::git::DEFAULT_BRANCH, json!({"title": "Greet the world"}));
        }
        let Some(pull) = self.pulls.iter_mut().find(|pull| pull.is_open()) else { return known };
        known.push(("number", pull.facts["number"].clone()));
        if route.contains("/labels/{name}") {
            let label = maker.model("Label", "bug", json!({"name": "bug"}));
            pull.facts["labels"] = json!([label]);
            known.push(("name", "bug".into()));
        }
        if route.contains("/pulls/comments/{id}") {
            if pull.comments.is_empty() {
                let id = maker.id();
                let comment = maker.model("PullRequestComments", "one", json!({"id": id, "body": "Fine."}));
                pull.comments.push(comment);
            }
            known.push(("id", pull.comments[0]["id"].clone()));
        }
        if route.ends_with("GET /v5/repos/{owner}/{repo}/pulls/{number}/merge") {
            pull.facts["state"] = "merged".into();
        }
        known
    }
}

/// The branch of `owner:branch`; forks are not part of the fake's world.
fn branch_of(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// A three-way merge file by file; nothing where both sides changed one.
fn merged(before: &Tree, ours: &Tree, theirs: &Tree) -> Option<Tree> {
    let mut tree = ours.clone();
    for path in before.keys().chain(theirs.keys()) {
        let (old, our, their) = (before.get(path), ours.get(path), theirs.get(path));
        if old == their || our == their {
            continue;
        }
        if our != old {
            return None;
        }
        match their {
            Some(sha) => drop(tree.insert(path.clone(), sha.clone())),
            None => drop(tree.remove(path)),
        }
    }
    Some(tree)
}
