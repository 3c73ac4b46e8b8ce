//! Prints what travels between the SDK and the fake for every operation, a line of JSON each, so that tools that are not
//! ours can hold both sides against the specification: `scripts/check-wire`.

use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use yunkit_core::http::header;
use yunkit_core::operation::Answer;
use yunkit_core::{Error, HttpTransport, OperationInfo, RawResponse, Request, Retry, Transport};
use yunkit_testkit::{coding, gitee, huawei};
use yunkit_tests::every::Every;

/// Writes down every exchange, bytes as they are.
#[derive(Debug)]
struct Tape {
    lines: Mutex<Vec<Value>>,
    wire: HttpTransport,
}

#[yunkit_core::async_trait]
impl Transport for Tape {
    async fn send(&self, info: &'static OperationInfo, request: Request) -> Result<RawResponse, Error> {
        let content_type = request.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
        let mut line = json!({
            "id": info.id,
            "method": request.method.as_str(),
            "path": request.url.path(),
            "query": request.url.query(),
            "content_type": content_type,
            "body": request.body.as_bytes().map(String::from_utf8_lossy),
        });
        let answer = self.wire.send(info, request).await?;
        line["status"] = answer.status.as_u16().into();
        if info.answer == Answer::Json {
            line["answer"] = String::from_utf8_lossy(answer.payload.bytes()).into();
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        match lines.last_mut() {
            // The request that was sent elsewhere, and what came of it there.
            Some(moved) if moved["id"] == line["id"] && moved["status"] == 302 => {
                (moved["status"], moved["answer"]) = (line["status"].clone(), line["answer"].clone());
            }
            _ => lines.push(line),
        }
        Ok(answer)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let surface = arguments.next().unwrap_or_default();
    let seed = arguments.next().map_or(Ok(1), |seed| seed.parse())?;
    let tape = Arc::new(Tape { lines: Mutex::default(), wire: HttpTransport::new()? });
    let taped = |client: yunkit_core::Client| client.retry(Retry::NEVER).transport(tape.clone());
    match surface.as_str() {
        "gitee" => {
            let fake = gitee::Fake::builder().seed(seed).repositories(2).start().await;
            let client = taped(fake.gitee().with_token(fake.token())?);
            Every::gitee(&fake).send(&client, &mut |_| {}).await?;
        }
        "coding-open" | "coding-rest" => {
            let fake = coding::Fake::builder().seed(seed).start().await;
            if surface == "coding-open" {
                let client = taped(fake.open().with_token(fake.token())?);
                Every::coding_open(&fake).send(&client, &mut |_| {}).await?;
            } else {
                let client = taped(fake.rest().with_token(fake.token())?);
                Every::coding_rest(&fake).send(&client, &mut |_| {}).await?;
            }
        }
        "servicestage" => {
            let fake = huawei::Fake::builder().seed(seed).start().await;
            let client = taped(yunkit_servicestage::client(&fake.cloud())?);
            Every::servicestage(&fake).send(&client, &mut |_| {}).await?;
        }
        other => return Err(format!("usage: wire SURFACE [SEED]; there is no surface `{other}`").into()),
    }
    for line in tape.lines.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        println!("{line}");
    }
    Ok(())
}
