//! `client {hand|yunkit} {small|list} COUNT ADDRESS`: makes the calls one after another and counts their allocations.
//!
//! Prints two numbers: allocations per call, and bytes allocated per call.

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::error::Error;
use std::hint::black_box;
use yunkit_bench::{by_hand, by_yunkit};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const USAGE: &str = "client {hand|yunkit} {small|list} COUNT ADDRESS";

/// Calls that are not counted: they open the connection and fill what is filled once.
const WARM_UP: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [side, body, count, address] = arguments.as_slice() else {
        return Err(USAGE.into());
    };
    let count: usize = count.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (allocations, bytes) = match (side.as_str(), body.as_str()) {
        ("hand", "small") => {
            let client = by_hand::client()?;
            runtime.block_on(measure(count, async || by_hand::get(&client, address, "o", "r").await))?
        }
        ("hand", "list") => {
            let client = by_hand::client()?;
            runtime.block_on(measure(count, async || by_hand::list(&client, address).await))?
        }
        ("yunkit", "small") => {
            let client = by_yunkit::client(address)?;
            runtime.block_on(measure(count, async || by_yunkit::get(&client, "o", "r").await))?
        }
        ("yunkit", "list") => {
            let client = by_yunkit::client(address)?;
            runtime.block_on(measure(count, async || by_yunkit::list(&client).await))?
        }
        _ => return Err(USAGE.into()),
    };
    println!("{allocations} {bytes}");
    Ok(())
}

/// Allocations and bytes of one call, on average; a reallocation counts as an allocation.
async fn measure<T, E>(count: usize, call: impl AsyncFn() -> Result<T, E>) -> Result<(usize, usize), E> {
    for _ in 0..WARM_UP {
        black_box(call().await?);
    }
    let region = Region::new(ALLOCATOR);
    for _ in 0..count {
        black_box(call().await?);
    }
    let change = region.change();
    let per_call = |total: usize| (total + count / 2) / count.max(1);
    Ok((per_call(change.allocations + change.reallocations), per_call(change.bytes_allocated)))
}
