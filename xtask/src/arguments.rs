//! The few arguments these commands take.

pub(crate) struct Arguments(Vec<String>);

impl Arguments {
    pub(crate) fn new(arguments: impl Iterator<Item = String>) -> Self {
        Self(arguments.collect())
    }

    /// The next word that is no option.
    pub(crate) fn word(&mut self) -> Option<String> {
        let index = self.0.iter().position(|a| !a.starts_with("--") || a == "--help")?;
        Some(self.0.remove(index))
    }

    /// Whether `--name` is there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let index = self.0.iter().position(|a| a == name);
        index.map(|index| self.0.remove(index)).is_some()
    }

    /// What follows `--name`, or stands behind `--name=`.
    pub(crate) fn value(&mut self, name: &str) -> Result<Option<String>, String> {
        let joined = format!("{name}=");
        if let Some(index) = self.0.iter().position(|a| a.starts_with(&joined)) {
            return Ok(Some(self.0.remove(index)[joined.len()..].to_owned()));
        }
        let Some(index) = self.0.iter().position(|a| a == name) else {
            return Ok(None);
        };
        self.0.remove(index);
        if index >= self.0.len() {
            return Err(format!("{name} needs a value"));
        }
        Ok(Some(self.0.remove(index)))
    }

    /// As [`value`](Self::value), for what can be given several times.
    pub(crate) fn values(&mut self, name: &str) -> Result<Vec<String>, String> {
        std::iter::from_fn(|| self.value(name).transpose()).collect()
    }

    /// As [`value`](Self::value), for what cannot be left out.
    pub(crate) fn required(&mut self, name: &str) -> Result<String, String> {
        self.value(name)?.ok_or_else(|| format!("{name} is missing"))
    }

    /// The words that are left; options that nobody asked for are a mistake.
    pub(crate) fn rest(self) -> Result<Vec<String>, String> {
        match self.0.iter().find(|a| a.starts_with("--")) {
            Some(unknown) => Err(format!("there is no option {unknown} here\n\n{}", crate::USAGE)),
            None => Ok(self.0),
        }
    }

    /// As [`rest`](Self::rest), where no words can be left either.
    pub(crate) fn end(self) -> Result<(), String> {
        match self.rest()?.first() {
            Some(word) => Err(format!("nothing is done with `{word}` here\n\n{}", crate::USAGE)),
            None => Ok(()),
        }
    }
}
