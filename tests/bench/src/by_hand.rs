//! The calls as one writes them without an SDK.

use crate::TOKEN;
use crate::twin::Repository;
use reqwest::header::ACCEPT;
use reqwest::{Client, Error};

/// The client everybody begins with.
///
/// # Errors
///
/// When the system's certificates cannot be used.
pub fn client() -> Result<Client, Error> {
    // Built without a provider, as Yunkit is; only the first choice counts.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().build()
}

/// Fetches one repository.
///
/// # Errors
///
/// When the call fails, the service refuses, or its answer does not fit.
pub async fn get(client: &Client, address: &str, owner: &str, repo: &str) -> Result<Repository, Error> {
    client
        .get(format!("{address}/api/v5/repos/{owner}/{repo}"))
        .bearer_auth(TOKEN)
        .header(ACCEPT, "application/json")
        .send()
        .await?
        .error_for_status()?
        .json::<Repository>()
        .await
}

/// Fetches the caller's repositories.
///
/// # Errors
///
/// As [`get`].
pub async fn list(client: &Client, address: &str) -> Result<Vec<Repository>, Error> {
    client
        .get(format!("{address}/api/v5/user/repos"))
        .bearer_auth(TOKEN)
        .header(ACCEPT, "application/json")
        .send()
        .await?
        .error_for_status()?
        .json::<Vec<Repository>>()
        .await
}
