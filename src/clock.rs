//! Time and randomness as values that are passed in.
//!
//! Nothing else in the library asks the system for the time or for random bytes, so that a run can
//! be repeated exactly: [`Clock::system`] is the machine's, [`Clock::seeded`] a virtual one that
//! moves only when somebody sleeps on it.

mod turns;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::{Duration, Instant, SystemTime};

pub use turns::Seat;
use turns::Turns;

/// 2020-01-01T00:00:00Z, where a seeded clock starts.
pub const SEEDED_START: Duration = Duration::from_secs(1_577_836_800);

/// The last moment of a virtual clock, as [`Clock::monotonic`] shows it: 584 years after its beginning. There
/// time stands still.
pub const LAST: Duration = Duration::from_nanos(u64::MAX);

/// A source of wall-clock time, monotonic time and random bytes.
///
/// Clones share the same time and the same stream of random bytes.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Source>);

#[derive(Debug)]
enum Source {
    System { origin: Instant, ticks_from: Option<Duration> },
    Seeded { elapsed_ns: AtomicU64, random: Mutex<SplitMix>, meanwhile: Meanwhile, turns: Turns },
}

/// What happens while somebody waits by a virtual clock.
pub trait Happenings: Send + Sync {
    /// Lets what is due happen when the clock shows `now` ([`Clock::monotonic`]), all of it or one thing
    /// after the other. Asked often enough, it leaves nothing that is due at `now`.
    fn happen(&self, now: Duration) -> Happened;
}

/// What happened, and what is to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Happened {
    /// Whether anything did: somebody may find something new.
    pub anything: bool,
    /// When something is due next.
    pub next: Option<Duration>,
}

/// Kept by somebody else, who may well keep the clock.
#[derive(Default)]
struct Meanwhile(OnceLock<Weak<dyn Happenings>>);

impl std::fmt::Debug for Meanwhile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Meanwhile({})", self.0.get().is_some())
    }
}

impl Clock {
    /// The machine's clock and its cryptographic random bytes.
    pub fn system() -> Clock {
        Clock(Arc::new(Source::System { origin: Instant::now(), ticks_from: coarse() }))
    }

    /// A virtual clock that starts on 2020-01-01, and random bytes that depend on `seed` alone.
    ///
    /// Not for secrets: whoever knows the seed knows the bytes.
    pub fn seeded(seed: u64) -> Clock {
        Clock(Arc::new(Source::Seeded {
            elapsed_ns: AtomicU64::new(0),
            random: Mutex::new(SplitMix(seed)),
            meanwhile: Meanwhile::default(),
            turns: Turns::default(),
        }))
    }

    /// Has something happen on a virtual clock while somebody waits by it, for as long as the caller
    /// keeps it. Set once; nothing happens by the machine's clock.
    pub fn attend<H: Happenings + 'static>(&self, happenings: &Arc<H>) {
        if let Source::Seeded { meanwhile, .. } = &*self.0 {
            let weak: Weak<H> = Arc::downgrade(happenings);
            let _ = meanwhile.0.set(weak);
        }
    }

    /// Whether time moves only by [`Clock::advance`].
    pub fn is_virtual(&self) -> bool {
        matches!(*self.0, Source::Seeded { .. })
    }

    /// Time since the Unix epoch; zero when the machine's clock is before it.
    pub fn since_epoch(&self) -> Duration {
        match &*self.0 {
            Source::System { .. } => {
                SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
            }
            Source::Seeded { .. } => SEEDED_START + self.monotonic(),
        }
    }

    /// Time since this clock was made; never goes back.
    pub fn monotonic(&self) -> Duration {
        match &*self.0 {
            Source::System { origin, .. } => origin.elapsed(),
            Source::Seeded { elapsed_ns, .. } => {
                Duration::from_nanos(elapsed_ns.load(Ordering::Relaxed))
            }
        }
    }

    /// The same to within a tick of the machine, some milliseconds, for a fifth of what that costs; by a
    /// virtual clock exactly.
    #[inline]
    pub fn roughly(&self) -> Duration {
        match &*self.0 {
            Source::System { ticks_from: Some(from), .. } => match coarse() {
                Some(now) => now.saturating_sub(*from),
                None => self.monotonic(),
            },
            Source::System { .. } | Source::Seeded { .. } => self.monotonic(),
        }
    }

    /// Moves a virtual clock forward; does nothing to the machine's.
    pub fn advance(&self, by: Duration) {
        if let Source::Seeded { elapsed_ns, .. } = &*self.0 {
            let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
            let _ = elapsed_ns.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |elapsed| {
                Some(elapsed.saturating_add(by))
            });
        }
    }

    /// Lets virtual time pass, `by` at most, and what is to happen in it happen, each in its time; ends
    /// early when it is `enough`, which is asked first and after everything that happened.
    ///
    /// Where several share the clock ([`Clock::seat`]), others have their turns meanwhile.
    pub fn pass(&self, by: Duration, enough: impl Fn() -> bool) {
        self.wait(Some(self.monotonic().saturating_add(by)), enough);
    }

    /// Gives others their turns, and lets no time pass.
    pub fn pass_nothing(&self) {
        let Some(turns) = self.turns().filter(|turns| turns.are_shared()) else { return };
        let next = self.happen();
        turns.give(self, Some(self.monotonic()), next);
    }

    /// The same without an end: until it is `enough`, or nothing is to come any more.
    pub fn pass_until(&self, enough: impl Fn() -> bool) {
        self.wait(None, enough);
    }

    fn wait(&self, end: Option<Duration>, enough: impl Fn() -> bool) {
        let Some(turns) = self.turns() else { return };
        let end = end.map(|end| end.min(LAST));
        loop {
            let next = self.happen().map(|next| next.min(LAST));
            let is_over = end.is_some_and(|end| end <= self.monotonic());
            if enough() || is_over || !turns.give(self, end, next) {
                return turns.go_on();
            }
        }
    }

    fn turns(&self) -> Option<&Turns> {
        match &*self.0 {
            Source::System { .. } => None,
            Source::Seeded { turns, .. } => Some(turns),
        }
    }

    fn happen(&self) -> Option<Duration> {
        match &*self.0 {
            Source::System { .. } => None,
            Source::Seeded { meanwhile, turns, .. } => {
                let Happened { anything, next } =
                    meanwhile.0.get()?.upgrade()?.happen(self.monotonic());
                if anything {
                    turns.go_on();
                }
                next
            }
        }
    }

    fn reach(&self, at: Duration) {
        if let Source::Seeded { elapsed_ns, .. } = &*self.0 {
            let at = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
            elapsed_ns.fetch_max(at, Ordering::Relaxed);
        }
    }

    /// Fills `bytes` with random bytes; fails only when the system has none.
    pub fn fill_random(&self, bytes: &mut [u8]) -> Result<(), getrandom::Error> {
        match &*self.0 {
            Source::System { .. } => getrandom::fill(bytes),
            Source::Seeded { random, .. } => {
                // A poisoned lock would mean a panic inside `fill`, which has nothing to panic on.
                random.lock().unwrap_or_else(std::sync::PoisonError::into_inner).fill(bytes);
                Ok(())
            }
        }
    }

    /// A version 4 UUID out of this clock's random bytes.
    pub fn uuid(&self) -> Result<uuid::Uuid, getrandom::Error> {
        let mut bytes = [0; 16];
        self.fill_random(&mut bytes)?;
        Ok(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }
}

/// The machine's monotonic time as of its last tick, if it has such a clock.
fn coarse() -> Option<Duration> {
    use nix::time::{ClockId, clock_gettime};
    clock_gettime(ClockId::CLOCK_MONOTONIC_COARSE).map(Duration::from).ok()
}

/// SplitMix64 (Steele, Lea and Flood, 2014): small, well distributed, the same on every platform.
#[derive(Debug)]
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_bytes_and_other_seeds_others() {
        let draw = |seed| {
            let mut bytes = [0; 13];
            Clock::seeded(seed).fill_random(&mut bytes).expect("a seeded clock has bytes");
            bytes
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn rough_time_never_goes_back_and_is_not_far_from_the_exact_one() {
        let clock = Clock::system();
        let mut before = clock.roughly();
        for _ in 0..1000 {
            // A tick is some milliseconds, and may be late where a machine is shared.
            let earliest = clock.monotonic().saturating_sub(Duration::from_secs(1));
            let now = clock.roughly();
            let latest = clock.monotonic() + Duration::from_secs(1);
            assert!(before <= now && earliest <= now && now <= latest, "{before:?} {now:?}");
            before = now;
        }
        let clock = Clock::seeded(1);
        clock.advance(Duration::from_nanos(7));
        assert_eq!(clock.roughly(), Duration::from_nanos(7));
    }

    #[test]
    fn virtual_time_moves_only_when_advanced() {
        let clock = Clock::seeded(1);
        let start = clock.since_epoch();
        assert_eq!(clock.since_epoch(), start);
        clock.advance(Duration::from_secs(3600));
        assert_eq!(clock.since_epoch() - start, Duration::from_secs(3600));
        assert_eq!(clock.clone().monotonic(), Duration::from_secs(3600));
    }

    /// Rings every ten seconds until a minute is over, and notes when.
    #[derive(Default)]
    struct Bell(Mutex<Vec<u64>>);

    impl Happenings for Bell {
        fn happen(&self, now: Duration) -> Happened {
            let mut rung = self.0.lock().expect("nothing panics here");
            let next = |rung: &[u64]| rung.len() as u64 * 10 + 10;
            let anything = next(&rung) <= now.as_secs().min(60);
            if anything {
                rung.push(now.as_secs());
            }
            let next = Some(next(&rung)).filter(|next| *next <= 60).map(Duration::from_secs);
            Happened { anything, next }
        }
    }

    #[test]
    fn what_is_to_happen_happens_in_its_time_while_somebody_waits() {
        let (clock, bell) = (Clock::seeded(1), Arc::new(Bell::default()));
        let rung = || bell.0.lock().expect("nothing panics here").clone();
        clock.attend(&bell);
        clock.pass(Duration::from_secs(25), || false);
        assert_eq!((rung(), clock.monotonic().as_secs()), (vec![10, 20], 25));
        clock.pass(Duration::from_secs(3600), || rung().len() == 3);
        assert_eq!((rung().len(), clock.monotonic().as_secs()), (3, 30));
        clock.pass(Duration::ZERO, || false);
        assert_eq!(clock.monotonic().as_secs(), 30);
        clock.pass_until(|| rung().len() == 4);
        assert_eq!((rung().len(), clock.monotonic().as_secs()), (4, 40));
        clock.pass(Duration::from_secs(3600), || false);
        assert_eq!((rung().len(), clock.monotonic().as_secs()), (6, 3640));
        clock.pass_until(|| false);
        assert_eq!(clock.monotonic().as_secs(), 3640, "nothing is to come");
    }
}
