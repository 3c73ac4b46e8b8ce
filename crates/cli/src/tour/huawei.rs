//! The chapter on Huawei Cloud.

use crate::report::Report;
use std::collections::BTreeMap;
use std::sync::Arc;
use yunkit_core::session::MemoryStore;
use yunkit_core::{Client, Error};
use yunkit_orgid::{Scope, TokenPlace};
use yunkit_servicestage::authorization::Authorization;
use yunkit_servicestage::authorizations::OAuthRepoType;
use yunkit_servicestage::jobs::watch_job;
use yunkit_servicestage::{repositories, v2};
use yunkit_testkit::ManualSurroundings;
use yunkit_testkit::huawei::Fake;

/// Everything, against fakes on free ports of 127.0.0.1.
pub(crate) async fn chapter(report: &mut Report) -> Result<(), Error> {
    let fake = Fake::start().await;
    println!();
    let address = fake.servicestage();
    report.headline(&format!(
        "Huawei Cloud: ServiceStage at {address}, behind a gateway that verifies every signature"
    ));

    let client = yunkit_servicestage::client(&fake.cloud())?;
    let_in(report, &fake, &client).await?;
    look_around(report, &client).await?;
    deploy(report, &client).await?;
    sign_in(report, &fake).await?;

    println!();
    report.remark(&format!("{} requests were made; none of them left this machine.", fake.requests()));
    Ok(())
}

/// The authorisation of a code repository, the reason ServiceStage is here.
async fn let_in(report: &mut Report, fake: &Fake, client: &Client) -> Result<(), Error> {
    let begin = Authorization::begin(client, OAuthRepoType::Gitee);
    let mut authorization = report
        .step("Authorization::begin(&client, OAuthRepoType::Gitee)", begin, |authorization| {
            format!("the person opens {}…", authorization.url().split('?').next().unwrap_or_default())
        })
        .await?;
    let callback = fake.sign_in_at_git_host(authorization.url());
    report.remark("the person signs in, and the browser ends at a page of Huawei's console");
    let finish = authorization.finish(client, "my-gitee", &callback);
    report
        .step("authorization.finish(&client, \"my-gitee\", callback)", finish, |made| {
            format!("requests may give {:?} as X-Repo-Auth now", made.name.as_deref().unwrap_or("?"))
        })
        .await?;
    let again = authorization.finish(client, "again", &callback);
    report.failing_step("the same callback again", again, |error| error.attempts() == 0).await
}

async fn look_around(report: &mut Report, client: &Client) -> Result<(), Error> {
    let namespaces = client.send(repositories::ListNamespaces::new("my-gitee"));
    let namespaces = report
        .step("repositories::ListNamespaces::new(\"my-gitee\")", namespaces, |answer| {
            format!("{} namespaces", answer.namespaces.as_ref().map_or(0, Vec::len))
        })
        .await?;
    let namespace = namespaces.namespaces.unwrap_or_default().into_iter().find_map(|namespace| namespace.name);
    let namespace = namespace.unwrap_or_else(|| "demo".to_owned());
    let projects = client.send(repositories::ListProjects::new("my-gitee", &namespace));
    report
        .step("repositories::ListProjects::new(\"my-gitee\", namespace)", projects, |answer| {
            format!("{} repositories", answer.projects.as_ref().map_or(0, Vec::len))
        })
        .await?;
    let branches = client.send(repositories::ListBranches::new("my-gitee", &namespace, "group:project"));
    report
        .step("repositories::ListBranches::new(\"my-gitee\", namespace, \"group:project\")", branches, |answer| {
            format!("{} branches", answer.branches.as_ref().map_or(0, Vec::len))
        })
        .await
        .map(drop)
}

async fn deploy(report: &mut Report, client: &Client) -> Result<(), Error> {
    let application = client.send(v2::CreateApplication::new("shop"));
    let id = |id: &Option<String>| id.clone().unwrap_or_default();
    let application = report
        .step("v2::CreateApplication::new(\"shop\")", application, |answer| {
            format!("application {}", id(&answer.id))
        })
        .await?;
    let environment = v2::CreateEnvironment::new("test", "container", "a-vpc", Vec::new());
    let environment = report
        .step("v2::CreateEnvironment::new(\"test\", \"container\", …)", client.send(environment), |answer| {
            format!("environment {}", id(&answer.id))
        })
        .await?;
    let component = v2::CreateComponent::new(id(&application.id), "web", "Docker", "Webapp");
    let component = report
        .step("v2::CreateComponent::new(…, \"web\", \"Docker\", \"Webapp\")", client.send(component), |answer| {
            format!("component {}", id(&answer.id))
        })
        .await?;
    let (artifacts, resources) = (BTreeMap::new(), Vec::new());
    let instance = v2::CreateInstance::new(
        id(&application.id),
        id(&component.id),
        "web-1",
        id(&environment.id),
        "MICRO-5G:1-1:0.25-0.25",
        1,
        artifacts,
        "1.0.0",
        resources,
    );
    let job = report
        .step("v2::CreateInstance::new(…, \"web-1\", …)", client.send(instance), |answer| {
            format!("job {}", id(&answer.job_id))
        })
        .await?;
    // The fake is quick; only the waits between two looks are skipped.
    let client = client.clone().surroundings(Arc::new(ManualSurroundings::starting_at(client.clock().now())));
    let mut progress = watch_job(&client, id(&job.job_id));
    let follow = async {
        let mut seen = Vec::new();
        while let Some(job) = progress.next().await {
            seen.push(job?.to_string());
        }
        Ok(seen)
    };
    let seen = report
        .step("watch_job(&client, job_id).next(), until it is over", follow, |seen: &Vec<String>| {
            seen.last().cloned().unwrap_or_default()
        })
        .await?;
    seen.iter().for_each(|line| report.remark(line));
    Ok(())
}

async fn sign_in(report: &mut Report, fake: &Fake) -> Result<(), Error> {
    let orgid = fake.org_id();
    let request = orgid.authorize(&[Scope::Profile]);
    let callback = fake.consent(request.url()).map_err(|why| Error::input("consent", why))?;
    let code = request.code_from(&callback)?;
    let tokens = report
        .step("orgid.exchange(&code)", orgid.exchange(&code), |_| {
            "tokens for an hour; OrgID documents no way to renew them".to_owned()
        })
        .await?;
    let session = orgid.session("demo", Arc::new(MemoryStore::default()));
    session.begin(tokens).await?;
    let user = orgid.user_info(&session, TokenPlace::Header);
    report
        .step("orgid.user_info(&session, TokenPlace::Header)", user, |user| {
            format!("{} ({})", user.user_name.as_deref().unwrap_or("?"), user.name.as_deref().unwrap_or("?"))
        })
        .await
        .map(drop)
}
