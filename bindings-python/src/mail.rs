//! Handing mail in, with the owner given or found by virtual address.

use std::path::PathBuf;

use pyo3::prelude::*;

use crate::arguments::{Count, RawMail};
use crate::call::Call;
use crate::options::page;
use crate::process::Owned;

/// The same four ways in, for both kinds of mail handle.
macro_rules! ways_in {
    ($(#[doc = $doc:literal])+ $name:ident($inner:ty) { $($more:item)* }) => {
        $(#[doc = $doc])+
        #[pyclass(frozen, module = "besunny._besunny")]
        pub(crate) struct $name(pub(crate) Owned<$inner>);

        #[pymethods]
        impl $name {
            fn ingest(&self, py: Python<'_>, raw: RawMail) -> PyResult<Call> {
                Call::on(py, &self.0, "mail.ingest", |mail| async move {
                    mail.ingest(raw.0.read("mail.ingest").await?).await
                })
            }

            fn ingest_mbox(&self, py: Python<'_>, path: PathBuf, progress: Option<Py<PyAny>>) -> PyResult<Call> {
                Call::load(py, &self.0, "mail.ingest_mbox", progress, |mail, options| async move {
                    mail.ingest_mbox(path, options).await
                })
            }

            fn ingest_maildir(&self, py: Python<'_>, path: PathBuf, progress: Option<Py<PyAny>>) -> PyResult<Call> {
                Call::load(py, &self.0, "mail.ingest_maildir", progress, |mail, options| async move {
                    mail.ingest_maildir(path, options).await
                })
            }

            fn ingest_folder(&self, py: Python<'_>, path: PathBuf, progress: Option<Py<PyAny>>) -> PyResult<Call> {
                Call::load(py, &self.0, "mail.ingest_folder", progress, |mail, options| async move {
                    mail.ingest_folder(path, options).await
                })
            }

            $($more)*
        }
    };
}

ways_in! {
    /// Mail that finds its owners by virtual address.
    Mail(besunny::Mail) {
        fn intake_log(&self, py: Python<'_>, size: Count, after: Option<String>) -> PyResult<Call> {
            Call::on(py, &self.0, "mail.intake_log", move |mail| async move {
                mail.intake_log(page(size, after)).await
            })
        }
    }
}

ways_in! {
    /// Mail of a given owner.
    UserMail(besunny::UserMail) {}
}
