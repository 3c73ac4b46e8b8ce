//! Finding, reading and writing the files of the workspace.

use std::fs;
use std::path::{Path, PathBuf};
use yunkit_codegen::{Api, Output, Overlay, Source, join, lower};

/// The root of the workspace; `YUNKIT_ROOT` moves it, for tests.
pub(crate) fn root() -> PathBuf {
    match std::env::var_os("YUNKIT_ROOT") {
        Some(root) => root.into(),
        None => {
            let here = Path::new(env!("CARGO_MANIFEST_DIR"));
            here.parent().unwrap_or(here).to_owned()
        }
    }
}

/// A crate with a specification.
pub(crate) struct Crate {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

impl Crate {
    /// The crates of those names, or all that have a specification.
    pub(crate) fn find(names: &[String]) -> Result<Vec<Self>, String> {
        let crates = root().join("crates");
        if names.is_empty() {
            let mut found = Vec::new();
            for entry in fs::read_dir(&crates).map_err(|e| format!("{}: {e}", crates.display()))?.flatten() {
                if entry.path().join("spec/openapi.json").is_file() {
                    found.push(entry.file_name().to_string_lossy().into_owned());
                }
            }
            found.sort();
            return Self::find(&found);
        }
        names.iter().map(|name| Self::one(name)).collect()
    }

    /// One crate.
    pub(crate) fn one(name: &str) -> Result<Self, String> {
        let name = name.strip_prefix("yunkit-").unwrap_or(name);
        let path = root().join("crates").join(name);
        match path.join("spec").is_dir() {
            true => Ok(Self { name: name.to_owned(), path }),
            false => Err(format!("crates/{name} has no spec/ folder")),
        }
    }

    pub(crate) fn spec_path(&self) -> PathBuf {
        self.path.join("spec/openapi.json")
    }

    /// The facts of the upstream document.
    pub(crate) fn document(&self) -> Result<Source, String> {
        read(&self.spec_path())
    }

    /// All facts: the document's, and what is attested elsewhere.
    pub(crate) fn spec(&self) -> Result<Source, String> {
        let attested = self.path.join("spec/attested.json");
        match attested.is_file() {
            true => join(&self.document()?, &read(&attested)?).map_err(|problem| problem.to_string()),
            false => self.document(),
        }
    }

    pub(crate) fn overlay(&self) -> Result<Overlay, String> {
        let folder = self.path.join("spec/overlay");
        let mut paths: Vec<PathBuf> = fs::read_dir(&folder)
            .map_err(|e| format!("{}: {e}", folder.display()))?
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|e| e == "toml"))
            .collect();
        paths.sort();
        let sources = paths.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
        Overlay::parse(&sources).map_err(|problem| problem.to_string())
    }

    pub(crate) fn api(&self) -> Result<(Api, Overlay), String> {
        let overlay = self.overlay()?;
        let api = lower(&self.spec()?, &overlay).map_err(|problem| problem.to_string())?;
        Ok((api, overlay))
    }

    /// Every module is a feature; the manifest is written by hand and must not fall behind.
    pub(crate) fn has_features(&self, api: &Api) -> Result<(), String> {
        let manifest = read(&self.path.join("Cargo.toml"))?;
        for module in &api.modules {
            if !manifest.text.lines().any(|line| line.starts_with(&format!("{} = [", module.name))) {
                return Err(format!(
                    "{}: the module `{}` is no feature; add `{} = []`",
                    manifest.name, module.name, module.name
                ));
            }
        }
        Ok(())
    }

    pub(crate) fn generated(&self) -> PathBuf {
        self.path.join("src/generated")
    }
}

/// Reads a file, named below the workspace where it is in it.
pub(crate) fn read(path: &Path) -> Result<Source, String> {
    let name = path.strip_prefix(root()).unwrap_or(path).display().to_string();
    let text = fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    Ok(Source { name, text })
}

/// Replaces a file in one step: whoever reads it finds the old text or the new one.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), String> {
    let fail = |error: std::io::Error| format!("{}: {error}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(fail)?;
    }
    let mut aside = path.as_os_str().to_owned();
    aside.push(".new");
    fs::write(&aside, text).map_err(fail)?;
    fs::rename(&aside, path).map_err(fail)
}

/// The files below a folder that differ from what should be there, what should not be there included.
pub(crate) fn differing(folder: &Path, files: &[Output]) -> Vec<String> {
    let mut stale: Vec<String> = files
        .iter()
        .filter(|file| fs::read_to_string(folder.join(&file.path)).ok().as_ref() != Some(&file.text))
        .map(|file| file.path.clone())
        .collect();
    stale.extend(surplus(folder, files));
    stale
}

/// Files that nothing generates any more.
pub(crate) fn surplus(folder: &Path, files: &[Output]) -> Vec<String> {
    fn walk(folder: &Path, prefix: &str, into: &mut Vec<String>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            match entry.path().is_dir() {
                true => walk(&entry.path(), &format!("{name}/"), into),
                false => into.push(name),
            }
        }
    }
    let mut all = Vec::new();
    walk(folder, "", &mut all);
    all.retain(|name| !files.iter().any(|file| file.path == *name));
    all.sort();
    all
}
