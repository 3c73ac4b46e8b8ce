//! Whether two JSON values mean the same, once a typed model stood between them.

use serde_json::Value;

/// What became of a value on its way through a model.
#[derive(Debug, Default, PartialEq)]
pub struct Comparison {
    /// JSON pointers of known members that changed or fell out.
    pub lost: Vec<String>,
}

/// Compares what was read with what was written again. `unknown` lists the members the model does not have.
///
/// The same: 53 and 53.0, "7200" and 7200, "true" and true and 1, a number and its text, null and absent.
/// Not the same: an empty list and nothing, an empty text and null.
pub fn compare(read: &Value, written: &Value, unknown: &[String]) -> Comparison {
    let mut comparison = Comparison::default();
    walk(read, written, "", unknown, &mut comparison);
    comparison
}

fn walk(read: &Value, written: &Value, at: &str, unknown: &[String], out: &mut Comparison) {
    match (read, written) {
        (Value::Object(read), Value::Object(written)) => {
            for (name, value) in read {
                let at = format!("{at}/{}", escape(name));
                match written.get(name) {
                    Some(other) => walk(value, other, &at, unknown, out),
                    None if value.is_null() || unknown.contains(&at) => {}
                    None => out.lost.push(at),
                }
            }
            for (name, value) in written {
                if !value.is_null() && !read.contains_key(name) {
                    out.lost.push(format!("{at}/{}", escape(name)));
                }
            }
        }
        (Value::Array(read), Value::Array(written)) => {
            if read.len() != written.len() {
                out.lost.push(at.to_owned());
                return;
            }
            for (i, (value, other)) in read.iter().zip(written).enumerate() {
                walk(value, other, &format!("{at}/{i}"), unknown, out);
            }
        }
        (read, written) if same_scalar(read, written) => {}
        _ => out.lost.push(at.to_owned()),
    }
}

fn same_scalar(read: &Value, written: &Value) -> bool {
    match (read, written) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::String(a), Value::String(b)) => a == b,
        (Value::Number(a), Value::Number(b)) => same_number(&a.to_string(), &b.to_string()),
        (Value::String(a), Value::Number(b)) => same_number(a, &b.to_string()),
        (Value::Number(a), Value::String(b)) => same_number(&a.to_string(), b),
        (Value::String(a), Value::Bool(b)) => *a == b.to_string(),
        (Value::Bool(a), Value::String(b)) => a.to_string() == *b,
        (Value::Number(a), Value::Bool(b)) => a.as_u64() == Some(u64::from(*b)),
        _ => false,
    }
}

fn same_number(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    // Integers are compared as such: as doubles, neighbours above 2^53 are one.
    match (a.parse::<i128>(), b.parse::<i128>()) {
        (Ok(a), Ok(b)) => a == b,
        _ => matches!((a.parse::<f64>(), b.parse::<f64>()), (Ok(a), Ok(b)) if a == b),
    }
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::compare;
    use serde_json::json;

    #[test]
    fn what_means_the_same_is_not_lost_and_everything_else_is() {
        let same = [
            (json!({"a": 53}), json!({"a": 53.0})),
            (json!({"a": "7200"}), json!({"a": 7200})),
            (json!({"a": "true"}), json!({"a": true})),
            (json!({"a": 1}), json!({"a": true})),
            (json!({"a": 12}), json!({"a": "12"})),
            (json!({"a": null}), json!({})),
            (json!({}), json!({"a": null})),
            (json!([null, "x"]), json!([null, "x"])),
        ];
        let lost = [
            (json!({"a": []}), json!({}), "/a"),
            (json!({"a": ""}), json!({}), "/a"),
            (json!({"a": {}}), json!({}), "/a"),
            (json!({"a": ""}), json!({"a": null}), "/a"),
            (json!({"a": 9_007_199_254_740_993_i64}), json!({"a": 9_007_199_254_740_992_i64}), "/a"),
            (json!({"a": "x"}), json!({"a": "y"}), "/a"),
            (json!({"a": [1, 2]}), json!({"a": [1]}), "/a"),
            (json!({"a/b": [{"c": 1}]}), json!({"a/b": [{"c": 2}]}), "/a~1b/0/c"),
            (json!({}), json!({"a": 1}), "/a"),
            (json!({"a": 2}), json!({"a": true}), "/a"),
        ];

        for (read, written) in same {
            assert!(compare(&read, &written, &[]).lost.is_empty(), "{read} {written}");
        }
        for (read, written, at) in lost {
            assert_eq!(compare(&read, &written, &[]).lost, [at], "{read} {written}");
        }
    }

    #[test]
    fn a_member_the_model_does_not_have_is_not_lost_but_only_where_it_is_unknown() {
        let read = json!({"new": 1, "kids": [{"new": 1}]});

        let comparison = compare(&read, &json!({"kids": [{}]}), &["/new".to_owned()]);

        assert_eq!(comparison.lost, ["/kids/0/new"]);
    }
}
