//! Looking for secrets where none may be.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::error::Error as _;
use std::fmt::Debug;
use yunkit_core::Error;
use yunkit_core::secrecy::SecretString;

/// Plants secrets that occur nowhere else, and searches everything printable for them: as they are, percent-encoded, in
/// Base64, and quoted.
///
/// ```
/// use yunkit_testkit::LeakScanner;
///
/// let mut scanner = LeakScanner::new("docs");
/// let token = scanner.canary("token");
/// scanner.look_at("the token", &token);
/// scanner.finish()?;
/// # Ok::<(), String>(())
/// ```
#[derive(Debug)]
pub struct LeakScanner {
    seed: String,
    canaries: Vec<Canary>,
    found: Vec<String>,
    looked: usize,
}

#[derive(Debug)]
struct Canary {
    name: String,
    spellings: Vec<String>,
}

impl LeakScanner {
    /// A scanner whose secrets begin with this word, so that whoever finds one knows where it comes from.
    pub fn new(seed: &str) -> Self {
        Self { seed: seed.to_owned(), canaries: Vec::new(), found: Vec::new(), looked: 0 }
    }

    /// A secret to plant. It has characters that are written differently in addresses and in JSON.
    pub fn canary(&mut self, name: &str) -> SecretString {
        self.plant(name, &format!("canary+{}/{name}=\"{}", self.seed, self.canaries.len()))
    }

    /// A secret to plant where only letters, digits and hyphens can stand.
    pub fn plain_canary(&mut self, name: &str) -> SecretString {
        self.plant(name, &format!("canary-{}-{name}-{}", self.seed, self.canaries.len()))
    }

    fn plant(&mut self, name: &str, secret: &str) -> SecretString {
        let percent = percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string();
        let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let json = serde_json::Value::from(secret).to_string();
        let mut spellings = vec![secret.to_owned(), percent, form, json.trim_matches('"').to_owned()];
        // Within a longer text, Base64 begins at one of three places; what depends on the neighbours is cut off.
        for before in 0..3 {
            let padded = [vec![b' '; before], secret.as_bytes().to_vec()].concat();
            let encoded = STANDARD_NO_PAD.encode(padded);
            spellings.push(encoded[4..encoded.len() - 4].to_owned());
        }
        self.canaries.push(Canary { name: name.to_owned(), spellings });
        secret.to_owned().into()
    }

    /// Searches a text.
    pub fn look(&mut self, place: &str, text: &str) {
        self.looked += 1;
        for canary in &self.canaries {
            if canary.spellings.iter().any(|spelling| text.contains(spelling.as_str())) {
                self.found.push(format!("{place} shows the {}: {text}", canary.name));
            }
        }
    }

    /// Searches what `Debug` prints.
    pub fn look_at(&mut self, place: &str, thing: &dyn Debug) {
        self.look(place, &format!("{thing:?}"));
        self.look(place, &format!("{thing:#?}"));
    }

    /// Searches an error, with all its causes and the body it brings along.
    pub fn look_at_error(&mut self, place: &str, error: &Error) {
        self.look(&format!("{place}, Display"), &error.to_string());
        self.look_at(&format!("{place}, Debug"), error);
        self.look(&format!("{place}, body"), &String::from_utf8_lossy(error.raw_body()));
        let mut cause = error.source();
        while let Some(error) = cause {
            self.look(&format!("{place}, a cause"), &format!("{error} {error:?}"));
            cause = error.source();
        }
    }

    /// Ends the search.
    ///
    /// # Errors
    ///
    /// Every place that showed a secret; and a search that looked at nothing, or for nothing.
    pub fn finish(self) -> Result<(), String> {
        if self.canaries.is_empty() || self.looked == 0 {
            return Err("nothing was planted, or nothing was looked at".to_owned());
        }
        match self.found.is_empty() {
            true => Ok(()),
            false => Err(self.found.join("\n")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LeakScanner;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use yunkit_core::secrecy::ExposeSecret;

    #[test]
    fn a_secret_is_found_in_every_spelling_and_nothing_else_is() {
        let spell: [fn(&str) -> String; 7] = [
            |secret| format!("token {secret}"),
            |secret| {
                format!("?t={}", percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC))
            },
            |secret| format!("t={}", url::form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>()),
            |secret| serde_json::json!({"t": secret}).to_string(),
            |secret| STANDARD.encode(format!("user:{secret}")),
            |secret| STANDARD.encode(format!("a:{secret} and more")),
            |secret| STANDARD.encode(secret),
        ];
        for (number, spell) in spell.iter().enumerate() {
            let mut scanner = LeakScanner::new("test");
            let secret = scanner.canary("token");
            scanner.look("here", &spell(secret.expose_secret()));
            assert!(scanner.finish().is_err(), "{number}");
        }

        let mut scanner = LeakScanner::new("test");
        let secret = scanner.canary("token");
        scanner.look("here", "canary");
        scanner.look_at("the secret", &secret);
        scanner.finish().unwrap();
        assert!(LeakScanner::new("test").finish().is_err(), "a search for nothing finds nothing");
    }
}
