//! Workers that write for the event loop: most of a broadcast is the kernel's `send`, once for each receiver.
//!
//! Knows how a write moves to a worker, and that either the worker or the loop does it, but never both. Does not know
//! which connection the bytes belong to.
//!
//! The start of a thread may fail, because a process may have reached its limit. The existing workers then write, or
//! the loop if there are none.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::os::fd::RawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::thread::{Builder, available_parallelism};
use std::time::{Duration, Instant};

use mio::Waker;

use super::descriptor;
use crate::injection;

/// The writes of one batch, before workers receive them.
#[derive(Default)]
pub(crate) struct Plan {
    writes: Vec<Write>,
    /// The bytes of short writes. Consecutive writes of the same bytes, such as those of a broadcast, share them.
    bytes: Vec<u8>,
}

/// The writes that workers have received together. They exist until the loop has read all outcomes.
pub(crate) struct Flight {
    writes: Vec<Write>,
    bytes: Vec<u8>,
    /// The number of shares that are not done. The loop is woken once, after the last of them: each wake-up costs it
    /// as much as several deliveries.
    left: AtomicUsize,
    waker: Arc<Waker>,
}

struct Write {
    descriptor: RawFd,
    source: Source,
    /// Locked during the write, so that closing the descriptor waits for that one write.
    progress: Mutex<Progress>,
}

/// The bytes of a write.
enum Source {
    Shared(Range<usize>),
    Own(Vec<u8>),
}

/// One write of a flight.
pub(crate) struct Job {
    flight: Arc<Flight>,
    index: usize,
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

impl Plan {
    /// Returns the number of writes.
    pub(crate) fn len(&self) -> usize {
        self.writes.len()
    }

    /// Adds a write of a copy of these bytes. Returns false if there is no memory for it.
    pub(crate) fn add(&mut self, descriptor: RawFd, bytes: &[u8]) -> bool {
        let last = self.writes.last().and_then(|write| match &write.source {
            Source::Shared(range) => Some(range.clone()),
            Source::Own(_) => None,
        });
        let same = last.filter(|range| self.bytes.get(range.clone()) == Some(bytes));
        let begin = self.bytes.len();
        let is_possible = self.writes.try_reserve(1).is_ok()
            && (same.is_some() || self.bytes.try_reserve(bytes.len()).is_ok());
        if !is_possible {
            return false;
        }
        let range = same.unwrap_or_else(|| {
            self.bytes.extend_from_slice(bytes);
            begin..self.bytes.len()
        });
        self.push(descriptor, Source::Shared(range));
        true
    }

    /// Adds a write of these bytes.
    pub(crate) fn add_own(&mut self, descriptor: RawFd, bytes: Vec<u8>) {
        self.push(descriptor, Source::Own(bytes));
    }

    fn push(&mut self, descriptor: RawFd, source: Source) {
        self.writes.push(Write {
            descriptor,
            source,
            progress: Mutex::new(Progress::Waiting),
        });
    }

    /// Removes the writes after the first `length`.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.writes.truncate(length);
    }

    /// Ends the plan. Workers receive the flight by [`dispatch`].
    pub(crate) fn into_flight(self, waker: &Arc<Waker>) -> Arc<Flight> {
        Arc::new(Flight {
            left: AtomicUsize::new(self.writes.len().div_ceil(SHARE)),
            writes: self.writes,
            bytes: self.bytes,
            waker: Arc::clone(waker),
        })
    }
}

impl Flight {
    /// Returns the jobs, in the order in which their writes were added.
    pub(crate) fn jobs(self: &Arc<Self>) -> impl Iterator<Item = Job> {
        (0..self.writes.len()).map(|index| Job {
            flight: Arc::clone(self),
            index,
        })
    }

    fn bytes<'a>(&'a self, write: &'a Write) -> &'a [u8] {
        match &write.source {
            Source::Shared(range) => self.bytes.get(range.clone()).unwrap_or_default(),
            Source::Own(bytes) => bytes,
        }
    }

    /// Writes, unless the bytes have been written already.
    fn write(&self, write: &Write) -> Progress {
        let mut progress = lock(&write.progress);
        if let Progress::Waiting = *progress {
            // After a panic, this value remains: some bytes may be written, and must not be written again.
            *progress = Progress::Failed(libc::EIO);
            injection::point("job");
            *progress = match descriptor::send_all(write.descriptor, self.bytes(write)) {
                Ok(written) => Progress::Written(written),
                Err(error) => Progress::Failed(error.raw_os_error().unwrap_or_default()),
            };
        }
        *progress
    }

    /// Notes that a share is done.
    fn end_share(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            let _ = self.waker.wake();
        }
    }
}

impl Job {
    fn target(&self) -> Option<&Write> {
        self.flight.writes.get(self.index)
    }

    pub(crate) fn len(&self) -> usize {
        self.target()
            .map_or(0, |write| self.flight.bytes(write).len())
    }

    /// Returns whether the write has ended. Does not wait for a running write.
    pub(crate) fn is_done(&self) -> bool {
        let Some(write) = self.target() else {
            return true;
        };
        let progress = match write.progress.try_lock() {
            Ok(progress) => *progress,
            Err(TryLockError::Poisoned(progress)) => **progress.get_ref(),
            Err(TryLockError::WouldBlock) => return false,
        };
        !matches!(progress, Progress::Waiting)
    }

    /// Returns the outcome. Writes now, if no worker has written yet.
    pub(crate) fn outcome(&self) -> Outcome {
        let Some(write) = self.target() else {
            return Outcome::Rest(Vec::new());
        };
        match self.flight.write(write) {
            Progress::Written(written) => {
                let rest = self.flight.bytes(write).get(written..).unwrap_or_default();
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

/// The writes that one worker makes at a time.
struct Share {
    flight: Arc<Flight>,
    /// The place of the first write.
    begin: usize,
}

static CREW: Crew = Crew {
    state: Mutex::new(State {
        shares: VecDeque::new(),
        workers: 0,
        failed: None,
    }),
    arrival: Condvar::new(),
};

/// Lets workers make the writes of a flight, and wake the loop afterwards. Requires that `is_available` has returned
/// true.
pub(crate) fn dispatch(flight: &Arc<Flight>) {
    if flight.writes.is_empty() {
        return;
    }
    let begins = (0..flight.writes.len()).step_by(SHARE);
    let mut state = lock(&CREW.state);
    state.shares.extend(begins.map(|begin| Share {
        flight: Arc::clone(flight),
        begin,
    }));
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

/// Runs the loop of a worker. A panic ends a write and its socket, but not the worker.
fn work() {
    loop {
        let Share { flight, begin } = next_share();
        for write in flight.writes.iter().skip(begin).take(SHARE) {
            let _ = catch_unwind(AssertUnwindSafe(|| flight.write(write)));
        }
        flight.end_share();
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
