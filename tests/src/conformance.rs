//! Recorded bodies through the real path: protocol and model, and out again.

use crate::meaning::compare;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::Path;
use yunkit_coding_open::CodingOpenProtocol;
use yunkit_coding_rest::CodingRestProtocol;
use yunkit_core::http::{HeaderMap, StatusCode};
use yunkit_core::operation::{Answer, BodyKind, Entry, Operation, Route};
use yunkit_core::record::{self, Place};
use yunkit_core::rest::Base;
use yunkit_core::{Opened, OperationInfo, Protocol, RawResponse, read};
use yunkit_gitee::GiteeProtocol;
use yunkit_gitee::oauth::{RequestToken, TokenAnswer};
use yunkit_gitee::webhook::Event;
use yunkit_huawei::HuaweiProtocol;
use yunkit_servicestage::authorization::PasswordToken;

/// A row of `INDEX.tsv`.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// The body, below the folder of the index.
    pub file: String,
    /// The API surface.
    pub surface: String,
    /// `response`, `response-fields`, `request`, `error`, `webhook` or `fragment`.
    pub kind: String,
    /// The upstream id.
    pub operation: String,
    /// The HTTP method.
    pub method: String,
    /// The path; a part in parentheses is optional.
    pub path: String,
    /// The HTTP status, where it was recorded.
    pub status: String,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Outcome {
    Ok,
    Unknown,
    Lost,
    Failed,
    Skipped,
}

impl Outcome {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Lost => "lost",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// An outcome with what there is to say about it, and how many places stayed raw.
#[derive(Debug)]
pub struct Verdict {
    /// What became of the row.
    pub outcome: Outcome,
    /// Pointers or a reason.
    pub detail: String,
    /// Places that were kept as raw JSON.
    pub raw: usize,
}

impl Verdict {
    fn new(outcome: Outcome, detail: impl Into<String>) -> Self {
        Self { outcome, detail: detail.into(), raw: 0 }
    }
}

/// Reads the rows of an index.
///
/// # Errors
///
/// When a column that is needed is not there.
pub fn rows(index: &str) -> Result<Vec<Row>, String> {
    let mut lines = index.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let column = |name: &str| {
        let found = header.iter().position(|h| h.trim() == name);
        found.ok_or_else(|| format!("INDEX.tsv has no column `{name}`"))
    };
    let [file, surface, kind] = [column("file")?, column("surface")?, column("kind")?];
    let [operation, method, path] = [column("operation")?, column("method")?, column("path")?];
    let status = column("status")?;
    Ok(lines
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let cell = |i: usize| cells.get(i).copied().unwrap_or_default().trim().to_owned();
            Row {
                file: cell(file),
                surface: cell(surface),
                kind: cell(kind),
                operation: cell(operation),
                method: cell(method),
                path: cell(path),
                status: cell(status),
            }
        })
        .collect())
}

/// Samples that contradict themselves, with the contradiction; reviewed by hand, and refused when they are in order.
#[derive(Debug)]
pub struct Exceptions(BTreeMap<&'static str, &'static str>);

/// The most rows that may be excepted, and the most of a hundred of one surface and kind.
const EXCEPTED: (usize, usize) = (40, 2);

impl Exceptions {
    /// Those that stand in `conformance-exceptions.tsv`.
    pub fn reviewed() -> Self {
        let lines = include_str!("../conformance-exceptions.tsv").lines().skip(1);
        Self(lines.filter_map(|line| line.split_once('\t')).collect())
    }

    /// The verdict of a row, once its exception is taken into account.
    pub fn apply(&self, row: &Row, verdict: Verdict) -> Verdict {
        match (self.0.get(row.file.as_str()), verdict.outcome) {
            (None, _) => verdict,
            (Some(fact), Outcome::Lost | Outcome::Failed) => {
                Verdict::new(Outcome::Skipped, format!("contradicts itself: {fact}"))
            }
            (Some(_), outcome) => {
                let what = format!("it is {} and needs no exception any more", outcome.as_str());
                Verdict::new(Outcome::Failed, what)
            }
        }
    }

    /// What is wrong with the list as a whole, measured against an index: exceptions are for the few.
    ///
    /// # Errors
    ///
    /// When there are too many of them, or too many of one surface and kind. Kinds that an index has only pieces of are not
    /// judged.
    pub fn check(&self, rows: &[Row]) -> Result<(), String> {
        if self.0.len() > EXCEPTED.0 {
            return Err(format!("{} exceptions are more than {}", self.0.len(), EXCEPTED.0));
        }
        if !self.0.keys().all(|file| rows.iter().any(|row| row.file == *file)) {
            return Ok(());
        }
        let mut kinds: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
        for row in rows {
            let (all, excepted) = kinds.entry((&row.surface, &row.kind)).or_default();
            *all += 1;
            *excepted += usize::from(self.0.contains_key(row.file.as_str()));
        }
        match kinds.iter().find(|(_, (all, excepted))| excepted * 100 > all * EXCEPTED.1) {
            Some(((surface, kind), (all, excepted))) => Err(format!(
                "{excepted} exceptions of {all} rows of {surface}, {kind}, are more than {} %",
                EXCEPTED.1
            )),
            None => Ok(()),
        }
    }
}

/// Sends one row through.
pub fn judge(folder: &Path, row: &Row) -> Verdict {
    if row.kind == "fragment" {
        return Verdict::new(Outcome::Skipped, "a fragment is no whole body");
    }
    let Some(surface) = Surface::called(&row.surface) else {
        let reason = format!("the surface {} is not built yet", row.surface);
        return Verdict::new(Outcome::Skipped, reason);
    };
    let body = match std::fs::read(folder.join(&row.file)) {
        Ok(body) => body,
        Err(error) => return Verdict::new(Outcome::Failed, format!("{}: {error}", row.file)),
    };
    if row.kind == "webhook" {
        return webhook(&body);
    }
    let entry = match surface.find(row) {
        Some(entry) => entry,
        // Errors need no operation: the decoder is the same for all.
        None if row.kind == "error" => surface.catalogue[0][0],
        None => {
            let reason = format!("the facts have no operation {} {}", row.method, row.path);
            return Verdict::new(Outcome::Skipped, reason);
        }
    };
    match row.kind.as_str() {
        "response" | "response-fields" => surface.response(&entry, row, body),
        "request" => surface.request(&entry, &body),
        "error" => surface.error(&entry, row, body),
        other => Verdict::new(Outcome::Skipped, format!("the kind {other} is not known")),
    }
}

fn password_token() -> Entry {
    Entry {
        info: PasswordToken::INFO,
        request: || Box::new(PasswordToken::new("", "", "", "")),
        output: || Box::<yunkit_servicestage::authorizations::CreatePasswordAuthResponse>::default(),
    }
}

fn token_entry() -> Entry {
    Entry {
        info: RequestToken::INFO,
        request: || Box::new(RequestToken::default()),
        output: || Box::new(TokenAnswer::default()),
    }
}

/// A surface that is built: its operations, its protocol, and the members that its credential sends.
struct Surface {
    catalogue: &'static [&'static [Entry]],
    protocol: Box<dyn Protocol>,
    /// What stands in a payload and belongs to the envelope.
    envelope: &'static [&'static str],
}

impl Surface {
    fn called(name: &str) -> Option<Self> {
        let base = || Base::parse("http://localhost/api").expect("the address is valid");
        let with = |catalogue, protocol| Self { catalogue, protocol, envelope: &[] };
        let huawei = |catalogue| with(catalogue, Box::new(HuaweiProtocol::new(base())));
        Some(match name {
            "gitee" => with(yunkit_gitee::CATALOGUE, Box::new(GiteeProtocol::new(base()))),
            "coding-actions" => Self {
                envelope: &["RequestId"],
                ..with(yunkit_coding_open::CATALOGUE, Box::new(CodingOpenProtocol::new(base())))
            },
            "coding-legacy" => with(yunkit_coding_rest::CATALOGUE, Box::new(CodingRestProtocol::new(base()))),
            "servicestage" => huawei(yunkit_servicestage::CATALOGUE),
            "orgid" => huawei(yunkit_orgid::CATALOGUE),
            "iam" | "huawei-error" => huawei(yunkit_huawei::CATALOGUE),
            _ => return None,
        })
    }

    fn find(&self, row: &Row) -> Option<Entry> {
        if row.operation == RequestToken::INFO.id {
            return Some(token_entry());
        }
        // Two bodies are in use for one path; the sample's own operation has the official one.
        if row.file.contains("CreatePasswordAuth_tf") {
            return Some(password_token());
        }
        let wanted = normal(path_of(&row.path));
        let all = || self.catalogue.iter().copied().flatten();
        let by_id = || all().find(|e| e.info.id == row.operation).copied();
        all()
            .find(|entry| match entry.info.route {
                Route::Rest { method, path } => {
                    row.method.eq_ignore_ascii_case(method.as_str()) && wanted.contains(&normal(path)[0])
                }
                _ => false,
            })
            .copied()
            .or_else(by_id)
    }
}

/// The path of an address that may come with its host and its query.
fn path_of(address: &str) -> &str {
    let after_host =
        address.split_once("://").map_or(address, |(_, rest)| rest.find('/').map_or("", |at| &rest[at..]));
    after_host.split('?').next().unwrap_or(after_host)
}

/// A path without the names of its parameters; one that ends in an optional part in both readings.
fn normal(path: &str) -> Vec<String> {
    let without_names = |path: &str| {
        let mut out = String::new();
        let mut inside = false;
        for c in path.chars() {
            match c {
                '{' => {
                    inside = true;
                    out.push('{');
                }
                '}' => inside = false,
                c if !inside => out.push(c),
                _ => {}
            }
        }
        out.trim_end_matches('/').to_owned()
    };
    match (path.find('('), path.rfind(')')) {
        (Some(open), Some(close)) if open < close => {
            let long = format!("{}{}{}", &path[..open], &path[open + 1..close], &path[close + 1..]);
            let short = format!("{}{}", &path[..open], &path[close + 1..]);
            vec![without_names(&long), without_names(&short)]
        }
        _ => vec![without_names(path)],
    }
}

fn answer(row: &Row, body: Vec<u8>, default: StatusCode) -> RawResponse {
    let status = row.status.parse().ok().and_then(|s| StatusCode::from_u16(s).ok());
    RawResponse::new(status.unwrap_or(default), HeaderMap::new(), body)
}

impl Surface {
    fn response(&self, entry: &Entry, row: &Row, body: Vec<u8>) -> Verdict {
        let info: &'static OperationInfo = entry.info;
        if !matches!(info.answer, Answer::Json | Answer::Empty) {
            return Verdict::new(Outcome::Skipped, "the operation does not answer JSON");
        }
        // An empty body says as little as `null`.
        let blank = body.trim_ascii().is_empty();
        // Only what is in the envelope was written down.
        let body = match row.kind.as_str() {
            "response-fields" => [b"{\"Response\":", body.as_slice(), b"}"].concat(),
            _ => body,
        };
        if let Err(error) = serde_json::from_slice::<Json>(if blank { b"null" } else { body.as_slice() }) {
            return Verdict::new(Outcome::Failed, format!("the sample is no JSON: {error}"));
        }
        let opened: Opened = match self.protocol.open(info, answer(row, body, StatusCode::OK)) {
            Ok(opened) => opened,
            Err(error) => return Verdict::new(Outcome::Failed, error.to_string()),
        };
        let payload = opened.payload.bytes();
        // What says "there is none" is `null` to us.
        let absent = blank || (!info.absent.is_empty() && payload.trim_ascii() == info.absent.as_bytes());
        let mut original: Json =
            if absent { Json::Null } else { serde_json::from_slice(payload).unwrap_or_default() };
        for name in self.envelope {
            let taken = original.as_object_mut().and_then(|object| object.remove(*name));
            if taken.filter(|id| !id.is_null()).is_some_and(|id| id.as_str() != opened.request_id.as_deref()) {
                return Verdict::new(Outcome::Lost, format!("/{name}"));
            }
        }
        let mut output = (entry.output)();
        if let Err(error) = read(info, &opened, &mut *output) {
            return Verdict::new(Outcome::Failed, error.to_string());
        }
        let text = if original.is_null() { "null".into() } else { String::from_utf8_lossy(opened.payload.bytes()) };
        let mut seen = record::decode_with(&text, &mut *(entry.output)()).unwrap_or_default();
        seen.unknown.retain(|at| !self.envelope.contains(&at.trim_start_matches('/')));
        if info.answer == Answer::Empty {
            let says_nothing = blank || original.as_object().is_some_and(|object| object.is_empty());
            return match says_nothing && !self.envelope.is_empty() || blank {
                true => Verdict::new(Outcome::Ok, ""),
                false => Verdict::new(Outcome::Unknown, "the facts have no answer here"),
            };
        }
        let written = match record::encode(&*output).map(|bytes| serde_json::from_slice::<Json>(&bytes)) {
            Ok(Ok(written)) => written,
            Ok(Err(error)) => return Verdict::new(Outcome::Failed, error.to_string()),
            Err(error) => return Verdict::new(Outcome::Failed, error.to_string()),
        };
        conclude(&original, &written, &seen)
    }
}

fn webhook(body: &[u8]) -> Verdict {
    let original: Json = match serde_json::from_slice(body) {
        Ok(original) => original,
        Err(error) => return Verdict::new(Outcome::Failed, format!("the sample is no JSON: {error}")),
    };
    let event = match Event::parse(None, body) {
        Ok(event) => event,
        Err(error) => return Verdict::new(Outcome::Failed, error.to_string()),
    };
    let mut again = event.empty();
    let text = String::from_utf8_lossy(body);
    let seen = record::decode_with(&text, &mut *again).unwrap_or_default();
    match record::encode(&*again).map(|bytes| serde_json::from_slice::<Json>(&bytes)) {
        Ok(Ok(written)) => conclude(&original, &written, &seen),
        Ok(Err(error)) => Verdict::new(Outcome::Failed, error.to_string()),
        Err(error) => Verdict::new(Outcome::Failed, error.to_string()),
    }
}

fn conclude(original: &Json, written: &Json, seen: &record::Seen) -> Verdict {
    let comparison = compare(original, written, &seen.unknown);
    let mut verdict = if !comparison.lost.is_empty() {
        Verdict::new(Outcome::Lost, comparison.lost.join(" "))
    } else if !seen.unknown.is_empty() {
        Verdict::new(Outcome::Unknown, seen.unknown.join(" "))
    } else {
        Verdict::new(Outcome::Ok, "")
    };
    verdict.raw = seen.raw.len();
    verdict
}

impl Surface {
    fn request(&self, entry: &Entry, body: &[u8]) -> Verdict {
        let mut original: Json = match serde_json::from_slice(body) {
            Ok(original) => original,
            Err(error) => return Verdict::new(Outcome::Failed, format!("the sample is no JSON: {error}")),
        };
        let action = original.as_object_mut().and_then(|object| object.remove("Action"));
        if original.as_object().is_some_and(|object| object.is_empty()) && action.is_none() {
            let shape = (entry.request)();
            if !shape.shape().required.is_empty() {
                return Verdict::new(Outcome::Skipped, "the sample is empty, and shows no request");
            }
        }
        let mut request = (entry.request)();
        let shape = request.shape();
        let whole = (0..shape.members.len()).find(|i| shape.place(*i) == Place::Whole);
        let mut full = match whole {
            Some(index) => json!({shape.members[index]: original}),
            None => original.clone(),
        };
        if let Some(object) = full.as_object_mut() {
            // A sample holds the body; whatever the path needs is made up.
            for &index in shape.required {
                let index = usize::from(index);
                if !matches!(shape.place(index), Place::Body | Place::Whole) {
                    object.entry(shape.members[index]).or_insert_with(|| "1".into());
                }
            }
        }
        let seen = match record::decode_with(&full.to_string(), &mut request) {
            Ok(seen) => seen,
            Err(error) => return Verdict::new(Outcome::Failed, error.to_string()),
        };
        // Whatever the operation prefers: JSON shows what came out without guessing at types.
        let bound = self.protocol.bind(entry.info, &*request, BodyKind::Json);
        let bytes = match bound {
            Ok(bound) => bound.body.as_bytes().map(<[u8]>::to_vec).unwrap_or_default(),
            Err(error) => return Verdict::new(Outcome::Failed, error.to_string()),
        };
        match serde_json::from_slice::<Json>(&bytes) {
            Ok(mut written) => {
                let sent = written.as_object_mut().and_then(|object| object.remove("Action"));
                if action.is_some_and(|action| Some(action) != sent) {
                    return Verdict::new(Outcome::Lost, "/Action");
                }
                conclude(&original, &written, &seen)
            }
            Err(error) => Verdict::new(Outcome::Failed, error.to_string()),
        }
    }

    fn error(&self, entry: &Entry, row: &Row, body: Vec<u8>) -> Verdict {
        let original: Option<Json> = serde_json::from_slice(&body).ok();
        let text = String::from_utf8_lossy(&body).trim().to_owned();
        let bytes = body.clone();
        let error = match self.protocol.open(entry.info, answer(row, body, StatusCode::BAD_REQUEST)) {
            Ok(_) => return Verdict::new(Outcome::Failed, "it was taken for a success"),
            Err(error) => error,
        };
        let shown = error.to_string();
        let mut missing = Vec::new();
        let mut expect = |pointer: &str, said: &str| {
            // IAM repeats the words of the status.
            let reason = row.status.parse().ok().and_then(|s| StatusCode::from_u16(s).ok()?.canonical_reason());
            if pointer.ends_with("/title") && reason == Some(said) {
                return;
            }
            let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
            if !flat.is_empty() && !shown.contains(&flat) {
                missing.push(pointer.to_owned());
            }
        };
        match &original {
            Some(Json::Object(object)) if object.contains_key("Response") => {
                texts(object["Response"].get("Error"), "/Response/Error", &mut expect);
            }
            Some(Json::Object(object)) => {
                for key in ["message", "messages", "errors", "error", "error_description", "msg", "code"] {
                    texts(object.get(key), &format!("/{key}"), &mut expect);
                }
            }
            // A page of HTML has no message; what there is stays at hand as it came.
            _ if text.starts_with('<') && (entry.info.sensitive || *error.raw_body() == bytes) => {}
            _ => expect("", &text),
        }
        let code = original.as_ref().and_then(|o| o.get("code")).map(plain);
        if code.is_some() && code.as_deref() != error.code() {
            missing.push("/code".to_owned());
        }
        missing.sort();
        missing.dedup();
        match missing.is_empty() {
            true => Verdict::new(Outcome::Ok, ""),
            false => Verdict::new(Outcome::Lost, missing.join(" ")),
        }
    }
}

fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn texts(value: Option<&Json>, at: &str, visit: &mut impl FnMut(&str, &str)) {
    match value {
        Some(Json::Array(items)) => {
            for (i, item) in items.iter().enumerate() {
                texts(Some(item), &format!("{at}/{i}"), visit);
            }
        }
        Some(Json::Object(members)) => {
            for (name, member) in members {
                texts(Some(member), &format!("{at}/{name}"), visit);
            }
        }
        Some(Json::Null) | None => {}
        Some(value) => visit(at, &plain(value)),
    }
}
