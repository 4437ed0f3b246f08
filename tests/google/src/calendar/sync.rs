//! Sync tokens and page tokens: what they say, and with which parameters they go.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::{ApiError, Result};
use crate::http::Query;
use crate::rng::hash;

/// May not be combined with a sync token.
const FORBIDDEN: [&str; 8] = [
    "iCalUID",
    "orderBy",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "timeMin",
    "timeMax",
    "updatedMin",
];
/// Must be the same as in the request that gave the token.
const PRINTED: [&str; 6] =
    ["singleEvents", "eventTypes", "maxAttendees", "timeZone", "showHiddenInvitations", "alwaysIncludeEmail"];
/// A list with one of these ends without a sync token.
const NO_TOKEN: [&str; 6] =
    ["iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "updatedMin"];

/// Up to where somebody has read a calendar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SyncToken {
    pub(crate) seq: u64,
    pub(crate) minted: i64,
    print: u64,
}

/// A number for the parameters that matter.
pub(crate) fn fingerprint(query: &Query) -> u64 {
    let mut pairs: Vec<String> = query
        .pairs()
        .filter(|(name, value)| PRINTED.contains(name) && !value.is_empty())
        // What is said without need is the same as what is not said.
        .filter(|pair| {
            !matches!(pair, ("singleEvents" | "showHiddenInvitations" | "alwaysIncludeEmail", "false"))
        })
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.sort();
    hash(pairs.join("&").as_bytes())
}

/// Whether a list with these parameters ends with a sync token.
pub(crate) fn gives_token(query: &Query) -> bool {
    NO_TOKEN.iter().all(|name| query.get(name).is_none())
}

/// Refuses parameters that do not go with a sync token.
pub(crate) fn check_combination(query: &Query) -> Result<()> {
    if let Some(name) = FORBIDDEN.iter().find(|name| query.get(name).is_some()) {
        let message = format!("Sync token cannot be combined with the parameter {name}.");
        return Err(ApiError::new(400, "badRequest", message));
    }
    if query.get("showDeleted") == Some("false") {
        return Err(ApiError::new(
            400,
            "badRequest",
            "Sync token cannot be combined with showDeleted set to false.",
        ));
    }
    Ok(())
}

impl SyncToken {
    pub(crate) fn new(seq: u64, minted: i64, print: u64) -> Self {
        Self { seq, minted, print }
    }

    pub(crate) fn write(&self, of: &str) -> String {
        let text = format!("s{}:{}:{:x}:{:x}", self.seq, self.minted, self.print, hash(of.as_bytes()));
        format!("C{}=", URL_SAFE_NO_PAD.encode(text))
    }

    /// `of` is what it must be about.
    pub(crate) fn read(token: &str, of: &str, print: u64) -> Result<Self> {
        let read = || {
            let text = URL_SAFE_NO_PAD.decode(token.strip_prefix('C')?.strip_suffix('=')?).ok()?;
            let text = String::from_utf8(text).ok()?;
            let mut fields = text.strip_prefix('s')?.split(':');
            let (seq, minted) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
            let print = u64::from_str_radix(fields.next()?, 16).ok()?;
            let about = u64::from_str_radix(fields.next()?, 16).ok()?;
            (about == hash(of.as_bytes())).then_some(Self { seq, minted, print })
        };
        let token = read().ok_or_else(full_sync_required)?;
        if token.print != print {
            let message =
                "The parameters of the request differ from those that the sync token was made with.";
            return Err(ApiError::new(400, "badRequest", message).at("parameter", "syncToken"));
        }
        Ok(token)
    }
}

/// 410: begin anew.
pub(crate) fn full_sync_required() -> ApiError {
    let message = "Sync token is no longer valid, a full sync is required.";
    ApiError::new(410, "fullSyncRequired", message).in_domain("calendar").at("parameter", "syncToken")
}

/// Where a list goes on: the change it began at, and the place after the last item.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PageToken {
    pub(crate) target: u64,
    pub(crate) place: (i64, String),
}

impl PageToken {
    pub(crate) fn write(&self, print: u64) -> String {
        URL_SAFE_NO_PAD.encode(format!("p{}:{:x}:{}:{}", self.target, print, self.place.0, self.place.1))
    }

    pub(crate) fn read(token: &str, print: u64) -> Result<Self> {
        let read = || {
            let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
            let mut fields = text.strip_prefix('p')?.splitn(4, ':');
            let target = fields.next()?.parse().ok()?;
            let own = u64::from_str_radix(fields.next()?, 16).ok()?;
            let place = (fields.next()?.parse().ok()?, fields.next()?.to_owned());
            (own == print).then_some(Self { target, place })
        };
        read().ok_or_else(|| ApiError::parameter("pageToken", "Invalid page token value."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_know_their_calendar_and_their_parameters() {
        let print = fingerprint(&Query::parse(
            "singleEvents=true&maxResults=5&eventTypes=default&eventTypes=focusTime",
        ));
        assert_eq!(
            print,
            fingerprint(&Query::parse("eventTypes=focusTime&eventTypes=default&singleEvents=true&timeMin=x"))
        );
        assert_ne!(print, fingerprint(&Query::parse("singleEvents=true&eventTypes=default")));
        assert_eq!(fingerprint(&Query::parse("singleEvents=false")), fingerprint(&Query::parse("")));
        let text = SyncToken::new(7, 9, print).write("a");
        assert_eq!(SyncToken::read(&text, "a", print).unwrap(), SyncToken::new(7, 9, print));
        assert_eq!(SyncToken::read(&text, "b", print).unwrap_err().code, 410);
        assert_eq!(SyncToken::read(&text, "a", print + 1).unwrap_err().code, 400);
        for broken in ["", "C=", "é", "CAAA=", &text[1..]] {
            assert_eq!(SyncToken::read(broken, "a", print).unwrap_err().reason, "fullSyncRequired");
        }
    }

    #[test]
    fn combinations_are_refused() {
        for query in [
            "timeMin=2026-01-01T00:00:00Z",
            "q=x",
            "orderBy=updated",
            "showDeleted=false",
            "iCalUID=a",
            "updatedMin=x",
        ] {
            assert_eq!(check_combination(&Query::parse(query)).unwrap_err().code, 400, "{query}");
        }
        check_combination(&Query::parse("showDeleted=true&singleEvents=true&maxResults=1")).unwrap();
        assert!(gives_token(&Query::parse("timeMin=x")) && !gives_token(&Query::parse("orderBy=updated")));
    }
}
