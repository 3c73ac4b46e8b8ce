//! What the generator knows once facts and overlay have met: the API, in our words and types.

/// Everything that goes into one crate.
#[derive(Debug, Clone, Default)]
pub struct Api {
    /// The crate's surface: `gitee`.
    pub surface: String,
    /// The revision of the upstream document.
    pub revision: String,
    /// Modules, by name.
    pub modules: Vec<Module>,
    /// Models that more than one module uses, by name.
    pub shared: Vec<Model>,
    /// Enums that more than one module uses, by name.
    pub shared_enums: Vec<Enum>,
    /// How lists continue, by the name of the static.
    pub paging: Vec<Paging>,
}

/// One module, which is one feature.
#[derive(Debug, Clone, Default)]
pub struct Module {
    /// Its name, a snake-case noun.
    pub name: String,
    /// What it holds.
    pub doc: String,
    /// Its operations, in the order of their paths.
    pub operations: Vec<Operation>,
    /// Models it offers beside those its operations use.
    pub roots: Vec<Ty>,
    /// Models that only it uses.
    pub models: Vec<Model>,
    /// Enums that only it uses.
    pub enums: Vec<Enum>,
}

/// One operation.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The upstream id.
    pub id: String,
    /// Our name.
    pub name: String,
    /// The file it lives in, where the module is split.
    pub group: Option<String>,
    /// Our text; empty when there is none.
    pub doc: String,
    /// Where it goes.
    pub route: Route,
    /// What repeating it does.
    pub effect: Effect,
    /// How its body is written.
    pub body: BodyKind,
    /// What a success brings.
    pub answer: Answer,
    /// The static that says how its list continues, and the type of the items.
    pub paging: Option<(String, Ty)>,
    /// The way from a page to its items: names on the wire, none for a page that is the list.
    pub items: Vec<String>,
    /// Whether the way to the items ends in a text, and the items are its pieces.
    pub pieces: bool,
    /// The way from a page to the number of items on all pages, if it says that.
    pub total: Vec<String>,
    /// The JSON by which a success says "there is none".
    pub absent: Option<String>,
    /// Whether redirects are followed.
    pub follows: bool,
    /// Whether bodies are kept to themselves.
    pub sensitive: bool,
    /// Whether the action is named in the query, too.
    pub in_query: bool,
    /// What is said by one value and travels as one member of several.
    pub choices: Vec<Choice>,
    /// Whether it is only attested by old clients: then it needs the feature `attested`.
    pub attested: bool,
    /// Documented calls per second, 0 for none.
    pub rate: u16,
    /// Why it should not be used any more.
    pub deprecated: Option<String>,
    /// What is sent.
    pub members: Vec<Member>,
    /// What comes back.
    pub output: Ty,
    /// The JSON pointer of the operation in the facts.
    pub pointer: String,
}

/// One argument that becomes one of several members: a repository by its number or by its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The hand-written type that splits into them.
    pub name: String,
    /// The names of the members on the wire.
    pub members: Vec<String>,
}

/// A method and a path, or an action.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Route {
    Rest { path: String, method: String },
    Action { action: String },
}

/// What repeating an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Effect {
    Read,
    Idempotent,
    Write,
}

impl Effect {
    /// What HTTP promises about repeating a method; what the core assumes unless it is told otherwise.
    pub fn of_method(method: &str) -> Self {
        match method {
            "GET" | "HEAD" => Self::Read,
            "PUT" | "DELETE" => Self::Idempotent,
            _ => Self::Write,
        }
    }
}

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum BodyKind {
    None,
    Json,
    Form,
    Multipart,
}

/// What a success brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Answer {
    Empty,
    Json,
    Text,
    Bytes,
}

/// Where a member travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Place {
    Path,
    Tail,
    Query,
    Header,
    Body,
    Whole,
    File,
}

/// How lists continue.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// `page`, `offset`, `after`, `token` or `position`.
    pub style: String,
    /// The parameter that says where a page begins.
    pub start: String,
    /// The parameter that says how much it holds; empty where there is none.
    #[serde(default)]
    pub size: String,
    /// For `after`: the member of an item that names it. For `token` and `position`: the way from a page to what continues it.
    #[serde(default)]
    pub key: String,
    /// For `position`: the way from a page to whether there is more.
    #[serde(default)]
    pub more: String,
    /// How much it holds when nothing is said.
    #[serde(default)]
    pub default_size: u32,
    /// The most it can hold.
    #[serde(default)]
    pub max_size: u32,
    /// The name of the entry.
    #[serde(skip)]
    pub name: String,
}

/// A member of a request or a model.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its name on the wire.
    pub wire: String,
    /// Its name in Rust.
    pub ident: String,
    /// Its type, without the `Option` that absence adds.
    pub ty: Ty,
    /// Whether it must be there.
    pub required: bool,
    /// What a required member holds before anybody says more: where a list begins, how long its pages are.
    pub preset: Option<i64>,
    /// Whether `null` means something else than absence.
    pub clearable: bool,
    /// Where it travels.
    pub place: Place,
    /// Our text; empty when there is none.
    pub doc: String,
}

/// A record.
#[derive(Debug, Clone)]
pub struct Model {
    /// Its name in Rust.
    pub name: String,
    /// Its name upstream: the schema, or `Schema/member` for one that is written inline.
    pub id: String,
    /// Our text; empty when there is none.
    pub doc: String,
    /// Its members.
    pub members: Vec<Member>,
    /// Whether users build it: then it has `new` and setters.
    pub built: bool,
    /// The modules that use it.
    pub users: Vec<String>,
}

/// An open enum.
#[derive(Debug, Clone)]
pub struct Enum {
    /// Its name in Rust.
    pub name: String,
    /// Our text, or one that says where it is used.
    pub doc: String,
    /// Variant, spelling, and our text.
    pub values: Vec<(String, String, String)>,
    /// The modules that use it.
    pub users: Vec<String>,
}

/// A type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Ty {
    Unit,
    Bool,
    I64,
    F64,
    /// A moment, as a number or as text.
    Timestamp,
    String,
    Secret,
    Raw,
    Bytes,
    File,
    List(Box<Ty>),
    Map(Box<Ty>),
    OneOrMany(Box<Ty>),
    /// `null` has a meaning in an answer or in a list.
    Nullable(Box<Ty>),
    Boxed(Box<Ty>),
    Model(String),
    Enum(String),
}

impl Ty {
    /// As Rust writes it.
    pub fn rust(&self) -> String {
        match self {
            Self::Unit => "()".to_owned(),
            Self::Bool => "bool".to_owned(),
            Self::I64 => "i64".to_owned(),
            Self::F64 => "f64".to_owned(),
            Self::Timestamp => "Timestamp".to_owned(),
            Self::String => "String".to_owned(),
            Self::Secret => "SecretString".to_owned(),
            Self::Raw => "serde_json::Value".to_owned(),
            Self::Bytes => "Bytes".to_owned(),
            Self::File => "File".to_owned(),
            Self::List(item) => format!("Vec<{}>", item.rust()),
            Self::Map(item) => format!("BTreeMap<String, {}>", item.rust()),
            Self::OneOrMany(item) => format!("OneOrMany<{}>", item.rust()),
            Self::Nullable(inner) => format!("Option<{}>", inner.rust()),
            Self::Boxed(inner) => format!("Box<{}>", inner.rust()),
            Self::Model(name) | Self::Enum(name) => name.clone(),
        }
    }

    /// Calls `visit` with this type and all types in it.
    pub fn walk(&self, visit: &mut dyn FnMut(&Ty)) {
        visit(self);
        match self {
            Self::List(inner)
            | Self::Map(inner)
            | Self::OneOrMany(inner)
            | Self::Nullable(inner)
            | Self::Boxed(inner) => inner.walk(visit),
            _ => {}
        }
    }
}
