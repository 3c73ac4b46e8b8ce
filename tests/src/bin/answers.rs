//! Makes calls of ServiceStage that standard input names, and prints what was understood of the answers. Somebody else's client makes
//! the same calls and compares.

use serde_json::Value as Json;
use std::io::Read;
use yunkit_core::record;
use yunkit_huawei::credentials::AccessKey;
use yunkit_huawei::{Cloud, Endpoints, Environment, Region};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let asked: Json = serde_json::from_str(&text)?;
    let facts = &asked["sandbox"]["servicestage"];
    let fact = |name: &str| facts[name].as_str().unwrap_or_default().to_owned();
    let cloud = Cloud::new(Region::new(fact("region")), AccessKey::new(fact("ak"), fact("sk").into()))?
        .endpoints(Endpoints::new().with("servicestage", fact("endpoint")))
        .environment(Environment::of([]))
        .project_id(fact("project_id"));
    let client = yunkit_servicestage::client(&cloud)?;
    let mut answers = Vec::new();
    for call in asked["calls"].as_array().into_iter().flatten() {
        let id = call[0].as_str().unwrap_or_default();
        let mut catalogue = yunkit_servicestage::CATALOGUE.iter().copied().flatten();
        let entry =
            catalogue.find(|entry| entry.info.id == id).ok_or_else(|| format!("there is no operation {id}"))?;
        let mut request = (entry.request)();
        record::decode(&call[1].to_string(), &mut request)?;
        let mut output = (entry.output)();
        client.send_record(entry.info, &*request, &mut *output).await?;
        answers.push(serde_json::from_slice::<Json>(&record::encode(&*output)?)?);
    }
    println!("{}", Json::from(answers));
    Ok(())
}
