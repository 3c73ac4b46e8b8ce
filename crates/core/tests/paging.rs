//! Lists: fetched ahead, taken up again, and never followed for ever.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

#[path = "support/toy.rs"]
mod toy;

use std::sync::Arc;
use toy::{List, Script, answer, things};
use yunkit_core::{Client, Cursor, ErrorKind, Request, WasSent};

fn page_of(request: &Request) -> i64 {
    request.url.query_pairs().find(|(name, _)| name == "page").unwrap().1.parse().unwrap()
}

/// Pages of two items, up to the last item.
fn numbers(last: i64) -> Arc<Script> {
    Script::new(move |request, _| {
        let first = (page_of(request) - 1) * 2 + 1;
        let items: Vec<String> = (first..first + 2).filter(|n| *n <= last).map(|n| n.to_string()).collect();
        answer(200, format!("[{}]", items.join(",")))
    })
}

fn list() -> List {
    things()
}

/// Lets everything that can go on go on.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn pages_are_fetched_ahead_in_order_and_no_more_of_them_than_asked_for() {
    let script = numbers(11);
    let mut items = script.client().items(list()).prefetch(2);
    settle().await;
    assert_eq!(script.asked().len(), 0, "nothing happens before somebody asks");

    assert_eq!(items.next().await.unwrap().unwrap(), 1);
    settle().await;
    assert_eq!(script.asked().len(), 3, "one page at hand and two waiting");
    settle().await;
    assert_eq!(script.asked().len(), 3);

    assert_eq!(items.collect().await.unwrap(), (2..=11).collect::<Vec<_>>());
    let expected: Vec<String> = (1..=6).map(|page| format!("/things/all?page={page}&per_page=2")).collect();
    assert_eq!(script.asked(), expected);
}

#[tokio::test]
async fn whoever_goes_away_stops_the_fetching() {
    let script = numbers(1_000_000);
    let mut pages = script.client().pages(list()).prefetch(3);
    pages.next().await.unwrap().unwrap();
    settle().await;
    let before = script.asked().len();

    drop(pages);
    settle().await;

    assert_eq!(script.asked().len(), before);
}

#[tokio::test]
async fn a_failure_ahead_comes_in_its_turn_and_the_list_goes_on_from_the_cursor() {
    let script = Script::new(|request, before| match (page_of(request), before) {
        (2, 1) => toy::breaks(WasSent::Maybe),
        (page, _) if page < 4 => answer(200, format!("[{page}1,{page}2]")),
        _ => answer(200, "[]"),
    });
    let client = script.client().retry(yunkit_core::Retry::NEVER);
    let mut items = client.items(list()).prefetch(5);

    assert_eq!(items.next().await.unwrap().unwrap(), 11);
    assert_eq!(items.next().await.unwrap().unwrap(), 12);
    assert_eq!(items.next().await.unwrap().unwrap_err().kind(), ErrorKind::Transport);
    assert!(items.next().await.is_none());

    let rest = client.items_from(list(), &items.cursor()).unwrap().collect().await.unwrap();
    assert_eq!(rest, [21, 22, 31, 32]);
}

/// Takes up the list anew after every item, by way of a text.
async fn item_by_item(client: &Client) -> Vec<i64> {
    let mut all = Vec::new();
    let mut kept = client.items(list()).cursor().to_string();
    loop {
        let cursor: Cursor = kept.parse().unwrap();
        let mut items = client.items_from(list(), &cursor).unwrap();
        let Some(item) = items.next().await else { return all };
        all.push(item.unwrap());
        kept = items.cursor().to_string();
    }
}

#[tokio::test]
async fn a_list_can_be_taken_up_after_any_item() {
    for last in 0..=7 {
        assert_eq!(item_by_item(&numbers(last).client()).await, (1..=last).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_cursor_in_the_middle_of_a_page_begins_with_that_page_where_pages_are_asked_for() {
    let client = numbers(5).client();
    let mut items = client.items(list());
    for _ in 0..3 {
        items.next().await.unwrap().unwrap();
    }

    let mut pages = client.pages_from(list(), &items.cursor()).unwrap();

    assert_eq!(pages.next().await.unwrap().unwrap(), [3, 4]);
    assert_eq!(pages.next().await.unwrap().unwrap(), [5]);
    assert!(pages.next().await.is_none());
    assert!(pages.cursor().is_at_end());
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let kept: Cursor = "operation=others%3A%3AList&start=2&size=2".parse().unwrap();

    let error = numbers(5).client().items_from(list(), &kept).unwrap_err();

    assert_eq!(
        error.to_string(),
        "things::List: the request is not valid: the cursor is a place in a list of `others::List`"
    );
}

#[tokio::test]
async fn a_list_that_goes_round_in_circles_is_an_error_and_not_an_endless_loop() {
    let script = Script::new(|request, _| {
        let page = (page_of(request) - 1) % 3;
        answer(200, format!("[{},{}]", page * 2, page * 2 + 1))
    });
    let mut items = script.client().items(list());

    let mut got = Vec::new();
    let error = loop {
        match items.next().await.unwrap() {
            Ok(item) => got.push(item),
            Err(error) => break error,
        }
    };

    assert_eq!(got, [0, 1, 2, 3, 4, 5]);
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().ends_with("come back to a page it had before, and would never end"), "{error}");
    assert_eq!(script.asked().len(), 4);
}

#[tokio::test]
async fn a_list_that_answers_every_page_alike_is_delivered_once_also_after_it_was_taken_up() {
    let script = Script::new(|_, _| answer(200, "[1,2]"));
    let client = script.client();
    let mut items = client.items(list());
    for _ in 0..2 {
        items.next().await.unwrap().unwrap();
    }

    let rest = client.items_from(list(), &items.cursor()).unwrap().collect().await.unwrap();

    assert_eq!(rest, [0_i64; 0]);
}

#[tokio::test]
async fn a_list_without_end_ends_with_an_error() {
    let mut pages = numbers(i64::MAX - 2).client().pages(list());

    let (mut count, mut failed) = (0, None);
    while let Some(page) = pages.next().await {
        match page {
            Ok(_) => count += 1,
            Err(error) => failed = Some(error),
        }
    }

    assert_eq!(count, 100_000);
    assert!(failed.unwrap().to_string().ends_with("more than 100000 pages, and may never end"));
}
