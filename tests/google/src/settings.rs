//! How a fake is set up.

use serde::{Deserialize, Serialize};

use crate::quota::Limits;

/// How pushes leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushMode {
    /// They wait until the test takes them, hands them on itself and reports the answer.
    Pull,
    /// A task posts them to their addresses, if those are on this machine and without TLS;
    /// others wait to be taken.
    Post,
}

/// How a fake is set up. What is not named is as in `Settings::default()`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Decides everything that is random.
    pub seed: u64,
    /// Milliseconds since 1970 at which the clock stands still; `None` follows the machine's.
    pub start: Option<i64>,
    /// A port of the loopback interface; 0 is any that is free.
    pub port: u16,
    /// How pushes leave.
    pub push: PushMode,
    /// Which limits hold.
    pub limits: Limits,
    /// How long a record of Gmail's history is kept, in milliseconds.
    pub history_retention: i64,
    /// How long a sync token of Calendar's holds, in milliseconds.
    pub sync_token_retention: i64,
    /// Whether channels are only set up for `https` addresses, as Google does; otherwise
    /// `http` is accepted for this machine.
    pub require_https: bool,
    /// How long a conference takes to come into being, in milliseconds.
    pub conference_delay: i64,
    /// How long a stopped channel goes on posting, in milliseconds.
    pub stop_linger: i64,
    /// Which children of a folder get a change of their own when the folder is changed.
    pub child_changes: ChildChanges,
}

/// Which children of a folder get a change of their own when the folder is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChildChanges {
    /// None when the folder is trashed or moved, all when it is deleted, shared or unshared.
    SomeOfThem,
    /// All, always.
    All,
    /// None, ever.
    None,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            // 1 July 2026, noon.
            start: Some(1_782_907_200_000),
            port: 0,
            push: PushMode::Pull,
            limits: Limits::Off,
            history_retention: 7 * 24 * 3_600_000,
            sync_token_retention: 28 * 24 * 3_600_000,
            require_https: false,
            conference_delay: 2_000,
            stop_linger: 0,
            child_changes: ChildChanges::SomeOfThem,
        }
    }
}
