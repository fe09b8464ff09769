//! The capsules of this process, by the id under which they publish.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use uuid::Uuid;

use crate::host::CapsuleHost;
use crate::host::ports::Registry;

/// What is known of the capsules that are hosted.
///
/// One that is gone, as each is that was started again or replaced, is forgotten when the next one
/// comes: until then those who read its last messages can still ask about it, and however often
/// capsules are replaced, there are no more entries than there were capsules at once.
#[derive(Default)]
pub(super) struct LocalRegistry {
    known: RwLock<HashMap<Uuid, Known>>,
}

struct Known {
    capabilities: Box<[String]>,
    host: Weak<CapsuleHost>,
}

impl LocalRegistry {
    pub(super) fn add(&self, host: &Arc<CapsuleHost>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, known| known.host.strong_count() > 0);
        let (capabilities, weak) = (host.capabilities.clone(), Arc::downgrade(host));
        known.insert(host.source_id, Known { capabilities, host: weak });
    }
}

impl Registry for LocalRegistry {
    fn holds(&self, source: Uuid, capability: &str) -> Option<bool> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        Some(known.get(&source)?.capabilities.iter().any(|held| held == capability))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::host::ports::{Person, PersonAnswer, Question};
    use crate::local::{HostingOptions, Machine, MachineOptions};
    use crate::manifest::{CapsuleId, Manifest};

    struct Nobody;

    impl Person for Nobody {
        fn ask(&self, _: Question) -> std::pin::Pin<Box<dyn Future<Output = PersonAnswer> + Send>> {
            Box::pin(std::future::ready(PersonAnswer::Cancelled))
        }
    }

    #[test]
    fn a_capsule_that_is_replaced_over_and_over_leaves_one_entry_behind_at_most() {
        let machine = Machine::new(MachineOptions {
            store: None,
            clock: Clock::system(),
            person: Arc::new(Nobody),
            log: Arc::new(|_, _, _| ()),
            network: Default::default(),
            processes: Default::default(),
        });
        let id = CapsuleId::new("guest").expect("a valid id");
        let manifest = Arc::new(Manifest::bare(id, "guest.wasm"));
        let host = || machine.host(&manifest, HostingOptions::default()).expect("random bytes");
        let mut current = host();
        for _ in 0..100 {
            let next = host();
            let old = std::mem::replace(&mut current, next).host.source_id;
            assert_eq!(machine.0.registry.holds(old, "uplink"), Some(false), "it was just here");
        }
        assert_eq!(machine.0.registry.known.read().expect("no panic").len(), 2);
    }
}
