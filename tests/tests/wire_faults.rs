//! Every fault of a connection, on every surface, with operations of every effect: the right error, told truly, tried the
//! right number of times, and nothing sent twice that must not be.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use yunkit_core::operation::{Answer, Effect, Entry};
use yunkit_core::secrecy::ExposeSecret;
use yunkit_core::{Client, Error, ErrorKind, Surroundings, WasSent, async_trait};
use yunkit_huawei::{Cloud, Environment, Region};
use yunkit_testkit::{Counts, Engine, FaultProxy, WireFault, coding, gitee, huawei};
use yunkit_tests::every::{Every, Known};

/// The real time, but nobody waits between attempts.
#[derive(Debug)]
struct Impatient(Instant);

#[async_trait]
impl Surroundings for Impatient {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
    fn random(&self) -> f64 {
        0.5
    }
    async fn sleep(&self, _: Duration) {
        tokio::task::yield_now().await;
    }
}

/// Clients for an address.
type Clients<'a> = Box<dyn Fn(&str) -> Result<Client, Error> + 'a>;

/// A surface: where its fake is, and a client for any address that leads there.
struct Surface<'a> {
    name: &'static str,
    address: String,
    client: Clients<'a>,
    catalogue: &'a [&'a [Entry]],
    engine: &'a Engine,
    known: Known<'a>,
    /// Of which there is an operation with an answer.
    effects: &'static [Effect],
}

const ALL: &[Effect] = &[Effect::Read, Effect::Idempotent, Effect::Write];
/// Longer than anything here takes that is not meant to stall.
const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_secs(1);

impl Surface<'_> {
    fn client(&self, address: &str, deadline: Duration) -> Client {
        (self.client)(address).unwrap().surroundings(Arc::new(Impatient(Instant::now()))).deadline(deadline)
    }

    /// The first operation of an effect that answers JSON, and can be sent again and again.
    async fn case(&self, effect: Effect) -> Entry {
        let client = self.client(&self.address, LONG);
        let mut why = String::new();
        for entry in self.catalogue.iter().copied().flatten() {
            if entry.info.effect != effect || entry.info.answer != Answer::Json {
                continue;
            }
            let mut answers = 0;
            while answers < 3 {
                match self.send(&client, entry).await {
                    Ok(()) => answers += 1,
                    Err(error) => {
                        why = error.to_string();
                        break;
                    }
                }
            }
            if answers == 3 {
                return *entry;
            }
        }
        panic!("{}: no {effect:?} can be sent again and again: {why}", self.name);
    }

    async fn send(&self, client: &Client, entry: &Entry) -> Result<(), Error> {
        let request = self.engine.request(entry, &(self.known)(entry));
        let request = request.map_err(|message| Error::input(entry.info.name, message))?;
        client.send_record(entry.info, &*request, &mut *(entry.output)()).await.map(drop)
    }
}

/// What must come of a call when every exchange has the fault: the failure with its certainty about what was sent, the
/// requests that were made, and those that reached the service.
type Outcome = (Option<(ErrorKind, WasSent)>, u64, u64);

fn expected(fault: WireFault, effect: Effect) -> Outcome {
    use ErrorKind::{Decode, Timeout, Transport};
    use WasSent::{Maybe, Yes};
    let tries = if effect == Effect::Write { 1 } else { 4 };
    match fault {
        WireFault::ResetAtOnce => (Some((Transport, Maybe)), 0, 0),
        WireFault::ResetAfterRequest => (Some((Transport, Maybe)), tries, 0),
        WireFault::LoseAnswer | WireFault::TwoLengths => (Some((Transport, Maybe)), tries, tries),
        WireFault::StallBefore | WireFault::StallInside => (Some((Timeout, Maybe)), 1, 1),
        WireFault::Truncate | WireFault::LengthTooLarge => (Some((Transport, Yes)), tries, tries),
        // What arrived is all there will ever be.
        WireFault::LengthTooSmall | WireFault::GarbageGzip => (Some((Decode, Yes)), 1, 1),
        WireFault::Drip | WireFault::Informational => (None, 1, 1),
        // The next attempt has a connection of its own.
        WireFault::CloseKept => match effect {
            Effect::Write => (Some((Transport, Maybe)), 1, 0),
            _ => (None, 2, 1),
        },
        other => panic!("{other:?} has no outcome"),
    }
}

async fn strike(surface: &Surface<'_>, entry: &Entry, fault: WireFault) {
    let effect = entry.info.effect;
    let what = format!("{} {} ({effect:?}) under {fault:?}", surface.name, entry.info.name);
    let stalls = matches!(fault, WireFault::StallBefore | WireFault::StallInside);
    let proxy = FaultProxy::start(&surface.address).await.unwrap();
    let client = surface.client(&proxy.address(), if stalls { SHORT } else { LONG });
    proxy.always(fault);
    let (mut result, mut before) = (surface.send(&client, entry).await, Counts::default());
    // A connection is kept when the one before has come back to be used again, which is up to the client.
    while fault == WireFault::CloseKept && proxy.counts().struck.is_empty() {
        result.unwrap_or_else(|error| panic!("{what}: on a new connection: {error}"));
        before = proxy.counts();
        result = surface.send(&client, entry).await;
    }

    let (failure, requests, forwarded) = expected(fault, effect);
    let counts = proxy.counts();
    assert_eq!(result.as_ref().err().map(|error| (error.kind(), error.was_sent())), failure, "{what}: {result:?}");
    let went = (counts.requests - before.requests, counts.forwarded - before.forwarded);
    assert_eq!(went, (requests, forwarded), "{what}: {counts:?}");
    if let Err(error) = result {
        let attempts = if effect == Effect::Write || stalls || requests == 1 { 1 } else { 4 };
        assert_eq!(error.attempts(), attempts, "{what}");
        if fault == WireFault::ResetAtOnce {
            assert_eq!(counts.connections, u64::from(attempts), "{what}");
        }
    }
}

async fn refused(surface: &Surface<'_>, entry: &Entry) {
    let what = format!("{} {}", surface.name, entry.info.name);
    let mut proxy = FaultProxy::start(&surface.address).await.unwrap();
    proxy.close().await;
    let no_tls = FaultProxy::start(&surface.address).await.unwrap();
    for address in [proxy.address(), no_tls.tls_address()] {
        let error = surface.send(&surface.client(&address, LONG), entry).await.unwrap_err();
        // Nothing was sent, so that even a write is tried again.
        let told = (error.kind(), error.was_sent(), error.attempts());
        assert_eq!(told, (ErrorKind::Connect, WasSent::No, 4), "{what} at {address}: {error:?}");
    }
    assert_eq!((proxy.counts().requests, no_tls.counts().requests), (0, 0), "{what}");
    assert_eq!(no_tls.counts().connections, 4, "{what}");
}

async fn matrix(surface: Surface<'_>) {
    for effect in surface.effects {
        let entry = surface.case(*effect).await;
        for fault in WireFault::ALL {
            strike(&surface, &entry, fault).await;
        }
        refused(&surface, &entry).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gitee() {
    let fake = gitee::Fake::builder().repositories(2).start().await;
    matrix(Surface {
        name: "gitee",
        address: fake.address().to_owned(),
        client: Box::new(|address| {
            fake.restore_allowance();
            yunkit_gitee::Gitee::at(address)?.with_token(fake.token())
        }),
        catalogue: yunkit_gitee::CATALOGUE,
        engine: fake.engine(),
        known: Box::new(|entry| fake.known(entry)),
        effects: ALL,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn coding_open() {
    let fake = coding::Fake::builder().rate_limited(false).start().await;
    let [engine, _] = fake.engines();
    matrix(Surface {
        name: "coding-open",
        address: fake.address().to_owned(),
        client: Box::new(|address| {
            yunkit_coding_open::CodingOpen::at(&format!("{address}/open-api"))?.with_token(fake.token())
        }),
        catalogue: yunkit_coding_open::CATALOGUE,
        engine,
        known: Box::new(|entry| fake.known(entry)),
        // An action has no method that would promise it.
        effects: &[Effect::Read, Effect::Write],
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn coding_rest() {
    let fake = coding::Fake::builder().rate_limited(false).start().await;
    let [_, engine] = fake.engines();
    matrix(Surface {
        name: "coding-rest",
        address: fake.address().to_owned(),
        client: Box::new(|address| yunkit_coding_rest::CodingRest::at(address)?.with_token(fake.token())),
        catalogue: yunkit_coding_rest::CATALOGUE,
        engine,
        known: Box::new(|entry| fake.known(entry)),
        effects: ALL,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servicestage() {
    let fake = huawei::Fake::start().await;
    let [engine, _, _] = fake.engines();
    matrix(Surface {
        name: "servicestage",
        address: fake.servicestage(),
        client: Box::new(|address| {
            let cloud = Cloud::new(Region::CN_NORTH_4, fake.key())?;
            let endpoints = fake.endpoints().with("servicestage", address);
            yunkit_servicestage::client(&cloud.endpoints(endpoints).environment(Environment::of([])))
        }),
        catalogue: yunkit_servicestage::CATALOGUE,
        engine,
        known: Box::new(|entry| fake.known(entry)),
        effects: ALL,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn iam() {
    let fake = huawei::Fake::start().await;
    let client = |address: &str| {
        let cloud = Cloud::new(Region::CN_NORTH_4, fake.key())?;
        let endpoints = fake.endpoints().with("iam", address);
        // Otherwise the first call would ask IAM for it.
        let cloud = cloud.domain_id("account");
        cloud.endpoints(endpoints).environment(Environment::of([])).global_client("iam")
    };
    let [_, engine, _] = fake.engines();
    let address = fake.iam();
    let ask = yunkit_huawei::metadata::CreateMetadataToken::new("21600");
    let iam = Every::iam(&fake, &client(&address).unwrap().send(ask).await.unwrap());
    matrix(Surface {
        name: "iam",
        address,
        client: Box::new(client),
        catalogue: yunkit_huawei::CATALOGUE,
        engine,
        known: iam.known,
        // What is idempotent there answers a text, of which nobody can tell that it was cut off.
        effects: &[Effect::Read, Effect::Write],
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orgid() {
    let fake = huawei::Fake::start().await;
    let [_, _, engine] = fake.engines();
    let org_id = fake.org_id();
    let code = || {
        let request = org_id.authorize(&[]);
        request.code_from(&fake.consent(request.url()).unwrap()).unwrap()
    };
    let tokens = org_id.exchange(&code()).await.unwrap();
    let application = fake.application();
    matrix(Surface {
        name: "orgid",
        address: fake.orgid(),
        client: Box::new(|address| Ok(yunkit_orgid::OrgId::at(address, fake.application())?.client().clone())),
        catalogue: yunkit_orgid::CATALOGUE,
        engine,
        // A code buys one token, and a ticket is good for one look: every call has its own.
        known: Box::new(|_| {
            let members = json!({
                "grant_type": "authorization_code", "code": code().expose_secret(), "access_type": "offline",
                "client_id": application.client_id, "client_secret": application.client_secret.expose_secret(),
                "redirect_uri": application.redirect_uri,
                "X-OrgID-Authorization": format!("Bearer {}", tokens.access_token.expose_secret()),
                "service": "https://app.example.com", "ticket": fake.ticket("https://app.example.com"),
            });
            members.as_object().cloned().unwrap()
        }),
        // What is idempotent there is a page for browsers.
        effects: &[Effect::Read, Effect::Write],
    })
    .await;
}
