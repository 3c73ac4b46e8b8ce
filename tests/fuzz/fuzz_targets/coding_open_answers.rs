//! Any answer to any action of CODING's open API; what must hold is what holds for Gitee's.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use yunkit_coding_open::{CATALOGUE, CodingOpenProtocol};
use yunkit_core::rest::Base;
use yunkit_fuzz::{answer, once};

static PROTOCOL: LazyLock<CodingOpenProtocol> =
    LazyLock::new(|| CodingOpenProtocol::new(once(Base::parse("https://e.coding.net/open-api"))));

fuzz_target!(|input: &[u8]| answer(&*PROTOCOL, CATALOGUE, input));
