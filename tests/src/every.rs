//! Every operation of Gitee, sent by the SDK to the fake.

use serde_json::Value as Json;
use yunkit_core::record;
use yunkit_gitee::record::Record;
use yunkit_gitee::{CATALOGUE, Client, Error};
use yunkit_testkit::gitee::Fake;

/// One exchange: the operation, the request as it was filled, and the answer as it was understood.
pub struct Exchange {
    /// The upstream id.
    pub id: &'static str,
    /// What was asked.
    pub request: Box<dyn Record>,
    /// What came out of the answer, written again.
    pub output: Json,
}

/// Sends one operation after the other, each filled as the specification has it, and hands the exchanges to `visit`.
///
/// # Errors
///
/// The first operation that fails.
pub async fn send_all(fake: &Fake, client: &Client, visit: &mut dyn FnMut(Exchange)) -> Result<usize, Error> {
    let mut count = 0;
    // What is deleted is missed by whoever comes later.
    let mut entries: Vec<_> = CATALOGUE.iter().copied().flatten().collect();
    entries.sort_by_key(|entry| entry.info.id == "deleteV5ReposOwnerRepo");
    for entry in entries {
        let info = entry.info;
        let request =
            fake.engine().request(entry, &fake.known(entry)).map_err(|message| Error::input(info.name, message))?;
        let mut output = (entry.output)();
        client.send_record(info, &*request, &mut *output).await?;
        let output = record::encode(&*output).map(|bytes| serde_json::from_slice(&bytes).unwrap_or_default());
        visit(Exchange { id: info.id, request, output: output.unwrap_or_default() });
        count += 1;
    }
    Ok(count)
}
