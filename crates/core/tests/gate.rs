//! The gate that keeps calls back while the allowance is used up.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

#[path = "support/surroundings.rs"]
mod surroundings;
#[path = "support/toy.rs"]
mod toy;

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use surroundings::Still;
use toy::{READ, Script, answer, things};
use yunkit_core::credential::HeaderToken;
use yunkit_core::{Client, ErrorKind, RateGate, Retry, WasSent};

/// A status, and headers.
type Told = (u16, &'static [(&'static str, &'static str)]);

struct World {
    time: Arc<Still>,
    script: Arc<Script>,
    client: Client,
}

/// A service that answers as it is told, and then with success for ever.
fn world(gate: &RateGate, answers: &'static [Told]) -> World {
    let time = Arc::new(Still::default());
    let script = Script::new(move |_, before| {
        let (status, lines) = answers.get(before).copied().unwrap_or((200, &[]));
        let mut answer = answer(status, "[1]")?;
        for (name, value) in lines {
            answer.headers.insert(*name, value.parse().unwrap());
        }
        Ok(answer)
    });
    let client = script.client().surroundings(time.clone()).policy(Arc::new(gate.clone())).retry(Retry::NEVER);
    World { time, script, client }
}

fn asked(world: &World) -> usize {
    world.script.asked().len()
}

#[tokio::test]
async fn the_last_call_of_an_allowance_closes_the_gate_until_the_reset() {
    let gate = RateGate::failing();
    const SPENT: Told =
        (200, &[("x-ratelimit-limit", "5"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "600")]);
    let world = world(&gate, &[SPENT]);

    world.client.send(things::<READ>()).await.unwrap();
    assert_eq!(gate.state(&world.client).closed_until, Some(UNIX_EPOCH + Duration::from_secs(600)));
    assert_eq!(gate.state(&world.client).rate.unwrap().limit, 5);

    let held = world.client.send(things::<READ>()).await.unwrap_err();
    assert_eq!((held.kind(), held.was_sent(), held.is_rate_limited()), (ErrorKind::Held, WasSent::No, true));
    assert_eq!(held.retry_after(), Some(Duration::from_secs(600)));
    assert_eq!(
        held.to_string(),
        "things::List: the call was held back: the allowance is used up for another 600 s"
    );
    assert_eq!(asked(&world), 1);

    world.time.pass(Duration::from_secs(600));
    world.client.send(things::<READ>()).await.unwrap();
    assert_eq!((asked(&world), gate.state(&world.client).closed_until), (2, None));
}

#[tokio::test]
async fn a_waiting_gate_waits_where_the_deadline_allows_it_and_says_so_where_not() {
    let gate = RateGate::waiting();
    let world = world(&gate, &[(429, &[("retry-after", "30")])]);

    assert!(world.client.send(things::<READ>()).await.unwrap_err().is_rate_limited());
    let impatient = world.client.clone().deadline(Duration::from_secs(10));
    assert_eq!(impatient.send(things::<READ>()).await.unwrap_err().kind(), ErrorKind::Held);
    assert_eq!(asked(&world), 1);

    world.client.send(things::<READ>()).await.unwrap();
    assert_eq!(world.time.waits(), [Duration::from_secs(30)]);
    assert_eq!(asked(&world), 2);
}

#[tokio::test]
async fn a_refusal_that_does_not_say_until_when_closes_the_gate_for_a_second_and_clones_share_it() {
    let gate = RateGate::failing();
    let one = world(&gate, &[(429, &[])]);
    let other = world(&gate, &[]);

    assert!(one.client.send(things::<READ>()).await.is_err());
    assert_eq!(other.client.send(things::<READ>()).await.unwrap_err().kind(), ErrorKind::Held);
    other.time.pass(Duration::from_secs(1));
    assert!(other.client.send(things::<READ>()).await.is_ok());
}

#[tokio::test]
async fn credentials_have_allowances_of_their_own_and_so_have_hosts() {
    let gate = RateGate::failing();
    let script = Script::new(|_, before| answer(if before == 0 { 429 } else { 200 }, "[]"));
    let gated = || script.client().surroundings(Arc::new(Still::default())).policy(Arc::new(gate.clone()));
    let token = |name: &str| Arc::new(HeaderToken::bearer(name.into()).unwrap());
    let (alice, bob, nobody) = (gated().credential(token("a")), gated().credential(token("b")), gated());
    let elsewhere = alice.clone().protocol(toy::Plain::at("http://elsewhere"));

    assert!(alice.clone().retry(Retry::NEVER).send(things::<READ>()).await.is_err());

    assert_eq!(alice.clone().send(things::<READ>()).await.unwrap_err().kind(), ErrorKind::Held);
    for other in [&bob, &nobody, &elsewhere] {
        other.send(things::<READ>()).await.unwrap();
    }
    assert!(gate.state(&alice).closed_until.is_some() && gate.state(&bob).closed_until.is_none());
}
