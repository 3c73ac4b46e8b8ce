//! `cargo xtask conformance --samples DIR [--json]`

use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use yunkit_tests::conformance::{Exceptions, Outcome, judge, rows};
use yunkit_tests::signing;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (mut samples, mut as_json) = (None, false);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--samples" => samples = arguments.next().map(PathBuf::from),
            "--json" => as_json = true,
            other => return usage(&format!("there is no option {other}")),
        }
    }
    let Some(folder) = samples else {
        return usage("--samples is missing");
    };
    let index = folder.join("INDEX.tsv");
    let rows = match std::fs::read_to_string(&index).map_err(|e| e.to_string()).and_then(|t| rows(&t)) {
        Ok(rows) => rows,
        Err(error) => return usage(&format!("{}: {error}", index.display())),
    };
    let exceptions = Exceptions::reviewed();
    if let Err(problem) = exceptions.check(&rows) {
        return usage(&format!("conformance-exceptions.tsv: {problem}"));
    }
    let mut counts = [0_usize; 5];
    let mut raw = 0;
    let mut out = Vec::new();
    for row in &rows {
        let verdict = exceptions.apply(row, judge(&folder, row));
        counts[verdict.outcome as usize] += 1;
        raw += verdict.raw;
        if !as_json && !matches!(verdict.outcome, Outcome::Ok | Outcome::Skipped) {
            println!("{:<8} {} {}", verdict.outcome.as_str(), row.file, verdict.detail);
        }
        out.push(json!({
            "file": row.file,
            "surface": row.surface,
            "kind": row.kind,
            "operation": row.operation,
            "outcome": verdict.outcome.as_str(),
            "detail": verdict.detail,
        }));
    }
    let vectors = folder.join("huawei-signing-vectors.json");
    if let Ok(text) = std::fs::read_to_string(&vectors) {
        let vectors: serde_json::Value = match serde_json::from_str(&text) {
            Ok(vectors) => vectors,
            Err(error) => return usage(&format!("{}: {error}", vectors.display())),
        };
        for vector in vectors["vectors"].as_array().or(vectors.as_array()).into_iter().flatten() {
            let name = vector["name"].as_str().unwrap_or_default();
            let (outcome, detail) = match signing::check(vector) {
                Ok(()) => (Outcome::Ok, String::new()),
                Err(detail) => (Outcome::Failed, detail),
            };
            counts[outcome as usize] += 1;
            if !as_json && outcome != Outcome::Ok {
                println!("{:<8} {name} {detail}", outcome.as_str());
            }
            out.push(json!({
                "file": name, "surface": "huawei-signing", "kind": "vector", "operation": vector["algorithm"],
                "outcome": outcome.as_str(), "detail": detail,
            }));
        }
    }
    let [ok, unknown, lost, failed, skipped] = counts;
    if as_json {
        let report = json!({
            "ok": ok, "unknown": unknown, "lost": lost, "failed": failed, "skipped": skipped, "raw": raw, "rows": out,
        });
        println!("{report:#}");
    } else {
        println!("{ok} ok, {unknown} unknown, {lost} lost, {failed} failed, {skipped} skipped, {raw} raw");
    }
    if lost + failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn usage(problem: &str) -> ExitCode {
    eprintln!("{problem}\nusage: conformance --samples DIR [--json]");
    ExitCode::from(2)
}
