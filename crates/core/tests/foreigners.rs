//! The pipeline, proved on three services that have nothing in common: a paged REST list, an RPC whose HTTP 200 holds
//! errors, and a POST whose every attempt is signed. None of them may need a special case.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

#[macro_use]
#[path = "support/record.rs"]
mod record;
#[path = "support/surroundings.rs"]
mod surroundings;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use surroundings::Still;
use wiremock::matchers::{any, method, path};
use wiremock::{Mock, MockServer, Request as Received, ResponseTemplate};
use yunkit_core::body::Body;
use yunkit_core::http::{HeaderValue, StatusCode, header};
use yunkit_core::operation::{BodyKind, Effect, Method, Operation, Paging, PagingStyle};
use yunkit_core::record::{Place, Record, Shape, Value};
use yunkit_core::rest::{self, Base};
use yunkit_core::{
    Client, Credential, Error, ErrorKind, Generation, Opened, OperationInfo, Paged, Payload, Protocol, RawResponse,
    Reason, Request, Retry, WasSent,
};

// ---- Gitee: a paged GET ----

#[derive(Debug, Clone, Default)]
struct Branch {
    name: Option<String>,
}
record!(Branch { name } required &[]);

#[derive(Debug, Clone)]
struct ListBranches {
    owner: String,
    repo: String,
    page: Option<i64>,
    per_page: Option<i64>,
}

static PAGING: Paging = Paging {
    style: PagingStyle::Page,
    start: "page",
    size: "per_page",
    key: "",
    more: "",
    default_size: 20,
    max_size: 100,
};

impl Record for ListBranches {
    fn shape(&self) -> &'static Shape {
        static SHAPE: Shape = Shape::request(
            "ListBranches",
            &["owner", "repo", "page", "per_page"],
            &[0, 1],
            &[Place::Path, Place::Path, Place::Query, Place::Query],
        );
        &SHAPE
    }
    fn slot(&mut self, index: usize) -> &mut dyn Value {
        match index {
            0 => &mut self.owner,
            1 => &mut self.repo,
            2 => &mut self.page,
            _ => &mut self.per_page,
        }
    }
    fn peek(&self, index: usize) -> &dyn Value {
        match index {
            0 => &self.owner,
            1 => &self.repo,
            2 => &self.page,
            _ => &self.per_page,
        }
    }
}

impl Operation for ListBranches {
    type Output = Vec<Branch>;
    const INFO: &'static OperationInfo = &OperationInfo::rest(
        "repos::ListBranches",
        "getV5ReposOwnerRepoBranches",
        Method::Get,
        "/v5/repos/{owner}/{repo}/branches",
    )
    .paging(&PAGING);
}

impl Paged for ListBranches {
    type Item = Branch;
    fn items(page: Vec<Branch>) -> Vec<Branch> {
        page
    }
}

fn branches(owner: &str, repo: &str) -> ListBranches {
    ListBranches { owner: owner.into(), repo: repo.into(), page: None, per_page: None }
}

#[derive(Debug)]
struct Rest(Base);

impl Rest {
    fn at(server: &MockServer) -> Arc<Self> {
        Arc::new(Self(Base::parse(&format!("{}/api", server.uri())).unwrap()))
    }
}

impl Protocol for Rest {
    fn bind(&self, info: &'static OperationInfo, request: &dyn Record, body: BodyKind) -> Result<Request, Error> {
        rest::bind(&self.0, info, request, body)
    }
    fn open(&self, info: &'static OperationInfo, response: RawResponse) -> Result<Opened, Error> {
        let id = response.header("x-request-id").map(str::to_owned);
        if response.status.is_success() {
            return Ok(Opened::whole(response, id));
        }
        let mut error = Error::new(ErrorKind::Service, info.name).with_status(response.status);
        if let Some(seconds) = response.header("retry-after").and_then(|v| v.parse().ok()) {
            error = error.with_retry_after(Duration::from_secs(seconds));
        }
        Err(error.with_body(info, response.payload.bytes().clone()))
    }
}

fn page_of(names: std::ops::Range<u32>) -> serde_json::Value {
    names.map(|n| json!({"name": format!("b{n}")})).collect()
}

#[tokio::test]
async fn a_list_is_followed_to_its_last_page_by_the_short_page_rule() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(|request: &Received| {
            let page: u32 = request.url.query_pairs().find(|(k, _)| k == "page").unwrap().1.parse().unwrap();
            let end = if page == 3 { 5 } else { page * 2 };
            ResponseTemplate::new(200).set_body_json(page_of((page - 1) * 2..end))
        })
        .mount(&server)
        .await;
    let client = Client::new(Rest::at(&server)).unwrap();

    let mut list = branches("oschina", "a/b");
    list.per_page = Some(2);
    let all = client.items(list).collect().await.unwrap();

    let names: Vec<_> = all.into_iter().filter_map(|b| b.name).collect();
    assert_eq!(names, ["b0", "b1", "b2", "b3", "b4"]);
    let sent: Vec<_> = server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .map(|r| r.url[url::Position::BeforePath..].to_owned())
        .collect();
    assert_eq!(
        sent,
        [
            "/api/v5/repos/oschina/a%2Fb/branches?page=1&per_page=2",
            "/api/v5/repos/oschina/a%2Fb/branches?page=2&per_page=2",
            "/api/v5/repos/oschina/a%2Fb/branches?page=3&per_page=2",
        ]
    );
}

#[tokio::test]
async fn headers_about_the_total_end_a_list_without_one_more_call() {
    for (name, value) in
        [("total_page", "1"), ("total_count", "2"), ("link", r#"<https://h/?page=1>; rel="first""#)]
    {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(ResponseTemplate::new(200).insert_header(name, value).set_body_json(page_of(0..2)))
            .expect(1)
            .mount(&server)
            .await;
        let client = Client::new(Rest::at(&server)).unwrap();

        let mut list = branches("o", "r");
        list.per_page = Some(2);

        assert_eq!(client.items(list).collect().await.unwrap().len(), 2, "{name}");
    }
}

#[tokio::test]
async fn a_list_that_ignores_the_page_is_delivered_once() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_json(page_of(0..2)))
        .expect(2)
        .mount(&server)
        .await;
    let client = Client::new(Rest::at(&server)).unwrap();

    let mut list = branches("o", "r");
    list.per_page = Some(2);

    assert_eq!(client.items(list).collect().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_path_that_could_lead_elsewhere_is_refused_before_anything_is_sent() {
    let server = MockServer::start().await;
    let client = Client::new(Rest::at(&server)).unwrap();

    for (owner, said) in [
        ("", "repos::ListBranches: the request is not valid: `owner` must not be empty"),
        ("..", "repos::ListBranches: the request is not valid: `owner` must not hold the path segment `..`"),
    ] {
        let error = client.send(branches(owner, "r")).await.unwrap_err();
        assert_eq!(error.to_string(), said);
        assert_eq!(error.was_sent(), WasSent::No);
    }

    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_read_is_tried_again_with_jitter_and_then_as_the_service_asks() {
    let server = MockServer::start().await;
    for response in [ResponseTemplate::new(503), ResponseTemplate::new(429).insert_header("retry-after", "7")] {
        Mock::given(any()).respond_with(response).up_to_n_times(1).mount(&server).await;
    }
    Mock::given(any()).respond_with(ResponseTemplate::new(200).set_body_json(page_of(0..1))).mount(&server).await;
    let time = Arc::new(Still::default());
    let client = Client::new(Rest::at(&server)).unwrap().surroundings(time.clone());

    let found = client.send(branches("o", "r")).await.unwrap();

    assert_eq!(found.len(), 1);
    assert_eq!(time.waits(), [Duration::from_millis(500), Duration::from_secs(7)]);
}

#[tokio::test]
async fn a_wait_that_does_not_fit_the_deadline_reaches_the_caller_at_once() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(429).insert_header("retry-after", "3600"))
        .expect(1)
        .mount(&server)
        .await;
    let time = Arc::new(Still::default());
    let client = Client::new(Rest::at(&server)).unwrap().surroundings(time.clone());

    let error = client.send(branches("o", "r")).await.unwrap_err();

    assert!(error.is_rate_limited());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
    assert!(time.waits().is_empty());
}

#[tokio::test]
async fn giving_up_says_how_often_it_was_tried() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(502)).expect(4).mount(&server).await;
    let client = Client::new(Rest::at(&server)).unwrap().surroundings(Arc::new(Still::default()));

    let error = client.send(branches("o", "r")).await.unwrap_err();

    assert_eq!((error.attempts(), error.status()), (4, Some(StatusCode::BAD_GATEWAY)));
}

#[tokio::test]
async fn an_answer_above_the_limit_is_not_collected() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200).set_body_json(page_of(0..99))).mount(&server).await;
    let client = Client::new(Rest::at(&server)).unwrap().limit(100);

    let error = client.send(branches("o", "r")).await.unwrap_err();

    assert_eq!(
        error.to_string(),
        "repos::ListBranches: the answer is not what the service documents (HTTP 200): larger than the limit of 100 bytes"
    );
}

#[tokio::test]
async fn nobody_listening_is_an_error_that_says_so_and_nothing_was_sent() {
    let protocol = Arc::new(Rest(Base::parse("http://127.0.0.1:9").unwrap()));
    let client = Client::new(protocol).unwrap().retry(Retry::NEVER);

    let error = client.send(branches("o", "r")).await.unwrap_err();

    assert_eq!((error.kind(), error.was_sent()), (ErrorKind::Connect, WasSent::No));
    assert!(!error.to_string().contains("127.0.0.1:9/"), "{error}");
}

// ---- CODING: errors inside HTTP 200 ----

#[derive(Debug, Clone)]
struct DescribeGitDepot {
    depot_id: i64,
}
#[derive(Debug, Clone, Default)]
struct Depot {
    name: Option<String>,
}

impl Record for Depot {
    fn shape(&self) -> &'static Shape {
        static SHAPE: Shape = Shape::model("Depot", &["Name"], &[]);
        &SHAPE
    }
    fn slot(&mut self, _: usize) -> &mut dyn Value {
        &mut self.name
    }
    fn peek(&self, _: usize) -> &dyn Value {
        &self.name
    }
}

impl Record for DescribeGitDepot {
    fn shape(&self) -> &'static Shape {
        static SHAPE: Shape = Shape::request("DescribeGitDepot", &["DepotId"], &[0], &[Place::Body]);
        &SHAPE
    }
    fn slot(&mut self, _: usize) -> &mut dyn Value {
        &mut self.depot_id
    }
    fn peek(&self, _: usize) -> &dyn Value {
        &self.depot_id
    }
}

impl Operation for DescribeGitDepot {
    type Output = Depot;
    const INFO: &'static OperationInfo =
        &OperationInfo::action("repositories::DescribeGitDepot", "DescribeGitDepot", Effect::Read);
}

#[derive(Debug)]
struct Action(url::Url);

impl Protocol for Action {
    fn bind(&self, info: &'static OperationInfo, request: &dyn Record, _: BodyKind) -> Result<Request, Error> {
        let mut out = Request::new(yunkit_core::http::Method::POST, self.0.clone());
        let mut body = rest::encode_body(request).map_err(|e| Error::input(info.name, e.to_string()))?;
        let action = format!("{{\"Action\":\"{}\"{}", info.id, if body.len() > 2 { "," } else { "" });
        body.splice(..1, action.into_bytes());
        out.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        out.body = Body::Bytes(body.into());
        Ok(out)
    }

    fn open(&self, info: &'static OperationInfo, response: RawResponse) -> Result<Opened, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Envelope<'a> {
            #[serde(borrow)]
            response: &'a serde_json::value::RawValue,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Head {
            request_id: Option<String>,
            error: Option<Failure>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Failure {
            code: String,
            message: String,
        }
        let body = response.payload.bytes().clone();
        let decode = |e: serde_json::Error| Error::new(ErrorKind::Decode, info.name).with_source(e);
        let envelope: Envelope<'_> = serde_json::from_slice(&body).map_err(decode)?;
        let head: Head = serde_json::from_str(envelope.response.get()).map_err(decode)?;
        let Some(failure) = head.error else {
            let mut opened = Opened::whole(response, head.request_id);
            opened.payload = Payload::Bytes(body.slice_ref(envelope.response.get().as_bytes()));
            return Ok(opened);
        };
        let reason = match failure.code.as_str() {
            "RequestLimitExceeded" => Reason::Throttled,
            "AuthFailure" => Reason::Unauthenticated,
            "ResourceNotFound" => Reason::NotFound,
            _ => Reason::Other,
        };
        let error = Error::new(ErrorKind::Service, info.name)
            .with_status(response.status)
            .with_reason(reason)
            .with_code(failure.code)
            .with_message(failure.message)
            .with_body(info, body.clone());
        Err(match head.request_id {
            Some(id) => error.with_request_id(id),
            None => error,
        })
    }
}

/// Writes down how often it was asked, and for what.
#[derive(Debug, Default)]
struct Watchful {
    asked: Mutex<Vec<Option<Generation>>>,
}

#[async_trait]
impl Credential for Watchful {
    async fn apply(
        &self,
        _: &'static OperationInfo,
        request: &mut Request,
        rejected: Option<Generation>,
    ) -> Result<Generation, Error> {
        self.asked.lock().unwrap().push(rejected);
        let generation = rejected.map_or(1, |Generation(old)| old + 1);
        let value = HeaderValue::try_from(format!("Bearer t{generation}")).unwrap();
        request.headers.insert(header::AUTHORIZATION, value);
        Ok(Generation(generation))
    }
}

fn action_error(code: &str) -> ResponseTemplate {
    ResponseTemplate::new(200)
        .set_body_json(json!({"Response": {"RequestId": "r-1", "Error": {"Code": code, "Message": "no"}}}))
}

async fn action_client(server: &MockServer) -> (Client, Arc<Watchful>, Arc<Still>) {
    let (credential, time) = (Arc::new(Watchful::default()), Arc::new(Still::default()));
    let protocol = Arc::new(Action(format!("{}/open-api", server.uri()).parse().unwrap()));
    let client = Client::new(protocol).unwrap().credential(credential.clone()).surroundings(time.clone());
    (client, credential, time)
}

#[tokio::test]
async fn a_limit_told_with_http_200_is_waited_out() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(action_error("RequestLimitExceeded")).up_to_n_times(1).mount(&server).await;
    Mock::given(path("/open-api"))
        .respond_with(
            ResponseTemplate::new(200).set_body_json(json!({"Response": {"Name": "demo", "RequestId": "r-2"}})),
        )
        .mount(&server)
        .await;
    let (client, credential, time) = action_client(&server).await;

    let (depot, meta) = client.send_with_meta(DescribeGitDepot { depot_id: 7 }).await.unwrap();

    assert_eq!(depot.name.as_deref(), Some("demo"));
    assert_eq!(meta.request_id.as_deref(), Some("r-2"));
    assert_eq!(time.waits().len(), 1);
    assert_eq!(*credential.asked.lock().unwrap(), [None, None]);
    let received = server.received_requests().await.unwrap();
    assert_eq!(received[1].body, br#"{"Action":"DescribeGitDepot","DepotId":7}"#);
}

#[tokio::test]
async fn a_refused_token_told_with_http_200_reaches_the_credential_once() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(action_error("AuthFailure")).expect(2).mount(&server).await;
    let (client, credential, time) = action_client(&server).await;

    let error = client.send(DescribeGitDepot { depot_id: 7 }).await.unwrap_err();

    assert_eq!(
        error.to_string(),
        "repositories::DescribeGitDepot: the service refused (HTTP 200, AuthFailure): no [r-1]"
    );
    assert_eq!(*credential.asked.lock().unwrap(), [None, Some(Generation(1))]);
    assert!(time.waits().is_empty());
    let tokens: Vec<_> =
        server.received_requests().await.unwrap().iter().map(|r| r.headers["authorization"].clone()).collect();
    assert_eq!(tokens, ["Bearer t1", "Bearer t2"]);
}

#[tokio::test]
async fn a_missing_thing_told_with_http_200_goes_to_the_caller() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(action_error("ResourceNotFound")).expect(1).mount(&server).await;
    let (client, credential, _) = action_client(&server).await;

    let error = client.send(DescribeGitDepot { depot_id: 7 }).await.unwrap_err();

    assert!(error.is_not_found());
    assert_eq!(error.code(), Some("ResourceNotFound"));
    assert_eq!(credential.asked.lock().unwrap().len(), 1);
}

// ---- Huawei: every attempt is signed over its final bytes ----

#[derive(Debug, Clone)]
struct CreateOAuth {
    project_id: String,
    code: String,
}
impl Record for CreateOAuth {
    fn shape(&self) -> &'static Shape {
        static SHAPE: Shape =
            Shape::request("CreateOAuth", &["project_id", "code"], &[0, 1], &[Place::Path, Place::Body]);
        &SHAPE
    }
    fn slot(&mut self, index: usize) -> &mut dyn Value {
        if index == 0 { &mut self.project_id } else { &mut self.code }
    }
    fn peek(&self, index: usize) -> &dyn Value {
        if index == 0 { &self.project_id } else { &self.code }
    }
}
impl Operation for CreateOAuth {
    type Output = ();
    const INFO: &'static OperationInfo = &OperationInfo::rest(
        "authorizations::CreateOAuth",
        "CreateOAuth",
        Method::Post,
        "/v1/{project_id}/git/auths",
    )
    .body(BodyKind::Json);
}

/// A stand-in for AK/SK: what it writes depends on the date, the path and every byte of the body.
#[derive(Debug, Default)]
struct Signer(AtomicU64);

fn signature(date: &str, path: &str, body: &[u8]) -> String {
    let sum = body.iter().fold(7u64, |sum, byte| sum.wrapping_mul(31) + u64::from(*byte));
    format!("{date};{path};{sum}")
}

#[async_trait]
impl Credential for Signer {
    async fn apply(
        &self,
        _: &'static OperationInfo,
        request: &mut Request,
        _: Option<Generation>,
    ) -> Result<Generation, Error> {
        let date = format!("20260101T00000{}Z", self.0.fetch_add(1, Ordering::Relaxed));
        let signed = signature(&date, request.url.path(), request.body.as_bytes().unwrap());
        request.headers.insert("x-sdk-date", HeaderValue::try_from(date).unwrap());
        request.headers.insert(header::AUTHORIZATION, HeaderValue::try_from(signed).unwrap());
        Ok(Generation::default())
    }
    fn renews(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn every_attempt_of_a_post_is_signed_anew_over_what_is_sent() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(429)).up_to_n_times(1).mount(&server).await;
    Mock::given(any()).respond_with(ResponseTemplate::new(204)).mount(&server).await;
    let client = Client::new(Rest::at(&server))
        .unwrap()
        .credential(Arc::new(Signer::default()))
        .surroundings(Arc::new(Still::default()));

    client.send(CreateOAuth { project_id: "p".into(), code: "c".into() }).await.unwrap();

    let received = server.received_requests().await.unwrap();
    assert_eq!(received.len(), 2);
    for (attempt, request) in received.iter().enumerate() {
        let date = request.headers["x-sdk-date"].to_str().unwrap();
        assert_eq!(date, format!("20260101T00000{attempt}Z"));
        assert_eq!(request.body, br#"{"code":"c"}"#);
        assert_eq!(request.headers["authorization"], signature(date, "/api/v1/p/git/auths", &request.body));
    }
}

#[tokio::test]
async fn a_write_that_may_have_happened_is_not_sent_again() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(503)).expect(1).mount(&server).await;
    let client = Client::new(Rest::at(&server)).unwrap().surroundings(Arc::new(Still::default()));

    let error = client.send(CreateOAuth { project_id: "p".into(), code: "c".into() }).await.unwrap_err();

    assert_eq!((error.attempts(), error.was_sent()), (1, WasSent::Yes));
}

#[tokio::test]
async fn a_passed_deadline_says_whether_the_request_was_on_its_way() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(204).set_delay(Duration::from_secs(30)))
        .mount(&server)
        .await;
    let client = Client::new(Rest::at(&server)).unwrap().deadline(Duration::from_millis(50));

    let error = client.send(CreateOAuth { project_id: "p".into(), code: "c".into() }).await.unwrap_err();

    assert_eq!((error.kind(), error.was_sent()), (ErrorKind::Timeout, WasSent::Maybe));
    assert_eq!(error.to_string(), "authorizations::CreateOAuth: timed out: no answer within 50ms");
}

// ---- redirects ----

#[derive(Debug, Clone, Default)]
struct Download;
impl Record for Download {
    fn shape(&self) -> &'static Shape {
        static SHAPE: Shape = Shape::request("Download", &[], &[], &[]);
        &SHAPE
    }
    fn slot(&mut self, _: usize) -> &mut dyn Value {
        unreachable!("it has no members")
    }
    fn peek(&self, _: usize) -> &dyn Value {
        unreachable!("it has no members")
    }
}
impl Operation for Download {
    type Output = yunkit_core::Bytes;
    const INFO: &'static OperationInfo =
        &OperationInfo::rest("repos::Download", "download", Method::Get, "/v5/file")
            .answer(yunkit_core::operation::Answer::Bytes)
            .follows();
}

#[tokio::test]
async fn a_redirect_to_another_host_takes_no_credential_along_not_even_on_the_way_back() {
    let (home, away) = (MockServer::start().await, MockServer::start().await);
    let to = |server: &MockServer, path: &str| {
        ResponseTemplate::new(302).insert_header("location", format!("{}{path}", server.uri()))
    };
    Mock::given(path("/api/v5/file")).respond_with(to(&home, "/near")).mount(&home).await;
    Mock::given(path("/near")).respond_with(to(&away, "/far?sig=1")).mount(&home).await;
    Mock::given(path("/far")).respond_with(to(&home, "/back")).mount(&away).await;
    Mock::given(path("/back"))
        .respond_with(ResponseTemplate::new(200).set_body_bytes("content"))
        .mount(&home)
        .await;
    let client = Client::new(Rest::at(&home)).unwrap().credential(Arc::new(Watchful::default()));

    let content = client.send(Download).await.unwrap();

    assert_eq!(content, "content");
    let carried = |received: Vec<Received>| -> Vec<(String, bool)> {
        received.iter().map(|r| (r.url.path().to_owned(), r.headers.contains_key("authorization"))).collect()
    };
    assert_eq!(
        carried(home.received_requests().await.unwrap()),
        [("/api/v5/file".to_owned(), true), ("/near".to_owned(), true), ("/back".to_owned(), false)]
    );
    assert_eq!(carried(away.received_requests().await.unwrap()), [("/far".to_owned(), false)]);
}

#[tokio::test]
async fn redirects_end_and_stay_on_the_web() {
    for (location, said) in [
        ("/api/v5/file", "repos::Download: the redirect was not followed: more than 5 redirects in a row"),
        (
            "file:///etc/passwd",
            "repos::Download: the redirect was not followed (HTTP 302): the new address is not a web address",
        ),
    ] {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(ResponseTemplate::new(302).insert_header("location", location))
            .mount(&server)
            .await;
        let client = Client::new(Rest::at(&server)).unwrap();

        assert_eq!(client.send(Download).await.unwrap_err().to_string(), said);
    }
}

#[tokio::test]
async fn only_operations_that_say_so_follow() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(302).insert_header("location", "/x"))
        .expect(1)
        .mount(&server)
        .await;
    let client = Client::new(Rest::at(&server)).unwrap();

    let error = client.send(branches("o", "r")).await.unwrap_err();

    assert_eq!(error.status(), Some(StatusCode::FOUND));
}
