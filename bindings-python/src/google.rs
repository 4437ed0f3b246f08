//! Google: linking accounts, keeping them level, notifications.

use besunny::{
    AccountId, ConsentOptions, Disconnect, Google as Inner, GoogleCallback, Result, Service,
    UserGoogle as UserInner, Webhooks as WebhooksInner,
};
use pyo3::prelude::*;

use crate::arguments::{Body, Id};
use crate::call::Call;
use crate::control::CancelToken;
use crate::errors::OrRaise;
use crate::options::google::{Answer, Asking, IdentityFields};
use crate::process::Owned;

fn services(names: &[String]) -> Result<Vec<Service>> {
    names.iter().map(|name| name.parse()).collect()
}

fn disconnect(erase: bool) -> Disconnect {
    if erase { Disconnect::Erase } else { Disconnect::Keep }
}

/// Google for the workspace itself.
#[pyclass(frozen, module = "besunny._besunny")]
pub(crate) struct Google(pub(crate) Owned<Inner>);

#[pymethods]
impl Google {
    fn gmail(&self, py: Python<'_>) -> PyResult<Webhooks> {
        Ok(Webhooks(Owned::new(self.0.get("google.gmail").or_raise(py)?.gmail())))
    }

    fn drive(&self, py: Python<'_>) -> PyResult<Webhooks> {
        Ok(Webhooks(Owned::new(self.0.get("google.drive").or_raise(py)?.drive())))
    }

    fn calendar(&self, py: Python<'_>) -> PyResult<Webhooks> {
        Ok(Webhooks(Owned::new(self.0.get("google.calendar").or_raise(py)?.calendar())))
    }

    fn start(&self, py: Python<'_>) -> PyResult<Call> {
        Call::on(py, &self.0, "google.start", |google| async move { google.start().await })
    }

    fn login(&self, py: Python<'_>, options: Asking) -> PyResult<Call> {
        let options = ConsentOptions::from(options);
        Call::on(py, &self.0, "google.login", |google| async move { google.login(options).await })
    }

    fn finish_login(&self, py: Python<'_>, answer: Answer) -> PyResult<Call> {
        let callback = GoogleCallback::from(answer);
        Call::on(
            py,
            &self.0,
            "google.finish_login",
            |google| async move { google.finish_login(callback).await },
        )
    }

    fn consent(&self, py: Python<'_>, options: Asking) -> PyResult<Call> {
        let options = ConsentOptions::from(options);
        Call::on(py, &self.0, "google.consent", |google| async move { google.consent(options).await })
    }

    fn finish(&self, py: Python<'_>, answer: Answer) -> PyResult<Call> {
        let callback = GoogleCallback::from(answer);
        Call::on(py, &self.0, "google.finish", |google| async move { google.finish(callback).await })
    }

    fn delegate(&self, py: Python<'_>, email: String) -> PyResult<Call> {
        Call::on(py, &self.0, "google.delegate", |google| async move { google.delegate(&email).await })
    }

    fn health(&self, py: Python<'_>) -> PyResult<Call> {
        Call::on(py, &self.0, "google.health", |google| async move { google.health().await })
    }

    fn sync(&self, py: Python<'_>, stop: Bound<'_, CancelToken>) -> PyResult<Call> {
        let token = stop.get().0.clone();
        Call::stoppable(py, &self.0, "google.sync", token.clone(), |google| async move {
            google.sync(token).await
        })
    }

    fn disconnect(&self, py: Python<'_>, account_id: Id<AccountId>, erase: bool) -> PyResult<Call> {
        let id = account_id.parse().or_raise(py)?;
        Call::on(py, &self.0, "google.disconnect", move |google| async move {
            google.disconnect(id, disconnect(erase)).await
        })
    }

    fn reseal(&self, py: Python<'_>) -> PyResult<Call> {
        Call::on(py, &self.0, "google.reseal", |google| async move { google.reseal().await })
    }
}

/// Google for one user.
#[pyclass(frozen, module = "besunny._besunny")]
pub(crate) struct UserGoogle(pub(crate) Owned<UserInner>);

#[pymethods]
impl UserGoogle {
    fn consent(&self, py: Python<'_>, names: Vec<String>, options: Asking) -> PyResult<Call> {
        let wanted = services(&names).or_raise(py)?;
        let options = ConsentOptions::from(options);
        Call::on(py, &self.0, "google.consent", move |google| async move {
            google.consent(&wanted, options).await
        })
    }

    fn finish(&self, py: Python<'_>, answer: Answer) -> PyResult<Call> {
        let callback = GoogleCallback::from(answer);
        Call::on(py, &self.0, "google.finish", |google| async move { google.finish(callback).await })
    }

    fn delegate(&self, py: Python<'_>, email: String, names: Vec<String>) -> PyResult<Call> {
        let wanted = services(&names).or_raise(py)?;
        Call::on(py, &self.0, "google.delegate", move |google| async move {
            google.delegate(&email, &wanted).await
        })
    }

    fn keep_login(&self, py: Python<'_>, identity: IdentityFields) -> PyResult<Call> {
        Call::on(py, &self.0, "google.keep_login", |google| async move {
            google.keep_login(&identity.into()).await
        })
    }

    fn accounts(&self, py: Python<'_>) -> PyResult<Call> {
        Call::on(py, &self.0, "google.accounts", |google| async move { google.accounts().await })
    }

    fn health(&self, py: Python<'_>) -> PyResult<Call> {
        Call::on(py, &self.0, "google.health", |google| async move { google.health().await })
    }

    fn sync(&self, py: Python<'_>, service: Option<String>, stop: Bound<'_, CancelToken>) -> PyResult<Call> {
        let service = service.as_deref().map(str::parse::<Service>).transpose().or_raise(py)?;
        let token = stop.get().0.clone();
        Call::stoppable(py, &self.0, "google.sync", token.clone(), move |google| async move {
            google.sync(service, token).await
        })
    }

    fn active(&self, py: Python<'_>) -> PyResult<Call> {
        Call::on(py, &self.0, "google.active", |google| async move { google.active().await })
    }

    fn disconnect(&self, py: Python<'_>, account_id: Id<AccountId>, erase: bool) -> PyResult<Call> {
        let id = account_id.parse().or_raise(py)?;
        Call::on(py, &self.0, "google.disconnect", move |google| async move {
            google.disconnect(id, disconnect(erase)).await
        })
    }
}

/// Where one service's notifications come in.
#[pyclass(frozen, module = "besunny._besunny")]
pub(crate) struct Webhooks(pub(crate) Owned<WebhooksInner>);

#[pymethods]
impl Webhooks {
    fn notify(&self, py: Python<'_>, headers: Vec<(String, String)>, body: Body) -> PyResult<Call> {
        Call::on(
            py,
            &self.0,
            "google.notify",
            |webhooks| async move { webhooks.notify(headers, &body.0).await },
        )
    }
}
