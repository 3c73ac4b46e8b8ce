//! No secret of any credential shows in anything that can be printed: values, errors, requests, logs.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record as SpanRecord};
use tracing::{Event, Metadata, Subscriber};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};
use yunkit_coding_open::credentials::InBody;
use yunkit_coding_open::{CodingOpen, projects};
use yunkit_coding_rest::{CodingRest, InQuery};
use yunkit_core::secrecy::ExposeSecret;
use yunkit_core::session::{FileStore, Kept, MemoryStore, SealingKey, Session, TokenStore, Tokens, Vault};
use yunkit_core::{Client, Error, Operation, Retry};
use yunkit_gitee::webhook::Webhook;
use yunkit_gitee::{Gitee, issues, repos};
use yunkit_huawei::credentials::AccessKey;
use yunkit_huawei::{Cloud, Endpoints, Environment, Region};
use yunkit_orgid::{OrgId, TokenPlace};
use yunkit_servicestage::authorizations;
use yunkit_testkit::{LeakScanner, ManualSurroundings};
use yunkit_token_redis::RedisStore;

/// Writes down everything that is logged, at every level.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for &Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.lock().unwrap().push_str(&format!("{}={value:?} ", field.name()));
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut &*self);
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &SpanRecord<'_>) {
        values.record(&mut &*self);
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut &*self);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// A server that refuses in every way a service, a proxy and a socket know.
async fn refusing() -> MockServer {
    let server = MockServer::start().await;
    for answer in [
        ResponseTemplate::new(401).set_body_string("Invalid"),
        ResponseTemplate::new(403).set_body_string(r#"{"message":"no"}"#),
        ResponseTemplate::new(302).insert_header("location", "https://elsewhere.example.com/?a=b"),
        ResponseTemplate::new(502).set_body_string("<html>"),
        ResponseTemplate::new(200).set_body_string("{"),
        ResponseTemplate::new(200)
            .set_body_string(r#"{"Response":{"Error":{"Code":"AuthFailure","Message":"no"}}}"#),
    ] {
        Mock::given(any()).respond_with(answer).up_to_n_times(1).mount(&server).await;
    }
    Mock::given(any()).respond_with(ResponseTemplate::new(500)).mount(&server).await;
    server
}

/// Everything that can be seen of a client, of its requests and of its failures.
async fn scan<O: Operation + Clone>(
    scanner: &mut LeakScanner,
    who: &str,
    make: impl Fn(&str) -> Result<Client, Error>,
    operation: O,
) {
    let server = refusing().await;
    // A port where nobody listens.
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    for address in [server.uri(), closed] {
        let client = make(&address).unwrap().retry(Retry::NEVER);
        scanner.look_at(&format!("{who}: the client"), &client);
        match client.prepare(&operation) {
            Ok(request) => scanner.look_at(&format!("{who}: a request"), &request),
            Err(error) => scanner.look_at_error(&format!("{who}: a request"), &error),
        }
        for attempt in 0..8 {
            if let Err(error) = client.send(operation.clone()).await {
                scanner.look_at_error(&format!("{who}: failure {attempt}"), &error);
            }
        }
    }
}

fn session(
    scanner: &mut LeakScanner,
    who: &str,
    refresher: Arc<dyn yunkit_core::session::Refresher>,
) -> (Session, Tokens) {
    let mut tokens = Tokens::new(scanner.plain_canary("access token"));
    tokens.refresh_token = Some(scanner.plain_canary("refresh token"));
    let session = Session::new(who, Arc::new(MemoryStore::default()), refresher);
    scanner.look_at(&format!("{who}: tokens"), &tokens);
    (session, tokens)
}

#[tokio::test]
async fn gitee_shows_no_secret() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let mut scanner = LeakScanner::new("gitee");
    let (token, secret) = (scanner.plain_canary("token"), scanner.canary("client secret"));
    let application = yunkit_gitee::oauth::Application::new("id", secret.clone(), "http://localhost:1/cb");
    scanner.look_at("the application", &application);
    scanner.look_at("a webhook", &Webhook::signed(secret.clone()));

    let read = repos::Get::new("o", "r");
    scan(&mut scanner, "a token", |at| Gitee::at(at)?.with_token(token.clone()), read.clone()).await;
    scan(&mut scanner, "a token by scheme", |at| Gitee::at(at)?.with_token_scheme(&token), read.clone()).await;
    let write = issues::Create::new("o", "t").repo("r");
    scan(&mut scanner, "a write", |at| Gitee::at(at)?.with_token(token.clone()), write).await;
    let server = refusing().await;
    let oauth = Gitee::at(&server.uri()).unwrap().oauth(application).unwrap();
    scanner.look_at("oauth", &oauth);
    let code = scanner.canary("code");
    for _ in 0..7 {
        let error = oauth.exchange(&code).await.unwrap_err();
        scanner.look_at_error("an exchange", &error);
    }
    let (session, tokens) = session(&mut scanner, "gitee", Arc::new(oauth));
    session.begin(tokens).await.unwrap();
    scanner.look_at("the session", &session);
    scan(&mut scanner, "a session", |at| Gitee::at(at)?.with_session(session.clone()), read).await;

    scanner.look("the log", &log.0.lock().unwrap());
    assert!(log.0.lock().unwrap().contains("repos::Get"), "nothing was logged");
    scanner.finish().unwrap();
}

#[tokio::test]
async fn coding_shows_no_secret_wherever_its_tokens_travel() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let mut scanner = LeakScanner::new("coding");
    let (token, hidden) = (scanner.plain_canary("token"), scanner.canary("token in a body"));
    let secret = scanner.canary("client secret");
    let application = yunkit_coding_rest::oauth::Application::new("id", secret.clone(), "http://localhost:1/cb");
    scanner.look_at("the application", &application);
    scanner.look_at("a webhook", &yunkit_coding_open::webhook::Webhook::with_token(secret));

    let action = projects::DescribeProjectByName::new("p");
    scan(&mut scanner, "a token", |at| CodingOpen::at(at)?.with_token(token.clone()), action.clone()).await;
    scan(
        &mut scanner,
        "a project token",
        |at| CodingOpen::at(at)?.with_project_token("u", hidden.clone()),
        action.clone(),
    )
    .await;
    let in_body = |at: &str| CodingOpen::at(at)?.with_token_in_body(InBody::oauth(hidden.clone()));
    scan(&mut scanner, "a token in the body", in_body, action.clone()).await;
    let in_body = |at: &str| CodingOpen::at(at)?.with_token_in_body(InBody::personal(hidden.clone()));
    scan(&mut scanner, "a personal token in the body", in_body, action.clone()).await;
    let me = yunkit_coding_rest::account::GetMe::new();
    scan(&mut scanner, "the legacy API", |at| CodingRest::at(at)?.with_token(token.clone()), me.clone()).await;
    let in_query = |at: &str| CodingRest::at(at)?.with_token_in_query(InQuery::token(hidden.clone()));
    scan(&mut scanner, "a token in the query", in_query, me.clone()).await;
    let server = refusing().await;
    let oauth = CodingRest::at(&server.uri()).unwrap().oauth(application).unwrap();
    let code = scanner.canary("code");
    for _ in 0..7 {
        scanner.look_at_error("an exchange", &oauth.exchange(&code).await.unwrap_err());
    }
    let (session, tokens) = session(&mut scanner, "coding", Arc::new(oauth));
    session.begin(tokens).await.unwrap();
    let in_body = |at: &str| CodingOpen::at(at)?.with_token_in_body(InBody::session(session.clone()));
    scan(&mut scanner, "a session in the body", in_body, action).await;
    scan(&mut scanner, "a session", |at| CodingRest::at(at)?.with_session(session.clone()), me).await;

    scanner.look("the log", &log.0.lock().unwrap());
    assert!(log.0.lock().unwrap().contains("projects::DescribeProjectByName"), "nothing was logged");
    scanner.finish().unwrap();
}

#[tokio::test]
async fn huawei_shows_no_secret() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let mut scanner = LeakScanner::new("huawei");
    let secret = scanner.canary("secret key");
    let key = AccessKey::new("AK", secret);
    scanner.look_at("a key", &key);
    let password = scanner.canary("password");
    let iam = yunkit_huawei::iam_token::IamToken::password("account", "user", password);
    scanner.look_at("an IAM user", &iam);
    let application =
        yunkit_orgid::Application::new("id", scanner.canary("client secret"), "http://localhost:1/cb");
    scanner.look_at("the application", &application);

    let cloud = |at: &str, iam: Option<yunkit_huawei::iam_token::IamToken>| -> Result<Client, Error> {
        let cloud = match iam {
            Some(iam) => Cloud::new(Region::CN_NORTH_4, iam)?,
            None => Cloud::new(Region::CN_NORTH_4, key.clone())?,
        };
        let cloud = cloud.surroundings(Arc::new(ManualSurroundings::default()));
        let endpoints = Endpoints::new().with("servicestage", at).with("iam", at);
        yunkit_servicestage::client(&cloud.endpoints(endpoints).environment(Environment::of([])))
    };
    let list = authorizations::ListAuthorizations::new();
    scan(&mut scanner, "a signed call", |at| cloud(at, None), list.clone()).await;
    scan(&mut scanner, "a call with a token of IAM", |at| cloud(at, Some(iam.clone())), list).await;

    scanner.look("the log", &log.0.lock().unwrap());
    assert!(log.0.lock().unwrap().contains("authorizations::ListAuthorizations"), "nothing was logged");
    scanner.finish().unwrap();
}

#[tokio::test]
async fn orgid_shows_no_secret() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let mut scanner = LeakScanner::new("orgid");
    let secret = scanner.canary("client secret");
    let application = yunkit_orgid::Application::new("id", secret, "http://localhost:1/cb");
    let (code, ticket) = (scanner.canary("code"), scanner.plain_canary("ticket"));
    let mut tokens = Tokens::new(scanner.plain_canary("access token"));
    tokens.refresh_token = Some(scanner.plain_canary("refresh token"));

    let server = refusing().await;
    let org_id = OrgId::at(&server.uri(), application).unwrap();
    scanner.look_at("OrgID", &org_id);
    let session = org_id.session("demo", Arc::new(MemoryStore::default()));
    session.begin(tokens).await.unwrap();
    scanner.look_at("the session", &session);
    for _ in 0..7 {
        scanner.look_at_error("an exchange", &org_id.exchange(&code).await.unwrap_err());
    }
    for place in [TokenPlace::Header, TokenPlace::Body] {
        let server = refusing().await;
        let application = yunkit_orgid::Application::new("id", "no secret".into(), "http://localhost:1/cb");
        let org_id = OrgId::at(&server.uri(), application).unwrap();
        for _ in 0..8 {
            if let Err(error) = org_id.user_info(&session, place).await {
                scanner.look_at_error("who the user is", &error);
            }
        }
    }
    let validate = yunkit_orgid::cas::ValidateService::new("https://app.example.com", ticket.clone());
    scanner.look_at("a ticket", &validate);
    let anybody = |at: &str| {
        let application = yunkit_orgid::Application::new("id", "no secret".into(), "http://localhost:1/cb");
        Ok(OrgId::at(at, application)?.client().clone())
    };
    scan(&mut scanner, "a ticket", anybody, validate).await;
    let nobody = session.tokens(Some(1)).await.unwrap_err();
    scanner.look_at_error("a session that is over", &nobody);

    scanner.look("the log", &log.0.lock().unwrap());
    assert!(log.0.lock().unwrap().contains("ShowOauth2Token"), "nothing was logged");
    scanner.finish().unwrap();
}

#[tokio::test]
async fn stores_show_no_secret() {
    let mut scanner = LeakScanner::new("stores");
    let folder = tempfile::tempdir().unwrap();
    let mut tokens = Tokens::new(scanner.canary("access token"));
    tokens.refresh_token = Some(scanner.canary("refresh token"));
    let memory = MemoryStore::default();
    let file = FileStore::sealed(folder.path(), SealingKey::new([3; 32])).unwrap();

    for store in [&memory as &dyn TokenStore, &file] {
        store.swap("a", 0, &tokens).await.unwrap();
        scanner.look_at("a store", &store);
    }
    let vault = Vault::sealed(SealingKey::new([3; 32]));
    let kept = Kept::new(1, tokens.clone());
    scanner.look_at("a vault", &vault);
    scanner.look_at("what it keeps", &kept);
    scanner.look("what it makes of it", &String::from_utf8_lossy(&vault.close("a", &kept).unwrap()));
    scanner.look("why not", &vault.open("b", vault.close("a", &kept).unwrap()).unwrap_err().to_string());
    let password = scanner.plain_canary("password of Redis");
    let address = format!("redis://:{}@127.0.0.1:9/", password.expose_secret());
    let redis = RedisStore::sealed(&address, SealingKey::new([3; 32])).unwrap();
    scanner.look_at("a Redis", &redis);
    scanner.look("a Redis that is away", &redis.load("a").await.unwrap_err().to_string());
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        scanner.look("a file", &String::from_utf8_lossy(&bytes));
    }
    scanner.finish().unwrap();
}
