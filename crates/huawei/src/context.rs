//! What providers work with: the network, time, settings, endpoints.

use crate::environment::Environment;
use crate::protocol::HuaweiProtocol;
use crate::region::{Endpoints, Region};
use std::sync::Arc;
use std::time::Duration;
use yunkit_core::body::Body;
use yunkit_core::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use yunkit_core::operation;
use yunkit_core::secrecy::{ExposeSecret, SecretString};
use yunkit_core::{
    Bytes, Client, Credential, Error, Generation, OperationInfo, Request, Surroundings, Transport, Url, async_trait,
};

/// What a [`Provider`](crate::credentials::Provider) works with.
#[derive(Debug, Clone)]
pub struct Context {
    /// The socket.
    pub transport: Arc<dyn Transport>,
    /// Time.
    pub surroundings: Arc<dyn Surroundings>,
    /// Variables and files.
    pub environment: Environment,
    /// Where services are.
    pub endpoints: Endpoints,
    /// The region that calls are made in.
    pub region: Region,
}

impl Context {
    /// A client for a service of the region, without a credential.
    pub(crate) fn client(&self, service: &str) -> Result<Client, Error> {
        let base = self.endpoints.of(service, &self.region, &self.environment)?;
        Ok(self.client_at(base))
    }

    pub(crate) fn client_at(&self, base: yunkit_core::rest::Base) -> Client {
        Client::with_transport(Arc::new(HuaweiProtocol::new(base)), self.transport.clone())
            .surroundings(self.surroundings.clone())
    }

    /// One plain exchange with what is no service of the cloud, such as the metadata of a server.
    pub(crate) async fn fetch(
        &self,
        name: &'static str,
        method: Method,
        url: Url,
        headers: &[(&'static str, &SecretString)],
        body: Option<&'static [u8]>,
        patience: Duration,
    ) -> Result<(StatusCode, HeaderMap, Bytes), Error> {
        static FETCH: OperationInfo =
            OperationInfo::rest("credentials", "credentials", operation::Method::Get, "/").sensitive();
        let mut request = Request::new(method, url);
        request.limit = 1024 * 1024;
        for (header, value) in headers {
            let mut value = HeaderValue::from_str(value.expose_secret())
                .map_err(|_| Error::input(name, format!("{header} cannot be sent as a header")))?;
            value.set_sensitive(true);
            request.headers.insert(HeaderName::from_static(header), value);
        }
        if let Some(body) = body {
            request.body = Body::Bytes(Bytes::from_static(body));
        }
        let answer = tokio::time::timeout(patience, self.transport.send(&FETCH, request)).await;
        let answer = answer.map_err(|_| {
            Error::new(yunkit_core::ErrorKind::Timeout, name).with_message(format!("no answer within {patience:?}"))
        })??;
        Ok((answer.status, answer.headers, answer.payload.bytes().clone()))
    }
}

/// A token in `X-Auth-Token`, for calls that buy something else with it.
pub(crate) struct AuthToken(HeaderValue);

impl AuthToken {
    pub(crate) fn new(token: &SecretString) -> Result<Self, Error> {
        let mut value = HeaderValue::from_str(token.expose_secret())
            .map_err(|_| Error::input("token", "it cannot stand in a header"))?;
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

impl std::fmt::Debug for AuthToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuthToken")
    }
}

#[async_trait]
impl Credential for AuthToken {
    async fn apply(
        &self,
        _: &'static OperationInfo,
        request: &mut Request,
        _: Option<Generation>,
    ) -> Result<Generation, Error> {
        request.headers.insert(AUTH_TOKEN, self.0.clone());
        Ok(Generation(0))
    }
    fn renews(&self) -> bool {
        false
    }
}

/// The header that tokens travel in.
pub(crate) const AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");
/// The header that issued tokens come in.
pub(crate) const SUBJECT_TOKEN: &str = "x-subject-token";
