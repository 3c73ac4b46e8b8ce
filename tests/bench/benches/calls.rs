//! Times of whole calls over loopback, and of decoding and encoding alone.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use tokio::runtime::{Builder, Runtime};
use yunkit_bench::{REPOSITORIES, by_hand, by_yunkit, twin};
use yunkit_core::record;
use yunkit_gitee::types::Repository;

/// The server in a process of its own, so that it does not share the runtime of what is measured.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_server"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut address = String::new();
        let out = process.stdout.take().expect("it is piped");
        BufReader::new(out).read_line(&mut address).expect("the server says where it is");
        Self { process, address: address.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime can be built")
}

fn small(criterion: &mut Criterion) {
    let server = Server::start();
    let runtime = runtime();
    let mut group = criterion.benchmark_group("small");
    let client = by_hand::client().expect("a client can be built");
    group.bench_function("hand", |bencher| {
        bencher.iter(|| runtime.block_on(by_hand::get(&client, &server.address, "o", "r")).expect("it answers"));
    });
    let client = by_yunkit::client(&server.address).expect("a client can be built");
    group.bench_function("yunkit", |bencher| {
        bencher.iter(|| runtime.block_on(by_yunkit::get(&client, "o", "r")).expect("it answers"));
    });
    group.finish();
}

fn list(criterion: &mut Criterion) {
    let server = Server::start();
    let runtime = runtime();
    let mut group = criterion.benchmark_group("list");
    let client = by_hand::client().expect("a client can be built");
    group.bench_function("hand", |bencher| {
        bencher.iter(|| runtime.block_on(by_hand::list(&client, &server.address)).expect("it answers"));
    });
    let client = by_yunkit::client(&server.address).expect("a client can be built");
    group.bench_function("yunkit", |bencher| {
        bencher.iter(|| runtime.block_on(by_yunkit::list(&client)).expect("it answers"));
    });
    group.finish();
}

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Bytes(REPOSITORIES.len() as u64));
    group.bench_function("derives", |bencher| {
        bencher.iter(|| {
            let list: Vec<twin::Repository> =
                serde_json::from_slice(black_box(REPOSITORIES).as_bytes()).expect("it fits");
            list
        });
    });
    // Checked for UTF-8 as the client does it: the derives have that in their price.
    group.bench_function("records", |bencher| {
        bencher.iter(|| {
            let text = std::str::from_utf8(black_box(REPOSITORIES).as_bytes()).expect("it is UTF-8");
            let mut list: Vec<Repository> = Vec::new();
            record::decode(text, &mut list).expect("it fits");
            list
        });
    });
    group.finish();
}

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode");
    group.throughput(Throughput::Bytes(REPOSITORIES.len() as u64));
    let derived: Vec<twin::Repository> = serde_json::from_str(REPOSITORIES).expect("it fits");
    group.bench_function("derives", |bencher| {
        bencher.iter(|| serde_json::to_vec(black_box(&derived)).expect("it can be written"));
    });
    let mut list: Vec<Repository> = Vec::new();
    record::decode(REPOSITORIES, &mut list).expect("it fits");
    group.bench_function("records", |bencher| {
        bencher.iter(|| record::encode(black_box(&list)).expect("it can be written"));
    });
    group.finish();
}

criterion_group!(benches, small, list, decode, encode);
criterion_main!(benches);
