//! Content that is larger than what may be held: whoever is slower decides how much is on its way.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

use bytes::Bytes;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use yunkit_core::body::{Body, BodySource, ByteStream};
use yunkit_core::http::Method;
use yunkit_core::{HttpTransport, OperationInfo, Payload, Request, Transport};

const PIECE: usize = 64 * 1024;
const WHOLE: usize = 96 * 1024 * 1024;
/// What the sockets of both sides and all layers between may hold.
const HELD: usize = 24 * 1024 * 1024;

static INFO: OperationInfo = OperationInfo::rest("transfer", "transfer", yunkit_core::operation::Method::Post, "/");

/// Content that is made while it is read, and counted.
struct Made(Arc<AtomicUsize>);

impl BodySource for Made {
    fn len(&self) -> Option<u64> {
        Some(WHOLE as u64)
    }
    fn open(&self) -> ByteStream {
        let count = self.0.clone();
        let pieces = (0..WHOLE / PIECE).map(move |_| {
            count.fetch_add(PIECE, Ordering::SeqCst);
            Ok(Bytes::from(vec![0; PIECE]))
        });
        Box::pin(futures_util::stream::iter(pieces))
    }
}

/// A server for one exchange.
fn serve<T: Send + 'static>(work: impl FnOnce(TcpStream) -> T + Send + 'static) -> (String, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    (address, std::thread::spawn(move || work(listener.accept().unwrap().0)))
}

fn read_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_made_no_faster_than_it_is_taken() {
    let made = Arc::new(AtomicUsize::new(0));
    let seen = made.clone();
    let (address, server) = serve(move |mut stream| {
        read_head(&mut stream);
        let (mut taken, mut most, mut chunk) = (0, 0, vec![0; PIECE]);
        while taken < WHOLE {
            taken += stream.read(&mut chunk).unwrap();
            most = most.max(seen.load(Ordering::SeqCst).saturating_sub(taken));
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        most
    });
    let mut request = Request::new(Method::POST, address.parse().unwrap());
    request.body = Body::Source(Arc::new(Made(made)));

    let response = HttpTransport::new().unwrap().send(&INFO, request).await.unwrap();

    assert_eq!(response.status.as_u16(), 204);
    let most = server.join().unwrap();
    assert!(most < HELD, "{most} bytes were on their way at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_arrives_no_faster_than_it_is_taken() {
    let given = Arc::new(AtomicUsize::new(0));
    let count = given.clone();
    let (address, server) = serve(move |mut stream| {
        read_head(&mut stream);
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {WHOLE}\r\n\r\n").unwrap();
        let piece = vec![0; PIECE];
        for _ in 0..WHOLE / PIECE {
            stream.write_all(&piece).unwrap();
            count.fetch_add(PIECE, Ordering::SeqCst);
        }
    });
    let mut request = Request::new(Method::POST, address.parse().unwrap());
    request.streamed = true;

    let response = HttpTransport::new().unwrap().send(&INFO, request).await.unwrap();

    let Payload::Stream(mut stream) = response.payload else { panic!("it was to be streamed") };
    let (mut taken, mut most) = (0, 0);
    while let Some(chunk) = futures_util::StreamExt::next(&mut stream).await {
        taken += chunk.unwrap().len();
        most = most.max(given.load(Ordering::SeqCst).saturating_sub(taken));
    }
    server.join().unwrap();
    assert_eq!(taken, WHOLE);
    assert!(most < HELD, "{most} bytes were on their way at once");
}
