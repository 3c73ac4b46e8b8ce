//! What is said about a mistake in the facts or the overlay: the file, the place, and what is wrong.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

#[path = "support/source.rs"]
mod source;

use serde_json::{Map, Value, json};
use source::{overlay, spec};
use yunkit_codegen::{Overlay, Source, lower};

/// The overlay that the rows below spoil; what a row appends begins on line 8, in the entry of `getThing`.
const THINGS: &str = r#"[module]
tags = ["Things"]
doc = "Things, one by one."

[operations.getThing]
name = "Get"
doc = "Get a thing by its number."
"#;

const OPERATION: &str = "/paths/~1things~1{id}/get";

/// The facts that the rows below spoil.
fn facts() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Demo", "version": "1"},
        "paths": {"/things/{id}": {"get": {
            "operationId": "getThing",
            "tags": ["Things"],
            "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}],
            "responses": {"200": {"content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/Thing"},
            }}}},
        }}},
        "components": {"schemas": {"Thing": {"type": "object", "properties": {
            "id": {"type": "integer"},
            "name": {"type": "string"},
        }}}},
    })
}

/// The facts with another operation on a path without parameters.
fn facts_with(path: &str, id: &str, tag: &str) -> Value {
    let mut facts = facts();
    facts["paths"][path]["get"] = json!({"operationId": id, "tags": [tag], "responses": {"204": {}}});
    facts
}

/// The facts with something else at a place; the last piece of the pointer may be new.
fn spoiled(pointer: &str, value: Value) -> Value {
    let mut facts = facts();
    let (holder, key) = pointer.rsplit_once('/').unwrap();
    let holder = facts.pointer_mut(holder).unwrap_or_else(|| panic!("{pointer} hangs in the air"));
    match holder {
        Value::Array(items) => items.push(value),
        holder => holder[key.replace("~1", "/")] = value,
    }
    facts
}

/// What is said about the first mistake, the way a person reads it.
fn complaint(facts: &Value, files: &[(&str, &str)]) -> String {
    let lowered = overlay(files).and_then(|overlay| lower(&spec(facts), &overlay));
    lowered.map_or_else(|problem| problem.to_string(), |_| "no complaint".to_owned())
}

fn complaint_about_overlay(facts: &Value, file: &str, text: &str) -> String {
    match file {
        "things.toml" => complaint(facts, &[(file, &format!("{THINGS}{text}"))]),
        _ => complaint(facts, &[("things.toml", THINGS), (file, text)]),
    }
}

fn complaint_about_facts(facts: &Value) -> String {
    complaint(facts, &[("things.toml", THINGS)])
}

#[test]
fn what_the_rows_spoil_is_sound() {
    let found = complaint_about_facts(&facts());

    assert_eq!(found, "no complaint");
}

#[test]
fn toml_that_cannot_be_read_is_an_error_with_the_line() {
    let rows = [
        (
            "things.toml",
            "params.id = \n",
            "overlay/things.toml: line 8: string values must be quoted, expected literal string",
        ),
        (
            "glossary.toml",
            "[params]\nid = \"One.\"\n[members\n",
            "overlay/glossary.toml: line 3: unclosed table, expected `]`",
        ),
        (
            "glossary.toml",
            "[parameters]\nid = \"One.\"\n",
            "overlay/glossary.toml: line 1: unknown field `parameters`, expected `params` or `members`",
        ),
        (
            "things.toml",
            "efect = \"read\"\n",
            "overlay/things.toml: line 8: unknown field `efect`, expected one of `name`, `group`, `doc`, `params`, \
             `effect`, `paging`, `items`, `total`, `body`, `deprecated`, `absent`, `follows`, `sensitive`, `secret`, `optional`, `add`, `twice`, `tail`, `confirmed`, `rename`, `correct`",
        ),
        (
            "things.toml",
            "correct.id = {type = \"string\", evidence = \"seen\", since = \"1\"}\n",
            "overlay/things.toml: line 8: unknown field `since`, expected `type` or `evidence`",
        ),
        (
            "things.toml",
            "correct.id = {type = \"string\"}\n",
            "overlay/things.toml: line 8: missing field `evidence`",
        ),
        (
            "types.toml",
            "[types.Thing]\ndocs = \"A thing.\"\n",
            "overlay/types.toml: line 2: unknown field `docs`, expected one of `name`, `doc`, `members`, `secret`, \
             `optional`, `spelled`, `correct`, `add`",
        ),
        (
            "api.toml",
            "surfaces = \"demo\"\n",
            "overlay/api.toml: line 1: unknown field `surfaces`, expected one of `surface`, `server`, \
             `credential_members`, `required_first`, `gated`, `error_models`, `envelope_members`, `timestamps`, `choices`, `enum_limit`, `enums`, `paging`, `raw`",
        ),
        ("more.toml", "[operations]\n", "overlay/more.toml: line 1: missing field `module`"),
    ];

    for (file, text, expected) in rows {
        assert_eq!(complaint_about_overlay(&facts(), file, text), expected, "{file} with {text:?}");
    }
}

#[test]
fn an_overlay_entry_that_hits_nothing_is_an_error() {
    let mut facts = facts();
    facts["components"]["schemas"]["Thing"]["properties"]["state"] =
        json!({"type": "string", "enum": ["open", "closed"]});
    let rows = [
        (
            "things.toml",
            "[operations.getThink]\nname = \"Think\"\n",
            "overlay/things.toml: line 8: the facts have no operation `getThink`",
        ),
        (
            "things.toml",
            "params.idd = \"Number of the thing.\"\n",
            "overlay/things.toml: line 8: the facts have no parameter `idd`",
        ),
        (
            "things.toml",
            "correct.idd = {type = \"string\", evidence = \"seen\"}\n",
            "overlay/things.toml: line 8: there is nothing called `idd` to correct",
        ),
        (
            "types.toml",
            "[types.Think]\ndoc = \"A thought.\"\n",
            "overlay/types.toml: line 1: the facts have no model `Think`",
        ),
        (
            "types.toml",
            "[types.Thing]\nmembers.nam = \"What people call it.\"\n",
            "overlay/types.toml: line 2: `Thing` has no member `nam`",
        ),
        (
            "types.toml",
            "[types.Thing]\ndoc = \"A thing.\"\ncorrect.nam = {type = \"integer\", evidence = \"seen\"}\n",
            "overlay/types.toml: line 3: `Thing` has no member `nam`",
        ),
        (
            "types.toml",
            "[types.Thing]\nsecret = [\"nam\"]\n",
            "overlay/types.toml: line 2: `Thing` has no member `nam`",
        ),
        (
            "glossary.toml",
            "[params]\nidd = \"Number of the thing.\"\n",
            "overlay/glossary.toml: line 2: no parameter is called `idd`",
        ),
        (
            "glossary.toml",
            "[members]\nnam = \"What people call it.\"\n",
            "overlay/glossary.toml: line 2: no model has a member `nam`",
        ),
        (
            "api.toml",
            "[enums.Colour]\nvalues = [\"red\", \"green\"]\ndoc = \"Colours.\"\n",
            "overlay/api.toml: line 1: no place in the facts has just the values red, green, and no correction names it",
        ),
        (
            "api.toml",
            "[enums.State]\nvalues = [\"open\", \"closed\"]\ndoc = \"States.\"\nvalue.opened = \"It is open.\"\n",
            "overlay/api.toml: line 4: `State` has no value `opened`",
        ),
        (
            "api.toml",
            "[enums.State]\nvalues = [\"open\", \"closed\"]\ndoc = \"States.\"\nvariant.opened = \"Open\"\n",
            "overlay/api.toml: line 4: `State` has no value `opened`",
        ),
        (
            "api.toml",
            "[raw]\n\"Thing/name\" = \"Of no known shape.\"\n",
            "overlay/api.toml: line 2: nothing stays raw there",
        ),
        (
            "more.toml",
            "[module]\ntags = [\"More\"]\ndoc = \"More.\"\n",
            "overlay/more.toml: line 2: no operation has the tag `More`",
        ),
    ];

    for (file, text, expected) in rows {
        assert_eq!(complaint_about_overlay(&facts, file, text), expected, "{file} with {text:?}");
    }
}

#[test]
fn an_overlay_entry_that_says_what_is_so_anyway_is_an_error() {
    let rows = [
        ("things.toml", "effect = \"read\"\n", "overlay/things.toml: line 8: `read` is what it is anyway"),
        (
            "things.toml",
            "correct.id = {type = \"integer\", evidence = \"seen\"}\n",
            "overlay/things.toml: line 8: the facts have made this correction unnecessary",
        ),
        (
            "things.toml",
            "correct.answer = {type = \"Thing\", evidence = \"seen\"}\n",
            "overlay/things.toml: line 8: the facts have made this correction unnecessary",
        ),
        (
            "types.toml",
            "[types.Thing]\ncorrect.name = {type = \"string\", evidence = \"seen\"}\n",
            "overlay/types.toml: line 2: the facts have made this correction unnecessary",
        ),
        (
            "types.toml",
            "[types.Thing]\nadd.name = {type = \"string\", evidence = \"seen\"}\n",
            "overlay/types.toml: line 2: the facts have made this addition unnecessary",
        ),
    ];

    for (file, text, expected) in rows {
        assert_eq!(complaint_about_overlay(&facts(), file, text), expected, "{file} with {text:?}");
    }
}

#[test]
fn a_word_in_the_overlay_that_means_nothing_is_an_error() {
    let rows = [
        (
            "things.toml",
            "effect = \"readonly\"\n",
            "overlay/things.toml: line 8: expected `read`, `idempotent` or `write`, got `readonly`",
        ),
        (
            "things.toml",
            "paging = \"pages\"\n",
            "overlay/things.toml: line 8: api.toml has no paging called `pages`",
        ),
        ("things.toml", "group = \"tables\"\n", "overlay/things.toml: line 8: `tables` cannot name a file"),
        (
            "things.toml",
            "correct.id = {type = \"Number\", evidence = \"seen\"}\n",
            "overlay/things.toml: line 8: `Number` is no type",
        ),
        (
            "types.toml",
            "[types.Thing]\ncorrect.name = {type = \"[Name]\", evidence = \"seen\"}\n",
            "overlay/types.toml: line 2: `Name` is no type",
        ),
        (
            "types.toml",
            "[types.Thing]\nadd.colour = {type = \"{Colour}\", evidence = \"seen\"}\n",
            "overlay/types.toml: line 2: `Colour` is no type",
        ),
        (
            "types.toml",
            "[types.Thing]\nadd.\"编号\" = {type = \"string\", evidence = \"seen\"}\n",
            "overlay/types.toml: line 2: `编号` makes no name",
        ),
        (
            "types.toml",
            "[types.Thing]\ncorrect.name = {type = \"integer\", evidence = \" \"}\n",
            "overlay/types.toml: line 2: a correction needs its evidence",
        ),
        (
            "types.toml",
            "[types.Thing]\nname = \"a thing\"\n",
            "openapi.json: /components/schemas/Thing: `a thing` cannot name a type; name it in types.toml",
        ),
        (
            "type.toml",
            "[module]\ntags = [\"More\"]\ndoc = \"More.\"\n",
            "overlay/type.toml: line 1: `type` cannot name a module",
        ),
    ];

    for (file, text, expected) in rows {
        assert_eq!(complaint_about_overlay(&facts(), file, text), expected, "{file} with {text:?}");
    }
}

#[test]
fn a_body_is_written_as_the_overlay_says_only_where_the_facts_say_otherwise() {
    let schema = json!({"schema": {"type": "object", "properties": {"name": {"type": "string"}}}});
    let body =
        |media_type: &str| spoiled(&format!("{OPERATION}/requestBody"), json!({"content": {media_type: schema}}));
    let rows = [
        (body("application/json"), "form", "no complaint"),
        (body("application/x-www-form-urlencoded"), "json", "no complaint"),
        (body("application/json"), "json", "overlay/things.toml: line 8: the facts have made `json` unnecessary"),
        (
            body("multipart/form-data"),
            "form",
            "overlay/things.toml: line 8: the facts have made `form` unnecessary",
        ),
        (body("application/json"), "xml", "overlay/things.toml: line 8: expected `json` or `form`, got `xml`"),
        (facts(), "json", "overlay/things.toml: line 8: the facts have no body"),
    ];

    for (facts, kind, expected) in rows {
        assert_eq!(
            complaint_about_overlay(&facts, "things.toml", &format!("body = \"{kind}\"\n")),
            expected,
            "{facts}"
        );
    }
}

#[test]
fn an_operation_belongs_to_one_module_and_has_an_entry_there() {
    let more = "[module]\ntags = [\"More\"]\ndoc = \"More.\"\n\n";
    let rows = [
        (
            facts(),
            "[module]\ntags = [\"Things\"]\ndoc = \"More.\"\n\n[operations.getThing]\nname = \"Get\"\n".to_owned(),
            "overlay/things.toml: line 5: the module `more` describes `getThing`, too",
        ),
        (
            facts_with("/more", "listMore", "More"),
            more.to_owned(),
            "overlay/more.toml: operations: the operation `listMore` (get /more) has no entry",
        ),
        (
            facts_with("/other", "listOther", "Other"),
            "[module]\ntags = [\"Things\"]\ndoc = \"More.\"\n\n[operations.listOther]\nname = \"List\"\n"
                .to_owned(),
            "overlay/more.toml: line 5: no module lists the tag of the operation `listOther`",
        ),
        (
            facts_with("/more", "listMore", "More"),
            format!("{more}[operations.listMore]\nname = \"list_more\"\n"),
            "overlay/more.toml: line 6: `list_more` cannot name an operation",
        ),
    ];

    for (facts, text, expected) in rows {
        assert_eq!(complaint_about_overlay(&facts, "more.toml", &text), expected, "{text:?}");
    }
}

#[test]
fn places_that_stay_raw_are_listed_until_each_has_its_reason() {
    let mut facts = facts();
    facts["components"]["schemas"]["Thing"]["properties"]["extra"] = json!({});
    facts["components"]["schemas"]["Thing"]["properties"]["payload"] = json!({"type": "object"});

    let found = complaint_about_overlay(&facts, "api.toml", "[raw]\n\"Thing/extra\" = \"Nobody has seen it.\"\n");

    assert_eq!(
        found,
        "overlay/api.toml: line 1: these places stay raw JSON; give the reason for each: Thing/payload"
    );
}

#[test]
fn a_corrected_place_is_raw_only_where_the_correction_says_so() {
    let member = "/components/schemas/Thing/properties/extra";
    let parameter = format!("{OPERATION}/parameters/-");
    let answer = format!("{OPERATION}/responses/200/content");
    let untyped = json!({"name": "extra", "in": "query"});
    let correction =
        |place: &str, ty: &str| format!("correct.{place} = {{type = \"{ty}\", evidence = \"seen\"}}\n");
    let of_type = |ty: &str| format!("[types.Thing]\n{}", correction("extra", ty));
    let reason = "api.toml: raw: these places stay raw JSON; give the reason for each:";
    let rows = [
        (member, json!({}), "types.toml", of_type("[string]"), "no complaint".to_owned()),
        (member, json!({"type": "string"}), "types.toml", of_type("[any]"), format!("{reason} Thing/extra")),
        (&parameter, untyped.clone(), "things.toml", correction("extra", "string"), "no complaint".to_owned()),
        (
            &parameter,
            untyped,
            "things.toml",
            correction("id", "any"),
            format!("{reason} getThing/extra, getThing/id"),
        ),
        (
            &answer,
            json!({"application/json": {}}),
            "things.toml",
            correction("answer", "Thing"),
            "no complaint".to_owned(),
        ),
    ];

    for (pointer, value, file, text, expected) in rows {
        let found = complaint_about_overlay(&spoiled(pointer, value), file, &text);

        assert_eq!(found, expected, "{pointer} with {text:?}");
    }
}

#[test]
fn a_mistake_in_the_facts_names_the_pointer() {
    let members: Map<String, Value> = (0..257).map(|i| (format!("m{i}"), json!({"type": "string"}))).collect();
    let parameter = |name: &str, place: &str| {
        (format!("{OPERATION}/parameters/-"), json!({"name": name, "in": place, "schema": {"type": "string"}}))
    };
    let answer = |value: Value| (format!("{OPERATION}/responses/200/content/application~1json/schema"), value);
    let thing = |member: &str, value: Value| (format!("/components/schemas/Thing/properties/{member}"), value);
    let rows = [
        (("/paths".to_owned(), json!([])), "openapi.json: /paths: expected an object"),
        (
            (format!("{OPERATION}/operationId"), Value::Null),
            "openapi.json: /paths/~1things~1{id}/get: there is no operationId",
        ),
        (
            (format!("{OPERATION}/responses"), json!({"404": {}})),
            "openapi.json: /paths/~1things~1{id}/get/responses: there is no success",
        ),
        (parameter("key", "path"), "openapi.json: /paths/~1things~1{id}/get/parameters/1: the path has no `{key}`"),
        (
            parameter("key", "cookie"),
            "openapi.json: /paths/~1things~1{id}/get/parameters/1: parameters in `cookie` are not supported",
        ),
        (
            (format!("{OPERATION}/parameters"), json!([])),
            "openapi.json: /paths/~1things~1{id}/get: `{id}` in the path is no parameter",
        ),
        (
            (format!("{OPERATION}/parameters/-"), json!({"$ref": "#/components/parameters/page"})),
            "openapi.json: /paths/~1things~1{id}/get/parameters/1: `#/components/parameters/page` does not exist",
        ),
        (
            (format!("{OPERATION}/requestBody"), json!({"content": {"text/xml": {}}})),
            "openapi.json: /paths/~1things~1{id}/get/requestBody/content/text~1xml/schema: bodies of type `text/xml` \
             are not supported",
        ),
        (
            answer(json!({"$ref": "#/components/schemas/Think"})),
            "openapi.json: /paths/~1things~1{id}/get/responses/200/content/application~1json/schema: \
             `#/components/schemas/Think` does not exist",
        ),
        (
            answer(json!({"$ref": "thing.json"})),
            "openapi.json: /paths/~1things~1{id}/get/responses/200/content/application~1json/schema: `thing.json` is no \
             schema",
        ),
        (
            thing("size", json!({"type": "decimal"})),
            "openapi.json: /components/schemas/Thing/properties/size: the type `decimal` is unknown",
        ),
        (
            thing("sizes", json!({"type": "array", "items": {"type": "decimal"}})),
            "openapi.json: /components/schemas/Thing/properties/sizes/items: the type `decimal` is unknown",
        ),
        (
            thing("编号", json!({"type": "string"})),
            "openapi.json: /components/schemas/Thing/properties/编号: `编号` makes no name for a member",
        ),
        (
            thing("votes", json!({"type": "string", "enum": ["+1", "-1"]})),
            "openapi.json: /components/schemas/Thing/properties/votes: the values `+1` and `-1` would both be `V1`",
        ),
        (
            thing("mark", json!({"type": "string", "enum": ["done", "×"]})),
            "openapi.json: /components/schemas/Thing/properties/mark: the value `×` makes no variant; name it in \
             api.toml under [enums]",
        ),
        (
            // The open enum has a variant of that name for whatever nobody listed.
            thing("shown", json!({"type": "string", "enum": ["listed", "unlisted"]})),
            "openapi.json: /components/schemas/Thing/properties/shown: the value `unlisted` makes no variant; name it \
             in api.toml under [enums]",
        ),
        (
            ("/components/schemas/Thing/properties".to_owned(), members.into()),
            "openapi.json: /components/schemas/Thing: 257 members are more than a record can have (256)",
        ),
    ];

    for ((pointer, value), expected) in rows {
        assert_eq!(complaint_about_facts(&spoiled(&pointer, value)), expected, "{pointer}");
    }
}

#[test]
fn a_name_that_generated_code_uses_itself_is_refused() {
    for name in ["Value", "Entry", "Debug", "Some"] {
        let mut facts = facts();
        facts["components"]["schemas"][name] = facts["components"]["schemas"]["Thing"].take();
        facts["components"]["schemas"]["Thing"] = json!({"$ref": format!("#/components/schemas/{name}")});
        facts["paths"]["/things/{id}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"] =
            json!({"$ref": format!("#/components/schemas/{name}")});

        assert_eq!(
            complaint_about_facts(&facts),
            format!("openapi.json: /components/schemas/{name}: `{name}` cannot name a type; name it in types.toml")
        );
    }
}

#[test]
fn a_schema_that_leads_back_to_itself_is_an_error_instead_of_a_crash() {
    let answer = "openapi.json: /paths/~1things~1{id}/get/responses/200/content/application~1json/schema";
    let myself = json!({"$ref": "#/components/schemas/Thing"});
    let rows = [
        (myself.clone(), format!("{answer}: `#/components/schemas/Thing` refers to itself")),
        (
            json!({"type": "array", "items": myself}),
            "openapi.json: /components/schemas/Thing/items: `Thing` holds nothing but itself".to_owned(),
        ),
        (
            json!({"type": "object", "additionalProperties": myself}),
            "openapi.json: /components/schemas/Thing/additionalProperties: `Thing` holds nothing but itself"
                .to_owned(),
        ),
    ];

    for (schema, expected) in rows {
        assert_eq!(complaint_about_facts(&spoiled("/components/schemas/Thing", schema)), expected);
    }
}

#[test]
fn facts_that_are_no_json_are_an_error_with_the_line() {
    let mut broken = spec(&facts());
    broken.text = "{\n  \"paths\": {},\n}".to_owned();

    let problem = lower(&broken, &Overlay::default()).unwrap_err();

    assert_eq!(problem.to_string(), "openapi.json: line 3: trailing comma at line 3 column 1");
}

#[test]
fn an_id_that_stands_twice_is_an_error_with_both_places() {
    let found = complaint_about_facts(&facts_with("/other", "getThing", "Things"));

    assert_eq!(
        found,
        "openapi.json: /paths/~1things~1{id}/get: the operationId `getThing` stands at /paths/~1other/get, too"
    );
}

#[test]
fn a_name_collision_of_operations_is_an_error_with_both_places() {
    let facts = facts_with("/things", "listThings", "Things");

    let found = complaint_about_overlay(&facts, "things.toml", "\n[operations.listThings]\nname = \"Get\"\n");

    assert_eq!(found, "overlay/things.toml: line 6: the name `Get` is taken by `listThings`, too");
}

#[test]
fn a_name_collision_of_members_is_an_error_with_both_names() {
    let query = json!({"name": "ID", "in": "query", "schema": {"type": "string"}});
    let rows = [
        (
            format!("{OPERATION}/parameters/-"),
            query,
            "openapi.json: /paths/~1things~1{id}/get: `id` and `ID` would both be called `id`",
        ),
        (
            "/components/schemas/Thing/properties/Name".to_owned(),
            json!({"type": "string"}),
            "openapi.json: /components/schemas/Thing: `Name` and `name` would both be called `name`",
        ),
    ];

    for (pointer, value, expected) in rows {
        assert_eq!(complaint_about_facts(&spoiled(&pointer, value)), expected);
    }
}

#[test]
fn a_name_collision_of_types_is_an_error_with_both_names() {
    let holds =
        |member: &str, schema: Value| spoiled(&format!("/components/schemas/Thing/properties/{member}"), schema);
    let mut two_models = holds("owner", json!({"$ref": "#/components/schemas/UserBasic"}));
    two_models["components"]["schemas"]["UserBasic"] = json!({"properties": {"login": {"type": "string"}}});
    let mut model_and_enum = two_models.clone();
    model_and_enum["components"]["schemas"]["Thing"]["properties"]["state"] =
        json!({"type": "string", "enum": ["open", "closed"]});
    let rows = [
        (
            facts(),
            "[types.Thing]\nname = \"Get\"\n",
            "openapi.json: in the module `things`, the model `Thing` and the operation `getThing` would both be called \
             `Get`",
        ),
        (
            two_models,
            "[types.UserBasic]\nname = \"Thing\"\n",
            "openapi.json: in the module `things`, the model `Thing` and the model `UserBasic` would both be called \
             `Thing`",
        ),
        (
            model_and_enum,
            "[types.UserBasic]\nname = \"ThingState\"\n",
            "openapi.json: in the module `things`, the model `UserBasic` and an enum would both be called `ThingState`",
        ),
    ];

    for (facts, text, expected) in rows {
        assert_eq!(complaint_about_overlay(&facts, "types.toml", text), expected, "{text:?}");
    }
}

#[test]
fn two_enums_of_one_name_and_different_values_are_an_error() {
    let mut facts = facts();
    facts["components"]["schemas"]["Thing"]["properties"] = json!({
        "item_kind": {"type": "string", "enum": ["book", "film"]},
        "item": {"type": "object", "properties": {"kind": {"type": "string", "enum": ["new", "old"]}}},
    });

    let found = complaint_about_facts(&facts);

    assert_eq!(
        found,
        "openapi.json: /components/schemas/Thing/properties/item/properties/kind: another enum is called \
         `ThingItemKind`, too; name one of them in api.toml under [enums]"
    );
}

#[test]
fn what_the_document_has_by_now_need_not_be_attested_any_more() {
    let document = Source {
        name: "openapi.json".to_owned(),
        text: r#"{"paths": {}, "components": {"schemas": {"Pages": {"type": "object"}}}}"#.to_owned(),
    };
    let attested = Source {
        name: "attested.json".to_owned(),
        text: r#"{"components": {"schemas": {"Pages": {"type": "object"}}}}"#.to_owned(),
    };

    let problem = yunkit_codegen::join(&document, &attested).unwrap_err();

    assert_eq!(
        problem.to_string(),
        "attested.json: /components/schemas/Pages: the document has it, too; take it out here"
    );
}
