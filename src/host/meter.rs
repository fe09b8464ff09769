//! Counts the memory of a whole store: every linear memory, and every table.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wasmtime::ResourceLimiter;

use crate::limits::{STORE_OBJECTS_MAX, TABLE_ELEMENT_BYTES};

/// A ceiling over everything that one store allocates for its guest.
///
/// A refused growth is an ordinary answer for the guest (`memory.grow` gives -1), so the meter only
/// counts it; what it means for the outcome is decided when the call has ended.
#[derive(Clone, Debug)]
pub struct Meter {
    ceiling_bytes: u64,
    used_bytes: u64,
    peak_bytes: u64,
    growing_bytes: u64,
    refused: u64,
    refused_bytes: u64,
    notes: Option<Notes>,
}

/// Takes growths of memories that are made for this alone for messages of instrumented code.
#[derive(Clone)]
struct Notes {
    engine: wasmtime::Engine,
    made: Arc<AtomicU64>,
    pending: Option<u64>,
}

impl fmt::Debug for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Notes({:?})", self.pending)
    }
}

/// Bytes of a page, which growths are counted in.
const PAGE_BYTES: u64 = 1 << 16;

/// The maximum of a memory that takes notes, in pages: more than any machine has, and than any
/// program asks for. It tells such a memory from the guest's own.
pub(crate) const NOTE_MEMORY_PAGES: u64 = 0x5eed_0000_0000;

impl Meter {
    /// A meter that allows `ceiling_bytes` in all.
    pub fn new(ceiling_bytes: u64) -> Meter {
        Meter {
            ceiling_bytes,
            used_bytes: 0,
            peak_bytes: 0,
            growing_bytes: 0,
            refused: 0,
            refused_bytes: 0,
            notes: None,
        }
    }

    /// Takes the numbers of pages that instrumented code asks for from memories of
    /// [`NOTE_MEMORY_PAGES`], none of which it gets. After each the engine, which nothing else may
    /// use, looks at its epoch. `made` counts such memories.
    pub(crate) fn listen(&mut self, engine: &wasmtime::Engine, made: Arc<AtomicU64>) {
        self.notes = Some(Notes { engine: engine.clone(), made, pending: None });
    }

    /// The number that was heard last, once.
    pub(crate) fn take_note(&mut self) -> Option<u64> {
        self.notes.as_mut()?.pending.take()
    }

    /// What becomes of a growth that means something else; `None` for an ordinary one.
    fn hear(&mut self, desired: u64, maximum: Option<u64>) -> Option<bool> {
        let notes = self.notes.as_mut()?;
        if maximum != Some(NOTE_MEMORY_PAGES * PAGE_BYTES) {
            return None;
        }
        if desired == 0 {
            notes.made.fetch_add(1, Ordering::Relaxed);
            return Some(true);
        }
        notes.pending = Some(desired / PAGE_BYTES);
        notes.engine.increment_epoch();
        Some(false)
    }

    /// The ceiling.
    pub fn ceiling_bytes(&self) -> u64 {
        self.ceiling_bytes
    }

    /// The most that was ever in use.
    pub fn peak_bytes(&self) -> u64 {
        self.peak_bytes
    }

    /// How many growths were refused.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// What the store would have held after the last refused growth.
    pub fn refused_bytes(&self) -> u64 {
        self.refused_bytes
    }

    /// Forgets refusals and peak of an earlier call, keeping what is in use.
    pub(crate) fn begin_call(&mut self) {
        self.peak_bytes = self.used_bytes;
        self.refused = 0;
        self.refused_bytes = 0;
    }

    fn grow(&mut self, current: u64, desired: u64, maximum: Option<u64>) -> bool {
        self.settle();
        let growth = desired.saturating_sub(current);
        let wanted = self.used_bytes.saturating_add(growth);
        if maximum.is_some_and(|maximum| desired > maximum) {
            // The guest's own limit, not ours.
            return false;
        }
        if wanted > self.ceiling_bytes {
            self.refused += 1;
            self.refused_bytes = wanted;
            return false;
        }
        self.used_bytes = wanted;
        self.growing_bytes = growth;
        true
    }

    /// The engine says so when a growth that was allowed did not happen; the next thing that the
    /// meter hears otherwise means that it did.
    fn settle(&mut self) {
        self.growing_bytes = 0;
        self.peak_bytes = self.peak_bytes.max(self.used_bytes);
    }

    fn undo(&mut self) {
        self.used_bytes = self.used_bytes.saturating_sub(self.growing_bytes);
        self.growing_bytes = 0;
    }

    /// Ends the accounting of a call.
    pub(crate) fn end_call(&mut self) {
        self.settle();
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let (desired, maximum) = (desired as u64, maximum.map(|bytes| bytes as u64));
        let heard = self.hear(desired, maximum);
        Ok(heard.unwrap_or_else(|| self.grow(current as u64, desired, maximum)))
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.undo();
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let bytes = |elements: usize| (elements as u64).saturating_mul(TABLE_ELEMENT_BYTES);
        Ok(self.grow(bytes(current), bytes(desired), maximum.map(bytes)))
    }

    fn table_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        // The engine may say so of a growth that it never asked about, so nothing is given back: a
        // table that did not grow stays counted, which can only refuse, never allow.
        Ok(())
    }

    fn instances(&self) -> usize {
        STORE_OBJECTS_MAX
    }

    fn tables(&self) -> usize {
        STORE_OBJECTS_MAX
    }

    fn memories(&self) -> usize {
        // Each instrumented module brings a memory that the capsule knows nothing of.
        if self.notes.is_some() { 2 * STORE_OBJECTS_MAX } else { STORE_OBJECTS_MAX }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_memories_and_a_table_share_one_ceiling() {
        let mut meter = Meter::new(1000);
        assert!(meter.grow(0, 400, None));
        assert!(meter.grow(0, 400, None));
        assert!(!meter.table_growing(0, 7, None).expect("no failure"), "224 bytes do not fit");
        assert!(meter.table_growing(0, 6, None).expect("no failure"), "192 bytes do");
        meter.end_call();
        assert_eq!((meter.peak_bytes(), meter.refused(), meter.refused_bytes()), (992, 1, 1024));
    }

    #[test]
    fn a_memory_never_grows_past_its_own_maximum() {
        let mut meter = Meter::new(1000);
        assert!(!meter.grow(100, 300, Some(200)));
        assert_eq!(meter.refused(), 0, "its own limit is not ours");
    }

    #[test]
    fn a_growth_that_failed_is_not_a_peak() {
        let mut meter = Meter::new(1000);
        assert!(meter.grow(0, 100, None));
        assert!(meter.grow(100, 900, None));
        meter.memory_grow_failed(wasmtime::Error::msg("out of address space")).expect("counted");
        meter.end_call();
        assert_eq!(meter.peak_bytes(), 100);
    }

    #[test]
    fn exactly_the_ceiling_is_allowed() {
        let mut meter = Meter::new(65_536);
        assert!(meter.grow(0, 65_536, None));
        assert!(!meter.grow(65_536, 131_072, None));
    }
}
