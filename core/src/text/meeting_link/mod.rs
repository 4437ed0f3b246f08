//! The meeting that a text invites to: a link of Meet, Zoom, Teams or Webex.
//!
//! Links are looked for by the hosts they lead to, so that a host which only looks alike, or
//! stands in the path of another, is none. Calendars and mail filters wrap links in links of
//! their own and encode what they wrap; both are undone.

mod decode;
mod link;

use self::decode::{percent_decoded, unescaped};
use self::link::Link;
use super::charset::prefix;

/// Bytes of a text that are looked at.
const MAX_BYTES: usize = 64 << 10;

/// How often links are unwrapped and decoded.
const MAX_ROUNDS: usize = 3;

/// Bytes of the longest host there can be.
const MAX_HOST: usize = 253;

/// What the hosts end with that are known here.
const DOMAINS: [&str; 9] = [
    "google.com",
    "zoom.us",
    "zoom.com",
    "zoomgov.com",
    "zoomgov.us",
    "microsoft.com",
    "live.com",
    "webex.com",
    "outlook.com",
];

/// The link by which one joins the meeting that `text` is about; `None` where there is none,
/// and where there are links to two meetings, since nothing tells which is meant. The text may
/// be HTML.
///
/// ```
/// use besunny::text::meeting_link;
///
/// let text = "Join: <a href=\"https://www.google.com/url?q=https://zoom.us/j/93712?pwd%3DaB&amp;sa=D\">Zoom</a>";
/// assert_eq!(meeting_link(text).as_deref(), Some("https://zoom.us/j/93712?pwd=aB"));
/// assert_eq!(meeting_link("call +1 646 555 0100 or sip:93712@zoomcrc.com"), None);
/// ```
#[must_use]
pub fn meeting_link(text: &str) -> Option<String> {
    let mut found = Vec::new();
    search(prefix(text, MAX_BYTES), 0, &mut found);
    match found.as_slice() {
        [only] => Some(only.url.clone()),
        _ => None,
    }
}

/// Adds the links of a text to `found`, each meeting once.
fn search(text: &str, round: usize, found: &mut Vec<Link>) {
    let text = unescaped(text);
    let mut rest = String::new();
    let mut read = 0;
    for address in addresses(&text) {
        if let Some(wrapped) = address.wrapped() {
            if round < MAX_ROUNDS {
                search(&percent_decoded(wrapped), round + 1, found);
            }
        } else if let Some(link) = Link::read(&address.host, address.target).filter(is_whole) {
            add(found, link);
        } else {
            continue;
        }
        // What was understood must not be read again once it is decoded.
        rest.push_str(&text[read..address.start]);
        rest.push(' ');
        read = address.end;
    }
    rest.push_str(&text[read..]);
    if round < MAX_ROUNDS && rest.contains('%') {
        let decoded = percent_decoded(&rest);
        if decoded != rest {
            search(&decoded, round + 1, found);
        }
    }
}

/// Whether the link would be read as it is: what was left out of it may have hidden an end.
fn is_whole(link: &Link) -> bool {
    length(&link.url) == link.url.len()
}

/// Of two links to one meeting the one that says more is kept: it has the passcode.
fn add(found: &mut Vec<Link>, link: Link) {
    match found.iter_mut().find(|known| known.meeting == link.meeting) {
        Some(known) if known.url.len() < link.url.len() => *known = link,
        Some(_) => {}
        None => found.push(link),
    }
}

/// A web address at one of the known domains.
struct Address<'a> {
    start: usize,
    end: usize,
    /// In lower case.
    host: String,
    /// What follows the host: path, query and fragment.
    target: &'a str,
}

impl<'a> Address<'a> {
    /// What it leads on to, where it only leads on; encoded.
    fn wrapped(&self) -> Option<&'a str> {
        let (path, query) = self.target.split_once('?')?;
        let name = match self.host.as_str() {
            "google.com" | "www.google.com" if path == "/url" => "q",
            host if host.ends_with(".safelinks.protection.outlook.com") => "url",
            _ => return None,
        };
        let mut fields = query.split('&').filter_map(|field| field.split_once('='));
        // Google has both names.
        fields.find(|(key, _)| *key == name || *key == "url").map(|(_, value)| value)
    }
}

/// The addresses in a text, in their order.
fn addresses(text: &str) -> Vec<Address<'_>> {
    let lower = text.to_ascii_lowercase();
    let mut ends: Vec<usize> = DOMAINS
        .iter()
        .flat_map(|domain| lower.match_indices(domain).map(|(at, domain)| at + domain.len()))
        .filter(|&end| lower.as_bytes().get(end) == Some(&b'/'))
        .collect();
    ends.sort_unstable();
    let mut found: Vec<Address<'_>> = Vec::new();
    for host_end in ends {
        if found.last().is_some_and(|last| host_end < last.end) {
            // In the path of the one before.
            continue;
        }
        let Some((start, host_start)) = beginning(&lower, host_end) else { continue };
        let end = host_end + length(&text[host_end..]);
        let host = lower[host_start..host_end].to_owned();
        found.push(Address { start, end, host, target: &text[host_end..end] });
    }
    found
}

/// Where an address begins whose host ends at `host_end`, and where its host does. `None`
/// where the host is part of something else: a path, a mail address, another scheme.
fn beginning(lower: &str, host_end: usize) -> Option<(usize, usize)> {
    let before = lower.as_bytes()[..host_end].iter().rev().take(MAX_HOST + 1);
    let length = before.take_while(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(byte)).count();
    let host_start = host_end - length;
    if length > MAX_HOST {
        return None;
    }
    let head = &lower[..host_start];
    for scheme in ["https://", "http://"] {
        if head.ends_with(scheme) {
            return Some((host_start - scheme.len(), host_start));
        }
    }
    // Without a scheme: only where a word begins.
    match head.chars().next_back() {
        Some(c) if c.is_ascii() && !c.is_ascii_whitespace() && !"([<>\"':;,|".contains(c) => None,
        _ => Some((host_start, host_start)),
    }
}

/// How far an address goes on, given what follows its host.
fn length(rest: &str) -> usize {
    let ends = |c: char| !c.is_ascii_graphic() || "<>\"'`\\^{}|".contains(c);
    let target = &rest[..rest.find(ends).unwrap_or(rest.len())];
    let mut target = target;
    loop {
        // A sentence or a bracket that ends after it.
        let trimmed = target.trim_end_matches(['.', ',', ';', ':', '!', '?']);
        let trimmed = match trimmed.strip_suffix([')', ']']) {
            Some(inner) if !inner.contains(['(', '[']) => inner,
            _ => trimmed,
        };
        if trimmed.len() == target.len() {
            return target.len();
        }
        target = trimmed;
    }
}

#[cfg(test)]
mod tests;
