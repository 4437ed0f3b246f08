//! Stopping long work early.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use super::{Error, ErrorKind, Result};

/// A flag that any holder can raise to stop long work between two items.
/// Clones share the flag. What was acknowledged before the stop stays.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<Flag>);

#[derive(Debug, Default)]
struct Flag {
    is_raised: AtomicBool,
    /// Who waits for it, by number.
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    last: u64,
    wakers: Vec<(u64, Waker)>,
}

impl CancelToken {
    /// A token that is not raised yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the work to stop; returns at once.
    pub fn cancel(&self) {
        self.0.is_raised.store(true, Ordering::Release);
        let woken = std::mem::take(&mut self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner).wakers);
        for (_, waker) in woken {
            waker.wake();
        }
    }

    /// Whether somebody asked the work to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.is_raised.load(Ordering::Acquire)
    }

    /// Waits until somebody asks the work to stop.
    pub fn cancelled(&self) -> impl Future<Output = ()> + Send + use<> {
        Cancelled { token: self.clone(), number: None }
    }

    /// `Err` of kind [`ErrorKind::Cancelled`] once the token is raised.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`].
    pub fn check(&self, operation: &'static str) -> Result<()> {
        if self.is_cancelled() {
            return Err(Error::new(ErrorKind::Cancelled, operation, "cancelled by the caller"));
        }
        Ok(())
    }
}

/// One wait for a token.
struct Cancelled {
    token: CancelToken,
    /// Its number among those who wait; `None` before the first poll.
    number: Option<u64>,
}

impl Future for Cancelled {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let flag = Arc::clone(&self.token.0);
        let mut waiting = flag.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock: who raises the token after this takes the waker out.
        if flag.is_raised.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        let number = *self.number.get_or_insert_with(|| {
            waiting.last += 1;
            waiting.last
        });
        match waiting.wakers.iter_mut().find(|(of, _)| *of == number) {
            Some((_, waker)) => waker.clone_from(context.waker()),
            None => waiting.wakers.push((number, context.waker().clone())),
        }
        Poll::Pending
    }
}

impl Drop for Cancelled {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let mut waiting = self.token.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.wakers.retain(|(of, _)| *of != number);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn poll<F: Future<Output = ()>>(wait: &mut Pin<Box<F>>, count: &Arc<Count>) -> Poll<()> {
        wait.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(count))))
    }

    #[test]
    fn raising_wakes_each_that_waits_once() {
        let (token, count) = (CancelToken::new(), Arc::new(Count::default()));
        let (mut first, mut second) = (Box::pin(token.cancelled()), Box::pin(token.cancelled()));
        // A wait that is polled again is woken by its latest waker only.
        let replaced = Arc::new(Count::default());
        assert_eq!(
            (poll(&mut first, &replaced), poll(&mut second, &replaced)),
            (Poll::Pending, Poll::Pending)
        );
        assert_eq!((poll(&mut first, &count), poll(&mut second, &count)), (Poll::Pending, Poll::Pending));
        token.clone().cancel();
        token.cancel();
        assert_eq!((count.0.load(Ordering::Relaxed), replaced.0.load(Ordering::Relaxed)), (2, 0));
        assert_eq!((poll(&mut first, &count), poll(&mut second, &count)), (Poll::Ready(()), Poll::Ready(())));
        assert_eq!(poll(&mut Box::pin(token.cancelled()), &count), Poll::Ready(()));
    }

    #[test]
    fn who_no_longer_waits_is_forgotten() {
        let (token, count) = (CancelToken::new(), Arc::new(Count::default()));
        let mut gone = Box::pin(token.cancelled());
        assert_eq!(poll(&mut gone, &count), Poll::Pending);
        drop(gone);
        assert!(token.0.waiting.lock().expect("a lock").wakers.is_empty());
        token.cancel();
        assert_eq!(count.0.load(Ordering::Relaxed), 0);
    }
}
