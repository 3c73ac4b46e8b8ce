//! A service of actions that has what CODING taught the generator.

use serde_json::{Value, json};

/// Its facts.
pub(crate) fn facts() -> Value {
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let model = |required: Value, properties: Value| json!({"type": "object", "required": required, "properties": properties});
    let text = json!({"type": "string"});
    let number = json!({"type": "integer", "format": "int64"});
    let action = |name: &str, placement: &str, more: Value| {
        let mut operation = json!({
            "operationId": name,
            "tags": ["Depots"],
            "x-action": name,
            "x-action-placement": placement,
            "requestBody": {"required": true, "content": {"application/json": {"schema": {"allOf": [
                model(json!(["Action"]), json!({"Action": {"const": name}})),
                reference(&format!("{name}Request")),
            ]}}}},
            "responses": {"200": {"content": {"application/json": {"schema": {"anyOf": [
                model(json!(["Response"]), json!({"Response": reference(&format!("{name}Response"))})),
                reference("ErrorEnvelope"),
            ]}}}}},
        });
        if let (Some(operation), Value::Object(more)) = (operation.as_object_mut(), more) {
            operation.extend(more);
        }
        json!({"post": operation})
    };
    let id = json!({"RequestId": text});
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Actions", "version": "2.0"},
        "paths": {
            "/?Action=ListDepots": action("ListDepots", "all", json!({
                "x-rate-per-second": 20,
                "x-pagination": {"lists": ["/Data/List"], "response": ["/Data/PageNumber", "/Data/TotalRow"]},
            })),
            "/?Action=DeleteDepot": action("DeleteDepot", "body", json!({"deprecated": true})),
            "/?Action=ReadLog": action("ReadLog", "body", json!({})),
            "/depots/{path}": {"post": {
                "operationId": "uploadDepot",
                "tags": ["Depots"],
                "x-confidence": "medium",
                "parameters": [
                    {"name": "path", "in": "path", "required": true, "schema": text},
                    {"name": "note", "in": "query", "schema": text},
                ],
                "responses": {"200": {"content": {"application/json": {"schema": {"anyOf": [
                    model(json!(["code"]), json!({"code": {"const": 0}, "data": text})),
                    reference("Error"),
                ]}}}}},
            }},
        },
        "components": {"schemas": {
            "ListDepotsRequest": model(json!(["Status", "PageNumber", "PageSize"]), json!({
                "Keyword": text, "PageNumber": number, "PageSize": number, "Since": number, "Status": text,
            })),
            "ListDepotsResponse": model(json!(["Data"]), json!({"Data": {"anyOf": [reference("Page"), {"type": "null"}]}, "RequestId": text})),
            "Page": model(json!([]), json!({
                "List": {"type": ["array", "null"], "items": reference("Depot")}, "PageNumber": number, "TotalRow": number,
            })),
            "Depot": model(json!(["Id"]), json!({
                "Id": {"type": "integer", "format": "uint64"}, "CreatedAt": number, "UpdatedAt": text, "Owner": text, "Labels": text,
            })),
            "DeleteDepotRequest": model(json!(["DepotId", "Reason"]), json!({"DepotId": number, "DepotPath": text, "Reason": text})),
            "DeleteDepotResponse": model(json!(["RequestId"]), id.clone()),
            "ReadLogRequest": model(json!(["BuildId", "Start"]), json!({"BuildId": number, "Start": number})),
            "ReadLogResponse": model(json!([]), json!({"Data": reference("Log"), "RequestId": text})),
            "Log": model(json!([]), json!({"Log": text, "MoreData": {"type": "boolean"}, "TextDelivered": number})),
            "Error": model(json!(["code", "msg"]), json!({"code": number, "msg": text})),
            "ErrorEnvelope": model(json!(["Response"]), json!({"Response": {"type": "object"}})),
        }},
    })
}

/// Its overlay.
pub(crate) const OVERLAY: &[(&str, &str)] = &[
    (
        "api.toml",
        r#"
surface = "actions"
envelope_members = ["RequestId"]
error_models = ["Error"]
gated = ["medium"]
required_first = true
timestamps = ["CreatedAt", "UpdatedAt", "Since"]

[choices.Depot]
members = ["DepotId", "DepotPath"]
types = ["integer", "string"]
evidence = "The texts say either one."

[enums.Status]
values = ["OPEN", "SELF"]
doc = "How a depot is."
variant.SELF = "Own"

[paging.Number]
style = "page"
start = "PageNumber"
size = "PageSize"
default_size = 10
max_size = 100

[paging.Log]
style = "position"
start = "Start"
key = "Data/TextDelivered"
more = "Data/MoreData"
"#,
    ),
    (
        "depots.toml",
        r#"
[module]
tags = ["Depots"]
doc = "Depots."

[operations.ListDepots]
name = "ListDepots"
doc = "List depots."
correct.Status = { type = "Status|[Status]", evidence = "One and many in samples." }

[operations.DeleteDepot]
name = "DeleteDepot"
doc = "Delete a depot."
deprecated = "Gone since 2024."
optional.Reason = "A sample leaves it out."

[operations.ReadLog]
name = "ReadLog"
doc = "Read a log."
items = "Data/Log"

[operations.uploadDepot]
name = "Upload"
doc = "Upload a depot."
tail = ["path"]
add."{filename}" = { type = "file", evidence = "A client." }
rename."{filename}" = "file"
rename.note = "remark"
"#,
    ),
    (
        "types.toml",
        r#"
[types.Depot]
doc = "A depot."
spelled.Owner = "owner"
add.Deleter = { type = "integer", evidence = "A sample." }
correct.Labels = { type = "[string]", evidence = "A sample." }
"#,
    ),
];
