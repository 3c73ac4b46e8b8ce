//! Operations: plain values that know what they are.

use crate::record::{Record, Value};
use std::fmt;

/// A request to a service, ready to be sent by a [`Client`](crate::Client).
///
/// Generated types implement it. It is only data: clone it, print it, look at it before it goes out with
/// [`Client::prepare`](crate::Client::prepare).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no operation",
    note = "operations are the request types of a service crate, such as `repos::Get`"
)]
pub trait Operation: Record + Sized {
    /// What the service answers.
    type Output: Value + Default;
    /// What is known of the operation before it is sent.
    const INFO: &'static OperationInfo;
}

/// An operation whose answer is one page of a list.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not page",
    note = "use `client.send(operation)` instead of `pages` or `items`"
)]
pub trait Paged: Operation {
    /// What the list holds.
    type Item;
    /// The items of one page.
    fn items(page: Self::Output) -> Vec<Self::Item>;
}

/// The facts of an operation. Built by `const` functions, so that generated code reads like a table.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct OperationInfo {
    /// Our name, with its module: `repos::Get`.
    pub name: &'static str,
    /// The upstream operationId or Action.
    pub id: &'static str,
    /// Where it goes.
    pub route: Route,
    /// What repeating it does.
    pub effect: Effect,
    /// How members of the body are written.
    pub body: BodyKind,
    /// What a success brings.
    pub answer: Answer,
    /// How its list continues, if it has one.
    pub paging: Option<&'static Paging>,
    /// The way from a page to its items, such as `Data/ProjectList`; empty for a page that is the list, or has it as its
    /// first one.
    pub items: &'static str,
    /// The way from a page to the number of items on all pages; empty where it does not say.
    pub total: &'static str,
    /// Whether an action is named in the query, beside the body.
    pub in_query: bool,
    /// The JSON that says "there is none" with a success, beside `null`; empty where there is no such thing.
    pub absent: &'static str,
    /// Whether an answer that points elsewhere is followed.
    pub follows: bool,
    /// Whether requests and answers hold secrets, and are kept out of errors and recordings.
    pub sensitive: bool,
    /// Calls per second that the service documents for it; 0 when it documents none.
    pub rate: u16,
}

impl OperationInfo {
    /// A REST operation. The effect is the one HTTP gives to the method.
    pub const fn rest(name: &'static str, id: &'static str, method: Method, path: &'static str) -> Self {
        Self {
            name,
            id,
            route: Route::Rest { method, path },
            effect: method.effect(),
            body: BodyKind::None,
            answer: Answer::Json,
            paging: None,
            items: "",
            total: "",
            in_query: false,
            absent: "",
            follows: false,
            sensitive: false,
            rate: 0,
        }
    }
    /// An operation named in the body of a POST to the one address of the service.
    pub const fn action(name: &'static str, action: &'static str, effect: Effect) -> Self {
        Self {
            name,
            id: action,
            route: Route::Action { action },
            effect,
            body: BodyKind::Json,
            answer: Answer::Json,
            paging: None,
            items: "",
            total: "",
            in_query: false,
            absent: "",
            follows: false,
            sensitive: false,
            rate: 0,
        }
    }
    /// Corrects the effect.
    #[must_use]
    pub const fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }
    /// Says how the body is written.
    #[must_use]
    pub const fn body(mut self, body: BodyKind) -> Self {
        self.body = body;
        self
    }
    /// Says what a success brings.
    #[must_use]
    pub const fn answer(mut self, answer: Answer) -> Self {
        self.answer = answer;
        self
    }
    /// Says how the list continues.
    #[must_use]
    pub const fn paging(mut self, paging: &'static Paging) -> Self {
        self.paging = Some(paging);
        self
    }
    /// Says where a page has its items.
    #[must_use]
    pub const fn items(mut self, way: &'static str) -> Self {
        self.items = way;
        self
    }
    /// Says where a page has the number of items on all pages.
    #[must_use]
    pub const fn total(mut self, way: &'static str) -> Self {
        self.total = way;
        self
    }
    /// Has the action named in the query, too.
    #[must_use]
    pub const fn in_query(mut self) -> Self {
        self.in_query = true;
        self
    }
    /// Names the JSON that says "there is none".
    #[must_use]
    pub const fn absent(mut self, json: &'static str) -> Self {
        self.absent = json;
        self
    }
    /// Lets the pipeline follow redirects.
    #[must_use]
    pub const fn follows(mut self) -> Self {
        self.follows = true;
        self
    }
    /// Keeps bodies out of errors and recordings.
    #[must_use]
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }
    /// Notes the documented calls per second.
    #[must_use]
    pub const fn rate(mut self, calls_per_second: u16) -> Self {
        self.rate = calls_per_second;
        self
    }
}

/// Where an operation goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Route {
    /// A method on a path; `{name}` stands for a member.
    Rest {
        /// The HTTP method.
        method: Method,
        /// The path below the base address, with `{name}` for members.
        path: &'static str,
    },
    /// A POST to the service's one address; the action is named in the body.
    Action {
        /// The official name.
        action: &'static str,
    },
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rest { method, path } => write!(f, "{} {path}", method.as_str()),
            Self::Action { action } => f.write_str(action),
        }
    }
}

/// An HTTP method that some operation uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// The method as HTTP writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
    /// What HTTP promises about repeating it.
    pub const fn effect(self) -> Effect {
        match self {
            Self::Get | Self::Head => Effect::Read,
            Self::Put | Self::Delete => Effect::Idempotent,
            Self::Post | Self::Patch => Effect::Write,
        }
    }
}

impl From<Method> for http::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Head => Self::HEAD,
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
            Method::Patch => Self::PATCH,
            Method::Delete => Self::DELETE,
        }
    }
}

/// What repeating an operation does; the only thing that decides about a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Changes something, but twice is the same as once.
    Idempotent,
    /// Twice is not the same as once.
    Write,
}

/// How the members of a body are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BodyKind {
    /// There is no body.
    None,
    /// A JSON object, or whatever [`Place::Whole`](crate::record::Place::Whole) holds.
    Json,
    /// `application/x-www-form-urlencoded`; members of members are bracketed.
    Form,
    /// `multipart/form-data`.
    Multipart,
}

/// What a success brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Answer {
    /// Nothing worth reading.
    Empty,
    /// JSON.
    Json,
    /// Text, as it is.
    Text,
    /// Bytes, as they are.
    Bytes,
}

/// How a list continues.
#[derive(Debug)]
pub struct Paging {
    /// What the continuation counts.
    pub style: PagingStyle,
    /// The parameter that says where a page begins.
    pub start: &'static str,
    /// The parameter that says how much it holds; empty where there is none.
    pub size: &'static str,
    /// For [`PagingStyle::After`]: the member of an item that names it. For [`PagingStyle::Token`] and
    /// [`PagingStyle::Position`]: the way from a page to the token, or to the length of what it delivers.
    pub key: &'static str,
    /// For [`PagingStyle::Position`]: the way from a page to whether there is more.
    pub more: &'static str,
    /// How much it holds when nothing is said.
    pub default_size: u32,
    /// The most it can hold.
    pub max_size: u32,
}

/// What the parameter that says where a page begins counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PagingStyle {
    /// Pages, from 1.
    Page,
    /// Items, from 0.
    Offset,
    /// Nothing: it names the last item of the page before.
    After,
    /// Nothing: it is what the page before said, until one says nothing.
    Token,
    /// How much of a text has been read, from 0.
    Position,
}

/// An operation of a catalogue: its facts, and empty records to fill.
///
/// With it, programs work on operations they do not know by type: fakes, conformance, a command line.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The facts.
    pub info: &'static OperationInfo,
    /// A request with nothing in it.
    pub request: fn() -> Box<dyn Record>,
    /// An answer with nothing in it.
    pub output: fn() -> Box<dyn Value>,
}

impl Entry {
    /// An answer of an operation with nothing in it.
    #[doc(hidden)]
    pub fn output<O: Operation>() -> Box<dyn Value>
    where
        O::Output: 'static,
    {
        Box::<O::Output>::default()
    }
}
