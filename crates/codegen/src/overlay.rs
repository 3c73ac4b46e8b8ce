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
    /// Whether the list of what a request requires tells the order of its arguments better than that of its members.
    #[serde(default)]
    pub required_first: bool,
    /// Confidences (`x-confidence`) of operations that need the feature `attested`.
    #[serde(default)]
    pub gated: Vec<String>,
    /// Models that answers offer as an alternative, and that the protocol turns into errors.
    #[serde(default)]
    pub error_models: Vec<String>,
    /// Members of answers that the protocol takes: ids of requests.
    #[serde(default)]
    pub envelope_members: Vec<String>,
    /// Members that are moments where they are integers, and in models where they are text.
    #[serde(default)]
    pub timestamps: Vec<String>,
    /// Members of which requests have one, as arguments of one hand-written type.
    #[serde(default)]
    pub choices: BTreeMap<String, ChoiceEntry>,
    /// Enums with more values than this are text.
    #[serde(default = "sixty")]
    pub enum_limit: usize,
    /// Enums that are written out in several places and get one name.
    #[serde(default)]
    pub enums: BTreeMap<String, EnumEntry>,
    /// How lists continue.
    #[serde(default)]
    pub paging: BTreeMap<String, Paging>,
    /// Places that stay raw JSON, with the reason; `*/answer` stands for all that end so.
    #[serde(default)]
    pub raw: BTreeMap<String, String>,
}

fn sixty() -> usize {
    60
}

/// Members of which a request has one.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChoiceEntry {
    /// The members, in the order in which the type splits.
    pub members: Vec<String>,
    /// Their types, as in a correction.
    pub types: Vec<String>,
    /// How we know that one of them is enough.
    pub evidence: String,
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
    /// Operations of its tags that the crate does not have; the text of the module says why. `*` stands for all that nobody
    /// describes.
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
    /// The way from a page to its items, where the facts do not say: `Data/List`.
    pub items: Option<String>,
    /// The way from a page to the number of items on all pages.
    pub total: Option<String>,
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
    /// Parameters that the facts require and a sample does without, each with its evidence.
    #[serde(default)]
    pub optional: BTreeMap<String, String>,
    /// Parameters of the body that the facts do not have, files among them; a file called `{filename}` is sent under its name.
    #[serde(default)]
    pub add: BTreeMap<String, Correction>,
    /// Parameters that the facts have in the query as well as in the body, where the body's are meant.
    #[serde(default)]
    pub twice: Vec<String>,
    /// Parameters of the path that may hold slashes.
    #[serde(default)]
    pub tail: Vec<String>,
    /// Why an operation that the facts have from old clients alone needs no feature.
    pub confirmed: Option<String>,
    /// Names in Rust for parameters whose own would make two the same.
    #[serde(default)]
    pub rename: BTreeMap<String, String>,
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
    /// Members that the facts require and a sample does without, each with its evidence.
    #[serde(default)]
    pub optional: BTreeMap<String, String>,
    /// How members are really spelt, where the facts have it wrong; the samples show it.
    #[serde(default)]
    pub spelled: BTreeMap<String, String>,
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
    /// The right one: `string`, `integer`, `number`, `boolean`, `any`, a model, or an enum of `api.toml`; `[X]` for a list,
    /// `{X}` for a map, `X|[X]` for one or many, `X?` where `null` can stand.
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
    OneOrMany,
}

impl Correction {
    pub(crate) fn spelled(&self) -> Spelled<'_> {
        let text = self.ty.trim();
        let (text, nullable) = text.strip_suffix('?').map_or((text, false), |text| (text, true));
        if let Some((name, _)) = text.split_once('|').filter(|(one, many)| **many == format!("[{one}]")) {
            return Spelled { name, within: Within::OneOrMany, nullable };
        }
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
