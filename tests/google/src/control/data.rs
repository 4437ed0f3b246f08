//! Operations on accounts, mail, files and events.

use serde_json::{Value, json};

use super::{Operation, Outcome};
use crate::handle::drive::NewFile;

fn done(is_done: bool) -> Outcome {
    Ok(json!({"done": is_done}))
}

fn id(id: Option<String>) -> Outcome {
    id.map(|id| json!({"id": id})).ok_or_else(|| "no such account, mailbox or folder".to_owned())
}

pub(super) const OPERATIONS: &[Operation] = &[
    ("accounts.add", |google, arguments| {
        let email = arguments.text("email")?;
        google.add_account(email, arguments.maybe("name").unwrap_or(email));
        Ok(json!({"sub": google.sub(email)}))
    }),
    ("accounts.disable_mail", |google, arguments| {
        google.disable_mail(arguments.text("email")?);
        Ok(json!({}))
    }),
    ("snapshot", |google, arguments| {
        serde_json::to_value(google.snapshot(arguments.text("account")?)).map_err(|error| error.to_string())
    }),
    ("mail.deliver", |google, arguments| {
        let (account, raw, labels) =
            (arguments.text("account")?, arguments.bytes("raw")?, arguments.texts("labels"));
        id(match arguments.number("date") {
            Ok(date) => google.deliver_at(account, &raw, &labels, date),
            Err(_) => google.deliver(account, &raw, &labels),
        })
    }),
    ("mail.relabel", |google, arguments| {
        let (account, message) = (arguments.text("account")?, arguments.text("id")?);
        done(google.relabel(account, message, &arguments.texts("add"), &arguments.texts("remove")))
    }),
    ("mail.trash", |google, arguments| {
        done(google.trash_mail(arguments.text("account")?, arguments.text("id")?))
    }),
    ("mail.untrash", |google, arguments| {
        done(google.untrash_mail(arguments.text("account")?, arguments.text("id")?))
    }),
    ("mail.delete", |google, arguments| {
        done(google.delete_mail(arguments.text("account")?, arguments.text("id")?))
    }),
    ("mail.add_label", |google, arguments| {
        id(google.add_label(arguments.text("account")?, arguments.text("name")?))
    }),
    ("mail.history_id", |google, arguments| {
        let history_id = google.history_id(arguments.text("account")?);
        Ok(json!({"history_id": history_id.map(|id| id.to_string())}))
    }),
    ("mail.expire_history", |google, arguments| {
        google.expire_history(arguments.text("account")?);
        Ok(json!({}))
    }),
    ("mail.kill_watch", |google, arguments| {
        Ok(json!({"count": google.kill_mail_watch(arguments.text("account")?)}))
    }),
    ("mail.watches", |google, arguments| {
        let watches = google.mail_watches(arguments.text("account")?).into_iter();
        let watches: Vec<Value> =
            watches.map(|(topic, expires)| json!({"topic": topic, "expires": expires})).collect();
        Ok(json!({"watches": watches}))
    }),
    ("files.add", |google, arguments| {
        let has_content = arguments.0.contains_key("content") || arguments.0.contains_key("content_base64");
        let new = NewFile {
            name: arguments.text("name")?.to_owned(),
            mime_type: arguments.maybe("mime_type").unwrap_or("application/octet-stream").to_owned(),
            parent: arguments.maybe("parent").map(str::to_owned),
            content: if has_content { arguments.bytes("content")? } else { Vec::new() },
        };
        id(google.add_file(arguments.text("account")?, new))
    }),
    ("files.add_folder", |google, arguments| {
        id(google.add_folder(arguments.text("account")?, arguments.text("name")?, arguments.maybe("parent")))
    }),
    ("files.edit", |google, arguments| {
        done(google.edit_file(arguments.text("id")?, &arguments.bytes("content")?))
    }),
    ("files.rename", |google, arguments| {
        done(google.rename_file(arguments.text("id")?, arguments.text("name")?))
    }),
    ("files.move", |google, arguments| {
        done(google.move_file(arguments.text("id")?, arguments.text("parent")?))
    }),
    ("files.trash", |google, arguments| done(google.trash_file(arguments.text("id")?))),
    ("files.untrash", |google, arguments| done(google.untrash_file(arguments.text("id")?))),
    ("files.remove", |google, arguments| done(google.remove_file(arguments.text("id")?))),
    ("files.share", |google, arguments| {
        done(google.share_file(arguments.text("id")?, arguments.text("email")?, arguments.text("role")?))
    }),
    ("files.unshare", |google, arguments| {
        done(google.unshare_file(arguments.text("id")?, arguments.text("email")?))
    }),
    ("files.set_export", |google, arguments| {
        let (file, mime_type) = (arguments.text("id")?, arguments.text("mime_type")?);
        done(google.set_export(file, mime_type, &arguments.bytes("content")?))
    }),
    ("files.restrict", |google, arguments| {
        let (no_download, is_abusive) = (arguments.flag("no_download"), arguments.flag("is_abusive"));
        done(google.restrict_file(
            arguments.text("id")?,
            no_download,
            is_abusive,
            arguments.maybe("resource_key"),
        ))
    }),
    ("drives.add", |google, arguments| {
        let members: std::collections::BTreeMap<String, String> = arguments.typed("members")?;
        let members: Vec<(&str, &str)> =
            members.iter().map(|(email, role)| (email.as_str(), role.as_str())).collect();
        Ok(json!({"id": google.add_shared_drive(arguments.text("name")?, &members)}))
    }),
    ("drives.set_member", |google, arguments| {
        done(google.set_drive_member(
            arguments.text("id")?,
            arguments.text("email")?,
            arguments.maybe("role"),
        ))
    }),
    ("calendars.add", |google, arguments| {
        let zone = arguments.maybe("time_zone").unwrap_or("UTC");
        Ok(json!({"id": google.add_calendar(arguments.text("account")?, arguments.text("summary")?, zone)}))
    }),
    ("calendars.share", |google, arguments| {
        done(google.share_calendar(arguments.text("id")?, arguments.text("email")?, arguments.maybe("role")))
    }),
    ("calendars.remove", |google, arguments| done(google.remove_calendar(arguments.text("id")?))),
    ("calendars.expire_tokens", |google, arguments| {
        google.expire_sync_tokens(arguments.text("id")?);
        Ok(json!({}))
    }),
    ("calendars.expire_list_tokens", |google, arguments| {
        google.expire_list_tokens(arguments.text("account")?);
        Ok(json!({}))
    }),
    ("calendars.refuse_push", |google, arguments| {
        google.refuse_calendar_push(arguments.text("id")?, arguments.flag("is_refused"));
        Ok(json!({}))
    }),
    ("events.add", |google, arguments| {
        Ok(json!({"id": google.add_event(arguments.text("calendar")?, arguments.value("event")?)?}))
    }),
    ("events.edit", |google, arguments| {
        google.edit_event(arguments.text("calendar")?, arguments.text("id")?, arguments.value("changes")?)?;
        Ok(json!({}))
    }),
    ("events.cancel", |google, arguments| {
        done(google.cancel_event(arguments.text("calendar")?, arguments.text("id")?))
    }),
];
