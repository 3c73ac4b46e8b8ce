//! The git side of a repository: commits, branches, tags, and the files at each of them.

use super::diff::{self, Hunk};
use super::stamp;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use yunkit_core::mac;

pub(super) const DEFAULT_BRANCH: &str = "master";
pub(super) const NO_COMMIT: &str = "0000000000000000000000000000000000000000";

/// Paths and the hashes of what is there.
pub(super) type Tree = BTreeMap<String, String>;

#[derive(Debug, Default)]
pub(super) struct Git {
    pub(super) branches: BTreeMap<String, String>,
    pub(super) tags: BTreeMap<String, Tag>,
    commits: BTreeMap<String, Commit>,
    blobs: BTreeMap<String, Vec<u8>>,
}

#[derive(Debug, Clone)]
pub(super) struct Tag {
    pub(super) sha: String,
    pub(super) message: String,
}

#[derive(Debug, Clone)]
pub(super) struct Commit {
    pub(super) sha: String,
    pub(super) parents: Vec<String>,
    pub(super) message: String,
    pub(super) author: Person,
    pub(super) when: u64,
    pub(super) tree: Tree,
}

#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) email: String,
}

/// A path that differs between two trees, with its hash on both sides.
pub(super) struct Change {
    pub(super) path: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

impl Change {
    pub(super) fn status(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "modified",
        }
    }
}

impl Git {
    /// Stores content under the hash that git itself gives it.
    pub(super) fn store(&mut self, content: Vec<u8>) -> String {
        let mut hash = Sha1::new();
        hash.update(format!("blob {}\0", content.len()));
        hash.update(&content);
        let sha = mac::hex(&hash.finalize());
        self.blobs.insert(sha.clone(), content);
        sha
    }

    pub(super) fn blob(&self, sha: &str) -> Option<&[u8]> {
        self.blobs.get(sha).map(Vec::as_slice)
    }

    /// The commit that a branch, a tag or a hash names; the default branch for an empty name.
    pub(super) fn at(&self, name: &str) -> Option<&Commit> {
        let name = if name.is_empty() { DEFAULT_BRANCH } else { name };
        let tag = || self.tags.get(name).map(|tag| &tag.sha);
        let sha = self.branches.get(name).or_else(tag);
        match sha {
            Some(sha) => self.commits.get(sha),
            // Seven digits of a hash are enough, as in git.
            None if name.len() >= 7 => self
                .commits
                .range(name.to_owned()..)
                .next()
                .map(|(_, commit)| commit)
                .filter(|c| c.sha.starts_with(name)),
            None => None,
        }
    }

    /// Puts a commit on a branch. The branch begins with it when it is not there yet.
    pub(super) fn commit(
        &mut self,
        branch: &str,
        more_parents: &[String],
        tree: Tree,
        message: &str,
        author: Person,
        when: u64,
    ) -> Commit {
        let parents: Vec<String> = self.branches.get(branch).into_iter().chain(more_parents).cloned().collect();
        let text = format!("{parents:?} {tree:?} {message} {author:?} {when} {}", self.commits.len());
        let sha = mac::hex(&Sha1::digest(text.as_bytes()));
        let commit = Commit { sha: sha.clone(), parents, message: message.to_owned(), author, when, tree };
        self.branches.insert(branch.to_owned(), sha.clone());
        self.commits.insert(sha, commit.clone());
        commit
    }

    /// A commit and all before it, the newest first.
    pub(super) fn history(&self, sha: &str) -> Vec<&Commit> {
        let mut seen = BTreeSet::new();
        let mut queue = VecDeque::from([sha]);
        let mut all = Vec::new();
        while let Some(sha) = queue.pop_front() {
            if let (true, Some(commit)) = (seen.insert(sha), self.commits.get(sha)) {
                all.push(commit);
                queue.extend(commit.parents.iter().map(String::as_str));
            }
        }
        all
    }

    /// The commits of `head` that `base` does not have, the newest first.
    pub(super) fn ahead(&self, base: &str, head: &str) -> Vec<&Commit> {
        let known: BTreeSet<&str> = self.history(base).iter().map(|commit| commit.sha.as_str()).collect();
        self.history(head).into_iter().filter(|commit| !known.contains(commit.sha.as_str())).collect()
    }

    /// The newest commit that both have.
    pub(super) fn merge_base(&self, base: &str, head: &str) -> Option<&Commit> {
        let theirs: BTreeSet<&str> = self.history(head).iter().map(|commit| commit.sha.as_str()).collect();
        self.history(base).into_iter().find(|commit| theirs.contains(commit.sha.as_str()))
    }

    pub(super) fn changes(&self, before: &Tree, after: &Tree) -> Vec<Change> {
        let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let change = |path: &String| Change {
            path: path.clone(),
            before: before.get(path).cloned(),
            after: after.get(path).cloned(),
        };
        paths.into_iter().map(change).filter(|change| change.before != change.after).collect()
    }

    /// What a commit changed against its first parent.
    pub(super) fn changes_of(&self, commit: &Commit) -> Vec<Change> {
        let parent = commit.parents.first().and_then(|sha| self.commits.get(sha));
        self.changes(parent.map_or(&Tree::new(), |parent| &parent.tree), &commit.tree)
    }

    pub(super) fn hunk(&self, change: &Change) -> Hunk {
        let text = |sha: &Option<String>| {
            let content = sha.as_ref().and_then(|sha| self.blob(sha)).unwrap_or_default();
            String::from_utf8_lossy(content).into_owned()
        };
        diff::hunk(&text(&change.before), &text(&change.after))
    }

    /// All changes as one unified diff.
    pub(super) fn unified(&self, changes: &[Change]) -> String {
        let mut out = String::new();
        for change in changes {
            let side = |sha: &Option<String>, letter: &str| match sha {
                Some(_) => format!("{letter}/{}", change.path),
                None => "/dev/null".to_owned(),
            };
            out += &format!("diff --git a/{0} b/{0}\n", change.path);
            out += &format!("--- {}\n+++ {}\n", side(&change.before, "a"), side(&change.after, "b"));
            out += &self.hunk(change).text;
        }
        out
    }
}

/// How git's things look in answers; `home` is the repository's page, `api` its address in the API.
pub(super) struct Look<'a> {
    pub(super) home: String,
    pub(super) api: String,
    /// The account that commits are shown with.
    pub(super) account: &'a Value,
}

impl Look<'_> {
    fn signed(&self, commit: &Commit) -> Value {
        json!({"name": commit.author.name, "email": commit.author.email, "date": stamp(commit.when)})
    }

    fn tree_ref(&self, commit: &Commit) -> Value {
        json!({"sha": commit.sha, "url": format!("{}/git/trees/{}", self.api, commit.sha)})
    }

    fn parents(&self, commit: &Commit) -> Value {
        let parent = |sha: &String| json!({"sha": sha, "url": format!("{}/commits/{sha}", self.api)});
        commit.parents.iter().map(parent).collect()
    }

    fn detail(&self, commit: &Commit) -> Value {
        json!({
            "author": self.signed(commit),
            "committer": self.signed(commit),
            "message": commit.message,
            "tree": self.tree_ref(commit),
            "url": format!("{}/git/commits/{}", self.api, commit.sha),
            "comment_count": 0,
        })
    }

    /// `RepoCommit`
    pub(super) fn commit(&self, commit: &Commit) -> Value {
        json!({
            "url": format!("{}/commits/{}", self.api, commit.sha),
            "sha": commit.sha,
            "html_url": format!("{}/commit/{}", self.home, commit.sha),
            "comments_url": format!("{}/commits/{}/comments", self.api, commit.sha),
            "commit": self.detail(commit),
            "author": self.account,
            "committer": self.account,
            "parents": self.parents(commit),
        })
    }

    /// `RepoCommitWithFiles`
    pub(super) fn commit_with_files(&self, git: &Git, commit: &Commit) -> Value {
        let changes = git.changes_of(commit);
        let files = self.files(git, commit, &changes);
        let sum = |key: &str| files.iter().filter_map(|file| file[key].as_u64()).sum::<u64>();
        let (additions, deletions) = (sum("additions"), sum("deletions"));
        let mut out = self.commit(commit);
        out["stats"] = json!({"id": commit.sha, "additions": additions, "deletions": deletions, "total": additions + deletions});
        out["files"] = files.into();
        out["truncated"] = false.into();
        out
    }

    /// A list of `DiffFile`
    pub(super) fn files(&self, git: &Git, at: &Commit, changes: &[Change]) -> Vec<Value> {
        let file = |change: &Change| {
            let hunk = git.hunk(change);
            json!({
                "sha": change.after.as_ref().or(change.before.as_ref()),
                "filename": change.path,
                "status": change.status(),
                "additions": hunk.additions,
                "deletions": hunk.deletions,
                "changes": hunk.additions + hunk.deletions,
                "blob_url": format!("{}/blob/{}/{}", self.home, at.sha, change.path),
                "raw_url": format!("{}/raw/{}/{}", self.home, at.sha, change.path),
                "content_url": format!("{}/contents/{}?ref={}", self.api, change.path, at.sha),
                "patch": hunk.text,
                "truncated": false,
            })
        };
        changes.iter().map(file).collect()
    }

    /// `Commit`, as changes of contents answer it
    pub(super) fn plain_commit(&self, commit: &Commit) -> Value {
        json!({
            "sha": commit.sha,
            "author": self.signed(commit),
            "committer": self.signed(commit),
            "message": commit.message,
            "tree": self.tree_ref(commit),
            "parents": self.parents(commit),
        })
    }

    /// `Branch`
    pub(super) fn branch(&self, name: &str, sha: &str) -> Value {
        json!({
            "name": name,
            "commit": {"sha": sha, "url": format!("{}/commits/{sha}", self.api)},
            "protected": false,
            "protection_url": format!("{}/branches/{name}/protection", self.api),
        })
    }

    /// `CompleteBranch`
    pub(super) fn branch_detail(&self, name: &str, commit: &Commit) -> Value {
        let account = json!({
            "id": self.account["id"],
            "login": self.account["login"],
            "avatar_url": self.account["avatar_url"],
            "url": self.account["url"],
        });
        json!({
            "name": name,
            "commit": {
                "sha": commit.sha,
                "url": format!("{}/commits/{}", self.api, commit.sha),
                "commit": self.detail(commit),
                "author": account,
                "committer": account,
                "parents": self.parents(commit),
            },
            "_links": {
                "self": format!("{}/branches/{name}", self.api),
                "html": format!("{}/tree/{name}", self.home),
            },
            "protected": false,
            "protection_url": format!("{}/branches/{name}/protection", self.api),
        })
    }

    /// `Tag`
    pub(super) fn tag(&self, name: &str, tag: &Tag, git: &Git) -> Value {
        let commit = git.at(&tag.sha);
        json!({
            "name": name,
            "message": tag.message,
            "commit": {"sha": tag.sha, "date": commit.map(|commit| stamp(commit.when))},
            "tagger": commit.map(|commit| self.signed(commit)),
        })
    }

    /// `Content` without what only one file of its own has, or `ContentBasic`
    pub(super) fn entry(&self, kind: &str, path: &str, sha: &str, size: Option<usize>, at: &str) -> Value {
        let name = path.rsplit('/').next().unwrap_or(path);
        let at = if at.is_empty() { DEFAULT_BRANCH } else { at };
        let url = format!("{}/contents/{path}", self.api);
        let page = format!("{}/{}/{at}/{path}", self.home, if kind == "dir" { "tree" } else { "blob" });
        json!({
            "type": kind,
            "size": size,
            "name": name,
            "path": path,
            "sha": sha,
            "url": url,
            "html_url": page,
            "download_url": format!("{}/raw/{at}/{path}", self.home),
            "_links": {"self": url, "html": page},
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git() -> Git {
        let mut git = Git::default();
        let who = Person { name: "A".into(), email: "a@example.com".into() };
        let one = git.store(b"one\n".to_vec());
        git.commit("master", &[], Tree::from([("a".into(), one.clone())]), "first", who.clone(), 0);
        let sha = git.branches["master"].clone();
        git.branches.insert("topic".into(), sha);
        let two = git.store(b"one\ntwo\n".to_vec());
        git.commit("topic", &[], Tree::from([("a".into(), two), ("b".into(), one)]), "second", who, 1);
        git
    }

    #[test]
    fn content_has_the_hash_that_git_gives_it() {
        // echo hello | git hash-object --stdin
        assert_eq!(Git::default().store(b"hello\n".to_vec()), "ce013625030ba8dba906f756967f9e9ca394464a");
    }

    #[test]
    fn a_branch_is_ahead_by_its_own_commits_and_differs_by_their_files() {
        let git = git();
        let (base, head) = (git.at("master").unwrap(), git.at("topic").unwrap());

        assert_eq!(git.ahead(&base.sha, &head.sha).len(), 1);
        assert_eq!(git.merge_base(&base.sha, &head.sha).unwrap().sha, base.sha);
        let changes = git.changes(&base.tree, &head.tree);
        let seen: Vec<_> = changes.iter().map(|c| (c.path.as_str(), c.status())).collect();
        assert_eq!(seen, [("a", "modified"), ("b", "added")]);
        assert!(git.unified(&changes).contains("--- /dev/null\n+++ b/b\n@@ -0,0 +1,1 @@\n+one\n"));
    }

    #[test]
    fn a_commit_is_found_by_branch_by_hash_and_by_the_beginning_of_the_hash() {
        let git = git();
        let sha = git.at("").unwrap().sha.clone();

        for name in ["master", &sha, &sha[..7]] {
            assert_eq!(git.at(name).map(|c| &c.sha), Some(&sha), "{name}");
        }
        assert!(git.at(&sha[..6]).is_none());
        assert!(git.at("no-such-branch").is_none());
    }
}
