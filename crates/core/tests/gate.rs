//! The gate that keeps calls back while the allowance is used up.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

#[path = "support/surroundings.rs"]
mod surroundings;

use async_trait::async_trait;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};
use surroundings::Still;
use yunkit_core::generated::{Debug, Formatter, Place, Record, Shape, Value, fmt, nowhere};
use yunkit_core::http::{HeaderMap, StatusCode};
use yunkit_core::operation::{BodyKind, Method, Operation, OperationInfo};
use yunkit_core::rest::{self, Base};
use yunkit_core::{
    Client, Error, ErrorKind, Opened, Protocol, RateGate, RawResponse, Request, Retry, Transport, WasSent,
    retry_after,
};

/// `GET /x`
#[derive(Clone)]
struct Get;

impl Record for Get {
    fn shape(&self) -> &'static Shape {
        const PLACES: &[Place] = &[];
        &Shape { name: "Get", members: &[], required: &[], places: PLACES }
    }
    fn slot(&mut self, _: usize) -> &mut dyn Value {
        nowhere()
    }
    fn peek(&self, _: usize) -> &dyn Value {
        &()
    }
}

impl Debug for Get {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Get")
    }
}

impl Operation for Get {
    type Output = Vec<i64>;
    const INFO: &'static OperationInfo = &OperationInfo::rest("x::Get", "getX", Method::Get, "/x");
}

#[derive(Debug)]
struct Plain(Base);

impl Protocol for Plain {
    fn bind(&self, info: &'static OperationInfo, request: &dyn Record, body: BodyKind) -> Result<Request, Error> {
        rest::bind(&self.0, info, request, body)
    }
    fn open(&self, info: &'static OperationInfo, response: RawResponse) -> Result<Opened, Error> {
        if response.status.is_success() {
            return Ok(Opened::whole(response, None));
        }
        let error = Error::new(ErrorKind::Service, info.name).with_status(response.status);
        Err(match retry_after(&response.headers) {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        })
    }
}

/// A status, and headers.
type Told = (u16, Vec<(&'static str, String)>);

/// Answers as it is told, then with success for ever, and counts.
#[derive(Debug, Default)]
struct Script {
    answers: Mutex<VecDeque<Told>>,
    asked: Mutex<u32>,
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, _: &'static OperationInfo, _: Request) -> Result<RawResponse, Error> {
        *self.asked.lock().unwrap() += 1;
        let (status, lines) = self.answers.lock().unwrap().pop_front().unwrap_or((200, Vec::new()));
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.insert(name, value.parse().unwrap());
        }
        Ok(RawResponse::new(StatusCode::from_u16(status).unwrap(), headers, "[1]"))
    }
}

struct World {
    time: Arc<Still>,
    script: Arc<Script>,
    client: Client,
}

fn world(gate: &RateGate, answers: &[(u16, &[(&'static str, &str)])]) -> World {
    let time = Arc::new(Still::default());
    let told = answers
        .iter()
        .map(|(status, lines)| (*status, lines.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()));
    let script = Arc::new(Script { answers: Mutex::new(told.collect()), asked: Mutex::default() });
    let base = Base::parse("http://localhost").unwrap();
    let client = Client::with_transport(Arc::new(Plain(base)), script.clone())
        .surroundings(time.clone())
        .policy(Arc::new(gate.clone()))
        .retry(Retry::NEVER);
    World { time, script, client }
}

fn asked(world: &World) -> u32 {
    *world.script.asked.lock().unwrap()
}

#[tokio::test]
async fn the_last_call_of_an_allowance_closes_the_gate_until_the_reset() {
    let gate = RateGate::failing();
    let spent = [("x-ratelimit-limit", "5"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "600")];
    let world = world(&gate, &[(200, &spent)]);

    world.client.send(Get).await.unwrap();
    assert_eq!(gate.state().closed_until, Some(UNIX_EPOCH + Duration::from_secs(600)));
    assert_eq!(gate.state().rate.unwrap().limit, 5);

    let held = world.client.send(Get).await.unwrap_err();
    assert_eq!((held.kind(), held.was_sent(), held.is_rate_limited()), (ErrorKind::Held, WasSent::No, true));
    assert_eq!(held.retry_after(), Some(Duration::from_secs(600)));
    assert_eq!(held.to_string(), "x::Get: the call was held back: the allowance is used up for another 600 s");
    assert_eq!(asked(&world), 1);

    world.time.pass(Duration::from_secs(600));
    world.client.send(Get).await.unwrap();
    assert_eq!((asked(&world), gate.state().closed_until), (2, None));
}

#[tokio::test]
async fn a_waiting_gate_waits_where_the_deadline_allows_it_and_says_so_where_not() {
    let gate = RateGate::waiting();
    let world = world(&gate, &[(429, &[("retry-after", "30")])]);

    assert!(world.client.send(Get).await.unwrap_err().is_rate_limited());
    let impatient = world.client.clone().deadline(Duration::from_secs(10));
    assert_eq!(impatient.send(Get).await.unwrap_err().kind(), ErrorKind::Held);
    assert_eq!(asked(&world), 1);

    world.client.send(Get).await.unwrap();
    assert_eq!(world.time.waits(), [Duration::from_secs(30)]);
    assert_eq!(asked(&world), 2);
}

#[tokio::test]
async fn a_refusal_that_does_not_say_until_when_closes_the_gate_for_a_second_and_clones_share_it() {
    let gate = RateGate::failing();
    let one = world(&gate, &[(429, &[])]);
    let other = world(&gate, &[]);

    assert!(one.client.send(Get).await.is_err());
    assert_eq!(other.client.send(Get).await.unwrap_err().kind(), ErrorKind::Held);
    other.time.pass(Duration::from_secs(1));
    assert!(other.client.send(Get).await.is_ok());
}
