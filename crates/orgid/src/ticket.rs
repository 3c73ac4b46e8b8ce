//! Checking the tickets of CAS.

use crate::cas::{CasAuthenticationSuccessAttributes, ValidateService};
use yunkit_core::secrecy::{ExposeSecret, SecretString};
use yunkit_core::{Client, Error, ErrorKind};

const NAME: &str = "cas::ValidateService";
const SERVICE_LIMIT: usize = 1024;
const TICKET_LIMIT: usize = 128;

/// What became of a ticket. Both come with HTTP 200.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Ticket {
    /// It is good: the user, and what OrgID tells about them.
    Good {
        /// The account name.
        user: String,
        /// Names, phone number, login time. Boxed, because a refusal is small.
        attributes: Box<CasAuthenticationSuccessAttributes>,
    },
    /// It is not: wrong, used, too old, or for another service.
    Refused {
        /// The code, such as `INVALID_TICKET`.
        code: String,
        /// The service's own words.
        description: String,
    },
}

/// Asks whether a ticket is good for a service, which is the address that the browser brought it to.
///
/// ```no_run
/// use yunkit_orgid::{Ticket, validate_ticket};
/// # async fn example(orgid: yunkit_orgid::OrgId, ticket: &str) -> Result<(), yunkit_orgid::Error> {
/// match validate_ticket(orgid.client(), "https://app.example.com/login", &ticket.into()).await? {
///     Ticket::Good { user, .. } => println!("welcome, {user}"),
///     Ticket::Refused { code, description } => println!("{code}: {description}"),
///     _ => {}
/// }
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// [`ErrorKind::Input`], before anything is sent, for a service of more than 1,024 characters or a ticket of more than 128;
/// [`ErrorKind::Decode`] for an answer that is neither. Otherwise as [`Client::send`].
pub async fn validate_ticket(client: &Client, service: &str, ticket: &SecretString) -> Result<Ticket, Error> {
    for (name, text, limit) in
        [("service", service, SERVICE_LIMIT), ("ticket", ticket.expose_secret(), TICKET_LIMIT)]
    {
        let length = text.chars().count();
        if length == 0 || length > limit {
            let message = format!("`{name}` has {length} characters, and may have 1 to {limit}");
            return Err(Error::input(NAME, message));
        }
    }
    let answer = client.send(ValidateService::new(service, ticket.clone())).await?;
    let response = answer.service_response.unwrap_or_default();
    match (response.authentication_success, response.authentication_failure) {
        (Some(success), _) if success.user.as_deref().is_some_and(|user| !user.is_empty()) => Ok(Ticket::Good {
            user: success.user.unwrap_or_default(),
            attributes: Box::new(success.attributes.unwrap_or_default()),
        }),
        (_, Some(failure)) => Ok(Ticket::Refused {
            code: failure.code.unwrap_or_default(),
            description: failure.description.unwrap_or_default(),
        }),
        _ => Err(Error::new(ErrorKind::Decode, NAME).with_message("the answer is neither a success nor a failure")),
    }
}
