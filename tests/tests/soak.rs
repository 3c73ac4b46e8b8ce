//! A soak that is short enough for every run of the tests, with tokens in each of the stores that processes share.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

#[path = "../../crates/token-redis/tests/support/server.rs"]
mod server;

use server::Server;
use std::process::Command;

fn soak(store: Option<&str>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_soak"));
    let plan = [
        "--calls",
        "3000",
        "--processes",
        "3",
        "--clients",
        "8",
        "--kills",
        "2",
        "--expiries",
        "3",
        "--outages",
        "1",
    ];
    command.args(plan);
    if let Some(store) = store {
        command.args(["--store", store]);
    }
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(told.matches("  ok  ").count(), 11, "{told}");
}

#[test]
fn the_books_balance_with_tokens_in_files() {
    soak(None);
}

#[test]
fn the_books_balance_with_tokens_in_redis() {
    let Some(server) = Server::start() else { return };
    soak(Some(&server.address()));
}
