//! Values that want to be more than values: whatever a caller puts in, the bytes on the wire are one request, to the place that
//! was meant, with the headers that were meant.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

#[path = "support/toy.rs"]
mod toy;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use toy::{Create, List, Plain, things};
use yunkit_core::body::File;
use yunkit_core::{Client, ErrorKind, Retry};

/// A server that answers every request alike and hands on the bytes of the last one.
async fn listening() -> (String, tokio::sync::mpsc::UnboundedReceiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/base", listener.local_addr().unwrap());
    let (out, bytes) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let out = out.clone();
            tokio::spawn(async move {
                let (mut all, mut chunk) = (Vec::new(), [0; 65536]);
                // The body comes with the head, or its end says where it ends.
                loop {
                    let read = stream.read(&mut chunk).await.unwrap_or(0);
                    all.extend_from_slice(&chunk[..read]);
                    let get = all.starts_with(b"GET") && all.ends_with(b"\r\n\r\n");
                    let post = all.starts_with(b"POST") && all.ends_with(b"--\r\n");
                    if read == 0 || get || post {
                        break;
                    }
                }
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]";
                stream.write_all(answer).await.unwrap();
                out.send(all).unwrap();
            });
        }
    });
    (address, bytes)
}

const HOSTILE: [&str; 12] = [
    "a\r\nX-Evil: 1",
    "a\nX-Evil: 1",
    "a\r\n\r\nGET /evil HTTP/1.1\r\nHost: evil\r\n\r\n",
    "a HTTP/1.1\r\nHost: evil",
    "../../evil",
    "a?evil=1#evil",
    "//evil/..//",
    "http://evil/",
    "a%2F..%2Fevil%0d%0aX-Evil:%201",
    "a\"; filename=\"evil",
    "a\u{0}b\u{7f}",
    "\u{ff0e}\u{ff0e}\u{2028}é",
];

#[tokio::test]
async fn no_value_becomes_a_line_a_header_a_segment_or_a_request() {
    let (address, mut wire) = listening().await;
    let client = Client::new(Plain::at(&address)).unwrap().retry(Retry::NEVER);
    for hostile in HOSTILE {
        let evil = || Some(hostile.to_owned());
        let in_path = List { name: hostile.to_owned(), ..things() };
        let in_query = List { q: evil(), ..things() };
        let in_header = List { note: evil(), ..things() };
        for (place, list) in [("path", in_path), ("query", in_query), ("header", in_header)] {
            match client.send(list).await {
                // What cannot stand there at all is refused before anything is sent.
                Err(error) => {
                    assert_eq!((error.kind(), place), (ErrorKind::Input, "header"), "{hostile:?}: {error}")
                }
                Ok(_) => one_get(place, hostile, &wire.recv().await.unwrap()),
            }
        }
        let file = File::from_bytes(hostile, "content").media_type("text/plain");
        client.send(Create { file: Some(file), ..things() }).await.unwrap();
        one_part(hostile, &wire.recv().await.unwrap());
    }
}

fn one_get(place: &str, hostile: &str, bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).unwrap_or_else(|_| panic!("{place} {hostile:?}: no text"));
    let mut lines = text.strip_suffix("\r\n\r\n").unwrap().split("\r\n");
    let first = lines.next().unwrap();
    let target = first.strip_prefix("GET ").unwrap().strip_suffix(" HTTP/1.1").unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    assert!(path.starts_with("/base/things/") && path.matches('/').count() == 3, "{place} {hostile:?}: {target}");
    assert!(query.matches('&').count() <= 2 && !target.contains([' ', '#']), "{place} {hostile:?}: {target}");
    let names: Vec<String> = lines
        .map(|line| line.split_once(':').unwrap().0.to_ascii_lowercase())
        .filter(|name| name != "x-note")
        .collect();
    assert_eq!(names, ["user-agent", "accept", "accept-encoding", "host"], "{place} {hostile:?}");
    assert!(text.contains("\r\nhost: 127.0.0.1"), "{place} {hostile:?}");
}

fn one_part(hostile: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(!head.to_ascii_lowercase().contains("evil"), "{hostile:?}: {head}");
    let boundary = head.split("boundary=").nth(1).unwrap().lines().next().unwrap();
    assert_eq!(body.matches(boundary).count(), 2, "{hostile:?}: one part, and the end");
    let part_head = body.split_once("\r\n\r\n").unwrap().0;
    assert_eq!(part_head.lines().count(), 3, "{hostile:?}: {part_head}");
    assert_eq!(part_head.matches('"').count(), 4, "{hostile:?}: {part_head}");
}

#[test]
fn a_media_type_cannot_add_lines_to_its_part() {
    let request = |media_type: &str| {
        let file = File::from_bytes("a.txt", "content").media_type(media_type);
        let client = Client::new(Plain::at("http://localhost")).unwrap();
        client.prepare(&Create { file: Some(file), ..things() })
    };
    assert!(request("text/plain; charset=utf-8").is_ok());
    for hostile in ["text/plain\r\nX-Evil: 1", "text/plain\n", ""] {
        assert_eq!(request(hostile).unwrap_err().kind(), ErrorKind::Input, "{hostile:?}");
    }
}
