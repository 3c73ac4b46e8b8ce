//! Tokens as stores keep them: sealed by a key, or plain for those who say so.

use crate::session::{StoreError, Tokens, Version};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The key that tokens are sealed with: 32 bytes of good randomness, kept where the tokens are not.
pub struct SealingKey(LessSafeKey);

impl SealingKey {
    /// A key of these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes).expect("a key of 32 bytes fits the algorithm");
        Self(LessSafeKey::new(key))
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealingKey").finish_non_exhaustive()
    }
}

/// What sealed tokens begin with.
const MAGIC: &[u8] = b"yunkit-sealed-1\n";

/// What a number can be that all stores count alike: Redis has floats.
const LAST: Version = (1 << 53) - 1;

/// What a store keeps of one identity.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Kept {
    /// How often the tokens have been replaced.
    pub version: Version,
    /// The tokens.
    pub tokens: Tokens,
    /// The version whose refresh token somebody has begun to spend.
    pub spending: Option<Version>,
}

impl Kept {
    /// Tokens that nobody has begun to spend.
    pub fn new(version: Version, tokens: Tokens) -> Self {
        Self { version, tokens, spending: None }
    }
}

/// Turns what a store keeps into bytes and back; for those who write stores.
///
/// ```
/// use yunkit_core::session::{Kept, SealingKey, Tokens, Vault};
///
/// # fn main() -> Result<(), yunkit_core::session::StoreError> {
/// let vault = Vault::sealed(SealingKey::new([7; 32]));
/// let bytes = vault.close("alice", &Kept::new(1, Tokens::new("secret".into())))?;
/// assert_eq!(vault.open("alice", bytes.clone())?.version, 1);
/// assert!(vault.open("bob", bytes).is_err());
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Vault(Option<SealingKey>);

impl Vault {
    /// Sealed by ChaCha20-Poly1305 under this key, each bound to its identity.
    pub fn sealed(key: SealingKey) -> Self {
        Self(Some(key))
    }

    /// Readable for everybody who gets at the bytes.
    pub fn plaintext() -> Self {
        Self(None)
    }

    /// The bytes to keep.
    ///
    /// # Errors
    ///
    /// When they cannot be sealed.
    pub fn close(&self, identity: &str, kept: &Kept) -> Result<Vec<u8>, StoreError> {
        if kept.version > LAST {
            return Err(StoreError::new("there is no version after the last one"));
        }
        let text = write_kept(kept).to_string().into_bytes();
        match &self.0 {
            Some(key) => seal(key, identity, text),
            None => Ok(text),
        }
    }

    /// What the bytes keep.
    ///
    /// # Errors
    ///
    /// When they were sealed under another key or for another identity, or not by us.
    pub fn open(&self, identity: &str, bytes: Vec<u8>) -> Result<Kept, StoreError> {
        let refuse = |why: &str| StoreError::new(format!("the tokens cannot be read: {why}"));
        let text = match (&self.0, bytes.strip_prefix(MAGIC)) {
            (Some(key), Some(sealed)) => {
                open(key, identity, sealed).ok_or_else(|| refuse("another key, or tokens of another identity"))?
            }
            (None, None) => bytes,
            (Some(_), None) => return Err(refuse("they are not sealed, and should be")),
            (None, Some(_)) => return Err(refuse("they are sealed, and there is no key")),
        };
        let kept: Option<Value> = serde_json::from_slice(&text).ok();
        kept.as_ref().and_then(read_kept).ok_or_else(|| refuse("they are not ours"))
    }
}

fn seal(key: &SealingKey, identity: &str, mut text: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    // 96 random bits: a store would have to write billions of times before two are likely to meet.
    let random = crate::random_u128().to_ne_bytes();
    let mut nonce = [0; NONCE_LEN];
    nonce.copy_from_slice(&random[..NONCE_LEN]);
    let sealed = key.0.seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::from(identity.as_bytes()),
        &mut text,
    );
    sealed.map_err(|_| StoreError::new("the tokens cannot be sealed"))?;
    Ok([MAGIC, nonce.as_slice(), &text].concat())
}

fn open(key: &SealingKey, identity: &str, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
    let mut text = sealed.to_vec();
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let opened = key.0.open_in_place(nonce, Aad::from(identity.as_bytes()), &mut text).ok()?.len();
    text.truncate(opened);
    Some(text)
}

fn write_kept(kept: &Kept) -> Value {
    let tokens = &kept.tokens;
    let millis = |time: Option<SystemTime>| Some(time?.duration_since(UNIX_EPOCH).ok()?.as_millis() as u64);
    json!({
        "version": kept.version,
        "spending": kept.spending,
        "access_token": tokens.access_token.expose_secret(),
        "refresh_token": tokens.refresh_token.as_ref().map(ExposeSecret::expose_secret),
        "expires_at_ms": millis(tokens.expires_at),
        "renew_at_ms": millis(tokens.renew_at),
        "scope": tokens.scope,
        "extra": tokens.extra,
    })
}

fn read_kept(kept: &Value) -> Option<Kept> {
    let text = |name: &str| kept.get(name).and_then(Value::as_str);
    let mut tokens = Tokens::new(text("access_token")?.into());
    tokens.refresh_token = text("refresh_token").map(Into::into);
    tokens.scope = text("scope").map(str::to_owned);
    let time = |name: &str| UNIX_EPOCH.checked_add(Duration::from_millis(kept.get(name)?.as_u64()?));
    (tokens.expires_at, tokens.renew_at) = (time("expires_at_ms"), time("renew_at_ms"));
    for (name, value) in kept.get("extra").and_then(Value::as_object).into_iter().flatten() {
        tokens.extra.insert(name.clone(), value.as_str()?.to_owned());
    }
    Some(Kept {
        version: kept.get("version")?.as_u64().filter(|version| *version <= LAST)?,
        tokens,
        spending: kept.get("spending").and_then(Value::as_u64),
    })
}
