//! The places that Huawei's own SDKs look for keys in.

use crate::context::{AuthToken, Context, SUBJECT_TOKEN};
use crate::credentials::{AccessKey, Means, Proof, Provider, decline, key_from, read_named};
use crate::iam::{
    CreateTemporaryAccessKeyByToken, CreateTokenWithIdToken, GetIdTokenAuthParams, GetIdTokenIdTokenBody,
    TemporaryAccessKeyAuth, TemporaryAccessKeyIdentity,
};
use crate::sts::AssumeAgencyWithOIDC;
use async_trait::async_trait;
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::Mutex;
use yunkit_core::civil::Civil;
use yunkit_core::http::{Method, StatusCode};
use yunkit_core::rest::Base;
use yunkit_core::secrecy::SecretString;
use yunkit_core::{Error, Url};

/// `HUAWEICLOUD_SDK_AK` and its like, or the identity provider of `HUAWEICLOUD_SDK_IDP_ID`, which wins when both are set.
#[derive(Debug, Default)]
pub struct Variables;

#[async_trait]
impl Provider for Variables {
    fn name(&self) -> &'static str {
        "environment"
    }
    async fn proof(&self, context: &Context) -> Result<Proof, Error> {
        let var = |key: &str| context.environment.var(&format!("HUAWEICLOUD_SDK_{}", key.to_uppercase()));
        if let (Some(idp), Some(file)) = (var("idp_id"), var("id_token_file")) {
            let federation = Federation {
                idp_id: idp,
                id_token_file: file,
                project_id: var("project_id"),
                domain_id: var("domain_id"),
                iam: None,
            };
            return federation.proof(context).await;
        }
        key_from(var, self.name(), |key| format!("HUAWEICLOUD_SDK_{} is not set", key.to_uppercase()))
    }
}

/// A section of the profile file: `~/.huaweicloud/credentials`, or what `HUAWEICLOUD_SDK_CREDENTIALS_FILE` names.
#[derive(Debug)]
pub struct Profile {
    section: &'static str,
}

impl Profile {
    /// The section for calls in a region.
    pub fn basic() -> Self {
        Self { section: "basic" }
    }
    /// The section for global calls.
    pub fn global() -> Self {
        Self { section: "global" }
    }
}

#[async_trait]
impl Provider for Profile {
    fn name(&self) -> &'static str {
        "profile"
    }
    async fn proof(&self, context: &Context) -> Result<Proof, Error> {
        let named = context.environment.var("HUAWEICLOUD_SDK_CREDENTIALS_FILE");
        let path = match named {
            Some(path) => path.into(),
            None => context
                .environment
                .home_file("credentials")
                .ok_or_else(|| decline(self.name(), "there is no home folder"))?,
        };
        let shown = path.display().to_string();
        let text =
            context.environment.read(&path).map_err(|error| decline(self.name(), format!("{shown}: {error}")))?;
        let section = ini_section(&text, self.section)
            .ok_or_else(|| decline(self.name(), format!("{shown} has no section [{}]", self.section)))?;
        let get = |key: &str| section.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
        let iam = get("iam_endpoint");
        if let (Some(idp), Some(file)) = (get("idp_id"), get("id_token_file")) {
            let federation = Federation {
                idp_id: idp,
                id_token_file: file,
                project_id: get("project_id"),
                domain_id: get("domain_id"),
                iam,
            };
            return federation.proof(context).await;
        }
        key_from(get, self.name(), |key| format!("{shown} has no `{key}` in [{}]", self.section))
    }
}

/// The pairs of one section. Comments begin with `#` or `;`, as for Python's `configparser`.
fn ini_section(text: &str, wanted: &str) -> Option<Vec<(String, String)>> {
    let mut found: Option<Vec<(String, String)>> = None;
    let mut inside = false;
    for line in text.trim_start_matches('\u{feff}').lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            inside = name.trim() == wanted;
            if inside {
                found.get_or_insert_default();
            }
            continue;
        }
        if !inside || line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let (Some((key, value)), Some(pairs)) = (line.split_once(['=', ':']), &mut found)
            && !value.trim().is_empty()
        {
            pairs.push((key.trim().to_lowercase(), value.trim().to_owned()));
        }
    }
    found
}

/// An ID token of an identity provider, for a token of IAM, for a temporary key that lives six hours.
#[derive(Debug, Clone)]
struct Federation {
    idp_id: String,
    id_token_file: String,
    project_id: Option<String>,
    domain_id: Option<String>,
    iam: Option<String>,
}

impl Federation {
    async fn proof(&self, context: &Context) -> Result<Proof, Error> {
        const NAME: &str = "federation";
        // Files of identity providers change: they are read each time.
        let id_token = read_named(NAME, &context.environment, &self.id_token_file)?;
        let iam = match &self.iam {
            Some(address) => context.client_at(Base::parse(address)?),
            None => context.client("iam")?,
        };
        let auth = GetIdTokenAuthParams::new(GetIdTokenIdTokenBody::new(id_token));
        let (_, meta) = iam.send_with_meta(CreateTokenWithIdToken::new(&self.idp_id, auth)).await?;
        let token = meta.headers.get(SUBJECT_TOKEN).and_then(|value| value.to_str().ok());
        let token: SecretString =
            token.ok_or_else(|| decline(NAME, "the answer brought no X-Subject-Token"))?.into();
        let six_hours = crate::iam::IdentityToken::new().duration_seconds(6 * 3600);
        let identity = TemporaryAccessKeyIdentity::new(["token"]).token(six_hours);
        let create = CreateTemporaryAccessKeyByToken::new(TemporaryAccessKeyAuth::new(identity));
        let answer = iam.credential(Arc::new(AuthToken::new(&token)?)).send(create).await?;
        let credential = answer.credential.ok_or_else(|| decline(NAME, "the answer holds no key"))?;
        let (Some(access), Some(secret)) = (credential.access, credential.secret) else {
            return Err(decline(NAME, "the answer holds no whole key"));
        };
        let mut key = AccessKey::new(access, secret);
        key.security_token = credential.securitytoken;
        Ok(Proof {
            project_id: self.project_id.clone(),
            domain_id: self.domain_id.clone(),
            expires_at: credential.expires_at.as_deref().and_then(moment),
            ..key.into()
        })
    }
}

/// An ID token, exchanged with STS for a temporary key of an agency: `HUAWEICLOUD_OIDC_PROVIDER_URN`, `…_AGENCY_URN`, and the token in
/// `…_ID_TOKEN` or in the file `…_TOKEN_FILE`.
#[derive(Debug, Default)]
pub struct OidcSts;

#[async_trait]
impl Provider for OidcSts {
    fn name(&self) -> &'static str {
        "OIDC"
    }
    async fn proof(&self, context: &Context) -> Result<Proof, Error> {
        let var = |key: &str| context.environment.var(&format!("HUAWEICLOUD_OIDC_{key}"));
        let need =
            |key: &str| var(key).ok_or_else(|| decline(self.name(), format!("HUAWEICLOUD_OIDC_{key} is not set")));
        let (provider, agency) = (need("PROVIDER_URN")?, need("AGENCY_URN")?);
        let token = match (var("ID_TOKEN"), var("TOKEN_FILE")) {
            (Some(token), _) => token,
            (None, Some(file)) => read_named(self.name(), &context.environment, &file)?,
            (None, None) => {
                let why = "neither HUAWEICLOUD_OIDC_ID_TOKEN nor HUAWEICLOUD_OIDC_TOKEN_FILE is set";
                return Err(decline(self.name(), why));
            }
        };
        let session = var("SESSION_NAME").unwrap_or_else(|| "oidc-sts-session".to_owned());
        let seconds = match var("DURATION_SECONDS") {
            Some(text) => text
                .trim()
                .parse()
                .map_err(|_| decline(self.name(), "HUAWEICLOUD_OIDC_DURATION_SECONDS is no number"))?,
            None => 3600,
        };
        let mut assume = AssumeAgencyWithOIDC::new(provider, agency, session, token).duration_seconds(seconds);
        assume.policy = var("POLICY");
        if let Some(ids) = var("POLICY_IDS") {
            assume = assume.policy_ids(ids.split(',').map(|id| id.trim().to_owned()));
        }
        let answer = context.client("sts")?.send(assume).await?;
        let credentials = answer.credentials.ok_or_else(|| decline(self.name(), "the answer holds no key"))?;
        let (Some(access), Some(secret)) = (credentials.access_key_id, credentials.secret_access_key) else {
            return Err(decline(self.name(), "the answer holds no whole key"));
        };
        let mut key = AccessKey::new(access, secret);
        key.security_token = credentials.security_token;
        let expires_at = credentials.expiration.as_deref().and_then(moment);
        Ok(Proof { project_id: None, expires_at, ..key.into() })
    }
}

/// The key of the agency that is bound to the server this runs on, from its metadata address.
#[derive(Debug)]
pub struct EcsMetadata {
    address: String,
    token: Mutex<Held>,
}

/// What is known about the token of the metadata address.
#[derive(Debug, Default)]
enum Held {
    #[default]
    Unknown,
    /// The address gives out none; asked again after a day.
    Without(SystemTime),
    Token(SecretString, SystemTime),
}

const METADATA_PATIENCE: Duration = Duration::from_secs(3);
const METADATA_TOKEN_LIFE: Duration = Duration::from_secs(21_600);
const DAY: Duration = Duration::from_secs(86_400);

impl Default for EcsMetadata {
    fn default() -> Self {
        Self::at("http://169.254.169.254")
    }
}

impl EcsMetadata {
    /// The metadata at another address; for tests.
    pub fn at(address: impl Into<String>) -> Self {
        Self { address: address.into(), token: Mutex::new(Held::Unknown) }
    }

    fn url(&self, path: &str) -> Result<Url, Error> {
        let address = format!("{}{path}", self.address.trim_end_matches('/'));
        address.parse().map_err(|_| decline("ECS metadata", "its address is not valid"))
    }

    /// The token, where the address gives out any.
    async fn token(&self, context: &Context, anew: bool) -> Result<Option<SecretString>, Error> {
        let now = context.surroundings.now();
        let mut held = self.token.lock().await;
        match &*held {
            Held::Token(token, until) if !anew && now < *until => return Ok(Some(token.clone())),
            Held::Without(until) if now < *until => return Ok(None),
            _ => {}
        }
        let ttl = METADATA_TOKEN_LIFE.as_secs().to_string().into();
        let url = self.url("/meta-data/latest/api/token")?;
        let headers = [("x-metadata-token-ttl-seconds", &ttl)];
        let (status, _, body) =
            context.fetch(self.name(), Method::PUT, url, &headers, None, METADATA_PATIENCE).await?;
        match status {
            status if status.is_success() => {
                let token: SecretString = String::from_utf8_lossy(&body).trim().to_owned().into();
                *held = Held::Token(token.clone(), now + METADATA_TOKEN_LIFE);
                Ok(Some(token))
            }
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::SERVICE_UNAVAILABLE => {
                *held = Held::Without(now + DAY);
                Ok(None)
            }
            status => Err(decline(self.name(), format!("its token address answered {status}"))),
        }
    }
}

#[async_trait]
impl Provider for EcsMetadata {
    fn name(&self) -> &'static str {
        "ECS metadata"
    }
    async fn proof(&self, context: &Context) -> Result<Proof, Error> {
        let mut anew = false;
        loop {
            let token = self.token(context, anew).await?;
            let headers: Vec<_> = token.iter().map(|token| ("x-metadata-token", token)).collect();
            let url = self.url("/openstack/latest/securitykey")?;
            let (status, _, body) =
                context.fetch(self.name(), Method::GET, url, &headers, None, METADATA_PATIENCE).await?;
            if status.is_success() {
                return key_of_answer(self.name(), &body);
            }
            let text = String::from_utf8_lossy(&body);
            let no_agency = text.contains("Please configure Cloud Service Agency first");
            if status == StatusCode::UNAUTHORIZED && !no_agency && !anew {
                anew = true;
                continue;
            }
            return Err(decline(
                self.name(),
                match no_agency {
                    true => "no agency is bound to this server".to_owned(),
                    false => format!("it answered {status}"),
                },
            ));
        }
    }
}

/// The key of the pod this runs in: `HC_CONTAINER_CREDENTIALS_FULL_URI` and `HC_CONTAINER_AUTHORIZATION_TOKEN_FILE`.
#[derive(Debug, Default)]
pub struct PodIdentity;

#[async_trait]
impl Provider for PodIdentity {
    fn name(&self) -> &'static str {
        "pod identity"
    }
    async fn proof(&self, context: &Context) -> Result<Proof, Error> {
        const PATIENCE: Duration = Duration::from_secs(5);
        let need = |key: &str| {
            context.environment.var(key).ok_or_else(|| decline(self.name(), format!("{key} is not set")))
        };
        let uri = need("HC_CONTAINER_CREDENTIALS_FULL_URI")?;
        let file = need("HC_CONTAINER_AUTHORIZATION_TOKEN_FILE")?;
        let url =
            uri.parse().map_err(|_| decline(self.name(), "HC_CONTAINER_CREDENTIALS_FULL_URI is no address"))?;
        let token: SecretString = read_named(self.name(), &context.environment, &file)?.into();
        let headers = [("authorization", &token)];
        let (status, _, body) =
            context.fetch(self.name(), Method::POST, url, &headers, Some(b"{}"), PATIENCE).await?;
        if !status.is_success() {
            return Err(decline(self.name(), format!("it answered {status}")));
        }
        key_of_answer(self.name(), &body)
    }
}

/// Reads a temporary key in any of the spellings that the official SDKs take.
fn key_of_answer(name: &'static str, body: &[u8]) -> Result<Proof, Error> {
    let whole: Value = serde_json::from_slice(body).map_err(|_| decline(name, "its answer is no JSON"))?;
    let inner = ["credential", "credentials"].iter().find_map(|key| whole.get(*key)).unwrap_or(&whole);
    let one = |keys: [&str; 3]| {
        let mut texts = keys.iter().filter_map(|key| inner.get(*key)?.as_str());
        texts.find(|text| !text.is_empty()).map(str::to_owned)
    };
    let access = one(["access", "accessKeyId", "access_key_id"]);
    let secret = one(["secret", "secretAccessKey", "secret_access_key"]);
    let (Some(access), Some(secret)) = (access, secret) else {
        return Err(decline(name, "its answer holds no key"));
    };
    let mut key = AccessKey::new(access, secret.into());
    key.security_token = one(["securitytoken", "securityToken", "security_token"]).map(Into::into);
    let expires_at = one(["expires_at", "expiration", "expiresAt"]).as_deref().and_then(moment);
    Ok(Proof { means: Means::Key(key), project_id: None, domain_id: None, expires_at })
}

/// A time as IAM and STS write it.
pub(crate) fn moment(text: &str) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(Civil::parse_unix(text)?))
}

#[cfg(test)]
mod tests {
    use super::{ini_section, key_of_answer};
    use crate::credentials::Means;

    #[test]
    fn a_profile_has_sections_comments_and_both_kinds_of_signs() {
        let text = "# mine\n[global]\nak = G\n[basic]\n; old = x\nak = A\nsk: S=1\nempty =\n\n[other]\nak=O\n";

        let basic = ini_section(text, "basic").unwrap();

        assert_eq!(basic, [("ak".to_owned(), "A".to_owned()), ("sk".to_owned(), "S=1".to_owned())]);
        assert_eq!(ini_section(text, "global").unwrap().len(), 1);
        assert_eq!(ini_section(text, "none"), None);
    }

    #[test]
    fn a_key_is_read_in_every_spelling() {
        let rows = [
            r#"{"credential":{"access":"A","secret":"S","securitytoken":"T","expires_at":"2026-01-02T03:04:05.000000Z"}}"#,
            r#"{"credentials":{"accessKeyId":"A","secretAccessKey":"S","securityToken":"T","expiration":"2026-01-02T03:04:05Z"}}"#,
            r#"{"access_key_id":"A","secret_access_key":"S","security_token":"T","expiration":"2026-01-02T03:04:05Z"}"#,
        ];

        for body in rows {
            let proof = key_of_answer("test", body.as_bytes()).unwrap();
            let Means::Key(key) = proof.means else { panic!("it is a key") };
            assert_eq!(
                (key.access.as_str(), key.security_token.is_some(), proof.expires_at.is_some()),
                ("A", true, true)
            );
        }
        for body in ["", "[]", r#"{"credential":{"access":"A"}}"#] {
            assert!(key_of_answer("test", body.as_bytes()).is_err(), "{body}");
        }
    }
}
