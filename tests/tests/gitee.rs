//! Gitee's SDK against Gitee's fake: the flows a user goes through.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

use std::sync::Arc;
use std::time::Duration;
use yunkit_core::http::StatusCode;
use yunkit_core::secrecy::{ExposeSecret, SecretString};
use yunkit_core::session::{MemoryStore, TokenStore};
use yunkit_gitee::body::File;
use yunkit_gitee::oauth::Scope;
use yunkit_gitee::operation::BodyKind;
use yunkit_gitee::{ErrorKind, Retry, WasSent, issues, repos, users};
use yunkit_testkit::ManualSurroundings;
use yunkit_testkit::gitee::{Fake, LOGIN};
use yunkit_tests::every::Every;

#[tokio::test]
async fn every_operation_is_sent_as_documented_and_its_answer_understood() {
    let fake = Fake::builder().repositories(2).start().await;
    let client = fake.gitee().with_token(fake.token()).unwrap().retry(Retry::NEVER);

    let count = Every::gitee(&fake).send(&client, &mut |_| {}).await.unwrap();

    assert_eq!(count, 264 + 11, "those of the document and those that are attested elsewhere");
}

#[tokio::test]
async fn a_user_signs_in_and_stays_signed_in_when_the_token_expires() {
    let fake = Fake::builder().recording(true).start().await;
    let oauth = fake.gitee().oauth(fake.application()).unwrap();

    let request = oauth.authorize(&[Scope::UserInfo, Scope::Projects]);
    let callback = fake.consent(request.url()).unwrap();
    let code = request.code_from(&callback).unwrap();
    let store = MemoryStore::default();
    let session = oauth.session("demo", Arc::new(store.clone()));
    session.begin(oauth.exchange(&code).await.unwrap()).await.unwrap();
    let client = fake.gitee().with_session(session).unwrap();
    let before = client.send(users::GetAuthenticated::new()).await.unwrap();
    fake.pass(Duration::from_secs(86_401));
    let after = client.send(users::GetAuthenticated::new()).await.unwrap();

    assert_eq!((before.login.as_deref(), after.login), (Some(LOGIN), before.login.clone()));
    let (version, tokens) = store.load("demo").await.unwrap().unwrap();
    assert_eq!((version, tokens.scope.as_deref()), (2, Some("projects user_info")));
    let paths: Vec<String> = fake.received().await.iter().map(|r| r.url.path().to_owned()).collect();
    assert_eq!(paths, ["/oauth/token", "/api/v5/user", "/api/v5/user", "/oauth/token", "/api/v5/user"]);
    for request in fake.received().await {
        assert_eq!(request.url.query(), None, "secrets travel in bodies and headers only");
    }
}

#[tokio::test]
async fn a_hundred_calls_that_meet_an_expired_token_refresh_once() {
    let fake = Fake::builder().recording(true).start().await;
    let oauth = fake.gitee().oauth(fake.application()).unwrap();
    let request = oauth.authorize(&[]);
    let code = request.code_from(&fake.consent(request.url()).unwrap()).unwrap();
    let session = oauth.session("demo", Arc::new(MemoryStore::default()));
    session.begin(oauth.exchange(&code).await.unwrap()).await.unwrap();
    let client = fake.gitee().with_session(session).unwrap();
    fake.pass(Duration::from_secs(86_401));

    let calls: Vec<_> = (0..100)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.send(users::GetAuthenticated::new()).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }

    let refreshes = fake.received().await.iter().filter(|r| r.url.path() == "/oauth/token").count();
    assert_eq!(refreshes, 2, "one for the code, one for all the hundred");
}

#[tokio::test]
async fn a_code_works_once_and_a_refresh_token_that_is_spent_twice_ends_the_session() {
    let fake = Fake::start().await;
    let oauth = fake.gitee().oauth(fake.application()).unwrap();
    let request = oauth.authorize(&[]);
    let code = request.code_from(&fake.consent(request.url()).unwrap()).unwrap();

    let tokens = oauth.exchange(&code).await.unwrap();
    let again = oauth.exchange(&code).await.unwrap_err();
    let refresh = tokens.refresh_token.clone().unwrap();
    let renewed = oauth.refresh(&refresh).await.unwrap();
    let spent = oauth.refresh(&refresh).await.unwrap_err();
    let family = oauth.refresh(renewed.refresh_token.as_ref().unwrap()).await.unwrap_err();

    assert_ne!(renewed.access_token.expose_secret(), tokens.access_token.expose_secret());
    for error in [again, spent, family] {
        assert_eq!((error.kind(), error.code()), (ErrorKind::Service, Some("invalid_grant")));
        assert!(error.raw_body().is_empty(), "answers of the token address are kept out of errors");
    }
}

#[tokio::test]
async fn a_mail_address_and_a_password_buy_tokens_and_travel_in_the_body_only() {
    let fake = Fake::builder().recording(true).start().await;
    let oauth = fake.gitee().oauth(fake.application()).unwrap();

    let scopes = [Scope::UserInfo, Scope::Projects];
    let tokens = oauth.password("demo@example.com", "p&ss".into(), &scopes).await.unwrap();
    let refused = oauth.password("demo", "p&ss".into(), &scopes).await.unwrap_err();

    assert_eq!(tokens.scope.as_deref(), Some("projects user_info"));
    assert_eq!(refused.code(), Some("invalid_grant"));
    let received = fake.received().await;
    assert_eq!(received[0].url.query(), None);
    assert_eq!(
        String::from_utf8_lossy(&received[0].body),
        "grant_type=password&client_id=fake-client-id&client_secret=fake-client-secret\
         &username=demo%40example.com&password=p%26ss&scope=projects%20user_info"
    );
}

#[tokio::test]
async fn a_session_that_was_ended_elsewhere_says_so_without_trying_again() {
    let fake = Fake::builder().recording(true).start().await;
    let oauth = fake.gitee().oauth(fake.application()).unwrap();
    let request = oauth.authorize(&[]);
    let code = request.code_from(&fake.consent(request.url()).unwrap()).unwrap();
    let tokens = oauth.exchange(&code).await.unwrap();
    let session = oauth.session("demo", Arc::new(MemoryStore::default()));
    session.begin(tokens.clone()).await.unwrap();
    // Another device spends the refresh token.
    oauth.refresh(tokens.refresh_token.as_ref().unwrap()).await.unwrap();
    let client = fake.gitee().with_session(session).unwrap();

    let error = client.send(users::GetAuthenticated::new()).await.unwrap_err();

    assert_eq!((error.kind(), error.code()), (ErrorKind::Credential, Some("invalid_grant")));
    assert!(error.is_reauthorization_required());
    assert_eq!(error.was_sent(), WasSent::No);
    let line = error.to_string();
    assert!(
        line.starts_with("users::GetAuthenticated: there is no usable credential (HTTP 401, invalid_grant): "),
        "{line}"
    );
    let spent = fake.received().await.iter().filter(|r| r.url.path() == "/oauth/token").count();
    assert_eq!(spent, 3, "code, the other device, and one attempt of the session");
}

#[tokio::test]
async fn a_list_is_streamed_over_its_pages() {
    let fake = Fake::builder().repositories(45).recording(true).start().await;
    let client = fake.gitee().with_token(fake.token()).unwrap();

    let list = repos::ListForAuthenticatedUser::new().per_page(20);
    let all = client.items(list).collect().await.unwrap();

    assert_eq!(all.len(), 45);
    assert_eq!(all[44].full_name.as_deref(), Some("demo/repository-45"));
    let queries: Vec<_> = fake.received().await.iter().map(|r| r.url.query().unwrap().to_owned()).collect();
    assert_eq!(queries, ["page=1&per_page=20", "page=2&per_page=20", "page=3&per_page=20"]);
}

#[tokio::test]
async fn an_issue_is_opened_changed_and_found_by_its_state() {
    let fake = Fake::start().await;
    let client = fake.gitee().with_token(fake.token()).unwrap();

    let opened =
        client.send(issues::Create::new(LOGIN, "It leaks").repo("repository-1").body("Water.")).await.unwrap();
    let number = opened.number.clone().unwrap();
    let closed = client
        .send(issues::Update::new(LOGIN, &number).repo("repository-1").title("It leaked").state("closed"))
        .await
        .unwrap();
    let list = issues::ListForRepo::new(LOGIN, "repository-1").state("closed");
    let found = client.items(list).collect().await.unwrap();

    assert!(number.starts_with('I'), "issue numbers are text: {number}");
    assert_eq!(closed.title.as_deref(), Some("It leaked"));
    let numbers: Vec<_> = found.into_iter().filter_map(|issue| issue.number).collect();
    assert_eq!(numbers, [number]);
}

#[tokio::test]
async fn errors_are_lines_a_person_can_act_on() {
    let fake = Fake::start().await;
    let client = fake.gitee().with_token(fake.token()).unwrap();

    let missing = client.send(repos::Get::new("demo", "no-such")).await.unwrap_err();
    let stranger = fake.gitee().with_token(SecretString::from("0123")).unwrap();
    let stranger = stranger.send(users::GetAuthenticated::new()).await.unwrap_err();
    fake.exhaust_allowance();
    let limited = client.send(repos::Get::new("demo", "repository-1")).await.unwrap_err();

    let rows = [
        (&missing, "repos::Get: the service refused (HTTP 404): Not Found Project"),
        (
            &stranger,
            "users::GetAuthenticated: the service refused (HTTP 401): 401 Unauthorized: Access token does not exist",
        ),
        (&limited, "repos::Get: the service refused (HTTP 403): API rate limit exceeded"),
    ];
    for (error, expected) in rows {
        let line = error.to_string();
        let (said, id) = line.split_once(" [").unwrap();
        assert_eq!(said, expected);
        assert_eq!(Some(id.trim_end_matches(']')), error.request_id());
    }
    assert!(missing.is_not_found() && stranger.is_unauthenticated() && limited.is_rate_limited());
    assert_eq!(limited.retry_after().map(|wait| wait.as_secs() > 3590), Some(true));
    assert_eq!(limited.attempts(), 1, "an hour does not fit the deadline");
}

#[tokio::test]
async fn a_passing_failure_is_waited_out() {
    let fake = Fake::start().await;
    let time = Arc::new(ManualSurroundings::default());
    let client = fake.gitee().with_token(fake.token()).unwrap().surroundings(time.clone());
    fake.fail_next(502, None);
    fake.fail_next(429, Some(Duration::from_secs(9)));

    client.send(repos::Get::new("demo", "repository-1")).await.unwrap();

    assert_eq!(time.waits(), [Duration::from_millis(500), Duration::from_secs(9)]);
}

#[tokio::test]
async fn a_body_can_be_sent_as_form_or_json_whatever_the_document_says() {
    let fake = Fake::builder().recording(true).start().await;
    let client = fake.gitee().with_token(fake.token()).unwrap();
    let issue = issues::Create::new(LOGIN, "a&b").repo("repository-1");

    for kind in [BodyKind::Json, BodyKind::Form] {
        let opened = client.clone().body(kind).send(issue.clone()).await.unwrap();
        assert_eq!(opened.title.as_deref(), Some("a&b"));
    }

    let bodies: Vec<_> = fake.received().await.into_iter().map(|r| String::from_utf8(r.body).unwrap()).collect();
    assert_eq!(bodies, [r#"{"repo":"repository-1","title":"a&b"}"#, "repo=repository-1&title=a%26b"]);
}

#[tokio::test]
async fn an_attachment_is_sent_again_whole_when_the_service_asks_to_wait() {
    let fake = Fake::builder().recording(true).start().await;
    let time = Arc::new(ManualSurroundings::default());
    let client = fake.gitee().with_token(fake.token()).unwrap().surroundings(time);
    let folder = std::env::temp_dir().join(format!("yunkit-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("notes.txt");
    std::fs::write(&path, "x".repeat(200_000)).unwrap();
    let new = repos::CreateRelease::new(LOGIN, "repository-1", "v1", "One", "The first.", "master");
    let release = client.send(new).await.unwrap().id.unwrap();
    fake.fail_next(429, Some(Duration::from_secs(1)));

    let file = File::from_path(&path).unwrap();
    let upload = repos::UploadReleaseAsset::new(LOGIN, "repository-1", release, file);
    client.send(upload).await.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();

    let received = fake.received().await.split_off(1);
    assert_eq!(received.len(), 2);
    for request in received {
        assert_eq!(request.headers["content-length"].to_str().unwrap(), request.body.len().to_string());
        let body = String::from_utf8(request.body).unwrap();
        assert!(body.contains("name=\"file\"; filename=\"notes.txt\""));
        assert_eq!(body.matches('x').count() / 1000, 200);
    }
}

#[tokio::test]
async fn an_answer_is_streamed_while_it_arrives() {
    let fake = Fake::start().await;
    let client = fake.gitee().with_token(fake.token()).unwrap();

    let download = client.download(repos::DownloadZipballArchive::new(LOGIN, "repository-1")).await.unwrap();

    let meta = download.meta().clone();
    let chunks: Vec<_> = futures_util::TryStreamExt::try_collect::<Vec<_>>(download).await.unwrap();
    assert_eq!(chunks.concat(), b"bytes of getV5ReposOwnerRepoZipball\n");
    assert_eq!(meta.status, StatusCode::OK);
    assert_eq!(meta.rate.map(|rate| rate.limit), Some(5000));
}

#[test]
fn nothing_that_holds_a_token_prints_it() {
    let gitee = yunkit_gitee::Gitee::new();
    let oauth =
        gitee.oauth(yunkit_gitee::oauth::Application::new("id", "canary".into(), "http://localhost:1/cb")).unwrap();
    let session = oauth.session("demo", Arc::new(MemoryStore::default()));
    let clients = [
        gitee.with_token("canary".into()).unwrap(),
        gitee.with_token_scheme(&"canary".into()).unwrap(),
        gitee.with_session(session.clone()).unwrap(),
    ];

    let printed = format!("{clients:?} {oauth:?} {session:?} {:#?}", oauth.authorize(&[]));

    assert!(!printed.contains("canary"), "{printed}");
}

#[tokio::test]
async fn what_the_fake_does_not_know_is_answered_with_what_is_nearest() {
    let fake = Fake::start().await;
    let address = format!("{}/api/v5/user/repo", fake.address());

    let response = reqwest_get(&address).await;

    assert_eq!(response.0, StatusCode::NOT_IMPLEMENTED);
    assert!(response.1.contains("the nearest operation is GET /v5/user/repos"), "{}", response.1);
}

async fn reqwest_get(address: &str) -> (StatusCode, String) {
    use yunkit_core::{HttpTransport, OperationInfo, Request, Transport, http::Method};
    static INFO: OperationInfo = OperationInfo::rest("test", "test", yunkit_gitee::operation::Method::Get, "/");
    let request = Request::new(Method::GET, address.parse().unwrap());
    let response = HttpTransport::new().unwrap().send(&INFO, request).await.unwrap();
    (response.status, String::from_utf8(response.payload.bytes().to_vec()).unwrap())
}
