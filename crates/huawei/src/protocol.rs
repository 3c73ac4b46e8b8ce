//! Huawei's envelope: there is none, but failures come in several shapes, and one status means what another says.

use serde_json::Value;
use yunkit_core::envelope::{plain_text, scalar};
use yunkit_core::http::{HeaderValue, header};
use yunkit_core::operation::{Answer, BodyKind};
use yunkit_core::record::Record;
use yunkit_core::rest::{self, Base};
use yunkit_core::{Error, ErrorKind, Opened, OperationInfo, Protocol, RawResponse, Reason, Request, retry_after};

/// A signature that the gateway computes differently, or a key it does not know.
pub const SIGNATURE_REFUSED: &str = "APIGW.0301";
/// "Not found" in ServiceStage v3, which comes with HTTP 401.
const NOT_FOUND_AS_401: &str = "SVCSTG.00100401";

/// How operations travel to a service of Huawei Cloud and back.
#[derive(Debug, Clone)]
pub struct HuaweiProtocol {
    base: Base,
}

impl HuaweiProtocol {
    /// The protocol below a base address, such as `https://servicestage.cn-north-4.myhuaweicloud.com`.
    pub fn new(base: Base) -> Self {
        Self { base }
    }
}

impl Protocol for HuaweiProtocol {
    fn bind(&self, info: &'static OperationInfo, request: &dyn Record, body: BodyKind) -> Result<Request, Error> {
        let mut out = rest::bind(&self.base, info, request, body)?;
        if info.answer == Answer::Json {
            out.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        }
        // The services ask for it on requests without a body, too.
        if !out.headers.contains_key(header::CONTENT_TYPE) && out.body.is_empty() {
            out.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Ok(out)
    }

    fn open(&self, info: &'static OperationInfo, response: RawResponse) -> Result<Opened, Error> {
        let request_id = request_id(&response).map(str::to_owned);
        // OrgID's logout is a redirect for browsers, and all there is to its answer.
        if response.status.is_success() || (response.status.is_redirection() && info.answer == Answer::Empty) {
            return Ok(Opened::whole(response, request_id));
        }
        Err(refusal(info, &response))
    }
}

/// The id under which the service logged the request.
fn request_id(response: &RawResponse) -> Option<&str> {
    ["x-request-id", "x-iam-trace-id"].iter().find_map(|name| response.header(name))
}

/// Reads an answer that is no success.
pub(crate) fn refusal(info: &'static OperationInfo, response: &RawResponse) -> Error {
    let body = response.payload.bytes();
    let said = Said::read(body);
    let reason = match (Reason::of_status(response.status), said.code.as_deref()) {
        (Reason::Unauthenticated, Some(NOT_FOUND_AS_401)) => Reason::NotFound,
        (reason, _) => reason,
    };
    let mut error = Error::new(ErrorKind::Service, info.name)
        .with_status(response.status)
        .with_reason(reason)
        .with_body(info, body.clone());
    if let Some(id) = request_id(response).or(said.request_id.as_deref()) {
        error = error.with_request_id(id);
    }
    if let Some(wait) = retry_after(&response.headers) {
        error = error.with_retry_after(wait);
    }
    if let Some(message) = said.message {
        error = error.with_message(message);
    }
    match said.code {
        Some(code) => error.with_code(code),
        None => error,
    }
}

/// What the body of a refusal says, whichever of the shapes it has.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Said {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) request_id: Option<String>,
}

impl Said {
    pub(crate) fn read(body: &[u8]) -> Self {
        let Ok(body) = serde_json::from_slice::<Value>(body) else {
            return Self { message: plain_text(body), ..Self::default() };
        };
        let mut said = Self::find(&body).unwrap_or_default();
        said.request_id = body.get("request_id").and_then(scalar);
        // What an administrator can decode into the missing permission.
        let encoded = body
            .get("encoded_authorization_message")
            .or_else(|| body.get("error")?.get("encoded_authorization_message"));
        if let Some(encoded) = encoded.and_then(scalar) {
            let message = said.message.unwrap_or_default();
            said.message = Some(format!("{message} (encoded_authorization_message: {encoded})"));
        }
        if said.code.is_none() && said.message.is_none() && body.as_object().is_some_and(|body| !body.is_empty()) {
            // None of the shapes: the body itself is all there is to say.
            said.message = plain_text(body.to_string().as_bytes());
        }
        said
    }

    /// Looks for the pairs in the order of the official SDKs, then in what is nested.
    fn find(body: &Value) -> Option<Self> {
        let pairs = [
            ("error_code", "error_msg"),
            ("errorCode", "errorMsg"),
            ("code", "message"),
            ("error", "error_description"),
        ];
        for (code, message) in pairs {
            let (code, message) = (body.get(code).and_then(scalar), body.get(message).and_then(scalar));
            if code.is_some() && message.is_some() {
                return Some(Self { code, message, request_id: None });
            }
        }
        body.as_object()?.values().filter(|inner| inner.is_object()).find_map(Self::find)
    }
}

/// What the gateway made of a request whose signature it refused, a line per part; it echoes it with bars for line breaks.
#[cfg(feature = "credentials")]
pub(crate) fn echoed(status: yunkit_core::http::StatusCode, body: &[u8]) -> Option<String> {
    let said = Said::read(body);
    if !status.is_client_error() || said.code.as_deref() != Some(SIGNATURE_REFUSED) {
        return None;
    }
    let message = said.message?;
    let methods = ["GET|/", "HEAD|/", "POST|/", "PUT|/", "PATCH|/", "DELETE|/", "OPTIONS|/"];
    let start = methods.iter().filter_map(|method| message.find(method)).min()?;
    Some(mask(&message[start..].replace('|', "\n")))
}

/// Takes the values out of headers that prove who is calling.
#[cfg(feature = "credentials")]
fn mask(canonical: &str) -> String {
    let line = |line: &str| match line.split_once(':') {
        Some((name, _)) if ["token", "secret", "password", "auth"].iter().any(|part| name.contains(part)) => {
            format!("{name}:***")
        }
        _ => line.to_owned(),
    };
    canonical.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(all(test, feature = "credentials"))]
mod tests {
    use super::{Said, echoed};
    use yunkit_core::http::StatusCode;

    #[test]
    fn all_shapes_of_a_refusal_say_the_same() {
        let rows: [(&str, Option<&str>, Option<&str>); 11] = [
            (r#"{"error_code":"A.1","error_msg":"no"}"#, Some("A.1"), Some("no")),
            (r#"{"errorCode":"A.1","errorMsg":"no"}"#, Some("A.1"), Some("no")),
            (r#"{"code":"A.1","message":"no"}"#, Some("A.1"), Some("no")),
            (r#"{"error":{"code":401,"message":"no","title":"Unauthorized"}}"#, Some("401"), Some("no")),
            (r#"{"outer":{"inner":{"error_code":"A.1","error_msg":"no"}}}"#, Some("A.1"), Some("no")),
            (r#"{"error":"invalid_grant","error_description":"no"}"#, Some("invalid_grant"), Some("no")),
            (
                r#"{"error":"x","error_description":"y","error_code":"A.1","error_msg":"no"}"#,
                Some("A.1"),
                Some("no"),
            ),
            (r#"{"invalid_key":"v"}"#, None, Some(r#"{"invalid_key":"v"}"#)),
            ("Bad Gateway", None, Some("Bad Gateway")),
            ("<html></html>", None, None),
            ("", None, None),
        ];

        for (body, code, message) in rows {
            let said = Said::read(body.as_bytes());
            assert_eq!((said.code.as_deref(), said.message.as_deref()), (code, message), "{body}");
        }
        let denied = Said::read(br#"{"error_code":"A.1","error_msg":"no","encoded_authorization_message":"Egp"}"#);
        assert_eq!(denied.message.as_deref(), Some("no (encoded_authorization_message: Egp)"));
    }

    #[test]
    fn the_gateways_canonical_request_is_read_line_by_line_without_secrets() {
        let body = br#"{"error_code":"APIGW.0301","error_msg":"signature fail, canonicalRequest:GET|/v1/p/|a=1|host:h|x-security-token:s3cr3t||host;x-security-token|e3b0"}"#;

        let echo = echoed(StatusCode::UNAUTHORIZED, body).unwrap();

        assert_eq!(echo, "GET\n/v1/p/\na=1\nhost:h\nx-security-token:***\n\nhost;x-security-token\ne3b0");
        assert_eq!(echoed(StatusCode::UNAUTHORIZED, br#"{"error_code":"APIGW.0302","error_msg":"GET|/"}"#), None);
    }
}
