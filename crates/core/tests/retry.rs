//! What is tried again, how often, and what never is.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

#[path = "support/surroundings.rs"]
mod surroundings;
#[path = "support/toy.rs"]
mod toy;

use async_trait::async_trait;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use surroundings::Still;
use toy::{CREATE, Create, List, READ, REPLACE, Replace, Script, answer, breaks, things};
use yunkit_core::body::{Body, File};
use yunkit_core::{Client, Credential, Error, Generation, OperationInfo, Request, Retry, WasSent};

fn patient(script: &Arc<Script>) -> (Client, Arc<Still>) {
    let time = Arc::new(Still::default());
    (script.client().surroundings(time.clone()), time)
}

#[tokio::test]
async fn a_service_that_is_down_is_not_asked_more_than_the_budget_of_all_clones_allows() {
    let down = Arc::new(AtomicBool::new(true));
    let seen = down.clone();
    let script =
        Script::new(move |_, _| if seen.load(Ordering::SeqCst) { answer(503, "") } else { answer(200, "[]") });
    let (client, _) = patient(&script);
    let client = client.deadline(None).retry(Retry { budget: 5, ..Retry::default() });

    for _ in 0..20 {
        assert!(client.clone().send(things::<READ>()).await.is_err());
    }
    assert_eq!(script.asked().len(), 20 + 5, "twenty calls, and five repetitions between them");

    // Ten calls that succeed give one repetition back.
    down.store(false, Ordering::SeqCst);
    for _ in 0..10 {
        client.send(things::<READ>()).await.unwrap();
    }
    down.store(true, Ordering::SeqCst);
    let before = script.asked().len();
    for _ in 0..3 {
        assert!(client.send(things::<READ>()).await.is_err());
    }
    assert_eq!(script.asked().len() - before, 3 + 1);
}

#[tokio::test]
async fn a_repetition_that_helps_costs_nothing_and_neither_does_a_wait_the_service_asked_for() {
    let flaky = Script::new(|_, before| if before % 2 == 0 { answer(503, "") } else { answer(200, "[]") });
    let (client, _) = patient(&flaky);
    let client = client.deadline(None).retry(Retry { budget: 1, ..Retry::default() });
    for _ in 0..50 {
        client.send(things::<READ>()).await.unwrap();
    }

    let throttled = Script::new(|_, before| {
        let mut answer = answer(if before < 3 { 429 } else { 200 }, "[]")?;
        answer.headers.insert("retry-after", "1".parse().unwrap());
        Ok(answer)
    });
    let (client, time) = patient(&throttled);
    client.retry(Retry { budget: 0, ..Retry::default() }).send(things::<READ>()).await.unwrap();
    assert_eq!(time.waits(), [Duration::from_secs(1); 3]);
}

#[tokio::test]
async fn a_write_is_repeated_only_when_nothing_of_it_was_sent() {
    for (was_sent, attempts) in [(WasSent::No, 4), (WasSent::Maybe, 1)] {
        let script = Script::new(move |_, _| breaks(was_sent));
        let (client, _) = patient(&script);

        let error = client.send(things::<CREATE>()).await.unwrap_err();

        assert_eq!((error.attempts(), error.was_sent()), (attempts, was_sent));
        assert_eq!(script.asked().len(), attempts as usize);
    }
}

#[tokio::test]
async fn a_call_of_which_an_earlier_attempt_may_have_arrived_says_so() {
    let script = Script::new(|_, before| breaks(if before == 0 { WasSent::Maybe } else { WasSent::No }));
    let (client, _) = patient(&script);

    let error = client.send(things::<REPLACE>()).await.unwrap_err();

    assert_eq!((error.attempts(), error.was_sent()), (4, WasSent::Maybe));
}

fn pipe() -> File {
    File::from_stream("log.txt", Some(3), futures_util::stream::iter([Ok("abc".into())]))
}

/// Reads the body, as a connection that stands does.
async fn read(request: &Request) {
    use futures_util::StreamExt;
    if let Body::Source(source) = &request.body {
        source.open().for_each(|_| async {}).await;
    }
}

fn upload(file: File) -> Create {
    Create { file: Some(file), ..things() }
}

#[tokio::test]
async fn what_can_be_read_only_once_is_tried_again_until_it_has_been_read() {
    let script = Script::new(|request, before| match before {
        0 | 1 => breaks(WasSent::No),
        2 => {
            futures_util::FutureExt::now_or_never(read(request)).unwrap();
            breaks(WasSent::No)
        }
        _ => answer(200, "[]"),
    });
    let (client, _) = patient(&script);

    let error = client.send(upload(pipe())).await.unwrap_err();
    assert_eq!((error.attempts(), script.asked().len()), (3, 3));

    // A file is opened anew.
    client.send(upload(File::from_bytes("log.txt", "abc"))).await.unwrap();
}

/// Gives out another token whenever one was refused.
#[derive(Debug, Default)]
struct Renewing(AtomicU64);

#[async_trait]
impl Credential for Renewing {
    async fn apply(
        &self,
        _: &'static OperationInfo,
        request: &mut Request,
        rejected: Option<Generation>,
    ) -> Result<Generation, Error> {
        if rejected.is_some() {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
        let now = self.0.load(Ordering::SeqCst);
        request.headers.insert("authorization", format!("Bearer {now}").parse().unwrap());
        Ok(Generation(now))
    }
}

#[tokio::test]
async fn a_refused_token_is_renewed_and_the_call_replayed_once_if_its_body_can_be() {
    let token = |request: &Request| request.headers["authorization"].to_str().unwrap().to_owned();
    let service = move |request: &Request, _| {
        futures_util::FutureExt::now_or_never(read(request)).unwrap();
        answer(if token(request) == "Bearer 0" { 401 } else { 200 }, "[]")
    };
    let script = Script::new(service);
    let client = script.client().credential(Arc::new(Renewing::default()));
    client.send(upload(File::from_bytes("a", "b"))).await.unwrap();
    assert_eq!(script.asked().len(), 2);

    let script = Script::new(service);
    let client = script.client().credential(Arc::new(Renewing::default()));
    let error = client.send(upload(pipe())).await.unwrap_err();
    assert!(error.is_unauthenticated(), "{error}");
    assert_eq!(script.asked().len(), 1);
    // The next one finds a token that is good.
    client.send(upload(pipe())).await.unwrap();
}

#[tokio::test]
async fn a_refusal_that_is_not_about_the_token_never_renews_it() {
    for status in [400, 403, 404, 429, 500] {
        let script = Script::new(move |_, _| answer(status, ""));
        let renewing = Arc::new(Renewing::default());
        let client = script.client().credential(renewing.clone()).retry(Retry::NEVER);

        let _ = client.send(things::<READ>()).await.unwrap_err();

        assert_eq!(renewing.0.load(Ordering::SeqCst), 0, "{status}");
    }
}

#[test]
fn the_operations_here_are_of_all_three_effects() {
    use yunkit_core::operation::{Effect, Operation};
    let effects = [List::INFO.effect, Replace::INFO.effect, Create::INFO.effect];
    assert_eq!(effects, [Effect::Read, Effect::Idempotent, Effect::Write]);
}
