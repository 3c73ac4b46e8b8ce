#!/usr/bin/env python3
"""Writes the two bodies that are measured. Everything in them is invented; two runs give the same bytes.

Members and their order are those of `Project` in crates/gitee/spec/openapi.json. A member that the document has and
that nobody invented a value for here is an error, so that the bodies cannot fall behind the document.
"""

import json
import pathlib
import random

HERE = pathlib.Path(__file__).resolve().parent
SPEC = HERE.parents[2] / "crates/gitee/spec/openapi.json"
SCHEMAS = json.loads(SPEC.read_text(encoding="utf-8"))["components"]["schemas"]
COUNT = 40
API = "https://gitee.com/api/v5"

# Absent or null in most recorded answers; here, too.
SELDOM = {"empty_repo", "issue_template_source", "remark", "member_role"}

WORDS = (
    "amber basin cedar delta ember fjord grove heron indigo juniper kestrel lagoon meadow nimbus opal prairie quartz "
    "river sierra tundra umber violet willow xenon yarrow zephyr"
).split()
PEOPLE = ["林晓", "Chen Wei", "周明", "Olga Petrova", "吴海", "Sam Taylor", "郑洁", "Nadia Rossi"]
LANGUAGES = ["Java", "Go", "Rust", "Python", "TypeScript", "C++", None]
LICENCES = ["Apache-2.0", "MIT", "MulanPSL-2.0", "GPL-3.0", None]
DESCRIPTIONS = [
    "Reads sensor streams and writes them to a time series store, with back pressure and a small query language",
    "一个轻量的任务调度框架，支持分布式锁、失败重试与可视化日志",
    "Command line \"glue\" between the build farm and the release page",
    "面向嵌入式设备的日志采集组件\n支持断点续传",
    "",
    "Examples that show how to run the gateway on a single node, in a cluster and behind a reverse proxy",
]

chance = random.Random(20260131)


def in_order(schema, values):
    """The members of a schema in the document's order; what is invented for no member is an error, and the reverse."""
    order = SCHEMAS[schema]["x-order"]
    assert sorted(order) == sorted(SCHEMAS[schema]["properties"]), schema
    unknown = set(values) - set(order)
    missing = set(order) - set(values) - SELDOM
    assert not unknown and not missing, (schema, unknown, missing)
    return {name: values[name] for name in order if name in values}


def word():
    return chance.choice(WORDS)


def number(digits):
    return chance.randrange(10 ** (digits - 1), 10**digits)


def moment():
    day, clock = chance.randrange(1, 29), (chance.randrange(24), chance.randrange(60), chance.randrange(60))
    return f"{chance.randrange(2018, 2026)}-{chance.randrange(1, 13):02}-{day:02}T%02d:%02d:%02d+08:00" % clock


def user():
    login = f"{word()}{number(2)}"
    url = f"{API}/users/{login}"
    return in_order(
        "UserBasic",
        {
            "id": number(8),
            "login": login,
            "name": chance.choice(PEOPLE),
            "avatar_url": f"https://foruda.gitee.com/avatar/{number(13)}/{number(7)}_{login}_{number(10)}.png",
            "url": url,
            "html_url": f"https://gitee.com/{login}",
            "remark": "",
            "followers_url": f"{url}/followers",
            "following_url": f"{url}/following_url{{/other_user}}",
            "gists_url": f"{url}/gists{{/gist_id}}",
            "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
            "subscriptions_url": f"{url}/subscriptions",
            "organizations_url": f"{url}/orgs",
            "repos_url": f"{url}/repos",
            "events_url": f"{url}/events{{/privacy}}",
            "received_events_url": f"{url}/received_events",
            "type": "User",
            "site_admin": False,
        },
    )


def namespace(login, kind):
    return in_order(
        "NamespaceMini",
        {
            "id": number(8),
            "type": kind,
            "name": chance.choice(PEOPLE),
            "path": login,
            "enterprise_id": 0 if kind == "personal" else number(6),
            "html_url": f"https://gitee.com/{login}",
        },
    )


def program(author):
    values = {
        "id": number(6),
        "name": f"{word()} {word()}",
        "description": chance.choice(DESCRIPTIONS),
        "assignee": author,
        "author": author,
    }
    return in_order("ProgramBasic", values)


def label():
    name = word()
    return in_order("ProjectLabel", {"id": number(5), "name": name.title(), "ident": name})


def repository(index):
    owner = user()
    login, path = owner["login"], f"{word()}-{word()}"
    full, url = f"{login}/{path}", f"{API}/repos/{login}/{path}"
    is_private, was_pushed = chance.random() < 0.3, chance.random() < 0.9
    return in_order(
        "Project",
        {
            "id": number(8),
            "full_name": full,
            "human_name": f"{owner['name']}/{path}",
            "url": url,
            "namespace": namespace(login, "personal"),
            "path": path,
            "name": path.replace("-", " ").title(),
            "owner": owner,
            "assigner": owner if index % 10 == 0 else None,
            "description": DESCRIPTIONS[index % len(DESCRIPTIONS)],
            "private": is_private,
            "public": not is_private,
            "internal": False,
            "fork": False,
            "html_url": f"https://gitee.com/{full}.git",
            "ssh_url": f"git@gitee.com:{full}.git",
            "forks_url": f"{url}/forks",
            "keys_url": f"{url}/keys{{/key_id}}",
            "collaborators_url": f"{url}/collaborators{{/collaborator}}",
            "hooks_url": f"{url}/hooks",
            "branches_url": f"{url}/branches{{/branch}}",
            "tags_url": f"{url}/tags",
            "blobs_url": f"{url}/blobs{{/sha}}",
            "stargazers_url": f"{url}/stargazers",
            "contributors_url": f"{url}/contributors",
            "commits_url": f"{url}/commits{{/sha}}",
            "comments_url": f"{url}/comments{{/number}}",
            "issue_comment_url": f"{url}/issues/comments{{/number}}",
            "issues_url": f"{url}/issues{{/number}}",
            "pulls_url": f"{url}/pulls{{/number}}",
            "milestones_url": f"{url}/milestones{{/number}}",
            "notifications_url": f"{url}/notifications{{?since,all,participating}}",
            "labels_url": f"{url}/labels{{/name}}",
            "releases_url": f"{url}/releases{{/id}}",
            "recommend": index % 9 == 0,
            "gvp": False,
            "homepage": f"https://{path}.example.com" if index % 3 == 0 else None,
            "language": LANGUAGES[index % len(LANGUAGES)],
            "forks_count": chance.randrange(200),
            "stargazers_count": chance.randrange(3000),
            "watchers_count": chance.randrange(100),
            "default_branch": "master" if was_pushed else None,
            "open_issues_count": chance.randrange(60),
            "has_issues": True,
            "has_wiki": True,
            "issue_comment": False,
            "can_comment": True,
            "pull_requests_enabled": True,
            "has_page": False,
            "license": LICENCES[index % len(LICENCES)],
            "outsourced": False,
            "project_creator": login,
            "members": [login] + [f"{word()}{number(2)}" for _ in range(index % 4)],
            "pushed_at": moment() if was_pushed else None,
            "created_at": moment(),
            "updated_at": moment(),
            "parent": None,
            "paas": None,
            "stared": index % 2 == 0,
            "watched": True,
            "permission": in_order("RepoPermission", {"pull": True, "push": True, "admin": index % 5 != 0}),
            "relation": "master",
            "assignees_number": 1,
            "testers_number": 1,
            "assignee": [],
            "testers": [],
            "status": "开始",
            "programs": [program(user())] if index % 20 == 7 else [],
            "enterprise": namespace(f"{word()}-works", "enterprise") if index % 8 == 3 else None,
            "project_labels": [label() for _ in range(index % 3)],
        },
    )


def small():
    """What a caller needs of a repository, and little else."""
    return {
        "id": 18347205,
        "full_name": "harbour/lighthouse",
        "path": "lighthouse",
        "name": "Lighthouse",
        "description": "Keeps an eye on the ships",
        "private": False,
        "public": True,
        "html_url": "https://gitee.com/harbour/lighthouse.git",
        "default_branch": "master",
        "stargazers_count": 12,
    }


def write(name, value):
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    (HERE / name).write_text(text, encoding="utf-8")
    print(f"{name}: {len(text.encode())} bytes")


write("repository.json", small())
write("repositories.json", [repository(index) for index in range(COUNT)])
