//! The same JSON with its keys in another order.

use serde_json::Value;

/// A text that says what `value` says, with the keys of every object in an order that `seed` decides.
pub(crate) fn shuffled(value: &Value, seed: u64) -> String {
    let mut out = String::new();
    Shuffler(seed).write(value, &mut out);
    out
}

/// Sebastiano Vigna's splitmix64: a page of code less than a dependency, and the same on every machine.
struct Shuffler(u64);

impl Shuffler {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) % bound as u64) as usize
    }

    fn write(&mut self, value: &Value, out: &mut String) {
        match value {
            Value::Object(object) => {
                let mut keys: Vec<&String> = object.keys().collect();
                for i in (1..keys.len()).rev() {
                    keys.swap(i, self.below(i + 1));
                }
                out.push('{');
                for (i, key) in keys.into_iter().enumerate() {
                    out.push_str(if i == 0 { "" } else { "," });
                    out.push_str(&Value::from(key.as_str()).to_string());
                    out.push(':');
                    self.write(&object[key], out);
                }
                out.push('}');
            }
            Value::Array(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    out.push_str(if i == 0 { "" } else { "," });
                    self.write(item, out);
                }
                out.push(']');
            }
            plain => out.push_str(&plain.to_string()),
        }
    }
}
