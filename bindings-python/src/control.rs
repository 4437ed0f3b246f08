//! What callers steer long work and tests with: a token to stop, a clock to set.

use pyo3::prelude::*;

use crate::arguments::Instant;
use crate::results::ToPython;

/// Stops a worker from elsewhere: hand it over as `stop`, and call `cancel()` from any thread.
#[pyclass(frozen, module = "besunny")]
pub(crate) struct CancelToken(pub(crate) besunny::CancelToken);

#[pymethods]
impl CancelToken {
    #[new]
    fn new() -> Self {
        Self(besunny::CancelToken::new())
    }

    /// Asks the work to stop; returns at once.
    fn cancel(&self) {
        self.0.cancel();
    }

    /// Whether somebody asked the work to stop.
    #[getter]
    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// A clock that stands still until it is set, for tests of what happens over time: hand it
/// over as `clock` when opening a workspace, and move it on with `ws.jobs.advance`.
#[pyclass(frozen, module = "besunny")]
pub(crate) struct VirtualClock(pub(crate) besunny::VirtualClock);

#[pymethods]
impl VirtualClock {
    #[new]
    fn new(now: Instant) -> Self {
        Self(besunny::VirtualClock::new(now.0))
    }

    /// What it shows.
    #[getter]
    fn now<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        besunny::Clock::now(&self.0).to_python(py)
    }

    /// Sets it. It never goes back: an earlier time changes nothing.
    fn set(&self, now: Instant) {
        self.0.set(now.0);
    }
}
