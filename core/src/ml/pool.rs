//! The threads that run a model, and the queue before them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use ort::environment::Environment;

use super::model::{Loaded, Model};
use crate::base::{Error, ErrorKind, Result};

/// What a job comes to: its number, and the vectors of its texts.
pub(super) type Outcome = (usize, Result<Vec<Vec<f32>>>);

/// Some texts of one call.
pub(super) struct Job {
    pub(super) texts: Vec<String>,
    pub(super) reply: Reply,
    /// Raised when nobody waits for the call any more.
    pub(super) abandoned: Arc<AtomicBool>,
}

/// Where the outcome of a job goes. Dropped unused, it reports that the worker died.
pub(super) struct Reply {
    number: usize,
    send: Option<Box<dyn FnOnce(Outcome) + Send>>,
}

impl Reply {
    /// A reply for the job `number`, delivered by `send`.
    pub(super) fn new(number: usize, send: impl FnOnce(Outcome) + Send + 'static) -> Self {
        Self { number, send: Some(Box::new(send)) }
    }

    fn send(&mut self, result: Result<Vec<Vec<f32>>>) {
        if let Some(send) = self.send.take() {
            send((self.number, result));
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        self.send(Err(died()));
    }
}

fn died() -> Error {
    Error::new(ErrorKind::Internal, "model.run", "the thread of the model died")
}

/// The worker threads. Dropping it lets them finish the job at hand and waits for them.
pub(super) struct Pool {
    jobs: Option<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    /// Starts `threads` threads, each with its own session of `loaded`, and waits until
    /// all are ready.
    ///
    /// # Errors
    /// As loading a session; [`ErrorKind::Internal`] if the system gives no thread.
    pub(super) fn start(environment: &Environment, loaded: Loaded, threads: usize) -> Result<Self> {
        let (jobs, queue) = channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        let loaded = Arc::new(loaded);
        let (ready, started) = channel::<Result<()>>();
        let mut pool = Self { jobs: Some(jobs), threads: Vec::with_capacity(threads) };
        for index in 0..threads {
            let (environment, loaded) = (environment.clone(), Arc::clone(&loaded));
            let (queue, ready) = (Arc::clone(&queue), ready.clone());
            let thread =
                std::thread::Builder::new().name(format!("besunny-model-{index}")).spawn(move || {
                    let model = catch_unwind(AssertUnwindSafe(|| Model::new(&environment, &loaded)));
                    drop(loaded);
                    match model.unwrap_or_else(|_| Err(died())) {
                        Ok(mut model) => {
                            if ready.send(Ok(())).is_ok() {
                                drop(ready);
                                work(&mut model, &queue);
                            }
                        }
                        Err(error) => drop(ready.send(Err(error))),
                    }
                });
            let thread = thread.map_err(|error| {
                Error::new(ErrorKind::Internal, "model.load", "no thread for the model").caused_by(error)
            })?;
            pool.threads.push(thread);
        }
        drop((ready, loaded));
        for _ in 0..threads {
            started.recv().unwrap_or_else(|_| Err(died()))?;
        }
        Ok(pool)
    }

    /// The number of threads.
    pub(super) fn threads(&self) -> usize {
        self.threads.len()
    }

    /// Queues a job; a pool whose threads are gone answers it with an error.
    pub(super) fn submit(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // A refused job is dropped, and its reply says so.
            drop(jobs.send(job));
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // A panic was reported by the job it happened in.
            drop(thread.join());
        }
    }
}

fn work(model: &mut Model, queue: &Mutex<Receiver<Job>>) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(mut job) = job else { return };
        if job.abandoned.load(Ordering::Acquire) {
            continue;
        }
        let result = catch_unwind(AssertUnwindSafe(|| model.embed(&job.texts)));
        job.reply.send(result.unwrap_or_else(|_| Err(died())));
    }
}
