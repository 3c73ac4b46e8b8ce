//! One identity, many processes: one refresh for all of them, and nobody is logged out by one that dies.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;
use yunkit_core::session::{FileStore, SealingKey, Session, TokenStore, Tokens};
use yunkit_testkit::{coding, gitee};
use yunkit_tests::crowd::{self, IDENTITY, KEY};

const A_DAY_AND_A_SECOND: Duration = Duration::from_secs(86_401);
const STEPS: [&str; 4] = ["before-note", "after-note", "after-answer", "after-store"];

fn store(folder: &Path) -> Arc<FileStore> {
    Arc::new(FileStore::sealed(folder, SealingKey::new(KEY)).unwrap())
}

fn crowd(surface: &str, address: &str, folder: &Path, mode: &str, what: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crowd"));
    command.args([surface, address]).arg(folder).args([mode, what]).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn ended(command: Command) -> Output {
    let mut command = command;
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// Eight processes with a hundred calls each; answers how many were answered.
async fn eight_processes(surface: &'static str, address: &str, folder: &Path) -> u64 {
    let all = (0..8).map(|_| tokio::spawn(ended(crowd(surface, address, folder, "call", "100"))));
    let mut answered = 0;
    for process in all.collect::<Vec<_>>() {
        let output = process.await.unwrap();
        let said: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        assert_eq!(said["failures"], serde_json::json!([]), "{surface}");
        answered += said["answered"].as_u64().unwrap();
    }
    answered
}

async fn tokens_of_coding(fake: &coding::Fake) -> Tokens {
    let oauth = fake.rest().oauth(fake.application()).unwrap();
    let request = oauth.authorize(&[]);
    let code = request.code_from(&fake.consent(request.url()).unwrap()).unwrap();
    oauth.exchange(&code).await.unwrap()
}

async fn tokens_of_gitee(fake: &gitee::Fake) -> Tokens {
    let oauth = fake.gitee().oauth(fake.application()).unwrap();
    let request = oauth.authorize(&[]);
    let code = request.code_from(&fake.consent(request.url()).unwrap()).unwrap();
    oauth.exchange(&code).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_hundred_calls_of_eight_processes_meet_an_expired_token_and_refresh_it_once() {
    let folder = tempfile::tempdir().unwrap();
    let fake = coding::Fake::builder().rate_limited(false).start().await;
    store(folder.path()).swap(IDENTITY, 0, &tokens_of_coding(&fake).await).await.unwrap();
    fake.pass(A_DAY_AND_A_SECOND);

    assert_eq!(eight_processes("coding", fake.address(), folder.path()).await, 800);

    assert_eq!(fake.refreshes(), 1);
    assert_eq!(store(folder.path()).load(IDENTITY).await.unwrap().unwrap().0, 2);

    // Gitee takes each refresh token once, and whoever spends one twice is logged out.
    let folder = tempfile::tempdir().unwrap();
    let fake = gitee::Fake::builder().repositories(1).start().await;
    store(folder.path()).swap(IDENTITY, 0, &tokens_of_gitee(&fake).await).await.unwrap();
    fake.pass(A_DAY_AND_A_SECOND);

    assert_eq!(eight_processes("gitee", fake.address(), folder.path()).await, 800);

    assert_eq!(store(folder.path()).load(IDENTITY).await.unwrap().unwrap().0, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_at_any_step_of_a_refresh_logs_nobody_out_but_at_the_one_that_cannot_be_undone() {
    for step in STEPS {
        let folder = tempfile::tempdir().unwrap();
        let fake = gitee::Fake::builder().repositories(1).start().await;
        store(folder.path()).swap(IDENTITY, 0, &tokens_of_gitee(&fake).await).await.unwrap();
        fake.pass(A_DAY_AND_A_SECOND);

        let died = ended(crowd("gitee", fake.address(), folder.path(), "die", step)).await;
        assert!(!died.status.success(), "{step}: it should be dead");

        let refresher = crowd::refresher("gitee", fake.address()).unwrap();
        let session = Session::new(IDENTITY, store(folder.path()), refresher);
        let client = crowd::client("gitee", fake.address(), session.clone()).unwrap();
        match (step, crowd::call("gitee", &client).await) {
            // The service has sold new tokens, and the one who got them is gone.
            ("after-answer", Err(error)) => {
                assert!(error.is_reauthorization_required(), "{error}");
                session.begin(tokens_of_gitee(&fake).await).await.unwrap();
                crowd::call("gitee", &client).await.unwrap();
            }
            ("after-answer", Ok(())) => panic!("the fake sold a refresh token twice"),
            (step, answer) => answer.unwrap_or_else(|error| panic!("{step}: {error}")),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_refresh_token_may_be_spent_again_even_that_step_logs_nobody_out() {
    for step in STEPS {
        let folder = tempfile::tempdir().unwrap();
        let fake = coding::Fake::builder().rate_limited(false).start().await;
        store(folder.path()).swap(IDENTITY, 0, &tokens_of_coding(&fake).await).await.unwrap();
        fake.pass(A_DAY_AND_A_SECOND);

        let died = ended(crowd("coding", fake.address(), folder.path(), "die", step)).await;
        assert!(!died.status.success(), "{step}: it should be dead");

        let refresher = crowd::refresher("coding", fake.address()).unwrap();
        let client =
            crowd::client("coding", fake.address(), Session::new(IDENTITY, store(folder.path()), refresher))
                .unwrap();
        crowd::call("coding", &client).await.unwrap_or_else(|error| panic!("{step}: {error}"));
    }
}
