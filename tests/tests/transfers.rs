//! Transfers through connections that break: content arrives whole or not at all, and no faster than it is taken.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};
use yunkit_core::body::File;
use yunkit_core::{Client, Error, ErrorKind, Retry, WasSent};
use yunkit_gitee::{Gitee, repos};
use yunkit_testkit::{FaultProxy, WireFault};

const PATIENCE: Duration = Duration::from_secs(1);

fn content() -> Vec<u8> {
    (0..200_000_u32).flat_map(u32::to_le_bytes).collect()
}

/// A service that has one file, under a tag, and gives parts of it to those who ask for the rest of just this one.
async fn service(tag: &'static str, ranges: bool) -> MockServer {
    let server = MockServer::start().await;
    let asked = AtomicU64::new(0);
    let answer = move |request: &Request| {
        let whole = content();
        let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
        let from = header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
        let now = match tag {
            // It changes with every request.
            "" => format!("\"{}\"", asked.fetch_add(1, Ordering::SeqCst)),
            tag => tag.to_owned(),
        };
        match from.filter(|_| ranges && header("if-range") == Some(&now)) {
            Some(from) => {
                let range = format!("bytes {from}-{}/{}", whole.len() - 1, whole.len());
                let rest: Vec<u8> = whole[from..].to_vec();
                ResponseTemplate::new(206)
                    .insert_header("content-range", range)
                    .insert_header("etag", now)
                    .set_body_bytes(rest)
            }
            None => ResponseTemplate::new(200).insert_header("etag", now).set_body_bytes(whole),
        }
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

fn client(address: &str) -> Client {
    Gitee::at(address).unwrap().anonymous().unwrap().retry(Retry::NEVER)
}

fn file() -> repos::GetRawFile {
    repos::GetRawFile::new("o", "r", "data.bin")
}

async fn read(client: &Client, mut before_second: impl FnMut()) -> Result<Vec<u8>, Error> {
    let mut download = client.download(file()).await?;
    before_second();
    let mut all = Vec::new();
    while let Some(chunk) = download.next().await {
        all.extend_from_slice(&chunk?);
    }
    Ok(all)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_breaks_goes_on_where_it_broke() {
    for ranges in [true, false] {
        for fault in [WireFault::Truncate, WireFault::StallInside] {
            let server = service("\"v1\"", ranges).await;
            let proxy = FaultProxy::start(&server.uri()).await.unwrap();
            proxy.always(fault);

            let got = read(&client(&proxy.address()).stall(PATIENCE), || proxy.pass()).await;

            assert!(got.unwrap_or_else(|error| panic!("{fault:?}: {error}")) == content(), "{fault:?}");
            let requests = server.received_requests().await.unwrap();
            assert_eq!(requests.len(), 2, "{fault:?}");
            let range = requests[1].headers["range"].to_str().unwrap();
            assert!(range.starts_with("bytes=") && range != "bytes=0-", "{fault:?}: {range}");
            assert_eq!(requests[1].headers["if-range"], "\"v1\"");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_cannot_go_on_is_an_error_and_never_two_contents_in_one() {
    let rows = [
        ("", true, "the connection broke, and the content has changed since then"),
        ("W/\"weak\"", true, "end of file before message length reached"),
    ];
    for (tag, ranges, said) in rows {
        let server = service(tag, ranges).await;
        let proxy = FaultProxy::start(&server.uri()).await.unwrap();
        proxy.always(WireFault::Truncate);

        let error = read(&client(&proxy.address()), || proxy.pass()).await.unwrap_err();

        assert_eq!((error.kind(), error.message()), (ErrorKind::Transport, Some(said)), "{tag}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_breaks_again_and_again_ends() {
    let server = service("\"v1\"", true).await;
    let proxy = FaultProxy::start(&server.uri()).await.unwrap();
    proxy.always(WireFault::Truncate);

    let error = read(&client(&proxy.address()), || ()).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Transport);
    // Half of what is left, nine times.
    assert_eq!(server.received_requests().await.unwrap().len(), 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_stands_still_ends_when_the_patience_does() {
    let server = service("W/\"weak\"", false).await;
    let proxy = FaultProxy::start(&server.uri()).await.unwrap();
    proxy.always(WireFault::StallInside);

    let error = read(&client(&proxy.address()).stall(PATIENCE), || ()).await.unwrap_err();

    assert_eq!((error.kind(), error.was_sent()), (ErrorKind::Timeout, WasSent::Yes));
    assert_eq!(error.message(), Some("nothing arrived for 1s"));
}

#[tokio::test]
async fn an_upload_that_nobody_takes_ends_when_the_patience_does() {
    // A service that accepts, and never reads.
    let deaf = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", deaf.local_addr().unwrap());
    let file = File::from_bytes("large.bin", vec![0; 64 * 1024 * 1024]);
    let upload = repos::UploadReleaseAsset::new("o", "r", 1, file);

    let error = client(&address).deadline(None).stall(PATIENCE).send(upload).await.unwrap_err();

    assert_eq!((error.kind(), error.was_sent()), (ErrorKind::Timeout, WasSent::Maybe));
    assert_eq!(error.message(), Some("nothing of the body was taken for 1s"));
}

#[tokio::test]
async fn a_pipe_is_sent_whole_and_only_when_somebody_takes_it() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(201).set_body_string("{}")).mount(&server).await;
    let mut proxy = FaultProxy::start(&server.uri()).await.unwrap();
    let opened = Arc::new(AtomicU64::new(0));
    let pieces = {
        let opened = opened.clone();
        futures_util::stream::iter((0..100).map(move |number: u64| {
            opened.fetch_add(1, Ordering::SeqCst);
            Ok(yunkit_core::Bytes::from(vec![number as u8; 1000]))
        }))
    };
    let file = File::from_stream("log.bin", Some(100_000), pieces);
    let upload = repos::UploadReleaseAsset::new("o", "r", 1, file);

    // Nobody listens: nothing is read, and the same pipe can be sent later.
    proxy.close().await;
    let refused = client(&proxy.address()).send(upload.clone()).await.unwrap_err();
    assert_eq!((refused.kind(), opened.load(Ordering::SeqCst)), (ErrorKind::Connect, 0));
    proxy.open().await.unwrap();
    client(&proxy.address()).send(upload.clone()).await.unwrap();

    let requests = server.received_requests().await.unwrap();
    let whole: Vec<u8> = (0..100).flat_map(|number| [number; 1000]).collect();
    assert!(requests[0].body.windows(whole.len()).any(|window| window == whole), "every byte, in order");
    let again = client(&proxy.address()).send(upload).await.unwrap_err();
    assert!(again.to_string().contains("can be read only once, and has been"), "{again}");
}

#[tokio::test]
async fn a_file_that_changes_under_its_upload_never_arrives_as_a_part_of_itself() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(201).set_body_string("{}")).mount(&server).await;
    let folder = tempfile::tempdir().unwrap();
    for (now, said) in [(10, "the content is shorter than it was"), (300_000, "the content is longer than it was")]
    {
        let path = folder.path().join("data.bin");
        std::fs::write(&path, vec![1; 200_000]).unwrap();
        let file = File::from_path(&path).unwrap();
        std::fs::write(&path, vec![1; now]).unwrap();

        let upload = repos::UploadReleaseAsset::new("o", "r", 1, file);
        let error = client(&server.uri()).send(upload).await.unwrap_err();

        assert_eq!((error.kind(), error.message()), (ErrorKind::Transport, Some(said)));
    }
    assert!(server.received_requests().await.unwrap().is_empty(), "the service has taken none of them");
}

#[tokio::test]
async fn a_checksum_is_compared_before_a_file_takes_its_name() {
    let server = service("\"v1\"", true).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.bin");

    let download = client(&server.uri()).download(file()).await.unwrap();
    let error = download.expect_sha256(&"0".repeat(64)).unwrap().save(&path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "nothing is left behind");

    let said = error.message().unwrap().strip_prefix("the content has the SHA-256 ").unwrap();
    let right = said.split(',').next().unwrap().to_uppercase();
    let download = client(&server.uri()).download(file()).await.unwrap();
    assert_eq!(download.expect_sha256(&right).unwrap().save(&path).await.unwrap(), 800_000);
    assert!(std::fs::read(&path).unwrap() == content());

    let download = client(&server.uri()).download(file()).await.unwrap();
    assert_eq!(download.expect_sha256("abc").unwrap_err().kind(), ErrorKind::Input);
}

#[tokio::test]
async fn the_limit_counts_what_comes_out_of_a_packed_answer() {
    let server = MockServer::start().await;
    let bomb = |len: usize| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::copy(&mut std::io::Read::take(std::io::repeat(b' '), len as u64), &mut packed).unwrap();
        packed.finish().unwrap()
    };
    let body = bomb(80 * 1024 * 1024);
    assert!(body.len() < 100_000, "a thousandth of what it holds");
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).insert_header("content-encoding", "gzip").set_body_bytes(body))
        .mount(&server)
        .await;

    let error = client(&server.uri()).send(repos::Get::new("o", "r")).await.unwrap_err();

    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Decode, 1));
    assert_eq!(error.message(), Some("larger than the limit of 67108864 bytes"));
}

#[tokio::test]
async fn a_packed_answer_is_asked_for_and_read_and_a_download_is_neither() {
    let server = MockServer::start().await;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut packed, br#"{"id": 7}"#).unwrap();
    let body = packed.finish().unwrap();
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).insert_header("content-encoding", "gzip").set_body_bytes(body))
        .mount(&server)
        .await;

    let repository = client(&server.uri()).send(repos::Get::new("o", "r")).await.unwrap();
    let _ = client(&server.uri()).download(file()).await.unwrap();

    assert_eq!(repository.id, Some(7));
    let requests = server.received_requests().await.unwrap();
    let accepted: Vec<_> = requests.iter().map(|request| request.headers["accept-encoding"].clone()).collect();
    assert_eq!(accepted, ["gzip", "identity"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_counts_every_byte_once_even_across_a_break() {
    let server = service("\"v1\"", true).await;
    let proxy = FaultProxy::start(&server.uri()).await.unwrap();
    proxy.always(WireFault::Truncate);
    let done = Arc::new(AtomicU64::new(0));
    let seen = done.clone();

    let download = client(&proxy.address()).download(file()).await.unwrap();
    proxy.pass();
    let mut download = download.on_progress(move |progress| {
        assert_eq!(progress.total, Some(800_000));
        assert!(progress.done > seen.swap(progress.done, Ordering::SeqCst));
    });
    while let Some(chunk) = download.next().await {
        chunk.unwrap();
    }

    assert_eq!(done.load(Ordering::SeqCst), 800_000);
}
