//! Gitee's envelope: there is none, but failures come in five shapes and the status alone does not tell what they mean.

use serde_json::Value;
use std::time::{Duration, UNIX_EPOCH};
use yunkit_core::envelope::{self, plain_text};
use yunkit_core::http::header;
use yunkit_core::http::{HeaderMap, HeaderValue};
use yunkit_core::operation::{Answer, BodyKind};
use yunkit_core::record::Record;
use yunkit_core::rest::{self, Base};
use yunkit_core::{
    Error, ErrorKind, Opened, OperationInfo, Protocol, Rate, RawResponse, Reason, Request, retry_after, sent_at,
};

/// How operations travel to Gitee and back.
#[derive(Debug, Clone)]
pub struct GiteeProtocol {
    base: Base,
}

impl GiteeProtocol {
    /// The protocol below a base address, such as `https://gitee.com/api`.
    pub fn new(base: Base) -> Self {
        Self { base }
    }
}

impl Protocol for GiteeProtocol {
    fn bind(&self, info: &'static OperationInfo, request: &dyn Record, body: BodyKind) -> Result<Request, Error> {
        let mut out = rest::bind(&self.base, info, request, body)?;
        if info.answer == Answer::Json {
            let json = HeaderValue::from_static("application/json");
            out.headers.insert(header::ACCEPT, json);
        }
        Ok(out)
    }

    fn open(&self, info: &'static OperationInfo, response: RawResponse) -> Result<Opened, Error> {
        let request_id = response.header("x-request-id").map(str::to_owned);
        if response.status.is_success() {
            return Ok(Opened::whole(response, request_id));
        }
        let error = refusal(info, &response);
        Err(match request_id {
            Some(id) => error.with_request_id(id),
            None => error,
        })
    }
}

/// Reads an answer that is no success.
fn refusal(info: &'static OperationInfo, response: &RawResponse) -> Error {
    let body = response.payload.bytes();
    let said = Said::read(body);
    let mut reason = Reason::of_status(response.status);
    let message = said.message.as_deref().unwrap_or_default();
    let spent = Rate::from_headers(&response.headers).is_some_and(|rate| rate.remaining == 0);
    reason = match reason {
        // Gitee answers 403 (and was seen to answer 401) instead of 429; only the text or the allowance tells.
        Reason::Forbidden | Reason::Unauthenticated if says_throttled(message) => Reason::Throttled,
        Reason::Forbidden if spent => Reason::Throttled,
        // The token is fine and lacks a right: a new one would lack it, too.
        Reason::Unauthenticated if message.contains("scope") => Reason::Forbidden,
        other => other,
    };
    let mut error = Error::new(ErrorKind::Service, info.name)
        .with_status(response.status)
        .with_reason(reason)
        .with_body(info, body.clone());
    if let Some(code) = said.code {
        error = error.with_code(code);
    }
    if let Some(message) = said.message {
        error = error.with_message(message);
    }
    let wait = retry_after(&response.headers)
        .or_else(|| (reason == Reason::Throttled).then(|| until_reset(&response.headers))?);
    match wait {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    }
}

/// The texts by which clients have recognised the rate limit.
fn says_throttled(message: &str) -> bool {
    let message = message.to_lowercase();
    ["rate limit", "请求过于频繁", "访问频率"].iter().any(|text| message.contains(text))
}

fn until_reset(headers: &HeaderMap) -> Option<Duration> {
    let rate = Rate::from_headers(headers)?;
    let reset = UNIX_EPOCH.checked_add(Duration::from_secs(rate.resets_at))?;
    Some(reset.duration_since(sent_at(headers)).unwrap_or_default())
}

/// What the body of a refusal says, whichever of the shapes it has.
#[derive(Debug, Default, PartialEq)]
struct Said {
    code: Option<String>,
    message: Option<String>,
}

impl Said {
    fn read(body: &[u8]) -> Self {
        let Ok(Value::Object(object)) = serde_json::from_slice(body) else {
            return Self { code: None, message: plain_text(body) };
        };
        let mut said = Self { code: object.get("code").and_then(scalar), message: None };
        let mut texts: Vec<String> = Vec::new();
        for key in ["message", "messages", "errors"] {
            collect(object.get(key), &mut texts);
        }
        match (object.get("error"), object.get("error_description")) {
            // OAuth: the word is the code, the description is for people.
            (Some(Value::String(word)), description @ Some(_)) => {
                said.code.get_or_insert_with(|| word.clone());
                collect(description, &mut texts);
            }
            (error, description) => {
                if let (None, Some(Value::String(word))) = (&said.code, error) {
                    let is_code = word.contains('_') && word.bytes().all(|b| b == b'_' || b.is_ascii_lowercase());
                    said.code = is_code.then(|| word.clone());
                }
                collect(error, &mut texts);
                collect(description, &mut texts);
            }
        }
        texts.dedup();
        said.message = (!texts.is_empty()).then(|| texts.join("; "));
        said
    }
}

/// The texts in a value, however they are nested; members of objects come with their names unless they stand for the whole.
fn collect(value: Option<&Value>, into: &mut Vec<String>) {
    match value {
        Some(Value::Array(items)) => items.iter().for_each(|item| collect(Some(item), into)),
        Some(Value::Object(members)) => {
            for (name, member) in members {
                let mut inner = Vec::new();
                collect(Some(member), &mut inner);
                let named = |text: String| match name.as_str() {
                    "base" => text,
                    name => format!("{name}: {text}"),
                };
                into.extend(inner.into_iter().map(named));
            }
        }
        Some(value) => into.extend(scalar(value)),
        None => {}
    }
}

/// Gitee also says `true`.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Bool(value) => Some(value.to_string()),
        value => envelope::scalar(value),
    }
}

#[cfg(test)]
mod tests {
    use super::Said;

    #[test]
    fn all_shapes_of_a_refusal_say_the_same() {
        let rows: [(&str, Option<&str>, Option<&str>); 12] = [
            (r#"{"message":"Not Found Project"}"#, None, Some("Not Found Project")),
            (r#"{"message":"log in","code":40001}"#, Some("40001"), Some("log in")),
            (r#"{"messages":["a is empty","b is empty"]}"#, None, Some("a is empty; b is empty")),
            (r#"{"status":"404","error":"Not Found"}"#, None, Some("Not Found")),
            (r#"{"error":{"base":["too many"],"name":["is taken"]}}"#, None, Some("too many; name: is taken")),
            (r#"{"error":"invalid_grant","error_description":"expired"}"#, Some("invalid_grant"), Some("expired")),
            (r#"{"error":"invalid_grant"}"#, Some("invalid_grant"), Some("invalid_grant")),
            (r#"{"message":"invalid","errors":[{"field":"name"}]}"#, None, Some("invalid; field: name")),
            (r#"{"message":"","messages":[]}"#, None, None),
            ("Bad Gateway\n", None, Some("Bad Gateway")),
            ("<html><body>502</body></html>", None, None),
            ("", None, None),
        ];

        for (body, code, message) in rows {
            let said = Said::read(body.as_bytes());
            assert_eq!((said.code.as_deref(), said.message.as_deref()), (code, message), "{body}");
        }
    }
}
