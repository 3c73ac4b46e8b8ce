//! Huawei's crates against Huawei's fakes, whose gateway computes every signature itself.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

use std::sync::Arc;
use std::time::Duration;
use yunkit_core::ErrorKind;
use yunkit_core::session::{FileStore, MemoryStore, SealingKey};
use yunkit_huawei::credentials::{AccessKey, Chain, Provider};
use yunkit_huawei::iam::KeystoneListRegions;
use yunkit_huawei::providers::{EcsMetadata, OidcSts, PodIdentity, Profile, Variables};
use yunkit_huawei::{Cloud, Endpoints, Environment, Region};
use yunkit_orgid::{OrgId, Scope, Ticket, TokenPlace, validate_ticket};
use yunkit_servicestage::authorization::{Authorization, PasswordToken};
use yunkit_servicestage::authorizations::{ListAuthorizations, OAuthRepoType, PasswordRepoType};
use yunkit_servicestage::jobs::{wait_for_job, watch_job};
use yunkit_servicestage::{repositories, v2, v3};
use yunkit_testkit::ManualSurroundings;
use yunkit_testkit::huawei::Fake;
use yunkit_tests::every::Every;

#[tokio::test]
async fn every_operation_of_servicestage_is_signed_sent_as_documented_and_its_answer_understood() {
    let fake = Fake::start().await;
    let client = yunkit_servicestage::client(&fake.cloud()).unwrap();

    let count = Every::servicestage(&fake).send(&client, &mut |_| {}).await.unwrap();

    assert_eq!(count, 29 + 31 + 40);
}

#[tokio::test]
async fn every_operation_of_iam_is_sent_as_documented_and_its_answer_understood() {
    let fake = Fake::start().await;
    let client = fake.cloud().global_client("iam").unwrap();
    let token = client.send(yunkit_huawei::metadata::CreateMetadataToken::new("21600")).await.unwrap();

    let count = Every::iam(&fake, &token).send(&client, &mut |_| {}).await.unwrap();

    assert_eq!(count, 17);
}

#[tokio::test]
async fn servicestage_is_let_into_a_git_host_and_works_there() {
    let fake = Fake::start().await;
    let client = yunkit_servicestage::client(&fake.cloud()).unwrap();

    let mut authorization = Authorization::begin(&client, OAuthRepoType::Gitee).await.unwrap();
    let callback = fake.sign_in_at_git_host(authorization.url());
    let created = authorization.finish(&client, "my-gitee", &callback).await.unwrap();
    let again = authorization.finish(&client, "other", &callback).await.unwrap_err();
    let other = PasswordToken::new(PasswordRepoType::DevCloud, "by-password", "alice", "p");
    let known = client.send(ListAuthorizations::new()).await.unwrap().authorizations.unwrap();
    let stranger = client.send(repositories::ListNamespaces::new("no-such")).await.unwrap_err();
    let namespaces = client.send(repositories::ListNamespaces::new("my-gitee")).await.unwrap();
    let branches = client.send(repositories::ListBranches::new("my-gitee", "ns", "group:project")).await.unwrap();

    assert_eq!(created.name.as_deref(), Some("my-gitee"));
    assert_eq!((again.kind(), again.attempts()), (ErrorKind::Input, 0));
    assert_eq!(known.len(), 1);
    assert_eq!(stranger.code(), Some(yunkit_servicestage::codes::REPO_NOT_AUTHORIZED));
    assert!(!namespaces.namespaces.unwrap().is_empty() && !branches.branches.unwrap_or_default().is_empty());
    // The fake holds the official body to the specification; the other one is the caller's choice, and it says so.
    let refused = client.send(other).await.unwrap_err();
    assert!(refused.message().unwrap().contains("unknown member `token`"), "{refused}");
}

#[tokio::test]
async fn a_wrong_secret_is_refused_with_both_canonical_requests_side_by_side() {
    let fake = Fake::start().await;
    let key = AccessKey::new(fake.key().access, "wrong".into());
    let client =
        yunkit_servicestage::client(&fake.cloud_for(key).project_id("0123456789abcdef0123456789abcdef")).unwrap();

    let error = client.send(ListAuthorizations::new()).await.unwrap_err();

    assert!(error.is_unauthenticated());
    assert_eq!(error.code(), Some(yunkit_huawei::SIGNATURE_REFUSED));
    let shown = error.to_string();
    let path = "/v1/0123456789abcdef0123456789abcdef/git/auths/";
    let line = shown.lines().find(|line| line.contains(path)).unwrap();
    assert_eq!(line.matches(path).count(), 2, "{shown}");
    assert!(shown.contains("we signed on the left, the gateway computed on the right"), "{shown}");
    assert!(!shown.contains("wrong"), "{shown}");
}

#[tokio::test]
async fn a_path_with_an_encoded_slash_and_a_query_that_needs_sorting_are_signed_right() {
    let fake = Fake::start().await;
    let client = yunkit_servicestage::client(&fake.cloud()).unwrap();
    let known = fake.known(&yunkit_servicestage::CATALOGUE[0][0]);
    let auth = known["X-Repo-Auth"].as_str().unwrap();

    let file = yunkit_servicestage::files::ShowContent::new(auth, "ns", "a:b", "src/main é.rs", "a b+c");
    let answer = client.send(file).await;
    let list = v2::ListApplications::new().limit(2).offset(0).order_by("name").order("asc");
    let page = client.send(list).await;

    assert!(answer.is_ok(), "{answer:?}");
    assert!(page.is_ok(), "{page:?}");
}

#[tokio::test]
async fn v3_says_401_and_means_404() {
    let fake = Fake::start().await;
    let client = yunkit_servicestage::client(&fake.cloud()).unwrap();

    let error = client.send(v3::ShowApplicationInfo::new("no-such")).await.unwrap_err();

    assert!(error.is_not_found() && !error.is_unauthenticated());
    assert_eq!(error.status().map(|status| status.as_u16()), Some(401));
}

#[tokio::test]
async fn a_component_is_deployed_and_its_job_followed_to_the_end() {
    let fake = Fake::start().await;
    let time = Arc::new(ManualSurroundings::default());
    let client = yunkit_servicestage::client(&fake.cloud()).unwrap();
    let deploy = |name: &str| {
        let fake = &fake;
        let (client, name) = (client.clone(), name.to_owned());
        async move {
            let entry = yunkit_servicestage::CATALOGUE
                .iter()
                .copied()
                .flatten()
                .find(|e| e.info.id == "CreateInstance")
                .unwrap();
            let mut known = fake.known(entry);
            known.insert("name".to_owned(), name.into());
            let request = fake.engines()[0].request(entry, &known).unwrap();
            let mut answer = v2::CreateInstanceResponse::default();
            client.send_record(entry.info, &*request, &mut answer).await.unwrap();
            answer.job_id.unwrap()
        }
    };
    let (good, bad) = (deploy("web").await, deploy("fails").await);
    let client = client.surroundings(time.clone());

    let mut lines = Vec::new();
    let mut progress = watch_job(&client, &good);
    while let Some(job) = progress.next().await {
        lines.push(job.unwrap().to_string());
    }
    let failed = wait_for_job(&client, &bad).await.unwrap();

    assert_eq!(
        lines,
        [
            "deploy: RUNNING, 0 of 1 steps; prepare",
            "deploy: RUNNING, 1 of 2 steps; pull image",
            "deploy: RUNNING, 2 of 3 steps; start",
            "deploy: SUCCEEDED, 3 of 3 steps",
        ]
    );
    assert!(!failed.succeeded() && failed.is_over());
    assert_eq!(failed.to_string(), "deploy: FAILED, 2 of 3 steps; start: the image cannot be pulled");
    let waits: Vec<u128> = time.waits().iter().map(Duration::as_millis).take(3).collect();
    assert_eq!(waits, [2000, 3000, 4500]);
}

#[tokio::test]
async fn an_iam_user_signs_in_with_a_password_once_for_all_calls() {
    let fake = Fake::start().await;
    let client = yunkit_servicestage::client(&fake.cloud_for(fake.user())).unwrap();

    let calls: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.send(ListAuthorizations::new()).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    let wrong = yunkit_huawei::iam_token::IamToken::password("fake-account", "demo", "no".into());
    let refused = yunkit_servicestage::client(&fake.cloud_for(wrong))
        .unwrap()
        .send(ListAuthorizations::new())
        .await
        .unwrap_err();

    // Twenty calls and one sign-in, which also told the project; and the one that failed.
    assert_eq!(fake.requests(), 22);
    assert_eq!(refused.kind(), ErrorKind::Credential);
    assert!(refused.to_string().contains("The username or password is wrong."), "{refused}");
    assert!(!refused.to_string().contains("no\""), "{refused}");
}

#[tokio::test]
async fn keys_are_found_wherever_huaweis_sdks_find_them() {
    let fake = Fake::start().await;
    let AccessKey { access, .. } = fake.key();
    let secret = fake.as_json()["servicestage"]["sk"].as_str().unwrap().to_owned();
    let pair = [("HUAWEICLOUD_SDK_AK", &*access), ("HUAWEICLOUD_SDK_SK", &*secret)];
    let profile = format!("[basic]\nak = {access}\nsk = {secret}\n");
    let oidc = [
        ("HUAWEICLOUD_OIDC_PROVIDER_URN", "iam::provider:p"),
        ("HUAWEICLOUD_OIDC_AGENCY_URN", "iam::agency:a"),
        ("HUAWEICLOUD_OIDC_ID_TOKEN", "an.id.token"),
    ];
    let idp = [("HUAWEICLOUD_SDK_IDP_ID", "idp"), ("HUAWEICLOUD_SDK_ID_TOKEN_FILE", "/token")];
    let boxed = |provider: Box<dyn Fn() -> Chain>| provider;
    let one = |provider: fn() -> Arc<dyn Provider>| boxed(Box::new(move || Chain::new(vec![provider()])));
    let metadata = fake.iam();
    let rows: Vec<(Box<dyn Fn() -> Chain>, Environment)> = vec![
        (one(|| Arc::new(Variables)), Environment::of(pair)),
        (one(|| Arc::new(Variables)), Environment::of(idp).with_file("/token", "an.id.token\n")),
        (
            one(|| Arc::new(Profile::basic())),
            Environment::of([]).with_home("/h").with_file("/h/.huaweicloud/credentials", profile),
        ),
        (one(|| Arc::new(OidcSts)), Environment::of(oidc)),
        (Box::new(move || Chain::new(vec![Arc::new(EcsMetadata::at(&metadata))])), Environment::of([])),
        (Box::new(Chain::usual), Environment::of(pair)),
    ];

    for (row, (provider, environment)) in rows.into_iter().enumerate() {
        let cloud = fake.cloud_for(provider()).environment(environment);
        let answer = yunkit_servicestage::client(&cloud).unwrap().send(ListAuthorizations::new()).await;
        assert!(answer.is_ok(), "row {row}: {answer:?}");
    }
}

#[tokio::test]
async fn a_pod_brings_the_token_of_its_file() {
    let fake = Fake::start().await;
    let pod = wiremock::MockServer::start().await;
    let key = serde_json::json!({"credential": {"access": "A", "secret": "S", "securitytoken": "T"}});
    wiremock::Mock::given(wiremock::matchers::header("authorization", "pod-token"))
        .and(wiremock::matchers::body_string("{}"))
        .respond_with(wiremock::ResponseTemplate::new(200).set_body_json(key))
        .mount(&pod)
        .await;
    let uri = pod.uri();
    let variables =
        [("HC_CONTAINER_CREDENTIALS_FULL_URI", &*uri), ("HC_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/pod")];
    let cloud =
        fake.cloud_for(PodIdentity).environment(Environment::of(variables).with_file("/pod", "pod-token\n"));

    // The key is not one the fake's gateway knows: that it was found is what the refusal shows.
    let error = yunkit_servicestage::client(&cloud.project_id("p"))
        .unwrap()
        .send(ListAuthorizations::new())
        .await
        .unwrap_err();

    assert_eq!(error.code(), Some(yunkit_huawei::SIGNATURE_REFUSED));
    assert!(error.to_string().contains("the access key is unknown"), "{error}");
}

#[tokio::test]
async fn a_chain_that_finds_nothing_says_what_it_tried() {
    let fake = Fake::start().await;
    let providers: Vec<Arc<dyn Provider>> =
        vec![Arc::new(OidcSts), Arc::new(Variables), Arc::new(Profile::basic()), Arc::new(PodIdentity)];
    let cloud = fake.cloud_for(Chain::new(providers)).environment(Environment::of([]).with_home("/h"));

    let error = yunkit_servicestage::client(&cloud).unwrap().send(ListAuthorizations::new()).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Credential);
    let line = error.to_string();
    for said in [
        "OIDC: HUAWEICLOUD_OIDC_PROVIDER_URN is not set",
        "environment: HUAWEICLOUD_SDK_AK is not set",
        "profile: /h/.huaweicloud/credentials: ",
        "pod identity: HC_CONTAINER_CREDENTIALS_FULL_URI is not set",
    ] {
        assert!(line.contains(said), "{line}");
    }
}

#[tokio::test]
async fn a_temporary_key_is_replaced_before_it_ends() {
    let fake = Fake::start().await;
    let time = Arc::new(ManualSurroundings::starting_at(std::time::SystemTime::now()));
    let oidc = [
        ("HUAWEICLOUD_OIDC_PROVIDER_URN", "p"),
        ("HUAWEICLOUD_OIDC_AGENCY_URN", "a"),
        ("HUAWEICLOUD_OIDC_ID_TOKEN", "t"),
    ];
    let cloud =
        fake.cloud_for(OidcSts).environment(Environment::of(oidc)).project_id("0123456789abcdef0123456789abcdef");
    let client = yunkit_servicestage::client(&cloud.surroundings(time.clone())).unwrap();

    client.send(ListAuthorizations::new()).await.unwrap();
    client.send(ListAuthorizations::new()).await.unwrap();
    let before = fake.requests();
    // An hour's key is replaced after half an hour, because it does not live 40 minutes longer than that.
    time.pass(Duration::from_secs(31 * 60));
    client.send(ListAuthorizations::new()).await.unwrap();
    // Nobody waits for that.
    while fake.requests() < 5 {
        tokio::task::yield_now().await;
    }

    assert_eq!((before, fake.requests()), (3, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_calls_that_need_a_token_of_iam_buy_one() {
    let fake = Fake::start().await;
    let client = yunkit_servicestage::client(&fake.cloud_for(fake.user())).unwrap();

    let calls = (0..100).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.send(ListAuthorizations::new()).await.map(drop) })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }

    assert_eq!(fake.requests(), 100 + 1);
}

#[tokio::test]
async fn tokens_of_iam_are_shared_by_all_processes_that_have_a_store_in_common() {
    let fake = Fake::start().await;
    let folder = tempfile::tempdir().unwrap();
    let process = || {
        let store = FileStore::sealed(folder.path(), SealingKey::new([5; 32])).unwrap();
        let cloud = fake.cloud_for(fake.user()).tokens_in("demo", Arc::new(store));
        yunkit_servicestage::client(&cloud).unwrap()
    };

    for client in [process(), process(), process()] {
        client.send(ListAuthorizations::new()).await.unwrap();
    }

    assert_eq!(fake.requests(), 3 + 1);
}

#[tokio::test]
async fn a_key_that_does_not_end_is_not_taken_from_an_earlier_run() {
    let fake = Fake::start().await;
    let store = Arc::new(MemoryStore::default());
    let process = |key: AccessKey| {
        let cloud = fake.cloud_for(key).tokens_in("demo", store.clone());
        yunkit_servicestage::client(&cloud).unwrap()
    };

    let old = process(AccessKey::new("AKOLD", "no longer good".into())).send(ListAuthorizations::new()).await;
    let new = process(fake.key()).send(ListAuthorizations::new()).await;

    assert!(old.is_err() && new.is_ok(), "{new:?}");
}

#[tokio::test]
async fn iam_that_is_down_is_not_asked_by_every_call() {
    let fake = Fake::start().await;
    let down = wiremock::MockServer::start().await;
    let refuse = wiremock::ResponseTemplate::new(503);
    wiremock::Mock::given(wiremock::matchers::any()).respond_with(refuse).mount(&down).await;
    let time = Arc::new(ManualSurroundings::starting_at(std::time::SystemTime::now()));
    let cloud = fake.cloud_for(fake.user()).endpoints(fake.endpoints().with("iam", down.uri()));
    let client = yunkit_servicestage::client(&cloud.surroundings(time.clone())).unwrap();
    let asked = async || down.received_requests().await.unwrap().len();

    for _ in 0..100 {
        let error = client.send(ListAuthorizations::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credential, "{error}");
    }
    assert_eq!(asked().await, 1);

    time.pass(Duration::from_secs(1));
    for _ in 0..100 {
        assert!(client.send(ListAuthorizations::new()).await.is_err());
    }
    assert_eq!(asked().await, 2);
}

#[tokio::test]
async fn a_call_on_behalf_of_nobody_is_refused_before_it_is_sent() {
    let fake = Fake::start().await;
    let nobody = yunkit_servicestage::client(&fake.cloud()).unwrap().anonymous();

    let error = nobody.send(ListAuthorizations::new()).await.unwrap_err();

    assert_eq!(error.message(), Some("`project_id` in the path comes with a credential, and there is none"));
    assert_eq!((error.kind(), fake.requests()), (ErrorKind::Credential, 0));
}

#[tokio::test]
async fn a_region_without_a_project_says_how_to_name_one() {
    let fake = Fake::start().await;
    let cloud = Cloud::new(Region::new("xx-none-1"), fake.key()).unwrap();
    let cloud = cloud.endpoints(fake.endpoints()).environment(Environment::of([]));

    let error = yunkit_servicestage::client(&cloud).unwrap().send(ListAuthorizations::new()).await.unwrap_err();

    let line = error.to_string();
    assert!(line.contains("no project called xx-none-1"), "{line}");
    assert!(line.contains("Cloud::project_id"), "{line}");
    assert_eq!(error.was_sent(), yunkit_core::WasSent::No);
}

#[tokio::test]
async fn keys_are_derived_for_hosts_that_are_not_huaweis_when_told_so() {
    let fake = Fake::start().await;

    let regions = fake.cloud().derives_keys().global_client("iam").unwrap().send(KeystoneListRegions::new()).await;
    let known =
        yunkit_servicestage::client(&fake.cloud().derives_keys()).unwrap().send(ListAuthorizations::new()).await;

    assert!(regions.is_ok() && known.is_ok(), "{regions:?} {known:?}");
}

#[tokio::test]
async fn a_user_signs_in_through_orgid_and_their_session_ends_with_its_token() {
    let fake = Fake::start().await;
    let orgid = fake.org_id();

    let request = orgid.authorize(&[Scope::Profile, Scope::Email]);
    let callback = fake.consent(request.url()).unwrap();
    let code = request.code_from(&callback).unwrap();
    let tokens = orgid.exchange(&code).await.unwrap();
    let used = orgid.exchange(&code).await.unwrap_err();
    let session = orgid.session("demo", Arc::new(MemoryStore::default()));
    let mut ended = tokens.clone();
    session.begin(tokens).await.unwrap();
    let by_header = orgid.user_info(&session, TokenPlace::Header).await.unwrap();
    let by_body = orgid.user_info(&session, TokenPlace::Body).await.unwrap();
    ended.expires_at = Some(std::time::SystemTime::UNIX_EPOCH);
    let old = orgid.session("old", Arc::new(MemoryStore::default()));
    old.begin(ended).await.unwrap();
    let over = orgid.user_info(&old, TokenPlace::Header).await.unwrap_err();

    assert_eq!((by_header.user_name.as_deref(), by_body.user_name), (Some("demo"), by_header.user_name.clone()));
    assert_eq!(used.code(), Some("ORGID.OAUTH.0001"));
    assert!(over.is_reauthorization_required(), "{over}");
    assert_eq!(
        orgid.logout_url(Some("https://a.example.com")).query(),
        Some("service=https%3A%2F%2Fa.example.com")
    );
}

#[tokio::test]
async fn orgid_can_be_called_with_signatures_too() {
    let fake = Fake::start().await;
    let orgid = OrgId::signed(&fake.cloud(), fake.application()).unwrap();
    let service = "https://app.example.com/login";

    let good = validate_ticket(orgid.client(), service, &fake.ticket(service).into()).await.unwrap();
    let elsewhere = validate_ticket(orgid.client(), "https://other", &fake.ticket(service).into()).await.unwrap();
    let long = validate_ticket(orgid.client(), &"x".repeat(1025), &"ST-1".into()).await.unwrap_err();

    assert!(matches!(&good, Ticket::Good { user, .. } if user == "demo"), "{good:?}");
    assert!(matches!(&elsewhere, Ticket::Refused { code, .. } if code == "INVALID_SERVICE"), "{elsewhere:?}");
    assert_eq!((long.kind(), long.attempts()), (ErrorKind::Input, 0));
}

#[test]
fn nothing_that_holds_a_key_prints_it() {
    let cloud =
        Cloud::new(Region::CN_NORTH_4, AccessKey::new("AK", "canary".into()).temporary("canary".into())).unwrap();
    let client = cloud.endpoints(Endpoints::new()).client("servicestage").unwrap();

    let printed = format!("{client:?}");

    assert!(!printed.contains("canary"), "{printed}");
}
