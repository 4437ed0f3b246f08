//! What users have granted, and the tokens and codes that come from it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Client, OAuth};

/// A code waits so long to be exchanged.
const CODE_LIFE: i64 = 600_000;
/// An access token lives an hour less a second.
pub(super) const ACCESS_LIFE: i64 = 3_599_000;
const DAY: i64 = 86_400_000;
/// Refresh tokens of projects in testing.
const TESTING_LIFE: i64 = 7 * DAY;
/// Refresh tokens that are not used.
const IDLE_LIFE: i64 = 182 * DAY;
/// So many live for one account and client; the next one ends the oldest.
const MOST_TOKENS: usize = 100;
/// Access tokens are swept when there are more.
const SWEEP: usize = 50_000;

/// What a user has granted to a project.
#[derive(Debug, Default)]
pub(crate) struct Grant {
    pub(crate) scopes: BTreeSet<String>,
    /// Live refresh tokens by client, the oldest first.
    tokens: BTreeMap<String, VecDeque<String>>,
}

#[derive(Debug)]
pub(crate) struct Refresh {
    pub(crate) client: String,
    pub(crate) project: String,
    pub(crate) account: String,
    pub(crate) scopes: Vec<String>,
    issued: i64,
    last_used: i64,
    is_testing: bool,
}

#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) client: String,
    pub(crate) project: String,
    pub(crate) account: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) expires: i64,
    pub(crate) is_offline: bool,
}

#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) client: String,
    pub(crate) account: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) redirect_uri: String,
    /// The challenge and whether it is a hash.
    pub(crate) challenge: Option<(String, bool)>,
    pub(crate) nonce: Option<String>,
    pub(crate) gives_refresh_token: bool,
    pub(crate) is_offline: bool,
    pub(crate) expires: i64,
    /// The access token that was given for it, when it was used.
    pub(crate) used_for: Option<String>,
}

impl OAuth {
    /// A code; its text has a slash, as Google's.
    pub(crate) fn add_code(&mut self, mut code: Code, now: i64) -> String {
        code.expires = now + CODE_LIFE;
        self.codes.retain(|_, code| code.expires > now);
        let text = format!("4/0Afake{}", self.rng.url_text(56));
        self.codes.insert(text.clone(), code);
        text
    }

    pub(crate) fn add_access(
        &mut self,
        client: &str,
        project: &str,
        account: &str,
        scopes: Vec<String>,
        is_offline: bool,
        now: i64,
    ) -> String {
        if self.access.len() > SWEEP {
            self.access.retain(|_, access| access.expires > now);
        }
        let token = format!("ya29.a0fake{}", self.rng.url_text(120));
        let access = Access {
            client: client.to_owned(),
            project: project.to_owned(),
            account: account.to_owned(),
            scopes,
            expires: now + ACCESS_LIFE,
            is_offline,
        };
        self.access.insert(token.clone(), access);
        token
    }

    /// Remembers what was granted, and makes a refresh token for it.
    pub(crate) fn add_refresh(
        &mut self,
        client: &Client,
        account: &str,
        scopes: Vec<String>,
        now: i64,
    ) -> String {
        let token = format!("1//0fake{}", self.rng.url_text(92));
        let grant = self.grants.entry((client.project.clone(), account.to_owned())).or_default();
        grant.scopes.extend(scopes.iter().cloned());
        let live = grant.tokens.entry(client.client_id.clone()).or_default();
        live.push_back(token.clone());
        if live.len() > MOST_TOKENS
            && let Some(oldest) = live.pop_front()
        {
            self.refresh.remove(&oldest);
        }
        let is_testing = client.is_testing && !super::scopes::are_about_identity(&scopes);
        let refresh = Refresh {
            client: client.client_id.clone(),
            project: client.project.clone(),
            account: account.to_owned(),
            scopes,
            issued: now,
            last_used: now,
            is_testing,
        };
        self.refresh.insert(token.clone(), refresh);
        token
    }

    /// The refresh token, if it still lives; using it keeps it alive.
    pub(crate) fn use_refresh(&mut self, token: &str, now: i64) -> Option<&Refresh> {
        let refresh = self.refresh.get(token)?;
        let is_dead = now - refresh.last_used > IDLE_LIFE
            || (refresh.is_testing && now - refresh.issued >= TESTING_LIFE);
        if is_dead {
            let (client, key) = (refresh.client.clone(), (refresh.project.clone(), refresh.account.clone()));
            self.refresh.remove(token);
            if let Some(live) = self.grants.get_mut(&key).and_then(|grant| grant.tokens.get_mut(&client)) {
                live.retain(|own| own != token);
            }
            return None;
        }
        let refresh = self.refresh.get_mut(token)?;
        refresh.last_used = now;
        Some(refresh)
    }

    /// Seconds that a refresh token lives, where that is limited.
    pub(crate) fn refresh_expires_in(&self, token: &str) -> Option<i64> {
        self.refresh.get(token).filter(|refresh| refresh.is_testing).map(|_| TESTING_LIFE / 1000 - 1)
    }

    /// Ends the whole grant that a token belongs to; whether it belongs to one.
    pub(crate) fn revoke(&mut self, token: &str) -> bool {
        let of_access = self.access.get(token).map(|access| (access.project.clone(), access.account.clone()));
        let of_refresh =
            self.refresh.get(token).map(|refresh| (refresh.project.clone(), refresh.account.clone()));
        match of_access.or(of_refresh) {
            Some((project, account)) => {
                self.revoke_grant(&project, &account);
                true
            }
            None => false,
        }
    }

    /// Ends what an account has granted to a project.
    pub(crate) fn revoke_grant(&mut self, project: &str, account: &str) {
        self.grants.remove(&(project.to_owned(), account.to_owned()));
        self.refresh.retain(|_, refresh| refresh.project != project || refresh.account != account);
        self.access.retain(|_, access| access.project != project || access.account != account);
    }

    /// Ends everything that an account has granted, as a new password does.
    pub(crate) fn revoke_account(&mut self, account: &str) {
        self.grants.retain(|(_, own), _| own != account);
        self.refresh.retain(|_, refresh| refresh.account != account);
        self.access.retain(|_, access| access.account != account);
    }

    /// Makes all access tokens of an account expire now.
    pub(crate) fn expire_access(&mut self, account: &str) {
        self.access.retain(|_, access| access.account != account);
    }
}
