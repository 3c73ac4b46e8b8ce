//! One identity, many processes: one refresh for all of them, and nobody is logged out by one that is killed.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

#[path = "../../crates/token-redis/tests/support/server.rs"]
mod server;

use serde_json::Value;
use server::Server;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;
use yunkit_core::secrecy::ExposeSecret;
use yunkit_core::session::{Session, Tokens};
use yunkit_testkit::{coding, gitee};
use yunkit_tests::crowd::{self, IDENTITY};

const A_DAY_AND_A_SECOND: Duration = Duration::from_secs(86_401);
const STEPS: [&str; 5] = ["after-lease", "before-note", "after-note", "after-answer", "after-store"];

/// Where tokens are kept, and what has to live for it.
enum Place {
    Folder(tempfile::TempDir),
    Redis(Server),
}

impl Place {
    /// A folder, and a Redis where this machine has one.
    fn all() -> Vec<Self> {
        let folder = Self::Folder(tempfile::tempdir().unwrap());
        [Some(folder), Server::start().map(Self::Redis)].into_iter().flatten().collect()
    }
    fn name(&self) -> String {
        match self {
            Self::Folder(folder) => folder.path().to_str().unwrap().to_owned(),
            Self::Redis(server) => server.address(),
        }
    }
    /// The time passes after which a process that has a lease counts as dead. The system gives files back at once.
    fn pass_the_time_of_a_lease(&self) {
        if let Self::Redis(server) = self {
            let _: i64 = server.ask(&["DEL", &format!("yunkit:{{{IDENTITY}}}:lease")]);
        }
    }
    async fn version(&self) -> u64 {
        crowd::store(&self.name()).unwrap().load(IDENTITY).await.unwrap().unwrap().0
    }
    async fn begin(&self, tokens: &Tokens) {
        crowd::store(&self.name()).unwrap().swap(IDENTITY, 0, tokens).await.unwrap();
    }
}

fn process(surface: &str, address: &str, place: &str, mode: &str, what: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crowd"));
    command.args([surface, address, place, mode, what]).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Eight processes with a hundred calls each; answers how many were answered.
async fn eight_processes(surface: &str, address: &str, place: &str) -> u64 {
    let all = (0..8).map(|_| {
        let mut process = process(surface, address, place, "call", "100");
        tokio::task::spawn_blocking(move || process.output().unwrap())
    });
    let mut answered = 0;
    for process in all.collect::<Vec<_>>() {
        let output = process.await.unwrap();
        let said: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        assert_eq!(said["failures"], serde_json::json!([]), "{surface} at {place}");
        answered += said["answered"].as_u64().unwrap();
    }
    answered
}

/// Runs a process up to a step of its refresh, and kills it there (SIGKILL).
async fn killed(surface: &str, address: &str, place: &str, step: &str) {
    let mut process = process(surface, address, place, "stop", step);
    let step = step.to_owned();
    let kill = move || {
        let mut child = process.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "now\n", "{step}: it should stand still");
        child.kill().unwrap();
        child.wait().unwrap();
    };
    tokio::task::spawn_blocking(kill).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_being_written_when_its_process_is_killed_has_the_old_tokens_or_the_new_ones() {
    for place in Place::all() {
        let mut tokens = Tokens::new("a".repeat(20_000).into());
        tokens.refresh_token = Some("r".into());
        place.begin(&tokens).await;
        for round in 0..20_u64 {
            let mut process = process("gitee", "http://localhost", &place.name(), "swap", "0");
            let kill = move || {
                let mut child = process.spawn().unwrap();
                let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
                // Somewhere in what comes after so many times.
                let said = lines.by_ref().nth(round as usize % 7).unwrap().unwrap();
                (0..round * 97).for_each(|_| std::thread::yield_now());
                child.kill().unwrap();
                child.wait().unwrap();
                lines.map_while(Result::ok).last().unwrap_or(said)
            };
            let last: u64 = tokio::task::spawn_blocking(kill).await.unwrap().parse().unwrap();

            let (version, kept) = crowd::store(&place.name()).unwrap().load(IDENTITY).await.unwrap().unwrap();

            assert!(version == last || version == last + 1, "{version} after {last}");
            assert_eq!(kept.access_token.expose_secret().len(), 20_000);
        }
    }
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

/// The session of a process that comes after the one that was killed.
fn survivor(surface: &str, address: &str, place: &Place) -> (Session, yunkit_core::Client) {
    let refresher = crowd::refresher(surface, address).unwrap();
    let session = Session::new(IDENTITY, crowd::store(&place.name()).unwrap(), refresher);
    (session.clone(), crowd::client(surface, address, session).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_hundred_calls_of_eight_processes_meet_an_expired_token_and_refresh_it_once() {
    for place in Place::all() {
        let fake = coding::Fake::builder().rate_limited(false).start().await;
        place.begin(&tokens_of_coding(&fake).await).await;
        fake.pass(A_DAY_AND_A_SECOND);

        assert_eq!(eight_processes("coding", fake.address(), &place.name()).await, 800);

        assert_eq!((fake.refreshes(), place.version().await), (1, 2));
    }
    // Gitee takes each refresh token once, and whoever spends one twice is logged out.
    for place in Place::all() {
        let fake = gitee::Fake::builder().repositories(1).start().await;
        place.begin(&tokens_of_gitee(&fake).await).await;
        fake.pass(A_DAY_AND_A_SECOND);

        assert_eq!(eight_processes("gitee", fake.address(), &place.name()).await, 800);

        assert_eq!(place.version().await, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_at_any_step_of_a_refresh_logs_nobody_out_but_at_the_one_that_cannot_be_undone() {
    for step in STEPS {
        for place in Place::all() {
            let fake = gitee::Fake::builder().repositories(1).start().await;
            place.begin(&tokens_of_gitee(&fake).await).await;
            fake.pass(A_DAY_AND_A_SECOND);

            killed("gitee", fake.address(), &place.name(), step).await;
            place.pass_the_time_of_a_lease();

            let (session, client) = survivor("gitee", fake.address(), &place);
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
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_refresh_token_may_be_spent_again_even_that_step_logs_nobody_out() {
    for step in STEPS {
        for place in Place::all() {
            let fake = coding::Fake::builder().rate_limited(false).start().await;
            place.begin(&tokens_of_coding(&fake).await).await;
            fake.pass(A_DAY_AND_A_SECOND);

            killed("coding", fake.address(), &place.name(), step).await;
            place.pass_the_time_of_a_lease();

            let (_, client) = survivor("coding", fake.address(), &place);
            crowd::call("coding", &client).await.unwrap_or_else(|error| panic!("{step}: {error}"));
        }
    }
}
