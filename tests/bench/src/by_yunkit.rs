//! The same calls through Yunkit, with everything that is on by default.

use crate::TOKEN;
use yunkit_gitee::types::Repository;
use yunkit_gitee::{Client, Error, Gitee, repos};

/// A client with a personal token.
///
/// # Errors
///
/// When the address is none, or the system's certificates cannot be used.
pub fn client(address: &str) -> Result<Client, Error> {
    Gitee::at(address)?.with_token(TOKEN.into())
}

/// Fetches one repository.
///
/// # Errors
///
/// When the call fails, the service refuses, or its answer does not fit.
pub async fn get(client: &Client, owner: &str, repo: &str) -> Result<Repository, Error> {
    client.send(repos::Get::new(owner, repo)).await
}

/// Fetches the caller's repositories.
///
/// # Errors
///
/// As [`get`].
pub async fn list(client: &Client) -> Result<Vec<Repository>, Error> {
    client.send(repos::ListForAuthenticatedUser::new()).await
}
