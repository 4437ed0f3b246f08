//! Where a workspace is.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where a workspace is: a folder, or a Postgres database.
///
/// Made from a path, or from a text: one that begins with `postgres://` or `postgresql://`
/// is the URL of a database, every other is the path of a folder. Its debug output does not
/// show the URL, because that can hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Location(pub(super) Place);

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Place {
    Folder(PathBuf),
    Postgres(String),
}

impl From<PathBuf> for Location {
    fn from(path: PathBuf) -> Self {
        match path.to_str() {
            Some(text) if ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) => {
                Self(Place::Postgres(text.to_owned()))
            }
            _ => Self(Place::Folder(path)),
        }
    }
}

impl From<String> for Location {
    fn from(text: String) -> Self {
        PathBuf::from(text).into()
    }
}

impl<T: AsRef<Path> + ?Sized> From<&T> for Location {
    fn from(path: &T) -> Self {
        path.as_ref().to_owned().into()
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Folder(path) => f.debug_tuple("Folder").field(path).finish(),
            Place::Postgres(_) => f.write_str("Postgres"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_paths_are_told_apart_and_no_password_is_shown() {
        for url in ["postgres://ana:secret@db/work", "postgresql://ana:secret@db/work"] {
            assert!(matches!(Location::from(url).0, Place::Postgres(kept) if kept == url));
            assert!(!format!("{:?}", Location::from(url)).contains("secret"));
        }
        for path in ["./workspace", "/srv/postgres", "postgres", "C:\\postgres://"] {
            assert!(
                matches!(Location::from(Path::new(path)).0, Place::Folder(kept) if kept == Path::new(path))
            );
        }
    }
}
