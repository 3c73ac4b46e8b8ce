//! Prints what travels between the SDK and the fake for every operation, a line of JSON each, so that tools that are not
//! ours can hold both sides against the specification: `scripts/check-wire`.

use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use yunkit_core::http::header;
use yunkit_core::operation::Answer;
use yunkit_core::{Call, Error, Next, Opened, Policy, Request, Retry};
use yunkit_testkit::{gitee, huawei};
use yunkit_tests::every::Every;

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
            // Policies come before the credential, which fills this in.
            "path": request.url.path().replace("%7Bproject_id%7D", "a-project"),
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
    let mut arguments = std::env::args().skip(1);
    let surface = arguments.next().unwrap_or_default();
    let seed = arguments.next().map_or(Ok(1), |seed| seed.parse())?;
    let tape = Arc::new(Tape::default());
    let taped = |client: yunkit_core::Client| client.retry(Retry::NEVER).policy(tape.clone());
    match surface.as_str() {
        "gitee" => {
            let fake = gitee::Fake::builder().seed(seed).repositories(2).start().await;
            let client = taped(fake.gitee().with_token(fake.token())?);
            Every::gitee(&fake).send(&client, &mut |_| {}).await?;
        }
        "servicestage" => {
            let fake = huawei::Fake::builder().seed(seed).start().await;
            let client = taped(yunkit_servicestage::client(&fake.cloud())?);
            Every::servicestage(&fake).send(&client, &mut |_| {}).await?;
        }
        other => return Err(format!("usage: wire SURFACE [SEED]; there is no surface `{other}`").into()),
    }
    for line in tape.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        println!("{line}");
    }
    Ok(())
}
