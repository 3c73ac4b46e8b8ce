//! How actions travel: one address, the action's name in the body, and success and failure both at HTTP 200.

use serde_json::Value;
use yunkit_core::body::Body;
use yunkit_core::envelope::{Members, gateway_text, scalar, texts_by_key};
use yunkit_core::http::{HeaderValue, Method, StatusCode, header};
use yunkit_core::operation::{Answer, BodyKind, Route};
use yunkit_core::record::Record;
use yunkit_core::rest::{self, Base};
use yunkit_core::{
    Bytes, Error, ErrorKind, Opened, OperationInfo, Payload, Protocol, RawResponse, Reason, Request, retry_after,
};

/// How actions travel to CODING and back.
#[derive(Debug, Clone)]
pub struct CodingOpenProtocol {
    base: Base,
}

impl CodingOpenProtocol {
    /// The protocol at an address, such as `https://e.coding.net/open-api`.
    pub fn new(base: Base) -> Self {
        Self { base }
    }
}

impl Protocol for CodingOpenProtocol {
    fn bind(&self, info: &'static OperationInfo, request: &dyn Record, _: BodyKind) -> Result<Request, Error> {
        let Route::Action { action } = info.route else {
            return Err(Error::input(info.name, "it is a path, not an action"));
        };
        let mut url = self.base.url().clone();
        if info.in_query {
            url.query_pairs_mut().append_pair("Action", action);
        }
        let json = HeaderValue::from_static("application/json");
        let body = rest::encode_action(action, request);
        let mut out = Request::new(Method::POST, url);
        out.body = Body::Bytes(body.map_err(|error| Error::input(info.name, error.to_string()))?.into());
        out.headers.insert(header::CONTENT_TYPE, json.clone());
        out.headers.insert(header::ACCEPT, json);
        Ok(out)
    }

    fn open(&self, info: &'static OperationInfo, response: RawResponse) -> Result<Opened, Error> {
        let body = match response.payload {
            Payload::Bytes(body) => body,
            // Somebody wants the bytes as they arrive: the envelope is part of them.
            Payload::Stream(_) => return Ok(Opened::whole(response, None)),
        };
        let status = response.status;
        let envelope = Envelope::read(&body);
        let fail = |kind: ErrorKind| {
            let error = Error::new(kind, info.name).with_status(status).with_body(info, body.clone());
            let error = match &envelope.request_id {
                Some(id) => error.with_request_id(id),
                None => error,
            };
            match retry_after(&response.headers) {
                Some(wait) => error.with_retry_after(wait),
                None => error,
            }
        };
        if let Some(said) = &envelope.error {
            let reason = said.code.as_deref().map_or(Reason::Other, reason_of);
            let reason = if reason == Reason::Other { Reason::of_status(status) } else { reason };
            return Err(said.tell(fail(ErrorKind::Service).with_reason(reason)));
        }
        if !status.is_success() {
            return Err(Said::of_page(&body).tell(fail(ErrorKind::Service)));
        }
        let Some(payload) = envelope.payload else {
            return match Said::of_legacy(&body) {
                // The address of the legacy API answers in its own way.
                Some(said) => Err(said.tell(fail(ErrorKind::Service))),
                None if info.answer == Answer::Empty && body.trim_ascii().is_empty() => {
                    Ok(opened(status, response.headers, None, body))
                }
                None => Err(fail(ErrorKind::Decode).with_message(
                    "there is no `Response`; is the address the one of the open API, with `/open-api` at its end?",
                )),
            };
        };
        let payload = body.slice_ref(payload);
        Ok(opened(status, response.headers, envelope.request_id, payload))
    }
}

fn opened(
    status: StatusCode,
    headers: yunkit_core::http::HeaderMap,
    request_id: Option<String>,
    payload: Bytes,
) -> Opened {
    Opened::whole(RawResponse::new(status, headers, payload), request_id)
}

/// What the envelope of an answer holds.
#[derive(Default)]
struct Envelope<'a> {
    payload: Option<&'a [u8]>,
    error: Option<Said>,
    request_id: Option<String>,
}

impl<'a> Envelope<'a> {
    fn read(body: &'a [u8]) -> Self {
        let mut envelope = Self::default();
        let mut outer = Members::of(body).into_iter().flatten();
        let Some((_, payload)) = outer.find(|(name, _)| *name == b"Response") else {
            return envelope;
        };
        let Some(members) = Members::of(payload) else {
            return envelope;
        };
        envelope.payload = Some(payload);
        for (name, value) in members {
            match name {
                b"RequestId" => envelope.request_id = serde_json::from_slice(value).ok(),
                b"Error" => envelope.error = serde_json::from_slice(value).ok().and_then(|error| Said::of(&error)),
                _ => {}
            }
        }
        envelope
    }
}

/// What a refusal says.
struct Said {
    code: Option<String>,
    message: Option<String>,
}

impl Said {
    fn of(error: &Value) -> Option<Self> {
        let text = |name: &str| error.get(name).and_then(scalar);
        match error {
            Value::Null => None,
            Value::String(text) => Some(Self { code: None, message: Some(text.clone()) }),
            _ => Some(Self { code: text("Code"), message: text("Message") }),
        }
    }

    /// `{"code": 1, "msg": {"key": "text"}}`, as the legacy API refuses.
    fn of_legacy(body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let code = body.get("code").filter(|code| **code != 0).and_then(scalar)?;
        let message = body.get("msg").and_then(texts_by_key);
        Some(Self { code: Some(code), message })
    }

    /// A body that is no envelope: what a gateway says, if it is short enough to be read.
    fn of_page(body: &[u8]) -> Self {
        Self::of_legacy(body).unwrap_or_else(|| Self {
            code: None,
            message: gateway_text(body, &["Message", "message", "msg", "error"]),
        })
    }

    fn tell(&self, error: Error) -> Error {
        let error = match &self.code {
            Some(code) => error.with_code(code),
            None => error,
        };
        match &self.message {
            Some(message) => error.with_message(message),
            None => error,
        }
    }
}

/// What a code means. The list of codes is open, and what stands behind a point only narrows what stands before it.
fn reason_of(code: &str) -> Reason {
    match code.split('.').next().unwrap_or(code) {
        "AuthFailure" => Reason::Unauthenticated,
        "UnauthorizedOperation" | "OperationDenied" => Reason::Forbidden,
        "ResourceNotFound" => Reason::NotFound,
        "RequestLimitExceeded" => Reason::Throttled,
        "InternalError" => Reason::Unavailable,
        _ => Reason::Other,
    }
}
