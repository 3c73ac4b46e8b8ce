//! Variables and files, so that tests bring their own.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where settings are looked for: the variables and files of the process, or those of a test.
#[derive(Debug, Clone, Default)]
pub struct Environment(Option<Arc<Given>>);

#[derive(Debug, Clone, Default)]
struct Given {
    variables: BTreeMap<String, String>,
    files: BTreeMap<PathBuf, String>,
    home: Option<PathBuf>,
}

impl Environment {
    /// That of the process.
    pub fn of_process() -> Self {
        Self(None)
    }

    /// One with these variables, no files and no home folder.
    pub fn of<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self(Some(Arc::new(Given { variables, ..Given::default() })))
    }

    /// Adds a file that only this environment has.
    #[must_use]
    pub fn with_file(self, path: impl Into<PathBuf>, content: impl Into<String>) -> Self {
        self.change(|given| drop(given.files.insert(path.into(), content.into())))
    }

    /// Names the home folder.
    #[must_use]
    pub fn with_home(self, path: impl Into<PathBuf>) -> Self {
        self.change(|given| given.home = Some(path.into()))
    }

    fn change(self, change: impl FnOnce(&mut Given)) -> Self {
        let mut given = self.0.map(|given| (*given).clone()).unwrap_or_default();
        change(&mut given);
        Self(Some(Arc::new(given)))
    }

    /// A variable that is set and not empty.
    pub(crate) fn var(&self, name: &str) -> Option<String> {
        let value = match &self.0 {
            Some(given) => given.variables.get(name).cloned(),
            None => std::env::var(name).ok(),
        };
        value.filter(|value| !value.trim().is_empty())
    }

    pub(crate) fn read(&self, path: &Path) -> io::Result<String> {
        match &self.0 {
            Some(given) => given.files.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into()),
            None => std::fs::read_to_string(path),
        }
    }

    /// A file in the folder that Huawei's SDKs keep their settings in.
    pub(crate) fn home_file(&self, name: &str) -> Option<PathBuf> {
        let home = match &self.0 {
            Some(given) => given.home.clone(),
            None => std::env::home_dir(),
        };
        Some(home?.join(".huaweicloud").join(name))
    }
}
