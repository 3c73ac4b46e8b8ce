//! The engine of every fake: which operation is meant, whether the request is right, and a fitting answer.

use crate::sample::{Random, Sampler};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;
use wiremock::{Request, ResponseTemplate};
use yunkit_core::body::File;
use yunkit_core::operation::{Answer, Entry, Route};
use yunkit_core::record::{self, Place, Record, Slot, Token};

/// What a fake answers.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Headers beside those that every answer has.
    pub headers: Vec<(String, String)>,
    /// The body, and its media type.
    pub body: Option<(String, Vec<u8>)>,
    /// How long the answer is held back.
    pub delay: Duration,
}

impl Reply {
    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: None, delay: Duration::ZERO }
    }
    /// A JSON answer.
    pub fn json(status: u16, body: &Value) -> Self {
        let body = Some(("application/json".to_owned(), body.to_string().into_bytes()));
        Self { body, ..Self::empty(status) }
    }
    /// What stands in the way answers instead of the service.
    #[cfg(any(feature = "coding", feature = "gitee"))]
    pub(crate) fn page_of_a_proxy() -> Self {
        let page = "<html><head><title>502 Bad Gateway</title></head><body></body></html>";
        Self { body: Some(("text/html".to_owned(), page.into())), ..Self::empty(502) }
    }
    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }
}

impl From<Reply> for ResponseTemplate {
    fn from(reply: Reply) -> Self {
        let mut template = ResponseTemplate::new(reply.status).set_delay(reply.delay);
        if let Some((media_type, body)) = reply.body {
            template = template.set_body_raw(body, &media_type);
        }
        for (name, value) in reply.headers {
            template = template.insert_header(name.as_str(), value.as_str());
        }
        template
    }
}

/// A request that is right: the operation and what it says, typed.
#[derive(Debug)]
pub struct Checked {
    /// The operation.
    pub entry: Entry,
    /// Its members, by name on the wire, in their declared types.
    pub members: Map<String, Value>,
    /// Its files, by name on the wire: what they are called, and what is in them.
    pub files: BTreeMap<String, (String, Vec<u8>)>,
}

impl Checked {
    /// A member as text; empty where it is absent or no text.
    pub fn text(&self, member: &str) -> &str {
        self.members.get(member).and_then(Value::as_str).unwrap_or_default()
    }
    /// A member as a number.
    pub fn number(&self, member: &str) -> Option<u64> {
        self.members.get(member).and_then(Value::as_u64)
    }
}

/// Why a request is not right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong with it.
    pub why: Why,
    /// The same in words that name the place.
    pub message: String,
}

/// What is wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// No operation is meant by it.
    NoOperation,
    /// Something is missing.
    Missing,
    /// Something is there that the operation does not have.
    Unknown,
    /// Something does not fit its type.
    Invalid,
}

impl Refusal {
    fn new(why: Why, message: impl Into<String>) -> Self {
        Self { why, message: message.into() }
    }
}

/// 501 for an operation that nobody knows, 400 for everything else.
impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        let status = if refusal.why == Why::NoOperation { 501 } else { 400 };
        Self::json(status, &json!({"message": refusal.message}))
    }
}

/// All operations of a surface, and the specification behind them.
#[derive(Debug)]
pub struct Engine {
    routes: Vec<Known>,
    actions: BTreeMap<&'static str, Entry>,
    spec: Value,
    seed: u64,
    credential_members: Vec<String>,
    lenient: bool,
}

#[derive(Debug)]
struct Known {
    entry: Entry,
    method: &'static str,
    template: &'static str,
    pattern: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(String),
    /// Texts around parameters: `{base}...{head}`.
    Pattern(Vec<String>, Vec<String>),
    Tail(String),
}

impl Segment {
    /// Lower is tried first.
    fn rank(&self) -> (u8, Reverse<usize>, String) {
        match self {
            Self::Literal(text) => (0, Reverse(0), text.clone()),
            Self::Pattern(texts, _) => (1, Reverse(texts.iter().map(String::len).sum()), texts.concat()),
            Self::Tail(_) => (2, Reverse(0), String::new()),
        }
    }
}

impl Engine {
    /// An engine for the operations of a catalogue. `credential_members` are parameters that may carry the token.
    pub fn new(catalogue: &[&[Entry]], spec: &str, seed: u64, credential_members: &[&str]) -> Self {
        let mut routes: Vec<Known> = catalogue
            .iter()
            .copied()
            .flatten()
            .filter_map(|entry| match entry.info.route {
                Route::Rest { method, path } => {
                    let request = (entry.request)();
                    let pattern = path.split('/').skip(1).map(|segment| read_segment(segment, &*request)).collect();
                    Some(Known { entry: *entry, method: method.as_str(), template: path, pattern })
                }
                _ => None,
            })
            .collect();
        // The leftmost difference decides: a literal beats a parameter, and the parameter with more text around it the other.
        routes.sort_by_cached_key(|known| known.pattern.iter().map(Segment::rank).collect::<Vec<_>>());
        let actions = catalogue.iter().copied().flatten().filter_map(|entry| match entry.info.route {
            Route::Action { action } => Some((action, *entry)),
            _ => None,
        });
        Self {
            routes,
            actions: actions.collect(),
            spec: serde_json::from_str(spec).unwrap_or_default(),
            seed,
            credential_members: credential_members.iter().map(|m| (*m).to_owned()).collect(),
            lenient: false,
        }
    }

    /// Overlooks parameters that no operation has, as the services do, instead of naming them.
    #[must_use]
    pub fn lenient(mut self, lenient: bool) -> Self {
        self.lenient = lenient;
        self
    }

    /// Finds the operation and checks all that is sent.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn check(&self, path: &str, request: &Request) -> Result<Checked, Refusal> {
        let method = request.method.as_str();
        let Some((known, captured)) = self.find(method, path) else {
            let message = match self.nearest(method, path) {
                Some(near) => format!("the fake knows no {method} {path}; the nearest operation is {near}"),
                None => format!("the fake knows no {method} {path}"),
            };
            return Err(Refusal::new(Why::NoOperation, message));
        };
        let complain = |why: Why, message: String| {
            Err(Refusal::new(why, format!("{} {}: {message}", known.method, known.template)))
        };
        let mut record = (known.entry.request)();
        let mut given: BTreeMap<usize, Value> = BTreeMap::new();
        let shape = record.shape();
        let index = |name: &str, places: &[Place]| {
            (0..shape.members.len()).find(|i| shape.members[*i] == name && places.contains(&shape.place(*i)))
        };
        for (name, value) in captured {
            if let Some(i) = index(&name, &[Place::Path, Place::Tail]) {
                given.insert(i, value.into());
            }
        }
        for (name, value) in request.url.query_pairs() {
            match index(&name, &[Place::Query]) {
                Some(i) => add_text(&mut *record, &mut given, i, &value),
                None if self.overlooks(&name) => {}
                None => return complain(Why::Unknown, format!("the query has an unknown parameter `{name}`")),
            }
        }
        for (i, name) in shape.members.iter().enumerate() {
            if shape.place(i) == Place::Header
                && let Some(value) = request.headers.get(*name).and_then(|v| v.to_str().ok())
            {
                given.insert(i, value.into());
            }
        }
        let mut files: Vec<(usize, String, Vec<u8>)> = Vec::new();
        if let Err((why, message)) = self.read_body(request, &mut *record, &mut given, &mut files) {
            return complain(why, message);
        }
        self.finish(known.entry, record, given, files).or_else(|refusal| complain(refusal.why, refusal.message))
    }

    /// Finds the action and checks all that is sent, but for the members of the body that carry the token.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn check_action(&self, request: &Request) -> Result<Checked, Refusal> {
        let body = match request.body.is_empty() {
            true => Value::Object(Map::new()),
            false => serde_json::from_slice(&request.body)
                .map_err(|error| Refusal::new(Why::Invalid, format!("the body is no JSON: {error}")))?,
        };
        let Value::Object(mut members) = body else {
            return Err(Refusal::new(Why::Invalid, "the body is no JSON object"));
        };
        let mut query = request.url.query_pairs();
        let in_query =
            query.find(|(name, _)| name.eq_ignore_ascii_case("action")).map(|(_, action)| action.into_owned());
        let in_body = members.remove("Action").and_then(|action| action.as_str().map(str::to_owned));
        let Some(action) = in_body.or(in_query) else {
            return Err(Refusal::new(Why::Missing, "`Action` is missing"));
        };
        let Some(entry) = self.actions.get(action.as_str()) else {
            let known: Vec<String> = self.actions.keys().map(|name| (*name).to_owned()).collect();
            let near = nearest(&action, &known).unwrap_or_default();
            let message = format!("the fake knows no action `{action}`; the nearest is `{near}`");
            return Err(Refusal::new(Why::NoOperation, message));
        };
        let record = (entry.request)();
        let shape = record.shape();
        let mut given = BTreeMap::new();
        for (name, value) in members {
            match shape.index_of(&name) {
                Some(i) => drop(given.insert(i, value)),
                None if self.overlooks(&name) => {}
                None => {
                    let message = format!("{action}: the body has an unknown member `{name}`");
                    return Err(Refusal::new(Why::Unknown, message));
                }
            }
        }
        self.finish(*entry, record, given, Vec::new())
            .map_err(|refusal| Refusal::new(refusal.why, format!("{action}: {}", refusal.message)))
    }

    /// Reads what was given into the record, and back out in its declared types.
    fn finish(
        &self,
        entry: Entry,
        mut record: Box<dyn Record>,
        given: BTreeMap<usize, Value>,
        files: Vec<(usize, String, Vec<u8>)>,
    ) -> Result<Checked, Refusal> {
        let shape = record.shape();
        let complain = |why: Why, message: String| Err(Refusal::new(why, message));
        for (i, name) in shape.members.iter().enumerate() {
            if let Some((_, file, _)) = files.iter().find(|(at, _, _)| *at == i) {
                // That there is one is all that is checked; what is in it goes on as it came.
                if let Some(Slot::File(place)) = record.slot(i).slot(Token::Text) {
                    *place = File::from_bytes(file.clone(), Vec::new());
                }
                continue;
            }
            match given.get(&i) {
                Some(value) => {
                    if let Err(error) = record::decode(&value.to_string(), record.slot(i)) {
                        return complain(Why::Invalid, format!("`{name}` is not valid: {error}"));
                    }
                }
                None if shape.required.contains(&(i as u16)) => {
                    return complain(Why::Missing, format!("`{name}` is missing"));
                }
                None => {}
            }
        }
        let mut members = Map::new();
        for (i, name) in shape.members.iter().enumerate() {
            if !given.contains_key(&i) {
                continue;
            }
            if let Some(value) = record::encode(record.peek(i)).ok().and_then(|v| serde_json::from_slice(&v).ok()) {
                members.insert((*name).to_owned(), value);
            }
        }
        let files = files.into_iter().map(|(i, name, content)| (shape.members[i].to_owned(), (name, content)));
        Ok(Checked { entry, members, files: files.collect() })
    }

    /// Whether a parameter that the operation does not have is none of our business.
    fn overlooks(&self, name: &str) -> bool {
        self.lenient || self.credential_members.iter().any(|member| member == name)
    }

    fn find(&self, method: &str, path: &str) -> Option<(&Known, Vec<(String, String)>)> {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        self.routes
            .iter()
            .filter(|known| known.method == method)
            .find_map(|known| Some((known, capture(&known.pattern, &segments)?)))
    }

    /// The operation whose route is written most like this one.
    pub fn nearest(&self, method: &str, path: &str) -> Option<String> {
        let routes = self.routes.iter().map(|known| format!("{} {}", known.method, known.template));
        let candidates: Vec<String> = routes.collect();
        nearest(&format!("{method} {path}"), &candidates)
    }

    fn read_body(
        &self,
        request: &Request,
        record: &mut dyn Record,
        given: &mut BTreeMap<usize, Value>,
        files: &mut Vec<(usize, String, Vec<u8>)>,
    ) -> Result<(), (Why, String)> {
        let invalid = |message: String| (Why::Invalid, message);
        let media_type = media_type_of(request);
        if request.body.is_empty() {
            return Ok(());
        }
        let shape = record.shape();
        let index = |name: &str| {
            (0..shape.members.len())
                .find(|i| shape.members[*i] == name && matches!(shape.place(*i), Place::Body | Place::File))
        };
        let known = |name: &str| index(name).is_some() || self.overlooks(name);
        match media_type.split(';').next().unwrap_or_default().trim() {
            "application/json" => {
                let body: Value = serde_json::from_slice(&request.body)
                    .map_err(|error| invalid(format!("the body is no JSON: {error}")))?;
                if let Some(whole) = (0..shape.members.len()).find(|i| shape.place(*i) == Place::Whole) {
                    given.insert(whole, body);
                    return Ok(());
                }
                let Value::Object(members) = body else {
                    return Err(invalid("the body is no JSON object".to_owned()));
                };
                for (name, value) in members {
                    match index(&name) {
                        Some(i) => drop(given.insert(i, value)),
                        None if known(&name) => {}
                        None => return Err((Why::Unknown, format!("the body has an unknown member `{name}`"))),
                    }
                }
            }
            "application/x-www-form-urlencoded" => {
                let mut nested = Map::new();
                for (name, value) in url::form_urlencoded::parse(&request.body) {
                    match index(&name) {
                        Some(i) => add_text(record, given, i, &value),
                        None => put_nested(&mut nested, &name, &value),
                    }
                }
                for (name, value) in nested {
                    match index(&name) {
                        Some(i) => drop(given.insert(i, value)),
                        None if known(&name) => {}
                        None => return Err((Why::Unknown, format!("the form has an unknown field `{name}`"))),
                    }
                }
            }
            "multipart/form-data" => {
                for (name, file_name, content) in multipart(media_type, &request.body).map_err(invalid)? {
                    // Some parts are called after the file in them.
                    let named_after = || file_name.as_ref().and_then(|_| index("{filename}"));
                    let i = match index(&name).or_else(named_after) {
                        Some(i) => i,
                        None if known(&name) => continue,
                        None => return Err((Why::Unknown, format!("the form has an unknown field `{name}`"))),
                    };
                    match file_name {
                        Some(file_name) => files.push((i, file_name, content)),
                        None => add_text(record, given, i, &String::from_utf8_lossy(&content)),
                    }
                }
            }
            other => return Err(invalid(format!("the body has the unknown type `{other}`"))),
        }
        Ok(())
    }

    /// An answer that fits the specification, the same for the same seed, operation and purpose.
    pub fn sample(&self, entry: &Entry, purpose: &str) -> Reply {
        let id = entry.info.id;
        let operation = self.operation(id);
        let responses = operation.and_then(|o| o.get("responses")).and_then(Value::as_object);
        let success = responses.into_iter().flatten().find(|(status, _)| status.starts_with('2'));
        let status = success.and_then(|(status, _)| status.parse().ok()).unwrap_or(200);
        match entry.info.answer {
            Answer::Json => {
                let schema =
                    success.and_then(|(_, response)| response.pointer("/content/application~1json/schema"));
                match schema {
                    Some(schema) => {
                        // Beside the answer stands what a refusal looks like.
                        let schema = schema.pointer("/anyOf/0").unwrap_or(schema);
                        let random = Random::new(self.seed, &format!("{id}/{purpose}"));
                        Reply::json(status, &Sampler::new(&self.spec, random).value(schema))
                    }
                    None => Reply::empty(status),
                }
            }
            Answer::Text => Reply {
                body: Some(("text/plain; charset=utf-8".to_owned(), format!("text of {id}\n").into_bytes())),
                ..Reply::empty(status)
            },
            Answer::Bytes => Reply {
                body: Some(("application/octet-stream".to_owned(), format!("bytes of {id}\n").into_bytes())),
                ..Reply::empty(status)
            },
            _ => Reply::empty(status),
        }
    }

    /// A request with every member filled as the specification has it; `known` gives values for members by name.
    ///
    /// # Errors
    ///
    /// When a value does not fit the record: the specification and the crate disagree.
    pub fn request(&self, entry: &Entry, known: &Map<String, Value>) -> Result<Box<dyn Record>, String> {
        let id = entry.info.id;
        let mut request = (entry.request)();
        let shape = request.shape();
        let mut sampler = Sampler::new(&self.spec, Random::new(self.seed, &format!("{id}/request")));
        for (i, name) in shape.members.iter().enumerate() {
            if shape.place(i) == Place::File {
                if let Some(Slot::File(place)) = request.slot(i).slot(Token::Text) {
                    *place = File::from_bytes("notes.txt", "some content");
                }
                continue;
            }
            let value = match known.get(*name) {
                Some(value) => value.clone(),
                None => match self.member_schema(id, name, shape.place(i)) {
                    Some(schema) => sampler.member(name, &schema),
                    None => return Err(format!("{id}: the specification has no `{name}`")),
                },
            };
            let given = record::decode(&value.to_string(), request.slot(i));
            // What is known of one thing serves where several are wanted.
            given
                .or_else(|error| record::decode(&json!([value]).to_string(), request.slot(i)).map_err(|_| error))
                .map_err(|error| format!("{id}: `{name}`: {error}"))?;
        }
        Ok(request)
    }

    fn member_schema(&self, id: &str, name: &str, place: Place) -> Option<Value> {
        let operation = self.operation(id)?;
        if matches!(place, Place::Path | Place::Tail | Place::Query | Place::Header) {
            let parameters = operation.get("parameters")?.as_array()?;
            let found = parameters.iter().find(|p| p.get("name").is_some_and(|n| n == name))?;
            return found.get("schema").cloned();
        }
        let content = operation.pointer("/requestBody/content")?.as_object()?;
        content.values().find_map(|entry| {
            let schema = self.resolved(entry.get("schema")?)?;
            match place {
                Place::Whole => Some(schema.clone()),
                _ => self.property(schema, name).cloned(),
            }
        })
    }

    fn resolved<'s>(&'s self, schema: &'s Value) -> Option<&'s Value> {
        match schema.get("$ref").and_then(Value::as_str) {
            Some(target) => self.spec.pointer(target.trim_start_matches('#')),
            None => Some(schema),
        }
    }

    /// The schema of a member, also where several objects are written together.
    fn property<'s>(&'s self, schema: &'s Value, name: &str) -> Option<&'s Value> {
        if let Some(found) = schema.get("properties").and_then(|properties| properties.get(name)) {
            return Some(found);
        }
        let parts = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
        parts.filter_map(|part| self.resolved(part)).find_map(|part| self.property(part, name))
    }

    /// A value for a schema of the specification, by its name.
    pub fn model(&self, schema: &str, purpose: &str) -> Value {
        let random = Random::new(self.seed, &format!("{schema}/{purpose}"));
        let reference = json!({"$ref": format!("#/components/schemas/{schema}")});
        Sampler::new(&self.spec, random).value(&reference)
    }

    /// The operation of that id in the specification.
    pub fn operation(&self, id: &str) -> Option<&Value> {
        let paths = self.spec.get("paths")?.as_object()?;
        let mut all = paths.values().filter_map(Value::as_object).flat_map(|item| item.values());
        all.find(|operation| operation.get("operationId").is_some_and(|found| found == id))
    }

    /// The specification.
    pub fn spec(&self) -> &Value {
        &self.spec
    }
}

fn read_segment(segment: &str, request: &dyn Record) -> Segment {
    let shape = request.shape();
    let mut names = Vec::new();
    let mut texts = Vec::new();
    let mut rest = segment;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        texts.push(before.to_owned());
        names.push(name.to_owned());
        rest = after;
    }
    texts.push(rest.to_owned());
    match names.as_slice() {
        [] => Segment::Literal(segment.to_owned()),
        [only] if shape.index_of(only).is_some_and(|i| shape.place(i) == Place::Tail) => {
            Segment::Tail(only.clone())
        }
        _ => Segment::Pattern(texts, names),
    }
}

fn capture(pattern: &[Segment], segments: &[&str]) -> Option<Vec<(String, String)>> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut captured = Vec::new();
    let mut rest = segments;
    for segment in pattern {
        if let Segment::Tail(name) = segment {
            if !rest.is_empty() {
                captured.push((name.clone(), decode(&rest.join("/"))));
            }
            return Some(captured);
        }
        let (first, after) = rest.split_first()?;
        rest = after;
        match segment {
            Segment::Literal(text) if text == first => {}
            Segment::Pattern(texts, names) => {
                let mut left = first.strip_prefix(texts.first()?.as_str())?;
                for (name, text) in names.iter().zip(&texts[1..]) {
                    let end = if text.is_empty() { left.len() } else { left.find(text.as_str())? };
                    if end == 0 {
                        return None;
                    }
                    captured.push((name.clone(), decode(&left[..end])));
                    left = &left[end + text.len()..];
                }
                if !left.is_empty() {
                    return None;
                }
            }
            _ => return None,
        }
    }
    rest.is_empty().then_some(captured)
}

/// What a request says about its body; empty where it says nothing.
pub(crate) fn media_type_of(request: &Request) -> &str {
    request.headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default()
}

/// Notes a text for a member; for a list, one more of its items.
fn add_text(record: &mut dyn Record, given: &mut BTreeMap<usize, Value>, index: usize, text: &str) {
    let list = match record.slot(index).slot(Token::Array) {
        Some(Slot::Seq(_)) => true,
        // Python writes True, and services written in Ruby take it.
        Some(Slot::Bool(_)) if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") => {
            given.insert(index, text.eq_ignore_ascii_case("true").into());
            return;
        }
        _ => false,
    };
    if !list {
        given.insert(index, text.into());
        return;
    }
    match given.entry(index).or_insert_with(|| json!([])) {
        Value::Array(items) => items.push(text.into()),
        other => *other = json!([text]),
    }
}

/// `author[name]=x` and `labels[]=x`
fn put_nested(into: &mut Map<String, Value>, name: &str, value: &str) {
    let Some((head, rest)) = name.split_once('[') else {
        into.insert(name.to_owned(), value.into());
        return;
    };
    let keys: Vec<&str> = rest.trim_end_matches(']').split("][").collect();
    let mut here = into.entry(head).or_insert(Value::Null);
    for key in keys {
        if key.is_empty() {
            if !here.is_array() {
                *here = json!([]);
            }
            if let Value::Array(items) = here {
                items.push(value.into());
            }
            return;
        }
        if !here.is_object() {
            *here = json!({});
        }
        here = &mut here[key];
    }
    *here = value.into();
}

type Part = (String, Option<String>, Vec<u8>);

fn multipart(media_type: &str, body: &[u8]) -> Result<Vec<Part>, String> {
    let boundary = media_type.split("boundary=").nth(1).ok_or("the multipart body names no boundary")?;
    let delimiter = format!("--{}", boundary.trim_matches('"'));
    let find = |haystack: &[u8], needle: &[u8]| haystack.windows(needle.len()).position(|w| w == needle);
    let mut parts = Vec::new();
    let mut rest = body;
    while let Some(start) = find(rest, delimiter.as_bytes()) {
        rest = &rest[start + delimiter.len()..];
        if rest.starts_with(b"--") {
            return Ok(parts);
        }
        let end = find(rest, delimiter.as_bytes()).ok_or("the multipart body does not end")?;
        let part = &rest[..end];
        let split = find(part, b"\r\n\r\n").ok_or("a part has no headers")?;
        let headers = String::from_utf8_lossy(&part[..split]).into_owned();
        let content = &part[split + 4..part.len().saturating_sub(2).max(split + 4)];
        let parameter = |name: &str| {
            let start = headers.find(&format!("; {name}=\""))? + name.len() + 4;
            let value = headers.get(start..)?.split('"').next()?;
            Some(value.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n"))
        };
        let name = parameter("name").ok_or("a part has no name")?;
        parts.push((name, parameter("filename"), content.to_vec()));
        rest = &rest[end..];
    }
    Err("the multipart body does not end".to_owned())
}

/// The candidate that takes the fewest changes of single characters to become `text`.
pub fn nearest(text: &str, candidates: &[String]) -> Option<String> {
    candidates.iter().min_by_key(|candidate| distance(text, candidate)).cloned()
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(x != *y)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{capture, multipart, nearest, put_nested, read_segment};
    use serde_json::{Map, json};
    use yunkit_core::record::{Place, Record, Shape, Value};

    struct Demo;
    impl Record for Demo {
        fn shape(&self) -> &'static Shape {
            static SHAPE: Shape =
                Shape::request("Demo", &["base", "head", "path"], &[], &[Place::Path, Place::Path, Place::Tail]);
            &SHAPE
        }
        fn slot(&mut self, _: usize) -> &mut dyn Value {
            unreachable!("only its shape is asked for")
        }
        fn peek(&self, _: usize) -> &dyn Value {
            unreachable!("only its shape is asked for")
        }
    }

    fn captured(template: &str, path: &str) -> Option<Vec<(String, String)>> {
        let pattern: Vec<_> = template.split('/').map(|s| read_segment(s, &Demo)).collect();
        capture(&pattern, &path.split('/').collect::<Vec<_>>())
    }

    #[test]
    fn paths_are_taken_apart_as_they_were_put_together() {
        let pair = |n: &str, v: &str| (n.to_owned(), v.to_owned());

        assert_eq!(
            captured("compare/{base}...{head}", "compare/a%2Fb...c"),
            Some(vec![pair("base", "a/b"), pair("head", "c")])
        );
        assert_eq!(captured("raw/{path}", "raw/a/b%20c"), Some(vec![pair("path", "a/b c")]));
        assert_eq!(captured("contents/{path}", "contents"), Some(vec![]));
        assert_eq!(captured("x/{base}", "x"), None);
        assert_eq!(captured("x/{base}", "x/y/z"), None);
        assert_eq!(captured("compare/{base}...{head}", "compare/...c"), None);
    }

    #[test]
    fn bracketed_names_nest() {
        let mut form = Map::new();

        for (name, value) in [("author[name]", "n"), ("labels[]", "a"), ("labels[]", "b"), ("plain", "p")] {
            put_nested(&mut form, name, value);
        }

        assert_eq!(json!(form), json!({"author": {"name": "n"}, "labels": ["a", "b"], "plain": "p"}));
    }

    #[test]
    fn a_multipart_body_is_read_and_a_broken_one_is_refused() {
        let body = b"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a%22b\"\r\n\r\n\x00\r\n\xff\r\n--B--\r\n";

        let parts = multipart("multipart/form-data; boundary=B", body).unwrap();

        assert_eq!(parts, [("file".to_owned(), Some("a\"b".to_owned()), b"\x00\r\n\xff".to_vec())]);
        assert!(multipart("multipart/form-data; boundary=B", &body[..40]).is_err());
        assert!(multipart("multipart/form-data", body).is_err());
    }

    #[test]
    fn the_nearest_candidate_is_the_one_with_a_slip_of_the_pen() {
        let candidates = ["GET /v5/user".to_owned(), "GET /v5/user/repos".to_owned()];

        assert_eq!(nearest("GET /v5/user/repo", &candidates).as_deref(), Some("GET /v5/user/repos"));
    }
}
