//! Files, commits, branches and tags, as the API shows and changes them.

use super::git::{Commit, DEFAULT_BRANCH, Person, Tag, Tree};
use super::hooks::Happening;
use super::{Maker, Repository, Scene, bad, merge, not_found, page, text};
use crate::engine::Reply;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use yunkit_core::operation::Method::{self, Delete, Get, Patch, Post, Put};

pub(super) const README: &str = "README.md";
/// The branch beside the default one that a repository begins with.
pub(super) const TOPIC: &str = "develop";

impl Repository {
    /// The first commits of a repository.
    pub(super) fn begin_git(&mut self, maker: &mut Maker<'_>) {
        let readme = self.git.store(format!("# {}\n", self.path).into_bytes());
        let source = self.git.store(b"fn main() {\n    println!(\"hello\");\n}\n".to_vec());
        let mut tree = Tree::from([(README.to_owned(), readme), ("src/main.rs".to_owned(), source)]);
        let who = person(maker, None);
        let first = self.git.commit(DEFAULT_BRANCH, &[], tree.clone(), "Initial commit", who.clone(), maker.now);
        self.git.branches.insert(TOPIC.to_owned(), first.sha.clone());
        let changed = self.git.store(b"fn main() {\n    println!(\"hello, world\");\n}\n".to_vec());
        tree.insert("src/main.rs".to_owned(), changed);
        self.git.commit(TOPIC, &[], tree, "Greet the world", who, maker.now + 1);
        self.git.tags.insert("v0.1.0".to_owned(), Tag { sha: first.sha, message: "The first".to_owned() });
    }

    /// Puts a readme where it was deleted.
    pub(super) fn keep_readme(&mut self, maker: &Maker<'_>) {
        let tree = self.git.at("").map(|commit| commit.tree.clone()).unwrap_or_default();
        if !tree.contains_key(README) {
            let mut tree = tree;
            tree.insert(README.to_owned(), self.git.store(b"# Again\n".to_vec()));
            self.git.commit(DEFAULT_BRANCH, &[], tree, "Write a readme", person(maker, None), maker.now);
        }
    }

    pub(super) fn contents_answer(
        &mut self,
        scene: &mut Scene<'_>,
        maker: &mut Maker<'_>,
        method: Method,
        below: &str,
    ) -> Option<Reply> {
        let call = scene.call;
        let look = self.look(maker.person);
        Some(match (method, below) {
            (Get, "/contents/{path}") => self.show(scene, maker),
            (Post | Put | Delete, "/contents/{path}") => self.change_file(scene, maker, method),
            (Get, "/raw/{path}") => match self.blob_at(call.text("ref"), call.text("path")) {
                Some((_, content)) => {
                    Reply { body: Some(("application/octet-stream".to_owned(), content)), ..Reply::empty(200) }
                }
                None => not_found("404 File Not Found"),
            },
            (Get, "/readme") => match self.blob_at(call.text("ref"), README) {
                Some((sha, content)) => {
                    Reply::json(200, &self.file(maker, README, &sha, &content, call.text("ref")))
                }
                None => not_found("404 File Not Found"),
            },
            (Get, "/git/blobs/{sha}") => match self.git.blob(call.text("sha")) {
                Some(content) => {
                    let sha = call.text("sha");
                    let url = format!("{}/git/blobs/{sha}", self.api());
                    Reply::json(
                        200,
                        &json!({"sha": sha, "size": content.len(), "url": url,
                        "content": STANDARD.encode(content), "encoding": "base64"}),
                    )
                }
                None => not_found("404 Blob Not Found"),
            },
            (Get, "/git/trees/{sha}") => match self.git.at(call.text("sha")) {
                Some(commit) => Reply::json(200, &self.tree(commit, call.number("recursive") == Some(1))),
                None => not_found("404 Tree Not Found"),
            },
            (Get, "/commits") => {
                let name = call.text("sha");
                let Some(commit) = self.git.at(name) else {
                    return Some(not_found("404 Commit Not Found"));
                };
                let path = call.text("path");
                let touches = |commit: &&&Commit| {
                    path.is_empty()
                        || self.git.changes_of(commit).iter().any(|change| below_path(&change.path, path).is_some())
                };
                let history = self.git.history(&commit.sha);
                let commits: Vec<Value> =
                    history.iter().filter(touches).map(|commit| look.commit(commit)).collect();
                page(scene, &commits.iter().collect::<Vec<_>>())
            }
            (Post, "/commits") => self.create_commit(scene, maker),
            (Get, "/commits/{sha}") => match self.git.at(call.text("sha")) {
                Some(commit) => Reply::json(200, &look.commit_with_files(&self.git, commit)),
                None => not_found("404 Commit Not Found"),
            },
            (Get, "/compare/{base}...{head}") => {
                match (self.git.at(call.text("base")), self.git.at(call.text("head"))) {
                    (Some(base), Some(head)) => {
                        let merge_base = self.git.merge_base(&base.sha, &head.sha).unwrap_or(base);
                        let mut commits = self.git.ahead(&base.sha, &head.sha);
                        commits.reverse();
                        let commits: Vec<Value> = commits.into_iter().map(|commit| look.commit(commit)).collect();
                        let changes = self.git.changes(&merge_base.tree, &head.tree);
                        Reply::json(
                            200,
                            &json!({
                                "base_commit": look.commit(base),
                                "merge_base_commit": look.commit(merge_base),
                                "commits": commits,
                                "files": look.files(&self.git, head, &changes),
                                "truncated": false,
                            }),
                        )
                    }
                    _ => not_found("404 Commit Not Found"),
                }
            }
            (Get, "/branches") => {
                let all: Vec<Value> = self.git.branches.iter().map(|(name, sha)| look.branch(name, sha)).collect();
                page(scene, &all.iter().collect::<Vec<_>>())
            }
            (Get, "/branches/{branch}") => {
                let name = call.text("branch");
                match self.git.branches.get(name).and_then(|sha| self.git.at(sha)) {
                    Some(commit) => Reply::json(200, &look.branch_detail(name, commit)),
                    None => not_found("404 Branch Not Found"),
                }
            }
            (Post, "/branches") => {
                let name = call.text("branch_name").to_owned();
                if self.git.branches.contains_key(&name) {
                    return Some(bad("the branch exists"));
                }
                let Some(commit) = self.git.at(call.text("refs")).cloned() else {
                    return Some(not_found("404 Branch Not Found"));
                };
                let reply = Reply::json(201, &look.branch_detail(&name, &commit));
                self.git.branches.insert(name, commit.sha);
                reply
            }
            (Get, "/tags") => {
                let tags = self.git.tags.iter().map(|(name, tag)| look.tag(name, tag, &self.git));
                let all: Vec<Value> = tags.collect();
                page(scene, &all.iter().collect::<Vec<_>>())
            }
            (Post, "/tags") => {
                let (name, message) = (call.text("tag_name").to_owned(), call.text("tag_message").to_owned());
                let Some(sha) = self.git.at(call.text("refs")).map(|commit| commit.sha.clone()) else {
                    return Some(not_found("404 Branch Not Found"));
                };
                if self.git.tags.contains_key(&name) {
                    return Some(bad("the tag exists"));
                }
                let tag = Tag { sha, message };
                let reply = Reply::json(201, &look.tag(&name, &tag, &self.git));
                self.put_tag(scene, maker, &name, tag);
                reply
            }
            (Get, "/comments") => page(scene, &self.tracker.commit_comments.iter().collect::<Vec<_>>()),
            (Get, "/commits/{ref}/comments") => {
                let Some(commit) = self.git.at(call.text("ref")) else {
                    return Some(not_found("404 Commit Not Found"));
                };
                let of_this = |comment: &&Value| text(comment, "source") == commit.sha;
                page(scene, &self.tracker.commit_comments.iter().filter(of_this).collect::<Vec<_>>())
            }
            (Post, "/commits/{sha}/comments") => {
                let Some(sha) = self.git.at(call.text("sha")).map(|commit| commit.sha.clone()) else {
                    return Some(not_found("404 Commit Not Found"));
                };
                let mut comment = maker.note(call.text("body"), json!({}));
                comment["source"] = sha.clone().into();
                self.tracker.commit_comments.push(comment.clone());
                self.happened(scene, maker, Happening::note("Commit", &comment, &sha[..8], None));
                Reply::json(201, &comment)
            }
            (Get | Patch | Delete, "/comments/{id}") => {
                super::tracker::one_comment(scene, method, &mut self.tracker.commit_comments, maker.now)
            }
            _ => return None,
        })
    }

    /// A tag, new or moved, and the news of it.
    pub(super) fn put_tag(&mut self, scene: &mut Scene<'_>, maker: &mut Maker<'_>, name: &str, tag: Tag) {
        let commit = self.git.at(&tag.sha).cloned();
        self.git.tags.insert(name.to_owned(), tag);
        if let Some(commit) = commit {
            let happening = Happening::push(self, &format!("refs/tags/{name}"), None, &commit);
            self.happened(scene, maker, happening);
        }
    }

    fn blob_at(&self, name: &str, path: &str) -> Option<(String, Vec<u8>)> {
        let sha = self.git.at(name)?.tree.get(path)?;
        Some((sha.clone(), self.git.blob(sha)?.to_vec()))
    }

    /// A file is an object, a folder an array, and what is not there an empty array.
    fn show(&self, scene: &Scene<'_>, maker: &Maker<'_>) -> Reply {
        let (path, name) = (scene.call.text("path").trim_matches('/'), scene.call.text("ref"));
        let Some(commit) = self.git.at(name) else {
            // An empty repository has no commit, and that is no mistake.
            return if name.is_empty() { Reply::json(200, &json!([])) } else { not_found("404 Branch Not Found") };
        };
        if let Some((sha, content)) = self.blob_at(name, path) {
            return Reply::json(200, &self.file(maker, path, &sha, &content, name));
        }
        let look = self.look(maker.person);
        let mut entries: Map<String, Value> = Map::new();
        for (file, sha) in &commit.tree {
            let Some(rest) = below_path(file, path).filter(|rest| !rest.is_empty()) else { continue };
            let child = rest.split('/').next().unwrap_or(rest);
            let whole = if path.is_empty() { child.to_owned() } else { format!("{path}/{child}") };
            let entry = match child == rest {
                true => look.entry("file", &whole, sha, None, name),
                false => look.entry("dir", &whole, &commit.sha, None, name),
            };
            entries.insert(whole, entry);
        }
        Reply::json(200, &entries.into_iter().map(|(_, entry)| entry).collect())
    }

    fn file(&self, maker: &Maker<'_>, path: &str, sha: &str, content: &[u8], name: &str) -> Value {
        let mut file = self.look(maker.person).entry("file", path, sha, Some(content.len()), name);
        merge(&mut file, json!({"encoding": "base64", "content": STANDARD.encode(content)}));
        file
    }

    fn tree(&self, commit: &Commit, recursive: bool) -> Value {
        let mut entries: Map<String, Value> = Map::new();
        for (path, sha) in &commit.tree {
            let folders = path.match_indices('/').map(|(end, _)| &path[..end]);
            for folder in folders.take(if recursive { usize::MAX } else { 1 }) {
                let url = format!("{}/git/trees/{}", self.api(), commit.sha);
                let entry = json!({"path": folder, "mode": "040000", "type": "tree", "sha": commit.sha, "size": null, "url": url});
                entries.insert(folder.to_owned(), entry);
            }
            if recursive || !path.contains('/') {
                let size = self.git.blob(sha).map(<[u8]>::len);
                let url = format!("{}/git/blobs/{sha}", self.api());
                let entry =
                    json!({"path": path, "mode": "100644", "type": "blob", "sha": sha, "size": size, "url": url});
                entries.insert(path.clone(), entry);
            }
        }
        let entries: Vec<Value> = entries.into_iter().map(|(_, entry)| entry).collect();
        let url = format!("{}/git/trees/{}", self.api(), commit.sha);
        json!({"sha": commit.sha, "url": url, "tree": entries, "truncated": false})
    }

    fn change_file(&mut self, scene: &mut Scene<'_>, maker: &mut Maker<'_>, method: Method) -> Reply {
        let call = scene.call;
        let (path, branch) = (call.text("path").trim_matches('/').to_owned(), branch_of(call.text("branch")));
        let mut tree = match self.git.branches.get(branch).and_then(|sha| self.git.at(sha)) {
            Some(commit) => commit.tree.clone(),
            // The first commit of a repository makes the branch.
            None if self.git.branches.is_empty() => Tree::new(),
            None => return not_found("404 Branch Not Found"),
        };
        let old = tree.get(&path).cloned();
        match (method, &old) {
            (Post, Some(_)) => return bad("a file of this name exists"),
            (Put | Delete, None) => return not_found("404 File Not Found"),
            (Put | Delete, Some(sha)) if sha != call.text("sha") => return bad("Blob SHA does not match"),
            _ => {}
        }
        let mut shown = Value::Null;
        if method == Delete {
            tree.remove(&path);
        } else {
            let packed: String = call.text("content").split_whitespace().collect();
            let Ok(content) = STANDARD.decode(packed) else {
                return bad("content is not valid base64");
            };
            let size = content.len();
            let sha = self.git.store(content);
            shown = self.look(maker.person).entry("file", &path, &sha, Some(size), branch);
            tree.insert(path, sha);
        }
        let author = person(maker, call.members.get("author"));
        let commit = self.push(scene, maker, branch, &[], tree, call.text("message"), author);
        let commit = self.look(maker.person).plain_commit(&commit);
        Reply::json(if method == Post { 201 } else { 200 }, &json!({"content": shown, "commit": commit}))
    }

    /// Several files in one commit.
    fn create_commit(&mut self, scene: &mut Scene<'_>, maker: &mut Maker<'_>) -> Reply {
        let call = scene.call;
        let branch = branch_of(call.text("branch"));
        let start = match call.text("start_branch") {
            "" => branch,
            start => branch_of(start),
        };
        let from = if self.git.branches.contains_key(branch) { branch } else { start };
        let Some(base) = self.git.branches.get(from).and_then(|sha| self.git.at(sha)) else {
            return not_found("404 Branch Not Found");
        };
        let (base, mut tree) = (base.sha.clone(), base.tree.clone());
        for action in call.members.get("actions").and_then(Value::as_array).into_iter().flatten() {
            let path = text(action, "path").to_owned();
            let content = match text(action, "encoding") {
                "base64" => STANDARD.decode(text(action, "content")).ok(),
                _ => Some(text(action, "content").as_bytes().to_vec()),
            };
            let Some(content) = content else { return bad("content is not valid base64") };
            match (text(action, "action"), tree.contains_key(&path)) {
                ("create", true) => return bad("a file of this name exists"),
                ("update" | "delete" | "chmod", false) => return bad("a file of this name does not exist"),
                ("create" | "update", _) => drop(tree.insert(path, self.git.store(content))),
                ("delete", _) => drop(tree.remove(&path)),
                ("move", _) => match tree.remove(text(action, "previous_path")) {
                    Some(sha) => drop(tree.insert(path, sha)),
                    None => return bad("previous_path does not exist"),
                },
                ("chmod", _) => {}
                _ => return bad("action is none of create, delete, move, update, chmod"),
            }
        }
        self.git.branches.entry(branch.to_owned()).or_insert(base);
        let author = person(maker, call.members.get("author"));
        let commit = self.push(scene, maker, branch, &[], tree, call.text("message"), author);
        Reply::json(201, &self.look(maker.person).commit_with_files(&self.git, &commit))
    }

    /// A commit on a branch, and the news of it.
    #[allow(clippy::too_many_arguments)] // what makes a commit, and who is told
    pub(super) fn push(
        &mut self,
        scene: &mut Scene<'_>,
        maker: &mut Maker<'_>,
        branch: &str,
        more_parents: &[String],
        tree: Tree,
        message: &str,
        author: Person,
    ) -> Commit {
        let before = self.git.branches.get(branch).cloned();
        let commit = self.git.commit(branch, more_parents, tree, message, author, maker.now);
        self.facts["pushed_at"] = maker.time().into();
        let happening = Happening::push(self, &format!("refs/heads/{branch}"), before.as_deref(), &commit);
        self.happened(scene, maker, happening);
        commit
    }
}

fn branch_of(name: &str) -> &str {
    if name.is_empty() { DEFAULT_BRANCH } else { name }
}

pub(super) fn person(maker: &Maker<'_>, given: Option<&Value>) -> Person {
    let or = |member: &str, fallback: &str| match given.map_or("", |given| text(given, member)) {
        "" => fallback.to_owned(),
        text => text.to_owned(),
    };
    Person { name: or("name", text(maker.person, "name")), email: or("email", "demo@example.com") }
}

/// What follows a folder in a path; the empty folder is the root, and a file is below itself.
fn below_path<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    match path.strip_prefix(folder)? {
        rest if folder.is_empty() || rest.is_empty() => Some(rest),
        rest => rest.strip_prefix('/'),
    }
}
