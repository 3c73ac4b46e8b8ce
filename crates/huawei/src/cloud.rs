//! The cloud as seen by one caller: a region, a credential, and clients for services.

use crate::context::{AUTH_TOKEN, Context};
use crate::credentials::{AccessKey, Means, Proof, Provider, decline};
use crate::environment::Environment;
use crate::iam::{KeystoneListAuthDomains, KeystoneListProjects};
use crate::protocol::{HuaweiProtocol, echoed, refusal};
use crate::region::{Endpoints, Region};
use crate::signer::{Parts, Signer, is_usual_host};
use crate::sts::GetCallerIdentity;
use async_trait::async_trait;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;
use yunkit_core::body::Body;
use yunkit_core::http::{HeaderName, HeaderValue};
use yunkit_core::rest;
use yunkit_core::secrecy::{ExposeSecret, SecretString};
use yunkit_core::session::{MemoryStore, Refresher, Session, TokenStore, Tokens};
use yunkit_core::{
    Client, Credential, Error, ErrorKind, Generation, HttpTransport, OperationInfo, RawResponse, RealSurroundings,
    Request, Surroundings, Transport,
};

/// How long before its end a proof is replaced, as Huawei's SDKs do it, if it lives long enough.
const EARLY: Duration = Duration::from_secs(40 * 60);

const PROJECT_ID: HeaderName = HeaderName::from_static("x-project-id");
const DOMAIN_ID: HeaderName = HeaderName::from_static("x-domain-id");
const SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-security-token");

/// One caller in one region. Clients for services come from here and share what is found out once: keys, tokens, the id of the
/// project.
///
/// ```
/// use yunkit_huawei::credentials::AccessKey;
/// use yunkit_huawei::{Cloud, Region};
///
/// let key = AccessKey::new("HPUA…", "the secret".into());
/// let cloud = Cloud::new(Region::CN_NORTH_4, key)?;
/// let iam = cloud.global_client("iam")?;
/// # Ok::<(), yunkit_huawei::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Cloud {
    context: Context,
    provider: Arc<dyn Provider>,
    project_id: Option<String>,
    domain_id: Option<String>,
    derives: bool,
    /// The identity of the caller, and where its proofs are kept.
    kept: Option<(String, Arc<dyn TokenStore>)>,
    caller: Arc<Caller>,
}

impl Cloud {
    /// A caller with what a provider brings: an [`AccessKey`](crate::credentials::AccessKey), an
    /// [`IamToken`](crate::iam_token::IamToken), a [`Chain`](crate::credentials::Chain).
    ///
    /// # Errors
    ///
    /// When the system's certificates cannot be used.
    pub fn new(region: Region, provider: impl Provider + 'static) -> Result<Self, Error> {
        Ok(Self::with_transport(region, provider, Arc::new(HttpTransport::new()?)))
    }

    /// As [`new`](Self::new), over a transport of the caller's.
    pub fn with_transport(
        region: Region,
        provider: impl Provider + 'static,
        transport: Arc<dyn Transport>,
    ) -> Self {
        let context = Context {
            transport,
            surroundings: Arc::new(RealSurroundings::default()),
            environment: Environment::of_process(),
            endpoints: Endpoints::new(),
            region,
        };
        Self {
            context,
            provider: Arc::new(provider),
            project_id: None,
            domain_id: None,
            derives: false,
            kept: None,
            caller: Arc::default(),
        }
    }

    /// Reaches services at these addresses.
    #[must_use]
    pub fn endpoints(mut self, endpoints: Endpoints) -> Self {
        self.context.endpoints = endpoints;
        self.anew()
    }
    /// Looks for settings elsewhere than in the process; for tests.
    #[must_use]
    pub fn environment(mut self, environment: Environment) -> Self {
        self.context.environment = environment;
        self.anew()
    }
    /// Brings another clock; for tests.
    #[must_use]
    pub fn surroundings(mut self, surroundings: Arc<dyn Surroundings>) -> Self {
        self.context.surroundings = surroundings;
        self.anew()
    }
    /// Names the project of calls in the region, which is looked up otherwise.
    #[must_use]
    pub fn project_id(mut self, id: impl Into<String>) -> Self {
        self.project_id = Some(id.into());
        self.anew()
    }
    /// Names the account of global calls, which is looked up otherwise.
    #[must_use]
    pub fn domain_id(mut self, id: impl Into<String>) -> Self {
        self.domain_id = Some(id.into());
        self.anew()
    }
    /// Derives keys for hosts that are not Huawei Cloud's usual ones, as the official SDKs do when they are told to.
    #[must_use]
    pub fn derives_keys(mut self) -> Self {
        self.derives = true;
        self.anew()
    }

    /// Keeps tokens and temporary keys in this store under this identity, so that other processes and later runs use them, too:
    /// what IAM sells lives for a day. They are kept in memory otherwise, which is enough for keys that do not end.
    #[must_use]
    pub fn tokens_in(mut self, identity: impl Into<String>, store: Arc<dyn TokenStore>) -> Self {
        self.kept = Some((identity.into(), store));
        self.anew()
    }

    /// What was found out under other settings is of no use.
    fn anew(mut self) -> Self {
        self.caller = Arc::default();
        self
    }

    /// The region.
    pub fn region(&self) -> &Region {
        &self.context.region
    }

    /// A client for a service of the region, such as `servicestage`.
    ///
    /// # Errors
    ///
    /// When the endpoint that was configured is no address.
    pub fn client(&self, service: &str) -> Result<Client, Error> {
        self.client_for(service, Reach::Region)
    }

    /// A client for a service that belongs to no region, such as `iam`.
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client).
    pub fn global_client(&self, service: &str) -> Result<Client, Error> {
        self.client_for(service, Reach::Global)
    }

    fn client_for(&self, service: &str, reach: Reach) -> Result<Client, Error> {
        let base = self.context.endpoints.of(service, &self.context.region, &self.context.environment)?;
        let transport = Arc::new(Comparing(self.context.transport.clone()));
        let credential = CloudCredential { cloud: self.clone(), service: service.to_owned(), reach };
        Ok(Client::with_transport(Arc::new(HuaweiProtocol::new(base)), transport)
            .surroundings(self.context.surroundings.clone())
            .credential(Arc::new(credential)))
    }

    /// The proof to call with now. Callers that come at once share one lookup; one that fails leaves an old proof in use for as
    /// long as it is good.
    async fn proof(&self, rejected: Option<Generation>) -> Result<Arc<Ready>, Error> {
        let now = self.context.surroundings.now();
        let good = |ready: &Arc<Ready>| match ready.renew_at {
            Some(due) => due > now && rejected != Some(ready.generation),
            // What never ends is refused for another reason than its age, and would come back the same.
            None => true,
        };
        if let Some(ready) = self.caller.ready().clone().filter(good) {
            return Ok(ready);
        }
        let session = self.caller.session.get_or_init(|| {
            let fetch = Fetch { provider: self.provider.clone(), context: self.context.clone() };
            let (identity, store) = match &self.kept {
                Some((identity, store)) => (identity.as_str(), store.clone()),
                None => ("", Arc::new(MemoryStore::default()) as Arc<dyn TokenStore>),
            };
            Session::with_surroundings(identity, store, Arc::new(fetch), self.context.surroundings.clone())
        });
        let rejected = rejected.map(|Generation(version)| version);
        let (mut version, mut tokens) = session.tokens(rejected).await.map_err(Error::into_credential)?;
        if tokens.expires_at.is_none() && self.kept.is_some() {
            // A key that does not end was kept by an earlier run; the provider may have another one by now.
            (version, tokens) = session.tokens(Some(version)).await.map_err(Error::into_credential)?;
        }
        let mut held = self.caller.ready();
        match &*held {
            Some(ready) if ready.generation == Generation(version) => Ok(ready.clone()),
            _ => {
                let ready = Arc::new(Ready {
                    proof: read_proof(&tokens)?,
                    generation: Generation(version),
                    renew_at: tokens.renew_at,
                });
                *held = Some(ready.clone());
                Ok(ready)
            }
        }
    }

    /// The id of the project, for a caller who has said none: looked up once per key and region.
    async fn find_project(&self, ready: &Ready) -> Result<String, Error> {
        const NAME: &str = "project id";
        if let Some(id) = self.project_id.as_ref().or(ready.proof.project_id.as_ref()) {
            return Ok(id.clone());
        }
        let region = self.context.region.as_str();
        let key = (ready.who().to_owned(), region.to_owned());
        let mut known = self.caller.projects.lock().await;
        if let Some(id) = known.get(&key) {
            return Ok(id.clone());
        }
        let iam = self.lookup("iam", ready)?;
        let (answer, meta) =
            iam.send_with_meta(KeystoneListProjects::new().name(region)).await.map_err(Error::into_credential)?;
        let ids: Vec<String> =
            answer.projects.unwrap_or_default().into_iter().filter_map(|project| project.id).collect();
        let trace = || meta.request_id.as_deref().map(|id| format!(" [{id}]")).unwrap_or_default();
        match ids.as_slice() {
            [id] => {
                known.insert(key, id.clone());
                Ok(id.clone())
            }
            [] => Err(decline(
                NAME,
                format!("the account has no project called {region}{}; give it with Cloud::project_id", trace()),
            )),
            several => Err(decline(
                NAME,
                format!(
                    "the account has {} projects called {region} ({}); choose one with Cloud::project_id{}",
                    several.len(),
                    several.join(", "),
                    trace()
                ),
            )),
        }
    }

    /// The id of the account, for a caller who has said none.
    async fn find_domain(&self, ready: &Ready) -> Result<String, Error> {
        if let Some(id) = self.domain_id.as_ref().or(ready.proof.domain_id.as_ref()) {
            return Ok(id.clone());
        }
        let mut known = self.caller.domains.lock().await;
        if let Some(id) = known.get(ready.who()) {
            return Ok(id.clone());
        }
        let domains = self
            .lookup("iam", ready)?
            .send(KeystoneListAuthDomains::new())
            .await
            .map_err(Error::into_credential)?;
        let first = domains.domains.unwrap_or_default().into_iter().find_map(|domain| domain.id);
        let id = match first {
            Some(id) => id,
            None => {
                let caller = self
                    .lookup("sts", ready)?
                    .send(GetCallerIdentity::new())
                    .await
                    .map_err(Error::into_credential)?;
                let none =
                    || decline("domain id", "neither IAM nor STS names an account; give it with Cloud::domain_id");
                caller.account_id.ok_or_else(none)?
            }
        };
        known.insert(ready.who().to_owned(), id.clone());
        Ok(id)
    }

    /// A client that asks who the caller is, and therefore says nothing about it beyond the proof.
    fn lookup(&self, service: &str, ready: &Ready) -> Result<Client, Error> {
        let client = self.context.client(service)?;
        let bare = Bare { means: ready.proof.means.clone(), surroundings: self.context.surroundings.clone() };
        Ok(client.credential(Arc::new(bare)))
    }
}

/// What clones of a [`Cloud`] share.
#[derive(Debug, Default)]
struct Caller {
    session: OnceLock<Session>,
    ready: std::sync::Mutex<Option<Arc<Ready>>>,
    /// By access key and region.
    projects: Mutex<BTreeMap<(String, String), String>>,
    /// By access key.
    domains: Mutex<BTreeMap<String, String>>,
    /// Prepared signers by generation, and by what they are derived for.
    signers: std::sync::Mutex<BTreeMap<(u64, String), Arc<Signer>>>,
}

impl Caller {
    fn ready(&self) -> std::sync::MutexGuard<'_, Option<Arc<Ready>>> {
        self.ready.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A proof that is in use.
#[derive(Debug)]
struct Ready {
    proof: Proof,
    generation: Generation,
    /// Nothing for what never ends.
    renew_at: Option<SystemTime>,
}

impl Ready {
    /// The access key; tokens name nobody.
    fn who(&self) -> &str {
        match &self.proof.means {
            Means::Key(key) => &key.access,
            Means::Token(_) => "",
        }
    }
}

/// Gets proofs from a provider, as a session gets its tokens.
#[derive(Debug)]
struct Fetch {
    provider: Arc<dyn Provider>,
    context: Context,
}

#[async_trait]
impl Refresher for Fetch {
    /// No proof comes with anything that would buy the next one: it is asked for anew.
    async fn refresh(&self, _: &Tokens) -> Result<Tokens, Error> {
        let proof = self.provider.proof(&self.context).await?;
        Ok(write_proof(&proof, self.context.surroundings.now()))
    }

    async fn sign_in(&self) -> Result<Option<Tokens>, Error> {
        self.refresh(&Tokens::new("".into())).await.map(Some)
    }
}

/// A proof as a store of tokens keeps it: what is secret in one text, and the rest beside it.
fn write_proof(proof: &Proof, now: SystemTime) -> Tokens {
    let secret = match &proof.means {
        Means::Token(token) => json!({"token": token.expose_secret()}),
        Means::Key(key) => json!({
            "access": key.access,
            "secret": key.secret.expose_secret(),
            "security_token": key.security_token.as_ref().map(ExposeSecret::expose_secret),
        }),
    };
    let mut tokens = Tokens::new(secret.to_string().into());
    tokens.expires_at = proof.expires_at;
    // Halfway, where it does not live long enough for the usual time.
    tokens.renew_at = proof.expires_at.map(|end| end - EARLY.min(end.duration_since(now).unwrap_or_default() / 2));
    let known = [("project_id", &proof.project_id), ("domain_id", &proof.domain_id)];
    let known = known.into_iter().filter_map(|(name, id)| Some((name.to_owned(), id.clone()?)));
    tokens.extra = known.collect();
    tokens
}

fn read_proof(tokens: &Tokens) -> Result<Proof, Error> {
    let secret: Value = serde_json::from_str(tokens.access_token.expose_secret()).unwrap_or_default();
    let text = |name: &str| secret.get(name).and_then(Value::as_str);
    let means = match (text("token"), text("access"), text("secret")) {
        (Some(token), _, _) => Means::Token(token.into()),
        (None, Some(access), Some(secret)) => {
            let mut key = AccessKey::new(access, secret.into());
            key.security_token = text("security_token").map(Into::into);
            Means::Key(key)
        }
        _ => return Err(decline("store", "what it keeps under this identity is no proof of ours")),
    };
    let id = |name: &str| tokens.extra.get(name).cloned();
    Ok(Proof { means, project_id: id("project_id"), domain_id: id("domain_id"), expires_at: tokens.expires_at })
}

/// Whether calls are for a project of a region, or for the account.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Reach {
    Region,
    Global,
}

#[derive(Debug)]
struct CloudCredential {
    cloud: Cloud,
    service: String,
    reach: Reach,
}

#[async_trait]
impl Credential for CloudCredential {
    async fn apply(
        &self,
        info: &'static OperationInfo,
        request: &mut Request,
        rejected: Option<Generation>,
    ) -> Result<Generation, Error> {
        let ready = self.cloud.proof(rejected).await?;
        match self.reach {
            Reach::Region => {
                let id = self.cloud.find_project(&ready).await?;
                rest::fill(info, &mut request.url, "project_id", &id)?;
                request.headers.insert(PROJECT_ID, header(&id, "the project id")?);
            }
            Reach::Global => {
                let id = self.cloud.find_domain(&ready).await?;
                request.headers.insert(DOMAIN_ID, header(&id, "the domain id")?);
            }
        }
        match &ready.proof.means {
            Means::Token(token) => {
                request.headers.insert(AUTH_TOKEN, secret_header(token, "the token")?);
            }
            Means::Key(key) => {
                if let Some(token) = &key.security_token {
                    request.headers.insert(SECURITY_TOKEN, secret_header(token, "the security token")?);
                }
                let signer = self.signer(&ready, request)?;
                sign(&signer, request, self.cloud.context.surroundings.now())?;
            }
        }
        Ok(ready.generation)
    }
}

impl CloudCredential {
    /// The signer for a request: prepared once for a key, and once more for each scope that a key is derived for.
    fn signer(&self, ready: &Ready, request: &Request) -> Result<Arc<Signer>, Error> {
        let Means::Key(key) = &ready.proof.means else {
            return Err(Error::new(ErrorKind::Credential, "signing").with_message("there is no key to sign with"));
        };
        let derives = self.cloud.derives && !is_usual_host(request.url.host_str().unwrap_or_default());
        let region = match self.reach {
            Reach::Region => self.cloud.context.region.clone(),
            Reach::Global => Region::GLOBE,
        };
        let scope = if derives { format!("{region}/{}", self.service) } else { String::new() };
        let mut signers = self.cloud.caller.signers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        signers.retain(|(generation, _), _| *generation == ready.generation.0);
        let make = || {
            Arc::new(match derives {
                true => Signer::derived(&key.access, key.secret.clone(), region.as_str(), &self.service),
                false => Signer::new(&key.access, key.secret.clone()),
            })
        };
        Ok(signers.entry((ready.generation.0, scope)).or_insert_with(make).clone())
    }
}

/// A proof and nothing about project or account.
#[derive(Debug)]
struct Bare {
    means: Means,
    surroundings: Arc<dyn Surroundings>,
}

#[async_trait]
impl Credential for Bare {
    async fn apply(
        &self,
        _: &'static OperationInfo,
        request: &mut Request,
        _: Option<Generation>,
    ) -> Result<Generation, Error> {
        match &self.means {
            Means::Token(token) => drop(request.headers.insert(AUTH_TOKEN, secret_header(token, "the token")?)),
            Means::Key(key) => {
                if let Some(token) = &key.security_token {
                    request.headers.insert(SECURITY_TOKEN, secret_header(token, "the security token")?);
                }
                sign(&Signer::new(&key.access, key.secret.clone()), request, self.surroundings.now())?;
            }
        }
        Ok(Generation(0))
    }
    fn renews(&self) -> bool {
        false
    }
}

fn sign(signer: &Signer, request: &mut Request, now: SystemTime) -> Result<(), Error> {
    let Request { method, url, headers, body, .. } = request;
    signer.sign_parts(&Parts::of_url(method.as_str(), url, body.as_bytes()), headers, now)
}

fn header(value: &str, what: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(value)
        .map_err(|_| Error::input("credentials", format!("{what} cannot stand in a header")))
}

fn secret_header(value: &SecretString, what: &str) -> Result<HeaderValue, Error> {
    let mut value = header(value.expose_secret(), what)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Puts our canonical request beside the gateway's when it refuses a signature: the difference is the mistake.
#[derive(Debug)]
struct Comparing(Arc<dyn Transport>);

#[async_trait]
impl Transport for Comparing {
    async fn send(&self, info: &'static OperationInfo, request: Request) -> Result<RawResponse, Error> {
        // Bodies are shared, so this copies the head only.
        let sent = request.clone();
        let response = self.0.send(info, request).await?;
        let Some(theirs) = echoed(response.status, response.payload.bytes()) else {
            return Ok(response);
        };
        let Request { method, url, headers, body, .. } = &sent;
        // Which headers were covered does not depend on the key.
        let signer = Signer::new("", SecretString::from(""));
        let body = match body {
            Body::Source(_) => None,
            body => body.as_bytes(),
        };
        let ours = signer.canonical(&Parts::of_url(method.as_str(), url, body), headers).unwrap_or_default();
        let said = refusal(info, &response);
        let beside = side_by_side(&ours, &theirs);
        Err(said.with_message(format!(
            "the signature was refused; we signed on the left, the gateway computed on the right:\n{beside}"
        )))
    }
}

/// Two texts line by line, with a mark where they differ.
fn side_by_side(ours: &str, theirs: &str) -> String {
    let (ours, theirs): (Vec<&str>, Vec<&str>) = (ours.lines().collect(), theirs.lines().collect());
    let width = ours.iter().map(|line| line.chars().count()).max().unwrap_or_default().min(100);
    let line = |i: usize| {
        let (left, right) = (ours.get(i).copied().unwrap_or_default(), theirs.get(i).copied().unwrap_or_default());
        let mark = if left == right { ' ' } else { '|' };
        format!("  {left:<width$} {mark} {right}")
    };
    (0..ours.len().max(theirs.len())).map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::side_by_side;

    #[test]
    fn lines_that_differ_are_marked() {
        let shown = side_by_side("GET\n/a/\nhost:h", "GET\n/a%2F/\nhost:h");

        assert_eq!(shown, "  GET      GET\n  /a/    | /a%2F/\n  host:h   host:h");
    }
}
