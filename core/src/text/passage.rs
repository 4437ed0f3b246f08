//! What of a document is embedded.

/// The text that is embedded for a passage: the title before it gives a passage from the
/// middle of a document its context.
#[must_use]
pub fn embedded_text(title: &str, passage: &str) -> String {
    match (title.trim(), passage.trim()) {
        (title, "") => title.to_owned(),
        ("", passage) => passage.to_owned(),
        (title, passage) => format!("{title}\n{passage}"),
    }
}
