//! The children of one capsule that go on beside its calls.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::time::Instant;

use super::bindings::process::{ErrorCode, ProcessInfo, ProcessPhase};
use super::child::{Child, Stdin};
use super::request::Keeping;
use crate::limits::{PROCESS_GRACE, PROCESS_IDS_MAX, PROCESS_REGISTRY_MAX, PROCESSES_MAX};
use crate::principal::PrincipalId;

/// All background children of one capsule. They are ended when it is dropped.
#[derive(Default)]
pub(crate) struct Registry(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// By the hash of the id, so that looking one up takes no longer the more of it is right.
    entries: Mutex<HashMap<[u8; 32], Arc<Entry>>>,
    /// Processes that no id leads to any more, but handles may: their output is still kept.
    released: Mutex<Vec<Weak<Entry>>>,
    /// Children in the background, persistent ones that run included, by principal.
    places: Mutex<HashMap<PrincipalId, usize>>,
}

/// A persistent process.
pub(super) struct Entry {
    /// `list-processes` gives it back to its owner.
    pub(super) id: String,
    principal: PrincipalId,
    pub(super) child: Child,
    keeping: Keeping,
    born: Instant,
    touched: Mutex<Instant>,
    /// Given back when the process has ended.
    place: Mutex<Option<Place>>,
}

/// The place of one background child.
pub(super) struct Place(Weak<Inner>, PrincipalId);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn key(id: &str) -> [u8; 32] {
    blake3::hash(id.as_bytes()).into()
}

impl Registry {
    /// Takes a place for a child of `principal`, who may have `most` at once.
    pub(super) fn place(&self, principal: &PrincipalId, most: u32) -> Result<Place, ErrorCode> {
        let most = PROCESSES_MAX.min(most as usize);
        self.give_back_places();
        let mut places = lock(&self.0.places);
        let taken = places.get(principal).copied().unwrap_or(0);
        if taken >= most {
            return Err(ErrorCode::Quota);
        }
        places.insert(principal.clone(), taken + 1);
        Ok(Place(Arc::downgrade(&self.0), principal.clone()))
    }

    /// Takes the places of those that have ended. Their tasks do so too, when it is their turn: whoever
    /// has just seen the end of one may not have to wait for that.
    fn give_back_places(&self) {
        let entries = lock(&self.0.entries);
        let ended = entries.values().filter(|entry| entry.child.state().exit.is_some());
        // A place that goes wants the lock of places alone.
        ended.for_each(|entry| drop(lock(&entry.place).take()));
    }

    /// Whether there is room for another persistent process of `principal`.
    pub(super) fn check_room(&self, principal: &PrincipalId) -> Result<(), ErrorCode> {
        let entries = lock(&self.0.entries);
        let mut released = lock(&self.0.released);
        released.retain(|entry| entry.strong_count() > 0);
        let held: Vec<Arc<Entry>> = released.iter().filter_map(Weak::upgrade).collect();
        drop(released);
        let all = entries.values().chain(&held);
        let theirs = all.filter(|entry| entry.principal == *principal).count();
        if theirs >= PROCESS_IDS_MAX || entries.len() + held.len() >= PROCESS_REGISTRY_MAX {
            return Err(ErrorCode::RegistryFull);
        }
        Ok(())
    }

    /// Keeps a child under `id`, and gives what is to be run for as long as it is kept.
    pub(super) fn keep(
        &self,
        id: &str,
        principal: PrincipalId,
        child: Child,
        keeping: Keeping,
        place: Place,
    ) -> impl Future<Output = ()> + Send + 'static {
        let now = Instant::now();
        let (touched, place) = (Mutex::new(now), Mutex::new(Some(place)));
        let entry = Arc::new(Entry {
            id: id.to_owned(),
            principal,
            child,
            keeping,
            born: now,
            touched,
            place,
        });
        lock(&self.0.entries).insert(key(id), Arc::clone(&entry));
        watch_over(Arc::downgrade(&self.0), key(id), Arc::downgrade(&entry))
    }

    /// The process `id` of `principal`.
    pub(super) fn find(&self, principal: &PrincipalId, id: &str) -> Result<Arc<Entry>, ErrorCode> {
        let entries = lock(&self.0.entries);
        let found = entries.get(&key(id)).filter(|entry| entry.principal == *principal);
        found.cloned().ok_or(ErrorCode::NoSuchProcess)
    }

    /// Forgets a process that has ended; its place is free when this returns.
    pub(super) fn forget(&self, id: &str) {
        self.0.release(&key(id));
    }

    /// The processes of `principal`, whose label holds `label`.
    pub(super) fn list(&self, principal: &PrincipalId, label: &str) -> Vec<Arc<Entry>> {
        let entries = lock(&self.0.entries);
        let theirs = entries.values().filter(|entry| entry.principal == *principal);
        theirs.filter(|entry| entry.keeping.label.contains(label)).cloned().collect()
    }
}

impl Inner {
    fn release(&self, key: &[u8; 32]) {
        let Some(entry) = lock(&self.entries).remove(key) else { return };
        lock(&entry.place).take();
        let mut released = lock(&self.released);
        released.retain(|entry| entry.strong_count() > 0);
        released.push(Arc::downgrade(&entry));
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        lock(&self.0.entries).clear();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(inner) = self.0.upgrade() else { return };
        let mut places = lock(&inner.places);
        if let Some(taken) = places.get_mut(&self.1) {
            *taken -= 1;
            // Whoever has none is not remembered.
            if *taken == 0 {
                places.remove(&self.1);
            }
        }
    }
}

impl Entry {
    /// Somebody asked for it.
    pub(super) fn touch(&self) {
        *lock(&self.touched) = Instant::now();
    }

    pub(super) fn info(&self, id: String) -> ProcessInfo {
        let state = self.child.state();
        let millis =
            |since: Instant| u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        ProcessInfo {
            id,
            label: self.keeping.label.clone(),
            command: self.keeping.command.clone(),
            os_pid: state.exit.is_none().then_some(self.child.os_pid),
            phase: if state.exit.is_some() { ProcessPhase::Exited } else { ProcessPhase::Running },
            exit: state.exit_info(),
            age_ms: millis(self.born),
            idle_ms: millis(*lock(&self.touched)),
            buffered_bytes: (state.stdout.len() + state.stderr.len()) as u64,
            bytes_dropped: state.stdout.dropped + state.stderr.dropped,
            stdin_open: matches!(state.stdin, Stdin::Open { last: false, .. }),
            cpu_ms: None,
            mem_bytes_peak: None,
        }
    }

    /// When it has lived, or been left alone, for too long.
    fn expires(&self) -> Instant {
        (self.born + self.keeping.lifetime).min(*lock(&self.touched) + self.keeping.idle)
    }
}

/// Ends a process whose time is up, and forgets one that has ended a while ago.
async fn watch_over(registry: Weak<Inner>, key: [u8; 32], entry: Weak<Entry>) {
    let Some(shared) = entry.upgrade().map(|entry| Arc::clone(&entry.child.shared)) else { return };
    let ended = || shared.until(|state| state.exit.map(drop));
    while let Some(expires) = entry.upgrade().map(|entry| entry.expires()) {
        tokio::select! {
            () = ended() => break,
            () = tokio::time::sleep_until(expires) => {}
        }
        let Some(late) = entry.upgrade() else { return };
        if late.expires() > Instant::now() {
            continue;
        }
        let _ = late.child.signal(super::TERM);
        if tokio::time::timeout(PROCESS_GRACE, ended()).await.is_err() {
            late.child.kill();
        }
        drop(late);
        ended().await;
        break;
    }
    let Some(retention) = entry.upgrade().map(|entry| {
        lock(&entry.place).take();
        entry.keeping.retention
    }) else {
        return;
    };
    tokio::time::sleep(retention).await;
    if let Some(registry) = registry.upgrade() {
        registry.release(&key);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Keeps one that does nothing, under this id.
    fn keep(registry: &Registry, principal: &PrincipalId, id: &str) {
        let keeping = Keeping {
            label: String::new(),
            command: String::new(),
            lifetime: Duration::MAX / 4,
            idle: Duration::MAX / 4,
            retention: Duration::ZERO,
        };
        let place = registry.place(principal, 1).expect("a place");
        drop(registry.keep(id, principal.clone(), Child::idle(), keeping, place));
    }

    #[test]
    fn what_a_handle_keeps_takes_room_also_without_an_id() {
        let (registry, ada) = (Registry::default(), PrincipalId::new("ada").expect("a name"));
        let mut handles = Vec::new();
        for number in 0..PROCESS_IDS_MAX {
            registry.check_room(&ada).expect("room");
            let id = number.to_string();
            keep(&registry, &ada, &id);
            handles.push(registry.find(&ada, &id).expect("it is kept"));
            registry.forget(&id);
            assert!(registry.find(&ada, &id).is_err());
        }
        assert!(matches!(registry.check_room(&ada), Err(ErrorCode::RegistryFull)));
        let bob = PrincipalId::new("bob").expect("a name");
        assert!(registry.check_room(&bob).is_ok());
        drop(handles.pop());
        assert!(registry.check_room(&ada).is_ok());
    }

    #[test]
    fn a_capsule_keeps_so_many_programs_of_all_its_principals() {
        let registry = Registry::default();
        let name = |number: usize| PrincipalId::new(format!("p{number}")).expect("a name");
        for number in 0..PROCESS_REGISTRY_MAX {
            let principal = name(number);
            registry.check_room(&principal).expect("room");
            keep(&registry, &principal, &number.to_string());
        }
        let late = name(PROCESS_REGISTRY_MAX);
        assert!(matches!(registry.check_room(&late), Err(ErrorCode::RegistryFull)));
        registry.forget("0");
        assert!(registry.check_room(&late).is_ok());
    }
}
