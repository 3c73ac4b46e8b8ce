//! The overlay: names, text and corrections, ours. See `docs/documenting.md` for the format.

use crate::api::Paging;
use crate::{Problem, Source};
use serde::Deserialize;
use std::collections::BTreeMap;

/// All overlay files of a crate.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    /// `api.toml`
    pub api: ApiFile,
    /// `glossary.toml`
    pub glossary: Glossary,
    /// `types.toml`, `types-….toml`
    pub types: BTreeMap<String, TypeEntry>,
    /// One file per module, by the module's name.
    pub modules: BTreeMap<String, OverlayFile>,
    /// The texts, for the line numbers of mistakes.
    sources: Vec<Source>,
}

/// What holds for the whole surface.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiFile {
    /// The surface's name; the crate is `yunkit-{surface}`.
    #[serde(default)]
    pub surface: String,
    /// The address of the service, for the bundle.
    pub server: Option<String>,
    /// Members that the credential sends, and requests therefore do not have.
    #[serde(default)]
    pub credential_members: Vec<String>,
    /// Enums with more values than this are text.
    #[serde(default = "sixty")]
    pub enum_limit: usize,
    /// Enums that are written out in several places and get one name.
    #[serde(default)]
    pub enums: BTreeMap<String, EnumEntry>,
    /// How lists continue.
    #[serde(default)]
    pub paging: BTreeMap<String, Paging>,
    /// Places that stay raw JSON, with the reason.
    #[serde(default)]
    pub raw: BTreeMap<String, String>,
}

fn sixty() -> usize {
    60
}

/// A named enum.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnumEntry {
    /// The values, in the order of the facts.
    pub values: Vec<String>,
    /// Our text.
    pub doc: String,
    /// Text for single values.
    #[serde(default)]
    pub value: BTreeMap<String, String>,
    /// Variant names where the value makes none.
    #[serde(default)]
    pub variant: BTreeMap<String, String>,
}

/// Text that serves wherever a name appears.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Glossary {
    /// For parameters.
    #[serde(default)]
    pub params: BTreeMap<String, String>,
    /// For members of models.
    #[serde(default)]
    pub members: BTreeMap<String, String>,
}

/// A module.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverlayFile {
    /// What the module is.
    pub module: ModuleEntry,
    /// Its operations by upstream id.
    #[serde(default)]
    pub operations: BTreeMap<String, OperationEntry>,
}

/// What a module is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModuleEntry {
    /// The upstream tags whose operations it takes.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Operations of its tags that the crate does not have; the text of the module says why.
    #[serde(default)]
    pub leave_out: Vec<String>,
    /// Models it offers beside those its operations use.
    #[serde(default)]
    pub models: Vec<String>,
    /// Our text.
    pub doc: String,
}

/// What we say about an operation.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperationEntry {
    /// Our name.
    pub name: String,
    /// The file inside the module.
    pub group: Option<String>,
    /// Our text.
    #[serde(default)]
    pub doc: String,
    /// Text for its parameters.
    #[serde(default)]
    pub params: BTreeMap<String, String>,
    /// `read`, `idempotent` or `write`.
    pub effect: Option<String>,
    /// An entry of `[paging]`, or `none`.
    pub paging: Option<String>,
    /// `json` or `form`.
    pub body: Option<String>,
    /// Why not to use it.
    pub deprecated: Option<String>,
    /// The JSON by which a success says "there is none", such as `[]`. The answer is an `Option` then.
    pub absent: Option<String>,
    /// Whether redirects are followed.
    pub follows: Option<bool>,
    /// Whether bodies are kept to themselves.
    #[serde(default)]
    pub sensitive: bool,
    /// Parameters that hold secrets.
    #[serde(default)]
    pub secret: Vec<String>,
    /// Corrected types of parameters, and of the answer under `answer`.
    #[serde(default)]
    pub correct: BTreeMap<String, Correction>,
}

/// What we say about a model.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypeEntry {
    /// Our name, where it differs.
    pub name: Option<String>,
    /// Our text.
    #[serde(default)]
    pub doc: String,
    /// Text for its members.
    #[serde(default)]
    pub members: BTreeMap<String, String>,
    /// Members that hold secrets.
    #[serde(default)]
    pub secret: Vec<String>,
    /// Corrected types of members.
    #[serde(default)]
    pub correct: BTreeMap<String, Correction>,
    /// Members that the service sends and the facts do not have.
    #[serde(default)]
    pub add: BTreeMap<String, Correction>,
}

/// A type that the facts have wrong.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// The right one: `string`, `integer`, `number`, `boolean`, `any` or a model; `[X]` for a list, `{X}` for a map,
    /// `X?` where `null` can stand.
    #[serde(rename = "type")]
    pub ty: String,
    /// How we know.
    pub evidence: String,
}

/// A corrected type, taken apart.
pub(crate) struct Spelled<'a> {
    /// A basic type or a model.
    pub(crate) name: &'a str,
    pub(crate) within: Within,
    pub(crate) nullable: bool,
}

/// What holds the values of a type.
pub(crate) enum Within {
    Nothing,
    List,
    Map,
}

impl Correction {
    pub(crate) fn spelled(&self) -> Spelled<'_> {
        let text = self.ty.trim();
        let (text, nullable) = text.strip_suffix('?').map_or((text, false), |text| (text, true));
        let between = |open, close| text.strip_prefix(open)?.strip_suffix(close);
        let (name, within) = match (between('[', ']'), between('{', '}')) {
            (Some(item), _) => (item, Within::List),
            (_, Some(value)) => (value, Within::Map),
            _ => (text, Within::Nothing),
        };
        Spelled { name, within, nullable }
    }
}

impl Overlay {
    /// Reads the files; each is named by its path.
    ///
    /// # Errors
    ///
    /// The first mistake, with file and line.
    pub fn parse(sources: &[Source]) -> Result<Self, Problem> {
        let mut overlay = Self { sources: sources.to_vec(), ..Self::default() };
        overlay.api.enum_limit = sixty();
        for source in sources {
            let stem = stem(&source.name);
            match stem {
                "api" => overlay.api = read(source)?,
                "glossary" => overlay.glossary = read(source)?,
                stem if is_types(stem) => {
                    #[derive(Deserialize)]
                    #[serde(deny_unknown_fields)]
                    struct Types {
                        types: BTreeMap<String, TypeEntry>,
                    }
                    for (id, entry) in read::<Types>(source)?.types {
                        if overlay.types.insert(id.clone(), entry).is_some() {
                            let line = line_of(&source.text, &["types", &id]).unwrap_or_default();
                            let message = format!("another file describes `{id}`, too");
                            return Err(Problem::new(&source.name, format!("line {line}"), message));
                        }
                    }
                }
                module => {
                    overlay.modules.insert(module.to_owned(), read(source)?);
                }
            }
        }
        Ok(overlay)
    }

    /// A mistake at a key of a file, with the line the key stands on.
    pub(crate) fn problem(&self, stem_: &str, keys: &[&str], message: impl Into<String>) -> Problem {
        let fits = |s: &&Source| stem(&s.name) == stem_ || (stem_ == "types" && is_types(stem(&s.name)));
        let mut sources = self.sources.iter().filter(fits);
        let first = sources.clone().next();
        let source = sources.find(|s| line_of(&s.text, keys).is_some()).or(first);
        let name = source.map_or_else(|| format!("{stem_}.toml"), |s| s.name.clone());
        let line = source.and_then(|s| line_of(&s.text, keys));
        let place = match line {
            Some(line) => format!("line {line}"),
            None => keys.join("."),
        };
        Problem::new(name, place, message)
    }
}

/// Models are described in `types.toml`, or in several files where there are many: `types-v2.toml`.
fn is_types(stem: &str) -> bool {
    stem == "types" || stem.starts_with("types-")
}

fn stem(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.strip_suffix(".toml").unwrap_or(file)
}

fn read<T: for<'de> Deserialize<'de>>(source: &Source) -> Result<T, Problem> {
    toml::from_str(&source.text).map_err(|error| {
        let line = error.span().map(|span| format!("line {}", line_at(&source.text, span.start)));
        let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
        Problem::new(&source.name, line.unwrap_or_default(), message)
    })
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
}

/// The line on which the innermost of nested keys stands.
fn line_of(text: &str, keys: &[&str]) -> Option<usize> {
    let table = toml::de::DeTable::parse(text).ok()?;
    let mut here = table.get_ref();
    let mut line = None;
    for key in keys {
        let (name, value) = here.get_key_value(*key)?;
        line = Some(line_at(text, name.span().start));
        match value.get_ref() {
            toml::de::DeValue::Table(table) => here = table,
            _ => break,
        }
    }
    line
}
