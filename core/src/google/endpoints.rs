//! Where Google is.

/// The base addresses of Google's servers, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GoogleEndpoints {
    /// Where users consent.
    pub accounts: String,
    /// Where tokens are given, refreshed and revoked.
    pub oauth2: String,
    /// Who an account belongs to (OpenID).
    pub openid: String,
    /// Gmail.
    pub gmail: String,
    /// Drive, Calendar and Google's keys.
    pub www: String,
}

impl Default for GoogleEndpoints {
    fn default() -> Self {
        Self {
            accounts: "https://accounts.google.com".to_owned(),
            oauth2: "https://oauth2.googleapis.com".to_owned(),
            openid: "https://openidconnect.googleapis.com".to_owned(),
            gmail: "https://gmail.googleapis.com".to_owned(),
            www: "https://www.googleapis.com".to_owned(),
        }
    }
}

impl GoogleEndpoints {
    /// One server that answers for all of them, such as a fake or a proxy.
    #[must_use]
    pub fn at(base: &str) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        Self {
            accounts: base.clone(),
            oauth2: base.clone(),
            openid: base.clone(),
            gmail: base.clone(),
            www: base,
        }
    }
}
