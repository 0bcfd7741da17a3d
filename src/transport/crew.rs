//! Workers that write for the loop: most of a broadcast is the kernel's `send`, once for each receiver.
//!
//! Knows how a write leaves the loop, and that exactly one of the two does it. Does not know whose
//! bytes they are.

use std::io;
use std::os::fd::RawFd;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::available_parallelism;

use mio::Waker;
use tokio::runtime::{Builder, Runtime};

use super::descriptor;

/// A write that has left the loop, until the loop hears what has come of it.
pub(crate) struct Job {
    descriptor: RawFd,
    bytes: Vec<u8>,
    /// Held while somebody writes: whoever closes the descriptor waits for that one write.
    progress: Mutex<Progress>,
}

#[derive(Clone, Copy)]
enum Progress {
    Waiting,
    /// So many bytes have been written; fewer than there are when the kernel is full.
    Written(usize),
    /// With this error number.
    Failed(i32),
}

/// What has come of a write.
pub(crate) enum Outcome {
    /// The kernel has left these.
    Rest(Vec<u8>),
    Failed(io::Error),
}

impl Job {
    pub(crate) fn new(descriptor: RawFd, bytes: Vec<u8>) -> Self {
        Self {
            descriptor,
            bytes,
            progress: Mutex::new(Progress::Waiting),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Writes, unless that has been done. Nobody writes afterwards.
    fn write(&self) -> Progress {
        let mut progress = self.lock();
        if let Progress::Waiting = *progress {
            *progress = match descriptor::send_all(self.descriptor, &self.bytes) {
                Ok(written) => Progress::Written(written),
                Err(error) => Progress::Failed(error.raw_os_error().unwrap_or_default()),
            };
        }
        *progress
    }

    /// Whether it has been written, without waiting for somebody who is at it.
    pub(crate) fn is_done(&self) -> bool {
        let progress = self.progress.try_lock();
        progress.is_ok_and(|progress| !matches!(*progress, Progress::Waiting))
    }

    /// What has come of it, which it has by now at the latest.
    pub(crate) fn finish(&self) -> Outcome {
        match self.write() {
            Progress::Written(written) => {
                Outcome::Rest(self.bytes.get(written..).unwrap_or_default().to_vec())
            }
            Progress::Waiting => Outcome::Failed(io::ErrorKind::Interrupted.into()),
            Progress::Failed(number) => Outcome::Failed(io::Error::from_raw_os_error(number)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has workers do these jobs, and wakes the loop behind them.
pub(crate) fn dispatch(jobs: Vec<Arc<Job>>, waker: &Arc<Waker>) {
    let Some(runtime) = runtime() else { return };
    let mut jobs = jobs;
    while !jobs.is_empty() {
        let share = jobs.split_off(jobs.len().saturating_sub(SHARE));
        let waker = Arc::clone(waker);
        runtime.spawn(async move {
            for job in share {
                job.write();
            }
            let _ = waker.wake();
        });
    }
}

/// Whether there are workers: none on a machine with one core.
pub(crate) fn is_available() -> bool {
    runtime().is_some()
}

/// One for the process, started when it is first needed.
fn runtime() -> Option<&'static Runtime> {
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    let start = || {
        let cores = available_parallelism().map_or(1, usize::from);
        let workers = std::env::var(SWITCH)
            .ok()
            .and_then(|number| number.parse().ok())
            .unwrap_or(MAX_WORKERS.min(cores - 1));
        if workers == 0 {
            return None;
        }
        Builder::new_multi_thread()
            .worker_threads(workers)
            .thread_name("faye-websocket")
            .build()
            .ok()
    };
    RUNTIME.get_or_init(start).as_ref()
}

/// The environment variable that says how many workers there are. 0: the loop does it all.
const SWITCH: &str = "FAYE_WEBSOCKET_WORKERS";
const MAX_WORKERS: usize = 4;
/// Writes that one worker does at a time.
const SHARE: usize = 32;
