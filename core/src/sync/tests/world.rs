//! A source in memory: objects, a log of what happened to them, and everything that goes wrong.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::base::{Clock, Error, ErrorKind, Result, Timestamp, VirtualClock};
use crate::domain::{
    Channel, Content, Fetched, MailState, News, NextPage, ObjectState, Source, SourceFailure, SourcePage,
    Told, Wanted, Watch, WatchRequest,
};

/// What happened.
#[derive(Clone)]
pub(super) struct Happened {
    pub(super) id: String,
    pub(super) news: News,
    /// When [`Source::changes`] begins to tell of it.
    pub(super) visible_at: Timestamp,
}

#[derive(Default)]
pub(super) struct World {
    pub(super) objects: BTreeMap<String, MailState>,
    pub(super) log: Vec<Happened>,
    /// Cursors below this are too old.
    pub(super) oldest: usize,
    pub(super) page_size: usize,
    /// How late changes become visible.
    pub(super) late: Duration,
    /// Ids whose fetching fails, and how often still.
    pub(super) poison: BTreeMap<String, u32>,
    /// The next calls fail so often.
    pub(super) failing: u32,
    /// The next cursors are refused so often.
    pub(super) refusing: u32,
    pub(super) watch_refused: bool,
    pub(super) watches: Vec<String>,
    pub(super) stopped: Vec<String>,
    /// Calls by name.
    pub(super) calls: BTreeMap<&'static str, u32>,
}

/// The source of a world.
#[derive(Clone)]
pub(super) struct WorldSource {
    pub(super) world: Arc<Mutex<World>>,
    pub(super) clock: VirtualClock,
}

impl WorldSource {
    pub(super) fn new(clock: &VirtualClock) -> Self {
        let world = World { page_size: 3, ..World::default() };
        Self { world: Arc::new(Mutex::new(world)), clock: clock.clone() }
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn happened(&self, id: &str, news: News) {
        let mut world = self.world();
        let visible_at = self.clock.now().after(world.late);
        world.log.push(Happened { id: id.to_owned(), news, visible_at });
    }

    pub(super) fn deliver(&self, id: &str, labels: &[&str]) {
        let labels = labels.iter().map(|&label| label.to_owned()).collect();
        let state = MailState { thread: "t".into(), labels, ..MailState::default() };
        self.world().objects.insert(id.to_owned(), state);
        self.happened(id, News::Changed);
    }

    pub(super) fn relabel(&self, id: &str, added: &[&str], removed: &[&str]) {
        let all = |labels: &[&str]| labels.iter().map(|&label| label.to_owned()).collect::<Vec<_>>();
        let (added, removed) = (all(added), all(removed));
        if let Some(state) = self.world().objects.get_mut(id) {
            state.labels.retain(|label| !removed.contains(label));
            state.labels.extend(added.clone());
            state.labels.sort_unstable();
            state.labels.dedup();
        }
        self.happened(id, News::Relabelled { added, removed });
    }

    pub(super) fn delete(&self, id: &str) {
        self.world().objects.remove(id);
        self.happened(id, News::Gone);
    }

    fn called(&self, name: &'static str) -> Result<()> {
        let mut world = self.world();
        *world.calls.entry(name).or_default() += 1;
        if world.failing > 0 {
            world.failing -= 1;
            return Err(Error::new(ErrorKind::Upstream, "world.call", "the source failed"));
        }
        Ok(())
    }

    pub(super) fn calls(&self, name: &str) -> u32 {
        self.world().calls.get(name).copied().unwrap_or_default()
    }
}

#[async_trait]
impl Source for WorldSource {
    fn fingerprint(&self) -> String {
        "world".into()
    }

    fn can_watch(&self) -> bool {
        true
    }

    async fn start(&self) -> Result<Option<String>> {
        self.called("start")?;
        let now = self.clock.now();
        let visible = self.world().log.iter().take_while(|happened| happened.visible_at <= now).count();
        Ok(Some(visible.to_string()))
    }

    async fn snapshot(&self, page: Option<&str>) -> Result<SourcePage, SourceFailure> {
        self.called("snapshot")?;
        let world = self.world();
        let after = page.unwrap_or_default();
        let ids = world.objects.keys().filter(|id| id.as_str() > after).take(world.page_size);
        let told: Vec<Told> = ids.map(|id| Told { id: id.clone(), what: News::Changed }).collect();
        let next = match told.last() {
            Some(last) if told.len() == world.page_size => NextPage::Page(last.id.clone()),
            _ => NextPage::Done(None),
        };
        Ok(SourcePage { told, next })
    }

    async fn changes(&self, cursor: &str, page: Option<&str>) -> Result<SourcePage, SourceFailure> {
        self.called("changes")?;
        let mut world = self.world();
        if world.refusing > 0 {
            world.refusing -= 1;
            return Err(SourceFailure::CursorExpired);
        }
        let number = |text: &str| text.parse::<usize>().map_err(|_| SourceFailure::PageExpired);
        if number(cursor)? < world.oldest {
            return Err(SourceFailure::CursorExpired);
        }
        let from = number(page.unwrap_or(cursor))?;
        let now = self.clock.now();
        let visible = |happened: &&Happened| happened.visible_at <= now;
        let told: Vec<Told> = world.log[from.min(world.log.len())..]
            .iter()
            .take(world.page_size)
            .filter(visible)
            .map(|happened| Told { id: happened.id.clone(), what: happened.news.clone() })
            .collect();
        let end = from + world.page_size;
        let next = if end < world.log.len() {
            NextPage::Page(end.to_string())
        } else {
            // As some sources do: the cursor counts what is not visible yet.
            NextPage::Done(Some(world.log.len().to_string()))
        };
        Ok(SourcePage { told, next })
    }

    async fn fetch(&self, wanted: &[Wanted]) -> Vec<Result<Fetched>> {
        if let Err(error) = self.called("fetch") {
            return wanted
                .iter()
                .map(|_| Err(Error::new(error.kind(), error.operation(), error.message())))
                .collect();
        }
        let mut world = self.world();
        let fetched = wanted.iter().map(|wanted| {
            if let Some(left) = world.poison.get_mut(&wanted.id).filter(|left| **left > 0) {
                *left -= 1;
                return Err(Error::new(ErrorKind::Upstream, "world.fetch", "this one fails"));
            }
            Ok(match world.objects.get(&wanted.id) {
                Some(state) => Fetched::Object {
                    state: Box::new(ObjectState::Mail(state.clone())),
                    content: match wanted.known {
                        Some(_) => Content::Same,
                        None => Content::Mail(wanted.id.clone().into_bytes()),
                    },
                },
                None => Fetched::Gone,
            })
        });
        fetched.collect()
    }

    fn batch(&self) -> usize {
        4
    }

    async fn watch(&self, request: &WatchRequest) -> Result<Watch> {
        self.called("watch")?;
        let mut world = self.world();
        if world.watch_refused {
            return Err(Error::new(ErrorKind::Upstream, "world.watch", "no channels today"));
        }
        if world.watches.contains(&request.channel) {
            return Err(Error::new(ErrorKind::InvalidInput, "world.watch", "channelIdNotUnique"));
        }
        world.watches.push(request.channel.clone());
        Ok(Watch { resource: format!("resource of {}", request.channel), expires_at: request.until })
    }

    async fn unwatch(&self, channel: &Channel) -> Result<()> {
        self.called("unwatch")?;
        if channel.resource.as_deref() != Some(&format!("resource of {}", channel.id)) {
            return Err(Error::new(ErrorKind::InvalidInput, "world.unwatch", "the wrong resource"));
        }
        self.world().stopped.push(channel.id.clone());
        Ok(())
    }
}
