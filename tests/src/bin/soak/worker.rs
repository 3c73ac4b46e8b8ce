//! A process of clients. It says on its output what it begins and what it was told, a line each, so that what was said before a
//! kill is known.

use super::Failure;
use serde_json::json;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use yunkit_core::session::Session;
use yunkit_core::{Client, Error, RateGate, Retry, WasSent};
use yunkit_gitee::{issues, users};
use yunkit_testkit::Random;
use yunkit_tests::crowd::{self, IDENTITY};

/// Long enough for everything but a connection that stalls.
const DEADLINE: Duration = Duration::from_secs(3);
/// How long a client rests that was told not to call now.
const REST: Duration = Duration::from_millis(20);
/// Calls are told of by so many.
const BATCH: u64 = 100;

pub(crate) fn client(api: &str, session: Session) -> Result<Client, Error> {
    let retry = Retry { base: Duration::from_millis(10), cap: Duration::from_millis(200), ..Retry::default() };
    let client = crowd::client("gitee", api, session)?;
    Ok(client.deadline(DEADLINE).retry(retry).policy(Arc::new(RateGate::waiting())))
}

struct Work {
    client: Client,
    id: u64,
    /// Calls that nobody has begun, and the number of the next write.
    left: AtomicU64,
    next: AtomicU64,
    done: AtomicU64,
}

fn say(line: &str) {
    // Whole lines, so that what several tasks say does not mix.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

impl Work {
    async fn one_client(self: Arc<Self>, mut random: Random) {
        let take = |left: u64| left.checked_sub(1);
        while self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
            let told = match random.below(10) {
                0..5 => self.client.send(users::GetAuthenticated::new()).await.map(drop),
                5..7 => self
                    .client
                    .send(yunkit_gitee::attested::StarRepoForAuthenticatedUser::new("soak", "soak"))
                    .await
                    .map(drop),
                _ => self.write().await,
            };
            if self.done.fetch_add(1, Ordering::Relaxed) % BATCH == BATCH - 1 {
                say(&format!("calls {BATCH}"));
            }
            if let Err(error) = told {
                say(&format!("failed {:?}", error.kind()));
                if error.is_reauthorization_required() {
                    say("lost session");
                }
                if error.was_sent() == WasSent::No {
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    /// A write that can be told from all others: the title of an issue is its number.
    async fn write(&self) -> Result<(), Error> {
        let id = self.id << 32 | self.next.fetch_add(1, Ordering::Relaxed);
        say(&format!("begun {id}"));
        let told = self.client.send(issues::Create::new("soak", id.to_string())).await;
        let word = match &told {
            Ok(_) => "done",
            Err(error) if error.was_sent() == WasSent::No => "unsent",
            Err(_) => "unknown",
        };
        say(&format!("{word} {id}"));
        told.map(drop)
    }
}

pub(crate) fn work(words: &[&str]) -> Result<(), Failure> {
    let [id, quota, clients, seed, api, oauth, store] = words else {
        return Err("usage: soak worker ID CALLS CLIENTS SEED API OAUTH STORE".into());
    };
    let (id, quota, clients, seed): (u64, u64, u64, u64) =
        (id.parse()?, quota.parse()?, clients.parse()?, seed.parse()?);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let session = Session::new(IDENTITY, crowd::store(store)?, crowd::refresher("gitee", oauth)?);
        let work = Arc::new(Work {
            client: client(api, session)?,
            id: id + 1,
            left: AtomicU64::new(quota),
            next: AtomicU64::new(0),
            done: AtomicU64::new(0),
        });
        let tasks = (0..clients)
            .map(|task| tokio::spawn(work.clone().one_client(Random::new(seed, &format!("client {id}/{task}")))));
        let tasks: Vec<_> = tasks.collect();
        // Memory is looked at when everything that grows once has grown.
        let mut early = 0;
        while tasks.iter().any(|task| !task.is_finished()) {
            tokio::time::sleep(REST).await;
            if early == 0 && work.done.load(Ordering::Relaxed) > quota / 4 {
                early = resident();
            }
        }
        for task in tasks {
            task.await?;
        }
        say(&format!("calls {}", work.done.load(Ordering::Relaxed) % BATCH));
        say(&format!("memory {}", json!({"early": early, "late": resident(), "calls": quota})));
        Ok(())
    })
}

/// Kilobytes of this process in memory.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
