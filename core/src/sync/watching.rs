//! Channels: made before they are needed, renewed before they end, under a new name each time,
//! and stopped when another has taken over.

use std::time::Duration;

use super::engine::{Engine, Run};
use super::notes::Notes;
use crate::base::{Error, ErrorKind, Result, Timestamp};
use crate::domain::{Access, Channel, ChannelState, Stream, WatchRequest};

/// How long a channel is asked for.
const WANTED_FOR: Duration = Duration::from_hours(7 * 24);
/// A channel is renewed when less than this is left, or less than a fifth of its life.
const RENEWED_BEFORE: Duration = Duration::from_hours(24);
/// A channel that is suspect is made anew at most this often.
const SUSPECT_RENEWAL: Duration = Duration::from_hours(1);
/// A stopped channel may notify for a while; for so long it is known by name.
const REMEMBERED_FOR: Duration = Duration::from_hours(1);
const FIRST_RETRY: Duration = Duration::from_mins(5);
const LONGEST_RETRY: Duration = Duration::from_hours(6);

impl Engine {
    /// Sees to the stream's channels. What goes wrong is in the stream's health; polls go on.
    ///
    /// # Errors
    /// What the database says, and `needs_reauth`.
    pub(super) async fn keep_watch(&self, run: &Run<'_>) -> Result<()> {
        let now = self.clock.now();
        let mut read = self.store.begin(run.scope, Access::Read).await?;
        let Some(stream) = read.stream(run.key).await? else { return Ok(()) };
        let channels: Vec<Channel> =
            read.channels_of(run.key).await?.into_iter().filter(|channel| channel.file.is_none()).collect();
        drop(read);
        let notes = Notes::read(&stream.state);
        let wanted = run.source.can_watch() && self.sources.can_notify(run.key) && !notes.unwatchable;
        let active = channels.iter().filter(|channel| channel.state == ChannelState::Active);
        let latest = active.max_by_key(|channel| channel.expires_at);
        let heard = channels.iter().filter_map(|channel| channel.heard_at).max();
        let suspect = notes.is_suspect(heard);
        let is_due = latest.is_none_or(|channel| is_to_renew(channel, suspect, now));
        let may_ask = notes.watch_again_at.is_none_or(|at| at <= now);
        if wanted && is_due && may_ask {
            match self.renew(run, &stream, now).await {
                Ok(()) => {}
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::Storage | ErrorKind::Closed | ErrorKind::NeedsReauth
                    ) =>
                {
                    return Err(error);
                }
                Err(error) => return self.note_refusal(run, &error, now).await,
            }
        }
        self.stop_old(run, now).await
    }

    /// Asks for a new channel; the old ones go on until it is there.
    async fn renew(&self, run: &Run<'_>, stream: &Stream, now: Timestamp) -> Result<()> {
        let id = crate::base::LeaseId::from_bytes(self.ids.next(now)).to_string();
        let (token, token_hash) = self.sources.channel_token()?;
        let mut channel = Channel {
            id: id.clone(),
            tenant: stream.tenant,
            stream: run.key.clone(),
            file: None,
            resource: None,
            token_hash,
            state: ChannelState::Pending,
            expires_at: now.after(WANTED_FOR),
            created_at: now,
            heard_at: None,
        };
        // Before it is asked for: its first notification can come before the answer.
        let mut write = self.store.begin(run.scope, Access::Work).await?;
        write.put_channel(&channel).await?;
        write.commit().await?;
        let request = WatchRequest {
            channel: id,
            token,
            file: None,
            cursor: stream.cursor.clone(),
            until: channel.expires_at,
        };
        let granted = run.source.watch(&request).await;
        let mut write = self.store.begin(run.scope, Access::Work).await?;
        let watch = match granted {
            Ok(watch) => watch,
            Err(error) => {
                write.delete_channel(&channel.id).await?;
                write.commit().await?;
                return Err(error);
            }
        };
        // What it notified of meanwhile is kept.
        if let Some(stored) = write.channel(&channel.id).await? {
            channel.heard_at = stored.heard_at;
        }
        channel.resource = Some(watch.resource).filter(|resource| !resource.is_empty());
        channel.expires_at = watch.expires_at;
        channel.state = ChannelState::Active;
        write.put_channel(&channel).await?;
        for mut old in write.channels_of(run.key).await? {
            if old.id != channel.id && old.file.is_none() && old.state != ChannelState::Stopping {
                old.state = ChannelState::Stopping;
                write.put_channel(&old).await?;
            }
        }
        let mut stream = super::engine::stored(&mut *write, run.key).await?;
        let mut notes = Notes::read(&stream.state);
        notes.watch_error = None;
        notes.watch_failures = 0;
        notes.watch_again_at = None;
        notes.unannounced_at = None;
        stream.state = notes.written();
        write.put_stream(&stream).await?;
        write.commit().await
    }

    /// Stops what another channel has replaced, and forgets what has ended.
    async fn stop_old(&self, run: &Run<'_>, now: Timestamp) -> Result<()> {
        let channels = self.store.begin(run.scope, Access::Read).await?.channels_of(run.key).await?;
        for mut channel in channels {
            let has_ended = now.since(channel.expires_at) > REMEMBERED_FOR;
            if has_ended {
                let mut write = self.store.begin(run.scope, Access::Work).await?;
                write.delete_channel(&channel.id).await?;
                write.commit().await?;
                continue;
            }
            if channel.state != ChannelState::Stopping || channel.resource.is_none() {
                continue;
            }
            if let Err(error) = run.source.unwatch(&channel).await {
                // It ends by itself; what it still tells is a hint like any other.
                tracing::info!(stream = %run.key, %error, "a channel could not be stopped");
                continue;
            }
            channel.resource = None;
            channel.expires_at = channel.expires_at.min(now);
            let mut write = self.store.begin(run.scope, Access::Work).await?;
            write.put_channel(&channel).await?;
            write.commit().await?;
        }
        Ok(())
    }

    async fn note_refusal(&self, run: &Run<'_>, error: &Error, now: Timestamp) -> Result<()> {
        let mut write = self.store.begin(run.scope, Access::Work).await?;
        let mut stream = super::engine::stored(&mut *write, run.key).await?;
        let mut notes = Notes::read(&stream.state);
        notes.unwatchable = error.kind() == ErrorKind::Unsupported;
        notes.watch_failures = notes.watch_failures.saturating_add(1);
        let wait = FIRST_RETRY.saturating_mul(1 << (notes.watch_failures - 1).min(16)).min(LONGEST_RETRY);
        let again = now.after(wait);
        notes.watch_again_at = Some(error.retry_at().map_or(again, |at| at.max(again)));
        notes.watch_error = Some((error.kind().code().to_owned(), error.to_string()));
        if !notes.unwatchable {
            tracing::warn!(stream = %run.key, %error, "a source does not notify; polling goes on");
        }
        stream.state = notes.written();
        write.put_stream(&stream).await?;
        write.commit().await
    }
}

fn is_to_renew(channel: &Channel, suspect: bool, now: Timestamp) -> bool {
    let life = channel.expires_at.since(channel.created_at);
    let left = channel.expires_at.since(now);
    let is_new = now.since(channel.created_at) < SUSPECT_RENEWAL;
    left < RENEWED_BEFORE.min(life / 5) || (suspect && !is_new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{AccountId, TenantId};
    use crate::domain::{Service, StreamKey};

    #[test]
    fn a_channel_is_renewed_in_time_and_a_suspect_one_not_too_often() {
        let start = Timestamp::from_seconds(1_800_000_000);
        let hours = |hours| start.after(Duration::from_hours(hours));
        let channel = |life| Channel {
            id: "c".into(),
            tenant: TenantId::SYSTEM,
            stream: StreamKey::new(AccountId::from_bytes([1; 16]), Service::Drive, None),
            file: None,
            resource: None,
            token_hash: Vec::new(),
            state: ChannelState::Active,
            expires_at: hours(life),
            created_at: start,
            heard_at: None,
        };
        let week = channel(7 * 24);
        assert!(
            !is_to_renew(&week, false, hours(6 * 24 - 1)) && is_to_renew(&week, false, hours(6 * 24 + 1))
        );
        let day = channel(24);
        assert!(!is_to_renew(&day, false, hours(19)) && is_to_renew(&day, false, hours(20)));
        assert!(
            !is_to_renew(&week, true, start.after(Duration::from_mins(59)))
                && is_to_renew(&week, true, hours(1))
        );
    }
}
