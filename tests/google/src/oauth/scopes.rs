//! Scopes: the short names, their order, and which are harmless.

use std::collections::BTreeSet;

/// The form in which Google says a scope back.
pub(crate) fn normal(scope: &str) -> String {
    match scope {
        "email" => "https://www.googleapis.com/auth/userinfo.email".to_owned(),
        "profile" => "https://www.googleapis.com/auth/userinfo.profile".to_owned(),
        "https://www.googleapis.com/auth/userinfo.openid" => "openid".to_owned(),
        other => other.to_owned(),
    }
}

/// What a parameter asks for, once each, in Google's order rather than the caller's.
pub(crate) fn parse(text: &str) -> Vec<String> {
    let set: BTreeSet<String> = text.split_whitespace().map(normal).collect();
    set.into_iter().collect()
}

pub(crate) fn is_known(scope: &str) -> bool {
    scope == "openid"
        || scope.starts_with("https://www.googleapis.com/auth/")
        || scope == "https://mail.google.com/"
}

/// Whether they only say who somebody is.
pub(crate) fn are_about_identity(scopes: &[String]) -> bool {
    scopes
        .iter()
        .all(|scope| scope == "openid" || scope.starts_with("https://www.googleapis.com/auth/userinfo."))
}
