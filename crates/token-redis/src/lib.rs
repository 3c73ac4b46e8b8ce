//! Tokens in Redis, for all machines that share an identity.
//!
//! ```no_run
//! use std::sync::{Arc, OnceLock};
//! use yunkit_core::session::{Refresher, SealingKey, Session};
//! use yunkit_token_redis::RedisStore;
//!
//! # fn example(key: [u8; 32], refresher: Arc<dyn Refresher>) -> Result<(), Box<dyn std::error::Error>> {
//! let store = RedisStore::sealed("redis://127.0.0.1/", SealingKey::new(key))?;
//! let session = Session::new("alice", Arc::new(store), refresher);
//! # Ok(()) }
//! ```
//!
//! | in Redis | is |
//! |---|---|
//! | `yunkit:{identity}:tokens` | a hash: the sealed tokens, their version, the version that is being spent, the last fence |
//! | `yunkit:{identity}:lease` | the fence of whoever refreshes, with an expiry |
//!
//! Versions are compared and swapped by scripts on the server, so no two writers can overwrite each other. The braces keep
//! both keys of an identity on one node of a cluster; this store itself speaks to one server.
//!
//! What Redis loses, the store loses: with `appendfsync everysec` or a failover to a replica, the last second of writes can
//! be gone, and with it a pair of tokens that has just been bought. Services that take a refresh token once will then ask the
//! user to sign in again. Use `appendfsync always`, and `min-replicas-to-write` where there are replicas.

use async_trait::async_trait;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, FromRedisValue, RedisError, Script};
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use yunkit_core::session::{Kept, Lease, SealingKey, StoreError, TokenStore, Tokens, Vault, Version};

/// Keeps tokens in Redis, for all processes of all machines.
///
/// Clones share one connection, which is made when it is first needed and made anew when it breaks.
#[derive(Clone)]
pub struct RedisStore {
    client: Client,
    connection: Arc<OnceLock<ConnectionManager>>,
    vault: Arc<Vault>,
    prefix: String,
}

/// How long Redis may take to answer, and a connection to come about.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often a lease is kept alive within its time.
const BEATS: u32 = 3;

impl RedisStore {
    /// Tokens sealed by ChaCha20-Poly1305, each bound to its identity, at an address such as
    /// `redis://:password@127.0.0.1:6379/0`.
    ///
    /// # Errors
    ///
    /// When the address cannot be read.
    pub fn sealed(address: &str, key: SealingKey) -> Result<Self, StoreError> {
        Self::connect(address, Vault::sealed(key))
    }

    /// Tokens that everybody can read who can read this Redis.
    ///
    /// # Errors
    ///
    /// When the address cannot be read.
    pub fn plaintext(address: &str) -> Result<Self, StoreError> {
        Self::connect(address, Vault::plaintext())
    }

    fn connect(address: &str, vault: Vault) -> Result<Self, StoreError> {
        let client = Client::open(address).map_err(|error| failed("the address cannot be read", &error))?;
        Ok(Self { client, connection: Arc::default(), vault: Arc::new(vault), prefix: "yunkit".to_owned() })
    }

    /// The connection, once there is a runtime that can hold it.
    fn connection(&self) -> Result<ConnectionManager, RedisError> {
        if let Some(connection) = self.connection.get() {
            return Ok(connection.clone());
        }
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            // One more time; after that, whoever needs the tokens decides.
            .set_number_of_retries(1);
        let connection = ConnectionManager::new_lazy_with_config(self.client.clone(), config)?;
        Ok(self.connection.get_or_init(|| connection).clone())
    }

    /// Begins the names of all keys with this word instead of `yunkit`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    fn tokens(&self, identity: &str) -> String {
        format!("{}:{{{identity}}}:tokens", self.prefix)
    }

    fn lease_of(&self, identity: &str) -> String {
        format!("{}:{{{identity}}}:lease", self.prefix)
    }

    /// Runs a script, and once more when the connection turns out to be gone: each of them may be run twice.
    async fn run<T: FromRedisValue>(
        &self,
        what: &str,
        script: &str,
        keys: &[&str],
        arguments: &[&[u8]],
    ) -> Result<T, StoreError> {
        let script = Script::new(script);
        let mut call = script.prepare_invoke();
        for key in keys {
            call.key(*key);
        }
        for argument in arguments {
            call.arg(*argument);
        }
        let mut connection = self.connection().map_err(|error| failed(what, &error))?;
        let answer = match call.invoke_async(&mut connection).await {
            Err(error) if error.is_connection_dropped() => call.invoke_async(&mut connection).await,
            answer => answer,
        };
        answer.map_err(|error| failed(what, &error))
    }
}

/// The address may hold a password.
impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// KEYS: tokens. Answers the version and the tokens.
const LOAD: &str = "return redis.call('HMGET', KEYS[1], 'version', 'tokens')";

/// KEYS: tokens. ARGV: the version to replace, the new tokens. Answers the new version, or 0.
const SWAP: &str = r"
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
if version ~= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'version', version + 1, 'tokens', ARGV[2])
redis.call('HDEL', KEYS[1], 'spending')
return version + 1";

/// KEYS: tokens, lease. ARGV: milliseconds. Answers the fence, or 0.
const LEASE: &str = r"
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
local fence = redis.call('HINCRBY', KEYS[1], 'fence', 1)
redis.call('SET', KEYS[2], fence, 'PX', ARGV[1])
return fence";

/// KEYS: lease. ARGV: fence, milliseconds. Answers whether it is still ours.
const KEEP: &str = r"
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])";

/// KEYS: lease. ARGV: fence.
const RELEASE: &str = r"
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])";

/// KEYS: tokens, lease. ARGV: version, fence. Answers 1 for the first note, 0 for one that is there, -1 when the lease has
/// passed on, -2 when the version has.
const SPEND: &str = r"
if redis.call('GET', KEYS[2]) ~= ARGV[2] then return -1 end
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return -2 end
if redis.call('HGET', KEYS[1], 'spending') == ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'spending', ARGV[1])
return 1";

/// A number as Redis compares it: as text.
fn text(number: u64) -> Vec<u8> {
    number.to_string().into_bytes()
}

#[async_trait]
impl TokenStore for RedisStore {
    async fn load(&self, identity: &str) -> Result<Option<(Version, Tokens)>, StoreError> {
        let read = self.run("Redis could not be asked", LOAD, &[&self.tokens(identity)], &[]).await?;
        let (Some(version), Some(bytes)): (Option<Version>, Option<Vec<u8>>) = read else { return Ok(None) };
        let kept = self.vault.open(identity, bytes)?;
        // Old tokens under a new number would be spent a second time.
        if kept.version != version {
            return Err(StoreError::new("the tokens in Redis are not of the version they stand under"));
        }
        Ok(Some((version, kept.tokens)))
    }

    async fn swap(
        &self,
        identity: &str,
        expected: Version,
        tokens: &Tokens,
    ) -> Result<Option<Version>, StoreError> {
        let bytes = self.vault.close(identity, &Kept::new(expected.saturating_add(1), tokens.clone()))?;
        let what = "Redis may not have taken the tokens";
        let version: i64 = self.run(what, SWAP, &[&self.tokens(identity)], &[&text(expected), &bytes]).await?;
        Ok(u64::try_from(version).ok().filter(|version| *version > 0))
    }

    async fn lease(&self, identity: &str, time: Duration) -> Result<Option<Lease>, StoreError> {
        let millis = text(u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1));
        let (tokens, key) = (self.tokens(identity), self.lease_of(identity));
        let what = "Redis could not be asked for the lease";
        let fence: i64 = self.run(what, LEASE, &[&tokens, &key], &[&millis]).await?;
        let Some(fence) = u64::try_from(fence).ok().filter(|fence| *fence > 0) else { return Ok(None) };
        let (store, its_key) = (self.clone(), key.clone());
        let alive = tokio::spawn(async move {
            loop {
                tokio::time::sleep(time / BEATS).await;
                // Redis that does not answer now may do so at the next beat, before the lease has run out.
                let kept: Result<i64, _> = store.run("", KEEP, &[&its_key], &[&text(fence), &millis]).await;
                if kept.is_ok_and(|kept| kept == 0) {
                    return;
                }
            }
        });
        let (store, runtime) = (self.clone(), tokio::runtime::Handle::current());
        Ok(Some(Lease::new(fence, move || {
            alive.abort();
            runtime.spawn(async move {
                // Where it fails, the lease runs out.
                let _: Result<i64, _> = store.run("", RELEASE, &[&key], &[&text(fence)]).await;
            });
        })))
    }

    async fn spend(&self, identity: &str, version: Version, lease: &Lease) -> Result<bool, StoreError> {
        let keys = [&*self.tokens(identity), &*self.lease_of(identity)];
        let arguments = [&*text(version), &*text(lease.fence())];
        match self.run::<i64>("Redis may not have taken the note", SPEND, &keys, &arguments).await? {
            -1 => Err(StoreError::new("the right to refresh has passed to somebody else")),
            -2 => Err(StoreError::new("the tokens have been replaced meanwhile")),
            first => Ok(first == 1),
        }
    }
}

/// The kind of the failure alone: the address can hold a password, and answers can hold what was sent.
fn failed(what: &str, error: &RedisError) -> StoreError {
    StoreError::new(match error.code() {
        Some(code) => format!("{what}: {} ({code})", error.category()),
        None => format!("{what}: {}", error.category()),
    })
}
