//! Workers that write for the event loop: most of a broadcast is the kernel's `send`, once for each receiver.
//!
//! Knows how a write moves to a worker, and that either the worker or the loop does it, but never both. Does not know
//! which connection the bytes belong to.
//!
//! The start of a thread may fail, because a process may have reached its limit. The existing workers then write, or
//! the loop if there are none.

use std::collections::VecDeque;
use std::io;
use std::os::fd::RawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::thread::{Builder, available_parallelism};
use std::time::{Duration, Instant};

use mio::Waker;

use super::descriptor;
use crate::injection;

/// A write for a worker. It exists until the loop reads its outcome.
pub(crate) struct Job {
    descriptor: RawFd,
    bytes: Vec<u8>,
    /// Locked during the write, so that closing the descriptor waits for that one write.
    progress: Mutex<Progress>,
}

#[derive(Clone, Copy)]
enum Progress {
    Waiting,
    /// The number of bytes written: not all bytes, if the kernel accepted no more.
    Written(usize),
    /// The error number.
    Failed(i32),
}

/// The outcome of a write.
pub(crate) enum Outcome {
    /// The bytes that the kernel has not accepted.
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

    /// Writes, unless the bytes have been written already.
    fn write(&self) -> Progress {
        let mut progress = self.lock();
        if let Progress::Waiting = *progress {
            // After a panic, this value remains: some bytes may be written, and must not be written again.
            *progress = Progress::Failed(libc::EIO);
            injection::point("job");
            *progress = match descriptor::send_all(self.descriptor, &self.bytes) {
                Ok(written) => Progress::Written(written),
                Err(error) => Progress::Failed(error.raw_os_error().unwrap_or_default()),
            };
        }
        *progress
    }

    /// Returns whether the write has ended. Does not wait for a running write.
    pub(crate) fn is_done(&self) -> bool {
        let progress = match self.progress.try_lock() {
            Ok(progress) => *progress,
            Err(TryLockError::Poisoned(progress)) => **progress.get_ref(),
            Err(TryLockError::WouldBlock) => return false,
        };
        !matches!(progress, Progress::Waiting)
    }

    /// Returns the outcome. Writes now, if no worker has written yet.
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

/// The workers of the process, and their queue.
struct Crew {
    state: Mutex<State>,
    /// Signals that a share has arrived.
    arrival: Condvar,
}

struct State {
    shares: VecDeque<Share>,
    workers: usize,
    /// The time of the last failed attempt to start a worker.
    failed: Option<Instant>,
}

/// The jobs that one worker does at a time.
struct Share {
    jobs: Vec<Arc<Job>>,
    flight: Arc<Flight>,
}

/// The shares of one dispatch. The loop is woken once, after the last of them: each wake-up costs it as much as several
/// deliveries.
struct Flight {
    left: AtomicUsize,
    waker: Arc<Waker>,
}

impl Flight {
    /// Notes that a share is done.
    fn end_share(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            let _ = self.waker.wake();
        }
    }
}

static CREW: Crew = Crew {
    state: Mutex::new(State {
        shares: VecDeque::new(),
        workers: 0,
        failed: None,
    }),
    arrival: Condvar::new(),
};

/// Lets workers do these jobs and wake the loop afterwards. Requires that `is_available` has returned true.
pub(crate) fn dispatch(jobs: Vec<Arc<Job>>, waker: &Arc<Waker>) {
    if jobs.is_empty() {
        return;
    }
    let mut jobs = jobs;
    let flight = Arc::new(Flight {
        left: AtomicUsize::new(jobs.len().div_ceil(SHARE)),
        waker: Arc::clone(waker),
    });
    let mut state = lock(&CREW.state);
    while !jobs.is_empty() {
        state.shares.push_back(Share {
            jobs: jobs.split_off(jobs.len().saturating_sub(SHARE)),
            flight: Arc::clone(&flight),
        });
    }
    drop(state);
    // One system call. A worker that finds more shares than its own wakes the next one.
    CREW.arrival.notify_one();
}

/// Returns whether workers exist. The first call starts them, and they never end. A machine with one core has none,
/// and so has a process that cannot start a thread.
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

/// Returns the number of workers to start.
fn wanted() -> usize {
    static WANTED: OnceLock<usize> = OnceLock::new();
    *WANTED.get_or_init(|| {
        let cores = available_parallelism().map_or(1, usize::from);
        let number = std::env::var(SWITCH).ok();
        let number = number.and_then(|number| number.parse().ok());
        number.unwrap_or(MAX_WORKERS.min(cores - 1))
    })
}

/// Runs the loop of a worker. A panic ends a job and its socket, but not the worker.
fn work() {
    loop {
        let share = next_share();
        for job in share.jobs {
            let _ = catch_unwind(AssertUnwindSafe(|| job.write()));
        }
        share.flight.end_share();
    }
}

fn next_share() -> Share {
    let mut state = lock(&CREW.state);
    loop {
        if let Some(share) = state.shares.pop_front() {
            if !state.shares.is_empty() {
                CREW.arrival.notify_one();
            }
            return share;
        }
        let arrival = CREW.arrival.wait(state);
        state = arrival.unwrap_or_else(PoisonError::into_inner);
    }
}

/// Locks even a poisoned mutex: a panic cannot leave its data inconsistent.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The environment variable that sets the number of workers. With 0, the event loop writes everything.
const SWITCH: &str = "FAYE_WEBSOCKET_WORKERS";
const MAX_WORKERS: usize = 4;
/// The writes that one worker takes at a time.
const SHARE: usize = 32;
/// The delay before another attempt to start a thread: an attempt takes as long as some writes.
const PAUSE: Duration = Duration::from_secs(1);
