//! One process of many that share the tokens of one identity in a store, which is a folder or the address of a Redis:
//! `crowd SURFACE ADDRESS STORE call TASKS` calls with so many tasks at once and prints a line of JSON: how many calls were
//! answered, and how the others failed. `… stop STEP` begins a refresh and stands still at that step, to be killed there.
//! `… swap 0` replaces the tokens again and again, and says the version after each time.

use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use yunkit_core::session::{Lease, Refresher, Session, StoreError, TokenStore, Tokens, Version};
use yunkit_core::{Client, Error, async_trait};
use yunkit_tests::crowd::{self, IDENTITY};

/// The instants of a refresh at which a process can be killed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    AfterLease,
    BeforeNote,
    AfterNote,
    AfterAnswer,
    AfterStore,
}

impl Step {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "after-lease" => Self::AfterLease,
            "before-note" => Self::BeforeNote,
            "after-note" => Self::AfterNote,
            "after-answer" => Self::AfterAnswer,
            "after-store" => Self::AfterStore,
            _ => return None,
        })
    }
}

/// A store and a refresher that stand still when their time has come, until somebody kills them.
#[derive(Debug)]
struct Doomed {
    store: Arc<dyn TokenStore>,
    refresher: Arc<dyn Refresher>,
    step: Option<Step>,
}

impl Doomed {
    fn at(&self, step: Step) {
        if self.step == Some(step) {
            println!("now");
            loop {
                std::thread::park();
            }
        }
    }
}

#[async_trait]
impl TokenStore for Doomed {
    async fn load(&self, identity: &str) -> Result<Option<(Version, Tokens)>, StoreError> {
        self.store.load(identity).await
    }
    async fn swap(
        &self,
        identity: &str,
        expected: Version,
        tokens: &Tokens,
    ) -> Result<Option<Version>, StoreError> {
        self.at(Step::AfterAnswer);
        let swapped = self.store.swap(identity, expected, tokens).await;
        self.at(Step::AfterStore);
        swapped
    }
    async fn lease(&self, identity: &str, time: Duration) -> Result<Option<Lease>, StoreError> {
        let lease = self.store.lease(identity, time).await;
        self.at(Step::AfterLease);
        lease
    }
    async fn spend(&self, identity: &str, version: Version, lease: &Lease) -> Result<bool, StoreError> {
        self.at(Step::BeforeNote);
        let first = self.store.spend(identity, version, lease).await;
        self.at(Step::AfterNote);
        first
    }
}

#[async_trait]
impl Refresher for Doomed {
    async fn refresh(&self, current: &Tokens) -> Result<Tokens, Error> {
        self.refresher.refresh(current).await
    }
}

async fn swap(store: &dyn TokenStore) -> Result<(), Box<dyn std::error::Error>> {
    loop {
        let (version, tokens) = store.load(IDENTITY).await?.ok_or("there is nothing to replace")?;
        let version = store.swap(IDENTITY, version, &tokens).await?.ok_or("somebody else is at it")?;
        println!("{version}");
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [surface, address, store, mode, what] = arguments.as_slice() else {
        return Err("usage: crowd SURFACE ADDRESS STORE call TASKS | stop STEP".into());
    };
    if mode == "swap" {
        return swap(&*crowd::store(store)?).await;
    }
    let step = match mode.as_str() {
        "stop" => Some(Step::named(what).ok_or("there is no such step")?),
        _ => None,
    };
    let doomed =
        Arc::new(Doomed { store: crowd::store(store)?, refresher: crowd::refresher(surface, address)?, step });
    let session = Session::new(IDENTITY, doomed.clone(), doomed);
    let client = crowd::client(surface, address, session)?;
    let tasks: usize = if step.is_some() { 1 } else { what.parse()? };
    let calls = (0..tasks).map(|_| {
        let (client, surface): (Client, String) = (client.clone(), surface.clone());
        tokio::spawn(async move { crowd::call(&surface, &client).await })
    });
    let (mut answered, mut failures) = (0, Vec::new());
    for call in calls.collect::<Vec<_>>() {
        match call.await? {
            Ok(()) => answered += 1,
            Err(error) => failures.push(error.to_string()),
        }
    }
    println!("{}", json!({"answered": answered, "failures": failures}));
    Ok(())
}
