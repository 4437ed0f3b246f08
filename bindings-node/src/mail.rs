//! Handing mail in.

use besunny::CancelToken;
use napi::bindgen_prelude::{External, PromiseRaw};
use napi::{Env, Result};
use napi_derive::napi;

use crate::errors::rejection;
use crate::loading::{ProgressCallback, run};
use crate::options::PageOptions;
use crate::types::document::Ingested;
use crate::types::input::Bytes;
use crate::types::intake::{Delivery, IntakePage, IntakeReport};
use crate::types::list;
use crate::user::LazyUser;

/// Mail that finds its owners by virtual address, in `To`, `Cc`, `Delivered-To` and
/// `X-Original-To`.
#[napi]
pub struct Mail {
    inner: besunny::Mail,
}

impl Mail {
    pub(crate) fn new(inner: besunny::Mail) -> Self {
        Self { inner }
    }
}

#[napi]
impl Mail {
    /// Takes one raw message and delivers it to each user it is addressed to. An address
    /// of no user, or no address at all, is an outcome and is logged, not an error.
    ///
    /// Rejects with `malformed` or `limit_exceeded` for bytes that cannot be taken; also
    /// logged.
    #[napi(strict)]
    pub async fn ingest(&self, #[napi(ts_arg_type = "Uint8Array")] raw: Bytes) -> Result<Vec<Delivery>> {
        Ok(list(self.inner.ingest(raw.0).await.map_err(rejection)?))
    }

    /// Takes every message of an mbox file.
    ///
    /// Rejects with `not_found` or `io` when the file cannot be read, `cancelled`. A message
    /// that cannot be taken is counted and logged, and the load goes on.
    #[napi(strict, catch_unwind, ts_args_type = "path: string, options?: LoadOptions | undefined | null")]
    pub fn ingest_mbox<'env>(
        &self,
        env: &'env Env,
        path: String,
        progress: Option<ProgressCallback>,
        token: Option<&External<CancelToken>>,
    ) -> Result<PromiseRaw<'env, IntakeReport>> {
        let mail = self.inner.clone();
        run(env, progress, token, move |options| async move { Ok(mail.ingest_mbox(path, options).await) })
    }

    /// Takes every message of a Maildir and its subfolders, in order of file names.
    ///
    /// Rejects as `ingestMbox`.
    #[napi(strict, catch_unwind, ts_args_type = "path: string, options?: LoadOptions | undefined | null")]
    pub fn ingest_maildir<'env>(
        &self,
        env: &'env Env,
        path: String,
        progress: Option<ProgressCallback>,
        token: Option<&External<CancelToken>>,
    ) -> Result<PromiseRaw<'env, IntakeReport>> {
        let mail = self.inner.clone();
        run(env, progress, token, move |options| async move { Ok(mail.ingest_maildir(path, options).await) })
    }

    /// Takes every `.eml` file of a folder and its subfolders, in order of file names.
    ///
    /// Rejects as `ingestMbox`.
    #[napi(strict, catch_unwind, ts_args_type = "path: string, options?: LoadOptions | undefined | null")]
    pub fn ingest_folder<'env>(
        &self,
        env: &'env Env,
        path: String,
        progress: Option<ProgressCallback>,
        token: Option<&External<CancelToken>>,
    ) -> Result<PromiseRaw<'env, IntakeReport>> {
        let mail = self.inner.clone();
        run(env, progress, token, move |options| async move { Ok(mail.ingest_folder(path, options).await) })
    }

    /// What became of mail that reached no user, latest first.
    #[napi(strict)]
    pub async fn intake_log(&self, options: Option<PageOptions>) -> Result<IntakePage> {
        let page = options.unwrap_or_default().into_core();
        Ok(self.inner.intake_log(page).await.map_err(rejection)?.into())
    }
}

/// A user's mail.
#[napi]
pub struct UserMail {
    me: LazyUser,
}

impl UserMail {
    pub(crate) fn new(me: LazyUser) -> Self {
        Self { me }
    }
}

#[napi]
impl UserMail {
    /// Takes one raw message for this user, whoever it is addressed to.
    ///
    /// Rejects with `malformed` or `limit_exceeded` for bytes that cannot be taken; also
    /// logged.
    #[napi(strict)]
    pub async fn ingest(&self, #[napi(ts_arg_type = "Uint8Array")] raw: Bytes) -> Result<Ingested> {
        Ok(self.me.get().await?.mail().ingest(raw.0).await.map_err(rejection)?.into())
    }

    /// Takes every message of an mbox file.
    ///
    /// Rejects with `not_found` or `io` when the file cannot be read, `cancelled`. A message
    /// that cannot be taken is counted and logged, and the load goes on.
    #[napi(strict, catch_unwind, ts_args_type = "path: string, options?: LoadOptions | undefined | null")]
    pub fn ingest_mbox<'env>(
        &self,
        env: &'env Env,
        path: String,
        progress: Option<ProgressCallback>,
        token: Option<&External<CancelToken>>,
    ) -> Result<PromiseRaw<'env, IntakeReport>> {
        let me = self.me.clone();
        run(env, progress, token, move |options| async move {
            Ok(me.get().await?.mail().ingest_mbox(path, options).await)
        })
    }

    /// Takes every message of a Maildir and its subfolders, in order of file names.
    ///
    /// Rejects as `ingestMbox`.
    #[napi(strict, catch_unwind, ts_args_type = "path: string, options?: LoadOptions | undefined | null")]
    pub fn ingest_maildir<'env>(
        &self,
        env: &'env Env,
        path: String,
        progress: Option<ProgressCallback>,
        token: Option<&External<CancelToken>>,
    ) -> Result<PromiseRaw<'env, IntakeReport>> {
        let me = self.me.clone();
        run(env, progress, token, move |options| async move {
            Ok(me.get().await?.mail().ingest_maildir(path, options).await)
        })
    }

    /// Takes every `.eml` file of a folder and its subfolders, in order of file names.
    ///
    /// Rejects as `ingestMbox`.
    #[napi(strict, catch_unwind, ts_args_type = "path: string, options?: LoadOptions | undefined | null")]
    pub fn ingest_folder<'env>(
        &self,
        env: &'env Env,
        path: String,
        progress: Option<ProgressCallback>,
        token: Option<&External<CancelToken>>,
    ) -> Result<PromiseRaw<'env, IntakeReport>> {
        let me = self.me.clone();
        run(env, progress, token, move |options| async move {
            Ok(me.get().await?.mail().ingest_folder(path, options).await)
        })
    }
}
