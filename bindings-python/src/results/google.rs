//! Accounts at Google, how level they are, and what notifications are answered.

use besunny::{
    Account, AccountHealth, Consent, Disconnected, GoogleIdentity, Linked, SignedIn, StreamHealth,
    StreamSummary, SyncSummary, WebhookOutcome,
};
use pyo3::prelude::*;

use super::{ToPython, record};

impl ToPython for Account {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Account",
            "id" => self.id,
            "tenant" => self.tenant,
            "kind" => self.kind.as_str(),
            "subject" => self.subject,
            "email" => self.email,
            "name" => self.name,
            "picture" => self.picture,
            "scopes" => self.scopes[..],
            "status" => self.status.as_str(),
            "status_reason" => self.status_reason,
            "login" => self.login,
            "access_expires_at" => self.access_expires_at,
            "linked_at" => self.linked_at,
            "updated_at" => self.updated_at,
        )
    }
}

impl ToPython for Consent {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Consent", "url" => self.url, "expires_at" => self.expires_at)
    }
}

impl ToPython for Linked {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Linked",
            "account" => self.account,
            "missing" => self.missing[..],
            "return_to" => self.return_to,
        )
    }
}

impl ToPython for GoogleIdentity {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "GoogleIdentity",
            "subject" => self.subject,
            "email" => self.email,
            "email_verified" => self.email_verified,
            "name" => self.name,
            "picture" => self.picture,
            "hosted_domain" => self.hosted_domain,
        )
    }
}

impl ToPython for SignedIn {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "SignedIn",
            "identity" => self.identity,
            "user" => self.user,
            "return_to" => self.return_to,
        )
    }
}

impl ToPython for AccountHealth {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "AccountHealth",
            "account" => self.account,
            "health" => self.health.as_str(),
            "streams" => self.streams[..],
        )
    }
}

impl ToPython for StreamHealth {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "StreamHealth",
            "stream" => self.stream,
            "health" => self.health.as_str(),
            "reasons" => self.reasons[..],
            "succeeded_at" => self.succeeded_at,
            "lag" => std::time::Duration::from_secs(self.lag),
            "watch_expires_at" => self.watch_expires_at,
            "heard_at" => self.heard_at,
            "next_at" => self.next_at,
            "waiting" => self.waiting,
            "aside" => self.aside,
            "objects" => self.objects,
        )
    }
}

impl ToPython for SyncSummary {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "SyncSummary", "streams" => self.streams[..])
    }
}

impl ToPython for StreamSummary {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "StreamSummary",
            "stream" => self.stream,
            "told" => self.told,
            "stored" => self.stored,
            "removed" => self.removed,
            "failed" => self.failed,
            "snapshot" => self.snapshot,
            "error_code" => self.error_code,
            "error_message" => self.error_message,
        )
    }
}

impl ToPython for Disconnected {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Disconnected",
            "account" => self.account,
            "revoked" => self.revoked,
            "erased" => self.erased,
        )
    }
}

impl ToPython for WebhookOutcome {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "WebhookOutcome",
            "status" => self.status,
            "body" => self.body,
            "verdict" => self.verdict.as_str(),
            "text" => self.text(),
            "content_type" => self.content_type(),
        )
    }
}
