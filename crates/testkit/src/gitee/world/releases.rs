//! Releases and the files attached to them.

use super::git::Tag;
use super::{Maker, Repository, Scene, bad, merge, not_found, page, same_members, text};
use crate::engine::Reply;
use serde_json::{Value, json};
use yunkit_core::operation::Method::{self, Delete, Get, Patch, Post};

#[derive(Debug)]
pub(super) struct Release {
    /// `Release` without its `assets`
    facts: Value,
    files: Vec<Attachment>,
}

#[derive(Debug)]
struct Attachment {
    /// `AttachFile`
    facts: Value,
    content: Vec<u8>,
}

const RELEASE: [&str; 4] = ["tag_name", "name", "body", "prerelease"];

impl Release {
    /// The file that a release gives out at the path of an address.
    pub(super) fn file_at(&self, path: &str) -> Option<u64> {
        let here = |file: &&Attachment| text(&file.facts, "browser_download_url").ends_with(path);
        self.files.iter().find(here)?.facts["id"].as_u64()
    }

    pub(super) fn file(&self, id: u64) -> Option<(&str, &[u8])> {
        let file = self.files.iter().find(|file| file.facts["id"].as_u64() == Some(id))?;
        Some((text(&file.facts, "name"), &file.content))
    }

    /// Inline, files have a name and an address only; the archive of the sources is among them.
    fn shown(&self, home: &str) -> Value {
        let tag = text(&self.facts, "tag_name");
        let source = json!({"name": format!("{tag}.zip"), "browser_download_url": format!("{home}/archive/refs/tags/{tag}.zip")});
        let file = |file: &Attachment| json!({"name": file.facts["name"], "browser_download_url": file.facts["browser_download_url"]});
        let mut shown = self.facts.clone();
        shown["assets"] = self.files.iter().map(file).chain([source]).collect();
        shown
    }
}

impl Repository {
    pub(super) fn releases_answer(
        &mut self,
        scene: &mut Scene<'_>,
        maker: &mut Maker<'_>,
        method: Method,
        below: &str,
    ) -> Option<Reply> {
        let call = scene.call;
        let home = self.home();
        let id = call.number("release_id").or_else(|| call.number("id"));
        let at = self.releases.iter().position(|release| id.is_some() && release.facts["id"].as_u64() == id);
        let at = match at {
            None if below.contains("id}") => return Some(not_found("Not Found Release")),
            at => at.unwrap_or_default(),
        };
        Some(match (method, below) {
            (Get, "/releases") => {
                let mut all: Vec<Value> = self.releases.iter().map(|release| release.shown(&home)).collect();
                // The oldest first, unless one asks.
                if call.text("direction") == "desc" {
                    all.reverse();
                }
                page(scene, &all.iter().collect::<Vec<_>>())
            }
            (Post, "/releases") => self.create_release(scene, maker),
            (Get, "/releases/latest") => match self.releases.last() {
                Some(release) => Reply::json(200, &release.shown(&home)),
                None => not_found("404 Release Not Found"),
            },
            (Get, "/releases/tags/{tag}") => {
                let found = self.releases.iter().find(|release| release.facts["tag_name"] == call.text("tag"));
                // What is not there is null, and a success.
                Reply::json(200, &found.map_or(Value::Null, |release| release.shown(&home)))
            }
            (Get, "/releases/{id}") => Reply::json(200, &self.releases[at].shown(&home)),
            (Patch, "/releases/{id}") => {
                merge(&mut self.releases[at].facts, same_members(&call.members, &RELEASE));
                Reply::json(200, &self.releases[at].shown(&home))
            }
            (Delete, "/releases/{id}") => {
                self.releases.remove(at);
                Reply::empty(204)
            }
            (Get, "/releases/{release_id}/attach_files") => {
                page(scene, &self.releases[at].files.iter().map(|file| &file.facts).collect::<Vec<_>>())
            }
            (Post, "/releases/{release_id}/attach_files") => {
                let Some((name, content)) = call.files.get("file").cloned() else {
                    return Some(bad("file is missing"));
                };
                Reply::json(201, &self.attach(scene.address, maker, at, name, content))
            }
            (_, path) if path.starts_with("/releases/{release_id}/attach_files/{attach_file_id}") => {
                let id = call.number("attach_file_id");
                let files = &mut self.releases[at].files;
                let Some(file) = files.iter().position(|file| file.facts["id"].as_u64() == id) else {
                    return Some(not_found("Not Found Attach File"));
                };
                match (method, path.ends_with("/download")) {
                    (Get, true) => {
                        let (id, name) = (&files[file].facts["id"], text(&files[file].facts, "name"));
                        Reply::empty(302).header("Location", format!("{}/{id}/{name}", scene.files))
                    }
                    (Get, false) => Reply::json(200, &files[file].facts),
                    _ => {
                        files.remove(file);
                        Reply::empty(204)
                    }
                }
            }
            _ => return None,
        })
    }

    fn create_release(&mut self, scene: &mut Scene<'_>, maker: &mut Maker<'_>) -> Reply {
        let call = scene.call;
        let tag = call.text("tag_name");
        if self.releases.iter().any(|release| release.facts["tag_name"] == tag) {
            return bad("a release of this tag exists");
        }
        if !self.git.tags.contains_key(tag) {
            let Some(sha) = self.git.at(call.text("target_commitish")).map(|commit| commit.sha.clone()) else {
                return not_found("404 Branch Not Found");
            };
            self.put_tag(scene, maker, tag, Tag { sha, message: call.text("name").to_owned() });
        }
        let at = self.add_release(maker, same_members(&call.members, &RELEASE));
        Reply::json(201, &self.releases[at].shown(&self.home()))
    }

    fn add_release(&mut self, maker: &mut Maker<'_>, given: Value) -> usize {
        let id = maker.id();
        let commit = self.git.tags.get(text(&given, "tag_name")).map(|tag| tag.sha.clone());
        let mut facts = json!({
            "id": id,
            "target_commitish": commit,
            "prerelease": false,
            "author": maker.person,
            "created_at": maker.time(),
        });
        merge(&mut facts, given);
        self.releases.push(Release { facts, files: Vec::new() });
        self.releases.len() - 1
    }

    fn attach(&mut self, address: &str, maker: &mut Maker<'_>, at: usize, name: String, content: Vec<u8>) -> Value {
        let id = maker.id();
        let tag = text(&self.releases[at].facts, "tag_name");
        let url = format!("{address}/{}/{}/releases/download/{tag}/{name}", self.owner, self.path);
        let person = maker.person;
        let uploader = json!({"id": person["id"], "login": person["login"], "name": person["name"],
            "avatar_url": person["avatar_url"], "url": person["url"], "html_url": person["html_url"]});
        let facts = json!({"id": id, "name": name, "size": content.len(), "uploader": uploader, "browser_download_url": url});
        self.releases[at].files.push(Attachment { facts: facts.clone(), content });
        facts
    }

    pub(super) fn releases_example(&mut self, maker: &mut Maker<'_>, route: &str) -> Vec<(&'static str, Value)> {
        let mut known = Vec::new();
        if route.ends_with("/releases") && route.starts_with("POST") {
            return vec![("tag_name", format!("v0.{}.0", maker.id()).into())];
        }
        if self.releases.is_empty() {
            self.add_release(maker, json!({"tag_name": "v0.1.0", "name": "First", "body": "It begins."}));
        }
        if self.releases[0].files.is_empty() {
            self.attach("https://gitee.com", maker, 0, "notes.txt".to_owned(), b"notes\n".to_vec());
        }
        let release = &self.releases[0];
        for name in ["id", "release_id"] {
            known.push((name, release.facts["id"].clone()));
        }
        known.push(("tag", release.facts["tag_name"].clone()));
        known.push(("attach_file_id", release.files[0].facts["id"].clone()));
        known
    }
}
