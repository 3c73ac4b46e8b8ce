//! What goes over the wire, and what answers of every shape mean.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

use yunkit_coding_rest::body::File;
use yunkit_coding_rest::{Code, CodingRestProtocol, ErrorKind, Operation, account, git, notifications, projects};
use yunkit_core::http::{HeaderMap, StatusCode};
use yunkit_core::operation::BodyKind;
use yunkit_core::record::decode;
use yunkit_core::rest::Base;
use yunkit_core::{Protocol, RawResponse, Reason, Request, read};

fn protocol() -> CodingRestProtocol {
    CodingRestProtocol::new(Base::parse("https://anywhere.coding.net").unwrap())
}

fn bound<O: Operation>(operation: &O) -> Request {
    protocol().bind(O::INFO, operation, O::INFO.body).unwrap()
}

fn text(request: &Request) -> &str {
    std::str::from_utf8(request.body.as_bytes().unwrap()).unwrap()
}

#[test]
fn paths_queries_and_forms_are_written_as_the_service_reads_them() {
    let get = bound(&projects::Get::new("anywhere", "demo"));
    assert_eq!(get.url.as_str(), "https://anywhere.coding.net/api/user/anywhere/project/demo");
    assert_eq!(get.headers["accept"], "application/json");

    let read = bound(&notifications::MarkAsRead::new().id(["1", "2"]));
    assert_eq!(text(&read), "id=1&id=2");
    assert_eq!(read.headers["content-type"], "application/x-www-form-urlencoded");

    // A branch and a folder are one tail, and their slash stays one.
    let new = git::CreateFile::new("anywhere", "demo", "app", "master/docs", "a.md", "x", "Add a page", "c0ffee");
    let new = bound(&new);
    assert!(new.url.path().ends_with("/depot/app/git/new/master/docs"), "{}", new.url);

    let upload = git::UploadFile::new(
        "anywhere",
        "demo",
        "app",
        "master",
        "docs",
        "Add",
        "c0ffee",
        File::from_bytes("a.png", "x"),
    );
    assert_eq!(git::UploadFile::INFO.body, BodyKind::Multipart);
    assert!(bound(&upload).url.path().ends_with("/git/upload/master/docs"));
}

#[tokio::test]
async fn an_uploaded_file_is_a_part_of_its_own_name() {
    let server = wiremock::MockServer::start().await;
    let answer = wiremock::ResponseTemplate::new(200).set_body_string(r#"{"code":0}"#);
    wiremock::Mock::given(wiremock::matchers::any()).respond_with(answer).mount(&server).await;
    let client = yunkit_coding_rest::CodingRest::at(&server.uri()).unwrap().anonymous().unwrap();

    let file = File::from_bytes("a.png", "content");
    client.send(git::UploadFile::new("t", "p", "d", "master", "docs", "Add", "c0ffee", file)).await.unwrap();

    let received = server.received_requests().await.unwrap();
    let body = String::from_utf8_lossy(&received[0].body).into_owned();
    assert!(body.contains(r#"name="a.png"; filename="a.png""#), "{body}");
}

#[test]
fn a_success_is_its_data_or_the_whole_flat_body() {
    let open =
        |info, body: &'static str| protocol().open(info, RawResponse::new(StatusCode::OK, HeaderMap::new(), body));

    let wrapped = open(account::GetEmail::INFO, r#"{"code":0,"data":"a@b.c"}"#).unwrap();
    let mut email = String::new();
    read(account::GetEmail::INFO, &wrapped, &mut email).unwrap();
    assert_eq!(email, "a@b.c");

    let flat = open(account::GetMe::INFO, r#"{"id":1,"global_key":"g","team":"anywhere"}"#).unwrap();
    let mut me = yunkit_coding_rest::account::Me::default();
    decode(std::str::from_utf8(flat.payload.bytes()).unwrap(), &mut me).unwrap();
    assert_eq!(me.team.as_deref(), Some("anywhere"));
}

/// A status, a body, and what they mean: code, message, reason.
type Row = (u16, &'static str, Option<Code>, Option<&'static str>, Reason);

#[test]
fn refusals_of_every_shape_say_what_the_service_says() {
    let rows: [Row; 8] = [
        (
            200,
            r#"{"code":1000,"msg":{"user_not_login":"log in"}}"#,
            Some(Code::UserNotLoggedIn),
            Some("user_not_login: log in"),
            Reason::Unauthenticated,
        ),
        (
            200,
            r#"{"code":1029,"msg":"expired"}"#,
            Some(Code::LoginExpired),
            Some("expired"),
            Reason::Unauthenticated,
        ),
        (
            200,
            r#"{"code":1400,"msg":{"permission_denied":"no"}}"#,
            Some(Code::PermissionDenied),
            Some("permission_denied: no"),
            Reason::Forbidden,
        ),
        (
            200,
            r#"{"code":"1100","msg":{"project_not_exists":"no"}}"#,
            Some(Code::ProjectNotFound),
            Some("project_not_exists: no"),
            Reason::NotFound,
        ),
        (
            200,
            r#"{"code":4711,"msg":{"a":"x","b":"y"}}"#,
            Some(Code::from("4711")),
            Some("a: x; b: y"),
            Reason::Other,
        ),
        (401, "Unauthorized", None, Some("Unauthorized"), Reason::Unauthenticated),
        (
            404,
            r#"{"code":404,"msg":{"page":"not found"}}"#,
            Some(Code::from("404")),
            Some("page: not found"),
            Reason::NotFound,
        ),
        (502, "<html>502</html>", None, None, Reason::Unavailable),
    ];

    for (status, body, code, message, reason) in rows {
        let response = RawResponse::new(StatusCode::from_u16(status).unwrap(), HeaderMap::new(), body);
        let error = protocol().open(projects::Get::INFO, response).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Service, "{body}");
        assert_eq!((Code::of(&error), error.message(), error.reason()), (code, message, reason), "{body}");
    }
}
