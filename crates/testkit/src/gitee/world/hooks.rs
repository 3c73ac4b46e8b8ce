//! Webhooks: who wants to know what, and what they are sent.

use super::git::{Commit, NO_COMMIT};
use super::{Maker, Repository, Scene, merge, not_found, page, same_members, text};
use crate::engine::Reply;
use serde_json::{Value, json};
use yunkit_core::operation::Method::{self, Delete, Get, Patch, Post};
use yunkit_gitee::webhook::Webhook;

#[derive(Debug)]
pub(super) struct Hook {
    pub(super) id: u64,
    /// `Hook`
    facts: Value,
    password: String,
    signed: bool,
}

/// Something that webhooks tell.
#[derive(Debug, Clone)]
pub(super) struct Happening {
    kind: Kind,
    /// The members of the event that say what happened.
    pub(super) facts: Value,
}

/// A kind of event: `X-Gitee-Event`, `hook_name`, the member of `Hook` that turns it on, its model, the feed's word for it.
type Kind = (&'static str, &'static str, &'static str, &'static str, &'static str);

const PUSH: Kind = ("Push Hook", "push_hooks", "push_events", "PushEvent", "PushEvent");
const TAG_PUSH: Kind = ("Tag Push Hook", "tag_push_hooks", "tag_push_events", "PushEvent", "CreateEvent");
const MERGE_REQUEST: Kind =
    ("Merge Request Hook", "merge_request_hooks", "merge_requests_events", "MergeRequestEvent", "PullRequestEvent");
const ISSUE: Kind = ("Issue Hook", "issue_hooks", "issues_events", "IssueEvent", "IssueEvent");
const NOTE: Kind = ("Note Hook", "note_hooks", "note_events", "NoteEvent", "IssueCommentEvent");

/// A delivery that is to be sent.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) hook: u64,
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Happening {
    pub(super) fn feed_type(&self) -> &'static str {
        self.kind.4
    }

    /// A branch or a tag is somewhere else than before.
    pub(super) fn push(repository: &Repository, name: &str, before: Option<&str>, commit: &Commit) -> Self {
        let kind = if name.starts_with("refs/tags/") { TAG_PUSH } else { PUSH };
        let shown = repository.hook_commit(commit);
        let compare = format!("{}/compare/{}...{}", repository.home(), before.unwrap_or(NO_COMMIT), commit.sha);
        let facts = json!({
            "ref": name,
            "before": before.unwrap_or(NO_COMMIT),
            "after": commit.sha,
            "created": before.is_none(),
            "deleted": false,
            "compare": compare,
            "commits": [shown],
            "head_commit": shown,
            "commits_more_than_ten": false,
            "total_commits_count": 1,
        });
        Self { kind, facts }
    }

    pub(super) fn issue(action: &str, issue: &Value) -> Self {
        let facts = json!({
            "action": action,
            "iid": issue["number"],
            "title": issue["title"],
            "description": issue["body"],
            "state": issue["state"],
            "url": issue["html_url"],
            "milestone": issue["milestone"]["title"].as_str().unwrap_or_default(),
            "issue": of_hook(issue),
        });
        Self { kind: ISSUE, facts }
    }

    pub(super) fn merge_request(action: &str, pull: &Value) -> Self {
        let facts = json!({
            "action": action,
            "action_desc": "",
            "number": pull["number"],
            "iid": pull["number"],
            "title": pull["title"],
            "body": pull["body"],
            "state": pull["state"],
            "url": pull["html_url"],
            "source_branch": pull["head"]["ref"],
            "target_branch": pull["base"]["ref"],
            "merge_commit_sha": "",
            "pull_request": of_hook(pull),
        });
        Self { kind: MERGE_REQUEST, facts }
    }

    /// `of` is the issue or pull request that the comment stands under.
    pub(super) fn note(noteable: &str, comment: &Value, number: &str, of: Option<&Value>) -> Self {
        let mut facts = json!({
            "action": "comment",
            "noteable_type": noteable,
            "note": comment["body"],
            "per_iid": number,
            "comment": {"id": comment["id"], "body": comment["body"], "created_at": comment["created_at"],
                "updated_at": comment["updated_at"]},
        });
        if let Some(of) = of {
            facts["title"] = of["title"].clone();
            facts["noteable_id"] = of["id"].clone();
            facts[if noteable == "Issue" { "issue" } else { "pull_request" }] = of_hook(of);
        }
        Self { kind: NOTE, facts }
    }
}

/// The members that an issue or a pull request has in the API and in webhooks alike.
fn of_hook(thing: &Value) -> Value {
    const SAME: [&str; 8] = ["id", "number", "title", "body", "state", "html_url", "created_at", "updated_at"];
    thing.as_object().map(|members| same_members(members, &SAME)).unwrap_or_default()
}

impl Hook {
    pub(super) fn new(id: u64, url: &str, created_at: String) -> Self {
        let facts = json!({
            "id": id,
            "url": url,
            "password": "",
            "result": "",
            "result_code": 0,
            "title": "",
            "created_at": created_at,
            "push_events": true,
            "tag_push_events": false,
            "issues_events": false,
            "note_events": false,
            "merge_requests_events": false,
        });
        Self { id, facts, password: String::new(), signed: false }
    }

    fn change(&mut self, scene: &Scene<'_>) {
        const SAME: [&str; 7] = [
            "url",
            "title",
            "push_events",
            "tag_push_events",
            "issues_events",
            "note_events",
            "merge_requests_events",
        ];
        let call = scene.call;
        merge(&mut self.facts, same_members(&call.members, &SAME));
        if call.members.contains_key("password") {
            call.text("password").clone_into(&mut self.password);
            self.facts["password"] = call.text("password").into();
        }
        if let Some(kind) = call.members.get("encryption_type") {
            self.signed = *kind == 1 || *kind == "1";
        }
    }

    /// Notes what became of the last delivery.
    pub(super) fn note(&mut self, status: Option<u16>, result: &str) {
        self.facts["result_code"] = status.unwrap_or_default().into();
        self.facts["result"] = result.into();
    }

    pub(super) fn wants(&self, happening: &Happening) -> bool {
        self.facts[happening.kind.2] == true
    }

    pub(super) fn parcel(&self, of: &Repository, maker: &Maker<'_>, happening: &Happening, ping: bool) -> Parcel {
        let (event, hook_name, _, model, _) = happening.kind;
        let timestamp = maker.now * 1000;
        let webhook = Webhook::signed(self.password.clone().into());
        let (password, sign) = match self.signed {
            true => (String::new(), webhook.sign(timestamp)),
            false => (self.password.clone(), String::new()),
        };
        let token = if self.signed { sign.clone() } else { password.clone() };
        let person = of_person(maker.person);
        let repository = of.hook_repository(maker);
        let mut body = maker.model(model, hook_name, json!({}));
        // What the sampler made of the parts stays where nothing better is known.
        for (part, facts) in happening.facts.as_object().into_iter().flatten() {
            match (&mut body[part], facts) {
                (Value::Object(part), Value::Object(facts)) => part.extend(facts.clone()),
                (part, facts) => part.clone_from(facts),
            }
        }
        for member in ["user", "sender", "author", "pusher", "updated_by"] {
            if body.get(member).is_some() {
                body[member] = person.clone();
            }
        }
        merge(
            &mut body,
            json!({
                "hook_name": hook_name,
                "hook_id": self.id,
                "hook_url": format!("{}/hooks/{}/edit", of.home(), self.id),
                "password": password,
                "sign": sign,
                "timestamp": timestamp.to_string(),
                "repository": repository,
                "project": repository,
            }),
        );
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("user-agent", "git-oschina-hook".to_owned()),
            ("x-gitee-token", token),
            ("x-gitee-timestamp", timestamp.to_string()),
            ("x-gitee-event", event.to_owned()),
            ("x-git-oschina-event", event.to_owned()),
            ("x-gitee-ping", ping.to_string()),
        ];
        Parcel {
            hook: self.id,
            url: text(&self.facts, "url").to_owned(),
            headers,
            body: body.to_string().into_bytes(),
        }
    }
}

fn of_person(person: &Value) -> Value {
    json!({
        "id": person["id"],
        "login": person["login"],
        "name": person["name"],
        "username": person["login"],
        "user_name": person["login"],
        "email": "demo@example.com",
        "url": person["html_url"],
        "html_url": person["html_url"],
        "avatar_url": person["avatar_url"],
        "type": "User",
        "site_admin": false,
    })
}

impl Repository {
    fn hook_repository(&self, maker: &Maker<'_>) -> Value {
        let full_name = text(&self.facts, "full_name");
        let facts = json!({
            "id": self.facts["id"],
            "name": self.facts["name"],
            "path": self.path,
            "full_name": full_name,
            "path_with_namespace": full_name,
            "namespace": self.owner,
            "default_branch": self.facts["default_branch"],
            "html_url": self.home(),
            "url": self.home(),
            "clone_url": format!("{}.git", self.home()),
            "git_http_url": format!("{}.git", self.home()),
            "owner": of_person(maker.person),
        });
        maker.model("HookRepository", full_name, facts)
    }

    fn hook_commit(&self, commit: &Commit) -> Value {
        let changes = self.git.changes_of(commit);
        let of = |status: &str| -> Vec<&str> {
            changes.iter().filter(|change| change.status() == status).map(|change| change.path.as_str()).collect()
        };
        let who =
            json!({"name": commit.author.name, "email": commit.author.email, "time": super::stamp(commit.when)});
        json!({
            "id": commit.sha,
            "tree_id": commit.sha,
            "parent_ids": commit.parents,
            "distinct": true,
            "message": commit.message,
            "timestamp": super::stamp(commit.when),
            "url": format!("{}/commit/{}", self.home(), commit.sha),
            "author": who,
            "committer": who,
            "added": of("added"),
            "removed": of("removed"),
            "modified": of("modified"),
        })
    }

    pub(super) fn hooks_answer(
        &mut self,
        scene: &mut Scene<'_>,
        maker: &mut Maker<'_>,
        method: Method,
        below: &str,
    ) -> Option<Reply> {
        let call = scene.call;
        let at = self.hooks.iter().position(|hook| Some(hook.id) == call.number("id"));
        let at = match at {
            None if below.contains("{id}") => return Some(not_found("Not Found Hook")),
            at => at.unwrap_or_default(),
        };
        Some(match (method, below) {
            (Get, "/hooks") => page(scene, &self.hooks.iter().map(|hook| &hook.facts).collect::<Vec<_>>()),
            (Post, "/hooks") => {
                let mut hook = Hook::new(maker.id(), "", maker.time());
                hook.facts["project_id"] = self.facts["id"].clone();
                hook.change(scene);
                let reply = Reply::json(201, &hook.facts);
                self.hooks.push(hook);
                reply
            }
            (Get, "/hooks/{id}") => Reply::json(200, &self.hooks[at].facts),
            (Patch, "/hooks/{id}") => {
                self.hooks[at].change(scene);
                Reply::json(200, &self.hooks[at].facts)
            }
            (Delete, "/hooks/{id}") => {
                self.hooks.remove(at);
                Reply::empty(204)
            }
            (Post, "/hooks/{id}/tests") => {
                if let Some(commit) = self.git.at("") {
                    let name = format!("refs/heads/{}", super::git::DEFAULT_BRANCH);
                    let parent = commit.parents.first().map(String::as_str);
                    let happening = Happening::push(self, &name, parent, commit);
                    scene.outbox.push(self.hooks[at].parcel(self, maker, &happening, true));
                }
                Reply::empty(204)
            }
            _ => return None,
        })
    }
}
