//! What has to be known to work with Google, and how much of it is kept level.

use besunny::{
    ConsentOptions, GoogleCallback, GoogleEndpoints, GoogleIdentity, GoogleOptions, GoogleQuota,
    IntervalBounds, MeetingFilter, MeetingRules, ProjectId, PushOptions, Result, ServiceQuota, SyncOptions,
    TokenKey,
};
use pyo3::prelude::*;

use super::keywords;
use crate::arguments::{Count, Id, Instant, Span};

keywords! {
    /// `besunny.GoogleOptions`.
    GoogleFields {
        client_id: String = "client_id",
        client_secret: String = "client_secret",
        redirect_uri: String = "redirect_uri",
        login_redirect_uri: Option<String> = "login_redirect_uri",
        token_keys: Vec<(String, String)> = "token_keys",
        read_only: bool = "read_only",
        hosted_domain: Option<String> = "hosted_domain",
        service_account: Option<String> = "service_account",
        endpoints: Option<Endpoints> = "endpoints",
        push: Option<Push> = "push",
        webhook_address: Option<String> = "webhook_address",
        quota: Quota = "quota",
        request_timeout: Span = "request_timeout",
        total_timeout: Span = "total_timeout",
        proxy: Option<String> = "proxy",
    }
}

keywords! {
    /// `besunny.GoogleEndpoints`.
    EndpointFields {
        accounts: Option<String> = "accounts",
        oauth2: Option<String> = "oauth2",
        openid: Option<String> = "openid",
        gmail: Option<String> = "gmail",
        www: Option<String> = "www",
    }
}

/// One server for all of Google, or one for each part.
pub(crate) enum Endpoints {
    At(String),
    Each(EndpointFields),
}

impl<'py> FromPyObject<'_, 'py> for Endpoints {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match value.extract::<String>() {
            Ok(base) => Ok(Self::At(base)),
            Err(_) => value.extract().map(Self::Each),
        }
    }
}

keywords! {
    /// `besunny.PushOptions`.
    Push {
        topic: String = "topic",
        subscription: String = "subscription",
        audience: String = "audience",
        service_account: String = "service_account",
    }
}

keywords! {
    /// `besunny.GoogleQuota`.
    Quota {
        table: String = "table",
        gmail: Option<(Count, Count)> = "gmail",
        drive: Option<(Count, Count)> = "drive",
        calendar: Option<(Count, Count)> = "calendar",
    }
}

impl GoogleFields {
    pub(crate) fn parse(self) -> Result<GoogleOptions> {
        let mut options = GoogleOptions::default();
        options.client_id = self.client_id;
        options.client_secret = self.client_secret.into();
        options.redirect_uri = self.redirect_uri;
        options.login_redirect_uri = self.login_redirect_uri;
        options.token_keys = self.token_keys.into_iter().map(|(id, key)| TokenKey::new(id, key)).collect();
        options.read_only = self.read_only;
        options.hosted_domain = self.hosted_domain;
        options.service_account = self.service_account.map(Into::into);
        options.endpoints = match self.endpoints {
            None => GoogleEndpoints::default(),
            Some(Endpoints::At(base)) => GoogleEndpoints::at(&base),
            Some(Endpoints::Each(each)) => each.into(),
        };
        options.push = self.push.map(PushOptions::from);
        options.webhook_address = self.webhook_address;
        options.quota = self.quota.parse()?;
        options.request_timeout = self.request_timeout.0;
        options.total_timeout = self.total_timeout.0;
        options.proxy = self.proxy;
        Ok(options)
    }
}

impl From<EndpointFields> for GoogleEndpoints {
    fn from(fields: EndpointFields) -> Self {
        let mut endpoints = Self::default();
        let set = |place: &mut String, given: Option<String>| {
            if let Some(given) = given {
                *place = given;
            }
        };
        set(&mut endpoints.accounts, fields.accounts);
        set(&mut endpoints.oauth2, fields.oauth2);
        set(&mut endpoints.openid, fields.openid);
        set(&mut endpoints.gmail, fields.gmail);
        set(&mut endpoints.www, fields.www);
        endpoints
    }
}

impl From<Push> for PushOptions {
    fn from(push: Push) -> Self {
        let mut options = Self::default();
        options.topic = push.topic;
        options.subscription = push.subscription;
        options.audience = push.audience;
        options.service_account = push.service_account;
        options
    }
}

impl Quota {
    fn parse(self) -> Result<GoogleQuota> {
        let mut quota = GoogleQuota::of(self.table.parse()?);
        let set = |place: &mut ServiceQuota, given: Option<(Count, Count)>| {
            if let Some((per_user, per_project)) = given {
                *place = ServiceQuota::new(per_user.0, per_project.0);
            }
        };
        set(&mut quota.gmail, self.gmail);
        set(&mut quota.drive, self.drive);
        set(&mut quota.calendar, self.calendar);
        Ok(quota)
    }
}

keywords! {
    /// `besunny.SyncOptions`.
    SyncFields {
        mail_since: Option<Instant> = "mail_since",
        max_messages: Option<Count> = "max_messages",
        meetings: Rules = "meetings",
        intervals: Bounds = "intervals",
    }
}

keywords! {
    /// `besunny.MeetingRules`.
    Rules {
        require_link: bool = "require_link",
        include_declined: bool = "include_declined",
        include_all_day: bool = "include_all_day",
        window_past: Span = "window_past",
        window_future: Span = "window_future",
    }
}

keywords! {
    /// `besunny.IntervalBounds`.
    Bounds {
        floor: Span = "floor",
        ceiling: Span = "ceiling",
        ceiling_with_channel: Span = "ceiling_with_channel",
    }
}

impl From<SyncFields> for SyncOptions {
    fn from(fields: SyncFields) -> Self {
        let mut options = Self::default();
        options.mail_since = fields.mail_since.map(|instant| instant.0);
        options.max_messages = fields.max_messages.map(|count| u64::from(count.0));
        options.meetings = fields.meetings.into();
        options.intervals = fields.intervals.into();
        options
    }
}

impl From<Rules> for MeetingRules {
    fn from(given: Rules) -> Self {
        let mut rules = Self::default();
        rules.require_link = given.require_link;
        rules.include_declined = given.include_declined;
        rules.include_all_day = given.include_all_day;
        rules.window_past = given.window_past.0;
        rules.window_future = given.window_future.0;
        rules
    }
}

impl From<Bounds> for IntervalBounds {
    fn from(given: Bounds) -> Self {
        let mut bounds = Self::default();
        bounds.floor = given.floor.0;
        bounds.ceiling = given.ceiling.0;
        bounds.ceiling_with_channel = given.ceiling_with_channel.0;
        bounds
    }
}

keywords! {
    /// How a user is asked for consent.
    Asking {
        login_hint: Option<String> = "login_hint",
        return_to: Option<String> = "return_to",
        session: Option<String> = "session",
    }
}

impl From<Asking> for ConsentOptions {
    fn from(asking: Asking) -> Self {
        let mut options = Self::default();
        options.login_hint = asking.login_hint;
        options.return_to = asking.return_to;
        options.session = asking.session.map(Into::into);
        options
    }
}

keywords! {
    /// What Google sent a browser back with: the query, or what was in it.
    Answer {
        query: Option<String> = "query",
        state: Option<String> = "state",
        code: Option<String> = "code",
        error: Option<String> = "error",
        session: Option<String> = "session",
    }
}

impl From<Answer> for GoogleCallback {
    fn from(answer: Answer) -> Self {
        let mut callback = answer.query.as_deref().map(Self::from_query).unwrap_or_default();
        if let Some(state) = answer.state {
            callback.state = state.into();
        }
        callback.code = answer.code.map(Into::into).or(callback.code);
        callback.error = answer.error.or(callback.error);
        callback.session = answer.session.map(Into::into);
        callback
    }
}

keywords! {
    /// `besunny.GoogleIdentity`.
    IdentityFields {
        subject: String = "subject",
        email: String = "email",
        email_verified: bool = "email_verified",
        name: Option<String> = "name",
        picture: Option<String> = "picture",
        hosted_domain: Option<String> = "hosted_domain",
    }
}

impl From<IdentityFields> for GoogleIdentity {
    fn from(fields: IdentityFields) -> Self {
        let mut identity = Self::new(fields.subject, fields.email);
        identity.email_verified = fields.email_verified;
        identity.name = fields.name;
        identity.picture = fields.picture;
        identity.hosted_domain = fields.hosted_domain;
        identity
    }
}

keywords! {
    /// Which meetings a list shows.
    MeetingsWanted {
        from: Option<Instant> = "from",
        until: Option<Instant> = "until",
        project: Option<Id<ProjectId>> = "project",
    }
}

impl MeetingsWanted {
    pub(crate) fn parse(self) -> Result<MeetingFilter> {
        let mut filter = MeetingFilter::default();
        filter.from = self.from.map(|instant| instant.0);
        filter.until = self.until.map(|instant| instant.0);
        filter.project_id = self.project.map(|project| project.parse()).transpose()?;
        Ok(filter)
    }
}
