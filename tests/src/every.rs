//! Every operation of a surface, sent by its SDK to its fake.

use serde_json::{Map, Value as Json};
use yunkit_core::operation::Entry;
use yunkit_core::record::{self, Record};
use yunkit_core::{Client, Error};
use yunkit_testkit::{Engine, coding, gitee, huawei};

/// One exchange: the operation, the request as it was filled, and the answer as it was understood.
pub struct Exchange {
    /// The upstream id.
    pub id: &'static str,
    /// What was asked.
    pub request: Box<dyn Record>,
    /// What came out of the answer, written again.
    pub output: Json,
}

/// Members of a request that are not left to chance.
pub type Known<'a> = Box<dyn Fn(&Entry) -> Map<String, Json> + 'a>;

/// A surface: its operations, the engine that fills their requests, and what the fake knows.
pub struct Every<'a> {
    /// The operations.
    pub catalogue: &'a [&'a [Entry]],
    /// Fills requests as the specification has them.
    pub engine: &'a Engine,
    /// Members by which an operation finds something.
    pub known: Known<'a>,
}

impl<'a> Every<'a> {
    /// Gitee.
    pub fn gitee(fake: &'a gitee::Fake) -> Self {
        Self {
            catalogue: yunkit_gitee::CATALOGUE,
            engine: fake.engine(),
            known: Box::new(|entry| fake.known(entry)),
        }
    }

    /// CODING's open API.
    pub fn coding_open(fake: &'a coding::Fake) -> Self {
        let [engine, _] = fake.engines();
        Self { catalogue: yunkit_coding_open::CATALOGUE, engine, known: Box::new(|entry| fake.known(entry)) }
    }

    /// CODING's legacy API.
    pub fn coding_rest(fake: &'a coding::Fake) -> Self {
        let [_, engine] = fake.engines();
        Self { catalogue: yunkit_coding_rest::CATALOGUE, engine, known: Box::new(|entry| fake.known(entry)) }
    }

    /// ServiceStage.
    pub fn servicestage(fake: &'a huawei::Fake) -> Self {
        let [engine, _, _] = fake.engines();
        Self { catalogue: yunkit_servicestage::CATALOGUE, engine, known: Box::new(|entry| fake.known(entry)) }
    }

    /// IAM, STS and the metadata of a server, whose token is needed beforehand.
    pub fn iam(fake: &'a huawei::Fake, metadata_token: &str) -> Self {
        let [_, engine, _] = fake.engines();
        let auth = r#"{"identity":{"methods":["token"],"token":{"id":"t"}},"scope":{"project":{"id":"p"}},"id_token":{"id":"t"}}"#;
        let mut known = Map::new();
        known.insert("X-Metadata-Token".to_owned(), metadata_token.into());
        known.insert("auth".to_owned(), serde_json::from_str(auth).unwrap_or_default());
        Self { catalogue: yunkit_huawei::CATALOGUE, engine, known: Box::new(move |_| known.clone()) }
    }

    /// Sends one operation after the other, each filled as the specification has it, and hands the exchanges to `visit`.
    ///
    /// # Errors
    ///
    /// The first operation that fails.
    pub async fn send(&self, client: &Client, visit: &mut dyn FnMut(Exchange)) -> Result<usize, Error> {
        let mut entries: Vec<_> = self.catalogue.iter().copied().flatten().collect();
        // A page for a browser, which is sent elsewhere when the user agrees.
        entries.retain(|entry| entry.info.id != "getOauth_authorizeHtml");
        // What is deleted is missed by whoever comes later.
        let deletes = |route: &str| route.starts_with("DELETE") || route.starts_with("Delete");
        entries.sort_by_key(|entry| deletes(&entry.info.route.to_string()));
        entries.sort_by_key(|entry| {
            ["deleteV5ReposOwnerRepo", "DeleteGitDepot", "DeleteOneProject"].contains(&entry.info.id)
        });
        for entry in &entries {
            let info = entry.info;
            let request = self
                .engine
                .request(entry, &(self.known)(entry))
                .map_err(|message| Error::input(info.name, message))?;
            let mut output = (entry.output)();
            client.send_record(info, &*request, &mut *output).await?;
            let output = record::encode(&*output).map(|bytes| serde_json::from_slice(&bytes).unwrap_or_default());
            visit(Exchange { id: info.id, request, output: output.unwrap_or_default() });
        }
        Ok(entries.len())
    }
}
