//! The tour: a day in the life of a program that talks to Gitee.

use crate::report::Report;
use std::sync::Arc;
use std::time::Duration;
use yunkit_core::secrecy::SecretString;
use yunkit_core::session::MemoryStore;
use yunkit_core::{Client, Error};
use yunkit_gitee::oauth::Scope;
use yunkit_gitee::types::{Issue, Repository};
use yunkit_gitee::{Gitee, issues, repos, users};
use yunkit_testkit::gitee::{Fake, LOGIN};

const A_DAY_AND_A_SECOND: Duration = Duration::from_secs(86_401);

/// Everything, against a fake on a free port of 127.0.0.1.
pub(crate) async fn on_fakes() -> Result<(), Error> {
    let mut report = Report::new();
    let fake = Fake::start().await;
    report.headline(&format!("yunkit tour: the real SDK against a fake Gitee at {}", fake.address()));

    let client = sign_in(&mut report, &fake).await?;
    read(&mut report, &client, 20).await?;
    open_an_issue(&mut report, &client).await?;
    meet_errors(&mut report, &fake, &client).await?;

    println!();
    report.remark(&format!("{} requests were made; none of them left this machine.", fake.requests()));
    Ok(())
}

/// What only reads, against gitee.com.
pub(crate) async fn live(token: SecretString) -> Result<(), Error> {
    let mut report = Report::new();
    report.headline("yunkit tour: reading from https://gitee.com");
    let client = Gitee::new().with_token(token)?;

    let repositories = read(&mut report, &client, 100).await?;
    if let Some((owner, repo)) = repositories.iter().find_map(address_of) {
        let list = issues::ListForRepo::new(&owner, &repo).per_page(5);
        let call = format!("issues::ListForRepo::new({owner:?}, {repo:?}).per_page(5)");
        report
            .step(&call, client.send(list), |issues: &Vec<Issue>| {
                format!("{} open issues on the first page", issues.len())
            })
            .await?;
    }
    let missing = client.send(repos::Get::new("oschina", "yunkit-tour-no-such-repository"));
    report
        .failing_step(
            "repos::Get::new(\"oschina\", \"yunkit-tour-no-such-repository\")",
            missing,
            Error::is_not_found,
        )
        .await
}

async fn sign_in(report: &mut Report, fake: &Fake) -> Result<Client, Error> {
    let gitee = fake.gitee();
    let oauth = gitee.oauth(fake.application())?;
    let request = oauth.authorize(&[Scope::UserInfo, Scope::Projects, Scope::Issues]);
    let consent = async { fake.consent(request.url()).map_err(|why| Error::input("consent", why)) };
    let callback = report
        .step("oauth.authorize(&[UserInfo, Projects, Issues]), and the user agrees", consent, |_| {
            "the browser is back with a code".to_owned()
        })
        .await?;
    let code = request.code_from(&callback)?;
    let tokens = report
        .step("oauth.exchange(&code)", oauth.exchange(&code), |tokens| {
            format!("tokens for \"{}\", good for a day", tokens.scope.as_deref().unwrap_or("?"))
        })
        .await?;
    let session = oauth.session(LOGIN, Arc::new(MemoryStore::default()));
    session.begin(tokens).await?;
    let client = gitee.with_session(session.clone())?;
    who_am_i(report, &client).await?;

    fake.pass(A_DAY_AND_A_SECOND);
    report.remark("a day passes; the access token expires");
    who_am_i(report, &client).await?;
    let (version, _) = session.tokens(None).await?;
    report.remark(&format!("the session refreshed itself on the way: its tokens are version {version} now"));
    Ok(client)
}

async fn who_am_i(report: &mut Report, client: &Client) -> Result<(), Error> {
    let me = client.send(users::GetAuthenticated::new());
    report
        .step("users::GetAuthenticated::new()", me, |me| {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            format!("{} ({})", text(&me.login), text(&me.name))
        })
        .await
        .map(drop)
}

async fn read(report: &mut Report, client: &Client, per_page: i64) -> Result<Vec<Repository>, Error> {
    let all = async {
        let mut pages = client.pages(repos::ListForAuthenticatedUser::new().per_page(per_page));
        let (mut count, mut all) = (0, Vec::new());
        while let Some(page) = pages.next().await {
            count += 1;
            all.extend(page?);
        }
        Ok((count, all))
    };
    let call = format!("client.pages(repos::ListForAuthenticatedUser::new().per_page({per_page}))");
    let describe = |(pages, all): &(u32, Vec<Repository>)| {
        let last = all.last().and_then(|repository| repository.full_name.clone()).unwrap_or_default();
        format!("{} repositories on {pages} pages, the last is {last}", all.len())
    };
    Ok(report.step(&call, all, describe).await?.1)
}

async fn open_an_issue(report: &mut Report, client: &Client) -> Result<(), Error> {
    let new = issues::Create::new(LOGIN, "The tap drips").repo("repository-1").body("Since Monday.").labels("bug");
    let issue = report
        .step(
            "issues::Create::new(\"demo\", \"The tap drips\").repo(\"repository-1\")",
            client.send(new),
            |issue| format!("issue {} is open", issue.number.as_deref().unwrap_or("?")),
        )
        .await?;
    let open = client.items(issues::ListForRepo::new(LOGIN, "repository-1").state("open")).collect();
    report
        .step(
            "client.items(issues::ListForRepo::new(\"demo\", \"repository-1\").state(\"open\"))",
            open,
            |issues| {
                let ours = issues.iter().any(|found| found.number == issue.number);
                format!("{} open issues, {} among them", issues.len(), if ours { "ours" } else { "but not ours" })
            },
        )
        .await
        .map(drop)
}

async fn meet_errors(report: &mut Report, fake: &Fake, client: &Client) -> Result<(), Error> {
    let missing = client.send(repos::Get::new(LOGIN, "no-such-repository"));
    report.failing_step("repos::Get::new(\"demo\", \"no-such-repository\")", missing, Error::is_not_found).await?;

    let stranger = fake.gitee().with_token("not-a-token".into())?;
    let refused = stranger.send(users::GetAuthenticated::new());
    report
        .failing_step("users::GetAuthenticated::new() with a wrong token", refused, Error::is_unauthenticated)
        .await?;

    fake.exhaust_allowance();
    let limited = client.send(repos::Get::new(LOGIN, "repository-1"));
    report
        .failing_step(
            "repos::Get::new(\"demo\", \"repository-1\") after too many calls",
            limited,
            Error::is_rate_limited,
        )
        .await?;
    report.remark("the wait the service asks for does not fit the deadline of a call, so the error came at once");
    fake.restore_allowance();

    let empty = client.send(repos::Get::new("", "repository-1"));
    report.failing_step("repos::Get::new(\"\", \"repository-1\")", empty, |error| error.attempts() == 0).await
}

fn address_of(repository: &Repository) -> Option<(String, String)> {
    let (owner, repo) = repository.full_name.as_deref()?.split_once('/')?;
    Some((owner.to_owned(), repo.to_owned()))
}
