//! What the fake of Gitee remembers, through the SDK: each test is a story of a few calls.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

use std::sync::{Arc, Mutex};
use std::time::Duration;
use wiremock::MockServer;
use yunkit_gitee::body::File;
use yunkit_gitee::record::OneOrMany;
use yunkit_gitee::repos::Content;
use yunkit_gitee::webhook::{Event, Webhook};
use yunkit_gitee::{
    Client, ErrorKind, Progress, Reason, Retry, activity, attested, issues, labels, milestones, pulls, repos,
    webhooks,
};
use yunkit_testkit::gitee::{Fake, LOGIN};

const REPO: &str = "repository-1";

async fn fake() -> (Fake, Client) {
    let fake = Fake::builder().repositories(1).recording(true).start().await;
    let client = fake.gitee().with_token(fake.token()).unwrap();
    (fake, client)
}

/// base64 of `text`, as contents are sent.
fn packed(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[tokio::test]
async fn comments_come_and_go_and_the_issue_counts_them() {
    let (fake, client) = fake().await;
    let number = fake.first_issue();

    let first = client.send(issues::CreateComment::new(LOGIN, REPO, &number, "The same here.")).await.unwrap();
    client.send(issues::CreateComment::new(LOGIN, REPO, &number, "Here, too.")).await.unwrap();
    client.send(issues::UpdateComment::new(LOGIN, REPO, first.id.unwrap(), "Not any more.")).await.unwrap();
    let bodies = |comments: Vec<yunkit_gitee::types::Comment>| -> Vec<String> {
        comments.into_iter().filter_map(|comment| comment.body).collect()
    };
    let two = client.items(issues::ListComments::new(LOGIN, REPO, &number)).collect().await.unwrap();
    client.send(issues::DeleteComment::new(LOGIN, REPO, first.id.unwrap())).await.unwrap();
    let gone = client.send(issues::GetComment::new(LOGIN, REPO, first.id.unwrap())).await.unwrap_err();

    assert_eq!(bodies(two), ["Not any more.", "Here, too."]);
    assert!(gone.is_not_found());
    assert_eq!(client.send(issues::Get::new(LOGIN, REPO, &number)).await.unwrap().comments, Some(1));
}

#[tokio::test]
async fn labels_that_nobody_made_are_dropped_without_a_word() {
    let (fake, client) = fake().await;
    let number = fake.first_issue();
    client.send(labels::Create::new(LOGIN, REPO, "urgent", "ff0000")).await.unwrap();

    let names = vec!["urgent".to_owned(), "no-such-label".to_owned()];
    let set = client.send(labels::AddToIssue::new(LOGIN, REPO, &number, names)).await.unwrap();
    let refused = client.send(labels::Create::new(LOGIN, REPO, "x", "ff0000")).await.unwrap_err();
    let labelled = client.items(issues::ListForRepo::new(LOGIN, REPO).labels("urgent")).collect().await.unwrap();

    assert_eq!(set.iter().filter_map(|label| label.name.as_deref()).collect::<Vec<_>>(), ["urgent"]);
    assert_eq!(refused.status().map(|s| s.as_u16()), Some(400));
    assert_eq!(labelled.len(), 1);
}

#[tokio::test]
async fn an_issue_goes_into_a_milestone_and_is_closed() {
    let (_fake, client) = fake().await;

    let milestone = client.send(milestones::Create::new(LOGIN, REPO, "2.0", "2027-01-31")).await.unwrap();
    let number = milestone.number.unwrap();
    let new = issues::Create::new(LOGIN, "It leaks").repo(REPO).milestone(number);
    let issue = client.send(new).await.unwrap();
    let issue_number = issue.number.clone().unwrap();
    let closed = client.send(issues::Update::new(LOGIN, &issue_number).repo(REPO).state("closed")).await.unwrap();
    let open = client.items(issues::ListForRepo::new(LOGIN, REPO)).collect().await.unwrap();

    assert_eq!(issue.milestone.and_then(|milestone| milestone.title).as_deref(), Some("2.0"));
    assert!(closed.finished_at.is_some());
    assert!(open.iter().all(|other| other.number.as_deref() != Some(&issue_number)));
}

#[tokio::test]
async fn a_file_is_made_changed_and_deleted_and_what_is_not_there_is_none() {
    let (_fake, client) = fake().await;
    let get = || repos::GetContent::new(LOGIN, REPO).path("docs/guide.md");

    assert!(client.send(get()).await.unwrap().is_none());
    let create = repos::CreateFile::new(LOGIN, REPO, "docs/guide.md", packed("one\n"), "Write a guide");
    let created = client.send(create).await.unwrap();
    let sha = created.content.unwrap().sha.unwrap();
    let update =
        |sha: &str| repos::UpdateFile::new(LOGIN, REPO, "docs/guide.md", packed("one\ntwo\n"), sha, "More");
    let stale = client.send(update("0000000")).await.unwrap_err();
    let changed = client.send(update(&sha)).await.unwrap();
    let Some(OneOrMany::One(file)) = client.send(get()).await.unwrap() else { panic!("a file is one thing") };
    let sha = changed.content.unwrap().sha.unwrap();
    let raw = client.send(repos::GetRawFile::new(LOGIN, REPO, "docs/guide.md")).await.unwrap();
    let root = client.send(repos::GetContent::new(LOGIN, REPO)).await.unwrap();
    let commits = client.items(repos::ListCommits::new(LOGIN, REPO).path("docs")).collect().await.unwrap();
    let deleted = client.send(repos::DeleteFile::new(LOGIN, REPO, "docs/guide.md", sha, "Away")).await.unwrap();

    assert!(stale.to_string().contains("Blob SHA does not match"), "{stale}");
    assert_eq!(file.content.as_deref(), Some(&*packed("one\ntwo\n")));
    assert_eq!(&raw[..], b"one\ntwo\n");
    let kinds = |entries: &[Content]| -> Vec<(String, String)> {
        let pair = |entry: &Content| (entry.name.clone().unwrap(), entry.r#type.clone().unwrap());
        entries.iter().map(pair).collect()
    };
    let Some(OneOrMany::Many(entries)) = root else { panic!("a folder is a list") };
    let expected = [("README.md", "file"), ("docs", "dir"), ("src", "dir")];
    assert_eq!(kinds(&entries), expected.map(|(name, kind)| (name.to_owned(), kind.to_owned())));
    assert_eq!(commits.len(), 2);
    assert!(deleted.content.is_none());
    assert!(client.send(get()).await.unwrap().is_none());
}

#[tokio::test]
async fn plain_bytes_need_a_login_even_where_everything_else_is_public() {
    let (fake, _) = fake().await;
    let stranger = fake.gitee().anonymous().unwrap();

    assert!(stranger.send(repos::GetContent::new(LOGIN, REPO).path("README.md")).await.unwrap().is_some());
    let refused = stranger.send(repos::GetRawFile::new(LOGIN, REPO, "README.md")).await.unwrap_err();

    assert!(refused.is_unauthenticated());
}

#[tokio::test]
async fn a_pull_request_is_opened_reviewed_and_merged() {
    let (_fake, client) = fake().await;

    let new = pulls::Create::new(LOGIN, REPO, "Greet the world", "develop", "master").labels("feature");
    let pull = client.send(new).await.unwrap();
    let number = pull.number.unwrap();
    let again = client.send(pulls::Create::new(LOGIN, REPO, "Again", "develop", "master")).await.unwrap_err();
    client.send(pulls::CreateComment::new(LOGIN, REPO, number, "Looks good.")).await.unwrap();
    let files = client.send(pulls::ListFiles::new(LOGIN, REPO, number)).await.unwrap();
    let diff = client.send(attested::GetPullDiff::new(LOGIN, REPO, number)).await.unwrap();
    let before = client.check(pulls::CheckIfMerged::new(LOGIN, REPO, number)).await.unwrap();
    let merged = client.send(pulls::Merge::new(LOGIN, REPO, number)).await.unwrap();
    let after = client.check(pulls::CheckIfMerged::new(LOGIN, REPO, number)).await.unwrap();
    let branch = client.send(repos::GetBranch::new(LOGIN, REPO, "master")).await.unwrap();
    let twice = client.send(pulls::Merge::new(LOGIN, REPO, number)).await.unwrap_err();

    assert_eq!(pull.labels.unwrap().len(), 1);
    assert_eq!(again.status().map(|s| s.as_u16()), Some(400));
    let changes = files.iter().map(|file| (file.filename.as_deref(), file.additions.as_deref()));
    assert_eq!(changes.collect::<Vec<_>>(), [(Some("src/main.rs"), Some("1"))]);
    assert!(diff.contains("+    println!(\"hello, world\");"), "{diff}");
    assert_eq!((before, after), (false, true));
    assert_eq!(branch.commit.and_then(|commit| commit.sha), merged.sha);
    assert_eq!(twice.status().map(|s| s.as_u16()), Some(400));
    let state = client.send(pulls::Get::new(LOGIN, REPO, number)).await.unwrap().state;
    assert_eq!(state.as_deref(), Some("merged"));
}

#[tokio::test]
async fn branches_that_changed_the_same_file_conflict() {
    let (_fake, client) = fake().await;
    let Some(OneOrMany::One(file)) =
        client.send(repos::GetContent::new(LOGIN, REPO).path("src/main.rs")).await.unwrap()
    else {
        panic!("it is a file")
    };
    let sha = file.sha.unwrap();
    let ours = repos::UpdateFile::new(LOGIN, REPO, "src/main.rs", packed("fn main() {}\n"), sha, "Say nothing");
    client.send(ours).await.unwrap();

    let pull = client.send(pulls::Create::new(LOGIN, REPO, "Greet", "develop", "master")).await.unwrap();
    let error = client.send(pulls::Merge::new(LOGIN, REPO, pull.number.unwrap())).await.unwrap_err();

    assert!(error.to_string().contains("the branches conflict"), "{error}");
}

#[tokio::test]
async fn a_release_gets_a_file_that_comes_back_from_another_host_without_the_token() {
    let (fake, client) = fake().await;
    let folder = tempfile::tempdir().unwrap();
    let content: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    let seen: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let watch = || {
        let seen = seen.clone();
        move |progress| seen.lock().unwrap().push(progress)
    };
    let finished = || {
        let mut seen = seen.lock().unwrap();
        let last = seen.last().map(|p| (p.done, p.total));
        let steps = seen.len();
        seen.clear();
        assert!(steps > 1, "progress is seen on the way, not only at the end");
        last
    };

    let new = repos::CreateRelease::new(LOGIN, REPO, "v1.0", "One", "The first.", "master");
    let release = client.send(new).await.unwrap();
    let id = release.id.unwrap();
    let file = File::from_bytes("app.bin", content.clone()).on_progress(watch());
    let asset = client.send(repos::UploadReleaseAsset::new(LOGIN, REPO, id, file)).await.unwrap();
    let sent = finished();
    let listed = client.items(repos::ListReleaseAssets::new(LOGIN, REPO, id)).collect().await.unwrap();
    let get = repos::DownloadReleaseAsset::new(LOGIN, REPO, id, asset.id.unwrap());
    let download = client.download(get).await.unwrap().on_progress(watch());
    let path = folder.path().join("app.bin");
    let bytes = download.save(&path).await.unwrap();

    let len = content.len() as u64;
    assert_eq!((asset.name.as_deref(), asset.size), (Some("app.bin"), Some(len as i64)));
    assert_eq!((sent, finished()), (Some((len, Some(len))), Some((len, Some(len)))));
    assert_eq!(listed.len(), 1);
    assert_eq!((bytes, std::fs::read(&path).unwrap()), (len, content));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    let by_tag = client.send(repos::GetReleaseByTag::new(LOGIN, REPO, "v1.0")).await.unwrap().unwrap();
    let names: Vec<_> = by_tag.assets.unwrap().into_iter().filter_map(|asset| asset.name).collect();
    assert_eq!(names, ["app.bin", "v1.0.zip"]);
    assert!(client.send(repos::GetReleaseByTag::new(LOGIN, REPO, "v9")).await.unwrap().is_none());
    assert!(client.check(attested::StarRepoForAuthenticatedUser::new(LOGIN, REPO)).await.unwrap());
    drop(fake);
}

#[tokio::test]
async fn a_download_that_cannot_be_written_leaves_nothing_behind() {
    let (_fake, client) = fake().await;
    let folder = tempfile::tempdir().unwrap();
    // A folder cannot be replaced by a file.
    let path = folder.path().join("taken");
    std::fs::create_dir(&path).unwrap();

    let download = client.download(repos::DownloadZipballArchive::new(LOGIN, REPO)).await.unwrap();
    let error = download.save(&path).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::File);
    let line = error.to_string();
    assert!(
        line.starts_with("repos::DownloadZipballArchive: the file could not be written (HTTP 200): "),
        "{line}"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn webhooks_are_signed_and_tell_what_happened() {
    let (fake, client) = fake().await;
    let receiver = MockServer::start().await;
    let hook = webhooks::Create::new(LOGIN, REPO, receiver.uri()).encryption_type(1).password("s3cr3t");
    let hook = hook.push_events(true).issues_events(true).note_events(true).merge_requests_events(true);
    client.send(hook.tag_push_events(true)).await.unwrap();

    let issue = client.send(issues::Create::new(LOGIN, "It leaks").repo(REPO)).await.unwrap().number.unwrap();
    client.send(issues::CreateComment::new(LOGIN, REPO, &issue, "Everywhere.")).await.unwrap();
    client.send(issues::Update::new(LOGIN, &issue).repo(REPO).title("It still leaks")).await.unwrap();
    client.send(issues::Update::new(LOGIN, &issue).repo(REPO).state("closed")).await.unwrap();
    client.send(repos::CreateTag::new(LOGIN, REPO, "master", "v2")).await.unwrap();
    let pull = client.send(pulls::Create::new(LOGIN, REPO, "Greet", "develop", "master")).await.unwrap();
    client.send(pulls::Merge::new(LOGIN, REPO, pull.number.unwrap())).await.unwrap();
    fake.delivered().await;

    let webhook = Webhook::signed("s3cr3t".into());
    let mut told = Vec::new();
    for delivery in receiver.received_requests().await.unwrap() {
        told.push(match webhook.open(&delivery.headers, &delivery.body, fake.now()).unwrap() {
            Event::Push(push) => format!("push {}", push.r#ref.unwrap()),
            Event::TagPush(push) => format!("tag {}", push.r#ref.unwrap()),
            Event::Issue(event) => format!("issue {} {}", event.action.unwrap(), event.iid.unwrap()),
            Event::Note(event) => format!("note {} {}", event.per_iid.unwrap(), event.note.unwrap()),
            Event::MergeRequest(event) => format!("pull {} {}", event.action.unwrap(), event.iid.unwrap()),
            other => panic!("{other:?}"),
        });
    }
    let expected = [
        format!("issue open {issue}"),
        format!("note #{issue} Everywhere."),
        // A new title is told to nobody.
        format!("issue state_change {issue}"),
        "tag refs/tags/v2".to_owned(),
        "pull open 1".to_owned(),
        "push refs/heads/master".to_owned(),
        "pull merge 1".to_owned(),
    ];
    assert_eq!(told, expected);
    assert!(fake.deliveries().iter().all(|delivery| delivery.outcome == Ok(404)), "the receiver has no answer");
    let hook = &client.send(webhooks::List::new(LOGIN, REPO)).await.unwrap()[0];
    assert_eq!(hook.result_code, Some(404));
}

#[tokio::test]
async fn webhooks_to_other_machines_are_not_sent() {
    let (fake, client) = fake().await;
    let hook = client.send(webhooks::Create::new(LOGIN, REPO, "https://example.com/hook")).await.unwrap();

    client.send(webhooks::Test::new(LOGIN, REPO, hook.id.unwrap())).await.unwrap();
    fake.delivered().await;

    let outcome = fake.deliveries().pop().unwrap().outcome;
    assert_eq!(outcome, Err("not sent: the fake delivers to addresses of this machine only".to_owned()));
}

#[tokio::test]
async fn a_feed_goes_on_after_its_last_event() {
    let (fake, client) = fake().await;
    for number in 0..5 {
        client.send(issues::Create::new(LOGIN, format!("Issue {number}")).repo(REPO)).await.unwrap();
    }

    let events = client.items(activity::ListRepoEvents::new(LOGIN, REPO).limit(2)).collect().await.unwrap();

    assert_eq!(events.len(), 5);
    let queries: Vec<_> = fake.received().await.into_iter().filter(|r| r.url.path().ends_with("/events")).collect();
    assert_eq!(queries.len(), 3);
    assert_eq!(queries[0].url.query(), Some("limit=2"));
    assert_eq!(queries[1].url.query(), Some(&*format!("prev_id={}&limit=2", events[1].id.as_deref().unwrap())));
}

#[tokio::test]
async fn faults_strike_the_operations_they_name_and_retries_get_through() {
    let faults =
        "gitee/repos::Get=503@0.5,gitee/issues::*=rate-limit,gitee/pulls::List=html,seed=3".parse().unwrap();
    let fake = Fake::builder().repositories(1).faults(faults).start().await;
    let client = fake.gitee().with_token(fake.token()).unwrap();
    let once = client.clone().retry(Retry::NEVER);

    let mut failed = 0;
    for _ in 0..20 {
        failed += usize::from(once.send(repos::Get::new(LOGIN, REPO)).await.is_err());
    }
    let limited = once.send(issues::ListForRepo::new(LOGIN, REPO)).await.unwrap_err();
    let page = once.send(pulls::List::new(LOGIN, REPO)).await.unwrap_err();
    let patient =
        client.retry(Retry { attempts: 20, base: Duration::ZERO, cap: Duration::ZERO, ..Retry::default() });

    assert!((5..15).contains(&failed), "{failed}");
    assert!(limited.is_rate_limited());
    assert_eq!((page.status().map(|s| s.as_u16()), page.message()), (Some(502), None));
    assert_eq!(page.reason(), Reason::Unavailable);
    assert!(patient.send(repos::Get::new(LOGIN, REPO)).await.is_ok());
}
