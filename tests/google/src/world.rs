//! Everything there is, behind one lock: what is asked of it takes microseconds.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::calendar::Calendars;
use crate::clock::Clock;
use crate::drive::Drive;
use crate::faults::{Effect, Faults, Place};
use crate::gmail::mailbox::Mailbox;
use crate::oauth::OAuth;
use crate::push::Push;
use crate::quota::Quota;
use crate::rng::Rng;
use crate::settings::Settings;

/// Somebody with an account at Google.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) email: String,
    /// The numeric id that does not change.
    pub(crate) sub: String,
    pub(crate) name: String,
    /// The Workspace domain, if it is an account of one.
    pub(crate) domain: Option<String>,
}

/// The state of a fake.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) clock: Arc<Clock>,
    pub(crate) base_url: String,
    pub(crate) settings: Settings,
    /// Ids of what is made.
    pub(crate) ids: Rng,
    /// What says nothing about the data: boundaries, attachment ids.
    pub(crate) noise: Rng,
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) oauth: OAuth,
    pub(crate) mail: BTreeMap<String, Mailbox>,
    pub(crate) drive: Drive,
    pub(crate) calendars: Calendars,
    pub(crate) push: Push,
    pub(crate) faults: Faults,
    pub(crate) quota: Quota,
    /// The faults of the call that is being answered.
    pub(crate) effects: Vec<Effect>,
}

impl World {
    pub(crate) fn new(settings: Settings, base_url: String, clock: Arc<Clock>) -> Self {
        let seed = settings.seed;
        Self {
            clock,
            base_url,
            ids: Rng::new(seed, "ids"),
            noise: Rng::new(seed, "noise"),
            accounts: BTreeMap::new(),
            oauth: OAuth::new(seed),
            mail: BTreeMap::new(),
            drive: Drive::new(seed),
            calendars: Calendars::default(),
            push: Push::new(settings.push, seed),
            faults: Faults::new(seed),
            quota: Quota::new(settings.limits),
            settings,
            effects: Vec::new(),
        }
    }

    /// Adds an account, if it is not there; people have mail, service accounts have not.
    pub(crate) fn add_account(&mut self, email: &str, name: &str, has_mail: bool) {
        if self.accounts.contains_key(email) {
            return;
        }
        let domain = email.rsplit_once('@').map(|(_, domain)| domain.to_owned());
        let account = Account {
            email: email.to_owned(),
            sub: format!("1{:020}", crate::rng::hash(email.as_bytes())),
            name: name.to_owned(),
            domain: domain.filter(|domain| has_mail && domain != "gmail.com"),
        };
        self.accounts.insert(email.to_owned(), account);
        if has_mail {
            self.mail.insert(email.to_owned(), Mailbox::new(email, self.settings.seed));
        }
        self.add_user_drive(email);
        self.add_calendar(email, email, email, "Europe/Lisbon");
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Moves the clock, and does what falls due.
    pub(crate) fn advance(&mut self, millis: i64) {
        self.clock.advance(millis);
        self.catch_up();
    }

    /// Does what has fallen due.
    pub(crate) fn catch_up(&mut self) {
        let now = self.now();
        crate::calendar::conference::catch_up(self, now);
    }

    /// When a change that happens now can be seen.
    pub(crate) fn visible_at(&mut self, place: &str, account: &str) -> i64 {
        let now = self.now();
        let effects = self.faults.at(Place::Change { name: place, account }, now);
        effects.iter().fold(now, |at, effect| match effect {
            Effect::LateChange { millis } => at + *millis as i64,
            _ => at,
        })
    }

    /// Whether the call that is being answered is to get an empty page.
    pub(crate) fn is_empty_page(&self) -> bool {
        self.effects.contains(&Effect::EmptyPage)
    }

    /// Whether the cursor of the call that is being answered counts as expired.
    pub(crate) fn is_cursor_expired(&self) -> bool {
        self.effects.contains(&Effect::ExpiredCursor)
    }
}

/// The world and its lock.
#[derive(Debug)]
pub(crate) struct Shared {
    world: Mutex<World>,
}

/// The world while somebody has it.
pub(crate) struct Locked<'a>(MutexGuard<'a, World>);

impl Shared {
    pub(crate) fn new(world: World) -> Self {
        Self { world: Mutex::new(world) }
    }

    /// Waits for the world, and brings it up to its clock.
    pub(crate) fn lock(&self) -> Locked<'_> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.catch_up();
        Locked(world)
    }
}

impl Deref for Locked<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        &self.0
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.0
    }
}
