//! Any answer to any operation of ServiceStage, IAM, STS and OrgID; what must hold is what holds for Gitee's.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use yunkit_core::operation::Entry;
use yunkit_core::rest::Base;
use yunkit_fuzz::{answer, once};
use yunkit_huawei::HuaweiProtocol;

static PROTOCOL: LazyLock<HuaweiProtocol> =
    LazyLock::new(|| HuaweiProtocol::new(once(Base::parse("https://servicestage.cn-north-4.myhuaweicloud.com"))));

static ALL: LazyLock<Vec<&[Entry]>> =
    LazyLock::new(|| [yunkit_servicestage::CATALOGUE, yunkit_huawei::CATALOGUE, yunkit_orgid::CATALOGUE].concat());

fuzz_target!(|input: &[u8]| answer(&*PROTOCOL, &ALL, input));
