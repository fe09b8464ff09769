//! Profiles and groups in memory, for as long as their files stay as they were.
//!
//! Every look-up asks the file system whether the files are still those that were read: by device,
//! inode, size and both times. A change makes a new generation; whoever holds the value of an older
//! one keeps it unchanged, so a call that has begun ends under the policy it began with and the next
//! one sees the new. A file that was written just before it was read may be written again within the
//! same tick of the file system's clock, so it is read again until it has had time to settle.
//!
//! Errors are never kept, and nothing falls back: a profile that became unreadable is an error from
//! the next look-up on.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use super::file::Stamp;
use super::group::{GroupConfig, GroupError};
use super::id::PrincipalId;
use super::profile::{Profile, ProfileError};
use super::profiles::{self, Found};
use crate::clock::Clock;
use crate::limits::POLICIES_MAX;

/// How old a file has to be before its times tell it from the same file written again. Coarser than
/// the clock of any file system that keeps fractions of a second.
const SETTLED: Duration = Duration::from_millis(100);

/// Where policies are read from.
#[derive(Clone, Debug)]
pub struct PolicyFiles {
    /// The directory of profiles.
    pub profiles: PathBuf,
    /// The directory of principals' homes: whoever has one exists.
    pub homes: PathBuf,
    /// The file of groups.
    pub groups: PathBuf,
}

/// What a principal may do and use, as one look-up found it. Never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The profile.
    pub profile: Profile,
    /// The groups that it may name.
    pub groups: Arc<GroupConfig>,
    /// Greater than that of every policy that was read before; equal only for equal policies of one
    /// principal.
    pub generation: u64,
    /// Whether it exempts its principal from what bounds others, once that was asked.
    pub(crate) exempt: OnceLock<bool>,
}

/// Why there is no policy.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The principal is unknown, or its profile is broken.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The groups are broken.
    #[error(transparent)]
    Groups(#[from] GroupError),
}

/// The policies of a home. Clones share what was read.
#[derive(Clone, Debug)]
pub struct Policies(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    files: PolicyFiles,
    clock: Clock,
    max: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    known: HashMap<PrincipalId, Known>,
    groups: Option<KnownGroups>,
    /// The last generation that was given out.
    generation: u64,
    /// How often something was forgotten: a reading that began before that is not kept.
    forgotten: u64,
    /// Counts look-ups, to tell who was asked for longest ago.
    asked: u64,
}

#[derive(Debug)]
struct Known {
    policy: Arc<Policy>,
    source: Source,
    asked: u64,
}

#[derive(Clone, Debug)]
struct KnownGroups {
    config: Arc<GroupConfig>,
    source: Source,
}

/// The file that something was read from; no stamp means that there was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Source {
    stamp: Option<Stamp>,
    settled: bool,
}

/// What was true when a reading began.
#[derive(Clone, Copy)]
struct Began {
    at: Duration,
    generation: Option<u64>,
    forgotten: u64,
}

impl Policies {
    /// The policies in these files. The clock tells how old files are, so it has to be the machine's.
    pub fn new(files: PolicyFiles, clock: Clock) -> Policies {
        Policies::bounded(files, clock, POLICIES_MAX)
    }

    fn bounded(files: PolicyFiles, clock: Clock, max: usize) -> Policies {
        Policies(Arc::new(Shared { files, clock, max, state: Mutex::default() }))
    }

    /// The policy under which `id` may act now; the same value as before while nothing has changed.
    ///
    /// Fails like [`profiles::resolve`], and when the groups cannot be used. Whether the principal is
    /// enabled is for the caller to look at.
    pub fn find(&self, id: &PrincipalId) -> Result<Arc<Policy>, PolicyError> {
        self.find_with(id, || profiles::find(id, &self.0.files.profiles, &self.0.files.homes))
    }

    /// Forgets what was read of `id`: the next look-up reads, and so does the one after a reading
    /// that is going on.
    pub fn forget(&self, id: &PrincipalId) {
        let mut state = self.lock();
        state.known.remove(id);
        state.forgotten += 1;
    }

    fn find_with(
        &self,
        id: &PrincipalId,
        read: impl FnOnce() -> Result<Found, ProfileError>,
    ) -> Result<Arc<Policy>, PolicyError> {
        let groups = self.groups()?;
        let stamp = profiles::stamp(id, &self.0.files.profiles)?;
        let (policy, began) = self.known(id, stamp, &groups);
        if let Some(policy) = policy
            // Others without a profile exist by their home, which is looked for each time.
            && (stamp.is_some() || id.is_default())
        {
            return Ok(policy);
        }
        match read() {
            Ok(found) => Ok(self.keep(id, found, groups, began)),
            Err(error) => {
                self.lock().known.remove(id);
                Err(error.into())
            }
        }
    }

    /// What is known of `id`, if its file and the groups are still the same.
    fn known(
        &self,
        id: &PrincipalId,
        stamp: Option<Stamp>,
        groups: &Arc<GroupConfig>,
    ) -> (Option<Arc<Policy>>, Began) {
        let at = self.0.clock.since_epoch();
        let mut state = self.lock();
        state.asked += 1;
        let (asked, forgotten) = (state.asked, state.forgotten);
        let Some(known) = state.known.get_mut(id) else {
            return (None, Began { at, generation: None, forgotten });
        };
        known.asked = asked;
        let began = Began { at, generation: Some(known.policy.generation), forgotten };
        let same = known.source == Source { stamp, settled: true };
        let same = same && Arc::ptr_eq(&known.policy.groups, groups);
        (same.then(|| Arc::clone(&known.policy)), began)
    }

    /// Makes a policy of what was read, and keeps it unless something newer came meanwhile.
    fn keep(
        &self,
        id: &PrincipalId,
        found: Found,
        groups: Arc<GroupConfig>,
        began: Began,
    ) -> Arc<Policy> {
        let source = Source::read(found.stamp, began.at);
        let mut state = self.lock();
        let known = state.known.get(id);
        let generation = known.map(|known| known.policy.generation);
        let newest = (began.generation, began.forgotten) == (generation, state.forgotten);
        let unchanged = known.map(|known| &known.policy).filter(|policy| {
            policy.profile == found.profile && Arc::ptr_eq(&policy.groups, &groups)
        });
        let policy = unchanged.cloned().unwrap_or_else(|| {
            state.generation += 1;
            let (profile, generation) = (found.profile, state.generation);
            Arc::new(Policy { profile, groups, generation, exempt: OnceLock::new() })
        });
        if newest {
            state.make_room(id, self.0.max);
            let (asked, policy) = (state.asked, Arc::clone(&policy));
            state.known.insert(id.clone(), Known { policy, source, asked });
        }
        policy
    }

    fn groups(&self) -> Result<Arc<GroupConfig>, GroupError> {
        let path = &self.0.files.groups;
        let known = self.lock().groups.clone();
        let stamp = GroupConfig::stamp(path)?;
        if let Some(known) = &known
            && known.source == (Source { stamp, settled: true })
        {
            return Ok(Arc::clone(&known.config));
        }
        let at = self.0.clock.since_epoch();
        let (config, stamp) = GroupConfig::load_stamped(path)?;
        let same = known.as_ref().map(|known| &known.config).filter(|known| ***known == config);
        let config = same.cloned().unwrap_or_else(|| Arc::new(config));
        let mut state = self.lock();
        // Of two that read at once, the one that read later stays, or the next look-up reads again:
        // its stamp tells.
        let source = Source::read(stamp, at);
        state.groups = Some(KnownGroups { config: Arc::clone(&config), source });
        Ok(config)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Whole between any two statements that could panic.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source {
    /// What was read at this time.
    fn read(stamp: Option<Stamp>, at: Duration) -> Source {
        let settled = stamp.is_none_or(|stamp| stamp.changed() + SETTLED <= at);
        Source { stamp, settled }
    }
}

impl State {
    /// Makes room for `id`: whoever was asked for longest ago goes.
    fn make_room(&mut self, id: &PrincipalId, max: usize) {
        if self.known.len() < max || self.known.contains_key(id) {
            return;
        }
        let oldest = self.known.iter().min_by_key(|(_, known)| known.asked);
        if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
            self.known.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests;
