//! What a signature costs, beside the compressions of SHA-256 that cannot be avoided: nine for a GET, twenty-five for a POST of one
//! kilobyte of JSON, with the key schedule prepared. Also counts what is allocated.

use criterion::{Criterion, criterion_group, criterion_main};
use sha2::block_api::compress256;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region as Stats, StatsAlloc};
use std::alloc::System;
use std::hint::black_box;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use yunkit_core::http::{HeaderMap, HeaderValue};
use yunkit_huawei::signer::{Parts, Signer};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const PATH: &str = "/v1/7c6a62ddb2bf45a3920d8053d3cb8fbf/git/auths";

fn headers() -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("x-project-id", HeaderValue::from_static("7c6a62ddb2bf45a3920d8053d3cb8fbf"));
    headers
}

fn parts<'a>(method: &'static str, body: &'a [u8]) -> Parts<'a> {
    let host = "servicestage.cn-north-4.myhuaweicloud.com";
    Parts { method, host, port: None, path: PATH, query: "", body: Some(body) }
}

fn signing(c: &mut Criterion) {
    let signer = Signer::new("AccessKey0123456789A", "SecretKey0123456789012345678901234567890".into());
    let now: SystemTime = UNIX_EPOCH + Duration::from_secs(1_767_323_045);
    let json = format!("{{\"name\":\"{}\"}}", "x".repeat(1013)).into_bytes();
    for (name, method, body, compressions) in [("GET", "GET", &[][..], 9), ("POST", "POST", &json[..], 25)] {
        let mut group = c.benchmark_group(name);
        group.bench_function("compressions", |b| {
            let blocks = vec![[7_u8; 64]; compressions];
            b.iter(|| {
                let mut state = [1_u32; 8];
                compress256(&mut state, black_box(&blocks));
                state
            });
        });
        group.bench_function("sign", |b| {
            let prepared = headers();
            b.iter_batched(
                || prepared.clone(),
                |mut headers| {
                    signer.sign_parts(&parts(method, black_box(body)), &mut headers, now).expect("it can be signed");
                    headers
                },
                criterion::BatchSize::SmallInput,
            );
        });
        group.finish();
        let mut signed = headers();
        let stats = Stats::new(ALLOCATOR);
        signer.sign_parts(&parts(method, body), &mut signed, now).expect("it can be signed");
        println!("{name}: {} allocations for two headers", stats.change().allocations);
    }
}

criterion_group!(benches, signing);
criterion_main!(benches);
