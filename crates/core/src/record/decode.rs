//! The one decoder.

use super::{Map, Record, Seq, Shape, Slot, Token, Value, float_text};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::sync::OnceLock;

/// Fills `into` from a JSON text.
///
/// The text is read once and plainly; only after a failure it is read again to name the place.
///
/// ```
/// let mut ids: Vec<u64> = Vec::new();
/// yunkit_core::record::decode(r#"[1, "2", 3.0]"#, &mut ids)?;
/// assert_eq!(ids, [1, 2, 3]);
/// # Ok::<(), yunkit_core::record::DecodeError>(())
/// ```
///
/// # Errors
///
/// [`DecodeError`] when the text is not JSON or does not fit; `into` then holds whatever was read so far.
pub fn decode(text: &str, into: &mut dyn Value) -> Result<(), DecodeError> {
    run(text, into, None).or_else(|_| decode_with(text, into).map(drop))
}

/// Fills `into` and tells what was met on the way; slower than [`decode`] and meant for drift reports.
///
/// # Errors
///
/// As [`decode`].
pub fn decode_with(text: &str, into: &mut dyn Value) -> Result<Seen, DecodeError> {
    let trace = RefCell::new(Trace::default());
    let result = run(text, into, Some(&trace));
    let trace = trace.into_inner();
    match result {
        Ok(()) => Ok(trace.seen),
        Err(error) => Err(DecodeError { path: trace.path.pointer(), reason: error.to_string() }),
    }
}

fn run(text: &str, into: &mut dyn Value, trace: Option<&RefCell<Trace>>) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    Reader(into, trace).deserialize(&mut json)?;
    json.end()
}

/// Fills `into` from any self-describing format; the way in for [`Json`](super::Json).
pub(crate) fn fill<'de, D: Deserializer<'de>>(from: D, into: &mut dyn Value) -> Result<(), D::Error> {
    Reader(into, None).deserialize(from)
}

/// Why a text did not fit, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    path: String,
    reason: String,
}

impl DecodeError {
    /// JSON pointer of the place that did not fit; empty for the whole text.
    pub fn path(&self) -> &str {
        &self.path
    }
    /// What was expected and what came. Never quotes the text itself.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.reason),
            path => write!(f, "{path}: {}", self.reason),
        }
    }
}

impl std::error::Error for DecodeError {}

/// What [`decode_with`] noticed. Places are JSON pointers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// Members that the type does not have.
    pub unknown: Vec<String>,
    /// Places that were kept as raw JSON.
    pub raw: Vec<String>,
}

#[derive(Default)]
struct Trace {
    path: Path,
    seen: Seen,
}

#[derive(Default)]
struct Path(Vec<Step>);

enum Step {
    Member(&'static str),
    Key(String),
    Index(usize),
}

impl Path {
    fn pointer(&self) -> String {
        let mut out = String::new();
        for step in &self.0 {
            out.push('/');
            match step {
                Step::Member(name) => push_escaped(&mut out, name),
                Step::Key(key) => push_escaped(&mut out, key),
                Step::Index(index) => out.push_str(&index.to_string()),
            }
        }
        out
    }
}

fn push_escaped(out: &mut String, token: &str) {
    for c in token.chars() {
        match c {
            '~' => out.push_str("~0"),
            '/' => out.push_str("~1"),
            c => out.push(c),
        }
    }
}

/// A place and the trace to report to: the seed and the visitor of every value.
struct Reader<'a>(&'a mut dyn Value, Option<&'a RefCell<Trace>>);

impl<'a> Reader<'a> {
    fn place<E: de::Error>(self, token: Token) -> Result<Slot<'a>, E> {
        self.0.slot(token).ok_or_else(|| E::custom(format_args!("{} cannot stand here", name_of(token))))
    }
}

fn step(trace: Option<&RefCell<Trace>>, step: impl FnOnce() -> Step) {
    if let Some(trace) = trace {
        trace.borrow_mut().path.0.push(step());
    }
}

fn step_back(trace: Option<&RefCell<Trace>>) {
    if let Some(trace) = trace {
        trace.borrow_mut().path.0.pop();
    }
}

fn note_raw(trace: Option<&RefCell<Trace>>) {
    if let Some(trace) = trace {
        let mut trace = trace.borrow_mut();
        let pointer = trace.path.pointer();
        trace.seen.raw.push(pointer);
    }
}

fn note_unknown(trace: Option<&RefCell<Trace>>, member: &str) {
    if let Some(trace) = trace {
        let mut trace = trace.borrow_mut();
        let mut pointer = trace.path.pointer();
        pointer.push('/');
        push_escaped(&mut pointer, member);
        trace.seen.unknown.push(pointer);
    }
}

fn name_of(token: Token) -> &'static str {
    match token {
        Token::Bool => "a boolean",
        Token::Number => "a number",
        Token::Text => "text",
        Token::Array => "an array",
        Token::Object => "an object",
    }
}

#[cold]
fn mismatch<E: de::Error>(slot: &Slot<'_>, got: &str) -> E {
    let want = match slot {
        Slot::Bool(_) => "a boolean",
        Slot::I64(_) | Slot::U64(_) => "an integer",
        Slot::F64(_) => "a number",
        Slot::String(_) | Slot::Text(_) => "text",
        Slot::Seq(_) => "an array",
        Slot::Map(_) | Slot::Record(_) => "an object",
        Slot::Raw(_) => "any JSON",
        Slot::Bytes(_) | Slot::File(_) => "bytes outside JSON",
    };
    E::custom(format_args!("expected {want}, got {got}"))
}

fn out_of_range<E: de::Error>(value: i128) -> E {
    E::custom(format_args!("{value} is out of range"))
}

fn integer<E: de::Error>(slot: Slot<'_>, value: i128) -> Result<(), E> {
    match slot {
        Slot::I64(place) => *place = i64::try_from(value).map_err(|_| out_of_range(value))?,
        Slot::U64(place) => *place = u64::try_from(value).map_err(|_| out_of_range(value))?,
        Slot::F64(place) => *place = value as f64,
        Slot::String(place) => *place = value.to_string(),
        Slot::Text(place) => place.put(&value.to_string()),
        Slot::Bool(place) if value == 0 || value == 1 => *place = value == 1,
        Slot::Raw(place) => {
            *place = match (i64::try_from(value), u64::try_from(value)) {
                (Ok(v), _) => v.into(),
                (_, Ok(v)) => v.into(),
                _ => return Err(out_of_range(value)),
            }
        }
        slot => return Err(mismatch(&slot, "a number")),
    }
    Ok(())
}

fn float<E: de::Error>(slot: Slot<'_>, value: f64) -> Result<(), E> {
    // From here on a double no longer tells neighbouring integers apart.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match slot {
        Slot::F64(place) => *place = value,
        Slot::String(place) => *place = float_text(value),
        Slot::Text(place) => place.put(&float_text(value)),
        Slot::Raw(place) => *place = value.into(),
        slot @ (Slot::I64(_) | Slot::U64(_)) if value.fract() == 0.0 && value.abs() < EXACT => {
            return integer(slot, value as i128);
        }
        slot @ (Slot::I64(_) | Slot::U64(_)) => {
            return Err(mismatch(&slot, "a fraction or too large a number"));
        }
        slot => return Err(mismatch(&slot, "a number")),
    }
    Ok(())
}

fn boolean<E: de::Error>(slot: Slot<'_>, value: bool) -> Result<(), E> {
    match slot {
        Slot::Bool(place) => *place = value,
        Slot::String(place) => *place = value.to_string(),
        Slot::Text(place) => place.put(if value { "true" } else { "false" }),
        Slot::Raw(place) => *place = value.into(),
        slot => return Err(mismatch(&slot, "a boolean")),
    }
    Ok(())
}

fn text<E: de::Error>(slot: Slot<'_>, value: &str) -> Result<(), E> {
    match slot {
        Slot::String(place) => *place = value.to_owned(),
        Slot::Text(place) => place.put(value),
        Slot::Raw(place) => *place = value.into(),
        slot @ (Slot::I64(_) | Slot::U64(_)) => {
            return match value.parse() {
                Ok(number) if !value.starts_with('+') => integer(slot, number),
                _ => Err(mismatch(&slot, "text")),
            };
        }
        Slot::F64(place) => match value.parse() {
            // "inf" and "NaN" parse, but are no JSON numbers.
            Ok(number) if f64::is_finite(number) && !value.starts_with('+') => *place = number,
            _ => return Err(mismatch(&Slot::F64(place), "text")),
        },
        Slot::Bool(place) => match value {
            "true" => *place = true,
            "false" => *place = false,
            _ => return Err(mismatch(&Slot::Bool(place), "text")),
        },
        slot => return Err(mismatch(&slot, "text")),
    }
    Ok(())
}

/// A number that arrived as its own spelling, which `serde_json/arbitrary_precision` does.
fn spelled_number<E: de::Error>(slot: Slot<'_>, spelling: &str) -> Result<(), E> {
    if let Slot::Raw(place) = slot {
        *place = serde_json::from_str(spelling).map_err(E::custom)?;
        return Ok(());
    }
    // `-0` is a float: as an integer it would lose its sign.
    if let (Ok(value), false) = (spelling.parse::<i128>(), spelling == "-0") {
        // What does not fit a 64 bit integer is a float for everybody else, too.
        if i64::try_from(value).is_ok() || u64::try_from(value).is_ok() {
            return integer(slot, value);
        }
    }
    match spelling.parse::<f64>() {
        Ok(value) if value.is_finite() => float(slot, value),
        _ => Err(E::custom("number out of range")),
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = ();
    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        if self.0.null() {
            return Ok(());
        }
        match self.0.slot(Token::Text) {
            Some(slot) => Err(mismatch(&slot, "null")),
            None => Err(E::custom("null cannot stand here")),
        }
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<(), E> {
        boolean(self.place(Token::Bool)?, value)
    }

    #[inline]
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        match self.place(Token::Number)? {
            Slot::I64(place) => {
                *place = value;
                Ok(())
            }
            slot => integer(slot, value.into()),
        }
    }

    #[inline]
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        match self.place(Token::Number)? {
            Slot::I64(place) if value <= i64::MAX as u64 => {
                *place = value as i64;
                Ok(())
            }
            slot => integer(slot, value.into()),
        }
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        float(self.place(Token::Number)?, value)
    }

    #[inline]
    fn visit_str<E: de::Error>(self, value: &str) -> Result<(), E> {
        match self.place(Token::Text)? {
            Slot::String(place) => {
                *place = value.to_owned();
                Ok(())
            }
            slot => text(slot, value),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        let trace = self.1;
        match self.place(Token::Array)? {
            Slot::Seq(seq) => {
                seq.clear();
                loop {
                    step(trace, || Step::Index(seq.len()));
                    let more = from.next_element_seed(Element(&mut *seq, trace))?;
                    step_back(trace);
                    if more.is_none() {
                        return Ok(());
                    }
                }
            }
            Slot::Raw(place) => {
                note_raw(trace);
                let mut items: Vec<serde_json::Value> = Vec::new();
                while let Some(item) = from.next_element()? {
                    items.push(item);
                }
                *place = items.into();
                Ok(())
            }
            slot => Err(mismatch(&slot, "an array")),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        let trace = self.1;
        let first = from.next_key_seed(Name)?;
        if first.as_deref() == Some(NUMBER) && numbers_are_maps() {
            let spelling = from.next_value::<String>()?;
            return spelled_number(self.place(Token::Number)?, &spelling);
        }
        match self.place(Token::Object)? {
            Slot::Record(record) => members(record, first, from, trace),
            Slot::Map(map) => entries(map, first, from, trace),
            Slot::Raw(place) => {
                note_raw(trace);
                let mut object = serde_json::Map::new();
                let mut key = first;
                while let Some(name) = key {
                    object.insert(name.into_owned(), from.next_value()?);
                    key = from.next_key_seed(Name)?;
                }
                *place = object.into();
                Ok(())
            }
            slot => Err(mismatch(&slot, "an object")),
        }
    }
}

fn members<'de, A: MapAccess<'de>>(
    record: &mut dyn Record,
    first: Option<Cow<'de, str>>,
    mut from: A,
    trace: Option<&RefCell<Trace>>,
) -> Result<(), A::Error> {
    let shape = record.shape();
    let mut present = Present::default();
    // Services send members in the order they declare them, so the next one is mostly where the last one ended.
    let mut expected = 0;
    let mut key = first;
    while let Some(name) = key {
        match find(shape.members, &name, expected) {
            Some(index) => {
                expected = index + 1;
                step(trace, || Step::Member(shape.members[index]));
                from.next_value_seed(Reader(record.slot(index), trace))?;
                step_back(trace);
                present.insert(index);
            }
            None => {
                note_unknown(trace, &name);
                from.next_value::<de::IgnoredAny>()?;
            }
        }
        key = from.next_key_seed(Name)?;
    }
    for &index in shape.required {
        if !present.contains(index.into()) {
            return Err(de::Error::custom(format_args!(
                "missing member `{}` of {}",
                shape.members[usize::from(index)],
                shape.name
            )));
        }
    }
    Ok(())
}

#[inline]
fn find(members: &[&str], name: &str, expected: usize) -> Option<usize> {
    let (before, after) = members.split_at(expected.min(members.len()));
    match after.iter().position(|m| *m == name) {
        Some(index) => Some(before.len() + index),
        None => before.iter().position(|m| *m == name),
    }
}

fn entries<'de, A: MapAccess<'de>>(
    map: &mut dyn Map,
    first: Option<Cow<'de, str>>,
    mut from: A,
    trace: Option<&RefCell<Trace>>,
) -> Result<(), A::Error> {
    map.clear();
    let mut key = first;
    while let Some(name) = key {
        step(trace, || Step::Key(name.clone().into_owned()));
        from.next_value_seed(Reader(map.entry(&name), trace))?;
        step_back(trace);
        key = from.next_key_seed(Name)?;
    }
    Ok(())
}

/// Which members were there: one bit each, enough for [`Shape::MEMBERS`].
#[derive(Default)]
struct Present([u64; Shape::MEMBERS / 64]);

impl Present {
    fn insert(&mut self, index: usize) {
        if let Some(word) = self.0.get_mut(index / 64) {
            *word |= 1 << (index % 64);
        }
    }
    fn contains(&self, index: usize) -> bool {
        self.0.get(index / 64).is_some_and(|word| word & (1 << (index % 64)) != 0)
    }
}

struct Element<'a>(&'a mut dyn Seq, Option<&'a RefCell<Trace>>);

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = ();
    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        Reader(self.0.push(), self.1).deserialize(from)
    }
}

/// Reads a member's name without copying it, unless it holds escapes.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;
    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_identifier(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }
    #[inline]
    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }
    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// The member name under which serde_json hides a number when `arbitrary_precision` is on.
const NUMBER: &str = "$serde_json::private::Number";

/// Whether some crate in the tree turned on `serde_json/arbitrary_precision`, which feature unification forces on us.
fn numbers_are_maps() -> bool {
    struct Probe;
    impl<'de> Visitor<'de> for Probe {
        type Value = bool;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number")
        }
        fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
            Ok(false)
        }
        fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<bool, A::Error> {
            while from.next_entry::<de::IgnoredAny, de::IgnoredAny>()?.is_some() {}
            Ok(true)
        }
    }
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| serde_json::Deserializer::from_str("0.5").deserialize_any(Probe).unwrap_or(false))
}
