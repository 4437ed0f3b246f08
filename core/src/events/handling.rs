//! Handling events one by one, with retries.

use std::convert::Infallible;
use std::future::{self, Future};
use std::sync::Arc;

use super::{EventFeed, HandleOptions, OnFailure, Subscription};
use crate::base::{Error, ErrorKind, Result, Scope};
use crate::domain::Event;

/// How many skipped events a report lists; more are only counted.
const MAX_LISTED: usize = 1000;

/// What a handler did until its subscription ended.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct HandleReport {
    /// How many events were handled.
    pub handled: u64,
    /// How many were skipped.
    pub skipped: u64,
    /// The first 1,000 skipped ones.
    pub failures: Vec<Skipped>,
}

/// An event that was given up on.
#[derive(Debug)]
#[non_exhaustive]
pub struct Skipped {
    /// Which one.
    pub event: Event,
    /// Why its last attempt failed.
    pub error: Error,
}

impl EventFeed {
    /// Hands each event to `handler` until the subscription ends.
    pub(crate) async fn handle<W>(
        self: &Arc<Self>,
        scope: &Scope,
        name: &str,
        options: HandleOptions,
        mut handler: impl FnMut(Event) -> W,
    ) -> Result<HandleReport>
    where
        W: Future<Output = Result<()>>,
    {
        if options.attempts == 0 {
            let message = "an event is tried at least once";
            return Err(Error::new(ErrorKind::InvalidInput, "events.handle", message).with("attempts", 0));
        }
        let mut subscribe = options.subscribe.clone();
        subscribe.auto_ack = false;
        let mut events = self.subscribe(scope, name, subscribe).await?;
        let (stopper, stop) = (events.stopper(), options.stop.clone());
        let stopping = async {
            stop.cancelled().await;
            stopper.stop();
            future::pending::<Infallible>().await
        };
        tokio::select! {
            biased;
            never = stopping => match never {},
            report = handle_all(&mut events, &options, &mut handler) => report,
        }
    }
}

async fn handle_all<W>(
    events: &mut Subscription,
    options: &HandleOptions,
    handler: &mut impl FnMut(Event) -> W,
) -> Result<HandleReport>
where
    W: Future<Output = Result<()>>,
{
    let mut report = HandleReport::default();
    while let Some(event) = events.next().await? {
        let mut backoff = options.backoff;
        let mut attempt = 1;
        let outcome = loop {
            let handled = tokio::select! {
                handled = handler(event.clone()) => handled,
                // Nobody could acknowledge it any more.
                () = events.closed() => return Ok(report),
            };
            match handled {
                Err(_) if attempt < options.attempts => {
                    events.pause(backoff.min(options.longest_backoff)).await;
                    if events.is_ended() {
                        return Ok(report);
                    }
                    backoff = backoff.saturating_mul(2);
                    attempt += 1;
                }
                outcome => break outcome,
            }
        };
        let position = event.position;
        match (outcome, options.on_failure) {
            (Ok(()), _) => report.handled += 1,
            (Err(error), OnFailure::Stop) => return Err(error),
            (Err(error), OnFailure::Skip) => {
                tracing::warn!(position, %error, "an event was skipped");
                report.skipped += 1;
                if report.failures.len() < MAX_LISTED {
                    report.failures.push(Skipped { event, error });
                }
            }
        }
        match events.ack(position).await {
            // Delivered again next time.
            Err(error) if error.kind() == ErrorKind::Closed => return Ok(report),
            done => done?,
        }
    }
    Ok(report)
}
