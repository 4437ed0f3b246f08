//! Files as a source.

use std::sync::Arc;

use async_trait::async_trait;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::fetch;
use super::options::DriveOptions;
use super::watch;
use super::wire::{self, Change, ChangeList, File, FileList, Start};
use crate::base::{Clock, Error, ErrorKind, Result};
use crate::domain::{
    Channel, Fetched, News, NextPage, ObjectState, Source, SourceFailure, SourcePage, Told, Wanted, Watch,
    WatchRequest,
};
use crate::google::api::{Api, ApiFailure, ApiRequest};

/// The most that Drive gives on a page.
const PAGE: &str = "1000";
/// Few enough that their contents fit in memory together.
const BATCH: usize = 8;

/// My Drive and what is shared with the user, or one shared drive.
pub(crate) struct DriveSource {
    drive: Arc<Drive>,
}

/// What calls need.
pub(super) struct Drive {
    pub(super) api: Arc<dyn Api>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) options: DriveOptions,
}

impl DriveSource {
    pub(crate) fn new(api: Arc<dyn Api>, clock: Arc<dyn Clock>, options: DriveOptions) -> Self {
        Self { drive: Arc::new(Drive { api, clock, options }) }
    }
}

impl Drive {
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}/drive/v3/{path}", self.api.endpoints().www)
    }

    /// The address of a file, or of something of it.
    pub(super) fn file_url(&self, id: &str, rest: &str) -> String {
        self.url(&format!("files/{}{rest}", utf8_percent_encode(id, NON_ALPHANUMERIC)))
    }

    /// Adds to a listing which drives it is about.
    pub(super) fn listing(&self, request: ApiRequest) -> ApiRequest {
        request
            .query("supportsAllDrives", "true")
            .query("includeItemsFromAllDrives", "true")
            .maybe("driveId", self.options.drive.as_deref())
    }

    fn told(&self, file: File) -> Option<Told> {
        if file.id.is_empty() || !self.options.holds(file.drive_id.as_deref()) {
            return None;
        }
        let state = ObjectState::File(file.state(self.options.max_bytes));
        Some(Told { id: file.id, what: News::Is(Box::new(state)) })
    }

    fn changed(&self, change: Change) -> Option<Told> {
        // A shared drive that was renamed, or left: no file of it is another for that.
        if change.file_id.is_empty() || !matches!(change.change_type.as_str(), "" | "file") {
            return None;
        }
        let gone = Told { id: change.file_id.clone(), what: News::Gone };
        match change.file {
            Some(mut file) if !change.removed => {
                file.id = change.file_id;
                // Moved to another drive, whose source tells it.
                self.told(file).or(Some(gone))
            }
            _ => Some(gone),
        }
    }
}

/// Whether Drive refuses a call because of its page token.
fn is_page_refused(failure: &ApiFailure) -> bool {
    let ApiFailure::Refused(refusal) = failure else { return false };
    let message = refusal.message.to_ascii_lowercase();
    refusal.status == 410
        || (refusal.status == 400
            && (refusal.reason == "invalid"
                || message.contains("pagetoken")
                || message.contains("page token")))
}

#[async_trait]
impl Source for DriveSource {
    fn fingerprint(&self) -> String {
        self.drive.options.fingerprint()
    }

    fn can_watch(&self) -> bool {
        self.drive.options.address.is_some()
    }

    async fn start(&self) -> Result<Option<String>> {
        let operation = "drive.start";
        let drive = &self.drive;
        let request =
            ApiRequest::get(operation, drive.url("changes/startPageToken"), drive.options.costs.other)
                .query("fields", "startPageToken")
                .query("supportsAllDrives", "true")
                .maybe("driveId", drive.options.drive.as_deref());
        let start: Start = drive.api.call(request).await?.json(operation)?;
        let message = "Drive answered without a token to start from";
        let token =
            start.start_page_token.ok_or_else(|| Error::new(ErrorKind::Upstream, operation, message))?;
        Ok(Some(token))
    }

    async fn snapshot(&self, page: Option<&str>) -> Result<SourcePage, SourceFailure> {
        let operation = "drive.list";
        let drive = &self.drive;
        let request = ApiRequest::get(operation, drive.url("files"), drive.options.costs.list)
            .query("fields", format!("nextPageToken,incompleteSearch,files({})", wire::FILE))
            .query("corpora", if drive.options.drive.is_some() { "drive" } else { "user" })
            .query("spaces", "drive")
            .query("pageSize", PAGE)
            .maybe("pageToken", page);
        let answer = drive.api.call(drive.listing(request)).await.and_then(|answer| answer.json(operation));
        let list: FileList = match answer {
            Ok(list) => list,
            Err(failure) if page.is_some() && is_page_refused(&failure) => {
                return Err(SourceFailure::PageExpired);
            }
            Err(failure) => return Err(Error::from(failure).into()),
        };
        if list.incomplete_search {
            // What it does not show would be taken for gone.
            let message = "Drive did not look at all files; the listing has to be made again";
            return Err(Error::new(ErrorKind::Upstream, operation, message).into());
        }
        let told = list.files.into_iter().filter_map(|file| drive.told(file)).collect();
        let next = list.next_page_token.map_or(NextPage::Done(None), NextPage::Page);
        Ok(SourcePage { told, next })
    }

    /// A page's token is a cursor like any other, so a page is asked for by its token alone.
    async fn changes(&self, cursor: &str, page: Option<&str>) -> Result<SourcePage, SourceFailure> {
        let operation = "drive.changes";
        let drive = &self.drive;
        let fields = format!(
            "nextPageToken,newStartPageToken,changes(changeType,removed,fileId,file({}))",
            wire::FILE
        );
        let request = ApiRequest::get(operation, drive.url("changes"), drive.options.costs.list)
            .query("fields", fields)
            .query("spaces", "drive")
            .query("includeRemoved", "true")
            .query("pageSize", PAGE)
            .query("pageToken", page.unwrap_or(cursor));
        let answer = drive.api.call(drive.listing(request)).await.and_then(|answer| answer.json(operation));
        let list: ChangeList = match answer {
            Ok(list) => list,
            Err(failure) if is_page_refused(&failure) => return Err(SourceFailure::CursorExpired),
            Err(failure) => return Err(Error::from(failure).into()),
        };
        let next = match (list.next_page_token, list.new_start_page_token) {
            (Some(next), _) => NextPage::Cursor(next),
            (None, Some(next)) => NextPage::Done(Some(next)),
            (None, None) => {
                let message = "Drive answered changes without saying where to go on";
                return Err(Error::new(ErrorKind::Upstream, operation, message).into());
            }
        };
        let told = list.changes.into_iter().filter_map(|change| drive.changed(change)).collect();
        Ok(SourcePage { told, next })
    }

    async fn fetch(&self, wanted: &[Wanted]) -> Vec<Result<Fetched>> {
        fetch::fetch(&self.drive, wanted).await
    }

    fn batch(&self) -> usize {
        BATCH
    }

    async fn watch(&self, request: &WatchRequest) -> Result<Watch> {
        watch::watch(&self.drive, request).await
    }

    async fn unwatch(&self, channel: &Channel) -> Result<()> {
        watch::unwatch(&self.drive, channel).await
    }
}
