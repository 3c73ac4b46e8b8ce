//! What the fake remembers: repositories, and everything in them.

mod contents;
mod diff;
mod git;
mod hooks;
mod pulls;
mod releases;
mod tracker;

use crate::engine::{Checked, Engine, Reply};
use crate::gitee::LOGIN;
use git::{Git, Look};
pub(crate) use hooks::Parcel;
use hooks::{Happening, Hook};
use pulls::Pull;
use releases::Release;
use serde_json::{Map, Value, json};
use tracker::Tracker;
use url::Url;
use yunkit_core::civil::Civil;
use yunkit_core::operation::Method::{self, Delete, Get, Patch, Post};
use yunkit_core::operation::Route;

/// The user, and the repositories in the order they were made.
#[derive(Debug)]
pub(crate) struct World {
    /// `UserDetail`
    user: Value,
    /// The same person as `UserBasic`, as answers mention it.
    person: Value,
    repositories: Vec<Repository>,
    made: u64,
}

#[derive(Debug)]
struct Repository {
    owner: String,
    path: String,
    /// `Project`
    facts: Value,
    git: Git,
    tracker: Tracker,
    pulls: Vec<Pull>,
    releases: Vec<Release>,
    hooks: Vec<Hook>,
    /// `Event`, the oldest first.
    events: Vec<Value>,
}

/// What answering needs beside the repository.
pub(crate) struct Scene<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) call: &'a Checked,
    /// The address that was called.
    pub(crate) url: &'a Url,
    /// Whether the caller wants `body_html`.
    pub(crate) html: bool,
    /// The fake's time, in seconds since 1970.
    pub(crate) now: u64,
    /// Where the fake listens.
    pub(crate) address: &'a str,
    /// Where it hands out files: another host.
    pub(crate) files: &'a str,
    /// Deliveries that this call causes.
    pub(crate) outbox: &'a mut Vec<Parcel>,
}

/// Fresh things in a world: they have an id, a time and a person behind them.
struct Maker<'a> {
    engine: &'a Engine,
    person: &'a Value,
    made: &'a mut u64,
    now: u64,
}

impl Maker<'_> {
    /// The next number that nothing else has.
    fn id(&mut self) -> u64 {
        *self.made += 1;
        *self.made
    }
    /// A whole model of the specification with the members that matter replaced.
    fn model(&self, model: &str, purpose: &str, facts: Value) -> Value {
        let mut whole = self.engine.model(model, purpose);
        merge(&mut whole, facts);
        whole
    }
    fn time(&self) -> String {
        stamp(self.now)
    }
}

/// How many issues a repository begins with.
const ISSUES: u64 = 3;

/// Some time in 2026, for what was there before the fake.
const LONG_AGO: u64 = 1_767_225_600;

impl World {
    pub(crate) fn new(engine: &Engine, repositories: usize) -> Self {
        let mut user = engine.model("UserDetail", LOGIN);
        let mut person = engine.model("UserBasic", LOGIN);
        for account in [&mut user, &mut person] {
            merge(account, json!({"id": 4321, "login": LOGIN, "name": "Demo User", "type": "User"}));
        }
        let mut world = Self { user, person, repositories: Vec::new(), made: 0 };
        for number in 1..=repositories {
            let path = format!("repository-{number}");
            world.add_repository(engine, &path, json!({"description": format!("The {number}. one")}), LONG_AGO);
            let repository = world.repositories.len() - 1;
            let mut maker =
                Maker { engine, person: &world.person, made: &mut world.made, now: LONG_AGO + 60 * number as u64 };
            world.repositories[repository].furnish(&mut maker);
        }
        world
    }

    /// The answer to an operation that the fake remembers something about.
    pub(crate) fn answer(&mut self, scene: &mut Scene<'_>) -> Option<Reply> {
        let Route::Rest { method, path } = scene.call.entry.info.route else {
            return None;
        };
        let mut maker = Maker { engine: scene.engine, person: &self.person, made: &mut self.made, now: scene.now };
        let below =
            path.strip_prefix("/v5/repos/{owner}/{repo}").or_else(|| path.strip_prefix("/v5/repos/{owner}"));
        if let Some(below) = below {
            let (owner, repo, number) =
                (scene.call.text("owner"), scene.call.text("repo"), scene.call.text("number"));
            let meant = |r: &Repository| match repo {
                // Issues have numbers of their own all over the service.
                "" => number.is_empty() || r.tracker.has_issue(number),
                repo => r.path == repo,
            };
            let Some(at) = self.repositories.iter().position(|r| r.owner == owner && meant(r)) else {
                return Some(not_found("Not Found Project"));
            };
            if (method, below) == (Delete, "") {
                self.repositories.remove(at);
                return Some(Reply::empty(204));
            }
            return self.repositories[at].answer(scene, &mut maker, method, below);
        }
        match (method, path) {
            (Get, "/v5/user") => Some(Reply::json(200, &self.user)),
            (Get, "/v5/user/repos" | "/v5/users/{username}/repos") => {
                if path.contains("{username}") && scene.call.text("username") != LOGIN {
                    return Some(not_found("404 User Not Found"));
                }
                let all: Vec<&Value> = self.repositories.iter().map(|r| &r.facts).collect();
                Some(page(scene, &all))
            }
            (Post, "/v5/user/repos") => Some(self.create_repository(scene)),
            (Get, "/v5/search/issues") => {
                let (q, repo) = (scene.call.text("q").to_lowercase(), scene.call.text("repo"));
                let here = |r: &&Repository| repo.is_empty() || r.facts["full_name"] == repo;
                let issues = self.repositories.iter().filter(here).flat_map(|r| r.tracker.issues());
                let fits = |issue: &&Value| text(issue, "title").to_lowercase().contains(&q);
                let found: Vec<&Value> = issues.filter(fits).collect();
                Some(page(scene, &found))
            }
            _ => None,
        }
    }

    /// Where the file behind an address that a release gives out is, if there is one.
    pub(crate) fn released(&self, path: &str) -> Option<u64> {
        self.repositories.iter().flat_map(|r| &r.releases).find_map(|release| release.file_at(path))
    }

    /// The content of an attached file.
    pub(crate) fn file(&self, id: u64) -> Option<(&str, &[u8])> {
        self.repositories.iter().flat_map(|r| &r.releases).find_map(|release| release.file(id))
    }

    /// Notes what became of a delivery.
    pub(crate) fn delivered(&mut self, hook: u64, status: Option<u16>, result: &str) {
        let mut hooks = self.repositories.iter_mut().flat_map(|r| &mut r.hooks);
        if let Some(hook) = hooks.find(|h| h.id == hook) {
            hook.note(status, result);
        }
    }

    pub(crate) fn first_issue(&self) -> String {
        let mut issues = self.repositories.first().into_iter().flat_map(|r| r.tracker.issues());
        issues.next().map(|issue| text(issue, "number").to_owned()).unwrap_or_default()
    }

    /// Members by which an operation finds something in the first repository. What is missing there is made.
    pub(crate) fn example(&mut self, engine: &Engine, route: &str, now: u64) -> Map<String, Value> {
        let mut known = Map::new();
        known.insert("owner".to_owned(), LOGIN.into());
        known.insert("username".to_owned(), LOGIN.into());
        let Some(repository) = self.repositories.first_mut() else { return known };
        known.insert("repo".to_owned(), repository.path.clone().into());
        let mut maker = Maker { engine, person: &self.person, made: &mut self.made, now };
        for (name, value) in repository.example(&mut maker, route) {
            known.insert(name.to_owned(), value);
        }
        known
    }

    fn create_repository(&mut self, scene: &Scene<'_>) -> Reply {
        let call = scene.call;
        let path = match call.text("path") {
            "" => call.text("name"),
            path => path,
        };
        let path = path.to_lowercase().replace(' ', "-");
        if self.repositories.iter().any(|r| r.owner == LOGIN && r.path == path) {
            return Reply::json(422, &json!({"error": {"path": ["is taken"]}}));
        }
        let given = same_members(&call.members, &REPOSITORY);
        let facts = self.add_repository(scene.engine, &path, given, scene.now);
        Reply::json(201, &facts)
    }

    fn add_repository(&mut self, engine: &Engine, path: &str, given: Value, now: u64) -> Value {
        self.made += 1;
        let full_name = format!("{LOGIN}/{path}");
        let mut facts = engine.model("Project", &full_name);
        merge(&mut facts, json!({"name": path, "default_branch": git::DEFAULT_BRANCH}));
        merge(&mut facts, given);
        merge(
            &mut facts,
            json!({
                "id": 1000 + self.made,
                "full_name": full_name,
                "human_name": full_name,
                "path": path,
                "owner": self.person,
                "assigner": self.person,
                "url": format!("https://gitee.com/api/v5/repos/{full_name}"),
                "html_url": format!("https://gitee.com/{full_name}.git"),
                "created_at": stamp(now),
                "updated_at": stamp(now),
            }),
        );
        self.repositories.push(Repository {
            owner: LOGIN.to_owned(),
            path: path.to_owned(),
            facts: facts.clone(),
            git: Git::default(),
            tracker: Tracker::default(),
            pulls: Vec::new(),
            releases: Vec::new(),
            hooks: Vec::new(),
            events: Vec::new(),
        });
        facts
    }
}

impl Repository {
    /// Puts something of everything into a new repository.
    fn furnish(&mut self, maker: &mut Maker<'_>) {
        self.begin_git(maker);
        for number in 1..=ISSUES {
            let title = format!("Issue {number} of {}", self.path);
            self.open_issue(maker, json!({"title": title, "body": "What was seen, and what was expected."}));
        }
        self.tracker.furnish(maker);
    }

    fn answer(
        &mut self,
        scene: &mut Scene<'_>,
        maker: &mut Maker<'_>,
        method: Method,
        below: &str,
    ) -> Option<Reply> {
        match (method, below) {
            (Get, "") => return Some(Reply::json(200, &self.facts)),
            (Patch, "") => {
                merge(&mut self.facts, same_members(&scene.call.members, &REPOSITORY));
                return Some(Reply::json(200, &self.facts));
            }
            (Get, "/events") => {
                let (after, limit) = (scene.call.number("prev_id"), scene.call.number("limit").unwrap_or(20));
                let newest_first = self.events.iter().rev();
                let older =
                    newest_first.filter(|event| after.is_none_or(|after| event["id"].as_u64() < Some(after)));
                let events: Vec<&Value> = older.take(limit.clamp(1, 100) as usize).collect();
                return Some(Reply::json(200, &json!(events)));
            }
            _ => {}
        }
        if below.starts_with("/issues") || below.starts_with("/labels") || below.starts_with("/milestones") {
            return self.tracker_answer(scene, maker, method, below);
        }
        if below.starts_with("/pulls") {
            return self.pulls_answer(scene, maker, method, below);
        }
        if below.starts_with("/releases") {
            return self.releases_answer(scene, maker, method, below);
        }
        if below.starts_with("/hooks") {
            return self.hooks_answer(scene, maker, method, below);
        }
        self.contents_answer(scene, maker, method, below)
    }

    fn look<'a>(&self, account: &'a Value) -> Look<'a> {
        Look { home: self.home(), api: self.api(), account }
    }

    fn home(&self) -> String {
        format!("https://gitee.com/{}/{}", self.owner, self.path)
    }

    fn api(&self) -> String {
        format!("https://gitee.com/api/v5/repos/{}/{}", self.owner, self.path)
    }

    /// Writes what happened into the feed, and to whoever wants to be told.
    fn happened(&mut self, scene: &mut Scene<'_>, maker: &mut Maker<'_>, happening: Happening) {
        let id = maker.id();
        let actor = &maker.person;
        self.events.push(json!({
            "id": id,
            "type": happening.feed_type(),
            "actor": {"id": actor["id"], "login": actor["login"], "name": actor["name"],
                "avatar_url": actor["avatar_url"], "url": actor["url"], "html_url": actor["html_url"]},
            "repo": {"id": self.facts["id"], "full_name": self.facts["full_name"],
                "human_name": self.facts["human_name"], "url": self.facts["url"]},
            "public": true,
            "created_at": maker.time(),
            "payload": happening.facts.clone(),
        }));
        let parcels = self.hooks.iter().filter(|hook| hook.wants(&happening));
        let parcels: Vec<Parcel> = parcels.map(|hook| hook.parcel(self, maker, &happening, false)).collect();
        scene.outbox.extend(parcels);
    }

    fn example(&mut self, maker: &mut Maker<'_>, route: &str) -> Vec<(&'static str, Value)> {
        let mut known = Vec::new();
        let first = |items: &[Value], key: &str| items.first().map(|item| item[key].clone()).unwrap_or_default();
        self.keep_readme(maker);
        let commit = self.git.at("").map(|commit| commit.sha.clone()).unwrap_or_default();
        if route.contains("/issues") || route.contains("/labels") || route.contains("/milestones") {
            known.extend(self.tracker_example(maker, route));
        }
        if route.contains("/pulls") {
            known.extend(self.pulls_example(maker, route));
        }
        if route.contains("/releases") {
            known.extend(self.releases_example(maker, route));
        }
        if route.contains("/hooks/{id}") {
            if self.hooks.is_empty() {
                self.hooks.push(Hook::new(maker.id(), "http://127.0.0.1:1/", maker.time()));
            }
            known.push(("id", self.hooks[0].id.into()));
        }
        if route.contains("{repo}/comments/{id}") {
            if self.tracker.commit_comments.is_empty() {
                let comment = maker.note("A comment on a commit.", json!({}));
                self.tracker.commit_comments.push(comment);
            }
            known.push(("id", first(&self.tracker.commit_comments, "id")));
        }
        if route.contains("/contents/{path}") && route.starts_with("POST") {
            known.push(("path", format!("new-{}.txt", maker.id()).into()));
            known.push(("content", "bmV3Cg==".into()));
        } else if ["/contents", "/raw/", "/blame/"].iter().any(|part| route.contains(part)) {
            known.push(("path", contents::README.into()));
            known.push(("content", "Y2hhbmdlZAo=".into()));
            let tree = self.git.at("").map(|commit| &commit.tree);
            if route.contains("/contents") {
                known.push(("sha", json!(tree.and_then(|tree| tree.get(contents::README)))));
            }
        }
        let branch = Value::from(git::DEFAULT_BRANCH);
        if route.contains("/commits") || route.contains("/git/trees") {
            known.push(("sha", commit.into()));
            known.push(("path", Value::Null));
            known.push(("start_branch", branch.clone()));
            let path = format!("made-{}.txt", maker.id());
            known.push(("actions", json!([{"action": "create", "path": path, "content": "made\n"}])));
        } else if route.contains("/git/blobs") {
            let tree = self.git.at("").map(|commit| &commit.tree);
            known.push(("sha", json!(tree.and_then(|tree| tree.values().next()))));
        }
        if route.ends_with("/branches") || route.ends_with("/tags") {
            known.push(("refs", branch.clone()));
        }
        for name in ["branch", "ref", "base", "target_commitish"] {
            known.push((name, branch.clone()));
        }
        known.push(("head", contents::TOPIC.into()));
        known
    }
}

impl Maker<'_> {
    /// A comment, as `Note`.
    fn note(&mut self, body: &str, target: Value) -> Value {
        let id = self.id();
        json!({
            "id": id,
            "body": body,
            "body_html": "",
            "user": self.person,
            "source": null,
            "target": target,
            "created_at": self.time(),
            "updated_at": self.time(),
        })
    }
}

/// Members that mean the same in a request as in the thing itself; others come as names and answer as objects.
const REPOSITORY: [&str; 8] =
    ["name", "description", "homepage", "private", "has_issues", "has_wiki", "can_comment", "default_branch"];

fn same_members(members: &Map<String, Value>, names: &[&str]) -> Value {
    let same = members.iter().filter(|(name, _)| names.contains(&name.as_str()));
    Value::Object(same.map(|(name, value)| (name.clone(), value.clone())).collect())
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap_or_default()
}

fn not_found(message: &str) -> Reply {
    Reply::json(404, &json!({"message": message}))
}

fn bad(message: &str) -> Reply {
    Reply::json(400, &json!({"message": message}))
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

/// Fills `body_html` where the caller asked for it: a paragraph, and nothing of Markdown.
fn rendered(scene: &Scene<'_>, value: &Value) -> Value {
    let mut value = value.clone();
    if scene.html {
        let body = text(&value, "body").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        value["body_html"] = format!("<p>{body}</p>").into();
    }
    value
}

/// A page of a list, with the headers the service sends.
fn page(scene: &Scene<'_>, all: &[&Value]) -> Reply {
    let size = scene.call.number("per_page").unwrap_or(20).clamp(1, 100) as usize;
    let number = scene.call.number("page").unwrap_or(1).max(1) as usize;
    let pages = all.len().div_ceil(size).max(1);
    let items = all.iter().skip((number - 1) * size).take(size).map(|item| rendered(scene, item)).collect();
    let link = |page: usize, relation: &str| {
        let mut url = scene.url.clone();
        let kept =
            scene.url.query_pairs().filter(|(name, _)| !["page", "per_page", "access_token"].contains(&&**name));
        let kept: Vec<(String, String)> =
            kept.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let here = [("page".to_owned(), page.to_string()), ("per_page".to_owned(), size.to_string())];
        url.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(here);
        format!("<{url}>; rel='{relation}'")
    };
    let mut links = Vec::new();
    if number > 1 {
        links.push(link(number - 1, "prev"));
    }
    if number < pages {
        links.push(link(number + 1, "next"));
    }
    links.push(link(1, "first"));
    links.push(link(pages, "last"));
    Reply::json(200, &Value::Array(items))
        .header("total_count", all.len())
        .header("total_page", pages)
        .header("Link", links.join(", "))
}

/// A time as the service writes it: RFC 3339, in Beijing.
fn stamp(seconds: u64) -> String {
    let Civil { year, month, day, hour, minute, second } = Civil::from_unix(seconds + 8 * 3600);
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}+08:00")
}

#[cfg(test)]
mod tests {
    use super::stamp;

    #[test]
    fn times_are_written_as_in_beijing() {
        let rows = [
            (0, "1970-01-01T08:00:00+08:00"),
            (951_782_400, "2000-02-29T08:00:00+08:00"),
            (1_767_225_600, "2026-01-01T08:00:00+08:00"),
            (1_798_732_799, "2026-12-31T23:59:59+08:00"),
        ];

        for (seconds, expected) in rows {
            assert_eq!(stamp(seconds), expected);
        }
    }
}
