//! Writing a record into path, query, headers and body: what goes in comes out again at the other end, and nothing a value
//! holds can change where the request goes.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

use proptest::prelude::*;
use secrecy::SecretString;
use std::collections::BTreeMap;
use url::form_urlencoded;
use yunkit_core::body::{Body, File};
use yunkit_core::http::HeaderMap;
use yunkit_core::operation::{BodyKind, Method};
use yunkit_core::record::{Place, Record, Shape, Value};
use yunkit_core::rest::{Base, bind};
use yunkit_core::{ErrorKind, OperationInfo, Request, retry_after};

#[derive(Clone, Default)]
struct Save {
    owner: String,
    path: Option<String>,
    labels: Option<Vec<String>>,
    page: Option<i64>,
    token: Option<SecretString>,
    title: Option<String>,
    author: Option<BTreeMap<String, String>>,
    topics: Option<Vec<String>>,
    draft: Option<bool>,
    file: Option<File>,
}

impl Record for Save {
    fn shape(&self) -> &'static Shape {
        use Place::{Body, File, Header, Path, Query, Tail};
        static SHAPE: Shape = Shape::request(
            "Save",
            &["owner", "path", "labels", "page", "X-Token", "title", "author", "topics", "draft", "file"],
            &[0],
            &[Path, Tail, Query, Query, Header, Body, Body, Body, Body, File],
        );
        &SHAPE
    }
    fn slot(&mut self, index: usize) -> &mut dyn Value {
        match index {
            0 => &mut self.owner,
            1 => &mut self.path,
            2 => &mut self.labels,
            3 => &mut self.page,
            4 => &mut self.token,
            5 => &mut self.title,
            6 => &mut self.author,
            7 => &mut self.topics,
            8 => &mut self.draft,
            _ => &mut self.file,
        }
    }
    fn peek(&self, index: usize) -> &dyn Value {
        match index {
            0 => &self.owner,
            1 => &self.path,
            2 => &self.labels,
            3 => &self.page,
            4 => &self.token,
            5 => &self.title,
            6 => &self.author,
            7 => &self.topics,
            8 => &self.draft,
            _ => &self.file,
        }
    }
}

static INFO: OperationInfo = OperationInfo::rest("files::Save", "save", Method::Post, "/v5/{owner}/files/{path}");

fn bound(save: &Save, body: BodyKind) -> Result<Request, yunkit_core::Error> {
    bind(&Base::parse("https://host/api/").unwrap(), &INFO, save, body)
}

fn body_of(request: &Request) -> Vec<u8> {
    request.body.as_bytes().unwrap().to_vec()
}

/// Text as services meet it, with everything that means something to somebody on the way.
fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 /?#&=%+.\\[\\]\\r\\n\"'\\\\é漢\u{1F600}-]{0,12}"
}

proptest! {
    #[test]
    fn a_segment_stays_one_segment_and_comes_out_as_it_went_in(owner in text()) {
        let save = Save { owner: owner.clone(), ..Save::default() };

        match bound(&save, BodyKind::None) {
            Ok(request) => {
                let segments: Vec<&str> = request.url.path_segments().unwrap().collect();
                prop_assert_eq!(segments.len(), 4, "{}", request.url);
                let decoded = percent_encoding::percent_decode_str(segments[2]).decode_utf8().unwrap();
                prop_assert_eq!(decoded, owner);
                prop_assert_eq!(request.url.host_str(), Some("host"));
                prop_assert!(request.url.query().is_none() && request.url.fragment().is_none());
            }
            Err(_) => prop_assert!(owner.is_empty() || owner == "." || owner == ".."),
        }
    }

    #[test]
    fn a_tail_keeps_its_slashes_and_cannot_climb(path in text()) {
        let save = Save { owner: "o".into(), path: Some(path.clone()), ..Save::default() };

        match bound(&save, BodyKind::None) {
            Ok(request) => {
                let tail = request.url.path().strip_prefix("/api/v5/o/files/").unwrap();
                prop_assert_eq!(percent_encoding::percent_decode_str(tail).decode_utf8().unwrap(), path);
            }
            Err(_) => prop_assert!(path.split('/').any(|s| s.is_empty() || s == "." || s == "..")),
        }
    }

    #[test]
    fn a_query_and_a_form_are_read_back_by_a_reader_that_is_not_ours(
        labels in prop::collection::vec(text(), 0..4),
        page: i64,
        title in text(),
        topics in prop::collection::vec(text(), 0..4),
    ) {
        let save = Save {
            owner: "o".into(),
            labels: Some(labels.clone()),
            page: Some(page),
            title: Some(title.clone()),
            topics: Some(topics.clone()),
            draft: Some(true),
            ..Save::default()
        };

        let request = bound(&save, BodyKind::Form).unwrap();

        let pairs = |name: &str, values: &[String]| -> Vec<(String, String)> {
            values.iter().map(|value| (name.to_owned(), value.clone())).collect()
        };
        let query: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
        let mut expected = pairs("labels", &labels);
        expected.push(("page".to_owned(), page.to_string()));
        prop_assert_eq!(query, expected);
        let form: Vec<(String, String)> = form_urlencoded::parse(&body_of(&request)).into_owned().collect();
        let mut expected = vec![("title".to_owned(), title)];
        expected.extend(pairs("topics[]", &topics));
        expected.push(("draft".to_owned(), "true".to_owned()));
        prop_assert_eq!(form, expected);
    }
}

#[test]
fn without_a_tail_its_slash_goes_too() {
    let request = bound(&Save { owner: "o".into(), ..Save::default() }, BodyKind::None).unwrap();

    assert_eq!(request.url.as_str(), "https://host/api/v5/o/files");
}

#[test]
fn one_record_is_written_as_json_form_and_multipart() {
    let save = Save {
        owner: "o".into(),
        title: Some("a&b".into()),
        author: Some([("name".to_owned(), "n".to_owned())].into()),
        topics: Some(vec!["x".into(), "y".into()]),
        ..Save::default()
    };

    let json = bound(&save, BodyKind::Json).unwrap();
    let form = bound(&save, BodyKind::Form).unwrap();
    let none = bound(&save, BodyKind::None).unwrap();

    assert_eq!(json.headers["content-type"], "application/json");
    assert_eq!(body_of(&json), br#"{"title":"a&b","author":{"name":"n"},"topics":["x","y"]}"#);
    assert_eq!(form.headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(body_of(&form), b"title=a%26b&author[name]=n&topics[]=x&topics[]=y");
    assert!(none.body.is_empty() && !none.headers.contains_key("content-type"));
}

#[tokio::test]
async fn a_multipart_body_has_a_length_and_can_be_read_again() {
    use futures_util::TryStreamExt;
    let save = Save {
        owner: "o".into(),
        title: Some("t".into()),
        file: Some(File::from_bytes("a\"b.txt", "content")),
        ..Save::default()
    };

    let request = bound(&save, BodyKind::Multipart).unwrap();

    let content_type = request.headers["content-type"].to_str().unwrap();
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
    let expected = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nt\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a%22b.txt\"\r\n\
         Content-Type: application/octet-stream\r\n\r\ncontent\r\n--{boundary}--\r\n"
    );
    let Body::Source(source) = &request.body else { panic!("a multipart body is read while it is sent") };
    assert_eq!(source.len(), Some(expected.len() as u64));
    for _ in 0..2 {
        let chunks: Vec<bytes::Bytes> = source.open().try_collect().await.unwrap();
        assert_eq!(String::from_utf8(chunks.concat()).unwrap(), expected);
    }
}

#[test]
fn a_header_carries_its_value_and_never_a_second_header() {
    let with = |token: &str| Save { owner: "o".into(), token: Some(token.into()), ..Save::default() };

    let request = bound(&with("s3cr3t"), BodyKind::None).unwrap();
    let refused = bound(&with("x\r\nHost: evil"), BodyKind::None).unwrap_err();

    assert_eq!(request.headers["x-token"], "s3cr3t");
    assert!(request.headers["x-token"].is_sensitive());
    assert!(!format!("{request:?}").contains("s3cr3t"), "{request:?}");
    assert_eq!(refused.to_string(), "files::Save: the request is not valid: `X-Token` cannot be sent as a header");
}

#[test]
fn a_base_address_that_would_leak_or_confuse_is_refused_without_repeating_it() {
    for address in [
        "",
        "host/api",
        "ftp://host",
        "https://user:hunter2@host/api",
        "https://host/api?token=hunter2",
        "https://host/api#x",
    ] {
        let error = Base::parse(address).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input, "{address}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    for address in ["https://host", "https://host/", "http://127.0.0.1:8080/api/"] {
        assert!(Base::parse(address).is_ok(), "{address}");
    }
}

#[test]
fn retry_after_is_read_in_seconds_and_as_a_date_against_the_answers_own_clock() {
    let headers = |rows: &[(&'static str, &'static str)]| -> HeaderMap {
        rows.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    };
    let now = ("date", "Wed, 21 Oct 2026 07:28:00 GMT");
    let rows = [
        (headers(&[("retry-after", "120")]), Some(120)),
        (headers(&[("retry-after", " 0 ")]), Some(0)),
        (headers(&[now, ("retry-after", "Wed, 21 Oct 2026 07:29:30 GMT")]), Some(90)),
        (headers(&[now, ("retry-after", "Wed, 21 Oct 2026 07:00:00 GMT")]), Some(0)),
        (headers(&[now, ("retry-after", "soon")]), None),
        (headers(&[now]), None),
    ];

    for (headers, expected) in rows {
        assert_eq!(retry_after(&headers).map(|wait| wait.as_secs()), expected, "{headers:?}");
    }
}
