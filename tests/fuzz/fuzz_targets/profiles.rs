//! What a caller of Huawei Cloud is set up with: profiles, variables, `regions.yaml`, and the answers of the places that give out
//! keys. Whatever stands there, a call is signed or refused in one line without the secret.
//!
//! The first frame has the provider, variables as headers, and the file; the others are answers.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::Arc;
use yunkit_core::http::HeaderMap;
use yunkit_fuzz::{Frame, Scripted, now, refused};
use yunkit_huawei::credentials::{AccessKey, Chain, Provider};
use yunkit_huawei::iam::KeystoneListRegions;
use yunkit_huawei::iam_token::IamToken;
use yunkit_huawei::providers::{EcsMetadata, OidcSts, PodIdentity, Profile, Variables};
use yunkit_huawei::{Cloud, Endpoints, Environment, Error, Region, Retry};
use yunkit_testkit::ManualSurroundings;

fuzz_target!(|input: &[u8]| {
    let frames = Frame::several(input);
    let Some((first, answers)) = frames.split_first() else { return };
    let Some(file) = first.text() else { return };
    let service = Scripted::new(answers);
    let name = if first.word(0) == "regions" { "regions.yaml" } else { "credentials" };
    let environment = variables(&first.headers)
        .with_home("/home/u")
        .with_file(format!("/home/u/.huaweicloud/{name}"), file)
        .with_file("/token", file);
    for service in ["iam", "servicestage"] {
        if let Err(error) = Endpoints::new().of(service, &Region::CN_NORTH_4, &environment) {
            refused(None, &error);
        }
    }
    let cloud = |provider| call(&service, provider, environment.clone());
    let result = match first.word(0) {
        "profile" => cloud(Box::new(Profile::basic())),
        "global" => cloud(Box::new(Profile::global())),
        "variables" => cloud(Box::new(Variables)),
        "oidc" => cloud(Box::new(OidcSts)),
        "metadata" => cloud(Box::new(EcsMetadata::default())),
        "pod" => cloud(Box::new(PodIdentity)),
        "chain" => cloud(Box::new(Chain::usual())),
        "password" => cloud(Box::new(IamToken::password("d", "u", "p".into()).agency("other", "agency"))),
        "regions" => cloud(Box::new(AccessKey::new("AK", "SK".into()))),
        _ => Ok(()),
    };
    if let Err(error) = result {
        refused(None, &error);
    }
});

/// Headers as variables: `huaweicloud-sdk-ak` is `HUAWEICLOUD_SDK_AK`.
fn variables(headers: &HeaderMap) -> Environment {
    let pairs: Vec<(String, &str)> = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_uppercase().replace('-', "_"), value.to_str().ok()?)))
        .collect();
    Environment::of(pairs.iter().map(|(name, value)| (name.as_str(), *value)))
}

/// Two calls by one caller: a global one, and one for a project that is looked up.
fn call(service: &Arc<Scripted>, provider: Box<dyn Provider>, environment: Environment) -> Result<(), Error> {
    let cloud = Cloud::with_transport(Region::CN_NORTH_4, Boxed(provider), service.clone())
        .environment(environment)
        .surroundings(Arc::new(ManualSurroundings::default()));
    let global = cloud.global_client("iam")?.retry(Retry::NEVER);
    let first = now(global.send(KeystoneListRegions::new()));
    let region = cloud.client("servicestage")?.retry(Retry::NEVER);
    now(region.send(yunkit_servicestage::authorizations::ListAuthorizations::new()))?;
    first.map(drop)
}

#[derive(Debug)]
struct Boxed(Box<dyn Provider>);

#[yunkit_core::async_trait]
impl Provider for Boxed {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    async fn proof(&self, context: &yunkit_huawei::Context) -> Result<yunkit_huawei::credentials::Proof, Error> {
        self.0.proof(context).await
    }
}
