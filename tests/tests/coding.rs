//! CODING's two crates against their fake.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use yunkit_coding_open::credentials::InBody;
use yunkit_coding_open::{branches, ci, issues, iterations, members, merge_requests, projects, repositories};
use yunkit_coding_rest::oauth::Scope;
use yunkit_coding_rest::session::{MemoryStore, Session};
use yunkit_coding_rest::{Code, CodingRest, InQuery, account, team_of};
use yunkit_core::secrecy::ExposeSecret;
use yunkit_core::{Client, Error, Retry};
use yunkit_testkit::coding::Fake;
use yunkit_tests::every::Every;

const DEPOT: &str = "demo/project-1/depot-1";

async fn signed_in(fake: &Fake) -> Session {
    let oauth = fake.rest().oauth(fake.application()).unwrap();
    let request = oauth.authorize(&[Scope::User, Scope::ProjectDepot]);
    let code = request.code_from(&fake.consent(request.url()).unwrap()).unwrap();
    let session = oauth.session("demo", Arc::new(MemoryStore::default()));
    session.begin(oauth.exchange(&code).await.unwrap()).await.unwrap();
    session
}

#[tokio::test]
async fn every_action_and_every_operation_goes_through_the_sdk_to_the_fake() {
    for seed in [1, 2, 3] {
        let fake = Fake::builder().seed(seed).start().await;
        let open = fake.open().with_token(fake.token()).unwrap().retry(Retry::NEVER);
        let rest = fake.rest().with_token(fake.token()).unwrap().retry(Retry::NEVER);

        let actions = Every::coding_open(&fake).send(&open, &mut |_| {}).await.unwrap();
        let operations = Every::coding_rest(&fake).send(&rest, &mut |_| {}).await.unwrap();

        assert_eq!(actions, 437);
        assert!(operations > 250, "{operations}");
    }
}

#[tokio::test]
async fn every_kind_of_caller_is_known_by_header_and_by_body() {
    let fake = Fake::start().await;
    let open = fake.open();
    let session = signed_in(&fake).await;
    let tokens = session.tokens(None).await.unwrap().1;
    let (user, password) = fake.project_token();

    for client in [
        open.with_token(fake.token()).unwrap(),
        open.with_project_token(user, password).unwrap(),
        open.with_session(session.clone()).unwrap(),
        open.with_token_in_body(InBody::personal(fake.token())).unwrap(),
        open.with_token_in_body(InBody::oauth(tokens.access_token)).unwrap(),
        open.with_token_in_body(InBody::session(session.clone())).unwrap(),
    ] {
        let me = client.send(members::DescribeCodingCurrentUser::new()).await.unwrap();
        assert_eq!(me.user.unwrap().global_key.as_deref(), Some("coding-demo"));
    }
    for client in [
        fake.rest().with_token(fake.token()).unwrap(),
        fake.rest().with_session(session.clone()).unwrap(),
        fake.rest().with_token_in_query(InQuery::session(session)).unwrap(),
    ] {
        let me = client.send(account::GetMe::new()).await.unwrap();
        assert_eq!(me.team.as_deref(), Some("demo"));
    }
    let anonymous = open.anonymous().unwrap();
    let nobody = anonymous.send(projects::DescribeProjectByName::new("project-1")).await.unwrap_err();
    assert!(nobody.is_unauthenticated(), "{nobody}");
    assert_eq!((nobody.status().unwrap().as_u16(), nobody.code()), (200, Some("AuthFailure")));
    // Newer actions are documented with a status of their own.
    let nobody = anonymous.send(members::DescribeCodingCurrentUser::new()).await.unwrap_err();
    assert!(nobody.is_unauthenticated(), "{nobody}");
    assert_eq!((nobody.status().unwrap().as_u16(), nobody.message()), (401, Some("Invalid")));
    let nobody = fake.rest().anonymous().unwrap().send(account::GetMe::new()).await.unwrap_err();
    assert_eq!(Code::of(&nobody), Some(Code::UserNotLoggedIn));
}

#[tokio::test]
async fn a_refresh_kills_the_old_token_and_calls_in_flight_go_on_with_the_new_one() {
    let fake = Fake::builder().rate_limited(false).start().await;
    let session = signed_in(&fake).await;
    let client = fake.open().with_session(session.clone()).unwrap();
    let before = session.tokens(None).await.unwrap().1.access_token;
    fake.pass(Duration::from_secs(7201));

    let calls = (0..20).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.send(members::DescribeCodingCurrentUser::new()).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }

    assert_eq!(fake.refreshes(), 1);
    let old = fake.open().with_token_in_body(InBody::oauth(before)).unwrap();
    assert!(old.send(members::DescribeCodingCurrentUser::new()).await.unwrap_err().is_unauthenticated());
    // The team came with the first tokens and stays with the session.
    assert_eq!(team_of(&session.tokens(None).await.unwrap().1), Some("demo"));
}

#[tokio::test]
async fn a_code_works_once_and_for_five_minutes() {
    let fake = Fake::start().await;
    let oauth = fake.rest().oauth(fake.application()).unwrap();
    let code = || {
        let request = oauth.authorize(&[]);
        request.code_from(&fake.consent(request.url()).unwrap()).unwrap()
    };

    let used = code();
    oauth.exchange(&used).await.unwrap();
    let again = oauth.exchange(&used).await.unwrap_err();
    assert_eq!(
        again.to_string(),
        "authorization::CreateAccessToken: the service refused (HTTP 200, 1): oauth_code: the code or refresh token is wrong, expired or used"
    );

    let late = code();
    fake.pass(Duration::from_secs(301));
    assert!(oauth.exchange(&late).await.is_err());
}

#[tokio::test]
async fn a_refresh_token_that_is_too_old_ends_the_session_for_good() {
    let fake = Fake::start().await;
    let session = signed_in(&fake).await;
    let client = fake.open().with_session(session).unwrap();
    fake.pass(Duration::from_secs(91 * 86_400));

    let over = client.send(members::DescribeCodingCurrentUser::new()).await.unwrap_err();

    assert!(over.is_reauthorization_required(), "{over}");
}

#[tokio::test]
async fn lists_of_every_style_come_to_their_end() {
    let fake = Fake::builder().rate_limited(false).start().await;
    let client = fake.open().with_token(fake.token()).unwrap();
    let project = client.send(projects::DescribeProjectByName::new("project-1")).await.unwrap();
    let project_id = project.project.unwrap().id.unwrap();

    // By pages, with a total.
    let by_number = client.items(projects::DescribeCodingProjects::new().page_size(10)).collect().await.unwrap();
    // By an offset, without a total: a short page is the last one.
    let by_offset = issues::DescribeIssueList::new("project-1", "ALL").limit(10);
    let by_offset = client.items(by_offset).collect().await.unwrap();
    // By an offset, with a total.
    let sprints = client.items(iterations::DescribeIterationList::new("project-1")).collect().await.unwrap();
    // By pages whose number is declared as text, with the total in a place of its own.
    let depots = repositories::DescribeProjectDepotInfoList::new(project_id);
    let depots = client.items(depots).collect().await.unwrap();
    // A log, piece by piece.
    let jobs = client.send(ci::DescribeCodingCIJobs::new(project_id)).await.unwrap().job_list.unwrap();
    let build = client.send(ci::TriggerCodingCIBuild::new(jobs[0].id.unwrap())).await.unwrap();
    let build = build.data.unwrap().build.unwrap().id.unwrap();
    let log = client.items(ci::DescribeCodingCIBuildLog::new(build)).collect().await.unwrap();

    assert_eq!((by_number.len(), by_offset.len(), sprints.len(), depots.len()), (25, 45, 1, 1));
    assert!(log.len() > 1, "{log:?}");
    assert!(log.concat().ends_with("Finished: SUCCESS\n"));
    // How the service says that there is no day.
    assert!(sprints[0].start_at.as_ref().unwrap().is_unset());
    assert!(by_number[0].created_at.as_ref().unwrap().time().is_some());
}

#[tokio::test]
async fn a_repository_is_named_by_number_or_by_path_and_remembers_what_is_done_to_it() {
    let fake = Fake::start().await;
    let client = fake.open().with_token(fake.token()).unwrap();
    let depot = client.send(repositories::DescribeGitDepot::new(DEPOT)).await.unwrap().depot.unwrap();
    let id = depot.id.unwrap();

    client.send(branches::CreateGitBranch::new(id, "fix", "master")).await.unwrap();
    let names = client.items(branches::DescribeGitBranches::new(DEPOT)).collect().await.unwrap();
    assert_eq!(
        names.iter().filter_map(|branch| branch.branch_name.as_deref()).collect::<Vec<_>>(),
        ["master", "develop", "fix"]
    );

    let opened =
        merge_requests::CreateGitMergeReq::new(DEPOT, "Stop the leak", "It leaks no more", "fix", "master");
    let opened = client.send(opened).await.unwrap().merge_info.unwrap();
    let number = opened.merge_request_info.unwrap().merge_id.unwrap();
    let merge = |squash| merge_requests::ModifyMergeMR::new(id, number, "Merge", false, false, squash);
    let merged = client.send(merge(true)).await.unwrap().merge_request_info.unwrap();
    assert_eq!(merged.status.unwrap().as_str(), "ACCEPTED");
    let again = client.send(merge(false)).await.unwrap_err();
    assert_eq!(again.code(), Some("FailedOperation"));
}

#[tokio::test]
async fn a_business_error_at_http_200_is_an_error_and_says_what_the_service_says() {
    let fake = Fake::start().await;
    let client = fake.open().with_token(fake.token()).unwrap();

    let twice = client.send(iterations::CreateIteration::new("project-1", "Sprint 1")).await.unwrap_err();

    let id = twice.request_id().unwrap().to_owned();
    assert_eq!(
        twice.to_string(),
        format!(
            "iterations::CreateIteration: the service refused (HTTP 200, InvalidParameterValue): Title Duplicated [{id}]"
        )
    );
    let missing = client.send(projects::DescribeProjectByName::new("no-such")).await.unwrap_err();
    assert!(missing.is_not_found());
}

#[tokio::test]
async fn too_many_calls_of_one_action_are_slowed_down_and_not_lost() {
    let fake = Fake::start().await;
    let client = fake.open().with_token(fake.token()).unwrap();
    let all = |client: Client| async move {
        let mut refused = 0;
        for _ in 0..30 {
            match client.send(members::DescribeCodingCurrentUser::new()).await {
                Ok(_) => {}
                Err(error) if error.is_rate_limited() => refused += 1,
                Err(error) => return Err::<u32, Error>(error),
            }
        }
        Ok(refused)
    };

    // Thirty calls may fall into two seconds, but not into two times twenty.
    let refused = all(client.clone().retry(Retry::NEVER)).await.unwrap();
    let code = client.clone().retry(Retry::NEVER).send(projects::DescribeCodingProjects::new()).await;

    assert!(refused <= 10, "{refused}");
    assert!(code.is_ok(), "another action has a count of its own");
}

#[tokio::test]
async fn one_session_serves_both_apis_and_the_tokens_know_their_host() {
    let fake = Fake::start().await;
    let session = signed_in(&fake).await;

    let open = fake.open().with_session(session.clone()).unwrap();
    let rest = fake.rest().with_session(session.clone()).unwrap();

    let here = open.send(members::DescribeCodingCurrentUser::new()).await.unwrap().user.unwrap();
    let there = rest.send(account::GetMe::new()).await.unwrap();
    assert_eq!(here.global_key, there.global_key);
    let all = rest.items(yunkit_coding_rest::projects::ListForAuthenticatedUser::new()).collect().await.unwrap();
    assert_eq!(all.len(), 25);
    assert!(CodingRest::of_tokens(&session.tokens(None).await.unwrap().1).is_ok());
}

#[tokio::test]
async fn a_slip_of_the_pen_is_named_by_the_fake() {
    let fake = Fake::start().await;
    let body = async |json: Json| {
        let answer = post(fake.address(), "/open-api", &json.to_string()).await;
        serde_json::from_str::<Json>(&answer).unwrap()["Response"]["Error"].clone()
    };

    let unknown = body(json!({"Action": "DescribeCodingProject"})).await;
    let missing = body(json!({"Action": "DescribeProjectByName"})).await;
    let neither = body(json!({"Action": "DescribeGitDepot", "AccessToken": fake_token(&fake)})).await;

    assert_eq!(
        unknown["Message"],
        "the fake knows no action `DescribeCodingProject`; the nearest is `DescribeCodingProjects`"
    );
    assert_eq!(missing["Code"], "MissingParameter");
    assert_eq!(neither["Message"], "DescribeGitDepot: one of `DepotId` and `DepotPath` is missing");
}

fn fake_token(fake: &Fake) -> String {
    fake.token().expose_secret().to_owned()
}

/// A request that no SDK would make, and the body of its answer.
async fn post(address: &str, path: &str, body: &str) -> String {
    let host = address.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}
