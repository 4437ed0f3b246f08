//! What a workspace holds.

use napi_derive::napi;

use super::number;

/// What a workspace holds and runs on.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Status {
    /// Users.
    pub users: i64,
    /// Documents of all users.
    pub documents: i64,
    /// Chunks of all users.
    pub chunks: i64,
    /// The last position of the change log.
    pub log_position: i64,
    /// The position up to which every user's index is level; searches level it first
    /// where it lags.
    pub index_position: i64,
    /// The sentence model; `null` when the workspace works by words alone.
    pub model: Option<ModelInfo>,
    /// What it runs on.
    pub versions: Versions,
}

/// A loaded embedding model.
#[napi(object, object_from_js = false)]
pub struct ModelInfo {
    /// The name of the model, for people: what its configuration says, else its folder.
    pub name: String,
    /// The number of components of a vector.
    pub dimension: i64,
    /// The number of tokens after which a text is cut, special tokens included.
    pub max_tokens: i64,
    /// The arithmetic it runs in.
    #[napi(ts_type = "Precision")]
    pub precision: String,
    /// SHA-256, in lower-case hex, over everything that decides the vectors. Two vectors
    /// may be compared only if their fingerprints are equal.
    pub fingerprint: String,
}

/// Versions of what a workspace runs on.
#[napi(object, object_from_js = false)]
pub struct Versions {
    /// This library.
    pub besunny: String,
    /// The database schema.
    pub schema: i64,
    /// The decision model of assignments.
    pub assignment: String,
}

impl From<besunny::Status> for Status {
    fn from(status: besunny::Status) -> Self {
        Self {
            users: number(status.users),
            documents: number(status.documents),
            chunks: number(status.chunks),
            log_position: number(status.log_position),
            index_position: number(status.index_position),
            model: status.model.map(ModelInfo::from),
            versions: Versions {
                besunny: status.versions.besunny,
                schema: status.versions.schema,
                assignment: status.versions.assignment,
            },
        }
    }
}

impl From<besunny::ModelInfo> for ModelInfo {
    fn from(model: besunny::ModelInfo) -> Self {
        Self {
            name: model.name,
            dimension: number(model.dimension as u64),
            max_tokens: number(model.max_tokens as u64),
            precision: model.precision.to_string(),
            fingerprint: model.fingerprint,
        }
    }
}
