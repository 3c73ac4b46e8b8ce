//! A service as small as its books allow: who am I, star, create an issue, and refresh. It fails on its own, too.

use super::Failure;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::io::BufRead;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};
use yunkit_testkit::{FaultProxy, Random, WireFault};

/// The part of connections that are spoilt. With what the service does itself, more than a tenth of all calls meet a fault.
const SPOILT: f64 = 0.08;

/// The part of refreshes that are; there are few of them.
const SPOILT_REFRESHES: f64 = 0.3;

/// Tokens that were sold together.
#[derive(Debug, Default)]
struct Pair {
    /// Whether the access token still opens.
    opens: bool,
    /// Whether somebody has called with it: then it has arrived.
    arrived: bool,
    /// What its refresh token has bought.
    successor: Option<usize>,
    /// How often its refresh token came again after that.
    again: u64,
}

#[derive(Debug)]
struct State {
    random: Random,
    pairs: Vec<Pair>,
    /// How often each write has had its effect.
    writes: HashMap<u64, u32>,
    counts: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Clone)]
struct Service(Arc<Mutex<State>>);

impl Service {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn sell(&mut self) -> usize {
        self.pairs.push(Pair { opens: true, ..Pair::default() });
        self.pairs.len() - 1
    }

    fn refresh(&mut self, form: &[u8]) -> ResponseTemplate {
        let spent = url::form_urlencoded::parse(form).find(|(name, _)| name == "refresh_token");
        let number = spent.and_then(|(_, token)| token.strip_prefix("refresh-")?.parse::<usize>().ok());
        let Some(number) = number.filter(|number| *number < self.pairs.len()) else {
            return refuse(400, "invalid_request");
        };
        if self.pairs[number].successor.is_some() {
            self.pairs[number].again += 1;
            return refuse(401, "invalid_grant");
        }
        let new = self.sell();
        self.count("sold");
        let old = &mut self.pairs[number];
        (old.opens, old.successor) = (false, Some(new));
        ResponseTemplate::new(200).set_body_json(json!({
            "access_token": format!("access-{new}"), "refresh_token": format!("refresh-{new}"),
            "token_type": "bearer", "expires_in": 86400, "scope": "user_info projects",
        }))
    }

    /// Fails before or after its effect, or throttles; nothing else, most of the time.
    fn call(&mut self, request: &Request) -> ResponseTemplate {
        self.count("calls");
        let token = request.headers.get("authorization").and_then(|value| value.to_str().ok());
        let number = token.and_then(|token| token.strip_prefix("Bearer access-")?.parse::<usize>().ok());
        let Some(pair) = number.and_then(|number| self.pairs.get_mut(number)).filter(|pair| pair.opens) else {
            self.count("refused tokens");
            return ResponseTemplate::new(401)
                .set_body_json(json!({"message": "401 Unauthorized: Access token is expired"}));
        };
        pair.arrived = true;
        let chance = self.random.below(1000);
        match chance {
            0..15 => {
                self.count("failed before the effect");
                return ResponseTemplate::new(503);
            }
            15..30 => {
                self.count("throttled");
                let said = json!({"message": "403 Forbidden: API rate limit exceeded"});
                return ResponseTemplate::new(403).insert_header("retry-after", "0").set_body_json(said);
            }
            _ => {}
        }
        let answer = match (request.method.as_str(), request.url.path()) {
            ("GET", "/api/v5/user") => ResponseTemplate::new(200).set_body_json(json!({"id": 1, "login": "soak"})),
            ("PUT", "/api/v5/user/starred/soak/soak") => ResponseTemplate::new(204),
            ("POST", "/api/v5/repos/soak/issues") => {
                let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                let id = body["title"].as_str().and_then(|title| title.parse().ok()).unwrap_or_default();
                *self.writes.entry(id).or_default() += 1;
                ResponseTemplate::new(201).set_body_json(json!({"id": 1, "number": "I1", "title": id.to_string()}))
            }
            _ => {
                self.count("calls that nobody should make");
                return ResponseTemplate::new(404).set_body_json(json!({"message": "404 Not Found"}));
            }
        };
        match chance {
            30..45 => {
                self.count("failed after the effect");
                ResponseTemplate::new(502).set_body_string("<html>Bad Gateway</html>")
            }
            _ => answer,
        }
    }

    fn books(&self) -> Value {
        // Whoever has new tokens and spends the old ones again has not understood something.
        let arrived = |pair: &Pair| pair.successor.is_some_and(|next| self.pairs[next].arrived);
        let again = |wanted: bool| -> u64 {
            self.pairs.iter().filter(|pair| arrived(pair) == wanted).map(|pair| pair.again).sum()
        };
        // Of the newest ones nobody knows yet.
        let superseded = |pair: &Pair| pair.successor.is_some_and(|next| next + 1 < self.pairs.len());
        let lost = self.pairs.iter().filter(|pair| superseded(pair) && !arrived(pair)).count();
        json!({
            "writes": self.writes.iter().map(|(id, times)| (id.to_string(), *times)).collect::<BTreeMap<_, _>>(),
            "counts": self.counts,
            "sold": self.counts.get("sold").copied().unwrap_or_default(),
            "spent twice": again(true),
            "tried again after a lost answer": again(false),
            "lost": lost,
            "met by nobody": u64::from(self.pairs.last().is_some_and(|newest| !newest.opens)),
        })
    }
}

fn refuse(status: u16, error: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({"error": error, "error_description": "refused"}))
}

impl Respond for Service {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        match request.url.path() {
            "/oauth/token" => self.state().refresh(&request.body),
            _ => self.state().call(request),
        }
    }
}

/// Answers commands on its input with a line of JSON each, until the input ends.
pub(crate) fn serve(seed: u64) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let service = Service(Arc::new(Mutex::new(State {
        random: Random::new(seed, "service"),
        pairs: Vec::new(),
        writes: HashMap::new(),
        counts: BTreeMap::new(),
    })));
    let (server, mut api, oauth) = runtime.block_on(async {
        let server = MockServer::builder().disable_request_recording().start().await;
        Mock::given(any()).respond_with(service.clone()).mount(&server).await;
        let api = FaultProxy::start(&server.uri()).await?;
        let oauth = FaultProxy::start(&server.uri()).await?;
        api.sometimes(seed, SPOILT, &WireFault::ALL);
        // A refresh that stalls keeps everybody for a minute, and shows nothing that a lost answer does not.
        let stalls = |fault: &WireFault| matches!(fault, WireFault::StallBefore | WireFault::StallInside);
        let kinds: Vec<WireFault> = WireFault::ALL.into_iter().filter(|fault| !stalls(fault)).collect();
        oauth.sometimes(seed + 1, SPOILT_REFRESHES, &kinds);
        Ok::<_, std::io::Error>((server, api, oauth))
    })?;
    for line in std::io::stdin().lock().lines() {
        let answer = match line?.as_str() {
            "hello" => json!({"api": api.address(), "oauth": oauth.address()}),
            "sign-in" => {
                let number = service.state().sell();
                json!({"access": format!("access-{number}"), "refresh": format!("refresh-{number}")})
            }
            "down" => {
                runtime.block_on(api.close());
                json!({})
            }
            "up" => {
                runtime.block_on(api.open())?;
                json!({})
            }
            "expire" => {
                // Not before somebody has the tokens that would expire: each expiry is met before the next one comes.
                let mut state = service.state();
                let met = state.pairs.last().is_some_and(|newest| newest.opens && newest.arrived);
                if met {
                    state.pairs.iter_mut().for_each(|pair| pair.opens = false);
                }
                json!({"expired": met})
            }
            _ => {
                let mut books = service.state().books();
                let faults = |proxy: &FaultProxy| -> BTreeMap<String, u64> {
                    proxy.counts().struck.iter().map(|(fault, count)| (format!("{fault:?}"), *count)).collect()
                };
                (books["api faults"], books["oauth faults"]) = (json!(faults(&api)), json!(faults(&oauth)));
                books["api requests"] = api.counts().requests.into();
                books
            }
        };
        println!("{answer}");
    }
    drop(server);
    Ok(())
}
