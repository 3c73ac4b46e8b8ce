//! Any headers and bodies for a list, begun at any cursor: it ends, whatever `Link`, totals and tokens say; a redirect takes no
//! credential to another host; and times are read without harm.
//!
//! The first frame names the list, and has the cursor; the others are answers.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::Arc;
use std::time::UNIX_EPOCH;
use yunkit_coding_open::{CodingOpenProtocol, artifacts, ci, issues};
use yunkit_coding_rest::{CodingRestProtocol, projects};
use yunkit_core::civil::Civil;
use yunkit_core::credential::HeaderToken;
use yunkit_core::http::{HeaderMap, header};
use yunkit_core::record::Timestamp;
use yunkit_core::rest::Base;
use yunkit_core::{Client, Cursor, Paged, Rate, retry_after, sent_at};
use yunkit_fuzz::{Frame, Scripted, now, once, refused};
use yunkit_gitee::{GiteeProtocol, activity, repos};
use yunkit_huawei::HuaweiProtocol;
use yunkit_servicestage::v3;

fuzz_target!(|input: &[u8]| {
    let mut frames = Frame::several(input);
    let list = frames.remove(0);
    let from = cursor(list.text().unwrap_or_default());
    let from = from.as_ref();
    for frame in &frames {
        times(&frame.headers);
        frame.text().into_iter().flat_map(str::lines).for_each(time);
    }
    let service = Scripted::new(&frames);
    let base = || once(Base::parse("https://example.com/api"));
    let gitee = || service.client(GiteeProtocol::new(base()));
    let rest = || service.client(CodingRestProtocol::new(base()));
    let open = || service.client(CodingOpenProtocol::new(base()));
    let huawei = || service.client(HuaweiProtocol::new(base()));
    let most = frames.len();
    match list.word(0) {
        "link" => ends(&gitee(), yunkit_gitee::issues::ListForRepo::new("o", "r"), from, most),
        "after" => ends(&gitee(), activity::ListReposWatchedByUser::new("u"), from, most),
        "page" => ends(&rest(), projects::ListPublicForUser::new("u"), from, most),
        "offset" => ends(&open(), issues::DescribeIssueList::new("p", "ALL"), from, most),
        "token" => ends(&open(), artifacts::DescribeArtifactRepositoryFileList::new("p", "r"), from, most),
        "log" => ends(&open(), ci::DescribeCodingCIBuildLog::new(1), from, most),
        "raw-log" => ends(&open(), ci::DescribeCodingCIBuildLogRaw::new(1), from, most),
        "items" => ends(&huawei(), v3::ShowApplications::new(), from, most),
        "redirect" => redirected(gitee(), &service),
        _ => {}
    }
});

/// A cursor that is read is written, and read again, as the same.
fn cursor(text: &str) -> Option<Cursor> {
    let cursor: Cursor = text.parse().ok()?;
    assert_eq!(once(cursor.to_string().parse::<Cursor>()), cursor);
    Some(cursor)
}

/// A list whose service repeats its last answer ends right after it, at the latest.
fn ends<O: Paged + 'static>(client: &Client, operation: O, from: Option<&Cursor>, answers: usize)
where
    O::Output: Send,
{
    let pages = match from {
        Some(cursor) => client.pages_from(operation, cursor),
        None => Ok(client.pages(operation)),
    };
    let mut pages = match pages {
        Ok(pages) => pages,
        Err(error) => return refused(Some(O::INFO), &error),
    };
    let mut count = 0;
    while let Some(page) = now(pages.next()) {
        count += 1;
        assert!(count <= answers + 2, "a list that repeats itself goes on");
        if let Err(error) = page {
            return refused(Some(O::INFO), &error);
        }
        cursor(&pages.cursor().to_string()).expect("a place in a list is written as a cursor");
    }
}

fn redirected(client: Client, service: &Arc<Scripted>) {
    let client = client.credential(Arc::new(once(HeaderToken::bearer("s3cr3t".into()))));
    if let Err(error) = now(client.send(repos::GetRawFile::new("o", "r", "p"))) {
        refused(None, &error);
    }
    for (url, headers) in service.asked() {
        assert_eq!(url.scheme(), "https", "the first request was encrypted");
        let home = url.host_str() == Some("example.com") && url.port().is_none();
        assert!(home || !headers.contains_key(header::AUTHORIZATION), "the token went to {url}");
    }
}

fn times(headers: &HeaderMap) {
    retry_after(headers);
    sent_at(headers);
    Rate::from_headers(headers);
    headers.values().filter_map(|value| value.to_str().ok()).for_each(time);
}

/// What a moment is shown as is the moment.
fn time(text: &str) {
    Civil::parse_unix(text);
    let number = text.trim().parse::<i64>().ok().map(Timestamp::from);
    for moment in number.into_iter().chain([Timestamp::from(text)]) {
        moment.is_unset();
        let shown = moment.to_string();
        let Some(time) = moment.time() else { continue };
        let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        // What 1970 and the years from 9999 on say is that there is no moment.
        if (1971..9999).contains(&Civil::from_unix(seconds).year) {
            assert_eq!(Civil::parse_unix(&shown), Some(seconds), "{text} is shown as {shown}");
        }
    }
}
