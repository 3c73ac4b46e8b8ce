//! The commands as people and CI run them: what they write, what they say, how they end.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const THINGS: &str = r#"[module]
tags = ["Things"]
doc = "Things, one by one."

[operations.listThings]
name = "List"
doc = "List the things that the caller has made."
params.page = "Page of the list, from 1."
params.size = "How many things a page holds."

[operations.DeleteThing]
name = "Delete"
doc = "Delete a thing, for good."
"#;

const API: &str = r#"surface = "demo"

[paging.pages]
style = "page"
start = "page"
size = "size"
default_size = 20
max_size = 100
"#;

const TYPES: &str = "[types.Thing]\ndoc = \"What people make here.\"\n";

const MANIFEST: &str = "[package]\nname = \"yunkit-demo\"\n\n[features]\nthings = []\n";

/// The files that the crate of [`Workspace`] has generated, in the order in which they are written.
const GENERATED: [&str; 6] =
    ["mod.rs", "types.rs", "types/tables.rs", "things.rs", "things/tables.rs", "spec.json"];

fn facts() -> Value {
    let number = json!({"type": "integer"});
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Demo", "version": "1"},
        "paths": {
            "/things": {"get": {
                "operationId": "listThings",
                "tags": ["Things"],
                "parameters": [
                    {"name": "page", "in": "query", "schema": number},
                    {"name": "size", "in": "query", "schema": number},
                ],
                "responses": {"200": {"content": {"application/json": {
                    "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
                }}}},
            }},
            "/#DeleteThing": {"post": {
                "operationId": "DeleteThing",
                "x-action": "DeleteThing",
                "tags": ["Things"],
                "responses": {"200": {}},
            }},
        },
        "components": {"schemas": {"Thing": {"type": "object", "properties": {"id": number}}}},
    })
}

/// How a command ended.
#[derive(Debug, PartialEq)]
struct End {
    code: i32,
    out: String,
    err: String,
}

/// A command that succeeded and said this.
fn success(out: impl Into<String>) -> End {
    End { code: 0, out: out.into(), err: String::new() }
}

/// A command that could not be carried out, and why.
fn refusal(err: impl Into<String>) -> End {
    End { code: 2, out: String::new(), err: err.into() + "\n" }
}

/// A workspace of our own, with one crate called `demo`.
struct Workspace(TempDir);

impl Workspace {
    fn new() -> Self {
        let workspace = Self(tempfile::tempdir().unwrap());
        workspace.add_crate("demo");
        workspace
    }

    fn add_crate(&self, name: &str) {
        let facts = serde_json::to_string_pretty(&facts()).unwrap() + "\n";
        self.write(&format!("crates/{name}/Cargo.toml"), MANIFEST);
        self.write(&format!("crates/{name}/spec/openapi.json"), &facts);
        self.write(&format!("crates/{name}/spec/overlay/api.toml"), &API.replace("demo", name));
        self.write(&format!("crates/{name}/spec/overlay/types.toml"), TYPES);
        self.write(&format!("crates/{name}/spec/overlay/things.toml"), THINGS);
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn generated(&self, path: &str) -> PathBuf {
        self.path("crates/demo/src/generated").join(path)
    }

    /// Every file by its path.
    fn files(&self) -> BTreeMap<String, String> {
        fn walk(root: &Path, folder: &Path, into: &mut BTreeMap<String, String>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => walk(root, &path, into),
                    false => {
                        let name = path.strip_prefix(root).unwrap().display().to_string();
                        into.insert(name, fs::read_to_string(path).unwrap());
                    }
                }
            }
        }
        let mut found = BTreeMap::new();
        walk(self.0.path(), self.0.path(), &mut found);
        found
    }

    fn run(&self, arguments: &[&str]) -> End {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(arguments)
            .env("YUNKIT_ROOT", self.0.path())
            // Where it is called from must not matter.
            .current_dir(std::env::temp_dir())
            .output()
            .unwrap();
        End {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// What is printed to those who ask for what is not there.
fn usage() -> String {
    let end = Workspace::new().run(&["help"]);
    assert_eq!((end.code, end.err.as_str()), (0, ""));
    end.out.trim_end().to_owned()
}

// ---- generate ----

#[test]
fn generating_writes_the_files_and_finds_nothing_to_do_the_second_time() {
    let workspace = Workspace::new();
    let before = workspace.files();

    let first = workspace.run(&["generate"]);
    let written = workspace.files();
    let second = workspace.run(&["generate"]);

    assert_eq!(first, success("demo: 6 files, 6 changed\n"));
    assert_eq!(second, success("demo: 6 files, 0 changed\n"));
    assert_eq!(workspace.files(), written);
    let mut expected: Vec<String> = before.into_keys().collect();
    expected.extend(GENERATED.iter().map(|path| format!("crates/demo/src/generated/{path}")));
    expected.push("docs/reference/demo.md".to_owned());
    expected.sort();
    assert_eq!(written.into_keys().collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_up_to_date_is_not_written_again() {
    let workspace = Workspace::new();
    workspace.run(&["generate"]);
    fs::write(workspace.generated("things.rs"), "// stale").unwrap();
    let kept = fs::metadata(workspace.generated("mod.rs")).unwrap().modified().unwrap();

    let end = workspace.run(&["generate"]);

    assert_eq!(end, success("demo: 6 files, 1 changed\n"));
    assert_eq!(fs::metadata(workspace.generated("mod.rs")).unwrap().modified().unwrap(), kept);
}

#[test]
fn generated_files_that_were_deleted_come_back_to_the_byte() {
    let workspace = Workspace::new();
    workspace.run(&["generate"]);
    let written = workspace.files();

    fs::remove_dir_all(workspace.generated("")).unwrap();
    let end = workspace.run(&["generate", "demo"]);

    assert_eq!(end, success("demo: 6 files, 6 changed\n"));
    assert_eq!(workspace.files(), written);
}

#[test]
fn files_that_nothing_generates_any_more_are_removed() {
    let workspace = Workspace::new();
    workspace.run(&["generate"]);
    let written = workspace.files();
    workspace.write("crates/demo/src/generated/old.rs", "// was a module");
    workspace.write("crates/demo/src/generated/old/tables.rs", "// was a module");

    let end = workspace.run(&["generate"]);

    assert_eq!(end, success("demo: 6 files, 2 changed\n"));
    assert_eq!(workspace.files(), written);
}

#[test]
fn checking_names_every_file_that_is_not_as_it_should_be() {
    let stale = |paths: &[&str]| {
        let lines = paths.iter().map(|path| match path.strip_prefix("../../../../") {
            Some(path) => format!("stale: {path}\n"),
            None => format!("stale: crates/demo/src/generated/{path}\n"),
        });
        End { code: 1, out: String::new(), err: lines.collect::<String>() + "run `cargo xtask generate`\n" }
    };
    type Spoil = fn(&Workspace);
    let rows: [(&str, Spoil, End); 6] = [
        ("nothing", |_| {}, success("")),
        (
            "stale",
            |workspace| fs::write(workspace.generated("things.rs"), "// stale").unwrap(),
            stale(&["things.rs"]),
        ),
        ("missing", |workspace| fs::remove_file(workspace.generated("types.rs")).unwrap(), stale(&["types.rs"])),
        ("surplus", |workspace| workspace.write("crates/demo/src/generated/a/old.rs", ""), stale(&["a/old.rs"])),
        (
            "a newer overlay",
            |workspace| {
                let text = THINGS.replace("for good", "and what belongs to it");
                workspace.write("crates/demo/spec/overlay/things.toml", &text);
            },
            stale(&["things.rs", "../../../../docs/reference/demo.md"]),
        ),
        ("everything", |workspace| fs::remove_dir_all(workspace.generated("")).unwrap(), stale(&GENERATED)),
    ];

    for (story, spoil, expected) in rows {
        let workspace = Workspace::new();
        workspace.run(&["generate"]);
        spoil(&workspace);
        let before = workspace.files();

        let end = workspace.run(&["generate", "--check"]);

        assert_eq!(end, expected, "{story}");
        assert_eq!(workspace.files(), before, "checking must not write: {story}");
    }
}

#[test]
fn a_mistake_leaves_what_is_generated_as_it_was() {
    let rows = [
        (
            "openapi.json",
            "{",
            "crates/demo/spec/openapi.json: line 1: EOF while parsing an object at line 1 column 1",
        ),
        ("openapi.json", "{}", "crates/demo/spec/openapi.json: /paths: expected an object"),
        (
            "overlay/things.toml",
            "[module\n",
            "crates/demo/spec/overlay/things.toml: line 1: unclosed table, expected `]`",
        ),
        (
            "overlay/glossary.toml",
            "[params]\nsort = \"What comes first.\"\n",
            "crates/demo/spec/overlay/glossary.toml: line 2: no parameter is called `sort`",
        ),
    ];

    for (file, text, expected) in rows {
        let workspace = Workspace::new();
        workspace.run(&["generate"]);
        workspace.write(&format!("crates/demo/spec/{file}"), text);
        let before = workspace.files();

        assert_eq!(workspace.run(&["generate"]), refusal(expected), "{file}");
        assert_eq!(workspace.run(&["generate", "--check"]), refusal(expected), "{file}");
        assert_eq!(workspace.files(), before, "{file}");
    }
}

#[test]
fn a_broken_crate_keeps_the_others_from_being_written() {
    let workspace = Workspace::new();
    // One before and one after `demo`, because the order of the crates must not matter.
    workspace.add_crate("alpha");
    workspace.add_crate("omega");
    workspace.write("crates/demo/spec/overlay/things.toml", "[module]\n");
    let before = workspace.files();

    let end = workspace.run(&["generate"]);

    assert_eq!(end, refusal("crates/demo/spec/overlay/things.toml: line 1: missing field `doc`"));
    assert_eq!(workspace.files(), before);
}

#[test]
fn the_crates_that_are_named_are_generated_and_no_others() {
    let workspace = Workspace::new();
    workspace.add_crate("other");
    workspace.write("crates/plain/Cargo.toml", MANIFEST);

    let one = workspace.run(&["generate", "yunkit-other"]);
    let all = workspace.run(&["generate"]);
    let none = workspace.run(&["generate", "plain"]);

    assert_eq!(one, success("other: 6 files, 6 changed\n"));
    assert_eq!(all, success("demo: 6 files, 6 changed\nother: 6 files, 0 changed\n"));
    assert_eq!(none, refusal("crates/plain has no spec/ folder"));
}

#[test]
fn a_module_that_is_no_feature_is_an_error() {
    let workspace = Workspace::new();
    workspace.write("crates/demo/Cargo.toml", "[package]\nname = \"yunkit-demo\"\n");
    let before = workspace.files();

    let end = workspace.run(&["generate"]);

    assert_eq!(end, refusal("crates/demo/Cargo.toml: the module `things` is no feature; add `things = []`"));
    assert_eq!(workspace.files(), before);
}

// ---- sync ----

/// The facts, as a new document has them: a member more, an operation less, and prose.
fn upstream() -> String {
    let mut document = facts();
    document["info"] = json!({"title": "Demo", "version": "2", "description": "Things."});
    document["paths"].as_object_mut().unwrap().remove("/#DeleteThing");
    document["components"]["schemas"]["Thing"]["properties"] = json!({
        "id": {"type": "string", "description": "Its number."},
        "name": {"type": "string", "description": "What people call it."},
    });
    document.to_string()
}

const REPORT: &str = "\
+ Thing .name: string
- POST /#DeleteThing: the operation is gone
~ Thing .id: integer -> string
1 added, 1 removed, 1 changed
";

#[test]
fn a_dry_sync_reports_and_changes_nothing() {
    let workspace = Workspace::new();
    workspace.write("new.json", &upstream());
    let before = workspace.files();

    let end = workspace.run(&["sync", "demo", "--from", workspace.path("new.json").to_str().unwrap(), "--dry-run"]);

    assert_eq!(end, success(REPORT));
    assert_eq!(workspace.files(), before);
}

#[test]
fn a_sync_takes_the_new_facts_over() {
    let workspace = Workspace::new();
    workspace.write("new.json", &upstream());
    let from = format!("--from={}", workspace.path("new.json").display());
    let spec = workspace.path("crates/demo/spec/openapi.json");
    let mut before = workspace.files();

    let first = workspace.run(&["sync", &from, "demo"]);
    let after = workspace.files();
    let second = workspace.run(&["sync", &from, "demo"]);

    let wrote = format!("wrote {}; next: cargo xtask generate demo\n", spec.display());
    assert_eq!(first, success(format!("{REPORT}{wrote}")));
    assert_eq!(second, success(format!("0 added, 0 removed, 0 changed\n{wrote}")));
    let mut expected = facts();
    expected["info"]["version"] = json!("2");
    expected["paths"].as_object_mut().unwrap().remove("/#DeleteThing");
    expected["components"]["schemas"]["Thing"]["properties"] =
        json!({"id": {"type": "string"}, "name": {"type": "string"}});
    let text = serde_json::to_string_pretty(&expected).unwrap() + "\n";
    before.insert("crates/demo/spec/openapi.json".to_owned(), text);
    assert_eq!(after, before);
    assert_eq!(workspace.files(), after);
}

#[test]
fn the_first_sync_of_a_crate_needs_no_facts() {
    let workspace = Workspace::new();
    workspace.write("new.json", &facts().to_string());
    let sound = workspace.files();
    let spec = workspace.path("crates/demo/spec/openapi.json");
    fs::remove_file(&spec).unwrap();

    let end = workspace.run(&["sync", "demo", "--from", workspace.path("new.json").to_str().unwrap()]);

    let report = "+ GET /things: a new operation\n+ POST /#DeleteThing: a new operation\n+ Thing: a new model\n\
                  3 added, 0 removed, 0 changed\n";
    assert_eq!(end, success(format!("{report}wrote {}; next: cargo xtask generate demo\n", spec.display())));
    assert_eq!(workspace.files(), sound);
}

#[test]
fn a_sync_from_what_is_no_document_leaves_the_facts_as_they_were() {
    let workspace = Workspace::new();
    workspace.write("broken.json", "{\n  \"openapi\": \"3.0.0\",\n  \"paths\": ]\n}\n");
    workspace.write("page.json", "\"404 page not found\"\n");
    // In the words of the system, which differ.
    let nowhere = format!("nowhere.json: {}", fs::read_to_string(workspace.path("nowhere.json")).unwrap_err());
    let rows = [
        ("broken.json", "broken.json: line 3: expected value at line 3 column 12"),
        (
            "page.json",
            "page.json: neither Swagger 2.0 nor OpenAPI 3: there is no `swagger: \"2.0\"` and no `openapi: \"3…\"`",
        ),
        ("nowhere.json", &nowhere),
    ];
    let before = workspace.files();

    for (file, expected) in rows {
        let end = workspace.run(&["sync", "demo", "--from", workspace.path(file).to_str().unwrap()]);

        assert_eq!(end, refusal(expected), "{file}");
        assert_eq!(workspace.files(), before, "{file}");
    }
}

// ---- ops ----

#[test]
fn operations_are_listed_as_json_with_all_that_is_documented_about_them() {
    let workspace = Workspace::new();
    workspace.write("crates/demo/spec/overlay/things.toml", &THINGS.replace("Delete a thing, for good.", ""));

    let end = workspace.run(&["ops", "--json"]);

    let expected = json!([
        {
            "crate": "demo",
            "module": "things",
            "name": "Delete",
            "id": "DeleteThing",
            "action": "DeleteThing",
            "effect": "write",
            "paging": null,
            "documented": false,
            "output": "()",
        },
        {
            "crate": "demo",
            "module": "things",
            "name": "List",
            "id": "listThings",
            "method": "GET",
            "path": "/things",
            "effect": "read",
            "paging": "page",
            "documented": true,
            "output": "Vec<Thing>",
        },
    ]);
    assert_eq!(end.out.parse::<Value>().unwrap(), expected);
    assert_eq!((end.code, end.err.as_str()), (0, ""));
}

#[test]
fn operations_are_listed_a_line_each_for_people() {
    let workspace = Workspace::new();
    workspace.add_crate("other");

    let one = workspace.run(&["ops", "--crate", "demo"]);
    let all = workspace.run(&["ops"]);

    let lines = |name: &str| {
        format!(
            "{:<60} write      DeleteThing\n{:<60} read       GET /things\n",
            format!("{name}::things::Delete"),
            format!("{name}::things::List")
        )
    };
    assert_eq!(one, success(format!("{}2 operations\n", lines("demo"))));
    assert_eq!(all, success(format!("{}{}4 operations\n", lines("demo"), lines("other"))));
}

// ---- lint-docs ----

#[test]
fn the_end_of_lint_docs_says_whether_all_is_documented() {
    let rows = [
        (THINGS.to_owned(), success("demo: 2 operations, 0 complaints\n")),
        (
            THINGS.replace("Delete a thing, for good.", "Delete it."),
            End {
                code: 1,
                out: "demo: 2 operations, 1 complaints\n".to_owned(),
                err: "demo: things::Delete: says no more than the name\n".to_owned(),
            },
        ),
        (
            THINGS.replace("name = \"Delete\"", "name = \"List\""),
            refusal("crates/demo/spec/overlay/things.toml: line 6: the name `List` is taken by `DeleteThing`, too"),
        ),
    ];

    for (things, expected) in rows {
        let workspace = Workspace::new();
        workspace.write("crates/demo/spec/overlay/things.toml", &things);

        assert_eq!(workspace.run(&["lint-docs"]), expected);
        assert_eq!(workspace.run(&["lint-docs", "demo"]), expected);
    }
}

// ---- bundle and digest ----

#[test]
fn a_bundle_is_printed_or_written() {
    let workspace = Workspace::new();
    let out = workspace.path("made/bundle.json");

    let printed = workspace.run(&["bundle", "demo"]);
    let written = workspace.run(&["bundle", "demo", "--out", out.to_str().unwrap()]);

    assert_eq!(written, success(""));
    let text = fs::read_to_string(out).unwrap();
    assert_eq!(printed, success(text.as_str()));
    let document: Value = text.parse().unwrap();
    assert_eq!(document["paths"]["/things"]["get"]["summary"], "List the things that the caller has made.");
}

#[test]
fn a_document_without_an_overlay_makes_a_crate_to_throw_away() {
    let workspace = Workspace::new();
    workspace.write("new.json", &facts().to_string());
    let (from, out) = (workspace.path("new.json"), workspace.path("made"));
    let before = workspace.files();

    let end =
        workspace.run(&["digest", "--from", from.to_str().unwrap(), "--out", out.to_str().unwrap(), "--twin"]);

    assert_eq!(end, success(format!("2 operations, 3 files in {}\n", out.display())));
    let mut made: Vec<String> = workspace.files().into_keys().collect();
    made.retain(|path| !before.contains_key(path));
    let expected =
        ["Cargo.toml", "src/generated/mod.rs", "src/generated/things.rs", "src/generated/types.rs", "src/lib.rs"];
    assert_eq!(made, expected.map(|path| format!("made/{path}")));
}

// ---- what cannot be done ----

#[test]
fn what_there_is_no_command_for_ends_in_2_and_says_what_there_is() {
    let workspace = Workspace::new();
    workspace.write("new.json", &upstream());
    let from = format!("--from={}", workspace.path("new.json").display());
    let before = workspace.files();
    let usage = usage();
    let rows: [(&[&str], String); 9] = [
        (&[], usage.clone()),
        (&["--check"], usage.clone()),
        (&["generat"], format!("there is no command `generat`\n\n{usage}")),
        (&["generate", "--dry-run"], format!("there is no option --dry-run here\n\n{usage}")),
        (&["sync", "demo", &from, "--check"], format!("there is no option --check here\n\n{usage}")),
        (&["sync", "demo", "other", &from], format!("nothing is done with `other` here\n\n{usage}")),
        (&["ops", "demo"], format!("nothing is done with `demo` here\n\n{usage}")),
        (&["lint-docs", "--json"], format!("there is no option --json here\n\n{usage}")),
        (&["bundle", "demo", "--json"], format!("there is no option --json here\n\n{usage}")),
    ];

    for (arguments, expected) in rows {
        assert_eq!(workspace.run(arguments), refusal(expected), "{arguments:?}");
        assert_eq!(workspace.files(), before, "{arguments:?}");
    }
}

#[test]
fn what_is_missing_is_named() {
    let workspace = Workspace::new();
    let rows: [(&[&str], &str); 9] = [
        (&["sync", "demo"], "--from is missing"),
        (&["sync", "demo", "--from"], "--from needs a value"),
        (&["sync", "--from=new.json"], "sync needs the name of a crate"),
        (&["sync", "nobody", "--from=new.json"], "crates/nobody has no spec/ folder"),
        (&["ops", "--crate"], "--crate needs a value"),
        (&["ops", "--crate=nobody"], "crates/nobody has no spec/ folder"),
        (&["bundle"], "bundle needs the name of a crate"),
        (&["conformance"], "--samples is missing"),
        (&["digest", "--from=new.json"], "--out is missing"),
    ];

    for (arguments, expected) in rows {
        assert_eq!(workspace.run(arguments), refusal(expected), "{arguments:?}");
    }
}

#[test]
fn help_is_printed_to_those_who_ask() {
    let workspace = Workspace::new();

    let (word, option) = (workspace.run(&["help"]), workspace.run(&["--help"]));

    assert_eq!(word, success(usage() + "\n"));
    assert_eq!(option, word);
    for command in ["generate", "sync", "ops", "lint-docs", "bundle", "conformance", "digest"] {
        assert!(word.out.contains(&format!("\n  {command} ")), "{command} is not in {}", word.out);
    }
}
