//! What text a database can hold.

use std::borrow::Cow;

/// The text as every backend stores and looks it up: without U+0000, which Postgres cannot
/// hold. Like HTML and CommonMark, U+FFFD stands in for it.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// [`storable`] for what may be absent.
pub(super) fn optional(text: Option<&str>) -> Option<Cow<'_, str>> {
    text.map(storable)
}

/// [`storable`] for each entry of a list.
pub(super) fn list(entries: &[String]) -> Vec<String> {
    entries.iter().map(|entry| storable(entry).into_owned()).collect()
}
