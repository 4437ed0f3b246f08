//! Which generation of an index is open, and whether this process may write to it.

use std::path::PathBuf;
use std::sync::RwLock;
use std::time::Duration;

use super::change::IndexChange;
use super::failure::{Failure, guarded};
use super::generations;
use super::lease::Lease;
use super::opening::{Role, load};
use super::postings::Postings;
use super::row_log::Header;
use super::tenant::{State, write};
use super::writing::Writer;
use crate::base::Result;
use crate::domain::Position;

/// Keeps a tenant's index open.
pub(crate) struct Keeper {
    root: PathBuf,
    wanted: Header,
    /// How long a holder of the lease may go without a sign of life.
    patience: Duration,
    open: Option<Open>,
    lease: Option<Lease>,
    /// For whom in this process the lease is held, by number. A call that was dropped
    /// half-way may leave work behind that still means to have it.
    holder: u64,
}

/// The open generation.
struct Open {
    number: u64,
    writer: Writer,
    /// The turn of the lease in which we wrote last: when the next is ours too, nobody
    /// else has written meanwhile.
    turn: Option<u64>,
}

impl Keeper {
    pub(crate) fn new(root: PathBuf, wanted: Header, patience: Duration) -> Self {
        Self { root, wanted, patience, open: None, lease: None, holder: 0 }
    }

    /// Reads what others have written, as far as that is possible without the lease.
    /// Whether all that there is can be relied on.
    pub(crate) fn refresh(&mut self, state: &RwLock<State>) -> Result<bool, Failure> {
        let Some(newest) = generations::newest(&self.root)? else {
            return Ok(false);
        };
        if let Some(open) = self.open.as_mut().filter(|open| open.number == newest) {
            match guarded(|| open.writer.follow(state)) {
                Ok(()) => return Ok(true),
                Err(Failure::Refused(error)) => return Err(Failure::Refused(error)),
                // Replaced, or in the middle of something: read it from the start.
                Err(_) => {}
            }
        }
        match self.reload(state, newest, Role::Reader) {
            Ok(()) => Ok(true),
            Err(Failure::Refused(error)) => Err(Failure::Refused(error)),
            Err(_) => Ok(false),
        }
    }

    /// Takes the lease and brings the state level with the files. What is damaged is
    /// replaced by an empty generation. Whoever in this process held it before has lost it.
    /// The number of the holder.
    pub(crate) fn take(&mut self, state: &RwLock<State>) -> Result<u64, Failure> {
        self.take_within(state, Some(self.patience))?;
        self.holder += 1;
        Ok(self.holder)
    }

    /// [`Keeper::take`], if nobody else has the lease.
    pub(crate) fn try_take(&mut self, state: &RwLock<State>) -> Result<Option<u64>, Failure> {
        if !self.take_within(state, None)? {
            return Ok(None);
        }
        self.holder += 1;
        Ok(Some(self.holder))
    }

    /// Heals what is damaged or half-written, if nobody else has the lease.
    pub(crate) fn try_heal(&mut self, state: &RwLock<State>) -> Result<(), Failure> {
        if self.take_within(state, None)? {
            self.lease = None;
        }
        Ok(())
    }

    fn take_within(&mut self, state: &RwLock<State>, patience: Option<Duration>) -> Result<bool, Failure> {
        if self.lease.is_some() {
            return Ok(true);
        }
        let Some((number, lease)) = generations::take(&self.root, patience)? else { return Ok(false) };
        let turn = lease.turn();
        self.lease = Some(lease);
        let taken = self.level_with_files(state, number, turn);
        if taken.is_err() {
            self.lease = None;
        }
        taken.map(|()| true)
    }

    fn level_with_files(&mut self, state: &RwLock<State>, number: u64, turn: u64) -> Result<(), Failure> {
        if let Some(open) = self.open.as_mut().filter(|open| open.number == number) {
            let is_ours = open.turn.is_some_and(|last| last.checked_add(1) == Some(turn));
            let writer = &mut open.writer;
            let followed = guarded(|| {
                if !is_ours {
                    writer.follow(state)?;
                    // Its list of files is what it was before the others wrote.
                    writer.parts.postings = Postings::open(&writer.folder, true)?;
                }
                if writer.is_at_the_end()? { Ok(()) } else { Err(Failure::Unsettled) }
            });
            match followed {
                Ok(()) => {
                    open.turn = Some(turn);
                    return Ok(());
                }
                Err(Failure::Refused(error)) => return Err(Failure::Refused(error)),
                Err(_) => {}
            }
        }
        match self.reload(state, number, Role::Holder) {
            Err(Failure::Damaged(reason)) => {
                tracing::warn!(folder = %self.root.display(), reason, "the search index starts empty");
                self.begin_anew(state)
            }
            other => other,
        }
    }

    /// Passes the lease on, unless another in this process has it by now.
    pub(crate) fn release(&mut self, holder: u64) {
        if self.holder == holder {
            self.lease = None;
        }
    }

    /// Refuses whoever does not hold the lease any more.
    pub(crate) fn check_holder(&self, holder: u64) -> Result<(), Failure> {
        if self.holder == holder && self.lease.is_some() { Ok(()) } else { Err(Failure::PassedOver) }
    }

    /// Begins an empty generation, with the lease of it in place of the present one.
    pub(crate) fn begin_anew(&mut self, state: &RwLock<State>) -> Result<(), Failure> {
        let newest = generations::newest(&self.root)?.unwrap_or(0);
        generations::begin_after(&self.root, newest)?;
        self.open = None;
        self.lease = None;
        let Some((number, lease)) = generations::take(&self.root, Some(self.patience))? else {
            return Err(Failure::PassedOver);
        };
        self.lease = Some(lease);
        self.reload(state, number, Role::Holder)
    }

    /// Applies changes; the lease is held.
    pub(crate) fn apply(
        &mut self,
        state: &RwLock<State>,
        changes: Vec<IndexChange>,
        position: Position,
    ) -> Result<(), Failure> {
        let newest = generations::newest(&self.root)?;
        let (Some(open), Some(lease)) = (&mut self.open, &mut self.lease) else {
            return Err(Failure::PassedOver);
        };
        if newest != Some(open.number) {
            return Err(Failure::PassedOver);
        }
        let writer = &mut open.writer;
        let written = guarded(|| {
            lease.stamp()?;
            writer.apply(state, changes, position)
        });
        if let Err(failure) = written {
            writer.abandon();
            return Err(failure);
        }
        let tidied = guarded(|| {
            writer.merge_some(state, || lease.stamp())?;
            lease.stamp()?;
            writer.compact_if_worthwhile(state)
        });
        if let Err(failure) = tidied {
            // What was applied is applied; the waste stays for another time.
            writer.forget_writer();
            tracing::warn!(folder = %writer.folder.display(), ?failure, "cannot tidy up the search index");
        }
        Ok(())
    }

    /// Gives a sign of life, in the course of something long; the lease is held.
    pub(crate) fn stamp(&mut self) -> Result<(), Failure> {
        self.lease.as_mut().map_or(Ok(()), Lease::stamp)
    }

    /// Whether changes must be applied before searches may rely on the index.
    pub(crate) fn is_unsettled(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.writer.is_unsettled())
    }

    /// The open generation, to work on it.
    #[cfg(test)]
    pub(crate) fn writer(&mut self) -> &mut Writer {
        &mut self.open.as_mut().expect("a generation is open").writer
    }

    /// Reads a generation from the start and replaces the state.
    fn reload(&mut self, state: &RwLock<State>, number: u64, role: Role) -> Result<(), Failure> {
        let folder = generations::folder(&self.root, number);
        let (mut writer, mut fresh) = guarded(|| load(&folder, &self.wanted, role))?;
        let is_torn = role == Role::Holder && !writer.is_at_the_end()?;
        let mut replaced = write(state);
        // Searches that relied on a later position must notice.
        fresh.incarnation = replaced.incarnation + u64::from(fresh.position < replaced.position);
        *replaced = fresh;
        drop(replaced);
        if is_torn {
            // Not cut off: another process may have read what is damaged here, and has the
            // vectors mapped that would be overwritten.
            writer.compact(state)?;
        }
        let turn = self.lease.as_ref().filter(|_| role == Role::Holder).map(Lease::turn);
        self.open = Some(Open { number, writer, turn });
        Ok(())
    }
}
