//! Many processes on one identity: what the program `crowd` and its tests share.

use std::sync::Arc;
use yunkit_coding_rest::CodingRest;
use yunkit_core::session::{FileStore, Refresher, SealingKey, Session, StoreError, TokenStore};
use yunkit_core::{Client, Error};
use yunkit_gitee::Gitee;
use yunkit_testkit::{coding, gitee};
use yunkit_token_redis::RedisStore;

/// Whose tokens they are.
pub const IDENTITY: &str = "tests/demo";

/// What they are sealed with.
const KEY: [u8; 32] = [42; 32];

/// Where the tokens are kept, sealed: a folder, or the address of a Redis.
///
/// # Errors
///
/// When it cannot be used.
pub fn store(place: &str) -> Result<Arc<dyn TokenStore>, StoreError> {
    let key = SealingKey::new(KEY);
    Ok(match place.starts_with("redis://") {
        true => Arc::new(RedisStore::sealed(place, key)?),
        false => Arc::new(FileStore::sealed(place, key)?),
    })
}

/// What buys new tokens, at a fake of that surface.
///
/// # Errors
///
/// When the address is none.
pub fn refresher(surface: &str, address: &str) -> Result<Arc<dyn Refresher>, Error> {
    Ok(match surface {
        "gitee" => Arc::new(Gitee::at(address)?.oauth(gitee::application())?),
        _ => Arc::new(CodingRest::at(address)?.oauth(coding::application())?),
    })
}

/// A client with the session.
///
/// # Errors
///
/// When the address is none.
pub fn client(surface: &str, address: &str, session: Session) -> Result<Client, Error> {
    match surface {
        "gitee" => Gitee::at(address)?.with_session(session),
        _ => CodingRest::at(address)?.with_session(session),
    }
}

/// A call that needs the session: who am I?
///
/// # Errors
///
/// Whatever fails.
pub async fn call(surface: &str, client: &Client) -> Result<(), Error> {
    match surface {
        "gitee" => client.send(yunkit_gitee::users::GetAuthenticated::new()).await.map(drop),
        _ => client.send(yunkit_coding_rest::account::GetMe::new()).await.map(drop),
    }
}
