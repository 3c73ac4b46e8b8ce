//! The `yunkit` command.

mod report;
mod sandbox;
mod tour;

use std::process::ExitCode;

const USAGE: &str = "\
yunkit: SDKs for China's developer clouds, from the command line

  yunkit tour          the SDKs against fakes on this machine: Gitee from sign-in to release, Huawei Cloud from signature to job
  yunkit tour --live   the reading steps against gitee.com, with the token in GITEE_TOKEN
  yunkit sandbox [--port-base N] [--json] [--faults RULES]
                       the fakes as servers on 127.0.0.1, for programs in any language, until Ctrl-C

RULES let calls fail by chance: surface/operation=kind@rate, separated by commas, with seed=N for another course.
  operation  repos::Get, repos::* or *        kind  an HTTP status, rate-limit, html, delay:250ms
  gitee/repos::Get=503@0.2,gitee/*=delay:200ms@0.5,seed=7";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["tour"] => tour::on_fakes().await,
        ["tour", "--live"] => match std::env::var("GITEE_TOKEN") {
            Ok(token) if !token.trim().is_empty() => tour::live(token.trim().to_owned().into()).await,
            _ => {
                eprintln!(
                    "--live needs a personal token in GITEE_TOKEN; make one at https://gitee.com/profile/personal_access_tokens"
                );
                return ExitCode::from(2);
            }
        },
        ["sandbox", options @ ..] => match sandbox::Options::read(options) {
            Ok(options) => sandbox::run(options).await,
            Err(problem) => {
                eprintln!("{problem}\n\n{USAGE}");
                return ExitCode::from(2);
            }
        },
        ["--help" | "-h" | "help"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        ["--version" | "-V"] => {
            println!("yunkit {}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        [] => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
        other => {
            eprintln!("yunkit does not know `{}`\n\n{USAGE}", other.join(" "));
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stopped: {error}");
            ExitCode::FAILURE
        }
    }
}
