//! Data that fits a schema, the same for the same seed.

use serde_json::{Map, Value, json};

/// Chance that can be repeated.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Chance that begins from a seed and a text, such as the operation it is for.
    pub fn new(seed: u64, purpose: &str) -> Self {
        // FNV-1a: any change of the purpose changes all that follows.
        let start = seed ^ 0xcbf2_9ce4_8422_2325;
        Self(purpose.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }
    /// The next 64 bits (splitmix64).
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// Whether something happens that happens at this rate, from 0 to 1.
    pub fn happens(&mut self, rate: f64) -> bool {
        // 53 bits are what a float between 0 and 1 can tell apart.
        let chance = (self.bits() >> 11) as f64 / (1_u64 << 53) as f64;
        chance < rate
    }
    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.bits() % end }
    }
    /// Hexadecimal digits.
    pub fn hex(&mut self, digits: usize) -> String {
        let mut out = String::new();
        while out.len() < digits {
            out += &format!("{:016x}", self.bits());
        }
        out.truncate(digits);
        out
    }
}

/// Makes values for the schemas of a specification.
#[derive(Debug)]
pub struct Sampler<'s> {
    spec: &'s Value,
    random: Random,
}

/// Deeper than this only what is needed is made; models refer to each other without end.
const DEPTH: usize = 3;

impl<'s> Sampler<'s> {
    /// A sampler over a specification.
    pub fn new(spec: &'s Value, random: Random) -> Self {
        Self { spec, random }
    }

    /// A value that fits the schema.
    pub fn value(&mut self, schema: &Value) -> Value {
        self.make(schema, "", 0)
    }

    /// A value for a member of that name; names tell addresses and hashes from other text.
    pub fn member(&mut self, name: &str, schema: &Value) -> Value {
        self.make(schema, name, 0)
    }

    fn make(&mut self, schema: &Value, name: &str, depth: usize) -> Value {
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let spec = self.spec;
            return match spec.pointer(target.trim_start_matches('#')) {
                Some(found) => self.make(found, name, depth),
                None => Value::Null,
            };
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(parts) = schema.get(key).and_then(Value::as_array) {
                let mut parts: Vec<&Value> = parts.iter().collect();
                if depth >= DEPTH {
                    // `null` ends the descent where it can.
                    parts.sort_by_key(|part| part.get("type").is_none_or(|t| t != "null"));
                    parts.truncate(1);
                }
                let pick = self.random.below(parts.len() as u64) as usize;
                return parts.get(pick).map_or(Value::Null, |part| self.make(part, name, depth));
            }
        }
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            let mut whole = Map::new();
            for part in parts {
                if let Value::Object(members) = self.make(part, name, depth) {
                    whole.extend(members);
                }
            }
            return whole.into();
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            let pick = self.random.below(values.len() as u64) as usize;
            let value = values.get(pick).cloned().unwrap_or_default();
            return if schema.get("type").is_some_and(|t| t == "array") { json!([value]) } else { value };
        }
        let kind = match schema.get("type") {
            Some(Value::String(kind)) => kind.as_str(),
            Some(Value::Array(kinds)) => {
                let nullable = kinds.iter().any(|k| k == "null");
                if nullable && (depth >= DEPTH || self.random.below(4) == 0) {
                    return Value::Null;
                }
                kinds.iter().filter_map(Value::as_str).find(|k| *k != "null").unwrap_or("null")
            }
            _ if schema.get("properties").is_some() => "object",
            _ => "string",
        };
        match kind {
            "object" => self.object(schema, depth),
            "array" => {
                let many = if depth >= DEPTH { 0 } else { 1 + self.random.below(2) };
                let items = schema.get("items").cloned().unwrap_or_else(|| json!({"type": "string"}));
                (0..many).map(|_| self.make(&items, name, depth + 1)).collect()
            }
            "integer" => self.integer(schema).into(),
            "number" => (self.random.below(400) as f64 / 4.0).into(),
            "boolean" => (self.random.below(2) == 1).into(),
            "null" => Value::Null,
            _ => self.text(schema, name).into(),
        }
    }

    fn object(&mut self, schema: &Value, depth: usize) -> Value {
        let mut out = Map::new();
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        for (name, member) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if depth >= DEPTH && !required.contains(&name.as_str()) && !is_scalar(member) {
                continue;
            }
            out.insert(name.clone(), self.make(member, name, depth + 1));
        }
        if let (true, Some(values)) = (out.is_empty(), schema.get("additionalProperties").filter(|v| v.is_object()))
        {
            out.insert("first".to_owned(), self.make(values, "first", depth + 1));
        }
        out.into()
    }

    fn integer(&mut self, schema: &Value) -> i64 {
        let bound = |name: &str| schema.get(name).and_then(Value::as_i64);
        let least = bound("minimum").unwrap_or(1);
        let most = bound("maximum").unwrap_or(least.saturating_add(9_999)).max(least);
        let span = most.abs_diff(least).saturating_add(1);
        least.saturating_add_unsigned(self.random.below(span))
    }

    fn text(&mut self, schema: &Value, name: &str) -> String {
        let n = self.random.below(9_000) + 1_000;
        match schema.get("format").and_then(Value::as_str) {
            Some("date-time") => return format!("2026-0{}-1{}T08:30:00+08:00", n % 9 + 1, n % 10),
            Some("date") => return format!("2026-0{}-1{}", n % 9 + 1, n % 10),
            _ => {}
        }
        if name.ends_with("url") || name == "href" {
            return format!("https://fake.example.com/{}/{n}", name.trim_end_matches("_url"));
        }
        match name {
            "sha" | "commit_id" | "head_sha" => self.random.hex(40),
            "email" => format!("user{n}@example.com"),
            name if name.ends_with("_at") => format!("2026-0{}-1{}T08:30:00+08:00", n % 9 + 1, n % 10),
            "" => format!("text {n}"),
            name => format!("{} {n}", name.replace('_', " ")),
        }
    }
}

fn is_scalar(schema: &Value) -> bool {
    let kinds = match schema.get("type") {
        Some(Value::String(kind)) => vec![kind.as_str()],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return false,
    };
    !kinds.iter().any(|kind| matches!(*kind, "object" | "array"))
}
