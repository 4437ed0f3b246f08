//! What is known here about an object that a source is asked for.

use serde::Deserialize;

use crate::domain::MirrorObject;

/// The version of the content that is stored for an object; `None` where none is. It is noted
/// beside the state in the object's data: the state itself may be newer than what is stored,
/// because a source tells it before the content is fetched.
pub(super) fn stored_content(known: &MirrorObject) -> Option<String> {
    #[derive(Deserialize)]
    struct Noted {
        #[serde(default)]
        read: Option<String>,
    }
    serde_json::from_str::<Noted>(&known.data).ok()?.read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_noted_is_stored() {
        let known = |data: &str| MirrorObject {
            id: "1".into(),
            parent: None,
            version: None,
            data: data.into(),
            document: None,
            seen: 0,
        };
        assert_eq!(stored_content(&known(r#"{"kind": "file", "read": "abc"}"#)).as_deref(), Some("abc"));
        assert_eq!(stored_content(&known(r#"{"kind": "file", "content_version": "abc"}"#)), None);
        assert_eq!(stored_content(&known("broken")), None);
    }
}
