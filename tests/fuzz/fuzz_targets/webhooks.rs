//! Any delivery to the webhooks of Gitee and CODING: none is accepted whose password or signature is not the right one, and
//! an accepted one is read without harm.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::time::{Duration, UNIX_EPOCH};
use yunkit_coding_open::webhook as coding_open;
use yunkit_core::http::{HeaderMap, HeaderValue};
use yunkit_fuzz::{Frame, once, refused};
use yunkit_gitee::webhook as of_gitee;

const SECRET: &str = "s3cr3t";
/// In no dictionary and no seed: nobody can prove to know it.
const UNKNOWN: &str = "0b6f0a1c-7d5e-4d0e-9a55";
/// Milliseconds since 1970.
const NOW: u64 = 1_767_225_600_000;

fuzz_target!(|input: &[u8]| {
    let mut frame = Frame::read(input);
    match frame.word(0) {
        "gitee" => gitee(&mut frame),
        "coding" => coding(&mut frame),
        _ => {}
    }
});

fn gitee(frame: &mut Frame<'_>) {
    let now = UNIX_EPOCH + Duration::from_millis(NOW);
    let signed = frame.word(1) == "signed";
    let webhook = |secret: &str| match signed {
        true => of_gitee::Webhook::signed(secret.into()),
        false => of_gitee::Webhook::with_password(secret.into()),
    };
    let own = webhook(SECRET);
    if frame.word(2) == "genuine" {
        let token = if signed { own.sign(NOW) } else { SECRET.to_owned() };
        put(&mut frame.headers, "x-gitee-token", &token);
        put(&mut frame.headers, "x-gitee-timestamp", &NOW.to_string());
        assert!(own.verify(&frame.headers, now).is_ok());
    }
    if signed && own.verify(&frame.headers, now).is_ok() {
        let text = |name: &str| frame.headers[name].to_str().unwrap().trim();
        let sent: u64 = text("x-gitee-timestamp").parse().unwrap();
        let token = text("x-gitee-token");
        assert!(token == own.sign(sent) || token.contains('%'), "a wrong signature is accepted");
        assert!(sent.abs_diff(NOW) <= 3_600_000, "an old signature is accepted");
    }
    if let Err(error) = own.open(&frame.headers, frame.body, now) {
        refused(None, &error);
    }
    assert!(webhook(UNKNOWN).open(&frame.headers, frame.body, now).is_err());
    of_gitee::is_ping(&frame.headers);
    let kind = frame.headers.get("x-gitee-event").and_then(|kind| kind.to_str().ok());
    match of_gitee::Event::parse(kind, frame.body) {
        Ok(event) => drop(format!("{event:?}")),
        Err(error) => refused(None, &error),
    }
}

fn coding(frame: &mut Frame<'_>) {
    let own = coding_open::Webhook::with_token(SECRET.into());
    let signature = own.sign(frame.body).unwrap_or_default();
    if frame.word(1) == "genuine" {
        put(&mut frame.headers, "x-coding-signature", &signature);
        assert!(own.verify(&frame.headers, frame.body).is_ok());
        let changed = [frame.body, b" "].concat();
        assert!(own.verify(&frame.headers, &changed).is_err(), "the signature of another body is accepted");
    }
    if own.verify(&frame.headers, frame.body).is_ok() {
        match frame.headers.get("x-coding-signature").and_then(|brought| brought.to_str().ok()) {
            Some(brought) => assert!(brought.trim().eq_ignore_ascii_case(&signature)),
            None => assert!(knows(frame.body), "a body without the token is accepted"),
        }
    }
    assert!(coding_open::Webhook::with_token(UNKNOWN.into()).open(&frame.headers, frame.body).is_err());
    for webhook in [own, coding_open::Webhook::unsigned()] {
        match webhook.open(&frame.headers, frame.body) {
            Ok(delivery) => drop(format!("{delivery:?}")),
            Err(error) => refused(None, &error),
        }
    }
}

/// Whether the secret is in a body at all, plain, escaped or encoded.
fn knows(body: &[u8]) -> bool {
    let is = |part: &[u8]| body.windows(part.len()).any(|window| window == part);
    is(SECRET.as_bytes()) || is(b"\\u") || is(b"%")
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    headers.insert(name, once(HeaderValue::from_str(value)));
}
