//! A small service that has a bit of everything the generator knows.

use serde_json::{Value, json};

/// Its facts.
pub(crate) fn facts() -> Value {
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let list = |items: Value| json!({"type": "array", "items": items});
    let text = json!({"type": "string"});
    let number = json!({"type": "integer"});
    let answer = |schema: Value| json!({"200": {"content": {"application/json": {"schema": schema}}}});
    let page = json!([{"$ref": "#/components/parameters/page"}, {"$ref": "#/components/parameters/per_page"}]);
    let owner = json!({"name": "owner", "in": "path", "required": true, "schema": text});
    let order = json!({"type": "string", "enum": ["asc", "desc"]});
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Depot", "version": "1.2"},
        "paths": {
            "/v1/depots": {
                "get": {
                    "operationId": "listDepots",
                    "tags": ["Depots"],
                    "parameters": [
                        {"name": "labels", "in": "query", "schema": list(text.clone())},
                        {"name": "kinds", "in": "query", "required": true, "schema": list(text.clone())},
                        {"name": "direction", "in": "query", "schema": order},
                        {"name": "access_token", "in": "query", "schema": text},
                        page[0], page[1],
                    ],
                    "responses": answer(list(reference("Depot"))),
                },
                "post": {
                    "operationId": "createDepot",
                    "tags": ["Depots"],
                    "x-rate-per-second": 5,
                    "requestBody": {"required": true, "content": {"application/json": {"schema": {
                        "type": "object",
                        "required": ["name", "access_token"],
                        "x-order": ["name", "homepage", "password", "hook", "access_token"],
                        "properties": {
                            "name": text,
                            "homepage": {"type": ["string", "null"]},
                            "password": {"type": "string", "x-sensitive": true},
                            "access_token": text,
                            "hook": {
                                "type": "object",
                                "required": ["url"],
                                "x-order": ["url", "secret", "retries", "mirror"],
                                "properties": {
                                    "url": text,
                                    "secret": {"type": "string", "x-sensitive": true},
                                    "retries": {"type": ["integer", "null"]},
                                    "mirror": reference("Mirror"),
                                },
                            },
                        },
                    }}}},
                    "responses": {"201": {"content": {"application/json": {"schema": reference("Depot")}}}},
                },
            },
            "/v1/depots/search": {"get": {
                "operationId": "searchDepots",
                "tags": ["Depots"],
                "parameters": [{"name": "q", "in": "query", "required": true, "schema": text}, page[0], page[1]],
                "responses": answer(reference("SearchResult")),
            }},
            "/v1/depots/{owner}": {
                "get": {
                    "operationId": "getDepot",
                    "tags": ["Depots"],
                    "parameters": [owner],
                    "responses": answer(json!({"anyOf": [reference("Depot"), {"type": "null"}]})),
                },
                "patch": {
                    "operationId": "updateDepot",
                    "tags": ["Depots"],
                    "parameters": [owner],
                    "requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": {
                        "type": "object",
                        "x-order": ["owner", "type", "quota"],
                        "properties": {
                            "owner": text,
                            "type": reference("Visibility"),
                            "quota": text,
                        },
                    }}}},
                    "responses": {"302": {}},
                },
                "delete": {
                    "operationId": "deleteDepot",
                    "tags": ["Depots"],
                    "parameters": [owner],
                    "responses": {"204": {}},
                },
            },
            "/v1/depots/{owner}/archive": {"get": {
                "operationId": "getArchive",
                "tags": ["Depots"],
                "parameters": [
                    owner,
                    {"name": "If-None-Match", "in": "header", "schema": text},
                ],
                "responses": {"200": {"content": {"application/zip": {}}}},
            }},
            "/v1/depots/{owner}/files/{path}": {
                "get": {
                    "operationId": "getFiles",
                    "tags": ["Depots"],
                    "x-optional-path-parameter": "path",
                    "parameters": [
                        owner,
                        {"name": "path", "in": "path", "required": true, "x-allow-slash": true, "schema": text},
                    ],
                    "responses": answer(json!({"oneOf": [reference("Node"), list(reference("Node"))]})),
                },
                "put": {
                    "operationId": "uploadFile",
                    "tags": ["Depots"],
                    "parameters": [
                        owner,
                        {"name": "path", "in": "path", "required": true, "x-allow-slash": true, "schema": text},
                    ],
                    "requestBody": {"required": true, "content": {"multipart/form-data": {"schema": {
                        "type": "object",
                        "required": ["file"],
                        "properties": {"file": {"type": "string", "format": "binary"}, "message": text},
                    }}}},
                    "responses": {"201": {}},
                },
            },
            "/v1/depots/{owner}/labels": {"put": {
                "operationId": "setLabels",
                "tags": ["Depots"],
                "parameters": [owner],
                "requestBody": {"required": true, "content": {"application/json": {"schema": list(text.clone())}}},
                "responses": answer(list(json!({"type": "string", "enum": ["added", "kept"]}))),
            }},
            "/v1/depots/{owner}/languages": {"get": {
                "operationId": "getLanguages",
                "tags": ["Depots"],
                "parameters": [owner],
                "responses": answer(json!({"type": "object", "additionalProperties": number})),
            }},
            "/v1/depots/{owner}/readme": {"get": {
                "operationId": "getReadme",
                "tags": ["Depots"],
                "parameters": [owner],
                "responses": {"200": {"content": {"text/html; charset=utf-8": {"schema": text}}}},
            }},
            "/open-api#DescribeKeys": {"post": {
                "operationId": "DescribeKeys",
                "x-action": "DescribeKeys",
                "tags": ["Keys"],
                "parameters": [{"name": "Action", "in": "query", "required": true, "schema": text}],
                "requestBody": {"required": true, "content": {"application/json": {
                    "schema": reference("DescribeKeysRequest"),
                }}},
                "responses": answer(json!({"oneOf": [
                    {"type": "object", "properties": {"Response": reference("DescribeKeysResponse")}},
                    {"type": "object", "properties": {"Response": reference("Fault")}},
                ]})),
            }},
            "/open-api#RotateKey": {"post": {
                "operationId": "RotateKey",
                "x-action": "RotateKey",
                "tags": ["Keys"],
                "requestBody": {"required": true, "content": {"application/json": {"schema": {
                    "type": "object",
                    "properties": {"Action": {"const": "RotateKey"}, "KeyId": {"type": "integer", "format": "uint64"}},
                    "required": ["Action", "KeyId"],
                }}}},
                "responses": answer(json!({"oneOf": [
                    {"type": "object", "properties": {"Response": reference("Key")}},
                    {"type": "object", "properties": {"Response": reference("Fault")}},
                ]})),
            }},
        },
        "components": {
            "parameters": {
                "page": {"name": "page", "in": "query", "schema": number},
                "per_page": {"name": "per_page", "in": "query", "schema": number},
            },
            "schemas": {
                "Depot": {
                    "type": "object",
                    "required": ["id"],
                    "x-order": [
                        "id", "full_name", "size", "score", "fork", "owner", "parent", "direction", "languages", "extra",
                    ],
                    "properties": {
                        "id": number,
                        "full_name": text,
                        "size": text,
                        "score": {"type": "number"},
                        "fork": {"type": "boolean"},
                        "owner": reference("User"),
                        "parent": reference("Depot"),
                        "direction": order,
                        "languages": {"type": "object", "additionalProperties": {"type": ["integer", "null"]}},
                        "extra": {},
                    },
                },
                "DescribeKeysRequest": {
                    "type": "object",
                    "properties": {"Order": order, "PageNumber": number},
                },
                "DescribeKeysResponse": {"type": "object", "properties": {"Keys": list(reference("Key"))}},
                "Fault": {"type": "object", "properties": {"Code": text}},
                "Key": {
                    "type": "object",
                    "x-order": ["Id", "Secret", "Owner"],
                    "properties": {
                        "Id": {"type": "integer", "format": "uint64"},
                        "Secret": text,
                        "Owner": reference("User"),
                    },
                },
                "Mirror": {"type": "object", "properties": {"target": text}},
                "Node": {
                    "type": "object",
                    "x-order": ["name", "children", "target"],
                    "properties": {
                        "name": text,
                        "children": list(reference("Node")),
                        "target": reference("Node"),
                    },
                },
                "SearchResult": {
                    "type": "object",
                    "x-order": ["total", "items"],
                    "properties": {"total": number, "items": list(reference("Depot"))},
                },
                "User": {"type": "object", "properties": {"login": text, "avartar": text}},
                "Visibility": {"type": "string", "enum": ["public", "private"]},
            },
        },
    })
}

/// Its overlay.
pub(crate) const OVERLAY: &[(&str, &str)] = &[
    (
        "api.toml",
        r#"surface = "depot"
server = "https://depot.example"
credential_members = ["access_token"]

[paging.pages]
style = "page"
start = "page"
size = "per_page"
default_size = 20
max_size = 100

[enums.Order]
values = ["asc", "desc"]
doc = "Which way a list runs."
value.asc = "Smallest or oldest first."
variant.desc = "Descending"

[raw]
"Depot/extra" = "Whatever the plug-ins of the depot leave there."
"#,
    ),
    (
        "glossary.toml",
        r#"[params]
owner = "Path of the account that holds the depot."
page = "Page of the list, from 1."
per_page = "How many items a page holds, at most 100."

[members]
full_name = "Owner and path, as in the address."
"#,
    ),
    (
        "types.toml",
        r#"[types.Depot]
doc = """
A depot, as lists and its own page show it.

It is boxed where it holds itself.
"""
members.size = "Bytes on disk."
members.topics = "What it is about, in the owner's words."
correct.size = {type = "integer", evidence = "two recorded bodies hold numbers"}
add.topics = {type = "[string]", evidence = "two recorded bodies have it"}

[types.Key]
name = "AccessKey"
doc = "A key of the account, without the part that nobody may see again."
secret = ["Secret"]

[types.Mirror]
doc = "Where pushes are sent on to."

[types.Node]
doc = "A file or a folder."

[types.SearchResult]
name = "DepotPage"
doc = "A page of what a search found."

[types.User]
doc = "An account."
members.avartar = "Address of its picture. The service spells it `avartar`."
"#,
    ),
    (
        "depots.toml",
        r#"[module]
tags = ["Depots"]
doc = """
Depots and their files.

What concerns the files is in a source file of its own.
"""

[operations.listDepots]
name = "List"
doc = "List the depots that the caller can see."
params.labels = "Only depots with all of these labels."
params.kinds = "Kinds of depots to list: `git`, `svn`."
params.direction = "Which way the list runs; oldest first when left out."

[operations.createDepot]
name = "Create"
doc = """
Create a depot.

The password is asked for by `svn` only, and a hook that cannot be reached in ten seconds is dropped without a word about it.
"""
params.name = "Title that people see; the path is made of it."
params.homepage = "Address of its site; clearing it shows the depot itself."
params.password = "What `svn` clients log in with."
params.hook = "Where pushes are announced."
sensitive = true

[operations.searchDepots]
name = "Search"
doc = "Search all depots for words of their titles."
params.q = "Words that all have to occur."

[operations.getDepot]
name = "Get"
doc = "Get the depot of an account, or nothing where it has none."

[operations.updateDepot]
name = "Update"
doc = "Change the owner or the visibility of a depot."
effect = "idempotent"
body = "json"
params.type = "Who may see it."
params.quota = "Bytes it may take."
correct.quota = {type = "integer", evidence = "the service answers 400 to words"}

[operations.deleteDepot]
name = "Delete"
doc = "Delete a depot and everything in it."
deprecated = "Depots are archived now, not deleted."

[operations.getArchive]
name = "GetArchive"
group = "files"
doc = "Download all files as one archive."
params.If-None-Match = "Mark of the archive that the caller already has."

[operations.getFiles]
name = "GetFiles"
group = "files"
doc = "Get a file, or the entries of a folder."
absent = "[]"
params.path = "Path below the root; the root itself when left out."

[operations.uploadFile]
name = "Upload"
group = "files"
doc = "Upload a file, over the one that is there."
params.path = "Path below the root."
params.file = "What goes into the file."
params.message = "Why it was uploaded."
secret = ["message"]

[operations.setLabels]
name = "SetLabels"
doc = "Replace the labels of a depot."
params.body = "Labels it has from now on."

[operations.getLanguages]
name = "GetLanguages"
doc = "Get the languages of a depot, with the bytes in each."

[operations.getReadme]
name = "GetReadme"
group = "files"
doc = "Get the readme as the page that people see."
follows = true
"#,
    ),
    (
        "keys.toml",
        r#"[module]
tags = ["Keys"]
doc = "Keys of an account."

[operations.DescribeKeys]
name = "DescribeKeys"
doc = "List the keys of the account."
params.Order = "Which way the list runs."
params.PageNumber = "Page of the list, from 1."

[operations.RotateKey]
name = "RotateKey"
doc = "Replace a key by a new one."
params.KeyId = "Key that stops working."
"#,
    ),
];
