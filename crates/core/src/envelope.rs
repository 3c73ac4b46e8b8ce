//! Taking an answer out of what is around it, such as `{"code": 0, "data": …}`, without reading it; and finding the words of
//! a refusal.
//!
//! The members of an envelope are found by skipping over their values, byte by byte; only the answer's own decoder reads what
//! is in them.

use serde_json::Value;

/// The text of a value that is a text or a number; nothing for an empty text.
pub fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What `{"key": "text"}` says, member by member; of anything else its [`scalar`].
pub fn texts_by_key(value: &Value) -> Option<String> {
    let Value::Object(texts) = value else {
        return scalar(value);
    };
    let texts: Vec<String> =
        texts.iter().filter_map(|(key, text)| Some(format!("{key}: {}", scalar(text)?))).collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

/// A body that is short enough to be read; pages of HTML are not.
pub fn plain_text(body: &[u8]) -> Option<String> {
    readable(std::str::from_utf8(body).ok()?.trim()).map(str::to_owned)
}

/// What a gateway says in a body that is no envelope: the first of these members that has a text, or the body itself.
pub fn gateway_text(body: &[u8], members: &[&str]) -> Option<String> {
    let said = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(object)) => members.iter().find_map(|name| scalar(object.get(*name)?)),
        Ok(value) => scalar(&value),
        Err(_) => return plain_text(body),
    };
    said.filter(|text| readable(text).is_some())
}

fn readable(text: &str) -> Option<&str> {
    const READABLE: usize = 300;
    (!text.is_empty() && text.len() <= READABLE && !text.starts_with('<')).then_some(text)
}

/// The members of a JSON object as they stand in its text: a name, without its quotes and with its escapes, and a value.
///
/// Ends early where the text is no JSON: whoever reads the values says what is wrong with them.
///
/// ```
/// use yunkit_core::envelope::Members;
///
/// let answer = br#"{"code": 0, "data": {"id": [1, 2]}}"#;
/// let (_, data) = Members::of(answer).into_iter().flatten().find(|(name, _)| *name == b"data").unwrap();
/// assert_eq!(data, br#"{"id": [1, 2]}"#);
/// ```
#[derive(Debug, Clone)]
pub struct Members<'a> {
    json: &'a [u8],
    at: usize,
}

impl<'a> Members<'a> {
    /// Nothing when the text does not begin as an object.
    pub fn of(json: &'a [u8]) -> Option<Self> {
        let at = skip_space(json, 0);
        (json.get(at) == Some(&b'{')).then_some(Self { json, at: at + 1 })
    }

    /// Whether the object ends after the members that have come, and nothing comes after it. A body that was cut off says no.
    pub fn is_at_end(&self) -> bool {
        let end = skip_space(self.json, self.at);
        self.json.get(end) == Some(&b'}') && skip_space(self.json, end + 1) == self.json.len()
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let json = self.json;
        let mut at = skip_space(json, self.at);
        if json.get(at) == Some(&b',') {
            at = skip_space(json, at + 1);
        }
        let after_name = skip_text(json, at)?;
        let name = &json[at + 1..after_name - 1];
        at = skip_space(json, after_name);
        if json.get(at) != Some(&b':') {
            return None;
        }
        at = skip_space(json, at + 1);
        self.at = skip_value(json, at)?;
        Some((name, &json[at..self.at]))
    }
}

fn skip_space(json: &[u8], at: usize) -> usize {
    let rest = json.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// Past a text that begins at `at`; nothing when none does, or it does not end.
fn skip_text(json: &[u8], at: usize) -> Option<usize> {
    if json.get(at) != Some(&b'"') {
        return None;
    }
    let mut at = at + 1;
    loop {
        match json.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn skip_value(json: &[u8], at: usize) -> Option<usize> {
    match json.get(at)? {
        b'"' => skip_text(json, at),
        b'{' | b'[' => {
            let (mut depth, mut at) = (0_usize, at);
            loop {
                match json.get(at)? {
                    b'"' => {
                        at = skip_text(json, at)?;
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth -= 1,
                    _ => {}
                }
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
        _ => {
            let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace();
            let len = json[at..].iter().position(ends).unwrap_or(json.len() - at);
            (len > 0).then_some(at + len)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Members;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[\\PC\"\\\\{}\\[\\],:]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[a-z\"\\\\]{0,6}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_member_of_any_object_comes_out_whole(
            object in prop::collection::btree_map("[A-Za-z]{1,8}", values(), 0..6), pretty: bool
        ) {
            let object = Value::Object(object.into_iter().collect());
            let text = if pretty { serde_json::to_string_pretty(&object) } else { serde_json::to_string(&object) }.unwrap();

            let mut found = json!({});
            let mut members = Members::of(text.as_bytes()).unwrap();
            for (name, value) in members.by_ref() {
                found[std::str::from_utf8(name).unwrap()] = serde_json::from_slice(value).unwrap();
            }

            prop_assert_eq!(found, object);
            prop_assert!(members.is_at_end());
        }

        #[test]
        fn an_object_that_is_cut_off_is_noticed(
            object in prop::collection::btree_map("[A-Za-z]{1,8}", values(), 0..6), cut: prop::sample::Index
        ) {
            let text = serde_json::to_string(&object).unwrap();
            let end = (1..text.len()).filter(|at| text.is_char_boundary(*at)).collect::<Vec<_>>();
            let mut members = Members::of(&text.as_bytes()[..end[cut.index(end.len())]]).unwrap();

            members.by_ref().for_each(drop);

            prop_assert!(!members.is_at_end());
        }

        #[test]
        fn no_bytes_make_it_panic_or_run_on(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let text = [b"{\"a\":".as_slice(), &bytes].concat();
            prop_assert!(Members::of(&text).unwrap().count() <= text.len());
        }
    }
}
