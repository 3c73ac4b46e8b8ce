//! The tour: a day in the life of a program that talks to Gitee, then to CODING, and then to Huawei Cloud.

mod coding;
mod huawei;

use crate::report::Report;
use std::sync::Arc;
use std::time::Duration;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};
use yunkit_core::secrecy::SecretString;
use yunkit_core::session::MemoryStore;
use yunkit_core::{Client, Error, ErrorKind};
use yunkit_gitee::body::File;
use yunkit_gitee::oauth::Scope;
use yunkit_gitee::types::{Issue, Repository};
use yunkit_gitee::webhook::{Event, Webhook};
use yunkit_gitee::{Gitee, issues, labels, pulls, repos, users, webhooks};
use yunkit_testkit::gitee::{Fake, LOGIN};

const A_DAY_AND_A_SECOND: Duration = Duration::from_secs(86_401);

/// Everything, against a fake on a free port of 127.0.0.1.
pub(crate) async fn on_fakes() -> Result<(), Error> {
    let mut report = Report::new();
    let fake = Fake::start().await;
    report.headline(&format!("yunkit tour: the real SDK against a fake Gitee at {}", fake.address()));

    let client = sign_in(&mut report, &fake).await?;
    read(&mut report, &client, 20).await?;
    let hook = listen(&mut report, &client).await?;
    open_an_issue(&mut report, &client).await?;
    change_something(&mut report, &client).await?;
    release(&mut report, &client).await?;
    hear(&mut report, &fake, &hook).await?;
    meet_errors(&mut report, &fake, &client).await?;

    println!();
    report.remark(&format!("{} requests were made; none of them left this machine.", fake.requests()));
    coding::chapter(&mut report).await?;
    huawei::chapter(&mut report).await
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
    let number = issue.number.clone().unwrap_or_default();
    let label = labels::AddToIssue::new(LOGIN, "repository-1", &number, vec!["bug".to_owned(), "wet".to_owned()]);
    report
        .step("labels::AddToIssue::new(…, [\"bug\", \"wet\"])", client.send(label), |labels| {
            let names: Vec<&str> = labels.iter().filter_map(|label| label.name.as_deref()).collect();
            format!(
                "it has the labels {}; \"wet\" is none of the repository's, and nobody said so",
                names.join(", ")
            )
        })
        .await?;
    let comment = issues::CreateComment::new(LOGIN, "repository-1", &number, "It kept us awake.");
    report
        .step("issues::CreateComment::new(…, \"It kept us awake.\")", client.send(comment), |comment| {
            format!("comment {}", comment.id.unwrap_or_default())
        })
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

const SECRET: &str = "a secret between us";

/// Sets up a webhook to a receiver of our own, which is to answer 200.
async fn listen(report: &mut Report, client: &Client) -> Result<MockServer, Error> {
    let receiver = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&receiver).await;
    let hook = webhooks::Create::new(LOGIN, "repository-1", receiver.uri()).encryption_type(1).password(SECRET);
    let hook = hook.push_events(true).issues_events(true).note_events(true).merge_requests_events(true);
    report
        .step("webhooks::Create::new(\"demo\", \"repository-1\", our address)", client.send(hook), |hook| {
            format!(
                "webhook {} tells us of pushes, issues, comments and pull requests",
                hook.id.unwrap_or_default()
            )
        })
        .await?;
    Ok(receiver)
}

async fn change_something(report: &mut Report, client: &Client) -> Result<(), Error> {
    let branch = repos::CreateBranch::new(LOGIN, "repository-1", "master", "fix-the-tap");
    report
        .step("repos::CreateBranch::new(…, \"master\", \"fix-the-tap\")", client.send(branch), |branch| {
            format!("{} begins where master is", branch.name.as_deref().unwrap_or("?"))
        })
        .await?;
    // "A new washer.\n", in base64 as the service wants it.
    let file = repos::CreateFile::new(LOGIN, "repository-1", "tap.md", "QSBuZXcgd2FzaGVyLgo=", "Change the washer");
    report
        .step("repos::CreateFile::new(…, \"tap.md\", …)", client.send(file.branch("fix-the-tap")), |answer| {
            let sha = answer.commit.as_ref().and_then(|commit| commit.sha.clone()).unwrap_or_default();
            format!("commit {}", sha.get(..10).unwrap_or_default())
        })
        .await?;
    let pull = pulls::Create::new(LOGIN, "repository-1", "The tap is tight", "fix-the-tap", "master");
    let number = report
        .step("pulls::Create::new(…, \"fix-the-tap\", \"master\")", client.send(pull), |pull| {
            format!("pull request !{} is open", pull.number.unwrap_or_default())
        })
        .await?
        .number
        .unwrap_or_default();
    let merge = client.send(pulls::Merge::new(LOGIN, "repository-1", number));
    report
        .step("pulls::Merge::new(…)", merge, |merged| {
            let sha = merged.sha.as_deref().unwrap_or_default();
            format!("merged as {}", sha.get(..10).unwrap_or_default())
        })
        .await?;
    let check = client.check(pulls::CheckIfMerged::new(LOGIN, "repository-1", number));
    report.step("client.check(pulls::CheckIfMerged::new(…))", check, bool::to_string).await.map(drop)
}

async fn release(report: &mut Report, client: &Client) -> Result<(), Error> {
    let new = repos::CreateRelease::new(LOGIN, "repository-1", "v1.0", "Dry", "No more dripping.", "master");
    let id = report
        .step("repos::CreateRelease::new(…, \"v1.0\", …)", client.send(new), |release| {
            format!("release {} of {}", release.id.unwrap_or_default(), release.tag_name.as_deref().unwrap_or("?"))
        })
        .await?
        .id
        .unwrap_or_default();
    let content: Vec<u8> = (0..500_000_u32).flat_map(u32::to_le_bytes).collect();
    let file = File::from_bytes("washer.bin", content).on_progress(report.bar("up  "));
    let asset = report
        .step(
            "repos::UploadReleaseAsset::new(…, File::from_bytes(\"washer.bin\", …).on_progress(…))",
            client.send(repos::UploadReleaseAsset::new(LOGIN, "repository-1", id, file)),
            |asset| format!("{}, {} bytes", asset.name.as_deref().unwrap_or("?"), asset.size.unwrap_or_default()),
        )
        .await?;
    let download = repos::DownloadReleaseAsset::new(LOGIN, "repository-1", id, asset.id.unwrap_or_default());
    let bar = report.bar("down");
    let path = std::env::temp_dir().join(format!("yunkit-tour-{}.bin", std::process::id()));
    let save = async {
        let saved = client.download(download).await?.on_progress(bar).save(&path).await;
        // The tour leaves nothing behind; a file that was not written is not there to be removed.
        let _ = std::fs::remove_file(&path);
        saved
    };
    report
        .step("client.download(repos::DownloadReleaseAsset::new(…)).save(path)", save, |bytes| {
            format!("{bytes} bytes from another host, which never saw the token")
        })
        .await
        .map(drop)
}

/// Reads what the webhook was sent.
async fn hear(report: &mut Report, fake: &Fake, receiver: &MockServer) -> Result<(), Error> {
    fake.delivered().await;
    let webhook = Webhook::signed(SECRET.into());
    let read = async {
        let mut heard = Vec::new();
        for delivery in receiver.received_requests().await.unwrap_or_default() {
            heard.push(match webhook.open(&delivery.headers, &delivery.body, fake.now())? {
                Event::Push(push) => format!("push to {}", push.r#ref.unwrap_or_default()),
                Event::Issue(event) => format!("issue {}", event.action.unwrap_or_default()),
                Event::Note(event) => format!("comment on {}", event.per_iid.unwrap_or_default()),
                Event::MergeRequest(event) => format!("pull request {}", event.action.unwrap_or_default()),
                _ => "something else".to_owned(),
            });
        }
        Ok(heard)
    };
    report
        .step("Webhook::signed(secret).open(&headers, &body, now)", read, |heard: &Vec<String>| {
            format!("{} signatures are right: {}", heard.len(), heard.join(", "))
        })
        .await?;
    let delivery = receiver.received_requests().await.unwrap_or_default().swap_remove(0);
    let forged = Webhook::signed("another secret".into());
    let refused = async { forged.open(&delivery.headers, &delivery.body, fake.now()) };
    report
        .failing_step("the same delivery, with another secret", refused, |error| {
            error.kind() == ErrorKind::Delivery
        })
        .await
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
