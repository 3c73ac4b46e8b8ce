//! Signing requests with an access key.
//!
//! [`Signer`] needs nothing else of this crate: it signs any [`http::Request`].
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use yunkit_huawei::signer::Signer;
//!
//! let signer = Signer::new("AccessKey", "SecretKey".into());
//! let mut request = http::Request::get("https://servicestage.cn-north-4.myhuaweicloud.com/v1/p/git/auths").body("")?;
//! signer.sign(&mut request, SystemTime::now())?;
//! assert!(request.headers()["authorization"].to_str()?.starts_with("SDK-HMAC-SHA256 Access=AccessKey, "));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What is signed is the *canonical request*: method, path, query, headers and the hash of the body, each on lines of its own.
//! It is hashed while it is written and never held. [`Signer::canonical`] shows it, for comparing with what the gateway made of
//! a request that it refused.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use yunkit_core::civil::Civil;
use yunkit_core::http::{self, HeaderMap, HeaderName, HeaderValue, header};
use yunkit_core::secrecy::{ExposeSecret, SecretString};
use yunkit_core::{Error, Url};

/// When a request was signed: `20260102T030405Z`.
pub const SDK_DATE: HeaderName = HeaderName::from_static("x-sdk-date");
const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-sdk-content-sha256");
#[cfg(feature = "sm3")]
const CONTENT_SM3: HeaderName = HeaderName::from_static("x-sdk-content-sm3");
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
const NAME: &str = "signing";

/// Which headers a signature covers. The gateway takes any choice that the signature names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum HeaderRule {
    /// As Huawei's SDKs for Python and Java: all, `Host` among them, but for names with an underscore.
    #[default]
    All,
    /// As Huawei's SDK for Go: without `Host`, `Content-Type` and names with an underscore; an encoded slash stays encoded.
    Go,
    /// As the SDK behind the Terraform provider: without `Host`, and with names that have an underscore.
    Terraform,
}

/// Signs requests with one access key. The key schedule is prepared once; clones of requests need no further setup.
pub struct Signer {
    access: String,
    scheme: Scheme,
    rule: HeaderRule,
}

enum Scheme {
    Sha256(Hmac<Sha256>),
    /// With a key derived for a day, a region and a service.
    Derived(Derived),
    #[cfg(feature = "sm3")]
    Sm3(Hmac<sm3::Sm3>),
}

struct Derived {
    secret: SecretString,
    region: String,
    service: String,
    /// The day and its key.
    key: Mutex<Option<([u8; 8], Hmac<Sha256>)>>,
}

/// What is signed beside the headers: a request taken apart, everything as it will be sent.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The host of the address; a `Host` header wins over it.
    pub host: &'a str,
    /// The port, where it is not the usual one.
    pub port: Option<u16>,
    /// The path, encoded.
    pub path: &'a str,
    /// The query, encoded, without its question mark.
    pub query: &'a str,
    /// The body; nothing for one that is only known while it is sent, which stays unsigned.
    pub body: Option<&'a [u8]>,
}

impl<'a> Parts<'a> {
    /// The parts of an address.
    pub fn of_url(method: &'a str, url: &'a Url, body: Option<&'a [u8]>) -> Self {
        Self {
            method,
            host: url.host_str().unwrap_or_default(),
            port: url.port(),
            path: url.path(),
            query: url.query().unwrap_or_default(),
            body,
        }
    }
}

impl Signer {
    /// Signs with `SDK-HMAC-SHA256`, which all services take.
    pub fn new(access: impl Into<String>, secret: SecretString) -> Self {
        let scheme = Scheme::Sha256(keyed(secret.expose_secret().as_bytes()));
        Self { access: access.into(), scheme, rule: HeaderRule::All }
    }

    /// Signs with `V11-HMAC-SHA256`: the key is derived for the day, the region and the service. Services on hosts of their own
    /// ask for it; for what belongs to no region, the region is `globe`.
    pub fn derived(
        access: impl Into<String>,
        secret: SecretString,
        region: impl Into<String>,
        service: impl Into<String>,
    ) -> Self {
        let derived = Derived { secret, region: region.into(), service: service.into(), key: Mutex::new(None) };
        Self { access: access.into(), scheme: Scheme::Derived(derived), rule: HeaderRule::All }
    }

    /// Signs with `SDK-HMAC-SM3`, by the hash of China's commercial cryptography.
    #[cfg(feature = "sm3")]
    pub fn sm3(access: impl Into<String>, secret: &SecretString) -> Self {
        let key = <Hmac<sm3::Sm3> as KeyInit>::new_from_slice(secret.expose_secret().as_bytes());
        let scheme = Scheme::Sm3(key.expect("HMAC takes keys of any length"));
        Self { access: access.into(), scheme, rule: HeaderRule::All }
    }

    /// Covers other headers.
    #[must_use]
    pub fn headers(mut self, rule: HeaderRule) -> Self {
        self.rule = rule;
        self
    }

    /// The access key, which is no secret.
    pub fn access(&self) -> &str {
        &self.access
    }

    /// Signs a request whose body is at hand. One that has an `Authorization` already stays as it is.
    ///
    /// Set all headers first: what is added later is not covered. A body that is neither JSON nor BSON by its `Content-Type` stays
    /// unsigned, and a header says so.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](yunkit_core::ErrorKind::Input) when the request names no host, or `X-Sdk-Date` is not of its form.
    pub fn sign<B: AsRef<[u8]>>(&self, request: &mut http::Request<B>, now: SystemTime) -> Result<(), Error> {
        let mut headers = std::mem::take(request.headers_mut());
        let uri = request.uri();
        let parts = Parts {
            method: request.method().as_str(),
            host: uri.host().unwrap_or_default(),
            port: uri.port_u16().filter(|port| usual_port(uri.scheme_str()) != Some(*port)),
            path: uri.path(),
            query: uri.query().unwrap_or_default(),
            body: Some(request.body().as_ref()),
        };
        let result = self.sign_parts(&parts, &mut headers, now);
        *request.headers_mut() = headers;
        result
    }

    /// As [`sign`](Self::sign), for a request that is not an [`http::Request`].
    ///
    /// # Errors
    ///
    /// As [`sign`](Self::sign).
    pub fn sign_parts(&self, parts: &Parts<'_>, headers: &mut HeaderMap, now: SystemTime) -> Result<(), Error> {
        if headers.contains_key(header::AUTHORIZATION) {
            return Ok(());
        }
        if !headers.contains_key(SDK_DATE) {
            headers.insert(SDK_DATE, sdk_date(now));
        }
        let unsigned = self.leaves_body_unsigned(parts, headers);
        if unsigned {
            headers.insert(self.content_hash_header(), HeaderValue::from_static(UNSIGNED));
        }
        let date = date_of(headers)?;
        let authorization = match &self.scheme {
            Scheme::Sha256(key) => {
                let digest = self.digest::<Sha256>(parts, headers)?;
                let mut mac = key.clone();
                mac.update(b"SDK-HMAC-SHA256\n");
                mac.update(&date);
                mac.update(b"\n");
                mac.update(&hex(digest.as_slice().try_into().unwrap_or_default()));
                let signature = hex(mac.finalize().into_bytes().into());
                self.authorization("SDK-HMAC-SHA256 Access=", "", &signature, headers)
            }
            Scheme::Derived(derived) => {
                let digest = self.digest::<Sha256>(parts, headers)?;
                let day: [u8; 8] = date[..8].try_into().unwrap_or_default();
                let scope = derived.scope(&day);
                let mut mac = derived.key(&self.access, &day, &scope);
                mac.update(b"V11-HMAC-SHA256\n");
                mac.update(&date);
                mac.update(b"\n");
                mac.update(scope.as_bytes());
                mac.update(b"\n");
                mac.update(&hex(digest.as_slice().try_into().unwrap_or_default()));
                let signature = hex(mac.finalize().into_bytes().into());
                self.authorization("V11-HMAC-SHA256 Credential=", &format!("/{scope}"), &signature, headers)
            }
            #[cfg(feature = "sm3")]
            Scheme::Sm3(key) => {
                let digest = self.digest::<sm3::Sm3>(parts, headers)?;
                let mut mac = key.clone();
                mac.update(b"SDK-HMAC-SM3\n");
                mac.update(&date);
                mac.update(b"\n");
                mac.update(&hex(digest.as_slice().try_into().unwrap_or_default()));
                let signature = hex(mac.finalize().into_bytes().into());
                self.authorization("SDK-HMAC-SM3 Access=", "", &signature, headers)
            }
        };
        headers.insert(header::AUTHORIZATION, authorization?);
        Ok(())
    }

    /// The canonical request of what was signed. Secrets in headers are masked, so its hash is not what was signed when there are
    /// some.
    ///
    /// # Errors
    ///
    /// As [`sign`](Self::sign).
    pub fn canonical(&self, parts: &Parts<'_>, headers: &HeaderMap) -> Result<String, Error> {
        let mut text = Shown(Vec::new());
        let body = self.body_hash(parts, headers);
        self.write(parts, headers, &body, &mut text)?;
        Ok(String::from_utf8_lossy(&text.0).into_owned())
    }

    /// The canonical request of exactly what is signed, secrets included.
    #[doc(hidden)]
    pub fn canonical_in_full(&self, parts: &Parts<'_>, headers: &HeaderMap) -> Result<String, Error> {
        let mut text = Vec::new();
        let body = self.body_hash(parts, headers);
        self.write(parts, headers, &body, &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// What the signature is made of.
    #[doc(hidden)]
    pub fn string_to_sign(&self, parts: &Parts<'_>, headers: &HeaderMap) -> Result<String, Error> {
        let date = date_of(headers)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (name, scope, digest) = match &self.scheme {
            Scheme::Sha256(_) => {
                ("SDK-HMAC-SHA256", None, text(&hex(self.digest::<Sha256>(parts, headers)?.into())))
            }
            Scheme::Derived(derived) => {
                let scope = derived.scope(&date[..8].try_into().unwrap_or_default());
                ("V11-HMAC-SHA256", Some(scope), text(&hex(self.digest::<Sha256>(parts, headers)?.into())))
            }
            #[cfg(feature = "sm3")]
            Scheme::Sm3(_) => ("SDK-HMAC-SM3", None, text(&hex(self.digest::<sm3::Sm3>(parts, headers)?.into()))),
        };
        let scope = scope.map(|scope| format!("{scope}\n")).unwrap_or_default();
        Ok(format!("{name}\n{}\n{scope}{digest}", text(&date)))
    }

    fn digest<D: Digest + Default>(
        &self,
        parts: &Parts<'_>,
        headers: &HeaderMap,
    ) -> Result<sha2::digest::Output<D>, Error> {
        let body = self.body_hash(parts, headers);
        let mut sink = Hashing::<D>::default();
        self.write(parts, headers, &body, &mut sink)?;
        Ok(sink.finish())
    }

    fn content_hash_header(&self) -> HeaderName {
        match self.scheme {
            #[cfg(feature = "sm3")]
            Scheme::Sm3(_) => CONTENT_SM3,
            _ => CONTENT_SHA256,
        }
    }

    /// Bodies that a gateway may rewrite or that are streamed are left out of the signature, and a header says so.
    fn leaves_body_unsigned(&self, parts: &Parts<'_>, headers: &HeaderMap) -> bool {
        let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
        let other = content_type.is_some_and(|value| {
            !value.starts_with(b"application/json") && !value.starts_with(b"application/bson")
        });
        (other && self.rule == HeaderRule::All) || parts.body.is_none()
    }

    /// The line of the canonical request that stands for the body.
    fn body_hash(&self, parts: &Parts<'_>, headers: &HeaderMap) -> BodyHash {
        let told = headers.get(self.content_hash_header()).map(HeaderValue::as_bytes);
        match (told, parts.body) {
            // The official SDKs for Python and Java write the header and yet hash a body that is empty.
            (Some(_), Some([])) if self.rule == HeaderRule::All => self.hash(&[]),
            (Some(told), _) if told == UNSIGNED.as_bytes() => BodyHash::Unsigned,
            (Some(told), _) => BodyHash::Told(told.to_vec()),
            (None, Some(body)) => self.hash(body),
            (None, None) => BodyHash::Unsigned,
        }
    }

    fn hash(&self, body: &[u8]) -> BodyHash {
        match &self.scheme {
            #[cfg(feature = "sm3")]
            Scheme::Sm3(_) => BodyHash::Hex(hex(sm3::Sm3::digest(body).into())),
            _ if body.is_empty() => {
                BodyHash::Hex(*b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
            }
            _ => BodyHash::Hex(hex(Sha256::digest(body).into())),
        }
    }

    fn write(
        &self,
        parts: &Parts<'_>,
        headers: &HeaderMap,
        body: &BodyHash,
        to: &mut impl Sink,
    ) -> Result<(), Error> {
        to.put(parts.method.as_bytes());
        to.put(b"\n");
        put_path(parts.path, self.rule, to);
        to.put(b"\n");
        put_query(parts.query, to);
        to.put(b"\n");
        let covered = self.covered(headers);
        let mut host_due = self.signs_host() && !headers.contains_key(header::HOST);
        if host_due && parts.host.is_empty() {
            return Err(Error::input(NAME, "the request names no host; give its whole address or a Host header"));
        }
        for (name, value) in covered.as_slice() {
            if host_due && *name > "host" {
                put_host(parts, to);
                host_due = false;
            }
            to.put(name.as_bytes());
            to.put(b":");
            to.value(name, value);
            to.put(b"\n");
        }
        if host_due {
            put_host(parts, to);
        }
        to.put(b"\n");
        self.put_names(&covered, headers, to);
        to.put(b"\n");
        to.put(match body {
            BodyHash::Hex(hex) => hex,
            BodyHash::Unsigned => UNSIGNED.as_bytes(),
            BodyHash::Told(told) => told,
        });
        Ok(())
    }

    fn signs_host(&self) -> bool {
        self.rule == HeaderRule::All
    }

    /// The headers that are signed, sorted by name.
    fn covered<'h>(&self, headers: &'h HeaderMap) -> Covered<'h> {
        let mut covered = Covered::default();
        for (name, value) in headers {
            let name = name.as_str();
            let wanted = name != "authorization"
                && match self.rule {
                    HeaderRule::All => !name.contains('_'),
                    HeaderRule::Go => !name.contains('_') && name != "host" && name != "content-type",
                    HeaderRule::Terraform => name != "host",
                };
            if wanted {
                covered.insert(name, value.as_bytes().trim_ascii());
            }
        }
        covered
    }

    fn put_names(&self, covered: &Covered<'_>, headers: &HeaderMap, to: &mut impl Sink) {
        let mut host_due = self.signs_host() && !headers.contains_key(header::HOST);
        let mut first = true;
        let mut put = |name: &str| {
            if !first {
                to.put(b";");
            }
            first = false;
            to.put(name.as_bytes());
        };
        for (name, _) in covered.as_slice() {
            if host_due && *name > "host" {
                put("host");
                host_due = false;
            }
            put(name);
        }
        if host_due {
            put("host");
        }
    }

    fn authorization(
        &self,
        scheme: &str,
        scope: &str,
        signature: &[u8; 64],
        headers: &HeaderMap,
    ) -> Result<HeaderValue, Error> {
        let covered = self.covered(headers);
        let names: usize = covered.as_slice().iter().map(|(name, _)| name.len() + 1).sum::<usize>() + "host;".len();
        let fixed = ", SignedHeaders=, Signature=".len() + signature.len();
        let mut text = Vec::with_capacity(scheme.len() + self.access.len() + scope.len() + names + fixed);
        text.extend_from_slice(scheme.as_bytes());
        text.extend_from_slice(self.access.as_bytes());
        text.extend_from_slice(scope.as_bytes());
        text.extend_from_slice(b", SignedHeaders=");
        self.put_names(&covered, headers, &mut text);
        text.extend_from_slice(b", Signature=");
        text.extend_from_slice(signature);
        let mut value = HeaderValue::try_from(text)
            .map_err(|_| Error::input(NAME, "the access key cannot stand in a header"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// Shows the access key, never the secret.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("access", &self.access).field("headers", &self.rule).finish_non_exhaustive()
    }
}

impl Derived {
    fn scope(&self, day: &[u8; 8]) -> String {
        format!("{}/{}/{}", String::from_utf8_lossy(day), self.region, self.service)
    }

    /// The key for a day: HKDF-SHA256 of the secret, salted with the access key. Its hexadecimal text is the key.
    fn key(&self, access: &str, day: &[u8; 8], scope: &str) -> Hmac<Sha256> {
        let mut cached = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, key)) = &*cached
            && of == day
        {
            return key.clone();
        }
        let mut extract = keyed(access.as_bytes());
        extract.update(self.secret.expose_secret().as_bytes());
        let mut expand = keyed(&extract.finalize().into_bytes());
        expand.update(scope.as_bytes());
        expand.update(&[1]);
        let key = keyed(&hex(expand.finalize().into_bytes().into()));
        *cached = Some((*day, key.clone()));
        key
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

/// Whether a host is one of Huawei Cloud's usual ones. The official SDKs derive keys for all others when they are told to
/// decide by themselves.
pub fn is_usual_host(host: &str) -> bool {
    let labels: Vec<&str> = host.split('.').collect();
    let (service, region, domain) = match labels.as_slice() {
        [service, domain, _] => (*service, None, *domain),
        [service, region, domain, _] => (*service, Some(*region), *domain),
        _ => return false,
    };
    let lower = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase());
    let service_fits = service.len() > 1
        && service.starts_with(|c: char| c.is_ascii_lowercase())
        && service.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    // Such as `cn-north-4`.
    let region_fits = region.is_none_or(|region| {
        let pieces: Vec<&str> = region.split('-').collect();
        matches!(pieces.as_slice(), [area, side, number]
            if area.len() > 1 && lower(area) && !side.is_empty() && lower(side)
                && (1..=2).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit()))
    });
    let domain_fits = ["huaweicloud", "myhuaweicloud", "myhwclouds", "mymyhwclouds"].contains(&domain);
    service_fits && region_fits && domain_fits && ["com", "cn"].contains(labels.last().unwrap_or(&""))
}

fn usual_port(scheme: Option<&str>) -> Option<u16> {
    match scheme {
        Some("http") => Some(80),
        Some("https") => Some(443),
        _ => None,
    }
}

fn sdk_date(now: SystemTime) -> HeaderValue {
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let moment = Civil::from_unix(seconds);
    let mut text = *b"00000000T000000Z";
    let mut write = |at: usize, digits: usize, value: u64| {
        let mut rest = value;
        for place in text[at..at + digits].iter_mut().rev() {
            *place = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
    };
    write(0, 4, moment.year);
    write(4, 2, moment.month);
    write(6, 2, moment.day);
    write(9, 2, moment.hour);
    write(11, 2, moment.minute);
    write(13, 2, moment.second);
    HeaderValue::from_bytes(&text).expect("digits can stand in a header")
}

fn date_of(headers: &HeaderMap) -> Result<[u8; 16], Error> {
    let value = headers.get(SDK_DATE).map(|value| value.as_bytes().trim_ascii());
    let wrong = || Error::input(NAME, "X-Sdk-Date is not of the form 20260102T030405Z");
    value.and_then(|value| value.try_into().ok()).ok_or_else(wrong)
}

fn hex(bytes: [u8; 32]) -> [u8; 64] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = [0; 64];
    for (pair, byte) in out.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    out
}

enum BodyHash {
    Hex([u8; 64]),
    Unsigned,
    Told(Vec<u8>),
}

/// Where the canonical request is written to.
trait Sink {
    fn put(&mut self, bytes: &[u8]);
    /// The value of a header.
    fn value(&mut self, _name: &str, value: &[u8]) {
        self.put(value);
    }
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Text for people: what proves who is calling is masked.
struct Shown(Vec<u8>);

impl Sink for Shown {
    fn put(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
    fn value(&mut self, name: &str, value: &[u8]) {
        let secret = ["token", "secret", "password", "auth"].iter().any(|part| name.contains(part));
        self.put(if secret { b"***" } else { value });
    }
}

/// A hash that takes many small pieces: they are gathered into blocks first.
struct Hashing<D> {
    digest: D,
    block: [u8; 256],
    len: usize,
}

impl<D: Digest + Default> Default for Hashing<D> {
    fn default() -> Self {
        Self { digest: D::default(), block: [0; 256], len: 0 }
    }
}

impl<D: Digest> Hashing<D> {
    fn finish(mut self) -> sha2::digest::Output<D> {
        self.digest.update(&self.block[..self.len]);
        self.digest.finalize()
    }
}

impl<D: Digest> Sink for Hashing<D> {
    fn put(&mut self, bytes: &[u8]) {
        let end = self.len + bytes.len();
        if let Some(place) = self.block.get_mut(self.len..end) {
            place.copy_from_slice(bytes);
            self.len = end;
            return;
        }
        self.digest.update(&self.block[..self.len]);
        self.len = 0;
        match self.block.get_mut(..bytes.len()) {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.len = bytes.len();
            }
            None => self.digest.update(bytes),
        }
    }
}

/// Headers sorted by name. Requests have few, and those fit where nothing is allocated.
struct Covered<'h> {
    few: [(&'h str, &'h [u8]); FEW],
    len: usize,
    many: Vec<(&'h str, &'h [u8])>,
}

const FEW: usize = 24;

impl Default for Covered<'_> {
    fn default() -> Self {
        Self { few: [("", &[]); FEW], len: 0, many: Vec::new() }
    }
}

impl<'h> Covered<'h> {
    fn insert(&mut self, name: &'h str, value: &'h [u8]) {
        if self.len == FEW && self.many.is_empty() {
            self.many = self.few.to_vec();
        }
        // Behind those of the same name: the order in which they are sent.
        let at = self.as_slice().iter().rposition(|(other, _)| *other <= name).map_or(0, |at| at + 1);
        if self.len >= FEW {
            self.many.insert(at, (name, value));
        } else {
            self.few.copy_within(at..self.len, at + 1);
            self.few[at] = (name, value);
        }
        self.len += 1;
    }

    fn as_slice(&self) -> &[(&'h str, &'h [u8])] {
        if self.len > FEW || !self.many.is_empty() { &self.many } else { &self.few[..self.len] }
    }
}

fn put_host(parts: &Parts<'_>, to: &mut impl Sink) {
    to.put(b"host:");
    to.put(parts.host.as_bytes());
    if let Some(port) = parts.port {
        let mut digits = [0; 6];
        let mut at = digits.len();
        let mut rest = port;
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        at -= 1;
        digits[at] = b':';
        to.put(&digits[at..]);
    }
    to.put(b"\n");
}

/// The path with every byte but the unreserved ones encoded, and a slash at its end. What is encoded already is decoded first,
/// slashes included, except by the rule of the SDK for Go.
fn put_path(path: &str, rule: HeaderRule, to: &mut impl Sink) {
    let path = if path.is_empty() { "/" } else { path };
    if rule == HeaderRule::Go {
        put_encoded(path.bytes(), true, to);
    } else {
        put_encoded(Decoded { rest: path.as_bytes(), form: false }, true, to);
    }
    if !path.ends_with('/') && !ends_in_encoded_slash(path, rule) {
        to.put(b"/");
    }
}

fn ends_in_encoded_slash(path: &str, rule: HeaderRule) -> bool {
    rule != HeaderRule::Go
        && path.len() >= 3
        && path.is_char_boundary(path.len() - 3)
        && path[path.len() - 3..].eq_ignore_ascii_case("%2f")
}

/// The pairs of the query, sorted as they are before encoding.
fn put_query(query: &str, to: &mut impl Sink) {
    if query.is_empty() {
        return;
    }
    let mut few = [("", ""); FEW];
    let mut many = Vec::new();
    let mut count = 0;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let pair = pair.split_once('=').unwrap_or((pair, ""));
        match few.get_mut(count) {
            Some(place) if many.is_empty() => *place = pair,
            _ => {
                if many.is_empty() {
                    many = few.to_vec();
                }
                many.push(pair);
            }
        }
        count += 1;
    }
    let pairs = if many.is_empty() { &mut few[..count] } else { &mut many[..] };
    // Sorting in place; of equal pairs no order can be seen.
    pairs.sort_unstable_by(|(a, x), (b, y)| decoded(a).cmp(decoded(b)).then_with(|| decoded(x).cmp(decoded(y))));
    for (i, (name, value)) in pairs.iter().enumerate() {
        if i > 0 {
            to.put(b"&");
        }
        put_encoded(decoded(name), false, to);
        to.put(b"=");
        put_encoded(decoded(value), false, to);
    }
}

fn decoded(text: &str) -> Decoded<'_> {
    Decoded { rest: text.as_bytes(), form: true }
}

/// The bytes of percent-encoded text. In a query a plus is a space, as forms have it.
#[derive(Clone, Copy)]
struct Decoded<'a> {
    rest: &'a [u8],
    form: bool,
}

impl Iterator for Decoded<'_> {
    type Item = u8;
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        if *first == b'%'
            && let [high, low, rest @ ..] = rest
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            self.rest = rest;
            return Some(high << 4 | low);
        }
        self.rest = rest;
        Some(if self.form && *first == b'+' { b' ' } else { *first })
    }
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

fn put_encoded(bytes: impl Iterator<Item = u8>, slashes: bool, to: &mut impl Sink) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut run = [0; 64];
    let mut len = 0;
    for byte in bytes {
        if len + 3 > run.len() {
            to.put(&run[..len]);
            len = 0;
        }
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') || (slashes && byte == b'/') {
            run[len] = byte;
            len += 1;
        } else {
            run[len] = b'%';
            run[len + 1] = DIGITS[usize::from(byte >> 4)];
            run[len + 2] = DIGITS[usize::from(byte & 15)];
            len += 3;
        }
    }
    to.put(&run[..len]);
}
