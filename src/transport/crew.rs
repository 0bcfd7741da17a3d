//! Workers that write for the loop: most of a broadcast is the kernel's `send`, once for each receiver.
//!
//! Knows how a write leaves the loop, and that exactly one of the two does it. Does not know whose
//! bytes they are.
//!
//! The workers are plain threads, because starting one may fail: a process may be at its limit. Then the
//! workers that exist do the work, or the loop where there is none.

use std::collections::VecDeque;
use std::io;
use std::os::fd::RawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::thread::{Builder, available_parallelism};
use std::time::{Duration, Instant};

use mio::Waker;

use super::descriptor;
use crate::injection;

/// A write that has left the loop, until the loop hears what has come of it.
pub(crate) struct Job {
    descriptor: RawFd,
    bytes: Vec<u8>,
    /// Held during the write: closing the descriptor waits for that one write.
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

    /// Writes, unless that has been done. There is no second write.
    fn write(&self) -> Progress {
        let mut progress = self.lock();
        if let Progress::Waiting = *progress {
            // Stays after a panic: some bytes may have been written, and must not be written again.
            *progress = Progress::Failed(libc::EIO);
            injection::point("job");
            *progress = match descriptor::send_all(self.descriptor, &self.bytes) {
                Ok(written) => Progress::Written(written),
                Err(error) => Progress::Failed(error.raw_os_error().unwrap_or_default()),
            };
        }
        *progress
    }

    /// Whether it has been written. Does not wait for a write under way.
    pub(crate) fn is_done(&self) -> bool {
        let progress = match self.progress.try_lock() {
            Ok(progress) => *progress,
            Err(TryLockError::Poisoned(progress)) => **progress.get_ref(),
            Err(TryLockError::WouldBlock) => return false,
        };
        !matches!(progress, Progress::Waiting)
    }

    /// What has come of it. Writes now, if no worker has.
    pub(crate) fn outcome(&self) -> Outcome {
        match self.write() {
            Progress::Written(written) => {
                let rest = self.bytes.get(written..).unwrap_or_default();
                let mut copy = Vec::new();
                if copy.try_reserve_exact(rest.len()).is_err() {
                    return Outcome::Failed(io::Error::from_raw_os_error(libc::ENOMEM));
                }
                copy.extend_from_slice(rest);
                Outcome::Rest(copy)
            }
            Progress::Waiting => Outcome::Failed(io::ErrorKind::Interrupted.into()),
            Progress::Failed(number) => Outcome::Failed(io::Error::from_raw_os_error(number)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        lock(&self.progress)
    }
}

/// The workers of the process, and what they have to do.
struct Crew {
    state: Mutex<State>,
    /// Tells that there is a share.
    arrival: Condvar,
}

struct State {
    shares: VecDeque<Share>,
    workers: usize,
    /// When the last attempt to start one failed.
    failed: Option<Instant>,
}

/// What one worker does at a time.
struct Share {
    jobs: Vec<Arc<Job>>,
    /// Of the loop that waits for them.
    waker: Arc<Waker>,
}

static CREW: Crew = Crew {
    state: Mutex::new(State {
        shares: VecDeque::new(),
        workers: 0,
        failed: None,
    }),
    arrival: Condvar::new(),
};

/// Has workers do these jobs, and wakes the loop behind them. Requires that they are available.
pub(crate) fn dispatch(jobs: Vec<Arc<Job>>, waker: &Arc<Waker>) {
    let mut jobs = jobs;
    let mut state = lock(&CREW.state);
    while !jobs.is_empty() {
        state.shares.push_back(Share {
            jobs: jobs.split_off(jobs.len().saturating_sub(SHARE)),
            waker: Arc::clone(waker),
        });
        CREW.arrival.notify_one();
    }
}

/// Whether there are workers: none on a machine with one core, and where no thread can be started. They are
/// started when they are first asked for, and never end.
pub(crate) fn is_available() -> bool {
    let wanted = wanted();
    let mut state = lock(&CREW.state);
    let is_due = state.failed.is_none_or(|at| at.elapsed() >= PAUSE);
    while state.workers < wanted && is_due {
        let started = injection::result("start a worker")
            .and_then(|()| Builder::new().name("faye-websocket".into()).spawn(work));
        match started {
            Ok(_) => state.workers += 1,
            Err(_) => {
                state.failed = Some(Instant::now());
                break;
            }
        }
    }
    state.workers > 0
}

/// How many workers there should be.
fn wanted() -> usize {
    static WANTED: OnceLock<usize> = OnceLock::new();
    *WANTED.get_or_init(|| {
        let cores = available_parallelism().map_or(1, usize::from);
        let number = std::env::var(SWITCH).ok();
        let number = number.and_then(|number| number.parse().ok());
        number.unwrap_or(MAX_WORKERS.min(cores - 1))
    })
}

/// A worker. A panic ends a job, and its socket with it, but no worker.
fn work() {
    loop {
        let share = next_share();
        for job in share.jobs {
            let _ = catch_unwind(AssertUnwindSafe(|| job.write()));
        }
        let _ = share.waker.wake();
    }
}

fn next_share() -> Share {
    let mut state = lock(&CREW.state);
    loop {
        if let Some(share) = state.shares.pop_front() {
            return share;
        }
        let arrival = CREW.arrival.wait(state);
        state = arrival.unwrap_or_else(PoisonError::into_inner);
    }
}

/// A poisoned lock guards nothing that a panic can have left half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The environment variable that says how many workers there are. 0: the loop does it all.
const SWITCH: &str = "FAYE_WEBSOCKET_WORKERS";
const MAX_WORKERS: usize = 4;
/// Writes that one worker does at a time.
const SHARE: usize = 32;
/// How long to wait before starting a thread is tried again: an attempt takes as long as some writes.
const PAUSE: Duration = Duration::from_secs(1);
