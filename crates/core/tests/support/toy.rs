//! A service as small as one can be: things under `/things/{name}`, to be listed, replaced and created.

#![allow(dead_code)] // not every test needs all of it

use async_trait::async_trait;
use std::fmt;
use std::sync::{Arc, Mutex};
use yunkit_core::body::File;
use yunkit_core::http::{HeaderMap, StatusCode};
use yunkit_core::operation::{Answer, BodyKind, Method, Operation, Paged, Paging, PagingStyle};
use yunkit_core::record::{Place, Record, Shape, Value};
use yunkit_core::rest::{self, Base};
use yunkit_core::{
    Client, Error, ErrorKind, Opened, OperationInfo, Protocol, RawResponse, Request, Transport, WasSent,
    retry_after,
};

pub(crate) const READ: u8 = 0;
pub(crate) const REPLACE: u8 = 1;
pub(crate) const CREATE: u8 = 2;

/// One of the operations, with everything that a request can have.
#[derive(Debug, Clone, Default)]
pub(crate) struct Things<const KIND: u8> {
    pub(crate) name: String,
    pub(crate) note: Option<String>,
    pub(crate) q: Option<String>,
    pub(crate) page: Option<i64>,
    pub(crate) per_page: Option<i64>,
    pub(crate) file: Option<File>,
}

pub(crate) type List = Things<READ>;
pub(crate) type Replace = Things<REPLACE>;
pub(crate) type Create = Things<CREATE>;

pub(crate) fn things<const KIND: u8>() -> Things<KIND> {
    Things { name: "all".into(), ..Things::default() }
}

static PAGING: Paging = Paging {
    style: PagingStyle::Page,
    start: "page",
    size: "per_page",
    key: "",
    more: "",
    default_size: 2,
    max_size: 2,
};

impl<const KIND: u8> Record for Things<KIND> {
    fn shape(&self) -> &'static Shape {
        use Place::{File, Header, Path, Query};
        static SHAPE: Shape = Shape::request(
            "Things",
            &["name", "x-note", "q", "page", "per_page", "file"],
            &[0],
            &[Path, Header, Query, Query, Query, File],
        );
        &SHAPE
    }
    fn slot(&mut self, index: usize) -> &mut dyn Value {
        match index {
            0 => &mut self.name,
            1 => &mut self.note,
            2 => &mut self.q,
            3 => &mut self.page,
            4 => &mut self.per_page,
            _ => &mut self.file,
        }
    }
    fn peek(&self, index: usize) -> &dyn Value {
        match index {
            0 => &self.name,
            1 => &self.note,
            2 => &self.q,
            3 => &self.page,
            4 => &self.per_page,
            _ => &self.file,
        }
    }
}

impl<const KIND: u8> Operation for Things<KIND> {
    type Output = Vec<i64>;
    const INFO: &'static OperationInfo = &match KIND {
        READ => OperationInfo::rest("things::List", "listThings", Method::Get, "/things/{name}").paging(&PAGING),
        REPLACE => OperationInfo::rest("things::Replace", "replaceThings", Method::Put, "/things/{name}"),
        _ => OperationInfo::rest("things::Create", "createThings", Method::Post, "/things/{name}")
            .body(BodyKind::Multipart),
    }
    .answer(Answer::Json);
}

impl Paged for List {
    type Item = i64;
    fn items(page: Vec<i64>) -> Vec<i64> {
        page
    }
}

/// An envelope that is none.
#[derive(Debug)]
pub(crate) struct Plain(pub(crate) Base);

impl Plain {
    pub(crate) fn at(address: &str) -> Arc<Self> {
        Arc::new(Self(Base::parse(address).unwrap()))
    }
}

impl Protocol for Plain {
    fn bind(&self, info: &'static OperationInfo, request: &dyn Record, body: BodyKind) -> Result<Request, Error> {
        rest::bind(&self.0, info, request, body)
    }
    fn open(&self, info: &'static OperationInfo, response: RawResponse) -> Result<Opened, Error> {
        if response.status.is_success() {
            return Ok(Opened::whole(response, None));
        }
        let error = Error::new(ErrorKind::Service, info.name).with_status(response.status);
        Err(match retry_after(&response.headers) {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        })
    }
}

type Answers = dyn Fn(&Request, usize) -> Result<RawResponse, Error> + Send + Sync;

/// A transport that answers as it is told, and remembers what was asked: a request, and how many came before it.
pub(crate) struct Script {
    answers: Box<Answers>,
    asked: Mutex<Vec<String>>,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script")
    }
}

impl Script {
    pub(crate) fn new(
        answers: impl Fn(&Request, usize) -> Result<RawResponse, Error> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { answers: Box::new(answers), asked: Mutex::default() })
    }
    /// Path and query of all requests.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
    pub(crate) fn client(self: &Arc<Self>) -> Client {
        Client::with_transport(Plain::at("http://localhost"), self.clone())
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, _: &'static OperationInfo, request: Request) -> Result<RawResponse, Error> {
        let before = {
            let mut asked = self.asked.lock().unwrap();
            asked.push(request.url[url::Position::BeforePath..].to_owned());
            asked.len() - 1
        };
        (self.answers)(&request, before)
    }
}

pub(crate) fn answer(status: u16, body: impl Into<String>) -> Result<RawResponse, Error> {
    Ok(RawResponse::new(StatusCode::from_u16(status).unwrap(), HeaderMap::new(), body.into()))
}

/// The connection breaks: before anything was sent, or later.
pub(crate) fn breaks(was_sent: WasSent) -> Result<RawResponse, Error> {
    let kind = if was_sent == WasSent::No { ErrorKind::Connect } else { ErrorKind::Transport };
    Err(Error::new(kind, "script").with_was_sent(was_sent))
}
