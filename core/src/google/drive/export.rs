//! Google's own formats, converted into text.
//!
//! An export ends at about 10 MB of what it makes, and says so with 403, or with 500. The limit is
//! Google's and moves, so it is not foreseen but met: first other, smaller media types are tried,
//! then the links that the metadata names, which have a higher limit, then a conversion that
//! Google makes in the background. Each way is gone once, and each call is tried twice at most; what
//! none of them brings is too large. A server that is out of order (502 to 504) is not a limit: the
//! file fails, and is tried again later.

use url::{Host, Url};

use super::content::{Read, meaning};
use super::source::Drive;
use super::state::{TOO_LARGE, UNSUPPORTED};
use super::wire::{File, Operation};
use crate::base::{ErrorKind, Result};
use crate::google::api::{ApiFailure, ApiRequest, ApiResponse};

/// How often a call is tried: the second time proves that it was no accident.
const TRIES: u32 = 2;
/// How often a conversion is looked at before it is given up, and the longest pause between.
const LOOKS: u32 = 8;
const LONGEST_PAUSE: std::time::Duration = std::time::Duration::from_secs(8);
/// Where Google's links lead, besides the configured address.
const HOSTS: [&str; 1] = ["docs.google.com"];
const DOMAINS: [&str; 2] = [".googleusercontent.com", ".googleapis.com"];

/// How a way of getting a content ended, when it did not bring it.
enum Miss {
    /// It is too much for that way; another may do.
    Limit,
    /// What it means for the file is settled.
    Settled(Read),
}

impl Drive {
    /// Exports a file as the first of `media_types` that can be had.
    pub(super) async fn export(&self, file: &File, media_types: &[&'static str]) -> Result<Read> {
        let offered =
            |media_type: &str| file.export_links.is_empty() || file.export_links.contains_key(media_type);
        let media_types: Vec<&'static str> =
            media_types.iter().copied().filter(|kind| offered(kind)).collect();
        let Some(&first) = media_types.first() else { return Ok(Read::Unreadable(UNSUPPORTED)) };
        for &media_type in &media_types {
            let request = self.read("drive.export", self.file_url(&file.id, "/export"));
            match self.attempt(request.query("mimeType", media_type), media_type).await? {
                Ok(read) | Err(Miss::Settled(read)) => return Ok(read),
                Err(Miss::Limit) => {}
            }
        }
        for &media_type in &media_types {
            let Some(link) = file.export_links.get(media_type) else { continue };
            if !self.is_googles(link) {
                continue;
            }
            let request = self.read("drive.export_link", link.clone());
            // That a link does not work says nothing about the file.
            if let Ok(Ok(read)) = self.attempt(request, media_type).await {
                return Ok(read);
            }
        }
        self.convert(file, first).await
    }

    /// Has a file converted in the background.
    async fn convert(&self, file: &File, media_type: &'static str) -> Result<Read> {
        let operation = "drive.convert";
        let too_large = Ok(Read::Unreadable(TOO_LARGE));
        let url = self.file_url(&file.id, "/download");
        let mut begin = ApiRequest::post(operation, url, serde_json::json!({}), self.options.costs.download)
            .query("mimeType", media_type);
        begin.tries = TRIES;
        let mut state: Operation = match self.api.call(begin).await.and_then(|answer| answer.json(operation))
        {
            Ok(state) => state,
            Err(failure) => return if is_refused(&failure) { too_large } else { Err(failure.into()) },
        };
        for look in 0..LOOKS {
            if state.done {
                break;
            }
            tokio::time::sleep(self.options.pause.saturating_mul(1 << look).min(LONGEST_PAUSE)).await;
            let name = state.name.trim_start_matches('/');
            let name = name.strip_prefix("operations/").unwrap_or(name);
            let name = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
            let url = self.url(&format!("operations/{name}"));
            let mut request = ApiRequest::get(operation, url, self.options.costs.other);
            request.tries = TRIES;
            state = match self.api.call(request).await.and_then(|answer| answer.json::<Operation>(operation))
            {
                Ok(now) if now.name.is_empty() => Operation { name: state.name, ..now },
                Ok(now) => now,
                Err(failure) => return if is_refused(&failure) { too_large } else { Err(failure.into()) },
            };
        }
        // It failed, or is still not done.
        let Some(uri) = state.response.download_uri.filter(|uri| state.done && self.is_googles(uri)) else {
            return too_large;
        };
        match self.attempt(self.read("drive.converted", uri), media_type).await? {
            Ok(read) | Err(Miss::Settled(read)) => Ok(read),
            Err(Miss::Limit) => too_large,
        }
    }

    fn read(&self, operation: &'static str, url: String) -> ApiRequest {
        ApiRequest {
            max_bytes: self.options.max_bytes,
            tries: TRIES,
            ..ApiRequest::get(operation, url, self.options.costs.download)
        }
    }

    async fn attempt(&self, request: ApiRequest, media_type: &str) -> Result<Result<Read, Miss>> {
        match self.api.call(request).await {
            // A page to sign in on is what some links answer instead of refusing.
            Ok(answer) if is_page(&answer) => Ok(Err(Miss::Limit)),
            Ok(answer) => {
                let media_type = media_type.to_owned();
                Ok(Ok(Read::Whole { bytes: answer.body, media_type, is_verified: false }))
            }
            Err(failure) if is_limit(&failure) => Ok(Err(Miss::Limit)),
            Err(failure) => match meaning(&failure) {
                Some(read) => Ok(Err(Miss::Settled(read))),
                None => Err(failure.into()),
            },
        }
    }

    /// Whether the account's token may go there.
    fn is_googles(&self, link: &str) -> bool {
        let Ok(link) = Url::parse(link) else { return false };
        if Url::parse(&self.api.endpoints().www).is_ok_and(|own| own.origin() == link.origin()) {
            return true;
        }
        let Some(Host::Domain(host)) = link.host() else { return false };
        link.scheme() == "https"
            && link.port().is_none()
            && link.username().is_empty()
            && (HOSTS.contains(&host) || DOMAINS.iter().any(|domain| host.ends_with(domain)))
    }
}

fn is_page(answer: &ApiResponse) -> bool {
    // None of the media types that are asked for is HTML.
    answer
        .header("content-type")
        .is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/html"))
}

/// Whether it is too much for this way of getting it.
fn is_limit(failure: &ApiFailure) -> bool {
    match failure {
        ApiFailure::Refused(refusal) => refusal.reason == "exportSizeLimitExceeded" || refusal.status == 500,
        ApiFailure::Other(error) => error.kind() == ErrorKind::LimitExceeded,
    }
}

/// Whether Google says no, rather than not now.
fn is_refused(failure: &ApiFailure) -> bool {
    matches!(failure, ApiFailure::Refused(refusal)
        if (400..500).contains(&refusal.status) && refusal.status != 401 && !refusal.is_rate_limit())
}
