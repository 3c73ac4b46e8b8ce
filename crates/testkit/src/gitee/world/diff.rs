//! The smallest diff that serves: one hunk from the first line that differs to the last.

pub(super) struct Hunk {
    pub(super) text: String,
    pub(super) additions: usize,
    pub(super) deletions: usize,
}

pub(super) fn hunk(before: &str, after: &str) -> Hunk {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - start;
    let end = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let (removed, added) = (&old[start..old.len() - end], &new[start..new.len() - end]);
    let mut text = String::new();
    if !removed.is_empty() || !added.is_empty() {
        // The line a hunk stands after, when it has no lines of its own on that side.
        let first = |lines: &[&str]| start + usize::from(!lines.is_empty());
        text = format!("@@ -{},{} +{},{} @@\n", first(removed), removed.len(), first(added), added.len());
        for (sign, lines) in [('-', removed), ('+', added)] {
            for line in lines {
                text.push(sign);
                text += line;
                text.push('\n');
            }
        }
    }
    Hunk { text, additions: added.len(), deletions: removed.len() }
}

#[cfg(test)]
mod tests {
    use super::hunk;

    #[test]
    fn only_what_differs_is_in_the_hunk() {
        let rows = [
            ("", "a\n", "@@ -0,0 +1,1 @@\n+a\n"),
            ("a\n", "", "@@ -1,1 +0,0 @@\n-a\n"),
            ("a\nb\nc\n", "a\nx\ny\nc\n", "@@ -2,1 +2,2 @@\n-b\n+x\n+y\n"),
            ("a\nb\n", "a\nc\nb\n", "@@ -1,0 +2,1 @@\n+c\n"),
            ("a\n", "a\n", ""),
            ("a\na\n", "a\n", "@@ -2,1 +1,0 @@\n-a\n"),
        ];

        for (before, after, expected) in rows {
            assert_eq!(hunk(before, after).text, expected, "{before:?} {after:?}");
        }
    }
}
