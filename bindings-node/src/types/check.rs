//! What a check found.

use napi_derive::napi;

use super::number;

/// How a workspace is checked.
#[napi(object, object_to_js = false)]
pub struct CheckOptions {
    /// Whether an index that differs is rebuilt; not unless asked for.
    pub repair: Option<bool>,
}

/// What a check found.
#[napi(object, object_from_js = false)]
pub struct CheckReport {
    /// What the database itself finds wrong with its files, in its words. Only a backup
    /// heals that.
    pub database: Vec<String>,
    /// Whether the database would notice it if its files were damaged: on SQLite always, on
    /// Postgres where the cluster was made with data checksums.
    pub checksums: bool,
    /// Each user's documents, compared with their index.
    pub users: Vec<UserCheck>,
}

/// One user's documents, compared with their index. All numbers count documents.
#[napi(object, object_from_js = false)]
pub struct UserCheck {
    /// Whose they are.
    pub username: String,
    /// Documents that were compared; what others changed meanwhile is left out.
    pub documents: i64,
    /// Chunks of these.
    pub chunks: i64,
    /// In the database, but not in the index.
    pub missing: i64,
    /// In the index, but not in the database.
    pub stray: i64,
    /// In another project in the index than in the database.
    pub misplaced: i64,
    /// With other facts, chunks or vectors in the index than in the database.
    pub incomplete: i64,
    /// Whose text in the database is not what was taken in; only a backup heals that.
    pub altered: i64,
    /// Whether the index was rebuilt, and is right now. The numbers are those from before.
    pub repaired: bool,
}

impl From<besunny::CheckReport> for CheckReport {
    fn from(report: besunny::CheckReport) -> Self {
        Self {
            database: report.database,
            checksums: report.checksums,
            users: report.users.into_iter().map(UserCheck::from).collect(),
        }
    }
}

impl From<besunny::UserCheck> for UserCheck {
    fn from(user: besunny::UserCheck) -> Self {
        Self {
            username: user.username,
            documents: number(user.documents),
            chunks: number(user.chunks),
            missing: number(user.missing),
            stray: number(user.stray),
            misplaced: number(user.misplaced),
            incomplete: number(user.incomplete),
            altered: number(user.altered),
            repaired: user.repaired,
        }
    }
}
