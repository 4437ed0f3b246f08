//! How much of Google's APIs may be used in a minute.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::base::{Error, ErrorKind};
use crate::domain::{Service, text_enum};

/// Quota units a minute of one API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceQuota {
    /// For each user of the project.
    pub per_user: u32,
    /// For the whole project.
    pub per_project: u32,
}

impl ServiceQuota {
    /// Units a minute, for each user and for the whole project.
    #[must_use]
    pub const fn new(per_user: u32, per_project: u32) -> Self {
        Self { per_user, per_project }
    }
}

text_enum! {
    /// Which table of prices and limits Google applies to a project: it has two since May 2026.
    QuotaTable, "quota table" {
        /// For projects that were in use between November 2025 and April 2026.
        Old = "old",
        /// For projects since May 2026. Who is wrong with it is slower, and never refused.
        New = "new",
    }
}

#[expect(clippy::derivable_impls, reason = "the macro that makes the type knows no default")]
impl Default for QuotaTable {
    fn default() -> Self {
        Self::New
    }
}

/// What the project may use of each API. Google shows the true limits in its console, under
/// "Quotas"; set those where they differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GoogleQuota {
    /// What calls cost.
    pub table: QuotaTable,
    /// Gmail.
    pub gmail: ServiceQuota,
    /// Drive.
    pub drive: ServiceQuota,
    /// Calendar.
    pub calendar: ServiceQuota,
}

impl GoogleQuota {
    /// What Google gives to projects of a table.
    #[must_use]
    pub const fn of(table: QuotaTable) -> Self {
        let calendar = ServiceQuota::new(600, 10_000);
        let (gmail, drive) = match table {
            QuotaTable::Old => (ServiceQuota::new(15_000, 1_200_000), ServiceQuota::new(12_000, 12_000)),
            QuotaTable::New => (ServiceQuota::new(6_000, 1_200_000), ServiceQuota::new(325_000, 1_000_000)),
        };
        Self { table, gmail, drive, calendar }
    }

    pub(crate) fn service(&self, service: Service) -> ServiceQuota {
        match service {
            Service::Gmail => self.gmail,
            Service::Drive => self.drive,
            Service::Calendar => self.calendar,
        }
    }
}

impl Default for GoogleQuota {
    fn default() -> Self {
        Self::of(QuotaTable::default())
    }
}
