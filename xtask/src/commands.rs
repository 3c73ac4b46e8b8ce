//! The commands.

use crate::arguments::Arguments;
use crate::workspace::{Crate, differing, read, root, surplus, write};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use yunkit_codegen::{
    Api, Operation, Output, Overlay, Route, Source, Style, combine, corrected, emit, lint, lower, merge, reduce,
    reference,
};

type Outcome = Result<ExitCode, String>;

pub(crate) fn generate(mut arguments: Arguments) -> Outcome {
    let check = arguments.flag("--check");
    let mut stale = false;
    // Everything is worked out before anything is written.
    let mut work = Vec::new();
    for krate in Crate::find(&arguments.rest()?)? {
        let (api, overlay) = krate.api()?;
        krate.has_features(&api)?;
        let facts = corrected(&krate.spec()?, &overlay, &api).map_err(|problem| problem.to_string())?;
        let mut files = emit(&api, Style::Records);
        files.push(Output { path: "spec.json".to_owned(), text: facts.to_string() + "\n" });
        work.push((krate, files, reference(&api)));
    }
    for (krate, files, page) in work {
        let folder = krate.generated();
        let differing = differing(&folder, &files);
        let page_path = root().join("docs/reference").join(format!("{}.md", krate.name));
        let old_page = fs::read_to_string(&page_path).ok();
        let page_differs = old_page.as_ref() != Some(&page);
        if check {
            for path in &differing {
                eprintln!("stale: crates/{}/src/generated/{path}", krate.name);
            }
            if page_differs {
                eprintln!("stale: docs/reference/{}.md", krate.name);
            }
            stale |= page_differs || !differing.is_empty();
            continue;
        }
        if page_differs {
            write(&page_path, &page)?;
        }
        for file in files.iter().filter(|file| differing.contains(&file.path)) {
            write(&folder.join(&file.path), &file.text)?;
        }
        for path in surplus(&folder, &files) {
            fs::remove_file(folder.join(&path)).map_err(|error| format!("{path}: {error}"))?;
        }
        println!("{}: {} files, {} changed", krate.name, files.len(), differing.len());
    }
    if stale {
        eprintln!("run `cargo xtask generate`");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn sync(mut arguments: Arguments) -> Outcome {
    let from = arguments.values("--from")?;
    let dry = arguments.flag("--dry-run");
    let name = arguments.word().ok_or("sync needs the name of a crate")?;
    arguments.end()?;
    let krate = Crate::one(&name)?;
    if from.is_empty() {
        return Err("--from is missing".to_owned());
    }
    let facts = from
        .iter()
        .map(|path| reduce(&read(path.as_ref())?).map_err(|problem| problem.to_string()))
        .collect::<Result<Vec<_>, String>>()?;
    let facts = combine(facts).map_err(|problem| problem.to_string())?;
    let old = match krate.spec_path().is_file() {
        true => serde_json::from_str(&krate.document()?.text)
            .map_err(|error| format!("{}: {error}", krate.spec_path().display()))?,
        false => Value::Null,
    };
    let (facts, changes) = merge(&old, &facts);
    for change in &changes {
        println!("{change}");
    }
    let count = |sign: char| changes.iter().filter(|change| change.sign == sign).count();
    println!("{} added, {} removed, {} changed", count('+'), count('-'), count('~'));
    if !dry {
        let text = serde_json::to_string_pretty(&facts).map_err(|error| error.to_string())?;
        write(&krate.spec_path(), &(text + "\n"))?;
        println!("wrote {}; next: cargo xtask generate {name}", krate.spec_path().display());
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn ops(mut arguments: Arguments) -> Outcome {
    let as_json = arguments.flag("--json");
    let with_attested = arguments.flag("--attested");
    let names: Vec<String> = arguments.value("--crate")?.into_iter().collect();
    arguments.end()?;
    let mut rows = Vec::new();
    for krate in Crate::find(&names)? {
        let (api, _) = krate.api()?;
        let document: Value =
            serde_json::from_str(&krate.document()?.text).map_err(|e| format!("{}: {e}", krate.name))?;
        for module in &api.modules {
            let documented =
                |o: &&Operation| with_attested || (!o.attested && document.pointer(&o.pointer).is_some());
            for operation in module.operations.iter().filter(documented) {
                rows.push(row(&krate.name, &api, &module.name, operation));
            }
        }
    }
    if as_json {
        let text = serde_json::to_string_pretty(&rows).map_err(|error| error.to_string())?;
        println!("{text}");
        return Ok(ExitCode::SUCCESS);
    }
    for row in &rows {
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        let route = match text("action") {
            "" => format!("{} {}", text("method"), text("path")),
            action => action.to_owned(),
        };
        println!(
            "{:<60} {:<10} {route}",
            format!("{}::{}::{}", text("crate"), text("module"), text("name")),
            text("effect")
        );
    }
    println!("{} operations", rows.len());
    Ok(ExitCode::SUCCESS)
}

fn row(krate: &str, api: &Api, module: &str, operation: &Operation) -> Value {
    let mut row = json!({
        "crate": krate,
        "module": module,
        "name": operation.name,
        "id": operation.id,
        "effect": format!("{:?}", operation.effect).to_lowercase(),
        "paging": operation.paging.as_ref().and_then(|(name, _)| api.paging.iter().find(|p| p.name == *name)).map(|p| &p.style),
        "documented": yunkit_codegen::is_documented(operation),
        "output": operation.output.rust(),
    });
    match &operation.route {
        Route::Rest { method, path } => {
            row["method"] = method.as_str().into();
            row["path"] = path.as_str().into();
        }
        Route::Action { action } => row["action"] = action.as_str().into(),
    }
    row
}

pub(crate) fn lint_docs(arguments: Arguments) -> Outcome {
    let mut all = 0;
    for krate in Crate::find(&arguments.rest()?)? {
        let (api, overlay) = krate.api()?;
        let complaints = lint(&api, &overlay);
        for complaint in &complaints {
            eprintln!("{}: {complaint}", krate.name);
        }
        all += complaints.len();
        let operations: usize = api.modules.iter().map(|m| m.operations.len()).sum();
        println!("{}: {operations} operations, {} complaints", krate.name, complaints.len());
    }
    Ok(if all == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(crate) fn bundle(mut arguments: Arguments) -> Outcome {
    let out = arguments.value("--out")?.map(PathBuf::from);
    let name = arguments.word().ok_or("bundle needs the name of a crate")?;
    arguments.end()?;
    let krate = Crate::one(&name)?;
    let (api, overlay) = krate.api()?;
    let document = yunkit_codegen::bundle(&krate.spec()?, &overlay, &api).map_err(|problem| problem.to_string())?;
    let text = serde_json::to_string_pretty(&document).map_err(|error| error.to_string())? + "\n";
    match out {
        Some(path) => write(&path, &text)?,
        None => print!("{text}"),
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn conformance(mut arguments: Arguments) -> Outcome {
    let samples = arguments.required("--samples")?;
    let as_json = arguments.flag("--json");
    arguments.end()?;
    // A relative path means what it means to the caller, not to cargo.
    let samples = std::path::absolute(&samples).map_err(|error| format!("{samples}: {error}"))?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).args([
        "run",
        "--quiet",
        "--package",
        "yunkit-tests",
        "--bin",
        "conformance",
        "--",
        "--samples",
    ]);
    cargo.arg(samples);
    if as_json {
        cargo.arg("--json");
    }
    let status = cargo.status().map_err(|error| format!("cargo: {error}"))?;
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(2)))
}

pub(crate) fn digest(mut arguments: Arguments) -> Outcome {
    let from = PathBuf::from(arguments.required("--from")?);
    let out = PathBuf::from(arguments.required("--out")?);
    let style = if arguments.flag("--twin") { Style::Derives } else { Style::Records };
    let with_overlay = arguments.value("--overlay")?;
    arguments.end()?;
    let (facts, overlay) = match with_overlay {
        Some(name) => {
            let krate = Crate::one(&name)?;
            (krate.spec()?, krate.overlay()?)
        }
        None => {
            let source = read(&from)?;
            let facts = reduce(&source).map_err(|problem| problem.to_string())?;
            let (facts, _) = merge(&Value::Null, &facts);
            (Source { name: source.name, text: facts.to_string() }, Overlay::default())
        }
    };
    let api = lower(&facts, &overlay).map_err(|problem| problem.to_string())?;
    let files = emit(&api, style);
    for file in &files {
        write(&out.join("src/generated").join(&file.path), &file.text)?;
    }
    write(&out.join("src/lib.rs"), &crate_root(style))?;
    write(&out.join("Cargo.toml"), &manifest(&api, style))?;
    let operations: usize = api.modules.iter().map(|m| m.operations.len()).sum();
    println!("{operations} operations, {} files in {}", files.len(), out.display());
    Ok(ExitCode::SUCCESS)
}

fn crate_root(style: Style) -> String {
    let prelude = match style {
        Style::Records => "    pub(crate) use yunkit_core::generated::*;\n",
        Style::Derives => {
            "    pub(crate) use std::collections::BTreeMap;\n    #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]\n    #[serde(untagged)]\n    pub enum OneOrMany<T> {\n        One(Box<T>),\n        Many(Vec<T>),\n    }\n"
        }
    };
    format!(
        "//! A crate made to be thrown away.\n#![allow(missing_docs, rustdoc::all)]\n\n#[rustfmt::skip]\nmod generated;\npub use generated::*;\n\n#[allow(unused_imports)]\nmod prelude {{\n{prelude}}}\n"
    )
}

fn manifest(api: &Api, style: Style) -> String {
    let features: Vec<String> = api.modules.iter().map(|m| format!("{} = []", m.name)).collect();
    let default: Vec<String> = api.modules.iter().map(|m| format!("\"{}\"", m.name)).collect();
    let dependencies = match style {
        Style::Records => {
            format!("yunkit-core = {{ path = {:?} }}\nserde_json = \"1\"\n", root().join("crates/core"))
        }
        Style::Derives => "serde = { version = \"1\", features = [\"derive\"] }\nserde_json = \"1\"\n".to_owned(),
    };
    format!(
        "[package]\nname = \"digested\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n[workspace]\n\n[dependencies]\n{dependencies}\n[features]\ndefault = [{}]\ncatalogue = []\nserde = []\n{}\n",
        default.join(", "),
        features.join("\n")
    )
}
