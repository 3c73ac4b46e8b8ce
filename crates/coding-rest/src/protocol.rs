//! How the legacy API travels: paths and forms, and success and failure both at HTTP 200, told apart by `code`.

use crate::codes::Code;
use yunkit_core::envelope::{Members, gateway_text, scalar, texts_by_key};
use yunkit_core::http::{HeaderValue, header};
use yunkit_core::operation::{Answer, BodyKind};
use yunkit_core::record::Record;
use yunkit_core::rest::{self, Base};
use yunkit_core::{
    Bytes, Error, ErrorKind, Opened, OperationInfo, Payload, Protocol, RawResponse, Reason, Request, retry_after,
};

/// How operations travel to CODING's legacy API and back.
#[derive(Debug, Clone)]
pub struct CodingRestProtocol {
    base: Base,
}

impl CodingRestProtocol {
    /// The protocol on a host, such as `https://anywhere.coding.net`.
    pub fn new(base: Base) -> Self {
        Self { base: base.with_repeated_lists() }
    }
}

impl Protocol for CodingRestProtocol {
    fn bind(&self, info: &'static OperationInfo, request: &dyn Record, body: BodyKind) -> Result<Request, Error> {
        let mut out = rest::bind(&self.base, info, request, body)?;
        if info.answer != Answer::Bytes {
            out.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        }
        Ok(out)
    }

    fn open(&self, info: &'static OperationInfo, response: RawResponse) -> Result<Opened, Error> {
        let body = match response.payload {
            Payload::Bytes(ref body) => body.clone(),
            // Somebody wants the bytes as they arrive: the envelope is part of them.
            Payload::Stream(_) => return Ok(Opened::whole(response, None)),
        };
        let status = response.status;
        let request_id = response.header("x-request-id").map(str::to_owned);
        let envelope = Envelope::read(&body);
        let refusal = envelope.code.as_deref().filter(|code| *code != "0");
        if refusal.is_none() && status.is_success() {
            if info.answer == Answer::Json && !envelope.whole {
                let error = Error::new(ErrorKind::Decode, info.name).with_status(status);
                return Err(error.with_message("the body ends in the middle").with_body(info, body.clone()));
            }
            if info.answer != Answer::Json || envelope.code.is_none() {
                // Flat: who I am, and the answer to a sign-in.
                return Ok(Opened::whole(response, request_id));
            }
            let payload = envelope.data.map_or(Bytes::from_static(b"null"), |data| body.slice_ref(data));
            return Ok(Opened::whole(RawResponse::new(status, response.headers, payload), request_id));
        }
        let mut error = Error::new(ErrorKind::Service, info.name).with_status(status).with_body(info, body.clone());
        if let Some(code) = refusal {
            let reason = reason_of(&Code::from(code));
            error = error.with_code(code);
            // The code knows better than the status, which is mostly 200.
            if reason != Reason::Other {
                error = error.with_reason(reason);
            }
        }
        if let Some(message) = envelope.message.or_else(|| gateway_text(&body, &["message", "msg", "error"])) {
            error = error.with_message(message);
        }
        if let Some(id) = request_id {
            error = error.with_request_id(id);
        }
        Err(match retry_after(&response.headers) {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        })
    }
}

/// What the envelope of an answer holds.
#[derive(Default)]
struct Envelope<'a> {
    code: Option<String>,
    data: Option<&'a [u8]>,
    message: Option<String>,
    /// Whether it was not cut off; what is no object says so by itself, when it is read.
    whole: bool,
}

impl<'a> Envelope<'a> {
    fn read(body: &'a [u8]) -> Self {
        let mut envelope = Self::default();
        let mut members = Members::of(body);
        for (name, value) in members.iter_mut().flatten() {
            match name {
                b"code" => envelope.code = serde_json::from_slice(value).ok().as_ref().and_then(scalar),
                b"data" => envelope.data = Some(value),
                b"msg" => envelope.message = serde_json::from_slice(value).ok().as_ref().and_then(texts_by_key),
                _ => {}
            }
        }
        envelope.whole = members.is_none_or(|members| members.is_at_end());
        // A thing may have a `code` of its own; only together with one of the others it is an envelope.
        if envelope.data.is_none()
            && envelope.message.is_none()
            && envelope.code.as_deref().is_none_or(|c| !number(c))
        {
            envelope.code = None;
        }
        envelope
    }
}

fn number(code: &str) -> bool {
    code.parse::<i64>().is_ok()
}

/// What a code means for whoever decides about trying again.
fn reason_of(code: &Code) -> Reason {
    match code {
        Code::UserNotLoggedIn | Code::LoginExpired => Reason::Unauthenticated,
        Code::PermissionDenied | Code::ScopeMissing | Code::AccountLocked => Reason::Forbidden,
        Code::TwoFactorCodeNeeded | Code::TwoFactorRequired | Code::TwoFactorFailed => Reason::Forbidden,
        Code::AccountNotFound | Code::ProjectNotFound | Code::TeamNotFound => Reason::NotFound,
        Code::NetworkFailed => Reason::Unavailable,
        _ => Reason::Other,
    }
}
