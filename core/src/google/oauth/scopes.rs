//! What accounts are asked for, in Google's words.

use std::collections::BTreeSet;

use crate::domain::{Account, Service};

/// Who somebody is: always asked for, so that an account has a name that lasts.
pub(super) const IDENTITY: [&str; 3] = ["openid", EMAIL, PROFILE];
const EMAIL: &str = "https://www.googleapis.com/auth/userinfo.email";
const PROFILE: &str = "https://www.googleapis.com/auth/userinfo.profile";

const GMAIL: &str = "https://www.googleapis.com/auth/gmail.modify";
const GMAIL_READ: &str = "https://www.googleapis.com/auth/gmail.readonly";
const GMAIL_ALL: &str = "https://mail.google.com/";
const DRIVE: &str = "https://www.googleapis.com/auth/drive";
const DRIVE_READ: &str = "https://www.googleapis.com/auth/drive.readonly";
const CALENDAR: &str = "https://www.googleapis.com/auth/calendar";
const CALENDAR_READ: &str = "https://www.googleapis.com/auth/calendar.readonly";

/// What a service is asked for.
pub(crate) const fn scope_of(service: Service, read_only: bool) -> &'static str {
    match (service, read_only) {
        (Service::Gmail, true) => GMAIL_READ,
        (Service::Gmail, false) => GMAIL,
        (Service::Drive, true) => DRIVE_READ,
        (Service::Drive, false) => DRIVE,
        (Service::Calendar, true) => CALENDAR_READ,
        (Service::Calendar, false) => CALENDAR,
    }
}

/// Whether an account may be read by a service.
pub(crate) fn can_read(account: &Account, service: Service) -> bool {
    covers(&account.scopes, scope_of(service, true))
}

/// Whether what was granted allows what `wanted` does. (For users only: what a Workspace
/// administrator delegates is compared to the letter.)
pub(super) fn covers<S: AsRef<str>>(granted: impl IntoIterator<Item = S>, wanted: &str) -> bool {
    let wider: &[&str] = match wanted {
        GMAIL_READ => &[GMAIL, GMAIL_ALL],
        GMAIL => &[GMAIL_ALL],
        DRIVE_READ => &[DRIVE],
        CALENDAR_READ => &[CALENDAR],
        _ => &[],
    };
    granted.into_iter().any(|scope| scope.as_ref() == wanted || wider.contains(&scope.as_ref()))
}

/// Reads scopes separated by spaces; Google answers in another order, and with other names of
/// the same things, than it was asked.
pub(super) fn parse(text: &str) -> BTreeSet<String> {
    text.split_whitespace().map(normal).collect()
}

fn normal(scope: &str) -> String {
    match scope {
        "email" => EMAIL.to_owned(),
        "profile" => PROFILE.to_owned(),
        "https://mail.google.com" => GMAIL_ALL.to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_as_sets_of_normal_names() {
        let asked = parse("openid email profile https://www.googleapis.com/auth/drive.readonly");
        let granted = parse(&format!("{DRIVE_READ} {PROFILE}  {EMAIL} openid"));
        assert_eq!(asked, granted);
    }

    #[test]
    fn wider_scopes_cover_narrower_ones_and_not_the_reverse() {
        assert!(covers([GMAIL], GMAIL_READ) && covers([GMAIL_ALL], GMAIL) && covers([DRIVE], DRIVE_READ));
        assert!(!covers([GMAIL_READ], GMAIL) && !covers([DRIVE], GMAIL_READ) && !covers([""; 0], DRIVE));
    }
}
