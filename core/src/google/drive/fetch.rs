//! How files are now, with their content where it is new.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::content::Read;
use super::source::Drive;
use super::wire::{self, File};
use crate::base::{Error, ErrorKind, Result};
use crate::domain::{Content, Fetched, FileState, ObjectState, Wanted};
use crate::google::api::{ApiFailure, ApiRequest};
use crate::google::known::stored_content;

/// As many files are fetched at once.
const AT_ONCE: usize = 4;
/// As often a file is read anew that changed while it was read.
const ROUNDS: u32 = 3;

/// Fetches files; the results are in the order of `wanted`.
pub(super) async fn fetch(drive: &Arc<Drive>, wanted: &[Wanted]) -> Vec<Result<Fetched>> {
    let mut results: Vec<Option<Result<Fetched>>> = wanted.iter().map(|_| None).collect();
    let mut rest = wanted.iter().cloned().enumerate();
    // Dropped half-way, it ends what runs.
    let mut running = JoinSet::new();
    loop {
        while running.len() < AT_ONCE
            && let Some((place, wanted)) = rest.next()
        {
            let drive = Arc::clone(drive);
            running.spawn(async move { (place, drive.fetch(&wanted).await) });
        }
        match running.join_next().await {
            Some(Ok((place, result))) => results[place] = Some(result),
            // It panicked; whose place stays empty.
            Some(Err(_)) => {}
            None => break,
        }
    }
    let defect = || Error::new(ErrorKind::Internal, "drive.fetch", "fetching a file ended without a result");
    results.into_iter().map(|result| result.unwrap_or_else(|| Err(defect()))).collect()
}

impl Drive {
    async fn fetch(&self, wanted: &Wanted) -> Result<Fetched> {
        let stored = wanted.known.as_ref().and_then(stored_content);
        let named = |error: Error| error.with("file", &wanted.id);
        let Some(mut file) = self.metadata(&wanted.id).await.map_err(named)? else {
            return Ok(Fetched::Gone);
        };
        let mut rounds = 0;
        loop {
            rounds += 1;
            let is_last = rounds >= ROUNDS;
            let state = file.state(self.options.max_bytes);
            if state.unread.is_some() {
                return Ok(object(state, Content::Unreadable));
            }
            if stored.as_ref().is_some_and(|stored| *stored == state.content_version) {
                return Ok(object(state, Content::Same));
            }
            let (content, is_verified) = match self.content(&file).await.map_err(named)? {
                Read::Whole { bytes, media_type, is_verified } => {
                    (Content::File { bytes, media_type }, is_verified)
                }
                Read::Unreadable(reason) => {
                    let unread = Some(reason.to_owned());
                    return Ok(object(FileState { unread, ..state }, Content::Unreadable));
                }
                Read::Gone => return Ok(Fetched::Gone),
                Read::Damaged if is_last => {
                    let message = "what Drive sends of this file is not what it says it is";
                    return Err(named(Error::new(ErrorKind::Upstream, "drive.content", message)));
                }
                Read::Damaged => {
                    let Some(now) = self.metadata(&wanted.id).await.map_err(named)? else {
                        return Ok(Fetched::Gone);
                    };
                    file = now;
                    continue;
                }
            };
            if is_verified {
                return Ok(object(state, content));
            }
            let Some(now) = self.metadata(&wanted.id).await.map_err(named)? else { return Ok(Fetched::Gone) };
            let after = now.state(self.options.max_bytes);
            if after.content_version == state.content_version && after.unread.is_none() {
                return Ok(object(after, content));
            }
            if is_last {
                // Edited all the time: the content is at least as new as the older state.
                return Ok(object(state, content));
            }
            file = now;
        }
    }

    /// A file's metadata; `None` where there is none for this account, or it is another source's.
    async fn metadata(&self, id: &str) -> Result<Option<File>> {
        let operation = "drive.file";
        let request = ApiRequest::get(operation, self.file_url(id, ""), self.options.costs.get)
            .query("fields", wire::FILE)
            .query("supportsAllDrives", "true");
        match self.api.call(request).await.and_then(|answer| answer.json::<File>(operation)) {
            Ok(file) => Ok(self.options.holds(file.drive_id.as_deref()).then_some(file)),
            Err(failure) if is_out_of_reach(&failure) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }
}

fn object(state: FileState, content: Content) -> Fetched {
    Fetched::Object { state: Box::new(ObjectState::File(state)), content }
}

/// Whether a file is not there, or not for this account.
pub(super) fn is_out_of_reach(failure: &ApiFailure) -> bool {
    let ApiFailure::Refused(refusal) = failure else { return false };
    let no_access = ["insufficientFilePermissions", "appNotAuthorizedToFile"];
    matches!(refusal.status, 404 | 410)
        || (refusal.status == 403 && no_access.contains(&refusal.reason.as_str()))
}
