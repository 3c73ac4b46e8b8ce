#!/usr/bin/env python3
"""Writes an OpenAPI document of 1,200 schemas and 120 operations, to measure what generated code costs to compile.

    scripts/synthetic.py FILE

Nothing in it means anything; the mixture of types is about that of the documents we know. Two runs give the same bytes.
"""

import json
import random
import sys

SCHEMAS = 1200
OPERATIONS = 120
# Every operation reaches this many schemas for sure, so that none is left out as unused.
REACH = SCHEMAS // OPERATIONS
AREAS = ["billing", "builds", "clusters", "devices", "invoices", "members", "storage", "tickets"]
NOUNS = (
    "account address amount archive branch budget channel comment count digest domain event folder group host image "
    "key label limit mirror node note owner path period phase plan port quota rank region role rule scope size source "
    "stage state summary tag target team title token unit url user vendor version volume weight window zone"
).split()
SPELLINGS = "active blocked closed done draft failed idle merged open paused pending ready retired running".split()

chance = random.Random(1200)


def schema_name(index):
    return f"{NOUNS[index % len(NOUNS)].title()}{NOUNS[(index * 7 + 3) % len(NOUNS)].title()}{index}"


def reference(index):
    return {"$ref": f"#/components/schemas/{schema_name(index)}"}


def children(index):
    """The schemas of an operation form a tree, with two branches at every fork."""
    root, place = index - index % REACH, index % REACH
    return [root + child for child in (2 * place + 1, 2 * place + 2) if child < REACH]


def leaf(index):
    """A schema of another operation that refers to none itself: nothing is nested deeper than documents nest."""
    own = index - index % REACH
    return chance.choice([root for root in range(0, SCHEMAS, REACH) if root != own]) + REACH - 1


def value(index):
    kinds = ["text", "integer", "boolean", "time", "number", "enum", "texts", "map", "reference", "references"]
    weights = [38, 20, 12, 8, 3, 4, 4, 1, 6, 4]
    kind = chance.choices(kinds, weights)[0]
    if kind.startswith("reference") and not children(index):
        kind = "text"
    return {
        "text": lambda: {"type": "string"},
        "integer": lambda: {"type": "integer", "format": "int64"},
        "boolean": lambda: {"type": "boolean"},
        "time": lambda: {"type": "string", "format": "date-time"},
        "number": lambda: {"type": "number"},
        "enum": lambda: {"type": "string", "enum": sorted(chance.sample(SPELLINGS, chance.randrange(2, 7)))},
        "texts": lambda: {"type": "array", "items": {"type": "string"}},
        "map": lambda: {"type": "object", "additionalProperties": {"type": "string"}},
        "reference": lambda: reference(leaf(index)),
        "references": lambda: {"type": "array", "items": reference(leaf(index))},
    }[kind]()


def schema(index):
    names = chance.sample(NOUNS, chance.randrange(4, 13))
    properties = {name: value(index) for name in names}
    for name, child in zip(names, children(index)):
        properties[name] = reference(child)
    return {"type": "object", "properties": properties, "x-order": names}


def operation(number):
    area, root = AREAS[number % len(AREAS)], number * REACH
    noun = schema_name(root)
    method, path = [
        ("get", f"/{area}/{noun}/{{id}}"),
        ("get", f"/{area}/{noun}"),
        ("post", f"/{area}/{noun}"),
        ("patch", f"/{area}/{noun}/{{id}}"),
    ][number % 4]
    verb = ["get", "list", "create", "update"][number % 4]
    parameters = []
    if "{id}" in path:
        parameters.append({"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}})
    if verb == "list":
        for name in ["page", "per_page"]:
            parameters.append({"name": name, "in": "query", "schema": {"type": "integer"}})
    body = {}
    if verb in ("create", "update"):
        members = {name: {"type": chance.choice(["string", "integer", "boolean"])} for name in chance.sample(NOUNS, 5)}
        content = {"application/json": {"schema": {"type": "object", "properties": members}}}
        body = {"requestBody": {"required": True, "content": content}}
    answer = {"type": "array", "items": reference(root)} if verb == "list" else reference(root)
    responses = {"200": {"description": "", "content": {"application/json": {"schema": answer}}}}
    facts = {"operationId": f"{verb}{noun}", "tags": [area], "parameters": parameters, **body, "responses": responses}
    return path, {method: facts}


def main():
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Synthetic", "version": "1"},
        "paths": dict(operation(number) for number in range(OPERATIONS)),
        "components": {"schemas": {schema_name(index): schema(index) for index in range(SCHEMAS)}},
    }
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)


main()
