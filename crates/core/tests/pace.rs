//! Calls at a fixed rate.

#![cfg(feature = "pace")]
#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

#[path = "support/surroundings.rs"]
mod surroundings;
#[path = "support/toy.rs"]
mod toy;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use surroundings::Still;
use toy::{CREATE, READ, REPLACE, Script, answer, things};
use yunkit_core::{Client, ErrorKind, Pace, Surroundings, WasSent};

fn world(pace: fn(NonZeroU32) -> Pace, rate: u32) -> (Client, Arc<Still>) {
    let time = Arc::new(Still::default());
    let pace = pace(NonZeroU32::new(rate).unwrap()).surroundings(time.clone());
    let client = Script::new(|_, _| answer(200, "[]")).client();
    (client.surroundings(time.clone()).policy(Arc::new(pace)), time)
}

#[tokio::test]
async fn calls_are_spread_evenly_and_the_first_one_waits_for_nothing() {
    let (client, time) = world(Pace::of_all, 4);

    for _ in 0..9 {
        client.clone().send(things::<READ>()).await.unwrap();
    }

    assert_eq!(time.waits(), [Duration::from_millis(250); 8]);
}

#[tokio::test]
async fn operations_wait_for_their_own_kind_only_unless_all_share() {
    let (each, own) = world(Pace::by_operation, 4);
    let (all, shared) = world(Pace::of_all, 4);

    for client in [each, all] {
        client.send(things::<READ>()).await.unwrap();
        client.send(things::<REPLACE>()).await.unwrap();
        client.send(things::<CREATE>()).await.unwrap();
    }

    assert_eq!((own.waits().len(), shared.waits().len()), (0, 2));
}

#[tokio::test]
async fn a_turn_that_comes_after_the_deadline_is_an_error_at_once() {
    let (client, time) = world(Pace::of_all, 1);
    let client = client.deadline(Duration::from_millis(500));
    client.send(things::<READ>()).await.unwrap();

    let held = client.send(things::<READ>()).await.unwrap_err();

    assert_eq!((held.kind(), held.was_sent(), held.is_rate_limited()), (ErrorKind::Held, WasSent::No, true));
    assert_eq!(held.retry_after(), Some(Duration::from_secs(1)));
    assert_eq!(held.to_string(), "things::List: the call was held back: its turn comes in 1000 ms");
    assert_eq!(time.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn an_operation_without_a_documented_rate_is_not_held_back() {
    let time = Arc::new(Still::default());
    let pace = Pace::as_documented().surroundings(time.clone());
    let client = Script::new(|_, _| answer(200, "[]")).client().surroundings(time.clone()).policy(Arc::new(pace));

    for _ in 0..100 {
        client.send(things::<READ>()).await.unwrap();
    }

    assert!(time.waits().is_empty());
}
