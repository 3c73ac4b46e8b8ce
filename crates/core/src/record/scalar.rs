//! The values that are not records: scalars, optional places, lists and maps.

use super::{Map, Peek, Seq, Slot, Text, Token, Value};
use crate::body::File;
use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;

macro_rules! leaf {
    ($($type:ty => $slot:ident, |$it:ident| $peek:expr;)*) => {$(
        impl Value for $type {
            fn slot(&mut self, _: Token) -> Option<Slot<'_>> {
                Some(Slot::$slot(self))
            }
            fn peek(&self) -> Peek<'_> {
                let $it = self;
                $peek
            }
        }
    )*};
}

leaf! {
    bool => Bool, |it| Peek::Bool(*it);
    i64 => I64, |it| Peek::I64(*it);
    u64 => U64, |it| Peek::U64(*it);
    f64 => F64, |it| Peek::F64(*it);
    String => String, |it| Peek::Text(it);
    SecretString => Text, |it| Peek::Secret(it.expose_secret());
    Bytes => Bytes, |it| Peek::Bytes(it);
    File => File, |it| Peek::File(it);
}

impl Value for serde_json::Value {
    fn null(&mut self) -> bool {
        *self = serde_json::Value::Null;
        true
    }
    fn slot(&mut self, _: Token) -> Option<Slot<'_>> {
        Some(Slot::Raw(self))
    }
    fn peek(&self) -> Peek<'_> {
        Peek::Raw(self)
    }
}

/// No answer at all: what an operation yields that is answered by 204.
impl Value for () {
    fn null(&mut self) -> bool {
        true
    }
    fn slot(&mut self, _: Token) -> Option<Slot<'_>> {
        None
    }
    fn peek(&self) -> Peek<'_> {
        Peek::Absent
    }
}

impl Text for SecretString {
    fn put(&mut self, text: &str) {
        *self = text.into();
    }
}

impl<T: Value + Default> Value for Option<T> {
    fn null(&mut self) -> bool {
        *self = None;
        true
    }
    fn slot(&mut self, token: Token) -> Option<Slot<'_>> {
        self.insert(T::default()).slot(token)
    }
    fn peek(&self) -> Peek<'_> {
        match self {
            Some(value) => value.peek(),
            None => Peek::Absent,
        }
    }
}

impl<T: Value + Default> Seq for Vec<T> {
    fn clear(&mut self) {
        Vec::clear(self);
    }
    fn push(&mut self) -> &mut dyn Value {
        let index = Vec::len(self);
        Vec::push(self, T::default());
        &mut self[index]
    }
    fn len(&self) -> usize {
        Vec::len(self)
    }
    fn at(&self, index: usize) -> Peek<'_> {
        self.get(index).map_or(Peek::Absent, Value::peek)
    }
}

impl<T: Value + Default> Value for Vec<T> {
    fn slot(&mut self, _: Token) -> Option<Slot<'_>> {
        Some(Slot::Seq(self))
    }
    fn peek(&self) -> Peek<'_> {
        Peek::Seq(self)
    }
}

impl<T: Value + Default> Map for BTreeMap<String, T> {
    fn clear(&mut self) {
        BTreeMap::clear(self);
    }
    fn entry(&mut self, key: &str) -> &mut dyn Value {
        let place = BTreeMap::entry(self, key.to_owned()).or_default();
        // The last of several equal keys wins whole: nothing of an earlier one may shine through.
        *place = T::default();
        place
    }
    fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a str, Peek<'a>)) {
        for (key, value) in self {
            visit(key, value.peek());
        }
    }
}

impl<T: Value + Default> Value for BTreeMap<String, T> {
    fn slot(&mut self, _: Token) -> Option<Slot<'_>> {
        Some(Slot::Map(self))
    }
    fn peek(&self) -> Peek<'_> {
        Peek::Map(self)
    }
}

/// A number as JSON spells it, so that `53.0` read as text stays `53.0`.
pub(crate) fn float_text(value: f64) -> String {
    serde_json::Number::from_f64(value).map_or_else(|| value.to_string(), |n| n.to_string())
}
