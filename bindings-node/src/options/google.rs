//! What has to be known to work with Google, and how much of it is kept level.

use napi::Result;
use napi::bindgen_prelude::{Array, FromNapiValue, JsObjectValue, JsValue, Object};
use napi::sys;
use napi_derive::napi;

use super::{page, parse, parse_some};
use crate::errors::unfit;
use crate::types::input::{Count, accepts_anything_then_checks};
use crate::types::time::{Millis, TimeInput};

/// What has to be known to work with Google.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct GoogleOptions {
    /// The OAuth client's id. May be left out where there is only a service account.
    pub client_id: Option<String>,
    /// The OAuth client's secret.
    pub client_secret: Option<String>,
    /// Where Google sends users back who linked an account, exactly as registered.
    pub redirect_uri: Option<String>,
    /// Where it sends those back who signed in; `redirectUri` if not said.
    pub login_redirect_uri: Option<String>,
    /// The keys that tokens are encrypted with, by name: 32 random bytes each, as base64 or hex
    /// (`openssl rand -base64 32`). The first one encrypts, all of them decrypt.
    #[napi(ts_type = "Record<string, string> | Array<{ id: string, key: string }>")]
    pub token_keys: Option<TokenKeys>,
    /// Whether accounts are asked for reading only; `true` if not said. Nothing here writes to
    /// them.
    pub read_only: Option<bool>,
    /// Only accounts of this Workspace domain are accepted.
    pub hosted_domain: Option<String>,
    /// A service account's key: its JSON as a text, or the path of a file with it.
    pub service_account: Option<String>,
    /// Where Google is: one address for all of it, or addresses for its parts.
    #[napi(ts_type = "string | GoogleEndpoints")]
    pub endpoints: Option<Endpoints>,
    /// How Gmail notifies; if not said, it is polled only.
    pub push: Option<PushOptions>,
    /// The base address, `https://...`, below which Drive and Calendar notify; if not said, they
    /// are polled only.
    pub webhook_address: Option<String>,
    /// What may be used of Google's APIs: a table of Google's, or one and what differs from it.
    #[napi(ts_type = "QuotaTable | GoogleQuota")]
    pub quota: Option<Quota>,
    /// How many milliseconds one try of a call may take; 30,000 if not said.
    #[napi(ts_type = "number")]
    pub request_timeout: Option<Millis>,
    /// How many milliseconds a call may take with all its tries and waits; 120,000 if not said.
    #[napi(ts_type = "number")]
    pub total_timeout: Option<Millis>,
    /// The address of a proxy for all calls, `http://host:port`.
    pub proxy: Option<String>,
}

/// Where Google's parts are; what is left out is where Google has it.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct GoogleEndpoints {
    /// Where users consent.
    pub accounts: Option<String>,
    /// Where tokens are given, refreshed and revoked.
    pub oauth2: Option<String>,
    /// Who an account belongs to (OpenID).
    pub openid: Option<String>,
    /// Gmail.
    pub gmail: Option<String>,
    /// Drive, Calendar and Google's keys.
    pub www: Option<String>,
}

/// How Gmail notifies: over a topic of Pub/Sub, whose subscription posts to us and signs what
/// it posts.
#[napi(object, object_to_js = false)]
pub struct PushOptions {
    /// `projects/{project}/topics/{topic}`.
    pub topic: String,
    /// `projects/{project}/subscriptions/{subscription}`; messages of others are refused.
    pub subscription: String,
    /// The audience that the subscription was made with; without one, the address it posts to.
    pub audience: String,
    /// The address of the service account that the subscription signs as.
    pub service_account: String,
}

/// What may be used of Google's APIs.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct GoogleQuota {
    /// What calls cost, and what holds where nothing else is said; `new` if not said.
    #[napi(ts_type = "QuotaTable")]
    pub table: Option<String>,
    /// Gmail.
    pub gmail: Option<ServiceQuota>,
    /// Drive.
    pub drive: Option<ServiceQuota>,
    /// Calendar.
    pub calendar: Option<ServiceQuota>,
}

/// Quota units a minute of one API.
#[napi(object, object_to_js = false)]
pub struct ServiceQuota {
    /// For each user of the project.
    #[napi(ts_type = "number")]
    pub per_user: Count,
    /// For the whole project.
    #[napi(ts_type = "number")]
    pub per_project: Count,
}

/// How much of linked accounts is kept level, and how often it is looked at.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct SyncOptions {
    /// Mail that Gmail accepted before this instant is left out; all of it is taken if not said.
    #[napi(ts_type = "Date | string")]
    pub mail_since: Option<TimeInput>,
    /// The first listing of a mailbox ends after so many messages, newest first.
    #[napi(ts_type = "number")]
    pub max_messages: Option<Count>,
    /// Which events become meetings.
    pub meetings: Option<MeetingRules>,
    /// The shortest and longest waits between two polls.
    pub intervals: Option<IntervalBounds>,
}

/// Which events become meetings.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct MeetingRules {
    /// Only those with a link to join by; `true` if not said.
    pub require_link: Option<bool>,
    /// Those that the owner declined, too; `true` if not said.
    pub include_declined: Option<bool>,
    /// Those that take whole days, too; not unless asked for.
    pub include_all_day: Option<bool>,
    /// How many milliseconds ago a meeting may have ended; a week if not said.
    #[napi(ts_type = "number")]
    pub window_past: Option<Millis>,
    /// In how many milliseconds a meeting may begin; 60 days if not said.
    #[napi(ts_type = "number")]
    pub window_future: Option<Millis>,
}

/// The shortest and longest waits between two polls, in milliseconds.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct IntervalBounds {
    /// No wait is shorter, but for a notification; a minute if not said.
    #[napi(ts_type = "number")]
    pub floor: Option<Millis>,
    /// No wait is longer without notifications; an hour if not said.
    #[napi(ts_type = "number")]
    pub ceiling: Option<Millis>,
    /// No wait is longer with notifications; two hours if not said.
    #[napi(ts_type = "number")]
    pub ceiling_with_channel: Option<Millis>,
}

/// How a user is asked for consent.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct ConsentOptions {
    /// The address of the account, where it is known.
    pub login_hint: Option<String>,
    /// The path in your application to go on at afterwards.
    pub return_to: Option<String>,
    /// A value that only the asking browser has, such as a cookie's. It has to come back with
    /// the answer, so that a question cannot be asked in one browser and answered in another.
    pub session: Option<String>,
}

/// How an account is disconnected.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct DisconnectOptions {
    /// Whether documents and meetings that only this account brought are deleted; not unless
    /// asked for.
    pub erase: Option<bool>,
}

/// What of the user's accounts is brought level.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct UserSyncOptions {
    /// Only this service; all if not said.
    #[napi(ts_type = "Service")]
    pub service: Option<String>,
}

/// Which meetings to list, and which page of them.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct MeetingListOptions {
    /// Only those that end after this.
    #[napi(ts_type = "Date | string")]
    pub from: Option<TimeInput>,
    /// Only those that begin before this.
    #[napi(ts_type = "Date | string")]
    pub until: Option<TimeInput>,
    /// Only of the project with this id.
    pub project: Option<String>,
    /// How many items a page has at most, from 1 to 1,000; 100 if not said.
    #[napi(ts_type = "number")]
    pub size: Option<Count>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// Keys by name, in order.
pub struct TokenKeys(Vec<(String, String)>);

accepts_anything_then_checks!(TokenKeys, "Record<string, string>");

impl FromNapiValue for TokenKeys {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // Nothing of what is wrong is shown: it may be a key.
        let wrong = || unfit("token keys are an object of names and keys, or a list of `{ id, key }`");
        let text = |of: &Object<'_>, name: &str| of.get_named_property::<String>(name).map_err(|_| wrong());
        // SAFETY: the caller vouches for `env` and `value`.
        let object = unsafe { Object::from_napi_value(env, value) }.map_err(|_| wrong())?;
        if object.is_array().unwrap_or(false) {
            // SAFETY: as above, and it is a list.
            let items = unsafe { Array::from_napi_value(env, value) }.map_err(|_| wrong())?;
            let mut keys = Vec::new();
            for index in 0..items.len() {
                let item = items.get::<Object<'_>>(index).map_err(|_| wrong())?.ok_or_else(wrong)?;
                keys.push((text(&item, "id")?, text(&item, "key")?));
            }
            return Ok(Self(keys));
        }
        let names = Object::keys(&object).map_err(|_| wrong())?;
        // JavaScript puts such names first, whatever their order was.
        if names.len() > 1 && names.iter().any(|name| name.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err(unfit(
                "several token keys with numbers for names have no order in an object; give a list of `{ id, key }`",
            ));
        }
        let keys = names.into_iter().map(|name| text(&object, &name).map(|key| (name, key)));
        keys.collect::<Result<_>>().map(Self)
    }
}

/// One server for all of Google, or one for each part.
pub enum Endpoints {
    /// The same one.
    At(String),
    /// One each.
    Each(GoogleEndpoints),
}

accepts_anything_then_checks!(Endpoints, "string | GoogleEndpoints");

impl FromNapiValue for Endpoints {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: the caller vouches for `env` and `value`.
        if let Ok(base) = unsafe { String::from_napi_value(env, value) } {
            return Ok(Self::At(base));
        }
        // SAFETY: as above.
        unsafe { GoogleEndpoints::from_napi_value(env, value) }.map(Self::Each)
    }
}

/// A table, or one and what differs from it.
pub struct Quota(GoogleQuota);

accepts_anything_then_checks!(Quota, "QuotaTable | GoogleQuota");

impl FromNapiValue for Quota {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: the caller vouches for `env` and `value`.
        if let Ok(table) = unsafe { String::from_napi_value(env, value) } {
            return Ok(Self(GoogleQuota { table: Some(table), ..GoogleQuota::default() }));
        }
        // SAFETY: as above.
        unsafe { GoogleQuota::from_napi_value(env, value) }.map(Self)
    }
}

fn set<T, U: Into<T>>(place: &mut T, given: Option<U>) {
    if let Some(given) = given {
        *place = given.into();
    }
}

impl GoogleOptions {
    pub(crate) fn into_core(self) -> Result<besunny::GoogleOptions> {
        let mut options = besunny::GoogleOptions::default();
        set(&mut options.client_id, self.client_id);
        set(&mut options.client_secret, self.client_secret);
        set(&mut options.redirect_uri, self.redirect_uri);
        options.login_redirect_uri = self.login_redirect_uri;
        let keys = self.token_keys.map_or_else(Vec::new, |keys| keys.0);
        options.token_keys = keys.into_iter().map(|(id, key)| besunny::TokenKey::new(id, key)).collect();
        set(&mut options.read_only, self.read_only);
        options.hosted_domain = self.hosted_domain;
        options.service_account = self.service_account.map(besunny::Secret::from);
        options.endpoints = match self.endpoints {
            None => besunny::GoogleEndpoints::default(),
            Some(Endpoints::At(base)) => besunny::GoogleEndpoints::at(&base),
            Some(Endpoints::Each(each)) => each.into(),
        };
        options.push = self.push.map(besunny::PushOptions::from);
        options.webhook_address = self.webhook_address;
        if let Some(Quota(quota)) = self.quota {
            options.quota = quota.into_core()?;
        }
        set(&mut options.request_timeout, self.request_timeout.map(|millis| millis.0));
        set(&mut options.total_timeout, self.total_timeout.map(|millis| millis.0));
        options.proxy = self.proxy;
        Ok(options)
    }
}

impl From<GoogleEndpoints> for besunny::GoogleEndpoints {
    fn from(given: GoogleEndpoints) -> Self {
        let mut endpoints = Self::default();
        set(&mut endpoints.accounts, given.accounts);
        set(&mut endpoints.oauth2, given.oauth2);
        set(&mut endpoints.openid, given.openid);
        set(&mut endpoints.gmail, given.gmail);
        set(&mut endpoints.www, given.www);
        endpoints
    }
}

impl From<PushOptions> for besunny::PushOptions {
    fn from(given: PushOptions) -> Self {
        let mut options = Self::default();
        options.topic = given.topic;
        options.subscription = given.subscription;
        options.audience = given.audience;
        options.service_account = given.service_account;
        options
    }
}

impl GoogleQuota {
    fn into_core(self) -> Result<besunny::GoogleQuota> {
        let mut quota = besunny::GoogleQuota::of(parse_some(self.table)?.unwrap_or_default());
        set(&mut quota.gmail, self.gmail);
        set(&mut quota.drive, self.drive);
        set(&mut quota.calendar, self.calendar);
        Ok(quota)
    }
}

impl From<ServiceQuota> for besunny::ServiceQuota {
    fn from(given: ServiceQuota) -> Self {
        Self::new(given.per_user.0, given.per_project.0)
    }
}

impl From<SyncOptions> for besunny::SyncOptions {
    fn from(given: SyncOptions) -> Self {
        let mut options = Self::default();
        options.mail_since = given.mail_since.map(|time| time.0);
        options.max_messages = given.max_messages.map(|count| u64::from(count.0));
        set(&mut options.meetings, given.meetings);
        set(&mut options.intervals, given.intervals);
        options
    }
}

impl From<MeetingRules> for besunny::MeetingRules {
    fn from(given: MeetingRules) -> Self {
        let mut rules = Self::default();
        set(&mut rules.require_link, given.require_link);
        set(&mut rules.include_declined, given.include_declined);
        set(&mut rules.include_all_day, given.include_all_day);
        set(&mut rules.window_past, given.window_past.map(|millis| millis.0));
        set(&mut rules.window_future, given.window_future.map(|millis| millis.0));
        rules
    }
}

impl From<IntervalBounds> for besunny::IntervalBounds {
    fn from(given: IntervalBounds) -> Self {
        let mut bounds = Self::default();
        set(&mut bounds.floor, given.floor.map(|millis| millis.0));
        set(&mut bounds.ceiling, given.ceiling.map(|millis| millis.0));
        set(&mut bounds.ceiling_with_channel, given.ceiling_with_channel.map(|millis| millis.0));
        bounds
    }
}

impl From<ConsentOptions> for besunny::ConsentOptions {
    fn from(given: ConsentOptions) -> Self {
        let mut options = Self::default();
        options.login_hint = given.login_hint;
        options.return_to = given.return_to;
        options.session = given.session.map(besunny::Secret::from);
        options
    }
}

/// What Google sent a browser back with: the query, or what was in it.
pub(crate) fn callback(
    query: Option<String>,
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    session: Option<String>,
) -> besunny::GoogleCallback {
    let mut callback = query.as_deref().map(besunny::GoogleCallback::from_query).unwrap_or_default();
    set(&mut callback.state, state);
    callback.code = code.map(besunny::Secret::from).or(callback.code);
    callback.error = error.or(callback.error);
    callback.session = session.map(besunny::Secret::from);
    callback
}

impl DisconnectOptions {
    pub(crate) fn into_core(self) -> besunny::Disconnect {
        if self.erase.unwrap_or_default() { besunny::Disconnect::Erase } else { besunny::Disconnect::Keep }
    }
}

impl UserSyncOptions {
    pub(crate) fn into_core(self) -> Result<Option<besunny::Service>> {
        parse_some(self.service)
    }
}

impl MeetingListOptions {
    pub(crate) fn into_core(self) -> Result<(besunny::MeetingFilter, besunny::PageRequest)> {
        let mut filter = besunny::MeetingFilter::default();
        filter.from = self.from.map(|time| time.0);
        filter.until = self.until.map(|time| time.0);
        filter.project_id = parse_some(self.project)?;
        Ok((filter, page(self.size, self.after)))
    }
}

/// Reads services by name.
pub(crate) fn services(names: Vec<String>) -> Result<Vec<besunny::Service>> {
    names.into_iter().map(parse).collect()
}
