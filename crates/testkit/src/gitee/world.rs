//! What the fake remembers: repositories and issues.

use crate::engine::{Checked, Engine, Reply};
use crate::gitee::LOGIN;
use serde_json::{Map, Value, json};
use yunkit_core::operation::{Method, Route};

/// Repositories, in the order they were made.
#[derive(Debug)]
pub(crate) struct World {
    user: Value,
    repositories: Vec<Repository>,
    made: u64,
}

#[derive(Debug)]
struct Repository {
    owner: String,
    path: String,
    facts: Value,
    issues: Vec<Value>,
}

/// How many issues a repository begins with.
const ISSUES: u64 = 3;

impl World {
    pub(crate) fn new(engine: &Engine, repositories: usize) -> Self {
        let mut user = engine.model("UserDetail", LOGIN);
        merge(&mut user, json!({"id": 4321, "login": LOGIN, "name": "Demo User"}));
        let mut world = Self { user, repositories: Vec::new(), made: 0 };
        for number in 1..=repositories {
            let path = format!("repository-{number}");
            world.add_repository(engine, LOGIN, &path, json!({"description": format!("The {number}. one")}));
            for issue in 1..=ISSUES {
                let title = format!("Issue {issue} of {path}");
                world.add_issue(
                    engine,
                    number - 1,
                    json!({"title": title, "body": "What was seen, and what was expected."}),
                );
            }
        }
        world
    }

    /// The answer to an operation that the fake remembers something about.
    pub(crate) fn answer(&mut self, engine: &Engine, call: &Checked) -> Option<Reply> {
        let Route::Rest { method, path } = call.entry.info.route else {
            return None;
        };
        let below_repository = path.starts_with("/v5/repos/{owner}/{repo}");
        let by_number = path.starts_with("/v5/repos/{owner}/issues");
        let at = if below_repository || by_number {
            let (owner, repo) = (call.text("owner"), call.text("repo"));
            let found = self
                .repositories
                .iter()
                .position(|r| r.owner == owner && (r.path == repo || (by_number && repo.is_empty())));
            match found {
                Some(at) => at,
                None => return Some(not_found("Not Found Project")),
            }
        } else {
            0
        };
        match (method, path) {
            (Method::Get, "/v5/user") => Some(Reply::json(200, &self.user)),
            (Method::Get, "/v5/user/repos") => {
                let all: Vec<&Value> = self.repositories.iter().map(|r| &r.facts).collect();
                Some(page(call, &all))
            }
            (Method::Post, "/v5/user/repos") => Some(self.create_repository(engine, call)),
            (Method::Get, "/v5/repos/{owner}/{repo}") => Some(Reply::json(200, &self.repositories[at].facts)),
            (Method::Patch, "/v5/repos/{owner}/{repo}") => {
                merge(&mut self.repositories[at].facts, same_members(&call.members, &REPOSITORY));
                Some(Reply::json(200, &self.repositories[at].facts))
            }
            (Method::Delete, "/v5/repos/{owner}/{repo}") => {
                self.repositories.remove(at);
                Some(Reply::empty(204))
            }
            (Method::Get, "/v5/repos/{owner}/{repo}/issues") => {
                let wanted = match call.text("state") {
                    "" => "open",
                    state => state,
                };
                let issues = self.repositories[at].issues.iter();
                let issues: Vec<&Value> = issues.filter(|i| wanted == "all" || i["state"] == wanted).collect();
                Some(page(call, &issues))
            }
            (Method::Post, "/v5/repos/{owner}/issues") => {
                if call.text("title").trim().is_empty() {
                    return Some(Reply::json(400, &json!({"messages": ["title is empty"]})));
                }
                let issue = self.add_issue(engine, at, same_members(&call.members, &ISSUE));
                Some(Reply::json(201, &issue))
            }
            (Method::Get, "/v5/repos/{owner}/{repo}/issues/{number}") => {
                let found = self.issue(at, call.text("number"));
                Some(found.map_or_else(|| not_found("Not Found Issue"), |issue| Reply::json(200, issue)))
            }
            (Method::Patch, "/v5/repos/{owner}/issues/{number}") => {
                let changes = same_members(&call.members, &ISSUE);
                match self.issue(at, call.text("number")) {
                    Some(issue) => {
                        merge(issue, changes);
                        Some(Reply::json(200, issue))
                    }
                    None => Some(not_found("Not Found Issue")),
                }
            }
            _ => None,
        }
    }

    pub(crate) fn first_issue(&self) -> String {
        let issue = self.repositories.first().and_then(|repository| repository.issues.first());
        issue.and_then(|issue| issue["number"].as_str()).unwrap_or_default().to_owned()
    }

    fn create_repository(&mut self, engine: &Engine, call: &Checked) -> Reply {
        let path = match call.text("path") {
            "" => call.text("name"),
            path => path,
        };
        let path = path.to_lowercase().replace(' ', "-");
        if self.repositories.iter().any(|r| r.owner == LOGIN && r.path == path) {
            return Reply::json(422, &json!({"error": {"path": ["is taken"]}}));
        }
        let facts = self.add_repository(engine, LOGIN, &path, same_members(&call.members, &REPOSITORY));
        Reply::json(201, &facts)
    }

    fn add_repository(&mut self, engine: &Engine, owner: &str, path: &str, given: Value) -> Value {
        self.made += 1;
        let full_name = format!("{owner}/{path}");
        let mut facts = engine.model("Project", &full_name);
        merge(&mut facts, given);
        merge(
            &mut facts,
            json!({
                "id": 1000 + self.made,
                "full_name": full_name,
                "human_name": full_name,
                "name": path,
                "path": path,
                "default_branch": "master",
                "url": format!("https://gitee.com/api/v5/repos/{full_name}"),
                "html_url": format!("https://gitee.com/{full_name}.git"),
            }),
        );
        let repository =
            Repository { owner: owner.to_owned(), path: path.to_owned(), facts: facts.clone(), issues: Vec::new() };
        self.repositories.push(repository);
        facts
    }

    fn add_issue(&mut self, engine: &Engine, at: usize, given: Value) -> Value {
        self.made += 1;
        let number = issue_number(self.made);
        let mut issue = engine.model("Issue", &number);
        merge(
            &mut issue,
            json!({"id": 100_000 + self.made, "number": number, "state": "open", "comments": 0, "labels": []}),
        );
        merge(&mut issue, given);
        // A repository inside each of its issues would make lists enormous, as it does at the real service.
        issue["repository"] = self.repositories[at].facts.clone();
        self.repositories[at].issues.push(issue.clone());
        issue
    }

    fn issue(&mut self, at: usize, number: &str) -> Option<&mut Value> {
        self.repositories[at].issues.iter_mut().find(|issue| issue["number"] == number)
    }
}

/// Members that mean the same in a request as in the thing itself; others come as names and answer as objects.
const REPOSITORY: [&str; 8] =
    ["name", "description", "homepage", "private", "has_issues", "has_wiki", "can_comment", "default_branch"];
const ISSUE: [&str; 6] = ["title", "body", "state", "security_hole", "branch", "issue_type"];

fn same_members(members: &Map<String, Value>, names: &[&str]) -> Value {
    let same = members.iter().filter(|(name, _)| names.contains(&name.as_str()));
    Value::Object(same.map(|(name, value)| (name.clone(), value.clone())).collect())
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

fn not_found(message: &str) -> Reply {
    Reply::json(404, &json!({"message": message}))
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

/// A page of a list, with the headers the service sends.
fn page(call: &Checked, all: &[&Value]) -> Reply {
    let size = call.number("per_page").unwrap_or(20).clamp(1, 100) as usize;
    let number = call.number("page").unwrap_or(1).max(1) as usize;
    let pages = all.len().div_ceil(size).max(1);
    let items: Vec<Value> = all.iter().skip((number - 1) * size).take(size).map(|v| (*v).clone()).collect();
    let link = |page: usize, relation: &str| format!("<?page={page}&per_page={size}>; rel='{relation}'");
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
