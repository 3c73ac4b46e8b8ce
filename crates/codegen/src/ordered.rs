//! JSON with the order of its keys, which serde_json forgets and a specification means.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// Reads a document and notes the order of members where it is worth something.
///
/// Every object below `properties` and every `content` gets a sibling `x-order` that lists its keys, so that the facts
/// keep the order in which the service declares (and mostly sends) its members, whatever later sorts their keys.
pub(crate) fn parse(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str::<Ordered>(text).map(|Ordered(value, _)| value)
}

struct Ordered(Value, Vec<String>);

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Ordered;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Ordered, E> {
        Ok(Ordered(Value::Null, Vec::new()))
    }
    fn visit_bool<E>(self, value: bool) -> Result<Ordered, E> {
        Ok(Ordered(value.into(), Vec::new()))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Ordered, E> {
        Ok(Ordered(value.into(), Vec::new()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Ordered, E> {
        Ok(Ordered(value.into(), Vec::new()))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Ordered, E> {
        Ok(Ordered(value.into(), Vec::new()))
    }
    fn visit_str<E>(self, value: &str) -> Result<Ordered, E> {
        Ok(Ordered(value.into(), Vec::new()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Ordered, A::Error> {
        let mut items = Vec::new();
        while let Some(Ordered(item, _)) = from.next_element()? {
            items.push(item);
        }
        Ok(Ordered(items.into(), Vec::new()))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Ordered, A::Error> {
        let mut object = Map::new();
        let mut order = Vec::new();
        let mut inner = None;
        while let Some((key, Ordered(value, keys))) = from.next_entry::<String, Ordered>()? {
            // A member that happens to be called `properties` or `content` has keywords below it, not members or media types.
            let ordered = match key.as_str() {
                "properties" => value.as_object().is_some_and(|members| members.values().all(Value::is_object)),
                "content" => keys.iter().all(|media_type| media_type.contains('/')),
                _ => false,
            };
            if ordered && keys.len() > 1 && !keys.is_sorted() {
                inner = Some(keys);
            }
            order.push(key.clone());
            object.insert(key, value);
        }
        if let (Some(keys), false) = (inner, object.contains_key("x-order")) {
            object.insert("x-order".to_owned(), keys.into());
        }
        Ok(Ordered(object.into(), order))
    }
}
