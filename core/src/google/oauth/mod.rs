//! Consent and tokens.
//!
//! A *consent* is asked for in a browser ([`Consents`]) and comes back with a code, for which
//! there are tokens. A *keeper* ([`TokenKeeper`]) hands out access tokens and refreshes them,
//! one at a time for an account, whichever process asks.

mod adoption;
mod callback;
mod consent;
mod delegated;
mod flights;
mod identity;
mod keeper;
mod linking;
mod refresh;
mod resealing;
mod revocation;
mod scopes;
mod sealing;
mod service_account;
mod token_endpoint;

#[cfg(test)]
pub(crate) use callback::Granted;
pub use callback::{Callback, Identity};
pub(crate) use callback::{Finished, SignIn};
pub(crate) use consent::{ConsentRequest, Consents, Purpose};
pub(crate) use flights::AccessToken;
pub(crate) use identity::{Claims, GoogleKeys};
pub(crate) use keeper::TokenKeeper;
#[cfg(test)]
pub(crate) use resealing::Resealed;
pub(crate) use revocation::Revocation;
pub(crate) use scopes::{can_read, scope_of};
pub(crate) use service_account::ServiceAccount;
pub(crate) use token_endpoint::TokenEndpoint;

#[cfg(test)]
pub(super) use identity::tests::{NOW, publisher, token};
#[cfg(test)]
mod tests;
