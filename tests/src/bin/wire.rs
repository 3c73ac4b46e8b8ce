//! Prints what travels between the SDK and the fake for every operation, a line of JSON each, so that tools that are not
//! ours can hold both sides against the specification: `scripts/check-wire`.

use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use yunkit_core::http::header;
use yunkit_core::operation::Answer;
use yunkit_core::{Call, Error, Next, Opened, Policy, Request, Retry};
use yunkit_testkit::gitee::Fake;
use yunkit_tests::every::send_all;

/// Writes down every exchange, bytes as they are.
#[derive(Debug, Default)]
struct Tape(Mutex<Vec<Value>>);

#[yunkit_core::async_trait]
impl Policy for Tape {
    async fn send(&self, call: &Call<'_>, request: Request, next: Next<'_>) -> Result<Opened, Error> {
        let content_type = request.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
        let mut line = json!({
            "id": call.info().id,
            "method": request.method.as_str(),
            "path": request.url.path(),
            "query": request.url.query(),
            "content_type": content_type,
            "body": request.body.as_bytes().map(String::from_utf8_lossy),
        });
        let opened = next.send(call, request).await?;
        line["status"] = opened.status.as_u16().into();
        if call.info().answer == Answer::Json {
            line["answer"] = String::from_utf8_lossy(opened.payload.bytes()).into();
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        Ok(opened)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seed = std::env::args().nth(1).map_or(Ok(1), |seed| seed.parse())?;
    let fake = Fake::builder().seed(seed).repositories(2).start().await;
    let tape = Arc::new(Tape::default());
    let client = fake.gitee().with_token(fake.token())?.retry(Retry::NEVER).policy(tape.clone());
    send_all(&fake, &client, &mut |_| {}).await?;
    for line in tape.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        println!("{line}");
    }
    Ok(())
}
