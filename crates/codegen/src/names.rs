//! Names: from what the service writes to what Rust writes.

/// Splits a name into its words: `DepotId`, `depot_id` and `X-Depot-Id` have the same two or three.
pub(crate) fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (i, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            words.push(String::new());
            continue;
        }
        let before = i.checked_sub(1).map(|i| chars[i]);
        let after = chars.get(i + 1);
        // A word begins at a capital after a small letter or digit, and at the last capital of a run (`APICount`),
        // unless only a plural `s` follows (`URLs`).
        let plural = after == Some(&'s') && !chars.get(i + 2).is_some_and(|c| c.is_lowercase());
        let starts = c.is_uppercase()
            && before.is_some_and(|b| {
                b.is_lowercase()
                    || b.is_ascii_digit()
                    || (b.is_uppercase() && after.is_some_and(|a| a.is_lowercase()) && !plural)
            });
        if starts {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|w| !w.is_empty());
    words
}

/// `pull_request`
pub(crate) fn snake(name: &str) -> String {
    words(name).join("_")
}

/// `PullRequest`
pub(crate) fn pascal(name: &str) -> String {
    words(name)
        .iter()
        .map(|word| {
            let mut chars = word.chars();
            match chars.next() {
                Some(first) => first.to_uppercase().collect::<String>() + chars.as_str(),
                None => String::new(),
            }
        })
        .collect()
}

/// A name as upstream spells it, where that can name a type; the same in our spelling where it cannot.
pub(crate) fn official(name: &str) -> String {
    if is_type_name(name) { name.to_owned() } else { pascal(name) }
}

/// `PULL_REQUEST`
pub(crate) fn screaming(name: &str) -> String {
    snake(name).to_uppercase()
}

/// A name for a member, or nothing when it has no letters to make one of.
pub(crate) fn member(wire: &str) -> Option<String> {
    let name = snake(wire);
    let first = name.chars().next()?;
    if !first.is_ascii_alphabetic() || !name.is_ascii() {
        return None;
    }
    Some(match name.as_str() {
        "self" | "super" | "crate" => format!("{name}_"),
        word if KEYWORDS.contains(&word) => format!("r#{name}"),
        _ => name,
    })
}

/// Whether a text can name a type.
pub(crate) fn is_type_name(name: &str) -> bool {
    name.chars().next().is_some_and(|c| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
        && !TAKEN.contains(&name)
}

/// Whether a text can name a module: a word of Rust's that is no keyword, and no file that is written anyway.
pub(crate) fn is_module_name(name: &str) -> bool {
    member(name).as_deref() == Some(name) && !["models", "tables", "types"].contains(&name)
}

const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type",
    "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Names that generated code uses for other things.
pub(crate) const TAKEN: &[&str] = &[
    "Answer",
    "BTreeMap",
    "BodyKind",
    "Box",
    "Bytes",
    "Debug",
    "Effect",
    "Entry",
    "File",
    "Formatter",
    "Method",
    "None",
    "OneOrMany",
    "Operation",
    "OperationInfo",
    "Option",
    "Paged",
    "Patch",
    "Place",
    "Record",
    "SecretString",
    "Self",
    "Shape",
    "Some",
    "String",
    "Value",
    "Vec",
];

#[cfg(test)]
mod tests {
    use super::{member, pascal, snake};

    #[test]
    fn every_way_of_writing_a_name_has_one_snake() {
        let rows = [
            ("DepotId", "depot_id"),
            ("APICount", "api_count"),
            ("html_url", "html_url"),
            ("X-Repo-Auth", "x_repo_auth"),
            ("committer[name]", "committer_name"),
            ("GitHTTPUrl", "git_http_url"),
            ("IDs", "ids"),
            ("URLs", "urls"),
            ("v2Beta", "v2_beta"),
            ("_links", "links"),
        ];
        for (wire, expected) in rows {
            assert_eq!(snake(wire), expected, "{wire}");
        }
    }

    #[test]
    fn keywords_are_escaped_and_names_without_letters_refused() {
        assert_eq!(member("type").as_deref(), Some("r#type"));
        assert_eq!(member("self").as_deref(), Some("self_"));
        assert_eq!(member("+1"), None);
        assert_eq!(member("编号"), None);
        assert_eq!(pascal("long-running"), "LongRunning");
    }
}
