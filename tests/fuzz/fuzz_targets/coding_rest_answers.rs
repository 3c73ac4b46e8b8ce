//! Any answer to any operation of CODING's legacy API; what must hold is what holds for Gitee's.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use yunkit_coding_rest::{CATALOGUE, CodingRestProtocol};
use yunkit_core::rest::Base;
use yunkit_fuzz::{answer, once};

static PROTOCOL: LazyLock<CodingRestProtocol> =
    LazyLock::new(|| CodingRestProtocol::new(once(Base::parse("https://anywhere.coding.net"))));

fuzz_target!(|input: &[u8]| answer(&*PROTOCOL, CATALOGUE, input));
