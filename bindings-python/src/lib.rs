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
mod at_work;
mod call;
mod control;
mod documents;
mod errors;
mod events;
mod google;
mod job_handler;
mod jobs;
mod json;
mod mail;
mod meetings;
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
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::at_work::Finish;
    #[pymodule_export]
    use super::call::Call;
    #[pymodule_export]
    use super::control::{CancelToken, VirtualClock};
    #[pymodule_export]
    use super::documents::Documents;
    #[pymodule_export]
    use super::events::{Events, Subscription};
    #[pymodule_export]
    use super::google::{Google, UserGoogle, Webhooks};
    #[pymodule_export]
    use super::job_handler::JobContext;
    #[pymodule_export]
    use super::jobs::{
        Jobs, new_job_for_document, new_job_for_mail, new_job_to_re_embed, new_job_to_rebuild,
        new_job_to_train,
    };
    #[pymodule_export]
    use super::mail::{Mail, UserMail};
    #[pymodule_export]
    use super::meetings::Meetings;
    #[pymodule_export]
    use super::probe::{_error_codes, _fail, _panic, _vocabulary};
    #[pymodule_export]
    use super::projects::Projects;
    #[pymodule_export]
    use super::user::UserHandle;
    #[pymodule_export]
    use super::users::Users;
    #[pymodule_export]
    use super::workspace::{Workspace, open_workspace, restore_workspace};

    /// What the library has to say goes to `logging.getLogger("besunny")` and below.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        // Levels are asked for anew each time, so that `logging` can be set up at any time.
        let logger = pyo3_log::Logger::new(module.py(), pyo3_log::Caching::Loggers)?;
        let logger =
            logger.filter(log::LevelFilter::Off).filter_target("besunny".to_owned(), log::LevelFilter::Debug);
        // A second import of this module finds the first one's logger; that is fine.
        let _ = logger.install();
        Ok(())
    }
}
