//! What must hold of whatever comes back.

use crate::frame::Frame;
use serde_json::Value as Json;
use yunkit_core::operation::{Answer, Entry, OperationInfo};
use yunkit_core::record::{Value, decode, encode};
use yunkit_core::{Error, Protocol, read};

/// An answer given to a protocol, for the operation that the first word names and with the status of the second. It is
/// refused in one line, or read into a value that can be written and read again.
pub fn answer(protocol: &dyn Protocol, modules: &[&[Entry]], input: &[u8]) {
    let frame = Frame::read(input);
    let entries: Vec<&Entry> = modules.iter().copied().flatten().collect();
    let entry = frame.pick(0, &entries, |entry| entry.info.name);
    let opened = match protocol.open(entry.info, frame.response(1)) {
        Ok(opened) => opened,
        Err(error) => return refused(Some(entry.info), &error),
    };
    protocol.rate(&opened.headers);
    let mut output = (entry.output)();
    match read(entry.info, &opened, &mut *output) {
        Ok(()) if entry.info.answer == Answer::Json => written_and_read(&*output, entry.output),
        Ok(()) => {}
        Err(error) => refused(Some(entry.info), &error),
    }
}

/// An error is one line, and keeps the answer of a sensitive operation to itself.
pub fn refused(info: Option<&OperationInfo>, error: &Error) {
    let line = error.to_string();
    assert!(!line.contains(['\n', '\r']), "an error of several lines: {line:?}");
    if info.is_some_and(|info| info.sensitive) {
        assert!(error.raw_body().is_empty(), "a sensitive answer is in the error");
    }
    let _ = format!("{error:?}");
}

/// A value that was read can be written as JSON, and that is read into the same value again.
pub fn written_and_read(value: &dyn Value, empty: impl FnOnce() -> Box<dyn Value>) {
    let written = encode(value).expect("what was read can be written");
    let text = std::str::from_utf8(&written).expect("JSON is UTF-8");
    serde_json::from_str::<Json>(text).expect("what was written is JSON");
    let mut again = empty();
    if let Err(error) = decode(text, &mut *again) {
        panic!("what was written is not read again: {error}: {text}");
    }
    let rewritten = encode(&*again).expect("what was read again can be written");
    assert_eq!(text, String::from_utf8_lossy(&rewritten), "written, read and written again");
}
