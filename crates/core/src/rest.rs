//! The part every REST protocol shares: writing a record into path, query, headers and body.

use crate::body::{Body, Multipart};
use crate::error::{Error, ErrorKind};
use crate::exchange::Request;
use crate::operation::{BodyKind, OperationInfo, Route};
use crate::record::{self, Encoder, Peek, Place, Record, float_text};
use http::{HeaderName, HeaderValue, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::borrow::Cow;
use std::sync::Arc;
use url::Url;

/// What RFC 3986 calls unreserved stays; the rest of a value is encoded, slashes included.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The address that all paths of a service are below.
#[derive(Debug, Clone)]
pub struct Base {
    url: Url,
    /// The path of the address, without a slash at its end.
    prefix: String,
    /// How a form names the items of a list.
    lists: Lists,
}

impl Base {
    /// Reads an address such as `https://gitee.com/api`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`] for anything but a plain web address: no query, no fragment, no name and password.
    pub fn parse(address: &str) -> Result<Self, Error> {
        // The address itself stays out of the message: a password in it is one of the mistakes met here.
        let refuse = |why: &str| Err(Error::input("base address", why));
        let Ok(mut url) = Url::parse(address) else {
            return refuse("it is not an address; expected something like https://example.com/api");
        };
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return refuse("it must begin with https:// or http:// and name a host");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("it must hold no name and password; give them to the credential");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("it must end with its path, without `?` and `#`");
        }
        let prefix = url.path().trim_end_matches('/').to_owned();
        url.set_path(&prefix);
        Ok(Self { url, prefix, lists: Lists::Bracketed })
    }

    /// Names the items of a list in a form all alike, `a=1&a=2`, instead of `a[]=1&a[]=2`.
    #[must_use]
    pub fn with_repeated_lists(mut self) -> Self {
        self.lists = Lists::Repeated;
        self
    }

    /// The address.
    pub fn url(&self) -> &Url {
        &self.url
    }
}

/// Writes a REST operation below `base`.
///
/// # Errors
///
/// [`ErrorKind::Input`] when a value cannot be sent: an empty piece of the path, a header with a line break, a file in a
/// body that is not multipart.
pub fn bind(
    base: &Base,
    info: &'static OperationInfo,
    request: &dyn Record,
    body: BodyKind,
) -> Result<Request, Error> {
    let Route::Rest { method, path } = info.route else {
        return Err(Error::input(info.name, "it is an action, not a path"));
    };
    let mut url = base.url.clone();
    url.set_path(&write_path(base, info, path, request)?);
    let shape = request.shape();
    let mut query = String::new();
    let mut has_headers = false;
    for (index, name) in shape.members.iter().enumerate() {
        match shape.place(index) {
            Place::Query => {
                let mut write = |name: &str, value: &str| {
                    if !query.is_empty() {
                        query.push('&');
                    }
                    push_pair(&mut query, name, value);
                };
                flatten(info, name, request.peek(index).peek(), Lists::Repeated, &mut write)?;
            }
            Place::Header => has_headers = true,
            _ => {}
        }
    }
    if !query.is_empty() {
        url.set_query(Some(&query));
    }
    let mut out = Request::new(method.into(), url);
    if has_headers {
        write_headers(info, request, &mut out)?;
    }
    write_body(base.lists, info, request, body, &mut out)?;
    Ok(out)
}

fn write_path(
    base: &Base,
    info: &'static OperationInfo,
    template: &str,
    request: &dyn Record,
) -> Result<String, Error> {
    let shape = request.shape();
    let mut path = String::with_capacity(base.prefix.len() + template.len() + 32);
    path.push_str(&base.prefix);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        path.push_str(before);
        let (name, after) =
            after.split_once('}').ok_or_else(|| Error::input(info.name, "its path template is broken"))?;
        rest = after;
        let Some(index) = shape.index_of(name) else {
            // What the request does not have comes from the credential; see `fill`.
            path.push('{');
            path.push_str(name);
            path.push('}');
            continue;
        };
        let tail = shape.place(index) == Place::Tail;
        match scalar(request.peek(index).peek()) {
            Some(value) => push_segments(&mut path, info, name, &value, tail)?,
            // Without a tail its slash goes, too.
            None if tail && path.ends_with('/') => {
                path.pop();
            }
            None => {
                return Err(Error::input(info.name, format!("`{name}` must not be empty")));
            }
        }
    }
    path.push_str(rest);
    Ok(path)
}

/// A place in the path of an operation that only a credential can [`fill`].
pub(crate) fn unfilled<'i>(info: &'i OperationInfo, request: &dyn Record) -> Option<&'i str> {
    let Route::Rest { path, .. } = info.route else { return None };
    let names = path.split('{').skip(1).filter_map(|piece| piece.split_once('}'));
    names.map(|(name, _)| name).find(|name| request.shape().index_of(name).is_none())
}

/// Puts a value into the path of a bound request where its template has a name that is no member: an account or a project
/// that the credential knows. Answers whether the path had such a place.
///
/// # Errors
///
/// As [`bind`] for members of the path.
pub fn fill(info: &'static OperationInfo, url: &mut Url, name: &str, value: &str) -> Result<bool, Error> {
    let place = format!("%7B{name}%7D");
    let Some((before, after)) = url.path().split_once(&place) else {
        return Ok(false);
    };
    let mut path = before.to_owned();
    push_segments(&mut path, info, name, value, false)?;
    path.push_str(after);
    url.set_path(&path);
    Ok(true)
}

fn push_segments(
    path: &mut String,
    info: &'static OperationInfo,
    name: &str,
    value: &str,
    tail: bool,
) -> Result<(), Error> {
    let begins_segment = path.ends_with('/');
    let segments = value.split(|c| tail && c == '/');
    for (count, segment) in segments.enumerate() {
        if segment.is_empty() {
            let what = match value {
                "" => "must not be empty",
                _ => "has an empty segment",
            };
            return Err(Error::input(info.name, format!("`{name}` {what}")));
        }
        // Servers and proxies resolve these, encoded or not: the call would go to another operation.
        if begins_segment && (segment == "." || segment == "..") {
            return Err(Error::input(info.name, format!("`{name}` must not hold the path segment `{segment}`")));
        }
        if count > 0 {
            path.push('/');
        }
        path.extend(utf8_percent_encode(segment, ENCODED));
    }
    Ok(())
}

fn write_headers(info: &'static OperationInfo, request: &dyn Record, out: &mut Request) -> Result<(), Error> {
    let shape = request.shape();
    for (index, name) in shape.members.iter().enumerate() {
        if shape.place(index) != Place::Header {
            continue;
        }
        let peek = request.peek(index).peek();
        let Some(value) = scalar(peek) else { continue };
        let invalid = |_| Error::input(info.name, format!("`{name}` cannot be sent as a header"));
        let mut value = HeaderValue::from_str(&value).map_err(|_| invalid(()))?;
        value.set_sensitive(matches!(peek, Peek::Secret(_)));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid(()))?;
        out.headers.insert(name, value);
    }
    Ok(())
}

fn write_body(
    lists: Lists,
    info: &'static OperationInfo,
    request: &dyn Record,
    kind: BodyKind,
    out: &mut Request,
) -> Result<(), Error> {
    let shape = request.shape();
    let whole = (0..shape.members.len()).find(|i| shape.place(*i) == Place::Whole);
    let content_type = match kind {
        BodyKind::None => return Ok(()),
        BodyKind::Json => {
            let json = match whole {
                Some(index) => record::encode(request.peek(index)),
                None => encode_body(request),
            };
            let json = json.map_err(|error| Error::input(info.name, error.to_string()))?;
            out.body = Body::Bytes(json.into());
            HeaderValue::from_static("application/json")
        }
        BodyKind::Form => {
            if whole.is_some() {
                return Err(Error::input(info.name, "its body can only be sent as JSON"));
            }
            let mut form = String::new();
            each_field(lists, info, request, &mut |name, value| {
                if !form.is_empty() {
                    form.push('&');
                }
                push_pair(&mut form, name, value);
            })?;
            out.body = Body::Bytes(form.into());
            HeaderValue::from_static("application/x-www-form-urlencoded")
        }
        BodyKind::Multipart => {
            let mut fields = Vec::new();
            each_field(lists, info, request, &mut |name, value| {
                fields.push((name.to_owned(), value.to_owned()));
            })?;
            let mut files = Vec::new();
            for (index, name) in shape.members.iter().enumerate() {
                if let (Place::File, Peek::File(file)) = (shape.place(index), request.peek(index).peek()) {
                    if HeaderValue::from_str(file.content_type()).map_or(true, |value| value.is_empty()) {
                        return Err(Error::input(info.name, format!("the media type of `{name}` cannot be sent")));
                    }
                    // Some services want a part to be named after the file in it.
                    let name = if *name == "{filename}" { file.name().to_owned() } else { (*name).to_owned() };
                    files.push((name, file.clone()));
                }
            }
            // 128 random bits cannot be met by chance in a file, and cannot be planted in one.
            let boundary = format!("{:032x}", crate::random_u128());
            let fields = fields.iter().map(|(n, v)| (n.as_str(), v.clone())).collect();
            let files = files.iter().map(|(name, file)| (name.as_str(), file.clone())).collect();
            let multipart = Multipart::new(&boundary, fields, files);
            out.body = Body::Source(Arc::new(multipart));
            HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}"))
                .map_err(|_| Error::input(info.name, "no boundary"))?
        }
    };
    out.headers.insert(header::CONTENT_TYPE, content_type);
    Ok(())
}

/// Writes the members of a request that travel in its body as one JSON object.
///
/// # Errors
///
/// As [`record::encode`].
pub fn encode_body(request: &dyn Record) -> Result<Vec<u8>, record::EncodeError> {
    encode_object(None, request)
}

/// As [`encode_body`], with a first member in front: the name of an action.
///
/// # Errors
///
/// As [`record::encode`].
pub fn encode_action(action: &str, request: &dyn Record) -> Result<Vec<u8>, record::EncodeError> {
    encode_object(Some(("Action", action)), request)
}

fn encode_object(first: Option<(&str, &str)>, request: &dyn Record) -> Result<Vec<u8>, record::EncodeError> {
    struct BodyOf<'a>(Option<(&'a str, &'a str)>, &'a dyn Record);
    impl Serialize for BodyOf<'_> {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            let shape = self.1.shape();
            let mut out = to.serialize_map(None)?;
            if let Some((name, value)) = self.0 {
                out.serialize_entry(name, value)?;
            }
            for (index, name) in shape.members.iter().enumerate() {
                match self.1.peek(index).peek() {
                    Peek::Absent => {}
                    peek if shape.place(index) == Place::Body => {
                        out.serialize_entry(name, &Encoder { peek, reveal: true })?;
                    }
                    _ => {}
                }
            }
            out.end()
        }
    }
    serde_json::to_vec(&BodyOf(first, request)).map_err(record::EncodeError::from)
}

fn each_field(
    lists: Lists,
    info: &'static OperationInfo,
    request: &dyn Record,
    write: &mut dyn FnMut(&str, &str),
) -> Result<(), Error> {
    let shape = request.shape();
    for (index, name) in shape.members.iter().enumerate() {
        if shape.place(index) == Place::Body {
            flatten(info, name, request.peek(index).peek(), lists, write)?;
        }
    }
    Ok(())
}

/// How the items of a list are named where there is only text.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Lists {
    /// `a=1&a=2`
    Repeated,
    /// `a[]=1&a[]=2`, as Rails and PHP read it
    Bracketed,
}

impl Lists {
    fn item_name(self, name: &str) -> Cow<'_, str> {
        match self {
            Self::Repeated => Cow::Borrowed(name),
            Self::Bracketed => Cow::Owned(format!("{name}[]")),
        }
    }
}

/// Writes a value as names and texts: `author[name]=x`.
fn flatten(
    info: &'static OperationInfo,
    name: &str,
    peek: Peek<'_>,
    lists: Lists,
    write: &mut dyn FnMut(&str, &str),
) -> Result<(), Error> {
    if let Some(value) = scalar(peek) {
        write(name, &value);
        return Ok(());
    }
    match peek {
        Peek::Absent => Ok(()),
        // A form has no null; an empty text is what its readers take for "nothing".
        Peek::Null => {
            write(name, "");
            Ok(())
        }
        Peek::Seq(seq) => {
            let name = lists.item_name(name);
            (0..seq.len()).try_for_each(|i| flatten(info, &name, seq.at(i), lists, write))
        }
        Peek::Record(record) => {
            let members = record.shape().members.iter().enumerate();
            members.into_iter().try_for_each(|(index, member)| {
                let name = format!("{name}[{member}]");
                flatten(info, &name, record.peek(index).peek(), lists, write)
            })
        }
        Peek::Map(map) => {
            let mut result = Ok(());
            map.each(&mut |key, value| {
                if result.is_ok() {
                    result = flatten(info, &format!("{name}[{key}]"), value, lists, write);
                }
            });
            result
        }
        Peek::Raw(serde_json::Value::Object(object)) => object
            .iter()
            .try_for_each(|(key, value)| flatten(info, &format!("{name}[{key}]"), Peek::Raw(value), lists, write)),
        Peek::Raw(serde_json::Value::Array(items)) => {
            let name = lists.item_name(name);
            items.iter().try_for_each(|item| flatten(info, &name, Peek::Raw(item), lists, write))
        }
        Peek::Raw(_) => Ok(()),
        _ => {
            Err(Error::new(ErrorKind::Input, info.name).with_message(format!("`{name}` cannot be written as text")))
        }
    }
}

/// The text of a value that is one piece; nothing for what is absent or has parts.
fn scalar(peek: Peek<'_>) -> Option<Cow<'_, str>> {
    Some(match peek {
        Peek::Text(text) | Peek::Secret(text) => Cow::Borrowed(text),
        Peek::Bool(true) => Cow::Borrowed("true"),
        Peek::Bool(false) => Cow::Borrowed("false"),
        Peek::I64(value) => Cow::Owned(value.to_string()),
        Peek::U64(value) => Cow::Owned(value.to_string()),
        Peek::F64(value) if value.is_finite() => Cow::Owned(float_text(value)),
        Peek::Raw(serde_json::Value::String(text)) => Cow::Borrowed(text),
        Peek::Raw(value @ (serde_json::Value::Bool(_) | serde_json::Value::Number(_))) => {
            Cow::Owned(value.to_string())
        }
        _ => return None,
    })
}

fn push_pair(out: &mut String, name: &str, value: &str) {
    // Brackets in names are ours, and every reader takes them plain; the rest is encoded.
    const IN_NAMES: &AsciiSet = &ENCODED.remove(b'[').remove(b']');
    out.extend(utf8_percent_encode(name, IN_NAMES));
    out.push('=');
    out.extend(utf8_percent_encode(value, ENCODED));
}
