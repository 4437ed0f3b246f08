//! `besunny._besunny`: the native half of the Python package.
//!
//! It converts arguments and results, lets go of the GIL while the library works, and
//! maps errors. The typed faces that people use, blocking and async, are Python and call
//! this module; see `python/besunny`.
//!
//! Invariant: no logic that another binding would need as well; that belongs in `core`.
//! Invariant: each method of the face exists once here and returns a [`call::Call`], which
//! the blocking face waits for and the async face awaits.
//! Invariant: no panic crosses into Python; it becomes an `InternalError`.

mod arguments;
mod call;
mod documents;
mod errors;
mod events;
mod mail;
mod options;
mod probe;
mod process;
mod projects;
mod results;
mod runtime;
mod user;
mod users;
mod workspace;

/// The native module.
#[pyo3::pymodule]
mod _besunny {
    #[pymodule_export]
    use super::call::Call;
    #[pymodule_export]
    use super::documents::Documents;
    #[pymodule_export]
    use super::events::{Events, Subscription};
    #[pymodule_export]
    use super::mail::{Mail, UserMail};
    #[pymodule_export]
    use super::probe::{_error_codes, _fail, _panic, _vocabulary};
    #[pymodule_export]
    use super::projects::Projects;
    #[pymodule_export]
    use super::user::UserHandle;
    #[pymodule_export]
    use super::users::Users;
    #[pymodule_export]
    use super::workspace::{Workspace, open_workspace};
}
