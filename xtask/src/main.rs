//! `cargo xtask`: the project's own commands. It depends on the generator only, so it builds when every generated file is
//! missing or broken.

mod arguments;
mod commands;
mod workspace;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask COMMAND

  generate [--check] [CRATE…]             write src/generated from spec/; --check only compares
  sync CRATE --from FILE… [--dry-run]     take over an upstream document, or several versions of one, and report
                                          what changed
  ops [--crate CRATE] [--attested] [--json]
                                          list the operations of the documents, or also those known from elsewhere
  lint-docs [CRATE…]                      find what is not documented
  bundle CRATE [--out FILE]               facts and overlay as one OpenAPI 3.1 document
  conformance --samples DIR [--json]      send recorded bodies through the crates
  digest --from FILE --out DIR [--twin]   generate a throw-away crate from a document without an overlay

CRATE is a folder below crates/ that has a spec/, such as gitee.";

fn main() -> ExitCode {
    let mut arguments = arguments::Arguments::new(std::env::args().skip(1));
    let result = match arguments.word().as_deref() {
        Some("generate") => commands::generate(arguments),
        Some("sync") => commands::sync(arguments),
        Some("ops") => commands::ops(arguments),
        Some("lint-docs") => commands::lint_docs(arguments),
        Some("bundle") => commands::bundle(arguments),
        Some("conformance") => commands::conformance(arguments),
        Some("digest") => commands::digest(arguments),
        Some("help" | "--help") => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Some(other) => Err(format!("there is no command `{other}`\n\n{USAGE}")),
        None => Err(USAGE.to_owned()),
    };
    match result {
        Ok(code) => code,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}
