"""usage: check_wire.py OPENAPI.json WIRE.jsonl

Validates every request and every answer against the OpenAPI document. Exits with 1 and a line for each that does not fit.
"""
import json
import sys
from urllib.parse import parse_qsl, unquote

from jsonschema import Draft202012Validator

document = json.load(open(sys.argv[1], encoding="utf-8"))
operations = {
    operation["operationId"]: (path, operation)
    for path, item in document["paths"].items()
    for operation in item.values()
}
problems = []
checked = {"parameters": 0, "bodies": 0, "answers": 0}


def resolve(value):
    while "$ref" in value:
        node = document
        for key in value["$ref"].lstrip("#/").split("/"):
            node = node[key.replace("~1", "/").replace("~0", "~")]
        value = node
    return value


def together(schema):
    """One schema for what is written in parts."""
    schema = resolve(schema)
    parts = [together(part) for part in schema.get("allOf", [])]
    if not parts:
        return schema
    properties = {name: member for part in parts for name, member in part.get("properties", {}).items()}
    return {"type": "object", "properties": properties, "required": [name for part in parts for name in part.get("required", [])]}


def validate(place, schema, value):
    validator = Draft202012Validator({**schema, "components": document["components"]})
    for error in validator.iter_errors(value):
        where = "/".join(str(step) for step in error.absolute_path)
        problems.append(f"{place}: /{where}: {error.message[:200]}")


def typed(schema, text):
    """What a text means where the schema names a type."""
    schema = resolve(schema)
    kinds = schema.get("type", "string")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "integer" in kinds and text.lstrip("-").isdigit():
        return int(text)
    if "number" in kinds:
        return float(text)
    if "boolean" in kinds and text in ("true", "false"):
        return text == "true"
    return text


def put(into, schema, name, text):
    """`a[b]=c` and `a[]=c`, unless the document itself has a property of that name."""
    properties = resolve(schema).get("properties", {})
    plain = name[:-2] if name.endswith("[]") else name
    if plain in properties:
        member = resolve(properties[plain])
        if member.get("type") == "array":
            into.setdefault(plain, []).append(typed(member.get("items", {}), text))
        else:
            into[plain] = typed(member, text)
        return
    head, _, rest = name.partition("[")
    inner = rest.split("]", 1)
    member = resolve(properties.get(head, {}))
    member = member.get("additionalProperties", member) if inner[0] not in member.get("properties", {}) else member
    if rest and head in properties:
        target = into.setdefault(head, {})
        put(target, resolve(properties[head]) if inner[0] in resolve(properties[head]).get("properties", {}) else {"properties": {inner[0]: member}}, inner[0] + inner[1], text)
    else:
        problems.append(f"a field `{name}` that the document does not have")


for line in open(sys.argv[2], encoding="utf-8"):
    call = json.loads(line)
    path, operation = operations[call["id"]]
    place = f'{call["id"]} request'
    parameters = [resolve(parameter) for parameter in operation.get("parameters", [])]
    query = {}
    for name, text in parse_qsl(call["query"] or "", keep_blank_values=True):
        query.setdefault(name, []).append(text)
    for parameter in parameters:
        if parameter["in"] == "query" and parameter["name"] in query:
            schema = resolve(parameter["schema"])
            schema = schema["items"] if schema.get("type") == "array" else schema
            for text in query.pop(parameter["name"]):
                validate(f'{place} {parameter["name"]}', schema, typed(schema, text))
                checked["parameters"] += 1
        elif parameter["name"] == "Action" and '"Action"' in (call["body"] or ""):
            # The document wants it in the query and its pages have it in the body; either place is attested.
            continue
        elif parameter.get("required") and parameter["in"] == "query":
            problems.append(f'{place}: the parameter {parameter["name"]} is missing')
    for name in query:
        problems.append(f"{place}: the document has no parameter {name}")
    # The base address of some surfaces ends in /api, and the paths of others begin with it.
    base = "" if path.startswith("/api/") else "/api"
    want, got = path.strip("/").split("/"), unquote(call["path"]).removeprefix(base).strip("/").split("/")
    action = path.startswith("/?Action=")
    if not action and not all(w == g for w, g in zip(want, got) if "{" not in w):
        problems.append(f'{place}: {call["path"]} is not {path}')
    content = operation.get("requestBody", {}).get("content", {})
    kind = (call["content_type"] or "").split(";")[0]
    if call["body"] and kind != "multipart/form-data":
        if kind not in content:
            problems.append(f"{place}: the document takes no {kind}")
        else:
            schema = content[kind]["schema"]
            if kind == "application/json":
                body = json.loads(call["body"])
            else:
                body = {}
                for name, text in parse_qsl(call["body"], keep_blank_values=True):
                    put(body, schema, name, text)
            schema = together(schema)
            unknown = isinstance(body, dict) and set(body) - set(schema.get("properties", body))
            if unknown:
                problems.append(f"{place}: the document has no members {sorted(unknown)}")
            validate(place, schema, body)
            checked["bodies"] += 1
    response = operation["responses"].get(str(call["status"]))
    if response is None:
        problems.append(f'{call["id"]}: the document has no answer {call["status"]}')
    elif call.get("answer") and "application/json" in response.get("content", {}):
        validate(f'{call["id"]} answer', response["content"]["application/json"]["schema"], json.loads(call["answer"]))
        checked["answers"] += 1

for problem in problems:
    print(problem)
print(f"{checked}, {len(problems)} problems")
sys.exit(bool(problems))
