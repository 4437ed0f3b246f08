//! Which files are read, and how.

use std::time::Duration;

use super::costs::DriveCosts;

/// Which files are read, and how.
#[derive(Clone, Debug)]
pub(crate) struct DriveOptions {
    /// The id of the shared drive; `None` for My Drive and what is shared with the user.
    pub(crate) drive: Option<String>,
    /// Shared drives that are sources of their own. The user's own log tells of their files, too,
    /// which are not its business then.
    pub(crate) separate: Vec<String>,
    /// Where notifications are sent to (`https://...`); without it, no watch can be asked for.
    pub(crate) address: Option<String>,
    /// What calls cost.
    pub(crate) costs: DriveCosts,
    /// A larger content, in bytes, is not read.
    pub(crate) max_bytes: u64,
    /// How long it is waited before a conversion that takes its time is looked at again; doubled
    /// with each further look.
    pub(crate) pause: Duration,
}

impl Default for DriveOptions {
    fn default() -> Self {
        Self {
            drive: None,
            separate: Vec::new(),
            address: None,
            costs: DriveCosts::default(),
            max_bytes: 32 << 20,
            pause: Duration::from_millis(500),
        }
    }
}

impl DriveOptions {
    /// Whether a file in that shared drive, or in none, is this source's.
    pub(super) fn holds(&self, drive: Option<&str>) -> bool {
        match (&self.drive, drive) {
            (Some(own), drive) => drive == Some(own.as_str()),
            (None, Some(drive)) => !self.separate.iter().any(|separate| separate == drive),
            (None, None) => true,
        }
    }

    /// Names what is mirrored.
    pub(super) fn fingerprint(&self) -> String {
        if let Some(drive) = &self.drive {
            return format!("drive-1;{drive}");
        }
        let mut separate = self.separate.clone();
        separate.sort_unstable();
        separate.dedup();
        format!("drive-1;mine;without={}", separate.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_belongs_to_the_source_of_its_drive() {
        let mine = DriveOptions { separate: vec!["d1".into()], ..DriveOptions::default() };
        assert!(mine.holds(None) && mine.holds(Some("other")) && !mine.holds(Some("d1")));
        let shared = DriveOptions { drive: Some("d1".into()), ..DriveOptions::default() };
        assert!(shared.holds(Some("d1")) && !shared.holds(Some("other")) && !shared.holds(None));
        assert_ne!(mine.fingerprint(), shared.fingerprint());
    }
}
