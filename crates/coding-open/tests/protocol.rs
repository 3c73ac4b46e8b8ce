//! What goes over the wire, to the byte, and what answers of every shape mean.

#![cfg(feature = "full")]
#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request as Received, ResponseTemplate};
use yunkit_coding_open::credentials::InBody;
use yunkit_coding_open::{
    Client, CodingOpen, CodingOpenProtocol, ErrorKind, Operation, Retry, artifacts, ci, issues, iterations,
    members, merge_requests, projects, repositories,
};
use yunkit_core::http::{HeaderMap, StatusCode};
use yunkit_core::operation::BodyKind;
use yunkit_core::rest::Base;
use yunkit_core::{Bytes, Protocol, RawResponse, Reason};

fn protocol() -> CodingOpenProtocol {
    CodingOpenProtocol::new(Base::parse("https://e.coding.net/open-api").unwrap())
}

fn body_of<O: Operation>(operation: &O) -> (String, Value) {
    let request = protocol().bind(O::INFO, operation, BodyKind::Json).unwrap();
    assert_eq!(request.headers["accept"], "application/json");
    assert_eq!(request.headers["content-type"], "application/json");
    (request.url.to_string(), serde_json::from_slice(request.body.as_bytes().unwrap()).unwrap())
}

#[test]
fn an_action_is_named_in_the_body_and_in_the_query_only_where_the_facts_say_so() {
    let (url, body) = body_of(&projects::DescribeProjectByName::new("demo"));
    assert_eq!(url, "https://e.coding.net/open-api");
    assert_eq!(body, json!({"Action": "DescribeProjectByName", "ProjectName": "demo"}));

    let (url, body) = body_of(&members::DescribeCodingCurrentUser::new());
    assert_eq!(url, "https://e.coding.net/open-api?Action=DescribeCodingCurrentUser");
    assert_eq!(body, json!({"Action": "DescribeCodingCurrentUser"}));
}

#[test]
fn a_repository_travels_as_its_number_or_as_its_path_and_never_as_both() {
    let (_, by_id) = body_of(&repositories::DescribeGitDepot::new(7));
    let (_, by_path) = body_of(&repositories::DescribeGitDepot::new("team/project/depot"));
    // One action spells the path in its own way.
    let (_, rebased) = body_of(&merge_requests::ModifyGitMergeRequestRebase::new("team/project/depot", 3));

    assert_eq!(by_id, json!({"Action": "DescribeGitDepot", "DepotId": 7}));
    assert_eq!(by_path, json!({"Action": "DescribeGitDepot", "DepotPath": "team/project/depot"}));
    assert_eq!(
        rebased,
        json!({"Action": "ModifyGitMergeRequestRebase", "DepotPat": "team/project/depot", "MergeId": 3})
    );
}

#[test]
fn the_payload_is_a_slice_of_the_body_and_the_request_id_is_beside_it() {
    let body =
        Bytes::from_static(br#" {"Response" : {"RequestId":"r-1","Project":{"Id":1,"Name":"\"Error\": {"}} } "#);
    let response = RawResponse::new(StatusCode::OK, HeaderMap::new(), body.clone());

    let opened = protocol().open(projects::DescribeProjectByName::INFO, response).unwrap();

    assert_eq!(opened.request_id.as_deref(), Some("r-1"));
    let payload = opened.payload.bytes();
    assert_eq!(&payload[..], br#"{"RequestId":"r-1","Project":{"Id":1,"Name":"\"Error\": {"}}"#);
    assert!(body.as_ptr_range().contains(&payload.as_ptr()), "it was copied");
}

/// A status, a body, and what they mean: code, message, reason.
type Row = (u16, &'static str, Option<&'static str>, Option<&'static str>, Reason);

#[test]
fn refusals_of_every_shape_say_what_the_service_says() {
    let rows: [Row; 13] = [
        (
            200,
            r#"{"Response":{"Error":{"Code":"ResourceNotFound","Message":"no such depot"},"RequestId":"r"}}"#,
            Some("ResourceNotFound"),
            Some("no such depot"),
            Reason::NotFound,
        ),
        (
            200,
            r#"{"Response":{"Error":{"Code":"RequestLimitExceeded"}}}"#,
            Some("RequestLimitExceeded"),
            None,
            Reason::Throttled,
        ),
        (
            200,
            r#"{"Response":{"Error":{"Code":"AuthFailure.TokenInvalid","Message":"x"}}}"#,
            Some("AuthFailure.TokenInvalid"),
            Some("x"),
            Reason::Unauthenticated,
        ),
        (
            200,
            r#"{"Response":{"Error":{"Code":"UnauthorizedOperation","Message":"x"}}}"#,
            Some("UnauthorizedOperation"),
            Some("x"),
            Reason::Forbidden,
        ),
        (
            200,
            r#"{"Response":{"Error":{"Code":"InternalError","Message":"x"}}}"#,
            Some("InternalError"),
            Some("x"),
            Reason::Unavailable,
        ),
        (
            200,
            r#"{"Response":{"Error":{"Code":"issue_custom_field_required","Message":"x"}}}"#,
            Some("issue_custom_field_required"),
            Some("x"),
            Reason::Other,
        ),
        (200, r#"{"Response":{"Error":"broken"}}"#, None, Some("broken"), Reason::Other),
        (
            200,
            r#"{"code":1400,"msg":{"permission_denied":"no token"}}"#,
            Some("1400"),
            Some("permission_denied: no token"),
            Reason::Other,
        ),
        (401, r#""Invalid""#, None, Some("Invalid"), Reason::Unauthenticated),
        (403, r#"{"message":"forbidden"}"#, None, Some("forbidden"), Reason::Forbidden),
        (
            403,
            r#"{"Response":{"Error":{"Code":"InvalidParameter","Message":"x"}}}"#,
            Some("InvalidParameter"),
            Some("x"),
            Reason::Forbidden,
        ),
        (502, "<html><body>502</body></html>", None, None, Reason::Unavailable),
        (500, "", None, None, Reason::Unavailable),
    ];

    for (status, body, code, message, reason) in rows {
        let response = RawResponse::new(StatusCode::from_u16(status).unwrap(), HeaderMap::new(), body);
        let error = protocol().open(projects::DescribeProjectByName::INFO, response).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Service, "{body}");
        assert_eq!((error.code(), error.message(), error.reason()), (code, message, reason), "{body}");
        assert_eq!(error.raw_body(), body.as_bytes());
    }
    for body in ["{}", "[]", "x", r#"{"Response":null}"#, r#"{"data":1}"#] {
        let response = RawResponse::new(StatusCode::OK, HeaderMap::new(), body);
        let error = protocol().open(projects::DescribeProjectByName::INFO, response).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{body}");
    }
}

async fn answering(answer: impl Fn(&Value) -> Value + Send + Sync + 'static) -> (MockServer, Client) {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(move |request: &Received| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            ResponseTemplate::new(200).set_body_json(json!({"Response": answer(&body)}))
        })
        .mount(&server)
        .await;
    let client = CodingOpen::at(&server.uri()).unwrap().anonymous().unwrap().retry(Retry::NEVER);
    (server, client)
}

async fn sent(server: &MockServer) -> Vec<Value> {
    let received = server.received_requests().await.unwrap();
    received.iter().map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
}

#[tokio::test]
async fn an_answer_without_a_request_id_is_an_answer_and_one_with_nothing_else_is_unit() {
    let (_server, client) = answering(|_| json!({"Project": {"Id": "7", "CreatedAt": "1605247760074"}})).await;
    let project = client.send(projects::DescribeProjectByName::new("demo")).await.unwrap().project.unwrap();
    assert_eq!(project.id, Some(7));
    assert!(project.created_at.unwrap().time().is_some());

    let (_server, client) = answering(|_| json!({"RequestId": "r-2"})).await;
    let ((), meta) = client.send_with_meta(projects::DeleteOneProject::new(7)).await.unwrap();
    assert_eq!(meta.request_id.as_deref(), Some("r-2"));
}

#[tokio::test]
async fn a_token_in_the_body_stands_behind_the_action_and_is_never_shown() {
    let (server, client) = answering(|_| json!({"User": {"Id": 1}})).await;
    let oauth = InBody::oauth("s3cr3t\"".into());
    let personal = InBody::personal("s3cr3t".into());
    let printed = format!("{oauth:?} {personal:?}");

    for token in [oauth, personal] {
        let client = client.clone().credential(std::sync::Arc::new(token));
        client.send(members::DescribeCodingCurrentUser::new()).await.unwrap();
    }

    assert_eq!(
        sent(&server).await,
        [
            json!({"Action": "DescribeCodingCurrentUser", "AccessToken": "s3cr3t\""}),
            json!({"Action": "DescribeCodingCurrentUser", "Authorization": "token s3cr3t"}),
        ]
    );
    assert!(!printed.contains("s3cr3t"));
    let received = server.received_requests().await.unwrap();
    assert!(received.iter().all(|request| !request.headers.contains_key("authorization")));
}

#[tokio::test]
async fn a_list_with_a_total_ends_with_it_even_if_the_service_gives_less_than_it_was_asked_for() {
    // 5 depots, never more than 2 at once, whatever is asked for.
    let (server, client) = answering(|body| {
        let page = body["PageNumber"].as_i64().unwrap();
        let ids: Vec<Value> = (1..=5).skip((page as usize - 1) * 2).take(2).map(|id| json!({"Id": id})).collect();
        json!({"Payload": {"Depots": ids, "Page": {"TotalRow": "5", "PageNumber": page}}, "RequestId": page.to_string()})
    })
    .await;

    let all = client.items(repositories::DescribeMyDepots::new()).collect().await.unwrap();

    assert_eq!(all.iter().filter_map(|depot| depot.id).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    let pages: Vec<_> =
        sent(&server).await.iter().map(|body| (body["PageNumber"].clone(), body["PageSize"].clone())).collect();
    assert_eq!(pages, [(json!(1), json!(100)), (json!(2), json!(100)), (json!(3), json!(100))]);
}

#[tokio::test]
async fn a_list_without_a_total_stops_on_a_short_page_and_goes_on_from_what_it_received() {
    let (server, client) = answering(|body| {
        let (offset, limit) = (body["Offset"].as_u64().unwrap(), body["Limit"].as_u64().unwrap());
        let codes: Vec<Value> = (offset..7).take(limit as usize).map(|code| json!({"Code": code})).collect();
        json!({"IssueList": codes})
    })
    .await;

    let list = issues::DescribeIssueList::new("demo", "ALL").limit(3);
    let all = client.items(list).collect().await.unwrap();

    assert_eq!(all.len(), 7);
    let offsets: Vec<_> = sent(&server).await.iter().map(|body| body["Offset"].clone()).collect();
    assert_eq!(offsets, [json!(0), json!(3), json!(6)]);
}

#[tokio::test]
async fn a_total_that_is_wrong_does_not_make_a_list_endless() {
    // A service that ignores the page and says there is much more: its request ids are new every time.
    let (server, client) = answering(|_| {
        let id = format!("{:?}", std::time::Instant::now());
        json!({"Data": {"List": [{"Code": 1}], "TotalRow": 1000}, "RequestId": id})
    })
    .await;

    let all = client.items(iterations::DescribeIterationList::new("demo")).collect().await.unwrap();

    assert_eq!((all.len(), sent(&server).await.len()), (1, 2));
}

#[tokio::test]
async fn a_list_by_token_goes_on_until_there_is_none() {
    let (server, client) = answering(|body| {
        let (items, next) = match body["ContinuationToken"].as_str() {
            None => (json!([{"Path": "a"}, {"Path": "b"}]), json!("t1")),
            Some("t1") => (json!([]), json!("t2")),
            _ => (json!([{"Path": "c"}]), json!("")),
        };
        json!({"Data": {"InstanceSet": items, "ContinuationToken": next}})
    })
    .await;

    let files = artifacts::DescribeArtifactRepositoryFileList::new("demo", "maven");
    let all = client.items(files).collect().await.unwrap();

    assert_eq!(all.iter().filter_map(|file| file.path.as_deref()).collect::<Vec<_>>(), ["a", "b", "c"]);
    let tokens: Vec<_> = sent(&server).await.iter().map(|body| body["ContinuationToken"].clone()).collect();
    assert_eq!(tokens, [Value::Null, json!("t1"), json!("t2")]);
}

#[tokio::test]
async fn a_log_comes_in_pieces_and_ends_when_it_is_over_or_has_nothing_new() {
    let (server, client) = answering(|body| match body["Start"].as_i64().unwrap() {
        0 => json!({"Data": {"Log": "one\n", "TextDelivered": 4, "MoreData": true}}),
        4 => json!({"Data": {"Log": "two\n", "TextDelivered": 4, "MoreData": true}}),
        _ => json!({"Data": {"Log": "", "TextDelivered": 0, "MoreData": true}}),
    })
    .await;

    let log = client.items(ci::DescribeCodingCIBuildLog::new(9)).collect().await.unwrap();

    assert_eq!(log.concat(), "one\ntwo\n");
    let starts: Vec<_> = sent(&server).await.iter().map(|body| body["Start"].clone()).collect();
    assert_eq!(starts, [json!(0), json!(4), json!(8)]);
}

#[test]
fn effects_follow_the_verb_and_rates_come_from_the_document() {
    use yunkit_coding_open::operation::Effect;
    assert_eq!(projects::DescribeProjectByName::INFO.effect, Effect::Read);
    assert_eq!(projects::DeleteOneProject::INFO.effect, Effect::Write);
    assert_eq!(projects::DescribeCodingProjects::INFO.rate, 20);
}

#[test]
fn teams_are_parts_of_host_names_and_tokens_must_be_sendable() {
    for team in ["", "a/b", "a.b", "a b", "a?"] {
        assert_eq!(CodingOpen::of_team(team).unwrap_err().kind(), ErrorKind::Input, "{team}");
    }
    let open = CodingOpen::of_team("anywhere").unwrap();
    for token in ["", " x", "x\n"] {
        assert_eq!(open.with_token(token.into()).unwrap_err().kind(), ErrorKind::Input);
    }
    assert!(open.with_project_token("a:b", "x".into()).is_err());
    assert!(open.with_project_token("ptuser", "x".into()).is_ok());
}
