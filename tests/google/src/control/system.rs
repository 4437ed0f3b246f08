//! Operations on the clock, faults, quota, tokens, keys and pushes.

use std::time::Duration;

use serde_json::{Value, json};

use super::Operation;
use crate::quota::Limits;

fn json_of(value: &impl serde::Serialize) -> Result<Value, String> {
    serde_json::to_value(value).map_err(|error| error.to_string())
}

pub(super) const OPERATIONS: &[Operation] = &[
    ("clock", |google, _| Ok(json!({"now": google.now()}))),
    ("clock.advance", |google, arguments| {
        google.advance(Duration::from_millis(arguments.number("millis")?.unsigned_abs()));
        Ok(json!({"now": google.now()}))
    }),
    ("clock.advance_to", |google, arguments| {
        google.advance_to(arguments.number("millis")?);
        Ok(json!({"now": google.now()}))
    }),
    ("faults.add", |google, arguments| Ok(json!({"id": google.fault(arguments.all()?)}))),
    ("faults.remove", |google, arguments| {
        Ok(json!({"removed": google.remove_fault(arguments.number("id")?.unsigned_abs())}))
    }),
    ("faults.clear", |google, _| {
        google.clear_faults();
        Ok(json!({}))
    }),
    ("faults.happened", |google, _| json_of(&google.faults_happened())),
    ("usage", |google, _| json_of(&google.usage())),
    ("usage.reset", |google, _| {
        google.reset_usage();
        Ok(json!({}))
    }),
    ("limits.set", |google, arguments| {
        google.set_limits(arguments.typed::<Limits>("limits")?);
        Ok(json!({}))
    }),
    ("clients.add", |google, arguments| {
        google.add_client(arguments.all()?);
        Ok(json!({}))
    }),
    ("clients.remove", |google, arguments| {
        Ok(json!({"removed": google.remove_client(arguments.text("client_id")?)}))
    }),
    ("consent.next", |google, arguments| {
        google.next_consent(arguments.all()?);
        Ok(json!({}))
    }),
    ("tokens.issue", |google, arguments| {
        json_of(&google.tokens(arguments.text("account")?, &arguments.texts("scopes")))
    }),
    ("tokens.revoke", |google, arguments| {
        google.revoke(arguments.text("account")?);
        Ok(json!({}))
    }),
    ("tokens.expire", |google, arguments| {
        google.expire_access_tokens(arguments.text("account")?);
        Ok(json!({}))
    }),
    ("tokens.calls", |google, _| json_of(&google.token_calls())),
    ("tokens.reset_calls", |google, _| {
        google.reset_token_calls();
        Ok(json!({}))
    }),
    ("service_accounts.add", |google, arguments| {
        let (name, project) = (arguments.text("name")?, arguments.text("project")?);
        Ok(google.add_service_account(name, project, &arguments.texts("delegated_scopes")))
    }),
    ("keys.rotate", |google, _| {
        google.rotate_keys();
        Ok(json!({}))
    }),
    ("keys.fetched", |google, _| Ok(json!({"count": google.certs_fetched()}))),
    ("keys.set_max_age", |google, arguments| {
        google.set_certs_max_age(arguments.number("seconds")?.unsigned_abs());
        Ok(json!({}))
    }),
    ("keys.oidc_token", |google, arguments| {
        let (account, audience) = (arguments.text("account")?, arguments.text("audience")?);
        Ok(json!({"token": google.oidc_token(arguments.typed("kind")?, account, audience)}))
    }),
    ("keys.sign", |google, arguments| Ok(json!({"token": google.sign(arguments.value("claims")?)}))),
    ("push.mode", |google, arguments| {
        google.set_push_mode(arguments.typed("mode")?);
        Ok(json!({}))
    }),
    ("push.topic", |google, arguments| {
        google.set_topic(arguments.text("name")?, arguments.flag("may_publish"));
        Ok(json!({}))
    }),
    ("push.subscribe", |google, arguments| {
        google.subscribe(arguments.all()?);
        Ok(json!({}))
    }),
    ("push.unsubscribe", |google, arguments| {
        Ok(json!({"removed": google.unsubscribe(arguments.text("name")?)}))
    }),
    ("push.take", |google, arguments| {
        let limit = arguments.number("limit").unwrap_or(1_000).unsigned_abs() as usize;
        Ok(json!({"deliveries": json_of(&google.take_pushes(limit))?, "next_due": google.next_push()}))
    }),
    ("push.report", |google, arguments| {
        let status = arguments.number("status").ok().and_then(|status| u16::try_from(status).ok());
        Ok(json!({"known": google.report_push(arguments.number("id")?.unsigned_abs(), status)}))
    }),
    ("push.stats", |google, _| {
        let mut stats = json_of(&google.push_stats())?;
        stats["unsettled"] = json!(google.unsettled_pushes());
        stats["next_due"] = json!(google.next_push());
        Ok(stats)
    }),
    ("push.forget", |google, _| Ok(json!({"count": google.forget_pushes()}))),
    ("push.channels", |google, _| Ok(json!({"channels": json_of(&google.channels())?}))),
    ("push.kill_channel", |google, arguments| {
        Ok(json!({"known": google.kill_channel(arguments.text("id")?)}))
    }),
];
