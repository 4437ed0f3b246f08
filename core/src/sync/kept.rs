//! What is kept of an object: how it is at its source, and how much of that is here.

use serde::{Deserialize, Serialize};

use crate::base::{Error, ErrorKind, Result};
use crate::domain::{MirrorObject, ObjectState};

/// The `data` of a [`MirrorObject`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// How it is.
    #[serde(flatten)]
    pub(crate) state: ObjectState,
    /// The version of the content that is stored; `None` where none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) read: Option<String>,
    /// Whether the document it became was stored for its sake, so that it goes with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) own: bool,
}

impl Kept {
    /// Something that is known of, and of which nothing is stored.
    pub(crate) fn described(state: ObjectState) -> Self {
        Self { state, read: None, own: false }
    }

    pub(crate) fn read_from(object: &MirrorObject) -> Result<Self> {
        serde_json::from_str(&object.data).map_err(|error| {
            Error::new(ErrorKind::Storage, "sync.object", "an object does not read back")
                .with("table", "sync_objects")
                .with("object", &object.id)
                .caused_by(error)
        })
    }

    pub(crate) fn written(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| {
            Error::new(ErrorKind::Internal, "sync.object", "an object has no JSON form").caused_by(error)
        })
    }

    /// What names the content that `state` describes.
    pub(crate) fn content_version(state: &ObjectState) -> String {
        match state {
            // A message's content never changes.
            ObjectState::Mail(_) => "1".to_owned(),
            ObjectState::File(file) => file.content_version.clone(),
            ObjectState::Event(_) => String::new(),
        }
    }

    /// Whether the content that is described is the one that is stored.
    pub(crate) fn is_read(&self) -> bool {
        self.read.as_ref().is_some_and(|read| *read == Self::content_version(&self.state))
    }
}

/// What an object hangs from: a message's thread, a file's folder, an exception's series.
pub(crate) fn parent_of(state: &ObjectState) -> Option<String> {
    match state {
        ObjectState::Mail(mail) => Some(mail.thread.clone()).filter(|thread| !thread.is_empty()),
        ObjectState::File(file) => file.parent.clone(),
        ObjectState::Event(event) => {
            event.event.get("recurringEventId").and_then(|id| id.as_str()).map(str::to_owned)
        }
    }
}

/// A version that grows, for telling which of two states is the newer; `None` where a source
/// has none.
pub(crate) fn version_of(state: &ObjectState) -> Option<String> {
    match state {
        ObjectState::Mail(_) => None,
        ObjectState::File(file) => Some(format!("{:020}", file.version)),
        ObjectState::Event(event) => {
            let text = |name: &str| event.event.get(name).and_then(|value| value.as_str());
            let sequence = event.event.get("sequence").and_then(serde_json::Value::as_u64).unwrap_or(0);
            // RFC 3339 in UTC with milliseconds, as Calendar writes it, sorts as text.
            text("updated").map(|updated| format!("{updated}/{sequence:010}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{FileState, MailState};

    #[test]
    fn what_is_kept_reads_back_and_reads_as_the_state_alone() {
        let state = ObjectState::Mail(MailState { thread: "t".into(), ..MailState::default() });
        let kept = Kept { state: state.clone(), read: Some("1".into()), own: true };
        let text = kept.written().unwrap();
        assert_eq!(serde_json::from_str::<ObjectState>(&text).unwrap(), state);
        assert_eq!(serde_json::from_str::<Kept>(&text).unwrap(), kept);
        assert!(kept.is_read() && !Kept::described(state).is_read());
    }

    #[test]
    fn versions_of_files_sort_as_text() {
        let version = |version| version_of(&ObjectState::File(FileState { version, ..FileState::default() }));
        assert!(version(9) < version(10) && version(99) < version(1_000_000));
    }
}
