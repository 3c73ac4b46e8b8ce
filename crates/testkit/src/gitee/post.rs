//! Sending webhooks to whoever asked for them, on this machine only.

use crate::gitee::world::Parcel;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use yunkit_core::body::Body;
use yunkit_core::http::{HeaderName, HeaderValue, Method as HttpMethod};
use yunkit_core::operation::Method;
use yunkit_core::{HttpTransport, OperationInfo, Request, Transport, Url};

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many deliveries are remembered.
const MEMORY: usize = 1000;

/// A webhook delivery, and what became of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Delivery {
    /// The id of the webhook.
    pub hook: u64,
    /// Where it went.
    pub url: String,
    /// The kind of event: `Push Hook`.
    pub event: String,
    /// The status that came back, or why none did.
    pub outcome: Result<u16, String>,
}

/// The post office: parcels go in, one after the other goes out.
#[derive(Debug)]
pub(crate) struct PostOffice {
    parcels: mpsc::UnboundedSender<Parcel>,
    under_way: watch::Sender<usize>,
    delivered: Arc<Mutex<VecDeque<Delivery>>>,
}

impl PostOffice {
    /// Opens it on the runtime of the caller. `note` hears of every delivery.
    pub(crate) fn open(note: impl Fn(&Delivery) + Send + 'static) -> Self {
        let (sender, mut parcels) = mpsc::unbounded_channel::<Parcel>();
        let (under_way, _) = watch::channel(0_usize);
        let delivered: Arc<Mutex<VecDeque<Delivery>>> = Arc::default();
        let (counter, log) = (under_way.clone(), delivered.clone());
        tokio::spawn(async move {
            let transport = HttpTransport::new();
            while let Some(parcel) = parcels.recv().await {
                let outcome = match &transport {
                    Ok(transport) => deliver(transport, &parcel).await,
                    Err(error) => Err(error.to_string()),
                };
                let event = parcel.headers.iter().find(|(name, _)| *name == "x-gitee-event");
                let event = event.map(|(_, event)| event.clone()).unwrap_or_default();
                let delivery = Delivery { hook: parcel.hook, url: parcel.url, event, outcome };
                note(&delivery);
                let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
                if log.len() == MEMORY {
                    log.pop_front();
                }
                log.push_back(delivery);
                drop(log);
                counter.send_modify(|count| *count -= 1);
            }
        });
        Self { parcels: sender, under_way, delivered }
    }

    pub(crate) fn send(&self, parcels: Vec<Parcel>) {
        for parcel in parcels {
            self.under_way.send_modify(|count| *count += 1);
            if self.parcels.send(parcel).is_err() {
                // The runtime that the office was opened on is gone.
                self.under_way.send_modify(|count| *count -= 1);
            }
        }
    }

    pub(crate) fn delivered(&self) -> Vec<Delivery> {
        self.delivered.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Waits until nothing is under way.
    pub(crate) async fn settled(&self) {
        let mut under_way = self.under_way.subscribe();
        // The sender is ours, so the channel is open.
        let _ = under_way.wait_for(|count| *count == 0).await;
    }
}

async fn deliver(transport: &HttpTransport, parcel: &Parcel) -> Result<u16, String> {
    static DELIVERY: OperationInfo = OperationInfo::rest("webhook", "webhook", Method::Post, "/");
    let url: Url = parcel.url.parse().map_err(|error| format!("the address is not valid: {error}"))?;
    if !is_here(&url) {
        return Err("not sent: the fake delivers to addresses of this machine only".to_owned());
    }
    let mut request = Request::new(HttpMethod::POST, url);
    for (name, value) in &parcel.headers {
        let value = HeaderValue::from_str(value).map_err(|_| format!("{name} cannot be sent as a header"))?;
        request.headers.insert(HeaderName::from_static(name), value);
    }
    request.body = Body::Bytes(parcel.body.clone().into());
    match tokio::time::timeout(PATIENCE, transport.send(&DELIVERY, request)).await {
        Ok(Ok(response)) => Ok(response.status.as_u16()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {PATIENCE:?}")),
    }
}

/// Whether an address is one of this machine's own; a test must not call strangers.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
