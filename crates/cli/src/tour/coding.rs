//! The chapter on CODING: both of its APIs, and the one sign-in for them.

use crate::report::Report;
use std::sync::Arc;
use std::time::Duration;
use yunkit_coding_open::credentials::InBody;
use yunkit_coding_open::{branches, issues, iterations, members, merge_requests, projects, repositories};
use yunkit_coding_rest::account;
use yunkit_coding_rest::oauth::Scope;
use yunkit_coding_rest::session::{MemoryStore, Session};
use yunkit_core::{Client, Error};
use yunkit_testkit::coding::Fake;

const TWO_HOURS_AND_A_SECOND: Duration = Duration::from_secs(7201);
const DEPOT: &str = "demo/project-1/depot-1";

/// Everything, against a fake on a free port of 127.0.0.1.
pub(crate) async fn chapter(report: &mut Report) -> Result<(), Error> {
    let fake = Fake::start().await;
    println!();
    report.headline(&format!("CODING: the open API at {}/open-api, the legacy API below {0}/api", fake.address()));

    let session = sign_in(report, &fake).await?;
    let client = fake.open().with_session(session.clone())?;
    read(report, &client).await?;
    merge_something(report, &client).await?;
    call_the_old_way(report, &fake, &session).await?;
    meet_an_error(report, &client).await?;
    refresh_in_flight(report, &fake, &client).await?;

    println!();
    report.remark(&format!("{} requests were made; none of them left this machine.", fake.requests()));
    Ok(())
}

async fn sign_in(report: &mut Report, fake: &Fake) -> Result<Session, Error> {
    let oauth = fake.rest().oauth(fake.application())?;
    let request = oauth.authorize(&[Scope::User, Scope::Project, Scope::ProjectDepot]);
    let consent = async { fake.consent(request.url()).map_err(|why| Error::input("consent", why)) };
    let callback = report
        .step("oauth.authorize(&[User, Project, ProjectDepot]), and the user agrees", consent, |_| {
            "the browser is back with a code".to_owned()
        })
        .await?;
    let code = request.code_from(&callback)?;
    let tokens = report
        .step("oauth.exchange(&code)", oauth.exchange(&code), |tokens| {
            let team = yunkit_coding_rest::team_of(tokens).unwrap_or("?");
            format!("tokens for two hours, and the team they are for: {team}")
        })
        .await?;
    let session = oauth.session("demo", Arc::new(MemoryStore::default()));
    session.begin(tokens).await?;
    Ok(session)
}

async fn read(report: &mut Report, client: &Client) -> Result<(), Error> {
    let me = client.send(members::DescribeCodingCurrentUser::new());
    report
        .step("members::DescribeCodingCurrentUser::new()", me, |answer| {
            let user = answer.user.as_ref();
            let text = |text: Option<&String>| text.cloned().unwrap_or_default();
            format!(
                "{} ({})",
                text(user.and_then(|user| user.global_key.as_ref())),
                text(user.and_then(|user| user.name.as_ref()))
            )
        })
        .await?;
    let all = client.items(projects::DescribeCodingProjects::new().page_size(10)).collect();
    report
        .step("client.items(projects::DescribeCodingProjects::new().page_size(10))", all, |all| {
            format!("{} projects from 3 pages", all.len())
        })
        .await?;
    let depots = client.items(repositories::DescribeMyDepots::new()).collect();
    report
        .step("client.items(repositories::DescribeMyDepots::new())", depots, |depots| {
            let first = depots.first().and_then(|depot| depot.https_url.clone()).unwrap_or_default();
            format!("{} repository: {first}", depots.len())
        })
        .await?;
    let list = issues::DescribeIssueList::new("project-1", "ALL").limit(20);
    let all = client.items(list).collect();
    report
        .step("client.items(issues::DescribeIssueList::new(\"project-1\", \"ALL\").limit(20))", all, |all| {
            format!("{} issues; no answer said how many there are, a short page was the last", all.len())
        })
        .await
        .map(drop)
}

async fn merge_something(report: &mut Report, client: &Client) -> Result<(), Error> {
    let branch = client.send(branches::CreateGitBranch::new(DEPOT, "fix", "master"));
    report
        .step("branches::CreateGitBranch::new(\"demo/project-1/depot-1\", \"fix\", \"master\")", branch, |()| {
            "the branch is there".to_owned()
        })
        .await?;
    let open = merge_requests::CreateGitMergeReq::new(DEPOT, "Stop the leak", "It leaks no more.", "fix", "master");
    let opened = report
        .step("merge_requests::CreateGitMergeReq::new(…, \"fix\", \"master\")", client.send(open), |answer| {
            let url = answer.merge_info.as_ref().and_then(|info| info.merge_request_url.clone());
            url.unwrap_or_default()
        })
        .await?;
    let request = opened.merge_info.and_then(|info| info.merge_request_info).unwrap_or_default();
    let merge_id = request.merge_id.unwrap_or_default();
    let merge = merge_requests::ModifyMergeMR::new(DEPOT, merge_id, "Merge the fix", false, false, false);
    report
        .step("merge_requests::ModifyMergeMR::new(…)", client.send(merge), |answer| {
            let status = answer.merge_request_info.as_ref().and_then(|info| info.status.clone());
            format!("its status is {}", status.unwrap_or_default())
        })
        .await
        .map(drop)
}

async fn call_the_old_way(report: &mut Report, fake: &Fake, session: &Session) -> Result<(), Error> {
    let legacy = fake.rest().with_session(session.clone())?;
    let me = legacy.send(account::GetMe::new());
    report
        .step("account::GetMe::new(), the legacy API with the same session", me, |me| {
            format!("{} of {}", me.global_key.as_deref().unwrap_or("?"), me.team.as_deref().unwrap_or("?"))
        })
        .await?;
    let in_body = fake.open().with_token_in_body(InBody::session(session.clone()))?;
    let me = in_body.send(members::DescribeCodingCurrentUser::new());
    report
        .step("the same action with the token in the body: {\"Action\": …, \"AccessToken\": …}", me, |_| {
            "welcome, too".to_owned()
        })
        .await?;
    let in_body = fake.open().with_token_in_body(InBody::personal(fake.token()))?;
    let me = in_body.send(members::DescribeCodingCurrentUser::new());
    report
        .step("and with a personal token there: {\"Action\": …, \"Authorization\": …}", me, |_| {
            "as well".to_owned()
        })
        .await
        .map(drop)
}

async fn meet_an_error(report: &mut Report, client: &Client) -> Result<(), Error> {
    let twice = client.send(iterations::CreateIteration::new("project-1", "Sprint 1"));
    report.remark("an iteration of that name exists; the service says so at HTTP 200");
    report
        .failing_step("iterations::CreateIteration::new(\"project-1\", \"Sprint 1\")", twice, |error| {
            error.code() == Some("InvalidParameterValue")
                && error.status().is_some_and(|status| status.is_success())
        })
        .await
}

/// The refresh voids the old token at once: calls that carry it are refused, and go again with the new one.
async fn refresh_in_flight(report: &mut Report, fake: &Fake, client: &Client) -> Result<(), Error> {
    const CALLS: usize = 10;
    fake.pass(TWO_HOURS_AND_A_SECOND);
    report.remark("two hours pass; the access token expires while ten calls are on their way");
    let calls = async {
        let send = |_| {
            tokio::spawn({
                let client = client.clone();
                async move { client.send(projects::DescribeProjectByName::new("project-1")).await }
            })
        };
        for call in (0..CALLS).map(send).collect::<Vec<_>>() {
            call.await.map_err(|error| Error::input("tour", error.to_string()))??;
        }
        Ok(fake.refreshes())
    };
    report
        .step("ten times projects::DescribeProjectByName::new(\"project-1\") at once", calls, |refreshes| {
            format!("all answered; the tokens were refreshed {refreshes} time")
        })
        .await
        .map(drop)
}
