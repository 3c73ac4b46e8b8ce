//! The models of the answers as derives: what `cargo xtask digest --overlay gitee --from x --out DIR --twin` writes, of
//! which these are the types that `Repository` reaches.

#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct NamespaceMini {
    #[serde(rename = "id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    #[serde(rename = "name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "path", default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(rename = "enterprise_id", default, skip_serializing_if = "Option::is_none")]
    pub enterprise_id: Option<i64>,
    #[serde(rename = "html_url", default, skip_serializing_if = "Option::is_none")]
    pub html_url: Option<String>,
}

#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Program {
    #[serde(rename = "id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    #[serde(rename = "name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "description", default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(rename = "assignee", default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<UserBasic>,
    #[serde(rename = "author", default, skip_serializing_if = "Option::is_none")]
    pub author: Option<UserBasic>,
}

#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Repository {
    #[serde(rename = "id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    #[serde(rename = "full_name", default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    #[serde(rename = "human_name", default, skip_serializing_if = "Option::is_none")]
    pub human_name: Option<String>,
    #[serde(rename = "url", default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(rename = "namespace", default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceMini>,
    #[serde(rename = "path", default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(rename = "name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "owner", default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserBasic>,
    #[serde(rename = "assigner", default, skip_serializing_if = "Option::is_none")]
    pub assigner: Option<UserBasic>,
    #[serde(rename = "description", default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(rename = "private", default, skip_serializing_if = "Option::is_none")]
    pub private: Option<bool>,
    #[serde(rename = "public", default, skip_serializing_if = "Option::is_none")]
    pub public: Option<bool>,
    #[serde(rename = "internal", default, skip_serializing_if = "Option::is_none")]
    pub internal: Option<bool>,
    #[serde(rename = "fork", default, skip_serializing_if = "Option::is_none")]
    pub fork: Option<bool>,
    #[serde(rename = "html_url", default, skip_serializing_if = "Option::is_none")]
    pub html_url: Option<String>,
    #[serde(rename = "ssh_url", default, skip_serializing_if = "Option::is_none")]
    pub ssh_url: Option<String>,
    #[serde(rename = "forks_url", default, skip_serializing_if = "Option::is_none")]
    pub forks_url: Option<String>,
    #[serde(rename = "keys_url", default, skip_serializing_if = "Option::is_none")]
    pub keys_url: Option<String>,
    #[serde(rename = "collaborators_url", default, skip_serializing_if = "Option::is_none")]
    pub collaborators_url: Option<String>,
    #[serde(rename = "hooks_url", default, skip_serializing_if = "Option::is_none")]
    pub hooks_url: Option<String>,
    #[serde(rename = "branches_url", default, skip_serializing_if = "Option::is_none")]
    pub branches_url: Option<String>,
    #[serde(rename = "tags_url", default, skip_serializing_if = "Option::is_none")]
    pub tags_url: Option<String>,
    #[serde(rename = "blobs_url", default, skip_serializing_if = "Option::is_none")]
    pub blobs_url: Option<String>,
    #[serde(rename = "stargazers_url", default, skip_serializing_if = "Option::is_none")]
    pub stargazers_url: Option<String>,
    #[serde(rename = "contributors_url", default, skip_serializing_if = "Option::is_none")]
    pub contributors_url: Option<String>,
    #[serde(rename = "commits_url", default, skip_serializing_if = "Option::is_none")]
    pub commits_url: Option<String>,
    #[serde(rename = "comments_url", default, skip_serializing_if = "Option::is_none")]
    pub comments_url: Option<String>,
    #[serde(rename = "issue_comment_url", default, skip_serializing_if = "Option::is_none")]
    pub issue_comment_url: Option<String>,
    #[serde(rename = "issues_url", default, skip_serializing_if = "Option::is_none")]
    pub issues_url: Option<String>,
    #[serde(rename = "pulls_url", default, skip_serializing_if = "Option::is_none")]
    pub pulls_url: Option<String>,
    #[serde(rename = "milestones_url", default, skip_serializing_if = "Option::is_none")]
    pub milestones_url: Option<String>,
    #[serde(rename = "notifications_url", default, skip_serializing_if = "Option::is_none")]
    pub notifications_url: Option<String>,
    #[serde(rename = "labels_url", default, skip_serializing_if = "Option::is_none")]
    pub labels_url: Option<String>,
    #[serde(rename = "releases_url", default, skip_serializing_if = "Option::is_none")]
    pub releases_url: Option<String>,
    #[serde(rename = "recommend", default, skip_serializing_if = "Option::is_none")]
    pub recommend: Option<bool>,
    #[serde(rename = "gvp", default, skip_serializing_if = "Option::is_none")]
    pub gvp: Option<bool>,
    #[serde(rename = "homepage", default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    #[serde(rename = "language", default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    #[serde(rename = "forks_count", default, skip_serializing_if = "Option::is_none")]
    pub forks_count: Option<i64>,
    #[serde(rename = "stargazers_count", default, skip_serializing_if = "Option::is_none")]
    pub stargazers_count: Option<i64>,
    #[serde(rename = "watchers_count", default, skip_serializing_if = "Option::is_none")]
    pub watchers_count: Option<i64>,
    #[serde(rename = "default_branch", default, skip_serializing_if = "Option::is_none")]
    pub default_branch: Option<String>,
    #[serde(rename = "open_issues_count", default, skip_serializing_if = "Option::is_none")]
    pub open_issues_count: Option<i64>,
    #[serde(rename = "has_issues", default, skip_serializing_if = "Option::is_none")]
    pub has_issues: Option<bool>,
    #[serde(rename = "has_wiki", default, skip_serializing_if = "Option::is_none")]
    pub has_wiki: Option<bool>,
    #[serde(rename = "issue_comment", default, skip_serializing_if = "Option::is_none")]
    pub issue_comment: Option<bool>,
    #[serde(rename = "can_comment", default, skip_serializing_if = "Option::is_none")]
    pub can_comment: Option<bool>,
    #[serde(rename = "pull_requests_enabled", default, skip_serializing_if = "Option::is_none")]
    pub pull_requests_enabled: Option<bool>,
    #[serde(rename = "has_page", default, skip_serializing_if = "Option::is_none")]
    pub has_page: Option<bool>,
    #[serde(rename = "license", default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    #[serde(rename = "outsourced", default, skip_serializing_if = "Option::is_none")]
    pub outsourced: Option<bool>,
    #[serde(rename = "project_creator", default, skip_serializing_if = "Option::is_none")]
    pub project_creator: Option<String>,
    #[serde(rename = "members", default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<String>>,
    #[serde(rename = "pushed_at", default, skip_serializing_if = "Option::is_none")]
    pub pushed_at: Option<String>,
    #[serde(rename = "created_at", default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    #[serde(rename = "updated_at", default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
    #[serde(rename = "parent", default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Box<Repository>>,
    #[serde(rename = "paas", default, skip_serializing_if = "Option::is_none")]
    pub paas: Option<String>,
    #[serde(rename = "stared", default, skip_serializing_if = "Option::is_none")]
    pub stared: Option<bool>,
    #[serde(rename = "watched", default, skip_serializing_if = "Option::is_none")]
    pub watched: Option<bool>,
    #[serde(rename = "permission", default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<RepositoryPermission>,
    #[serde(rename = "relation", default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    #[serde(rename = "assignees_number", default, skip_serializing_if = "Option::is_none")]
    pub assignees_number: Option<i64>,
    #[serde(rename = "testers_number", default, skip_serializing_if = "Option::is_none")]
    pub testers_number: Option<i64>,
    #[serde(rename = "assignee", default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Vec<UserBasic>>,
    #[serde(rename = "testers", default, skip_serializing_if = "Option::is_none")]
    pub testers: Option<Vec<UserBasic>>,
    #[serde(rename = "status", default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(rename = "programs", default, skip_serializing_if = "Option::is_none")]
    pub programs: Option<Vec<Program>>,
    #[serde(rename = "enterprise", default, skip_serializing_if = "Option::is_none")]
    pub enterprise: Option<NamespaceMini>,
    #[serde(rename = "project_labels", default, skip_serializing_if = "Option::is_none")]
    pub project_labels: Option<Vec<RepositoryLabel>>,
    #[serde(rename = "issue_template_source", default, skip_serializing_if = "Option::is_none")]
    pub issue_template_source: Option<String>,
    #[serde(rename = "empty_repo", default, skip_serializing_if = "Option::is_none")]
    pub empty_repo: Option<bool>,
}

#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct RepositoryLabel {
    #[serde(rename = "id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    #[serde(rename = "name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "ident", default, skip_serializing_if = "Option::is_none")]
    pub ident: Option<String>,
}

#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct RepositoryPermission {
    #[serde(rename = "pull", default, skip_serializing_if = "Option::is_none")]
    pub pull: Option<bool>,
    #[serde(rename = "push", default, skip_serializing_if = "Option::is_none")]
    pub push: Option<bool>,
    #[serde(rename = "admin", default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<bool>,
}

#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct UserBasic {
    #[serde(rename = "id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    #[serde(rename = "login", default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    #[serde(rename = "name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "avatar_url", default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    #[serde(rename = "url", default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(rename = "html_url", default, skip_serializing_if = "Option::is_none")]
    pub html_url: Option<String>,
    #[serde(rename = "remark", default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    #[serde(rename = "followers_url", default, skip_serializing_if = "Option::is_none")]
    pub followers_url: Option<String>,
    #[serde(rename = "following_url", default, skip_serializing_if = "Option::is_none")]
    pub following_url: Option<String>,
    #[serde(rename = "gists_url", default, skip_serializing_if = "Option::is_none")]
    pub gists_url: Option<String>,
    #[serde(rename = "starred_url", default, skip_serializing_if = "Option::is_none")]
    pub starred_url: Option<String>,
    #[serde(rename = "subscriptions_url", default, skip_serializing_if = "Option::is_none")]
    pub subscriptions_url: Option<String>,
    #[serde(rename = "organizations_url", default, skip_serializing_if = "Option::is_none")]
    pub organizations_url: Option<String>,
    #[serde(rename = "repos_url", default, skip_serializing_if = "Option::is_none")]
    pub repos_url: Option<String>,
    #[serde(rename = "events_url", default, skip_serializing_if = "Option::is_none")]
    pub events_url: Option<String>,
    #[serde(rename = "received_events_url", default, skip_serializing_if = "Option::is_none")]
    pub received_events_url: Option<String>,
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    #[serde(rename = "member_role", default, skip_serializing_if = "Option::is_none")]
    pub member_role: Option<String>,
    #[serde(rename = "site_admin", default, skip_serializing_if = "Option::is_none")]
    pub site_admin: Option<bool>,
}
