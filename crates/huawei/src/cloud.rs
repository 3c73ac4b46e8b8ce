//! The cloud as seen by one caller: a region, a credential, and clients for services.

use crate::context::{AUTH_TOKEN, Context};
use crate::credentials::{Means, Proof, Provider, decline};
use crate::environment::Environment;
use crate::iam::{KeystoneListAuthDomains, KeystoneListProjects};
use crate::protocol::{HuaweiProtocol, echoed, refusal};
use crate::region::{Endpoints, Region};
use crate::signer::{Parts, Signer, is_usual_host};
use crate::sts::GetCallerIdentity;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;
use yunkit_core::body::Body;
use yunkit_core::http::{HeaderName, HeaderValue};
use yunkit_core::rest;
use yunkit_core::secrecy::{ExposeSecret, SecretString};
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

    /// The proof to call with now: the one at hand, or a new one when that is about to end. Callers that come at once share one
    /// lookup. A lookup that fails leaves an old proof in use for as long as it is good.
    async fn proof(&self, rejected: Option<Generation>) -> Result<Arc<Ready>, Error> {
        let mut held = self.caller.ready.lock().await;
        let now = self.context.surroundings.now();
        if let Some(ready) = &*held {
            // What never ends is refused for another reason than its age, and would come back the same.
            let refused = rejected == Some(ready.generation) && ready.proof.expires_at.is_some();
            if !refused && !ready.is_due(now) {
                return Ok(ready.clone());
            }
        }
        match self.provider.proof(&self.context).await {
            Ok(proof) => {
                let generation = Generation(self.caller.generations.fetch_add(1, Ordering::Relaxed) + 1);
                let ready = Arc::new(Ready::new(proof, generation, now));
                *held = Some(ready.clone());
                Ok(ready)
            }
            Err(error) => match &*held {
                Some(ready) if rejected != Some(ready.generation) && !ready.ends_before(now) => {
                    tracing::warn!(%error, "the credential could not be renewed; the old one is still good");
                    Ok(ready.clone())
                }
                _ => Err(error.into_credential()),
            },
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
    ready: Mutex<Option<Arc<Ready>>>,
    generations: AtomicU64,
    /// By access key and region.
    projects: Mutex<BTreeMap<(String, String), String>>,
    /// By access key.
    domains: Mutex<BTreeMap<String, String>>,
    /// Prepared signers by generation, and by what they are derived for.
    signers: std::sync::Mutex<BTreeMap<(u64, String), Arc<Signer>>>,
}

/// A proof that is in use.
#[derive(Debug)]
struct Ready {
    proof: Proof,
    generation: Generation,
    /// When it is to be replaced: 40 minutes before its end, or halfway when it does not live long enough for that.
    due: Option<SystemTime>,
}

impl Ready {
    fn new(proof: Proof, generation: Generation, now: SystemTime) -> Self {
        let due = proof.expires_at.map(|end| {
            let life = end.duration_since(now).unwrap_or_default();
            end - EARLY.min(life / 2)
        });
        Self { proof, generation, due }
    }
    fn is_due(&self, now: SystemTime) -> bool {
        self.due.is_some_and(|due| due <= now)
    }
    fn ends_before(&self, time: SystemTime) -> bool {
        self.proof.expires_at.is_some_and(|end| end < time)
    }
    /// The access key; tokens name nobody.
    fn who(&self) -> &str {
        match &self.proof.means {
            Means::Key(key) => &key.access,
            Means::Token(_) => "",
        }
    }
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
