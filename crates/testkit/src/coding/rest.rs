//! The legacy API: the same world, told in the old way.

use super::TEAM;
use super::world::{World, merge};
use crate::engine::{Checked, Engine, Refusal, Reply, Why};
use serde_json::{Value, json};

/// A refusal as the legacy API writes it: at HTTP 200, with a code, and what is wrong by name.
pub(crate) fn refuse(code: u64, key: &str, text: &str) -> Reply {
    Reply::json(200, &json!({"code": code, "msg": {key: text}}))
}

pub(crate) fn not_right(refusal: &Refusal) -> Reply {
    match refusal.why {
        Why::NoOperation => Reply::json(501, &json!({"code": 404, "msg": {"path": refusal.message}})),
        _ => refuse(1, "param_error", &refusal.message),
    }
}

/// The answer to an operation that the fake remembers something about.
pub(crate) fn answer(world: &World, engine: &Engine, call: &Checked) -> Option<Reply> {
    let found = |data: Value| Reply::json(200, &json!({"code": 0, "data": data}));
    let project = || {
        let (name, id) = (call.text("project"), call.members.get("project_id").map(Value::to_string));
        let id = id.as_deref().map(|id| id.trim_matches('"'));
        world.projects.iter().find(|project| project.name == name || Some(&*project.id.to_string()) == id)
    };
    Some(match call.entry.info.id {
        "getMe" => Reply::json(200, &me(world)),
        "getCurrent_user" | "getAccountCurrent_user" => {
            let mut user = engine.model("User", "user");
            merge(&mut user, me(world));
            found(user)
        }
        "getAccountEmail" => found(world.user["Email"].clone()),
        "getUserProjects" => {
            let page = call.number("page").unwrap_or(1).max(1);
            let size = call.number("pageSize").unwrap_or(10).max(1);
            let all: Vec<Value> = world.projects.iter().map(|project| whole(engine, project)).collect();
            let (total, wanted) = (all.len() as u64, |n: u64| usize::try_from(n).unwrap_or(usize::MAX));
            let list: Vec<Value> =
                all.into_iter().skip(wanted((page - 1).saturating_mul(size))).take(wanted(size)).collect();
            found(
                json!({"list": list, "page": page, "pageSize": size, "totalPage": total.div_ceil(size), "totalRow": total}),
            )
        }
        "getUserBy_teamProjectBy_project" => match project() {
            Some(project) => found(whole(engine, project)),
            None => refuse(1100, "project_not_exists", "there is no such project"),
        },
        "getUserBy_teamProjectBy_projectDepots" => match project() {
            Some(project) => found(project.depots.iter().map(|depot| brief(engine, project, depot)).collect()),
            None => refuse(1100, "project_not_exists", "there is no such project"),
        },
        _ => return None,
    })
}

fn me(world: &World) -> Value {
    let user = &world.user;
    json!({
        "id": user["Id"], "global_key": user["GlobalKey"], "name": user["Name"], "name_pinyin": "", "team": TEAM,
        "avatar": user["Avatar"], "path": format!("/u/{}", user["GlobalKey"].as_str().unwrap_or_default()),
        "email_validation": 1, "created_at": 1_767_225_600_000_u64, "updated_at": 1_767_225_600_000_u64,
    })
}

fn whole(engine: &Engine, project: &super::world::Project) -> Value {
    let mut told = engine.model("Project", &project.name);
    let facts = &project.facts;
    merge(
        &mut told,
        json!({"id": project.id, "name": project.name, "display_name": facts["DisplayName"], "description": facts["Description"],
            "created_at": facts["CreatedAt"], "archived": false, "owner_user_name": TEAM,
            "project_path": format!("/p/{}", project.name)}),
    );
    told
}

fn brief(engine: &Engine, project: &super::world::Project, depot: &super::world::Depot) -> Value {
    let mut told = engine.model("DepotBrief", &depot.name);
    let address = format!("{TEAM}/{}/{}", project.name, depot.name);
    merge(
        &mut told,
        json!({"id": depot.id, "name": depot.name, "vcsType": "git", "shared": false, "isDefault": true,
            "depotPath": format!("/p/{}/d/{}/git", project.name, depot.name),
            "gitHttpsUrl": format!("https://e.coding.net/{address}.git"), "gitSshUrl": format!("git@e.coding.net:{address}.git")}),
    );
    told
}
