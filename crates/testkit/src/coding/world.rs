//! What the fake remembers: projects, and everything in them.

use super::TEAM;
use crate::engine::{Checked, Engine};
use crate::sample::Random;
use serde_json::{Map, Value, json};

/// What an action of the remembered ones comes to: what is in the answer, or a code and words.
pub(crate) type Outcome = Result<Value, (&'static str, String)>;

/// The user, and the projects in the order they were made.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) user: Value,
    pub(crate) projects: Vec<Project>,
    made: u64,
}

#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) id: u64,
    pub(crate) name: String,
    /// `Project`
    pub(crate) facts: Value,
    pub(crate) depots: Vec<Depot>,
    /// `IssueDetail`
    issues: Vec<Value>,
    /// `IssueComment`, with the number of its issue.
    comments: Vec<(u64, Value)>,
    /// `Iteration`
    iterations: Vec<Value>,
    jobs: Vec<Job>,
    /// Issues, iterations and merge requests of a project are counted together.
    numbered: u64,
}

#[derive(Debug)]
pub(crate) struct Depot {
    pub(crate) id: u64,
    pub(crate) name: String,
    /// `DepotInfo`
    facts: Value,
    branches: Vec<(String, String)>,
    default_branch: String,
    /// `MergeRequestInfo`
    merges: Vec<Value>,
}

#[derive(Debug)]
struct Job {
    id: u64,
    /// `CodingCIJob`
    facts: Value,
    /// `CodingCIBuild`, the newest last.
    builds: Vec<Value>,
}

/// What answering needs beside the world.
pub(crate) struct Scene<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) call: &'a Checked,
    /// In milliseconds since 1970.
    pub(crate) now: u64,
}

const USER_ID: u64 = 4321;
const TEAM_ID: u64 = 1;

/// How much there is in the beginning.
const PROJECTS: usize = 25;
const ISSUES: usize = 45;

/// Some time in 2026, for what was there before the fake.
const LONG_AGO: u64 = 1_767_225_600_000;

impl World {
    pub(crate) fn new(engine: &Engine) -> Self {
        let mut user = engine.model("CurrentUser", "user");
        merge(
            &mut user,
            json!({"Id": USER_ID, "TeamId": TEAM_ID, "GlobalKey": "coding-demo", "Name": "Demo User", "Email": "demo@example.com",
                "Avatar": "https://coding.example.com/avatar.png",
                "Status": 1}),
        );
        let mut world = Self { user, projects: Vec::new(), made: 1000 };
        for number in 1..=PROJECTS {
            let name = format!("project-{number}");
            world.add_project(engine, &name, &format!("Project {number}"), "", LONG_AGO);
        }
        let (id, made) = (world.next(), world.next());
        let project = &mut world.projects[0];
        project.add_depot(engine, id, "depot-1", "The first one", LONG_AGO);
        let depot = &mut project.depots[0];
        depot.branches.push(("develop".to_owned(), hash("develop")));
        for number in 1..=ISSUES {
            let facts = json!({"Name": format!("Issue {number}"), "Type": if number % 3 == 0 { "DEFECT" } else { "REQUIREMENT" }});
            project.add_issue(engine, facts, LONG_AGO + 60_000 * number as u64);
        }
        project.add_iteration(engine, json!({"Name": "Sprint 1", "Goal": "To begin"}), LONG_AGO);
        let facts = json!({"Name": "build", "ProjectId": project.id, "ProjectName": project.name, "DepotId": id, "DepotName": "depot-1"});
        project.add_job(engine, made, facts, LONG_AGO);
        world
    }

    fn next(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    fn add_project(&mut self, engine: &Engine, name: &str, display_name: &str, description: &str, now: u64) -> u64 {
        let id = self.next();
        let mut facts = engine.model("Project", name);
        merge(
            &mut facts,
            json!({"Id": id, "Name": name, "DisplayName": display_name, "Description": description, "TeamId": TEAM_ID,
                "UserOwnerId": USER_ID, "TeamOwnerId": TEAM_ID, "CreatedAt": now, "UpdatedAt": now, "Archived": false, "IsDemo": false,
                "StartDate": 0, "EndDate": 0, "ProgramIds": []}),
        );
        self.projects.push(Project {
            id,
            name: name.to_owned(),
            facts,
            depots: Vec::new(),
            issues: Vec::new(),
            comments: Vec::new(),
            iterations: Vec::new(),
            jobs: Vec::new(),
            numbered: 0,
        });
        id
    }

    fn project_by_name(&mut self, name: &str) -> Result<&mut Project, (&'static str, String)> {
        let found = self.projects.iter_mut().find(|project| project.name == name);
        found.ok_or_else(|| missing(format!("there is no project `{name}`")))
    }

    fn project_by_id(&mut self, id: Option<u64>) -> Result<&mut Project, (&'static str, String)> {
        let found = self.projects.iter_mut().find(|project| Some(project.id) == id);
        found.ok_or_else(|| missing(format!("there is no project {}", id.unwrap_or_default())))
    }

    /// The project and the repository that a call names by `DepotId` or `DepotPath`.
    fn depot(&mut self, call: &Checked) -> Result<(&mut Project, usize), (&'static str, String)> {
        let path = ["DepotPath", "DepotPat"].map(|name| call.text(name)).concat();
        // Whoever gives the path may send 0 beside it.
        let id = call.number("DepotId").filter(|id| *id != 0 || path.is_empty());
        for project in &mut self.projects {
            let fits = |depot: &Depot| match id {
                Some(id) => depot.id == id,
                None => path == format!("{TEAM}/{}/{}", project.name, depot.name),
            };
            if let Some(at) = project.depots.iter().position(fits) {
                return Ok((project, at));
            }
        }
        let what = id.map_or(path, |id| id.to_string());
        Err(missing(format!("there is no repository `{what}`")))
    }

    /// Members by which an action finds something. For programs that call actions they do not know.
    pub(crate) fn example(&mut self, engine: &Engine, now: u64) -> Map<String, Value> {
        let id = self.next();
        if self.projects.is_empty() {
            self.add_project(engine, &format!("project-{id}"), "Another", "", now);
        }
        let (depot, job, build) = (self.next(), self.next(), self.next());
        let project = &mut self.projects[0];
        if project.depots.is_empty() {
            project.add_depot(engine, depot, &format!("depot-{depot}"), "", now);
        }
        if project.issues.is_empty() {
            project.add_issue(engine, json!({"Name": "Another"}), now);
        }
        if project.iterations.is_empty() {
            project.add_iteration(engine, json!({"Name": "Another"}), now);
        }
        if project.jobs.is_empty() {
            let facts = json!({"Name": "another", "ProjectId": project.id, "ProjectName": project.name});
            project.add_job(engine, job, facts, now);
        }
        if project.jobs[0].builds.is_empty() {
            project.jobs[0].add_build(engine, build, "master", now);
        }
        let open = project.depots[0].merges.iter().find(|merge| merge["Status"] == "CANMERGE");
        let merge_id = match open.and_then(|merge| merge["MergeId"].as_u64()) {
            Some(merge_id) => merge_id,
            None => project.add_merge(engine, 0, merge_id_facts("develop", "master"), now),
        };
        let project = &self.projects[0];
        let number = |value: &Value, name: &str| value[name].clone();
        let mut known = Map::new();
        for (name, value) in [
            ("ProjectId", json!(project.id)),
            ("ProjectName", json!(project.name)),
            ("DepotId", json!(project.depots[0].id)),
            ("DepotPath", json!(format!("{TEAM}/{}/{}", project.name, project.depots[0].name))),
            ("DepotPat", json!(format!("{TEAM}/{}/{}", project.name, project.depots[0].name))),
            ("IssueCode", number(&project.issues[0], "Code")),
            ("IterationCode", number(&project.iterations[0], "Code")),
            ("MergeId", json!(merge_id)),
            ("JobId", json!(project.jobs[0].id)),
            ("BuildId", number(&project.jobs[0].builds[0], "Id")),
            ("PageNumber", json!(1)),
            ("Page", json!(1)),
            ("Start", json!(0)),
            ("Offset", json!(0)),
            ("PageSize", json!(10)),
            ("Limit", json!(10)),
            ("TeamGk", json!(TEAM)),
        ] {
            known.insert(name.to_owned(), value);
        }
        known
    }

    /// The answer to an action that the fake remembers something about.
    pub(crate) fn answer(&mut self, scene: &Scene<'_>) -> Option<Outcome> {
        let Scene { engine, call, now } = *scene;
        let action = call.entry.info.id;
        Some(match action {
            "DescribeCodingCurrentUser" => Ok(json!({"User": self.user})),
            "DescribeCodingProjects" => {
                let wanted = call.text("ProjectName");
                let all = self.projects.iter().filter(|project| project.name.contains(wanted));
                let (list, page) = paged(call, all.map(|project| project.facts.clone()).collect());
                Ok(json!({"Data": page.body("ProjectList", list, &["TotalCount"])}))
            }
            "DescribeUserProjects" => {
                Ok(json!({"ProjectList": self.projects.iter().map(|project| &project.facts).collect::<Vec<_>>()}))
            }
            "DescribeOneProject" => self.project_by_id(call.number("ProjectId")).map(|p| json!({"Project": p.facts})),
            "DescribeProjectByName" => self.project_by_name(call.text("ProjectName")).map(|p| json!({"Project": p.facts})),
            "CreateCodingProject" | "CreateProjectWithTemplate" => {
                let name = call.text("Name");
                if self.projects.iter().any(|project| project.name == name) {
                    return Some(Err(taken(format!("a project `{name}` exists"))));
                }
                let id = self.add_project(engine, name, call.text("DisplayName"), call.text("Description"), now);
                Ok(json!({"ProjectId": id}))
            }
            "ModifyProject" => self.project_by_id(call.number("ProjectId")).map(|project| {
                for name in ["Name", "DisplayName", "Description"] {
                    if let Some(value) = call.members.get(name) {
                        project.facts[name] = value.clone();
                    }
                }
                project.name = call.text("Name").to_owned();
                project.facts["UpdatedAt"] = now.into();
                json!({})
            }),
            "DeleteOneProject" => {
                let id = call.number("ProjectId");
                match self.project_by_id(id) {
                    Ok(_) => {
                        self.projects.retain(|project| Some(project.id) != id);
                        Ok(json!({}))
                    }
                    Err(refusal) => Err(refusal),
                }
            }
            "DescribeTeamDepotInfoList" | "DescribeMyDepots" | "DescribeProjectDepotInfoList" => {
                let of = call.number("ProjectId");
                let (project, depot) = (call.text("ProjectName"), call.text("DepotName"));
                let projects = self.projects.iter().filter(|p| of.is_none_or(|id| p.id == id) && p.name.contains(project));
                let depots = projects.flat_map(|project| &project.depots).filter(|d| d.name.contains(depot));
                let (list, page) = paged(call, depots.map(|depot| depot.facts.clone()).collect());
                let holder = if action == "DescribeMyDepots" { "Payload" } else { "DepotData" };
                Ok(json!({holder: {"Depots": list, "Page": page.info()}}))
            }
            "CreateGitDepot" => {
                let id = self.next();
                match self.project_by_id(call.number("ProjectId")) {
                    Ok(project) if project.depots.iter().any(|depot| depot.name == call.text("DepotName")) => {
                        Err(taken(format!("a repository `{}` exists", call.text("DepotName"))))
                    }
                    Ok(project) => {
                        project.add_depot(engine, id, call.text("DepotName"), call.text("Description"), now);
                        Ok(json!({"DepotId": id}))
                    }
                    Err(refusal) => Err(refusal),
                }
            }
            "DescribeGitDepot" => self.depot(call).map(|(project, at)| json!({"Depot": project.depots[at].facts})),
            "DescribeDepotByNameInfo" => self.project_by_name(call.text("ProjectName")).and_then(|project| {
                let depot = project.depots.iter().find(|depot| depot.name == call.text("DepotName"));
                depot.map(|depot| json!({"Depot": depot.facts})).ok_or_else(|| missing("there is no such repository".to_owned()))
            }),
            "ModifyDepotName" => self.depot(call).map(|(project, at)| {
                let depot = &mut project.depots[at];
                depot.name = call.text("DepotName").to_owned();
                depot.facts["Name"] = depot.name.as_str().into();
                json!({"DepotInfo": depot.facts})
            }),
            "DeleteGitDepot" => self.depot(call).map(|(project, at)| {
                project.depots.remove(at);
                json!({})
            }),
            "DescribeGitBranches" | "DescribeGitBranchList" => self.depot(call).map(|(project, at)| {
                let depot = &project.depots[at];
                let wanted = depot.branches.iter().filter(|(name, _)| name.contains(call.text("KeyWord")));
                let (list, page) = paged(call, wanted.map(|branch| depot.branch(engine, branch)).collect());
                match action {
                    "DescribeGitBranches" => json!({"Branches": list, "TotalCount": page.total}),
                    _ => json!({"GitBranchesData": {"Branches": list, "TotalCount": page.total}}),
                }
            }),
            "DescribeGitBranch" => self.depot(call).and_then(|(project, at)| {
                let depot = &project.depots[at];
                let branch = depot.branches.iter().find(|(name, _)| name == call.text("BranchName"));
                let (name, sha) = branch.ok_or_else(|| missing("there is no such branch".to_owned()))?;
                let mut whole = engine.model("GitBranch", name);
                merge(&mut whole, json!({"BranchName": name, "Sha": sha, "IsDefaultBranch": *name == depot.default_branch}));
                Ok(json!({"GitBranch": whole}))
            }),
            "CreateGitBranch" => self.depot(call).and_then(|(project, at)| {
                let depot = &mut project.depots[at];
                let (name, from) = (call.text("BranchName"), call.text("StartPoint"));
                if depot.branches.iter().any(|(known, _)| known == name) {
                    return Err(taken(format!("a branch `{name}` exists")));
                }
                let sha = depot.branches.iter().find(|(known, sha)| known == from || sha == from).map(|(_, sha)| sha.clone());
                let sha = sha.ok_or_else(|| missing(format!("there is no branch or commit `{from}`")))?;
                depot.branches.push((name.to_owned(), sha));
                Ok(json!({}))
            }),
            "DeleteGitBranch" => self.depot(call).and_then(|(project, at)| {
                let depot = &mut project.depots[at];
                let before = depot.branches.len();
                depot.branches.retain(|(name, _)| name != call.text("BranchName"));
                if depot.branches.len() < before { Ok(json!({})) } else { Err(missing("there is no such branch".to_owned())) }
            }),
            "DescribeDepotDefaultBranch" => {
                self.depot(call).map(|(project, at)| json!({"BranchName": project.depots[at].default_branch}))
            }
            "ModifyDefaultBranch" => self.depot(call).map(|(project, at)| {
                project.depots[at].default_branch = call.text("BranchName").to_owned();
                project.depots[at].facts["DefaultBranch"] = call.text("BranchName").into();
                json!({})
            }),
            "DescribeIssueList" | "DescribeIssueListWithPage" => self.project_by_name(call.text("ProjectName")).map(|project| {
                let wanted = call.text("IssueType");
                let fits = |issue: &&Value| wanted == "ALL" || wanted == issue["Type"];
                let all = project.issues.iter().rev().filter(fits).map(|issue| listed(engine, issue)).collect();
                let (list, page) = paged(call, all);
                match action {
                    "DescribeIssueList" => json!({"IssueList": list}),
                    _ => json!({"Data": page.body("List", list, &["TotalCount", "TotalPage"])}),
                }
            }),
            "CreateIssue" => self.project_by_name(call.text("ProjectName")).map(|project| {
                let code = project.add_issue(engine, chosen(call, &["Name", "Type", "Priority", "Description", "StoryPoint"]), now);
                json!({"Issue": project.issue(code)})
            }),
            "DescribeIssue" => self.issue(call).map(|issue| json!({"Issue": issue})),
            "ModifyIssue" => self.issue(call).map(|issue| {
                merge(issue, chosen(call, &["Name", "Priority", "Description", "StoryPoint", "WorkingHours"]));
                issue["UpdatedAt"] = now.into();
                json!({"Issue": issue})
            }),
            "ModifyIssueDescription" => self.issue(call).map(|issue| {
                issue["Description"] = call.text("Content").into();
                json!({"Issue": issue})
            }),
            "DeleteIssue" => match self.issue(call).map(|issue| issue["Code"].clone()) {
                Ok(code) => self.project_by_name(call.text("ProjectName")).map(|project| {
                    project.issues.retain(|issue| issue["Code"] != code);
                    json!({})
                }),
                Err(refusal) => Err(refusal),
            },
            "CreateIssueComment" => {
                let id = self.next();
                match self.issue(call).map(drop) {
                    Ok(()) => self.project_by_name(call.text("ProjectName")).map(|project| {
                        let mut comment = engine.model("IssueComment", call.text("Content"));
                        merge(
                            &mut comment,
                            json!({"CommentId": id, "Content": call.text("Content"), "RawContent": call.text("Content"),
                                "CreatorId": USER_ID, "CreatedAt": now, "UpdatedAt": now, "FileId": []}),
                        );
                        project.comments.push((call.number("IssueCode").unwrap_or_default(), comment));
                        json!({})
                    }),
                    Err(refusal) => Err(refusal),
                }
            }
            "DescribeIssueCommentList" => match self.issue(call).map(drop) {
                Ok(()) => self.project_by_name(call.text("ProjectName")).map(|project| {
                    let code = call.number("IssueCode").unwrap_or_default();
                    let all = project.comments.iter().filter(|(of, _)| *of == code).map(|(_, comment)| comment);
                    json!({"CommentList": all.collect::<Vec<_>>()})
                }),
                Err(refusal) => Err(refusal),
            },
            "DescribeIterationList" => self.project_by_name(call.text("ProjectName")).map(|project| {
                let (list, page) = paged(call, project.iterations.clone());
                json!({"Data": {"List": list, "TotalRow": page.total}})
            }),
            "CreateIteration" => self.project_by_name(call.text("ProjectName")).and_then(|project| {
                if project.iterations.iter().any(|iteration| iteration["Name"] == call.text("Name")) {
                    // What the service was recorded to say.
                    return Err(("InvalidParameterValue", "Title Duplicated".to_owned()));
                }
                let code = project.add_iteration(engine, chosen(call, &["Name", "Goal"]), now);
                Ok(json!({"Iteration": project.iteration(code)?}))
            }),
            "DescribeIteration" => self.iteration(call).map(|iteration| json!({"Iteration": iteration})),
            "ModifyIteration" => self.iteration(call).map(|iteration| {
                merge(iteration, chosen(call, &["Name", "Goal"]));
                json!({"Iteration": iteration})
            }),
            "DeleteIteration" => match self.iteration(call).map(|iteration| iteration["Code"].clone()) {
                Ok(code) => self.project_by_name(call.text("ProjectName")).map(|project| {
                    project.iterations.retain(|iteration| iteration["Code"] != code);
                    json!({})
                }),
                Err(refusal) => Err(refusal),
            },
            "DescribeDepotMergeRequests" => self.depot(call).map(|(project, at)| {
                let wanted = call.text("Status");
                let fits = |merge: &&Value| match wanted {
                    "" | "ALL" => true,
                    "OPEN" => merge["Status"] == "CANMERGE",
                    "CLOSE" => merge["Status"] == "REFUSED" || merge["Status"] == "CANCEL",
                    other => merge["Status"] == other,
                };
                let all = project.depots[at].merges.iter().rev().filter(fits).map(|m| summary(engine, m)).collect();
                let (list, page) = paged(call, all);
                json!({"Data": page.body("List", list, &["TotalRow", "TotalPage"])})
            }),
            "DescribeProjectMergeRequests" => self.project_by_id(call.number("ProjectId")).map(|project| {
                let all = project.depots.iter().flat_map(|depot| &depot.merges).map(|m| summary(engine, m)).collect();
                let (list, page) = paged(call, all);
                json!({"Data": page.body("List", list, &["TotalRow", "TotalPage"])})
            }),
            "CreateGitMergeReq" | "CreateGitMergeRequest" => self.depot(call).and_then(|(project, at)| {
                let (from, to) = (call.text("SrcBranch"), call.text("DestBranch"));
                let known = |name: &str| project.depots[at].branches.iter().any(|(branch, _)| branch == name);
                if let Some(name) = [from, to].into_iter().find(|name| !known(name)) {
                    return Err(missing(format!("there is no branch `{name}`")));
                }
                let mut facts = merge_id_facts(from, to);
                merge(&mut facts, json!({"Title": call.text("Title"), "Describe": call.text("Content")}));
                let id = project.add_merge(engine, at, facts, now);
                let path = format!("{TEAM}/{}/{}", project.name, project.depots[at].name);
                Ok(match action {
                    "CreateGitMergeReq" => json!({"MergeInfo": {
                        "DepotId": project.depots[at].id, "ProjectId": project.id, "MergeRequestId": id,
                        "MergeRequestUrl": format!("https://{TEAM}.coding.net/p/{}/d/{}/git/merge/{id}", project.name, project.depots[at].name),
                        "MergeRequestInfo": project.depots[at].merge(id)?,
                    }}),
                    _ => json!({"Request": {"DepotId": project.depots[at].id, "DepotPath": path, "IId": id, "MergeId": id, "ProjectId": project.id}}),
                })
            }),
            "DescribeMergeRequest" => self.merge(call).map(|merge| json!({"MergeRequestInfo": merge})),
            "DescribeMergeReqInfo" => self.merge(call).map(|request| {
                let names = ["Describe", "SourceBranch", "Status", "TargetBranch", "Title"];
                json!({"MergeReqInfo": names.into_iter().map(|name| (name.to_owned(), request[name].clone())).collect::<Map<_, _>>()})
            }),
            "ModifyGitMergeRequest" => self.merge(call).map(|request| {
                merge(request, json!({"Title": call.text("Title"), "Describe": call.text("Content")}));
                json!({"MergeRequestInfo": request})
            }),
            "ModifyMergeMR" => self.merge(call).and_then(|request| {
                if request["Status"] != "CANMERGE" {
                    let what = format!("the merge request is {}", request["Status"].as_str().unwrap_or_default());
                    return Err(("FailedOperation", what));
                }
                merge(request, json!({"Status": "ACCEPTED", "ActionAt": now, "MergeCommitSha": hash(call.text("Message"))}));
                Ok(json!({"MergeRequestInfo": request}))
            }),
            "ModifyCloseMR" => self.merge(call).map(|request| {
                merge(request, json!({"Status": "REFUSED", "ActionAt": now}));
                json!({})
            }),
            "DescribeCodingCIJobs" => self.project_by_id(call.number("ProjectId")).map(|project| {
                json!({"JobList": project.jobs.iter().map(|job| &job.facts).collect::<Vec<_>>()})
            }),
            "DescribeCodingCIJob" => self.job(call).map(|job| json!({"Job": job.facts})),
            "CreateCodingCIJob" => {
                let id = self.next();
                self.project_by_id(call.number("ProjectId")).map(|project| {
                    let mut facts = Value::Object(call.members.clone());
                    facts["ProjectName"] = project.name.as_str().into();
                    project.add_job(engine, id, facts, now);
                    json!({"Data": {"Id": id}})
                })
            }
            "DeleteCodingCIJob" => match self.job(call).map(|job| job.id) {
                Ok(id) => {
                    self.projects.iter_mut().for_each(|project| project.jobs.retain(|job| job.id != id));
                    Ok(json!({}))
                }
                Err(refusal) => Err(refusal),
            },
            "TriggerCodingCIBuild" => {
                let id = self.next();
                self.job(call).map(|job| {
                    job.add_build(engine, id, call.text("Revision"), now);
                    json!({"Data": {"Build": job.builds.last()}})
                })
            }
            "DescribeCodingCIBuilds" => self.job(call).map(|job| {
                let (list, page) = paged(call, job.builds.iter().rev().cloned().collect());
                json!({"Data": page.body("BuildList", list, &["TotalCount"])})
            }),
            "DescribeCodingCIBuild" => self.build(call).map(|build| {
                // A build is over the second time somebody looks.
                let seen = build.clone();
                if build["Status"] == "RUNNING" {
                    merge(build, json!({"Status": "SUCCEED", "Duration": 61_000}));
                }
                json!({"Build": seen})
            }),
            "StopCodingCIBuild" => self.build(call).map(|build| {
                merge(build, json!({"Status": "ABORTED"}));
                json!({})
            }),
            "DescribeCodingCIBuildLog" => self.build(call).map(|build| {
                const PIECE: usize = 40;
                let log = format!("Started by {TEAM}\nBuilding {}\nFinished: SUCCESS\n", build["Number"]);
                let start = usize::try_from(call.number("Start").unwrap_or_default()).unwrap_or(usize::MAX).min(log.len());
                let end = (start + PIECE).min(log.len());
                json!({"Data": {"Log": log.get(start..end), "MoreData": end < log.len(), "TextDelivered": end - start, "TextSize": log.len()}})
            }),
            _ => return None,
        })
    }

    fn issue(&mut self, call: &Checked) -> Result<&mut Value, (&'static str, String)> {
        let code = call.number("IssueCode").unwrap_or_default();
        let project = self.project_by_name(call.text("ProjectName"))?;
        let found = project.issues.iter_mut().find(|issue| issue["Code"] == code);
        found.ok_or_else(|| missing(format!("there is no issue {code}")))
    }

    fn iteration(&mut self, call: &Checked) -> Result<&mut Value, (&'static str, String)> {
        let code = call.number("IterationCode").unwrap_or_default();
        self.project_by_name(call.text("ProjectName"))?.iteration(code)
    }

    fn merge(&mut self, call: &Checked) -> Result<&mut Value, (&'static str, String)> {
        let id = call.number("MergeId").unwrap_or_default();
        let (project, at) = self.depot(call)?;
        project.depots[at].merge(id)
    }

    fn job(&mut self, call: &Checked) -> Result<&mut Job, (&'static str, String)> {
        let id = call.number("JobId").unwrap_or_default();
        let found = self.projects.iter_mut().flat_map(|project| &mut project.jobs).find(|job| job.id == id);
        found.ok_or_else(|| missing(format!("there is no job {id}")))
    }

    fn build(&mut self, call: &Checked) -> Result<&mut Value, (&'static str, String)> {
        let id = call.number("BuildId").unwrap_or_default();
        let jobs = self.projects.iter_mut().flat_map(|project| &mut project.jobs);
        let found = jobs.flat_map(|job| &mut job.builds).find(|build| build["Id"] == id);
        found.ok_or_else(|| missing(format!("there is no build {id}")))
    }
}

impl Project {
    fn add_depot(&mut self, engine: &Engine, id: u64, name: &str, description: &str, now: u64) {
        let mut facts = engine.model("DepotInfo", name);
        let address = format!("{TEAM}/{}/{name}", self.name);
        merge(
            &mut facts,
            json!({"Id": id, "Name": name, "Description": description, "ProjectId": self.id, "ProjectName": self.name,
                "HttpsUrl": format!("https://e.coding.net/{address}.git"), "SshUrl": format!("git@e.coding.net:{address}.git"),
                "WebUrl": format!("https://{TEAM}.coding.net/p/{}/d/{name}/git", self.name), "VcsType": "git", "RepoType": "CODING",
                "DefaultBranch": "master", "CreatedAt": now, "LastPushAt": now, "IsShared": false}),
        );
        self.depots.push(Depot {
            id,
            name: name.to_owned(),
            facts,
            branches: vec![("master".to_owned(), hash(&address))],
            default_branch: "master".to_owned(),
            merges: Vec::new(),
        });
    }

    fn add_issue(&mut self, engine: &Engine, facts: Value, now: u64) -> u64 {
        self.numbered += 1;
        let code = self.numbered;
        let mut issue = engine.model("IssueDetail", &format!("{}/{code}", self.name));
        merge(
            &mut issue,
            json!({"Code": code, "Type": "REQUIREMENT", "Priority": "1", "CreatedAt": now, "UpdatedAt": now, "CompletedAt": 0,
                "IssueStatusName": "TODO", "IssueStatusType": "TODO", "Description": "", "StoryPoint": "", "DueDate": 0, "StartDate": 0}),
        );
        merge(&mut issue, facts);
        self.issues.push(issue);
        code
    }

    fn issue(&self, code: u64) -> Option<&Value> {
        self.issues.iter().find(|issue| issue["Code"] == code)
    }

    fn add_iteration(&mut self, engine: &Engine, facts: Value, now: u64) -> u64 {
        self.numbered += 1;
        let code = self.numbered;
        let mut iteration = engine.model("Iteration", &format!("{}/{code}", self.name));
        merge(
            &mut iteration,
            // How the service says that there is no day.
            json!({"Code": code, "Status": "WAIT_PROCESS", "Goal": "", "CreatedAt": now, "UpdatedAt": now, "Creator": USER_ID,
                "StartAt": -28_800_000, "EndAt": -28_800_000}),
        );
        merge(&mut iteration, facts);
        self.iterations.push(iteration);
        code
    }

    fn iteration(&mut self, code: u64) -> Result<&mut Value, (&'static str, String)> {
        let found = self.iterations.iter_mut().find(|iteration| iteration["Code"] == code);
        found.ok_or_else(|| missing(format!("there is no iteration {code}")))
    }

    fn add_merge(&mut self, engine: &Engine, at: usize, facts: Value, now: u64) -> u64 {
        self.numbered += 1;
        let id = self.numbered;
        let mut request = engine.model("MergeRequestInfo", &format!("{}/{id}", self.name));
        merge(
            &mut request,
            json!({"Id": id, "MergeId": id, "ProjectId": self.id, "DepotId": self.depots[at].id, "Status": "CANMERGE", "CreatedAt": now,
                "UpdatedAt": now, "ActionAt": now, "Conflicts": [], "CommentCount": 0, "MergeCommitSha": ""}),
        );
        merge(&mut request, facts);
        self.depots[at].merges.push(request);
        id
    }

    fn add_job(&mut self, engine: &Engine, id: u64, facts: Value, now: u64) {
        let mut job = engine.model("CodingCIJob", &format!("{id}"));
        merge(&mut job, facts);
        merge(&mut job, json!({"Id": id, "CreatorId": USER_ID, "CreatedAt": now, "UpdatedAt": now}));
        self.jobs.push(Job { id, facts: job, builds: Vec::new() });
    }
}

impl Depot {
    fn branch(&self, engine: &Engine, (name, sha): &(String, String)) -> Value {
        let mut whole = engine.model("GitBranchInfo", name);
        merge(&mut whole, json!({"BranchName": name, "Sha": sha, "IsDefaultBranch": *name == self.default_branch}));
        whole
    }

    fn merge(&mut self, id: u64) -> Result<&mut Value, (&'static str, String)> {
        let found = self.merges.iter_mut().find(|merge| merge["MergeId"] == id);
        found.ok_or_else(|| missing(format!("there is no merge request {id}")))
    }
}

impl Job {
    fn add_build(&mut self, engine: &Engine, id: u64, branch: &str, now: u64) {
        let mut build = engine.model("CodingCIBuild", &format!("{id}"));
        let number = self.builds.len() + 1;
        merge(
            &mut build,
            json!({"Id": id, "Number": number, "JobId": self.id, "Branch": branch, "Status": "RUNNING", "CreatedAt": now,
                "CodingCIId": format!("cci-{}-{id}", self.id), "FailedMessage": ""}),
        );
        self.builds.push(build);
    }
}

/// One page of a list, by whichever of the parameters its action has.
#[derive(Clone, Copy)]
struct Page {
    number: u64,
    size: u64,
    total: u64,
}

impl Page {
    fn pages(self) -> u64 {
        self.total.div_ceil(self.size.max(1))
    }
    fn info(self) -> Value {
        json!({"PageNumber": self.number, "PageSize": self.size, "TotalPage": self.pages(), "TotalRow": self.total})
    }
    /// The page as an answer shows it: its place, the list, and the totals that this answer has.
    fn body(self, name: &str, list: Vec<Value>, totals: &[&str]) -> Value {
        let mut body = json!({"PageNumber": self.number, "PageSize": self.size});
        body[name] = list.into();
        for name in totals {
            body[*name] = if *name == "TotalPage" { self.pages().into() } else { self.total.into() };
        }
        body
    }
}

fn paged(call: &Checked, all: Vec<Value>) -> (Vec<Value>, Page) {
    // Some actions declare these numbers as text.
    let number = |name: &str| call.number(name).or_else(|| call.text(name).parse().ok());
    let size = number("PageSize").or_else(|| number("Limit")).filter(|size| *size > 0).unwrap_or(20);
    let page = number("PageNumber").or_else(|| number("Page")).unwrap_or(1).max(1);
    let start = number("Offset").unwrap_or((page - 1).saturating_mul(size));
    let total = all.len() as u64;
    let wanted = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let list = all.into_iter().skip(wanted(start)).take(wanted(size)).collect();
    (list, Page { number: page, size, total })
}

/// An issue as lists show it.
fn listed(engine: &Engine, issue: &Value) -> Value {
    let mut whole = engine.model("IssueListData", &issue["Code"].to_string());
    for name in [
        "Code",
        "Name",
        "Type",
        "Priority",
        "CreatedAt",
        "UpdatedAt",
        "IssueStatusName",
        "IssueStatusType",
        "Description",
    ] {
        whole[name] = issue[name].clone();
    }
    whole
}

/// A merge request as lists show it.
fn summary(engine: &Engine, request: &Value) -> Value {
    let mut whole = engine.model("MergeRequestData", &request["MergeId"].to_string());
    for name in [
        "Id",
        "MergeId",
        "ProjectId",
        "DepotId",
        "Title",
        "Describe",
        "Status",
        "SourceBranch",
        "TargetBranch",
        "CreatedAt",
    ] {
        whole[name] = request[name].clone();
    }
    whole
}

fn merge_id_facts(from: &str, to: &str) -> Value {
    json!({"SourceBranch": from, "TargetBranch": to, "Title": format!("{from} into {to}"), "Describe": "", "SourceBranchSha": hash(from),
        "TargetBranchSha": hash(to)})
}

fn chosen(call: &Checked, names: &[&str]) -> Value {
    let given = |name: &&str| Some(((*name).to_owned(), call.members.get(*name)?.clone()));
    Value::Object(names.iter().filter_map(given).collect())
}

fn hash(of: &str) -> String {
    Random::new(1, of).hex(40)
}

fn missing(what: String) -> (&'static str, String) {
    ("ResourceNotFound", what)
}

fn taken(what: String) -> (&'static str, String) {
    ("ResourceInUse", what)
}

/// Puts the members of `facts` over those of `whole`.
pub(crate) fn merge(whole: &mut Value, facts: Value) {
    if let (Some(whole), Value::Object(facts)) = (whole.as_object_mut(), facts) {
        whole.extend(facts);
    }
}
