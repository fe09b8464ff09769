//! Who may use the database when: a few connections, one of them writing.
//!
//! Threads of this process queue for the write lane, so that only whole processes compete for the
//! database's own lock, where waiting means asking again and again. Every wait ends: an operation
//! has one deadline for the queue and for other processes together.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::error::{self, KvError, StoreFault};
use super::file::{self, FileId, OpenError};
use crate::clock::Clock;

/// Connections that one process holds at most: what reads at the same time.
const CONNECTIONS_MAX: usize = 8;
/// Longest pause before the database's lock is tried again.
const RETRY_PAUSE_MAX: Duration = Duration::from_millis(4);

/// Where the database is.
#[derive(Debug)]
enum Place {
    File(PathBuf),
    Memory { bytes_max: u64 },
}

/// The connections of one process to one database.
#[derive(Debug)]
pub(super) struct Lanes {
    place: Place,
    wait: Duration,
    clock: Clock,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    idle: Vec<Conn>,
    open: usize,
    writing: bool,
    identity: Option<FileId>,
}

/// A connection, and until when its busy handler goes on trying.
#[derive(Debug)]
struct Conn {
    db: Connection,
    deadline_ns: Arc<AtomicU64>,
}

/// Why the body of an operation failed, before it is known of which store.
#[derive(Debug)]
pub(super) enum Failure {
    /// Already an answer.
    Kv(KvError),
    /// Still to be sorted.
    Sql(rusqlite::Error),
}

impl From<KvError> for Failure {
    fn from(error: KvError) -> Failure {
        Failure::Kv(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        Failure::Sql(error)
    }
}

/// What an operation is going to do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lane {
    Read,
    /// Take away from a database, if there is one.
    Reduce,
    /// Put something into the database, which is made when there is none.
    Write,
}

impl Lane {
    fn is_writing(self) -> bool {
        self != Lane::Read
    }
}

impl Lanes {
    /// The lanes of the database at `path`, which is not touched yet.
    pub(super) fn to_file(path: PathBuf, wait: Duration) -> Lanes {
        Lanes::new(Place::File(path), wait)
    }

    /// The lanes of a database without a file that holds up to `bytes_max`.
    pub(super) fn to_memory(bytes_max: u64, wait: Duration) -> Lanes {
        Lanes::new(Place::Memory { bytes_max }, wait)
    }

    fn new(place: Place, wait: Duration) -> Lanes {
        // Other processes take real time, also when guests see a virtual clock.
        let clock = Clock::system();
        Lanes { place, wait, clock, state: Mutex::default(), freed: Condvar::new() }
    }

    /// Reads; gives `absent` when there is no database yet.
    pub(super) fn read<T>(
        &self,
        absent: T,
        body: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, KvError> {
        self.lease(Lane::Read)?.map_or(Ok(absent), |lease| lease.run(body))
    }

    /// Runs one statement that takes away; gives `absent` when there is no database yet.
    pub(super) fn reduce<T>(
        &self,
        absent: T,
        body: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, KvError> {
        self.lease(Lane::Reduce)?.map_or(Ok(absent), |lease| lease.run(body))
    }

    /// Runs one writing statement, which commits by itself.
    pub(super) fn write<T>(
        &self,
        body: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, KvError> {
        let lease = self.lease(Lane::Write)?;
        lease.expect("the write lane makes the database that it does not find").run(body)
    }

    /// Runs several statements that are committed together, or not at all.
    pub(super) fn transaction<T>(
        &self,
        body: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, KvError> {
        self.write(|db| {
            let transaction = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
            let done = body(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })
    }

    /// The name of the database in messages.
    pub(super) fn path(&self) -> &Path {
        match &self.place {
            Place::File(path) => path,
            Place::Memory { .. } => Path::new(":memory:"),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock with the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lease(&self, lane: Lane) -> Result<Option<Lease<'_>>, KvError> {
        let begin = self.clock.monotonic();
        let (conn, known) = self.enter(lane)?;
        // From here on the lease gives the place back, whatever happens.
        let mut lease = Lease { lanes: self, lane, begin, conn };
        let Some(identity) = self.find(lane, known)? else { return Ok(None) };
        let deadline = begin.saturating_add(self.wait);
        match &lease.conn {
            Some(conn) => conn.set_deadline(deadline),
            None => lease.conn = Some(self.connect(deadline, begin)?),
        }
        let mut state = self.state();
        // Another thread may have opened the first connection meanwhile, and another file.
        if state.identity.is_some() && state.identity != identity {
            drop(state);
            return Err(StoreFault::Replaced.of(self.path()));
        }
        state.identity = identity;
        drop(state);
        Ok(Some(lease))
    }

    /// Waits for a place in `lane`; gives an idle connection, if any, and the known file.
    fn enter(&self, lane: Lane) -> Result<(Option<Conn>, Option<FileId>), KvError> {
        let places = match self.place {
            Place::File(_) => CONNECTIONS_MAX,
            Place::Memory { .. } => 1,
        };
        let is_full = |state: &mut State| {
            (lane.is_writing() && state.writing) || (state.idle.is_empty() && state.open >= places)
        };
        let (mut state, wait) = self
            .freed
            .wait_timeout_while(self.state(), self.wait, is_full)
            .unwrap_or_else(PoisonError::into_inner);
        if wait.timed_out() {
            return Err(KvError::Busy { waited: self.wait });
        }
        let conn = state.idle.pop();
        if conn.is_none() {
            state.open += 1;
        }
        state.writing |= lane.is_writing();
        Ok((conn, state.identity))
    }

    /// Makes sure that the file is there and the one it was; none when there is nothing to read.
    fn find(&self, lane: Lane, known: Option<FileId>) -> Result<Option<Option<FileId>>, KvError> {
        let Place::File(path) = &self.place else { return Ok(Some(None)) };
        let fault = |fault: StoreFault| fault.of(path);
        let found = file::identify(path).map_err(fault)?;
        match (found, known) {
            (_, Some(_)) if found != known => Err(fault(StoreFault::Replaced)),
            (None, _) if lane != Lane::Write => {
                file::refuse_orphan(path).map_err(fault)?;
                Ok(None)
            }
            (None, _) => {
                file::create(path).map_err(|error| self.opening(error, Duration::ZERO))?;
                Ok(Some(file::identify(path).map_err(fault)?))
            }
            (Some(_), _) => Ok(Some(found)),
        }
    }

    fn connect(&self, deadline: Duration, begin: Duration) -> Result<Conn, KvError> {
        let opened = match &self.place {
            &Place::Memory { bytes_max } => {
                file::open_in_memory(bytes_max).map_err(OpenError::from)
            }
            Place::File(path) => file::open(path),
        };
        let prepared = opened.and_then(|db| {
            let conn = Conn::new(db, self.clock.clone())?;
            conn.set_deadline(deadline);
            if let Place::File(_) = self.place {
                file::prepare(&conn.db)?;
            }
            Ok(conn)
        });
        prepared.map_err(|error| self.opening(error, begin))
    }

    fn opening(&self, error: OpenError, begin: Duration) -> KvError {
        match error {
            OpenError::Fault(fault) => fault.of(self.path()),
            OpenError::Sql(error) => self.sorted(error, begin),
        }
    }

    fn sorted(&self, error: rusqlite::Error, begin: Duration) -> KvError {
        let waited = self.clock.monotonic().saturating_sub(begin);
        error::classify(error, self.path(), waited)
    }
}

impl Conn {
    fn new(mut db: Connection, clock: Clock) -> Result<Conn, rusqlite::Error> {
        let deadline_ns = Arc::new(AtomicU64::new(0));
        let until = Arc::clone(&deadline_ns);
        db.busy_handler(Some(move |tries: i32| {
            let now = u64::try_from(clock.monotonic().as_nanos()).unwrap_or(u64::MAX);
            if now >= until.load(Ordering::Relaxed) {
                return false;
            }
            // The first refusal often only means that somebody else has just committed.
            let pause =
                Duration::from_micros(250) * u32::try_from(tries).unwrap_or(u32::MAX).min(64);
            thread::sleep(pause.min(RETRY_PAUSE_MAX));
            true
        }))?;
        Ok(Conn { db, deadline_ns })
    }

    fn set_deadline(&self, deadline: Duration) {
        let deadline_ns = u64::try_from(deadline.as_nanos()).unwrap_or(u64::MAX);
        self.deadline_ns.store(deadline_ns, Ordering::Relaxed);
    }
}

/// A place in a lane, given back when dropped; an open transaction has been rolled back by then.
struct Lease<'a> {
    lanes: &'a Lanes,
    lane: Lane,
    begin: Duration,
    conn: Option<Conn>,
}

impl Lease<'_> {
    fn run<T>(
        mut self,
        body: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, KvError> {
        let conn = self.conn.as_ref().expect("a lease that is handed out has its connection");
        let done = body(&conn.db).map_err(|failure| match failure {
            Failure::Kv(error) => error,
            Failure::Sql(error) => self.lanes.sorted(error, self.begin),
        });
        // A connection that met trouble is closed, except where it is the whole store.
        if matches!((&done, &self.lanes.place), (Err(KvError::Store(_)), Place::File(_))) {
            self.conn = None;
        }
        done
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut state = self.lanes.state();
        match self.conn.take() {
            Some(conn) => state.idle.push(conn),
            None => state.open -= 1,
        }
        if self.lane.is_writing() {
            state.writing = false;
        }
        drop(state);
        self.lanes.freed.notify_all();
    }
}
