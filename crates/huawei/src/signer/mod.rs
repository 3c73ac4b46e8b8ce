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

mod canonical;
mod sha;

use canonical::{Covered, put_path, put_query};
#[cfg(feature = "sm3")]
use sha::Sm3;
use sha::{Hash, MacKey, Sha, Shown, Sink, hex};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use yunkit_core::civil::Civil;
use yunkit_core::http::{self, HeaderMap, HeaderName, HeaderValue, header};
use yunkit_core::secrecy::{ExposeSecret, SecretString};
use yunkit_core::{Error, Url};

/// When a request was signed: `20260102T030405Z`.
pub const SDK_DATE: HeaderName = HeaderName::from_static(SDK_DATE_NAME);
const SDK_DATE_NAME: &str = "x-sdk-date";
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
    Sha256(MacKey),
    /// With a key derived for a day, a region and a service.
    Derived(Derived),
    #[cfg(feature = "sm3")]
    Sm3(Box<hmac::Hmac<sm3::Sm3>>),
}

struct Derived {
    secret: SecretString,
    region: String,
    service: String,
    /// The day and its key.
    key: Mutex<Option<([u8; 8], MacKey)>>,
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
        let scheme = Scheme::Sha256(MacKey::new(secret.expose_secret().as_bytes()));
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
        use hmac::KeyInit;
        let key = hmac::Hmac::new_from_slice(secret.expose_secret().as_bytes());
        let scheme = Scheme::Sm3(Box::new(key.expect("HMAC takes keys of any length")));
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
        let mut host = [0; HOST];
        let fresh = sdk_date(now);
        let view = self.view(parts, headers, &fresh, &mut host)?;
        if view.is_signed {
            return Ok(());
        }
        let date = view.date;
        let (says_unsigned, dated) = (view.adds_unsigned, view.is_dated);
        let authorization = match &self.scheme {
            Scheme::Sha256(key) => {
                let begun = self.begin("SDK-HMAC-SHA256 Access=", &[], &view.covered);
                let digest = view.digest::<Sha>(self, parts, begun.names());
                begun.finish(key.of(&[b"SDK-HMAC-SHA256\n", &date, b"\n", &hex(digest)]))
            }
            Scheme::Derived(derived) => {
                let day: [u8; 8] = date[..8].try_into().unwrap_or_default();
                let scope = derived.scope(&day);
                let begun = self.begin("V11-HMAC-SHA256 Credential=", &["/", &scope], &view.covered);
                let digest = view.digest::<Sha>(self, parts, begun.names());
                let key = derived.key(&self.access, &day, &scope);
                begun.finish(key.of(&[b"V11-HMAC-SHA256\n", &date, b"\n", scope.as_bytes(), b"\n", &hex(digest)]))
            }
            #[cfg(feature = "sm3")]
            Scheme::Sm3(key) => {
                use hmac::Mac;
                let begun = self.begin("SDK-HMAC-SM3 Access=", &[], &view.covered);
                let digest = view.digest::<Sm3>(self, parts, begun.names());
                let mut mac = (**key).clone();
                for piece in [&b"SDK-HMAC-SM3\n"[..], &date, b"\n", &hex(digest)] {
                    mac.update(piece);
                }
                begun.finish(mac.finalize().into_bytes().into())
            }
        }?;
        if !dated {
            headers.insert(SDK_DATE, HeaderValue::from_bytes(&fresh).expect("digits can stand in a header"));
        }
        if says_unsigned {
            headers.insert(self.content_hash_header(), HeaderValue::from_static(UNSIGNED));
        }
        headers.insert(header::AUTHORIZATION, authorization);
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
        let mut host = [0; HOST];
        let view = self.view(parts, headers, &[b'0'; 16], &mut host)?;
        view.write(self, parts, &view.names(), &mut text);
        Ok(String::from_utf8_lossy(&text.0).into_owned())
    }

    /// The canonical request of exactly what is signed, secrets included.
    #[doc(hidden)]
    pub fn canonical_in_full(&self, parts: &Parts<'_>, headers: &HeaderMap) -> Result<String, Error> {
        let mut text = Vec::new();
        let mut host = [0; HOST];
        let view = self.view(parts, headers, &[b'0'; 16], &mut host)?;
        view.write(self, parts, &view.names(), &mut text);
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// What the signature is made of.
    #[doc(hidden)]
    pub fn string_to_sign(&self, parts: &Parts<'_>, headers: &HeaderMap) -> Result<String, Error> {
        let mut host = [0; HOST];
        let view = self.view(parts, headers, &[b'0'; 16], &mut host)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (name, scope, digest) = match &self.scheme {
            Scheme::Sha256(_) => ("SDK-HMAC-SHA256", None, view.digest::<Sha>(self, parts, &view.names())),
            Scheme::Derived(derived) => {
                let scope = derived.scope(&view.date[..8].try_into().unwrap_or_default());
                ("V11-HMAC-SHA256", Some(scope), view.digest::<Sha>(self, parts, &view.names()))
            }
            #[cfg(feature = "sm3")]
            Scheme::Sm3(_) => ("SDK-HMAC-SM3", None, view.digest::<Sm3>(self, parts, &view.names())),
        };
        let scope = scope.map(|scope| format!("{scope}\n")).unwrap_or_default();
        Ok(format!("{name}\n{}\n{scope}{}", text(&view.date), text(&hex(digest))))
    }

    fn content_hash_header(&self) -> HeaderName {
        match self.scheme {
            #[cfg(feature = "sm3")]
            Scheme::Sm3(_) => CONTENT_SM3,
            _ => CONTENT_SHA256,
        }
    }

    /// Looks at the headers once, and notes all that signing needs of them: what is covered, in order, with what will be added.
    fn view<'h>(
        &self,
        parts: &Parts<'h>,
        headers: &'h HeaderMap,
        fresh: &'h [u8; 16],
        host: &'h mut [u8; HOST],
    ) -> Result<View<'h>, Error> {
        let content_hash = self.content_hash_header();
        let mut view = View {
            covered: Covered::default(),
            date: *fresh,
            told: None,
            is_signed: false,
            is_dated: false,
            adds_unsigned: parts.body.is_none(),
        };
        let mut has_host = self.rule != HeaderRule::All;
        for (name, value) in headers {
            let value = value.as_bytes().trim_ascii();
            if *name == header::AUTHORIZATION {
                view.is_signed = true;
                continue;
            } else if *name == header::HOST {
                if self.rule != HeaderRule::All {
                    continue;
                }
                has_host = true;
            } else if *name == header::CONTENT_TYPE {
                if self.rule == HeaderRule::Go {
                    continue;
                }
                // Bodies that are neither are left out of the signature, and a header says so.
                let kept = value.starts_with(b"application/json") || value.starts_with(b"application/bson");
                view.adds_unsigned |= !kept && self.rule == HeaderRule::All;
            } else if *name == SDK_DATE {
                let date = value.try_into().ok().filter(is_date);
                let wrong = || Error::input(NAME, "X-Sdk-Date is not of the form 20260102T030405Z");
                view.date = date.ok_or_else(wrong)?;
                view.is_dated = true;
            } else if *name == content_hash {
                view.told = Some(value);
            } else if self.rule != HeaderRule::Terraform && name.as_str().contains('_') {
                continue;
            }
            view.covered.insert(name.as_str(), value);
        }
        if !view.is_dated {
            view.covered.insert(SDK_DATE_NAME, fresh);
        }
        // What the caller says about the body stands.
        view.adds_unsigned &= view.told.is_none();
        if view.adds_unsigned {
            view.told = Some(UNSIGNED.as_bytes());
            let name = if content_hash == CONTENT_SHA256 { "x-sdk-content-sha256" } else { "x-sdk-content-sm3" };
            view.covered.insert(name, UNSIGNED.as_bytes());
        }
        if !has_host {
            if parts.host.is_empty() {
                return Err(Error::input(
                    NAME,
                    "the request names no host; give its whole address or a Host header",
                ));
            }
            let host: &'h [u8] = match parts.port {
                Some(port) => host_with_port(parts.host, port, host)?,
                None => parts.host.as_bytes(),
            };
            view.covered.insert("host", host);
        }
        Ok(view)
    }

    /// Begins the header: all but the signature. The names in it are those that the canonical request lists.
    fn begin(&self, scheme: &str, scope: &[&str], covered: &Covered<'_>) -> Begun {
        let names: usize = covered.as_slice().iter().map(|(name, _)| name.len() + 1).sum();
        let scope_len: usize = scope.iter().map(|piece| piece.len()).sum();
        let fixed = BETWEEN[0].len() + BETWEEN[1].len() + 64;
        // Exact where no name comes twice: text that fills its place becomes a header without being copied.
        let len = scheme.len() + self.access.len() + scope_len + names.saturating_sub(1) + fixed;
        let mut text = Vec::with_capacity(len);
        text.extend_from_slice(scheme.as_bytes());
        text.extend_from_slice(self.access.as_bytes());
        scope.iter().for_each(|piece| text.extend_from_slice(piece.as_bytes()));
        text.extend_from_slice(BETWEEN[0].as_bytes());
        let start = text.len();
        put_names(covered, &mut text);
        Begun { names: start..text.len(), text }
    }
}

const BETWEEN: [&str; 2] = [", SignedHeaders=", ", Signature="];

/// An `Authorization` that wants its signature.
struct Begun {
    text: Vec<u8>,
    /// Where the names of the signed headers are in it.
    names: std::ops::Range<usize>,
}

impl Begun {
    fn names(&self) -> &[u8] {
        &self.text[self.names.clone()]
    }

    fn finish(mut self, signature: [u8; 32]) -> Result<HeaderValue, Error> {
        self.text.extend_from_slice(BETWEEN[1].as_bytes());
        self.text.extend_from_slice(&hex(signature));
        let mut value = HeaderValue::try_from(self.text)
            .map_err(|_| Error::input(NAME, "the access key cannot stand in a header"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// A request as its signature sees it.
struct View<'h> {
    covered: Covered<'h>,
    date: [u8; 16],
    /// What a header says about the body instead of its hash.
    told: Option<&'h [u8]>,
    is_signed: bool,
    is_dated: bool,
    /// Whether that header is still to be added.
    adds_unsigned: bool,
}

impl View<'_> {
    fn digest<H: Hash>(&self, signer: &Signer, parts: &Parts<'_>, names: &[u8]) -> [u8; 32] {
        let mut hash = H::default();
        self.write(signer, parts, names, &mut hash);
        hash.finish()
    }

    fn names(&self) -> Vec<u8> {
        let mut names = Vec::new();
        put_names(&self.covered, &mut names);
        names
    }

    /// Writes the canonical request.
    fn write(&self, signer: &Signer, parts: &Parts<'_>, names: &[u8], to: &mut impl Sink) {
        to.put(parts.method.as_bytes());
        to.byte(b'\n');
        put_path(parts.path, signer.rule, to);
        to.byte(b'\n');
        put_query(parts.query, to);
        to.byte(b'\n');
        let mut last = "";
        for (name, value) in self.covered.as_slice() {
            // Several lines of one name are one line here.
            if last == *name {
                to.byte(b',');
            } else {
                if !last.is_empty() {
                    to.byte(b'\n');
                }
                to.put(name.as_bytes());
                to.byte(b':');
            }
            to.value(name, value);
            last = name;
        }
        to.put(b"\n\n");
        to.put(names);
        to.byte(b'\n');
        match (self.told, parts.body) {
            // The official SDKs for Python and Java write the header and yet hash a body that is empty.
            (Some(_), Some([])) if signer.rule == HeaderRule::All => signer.put_hash(&[], to),
            (Some(told), _) => to.put(told),
            (None, Some(body)) => signer.put_hash(body, to),
            (None, None) => to.put(UNSIGNED.as_bytes()),
        }
    }
}

impl Signer {
    fn put_hash(&self, body: &[u8], to: &mut impl Sink) {
        match &self.scheme {
            #[cfg(feature = "sm3")]
            Scheme::Sm3(_) => to.put(&hex(Sm3::of(body))),
            _ if body.is_empty() => to.put(b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            _ => to.put(&hex(Sha::of(body))),
        }
    }
}

fn put_names(covered: &Covered<'_>, to: &mut impl Sink) {
    let mut last = "";
    for (name, _) in covered.as_slice() {
        if last == *name {
            continue;
        }
        if !last.is_empty() {
            to.put(b";");
        }
        to.put(name.as_bytes());
        last = name;
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
    fn key(&self, access: &str, day: &[u8; 8], scope: &str) -> MacKey {
        let mut cached = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, key)) = &*cached
            && of == day
        {
            return *key;
        }
        let extracted = MacKey::new(access.as_bytes()).of(&[self.secret.expose_secret().as_bytes()]);
        let expanded = MacKey::new(&extracted).of(&[scope.as_bytes(), &[1]]);
        let key = MacKey::new(&hex(expanded));
        *cached = Some((*day, key));
        key
    }
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

/// Whether it is written `20260102T030405Z`.
fn is_date(text: &[u8; 16]) -> bool {
    text.iter().enumerate().all(|(at, byte)| match at {
        8 => *byte == b'T',
        15 => *byte == b'Z',
        _ => byte.is_ascii_digit(),
    })
}

fn sdk_date(now: SystemTime) -> [u8; 16] {
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
    text
}

/// Room for a host name and a port.
const HOST: usize = 264;

fn host_with_port<'h>(host: &str, port: u16, buffer: &'h mut [u8; HOST]) -> Result<&'h [u8], Error> {
    use std::io::Write;
    let mut rest = &mut buffer[..];
    write!(rest, "{host}:{port}").map_err(|_| Error::input(NAME, "the name of the host is too long"))?;
    let left = rest.len();
    Ok(&buffer[..HOST - left])
}
