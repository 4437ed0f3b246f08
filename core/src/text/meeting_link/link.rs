//! Which addresses are links to meetings, and to which.

use super::decode::percent_decoded;

/// A link by which one joins a meeting.
pub(super) struct Link {
    /// Names the meeting: two links with the same lead to the same.
    pub(super) meeting: String,
    /// The link itself, `https`, with no more of the query than it takes to join.
    pub(super) url: String,
}

impl Link {
    /// Reads an address. `host` is in lower case, `target` is what follows it.
    pub(super) fn read(host: &str, target: &str) -> Option<Self> {
        let target = target.split('#').next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        match host {
            "meet.google.com" => meet(path),
            "teams.microsoft.com" => teams_work(path, query),
            "teams.live.com" => teams_meet("teams.live.com", path, query),
            _ if host.ends_with(".webex.com") => webex(host, path, query),
            _ => zoom(host, path, query),
        }
    }
}

/// `/abc-defg-hij`, or `/lookup/name` with a name that an organisation chose.
fn meet(path: &str) -> Option<Link> {
    let path = path.trim_end_matches('/').to_ascii_lowercase();
    let name = path.strip_prefix('/')?;
    let is_code = {
        let parts: Vec<&str> = name.split('-').collect();
        parts.iter().map(|part| part.len()).eq([3, 4, 3])
            && parts.concat().bytes().all(|byte| byte.is_ascii_lowercase())
    };
    let is_lookup = name.strip_prefix("lookup/").is_some_and(is_name);
    let url = format!("https://meet.google.com/{name}");
    (is_code || is_lookup).then(|| Link { meeting: url.clone(), url })
}

/// `/j/number` (join), `/w/number` (webinar), `/s/number` (start) or `/my/name`, at Zoom's own
/// host or a customer's. The number is the same at all of them.
fn zoom(host: &str, path: &str, query: &str) -> Option<Link> {
    let domains = ["zoom.us", "zoom.com", "zoomgov.com", "zoomgov.us"];
    let customer = domains.iter().find_map(|domain| host.strip_suffix(domain))?;
    let is_label = |label: &str| !label.is_empty() && !label.contains('.');
    let is_host = customer.is_empty() || customer.strip_suffix('.').is_some_and(is_label);
    let (kind, name) = path.trim_end_matches('/').strip_prefix('/')?.split_once('/')?;
    let is_meeting = match kind {
        "j" | "w" | "s" => name.bytes().all(|byte| byte.is_ascii_digit()),
        _ => kind == "my",
    };
    if !is_host || !is_meeting || !is_name(name) {
        return None;
    }
    let url = format!("https://{host}/{kind}/{name}{}", kept(query, &["pwd", "tk"]));
    Some(Link { meeting: format!("zoom {}", name.to_ascii_lowercase()), url })
}

/// `/l/meetup-join/{conversation}/{message}?context={tenant and organiser}`, or the short form.
fn teams_work(path: &str, query: &str) -> Option<Link> {
    let Some(meeting) = path.strip_prefix("/l/meetup-join/") else {
        return teams_meet("teams.microsoft.com", path, query);
    };
    if meeting.trim_matches('/').is_empty() {
        return None;
    }
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    Some(Link {
        // Programs differ in what they encode.
        meeting: format!("teams {}", percent_decoded(meeting).to_ascii_lowercase()),
        url: format!("https://teams.microsoft.com{path}{query}"),
    })
}

/// `/meet/number?p=passcode`.
fn teams_meet(host: &str, path: &str, query: &str) -> Option<Link> {
    let name = path.trim_end_matches('/').strip_prefix("/meet/").filter(|name| is_name(name))?;
    Some(Link {
        meeting: format!("{host} {}", name.to_ascii_lowercase()),
        url: format!("https://{host}/meet/{name}{}", kept(query, &["p"])),
    })
}

/// `/meet/name`, `/join/name`, `/wbxmjs/...` or, older, `/{site}/j.php?MTID=...`, at a customer's
/// host.
fn webex(host: &str, path: &str, query: &str) -> Option<Link> {
    let path = path.trim_end_matches('/');
    let (first, rest) = path.strip_prefix('/')?.split_once('/')?;
    let is_old = path.ends_with("/j.php") && query.to_ascii_lowercase().starts_with("mtid=");
    if rest.is_empty() || !(is_old || ["meet", "join", "wbxmjs"].contains(&first)) {
        return None;
    }
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    let meeting = if is_old { format!("{host}{path}{query}") } else { format!("{host}{path}") };
    Some(Link { meeting: meeting.to_ascii_lowercase(), url: format!("https://{host}{path}{query}") })
}

/// What stands for one meeting in a path.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

/// The fields of a query that are named, in their order, as a query.
fn kept(query: &str, names: &[&str]) -> String {
    let mut out = String::new();
    for field in query.split('&') {
        let is_kept =
            field.split_once('=').is_some_and(|(name, value)| names.contains(&name) && !value.is_empty());
        if is_kept {
            out.push(if out.is_empty() { '?' } else { '&' });
            out.push_str(field);
        }
    }
    out
}
