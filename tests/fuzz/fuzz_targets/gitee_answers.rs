//! Any answer to any operation of Gitee: an error is one line, that of a sensitive operation without the body, and a value
//! that was read can be written and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use yunkit_core::rest::Base;
use yunkit_fuzz::{answer, once};
use yunkit_gitee::{CATALOGUE, GiteeProtocol};

static PROTOCOL: LazyLock<GiteeProtocol> =
    LazyLock::new(|| GiteeProtocol::new(once(Base::parse("https://gitee.com/api"))));

fuzz_target!(|input: &[u8]| answer(&*PROTOCOL, CATALOGUE, input));
