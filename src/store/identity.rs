//! Users, and the accounts of other platforms that belong to them.
//!
//! One file for the whole machine, replaced whole under a lock: whoever reads sees the users before
//! or after a change, also when several processes change them or one of them is killed. Without a
//! home the same is kept in memory. At the beginning there is one user, `root`, who is whoever sits at this
//! machine: account `local` of platform `cli`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp, tz::Offset};
use serde::{Deserialize, Serialize};

use super::Store;
use super::disk::{DiskError, Links, PRIVATE_FILE};
use super::lock::Wait;
use crate::clock::Clock;
use crate::limits::{IDENTITY_FILE_BYTES_MAX, IDENTITY_TEXT_BYTES_MAX};

const FORMAT: &str = "capsule-identity";
const VERSION: u32 = 1;

/// The users of one machine. Clones are the same users.
#[derive(Clone, Debug)]
pub struct Identities(Place);

#[derive(Clone, Debug)]
enum Place {
    File(Store, Clock),
    Memory(Arc<Mutex<Option<Directory>>>, Clock),
}

/// An account of another platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    platform: String,
    id: String,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// A UUID.
    pub id: String,
    /// What they are called, if that is known.
    pub name: Option<String>,
}

/// An account that belongs to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedAccount {
    /// The platform, in lower case.
    pub platform: String,
    /// The id there.
    pub id: String,
    /// When it was last linked, in UTC.
    pub linked_at: String,
    /// How.
    pub method: String,
}

/// Why users were not read or changed.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A text cannot be what it is given as.
    #[error("{what} is blank, too long, or has a character that is not allowed")]
    Invalid {
        /// Which one.
        what: &'static str,
    },
    /// There is no such user.
    #[error("no such user")]
    NoUser,
    /// The account belongs to nobody.
    #[error("the account belongs to nobody")]
    NoLink,
    /// The file cannot be used.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The file is not what this version writes.
    #[error("the file of users cannot be understood: {why}")]
    Damaged {
        /// What is wrong with it.
        why: String,
    },
    /// There are too many users and links.
    #[error("the file of users would be larger than {IDENTITY_FILE_BYTES_MAX} bytes")]
    Full,
    /// The system has no random bytes.
    #[error("the system has no random bytes")]
    NoRandom,
}

impl Account {
    /// Platforms count without regard to case; ids count as they are.
    pub fn new(platform: &str, id: &str) -> Result<Account, IdentityError> {
        check("the platform", platform)?;
        check("the account", id)?;
        Ok(Account { platform: platform.trim().to_ascii_lowercase(), id: id.to_owned() })
    }
}

fn check(what: &'static str, text: &str) -> Result<(), IdentityError> {
    let good = !text.trim().is_empty()
        && text.len() <= IDENTITY_TEXT_BYTES_MAX
        && !text.contains(['/', '\0']);
    if good { Ok(()) } else { Err(IdentityError::Invalid { what }) }
}

/// What is in the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Directory {
    format: String,
    version: u32,
    users: BTreeMap<String, StoredUser>,
    /// By platform and account.
    links: BTreeMap<String, BTreeMap<String, Link>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct StoredUser {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// On whose behalf what they ask for is done.
    principal: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Link {
    user: String,
    linked_at: String,
    method: String,
}

impl Store {
    /// The users of this home.
    pub fn identities(&self, clock: &Clock) -> Identities {
        Identities(Place::File(self.clone(), clock.clone()))
    }
}

impl Identities {
    /// Users that are there for as long as the machine is.
    pub fn in_memory(clock: &Clock) -> Identities {
        Identities(Place::Memory(Arc::default(), clock.clone()))
    }

    /// To whom an account belongs.
    pub fn resolve(&self, account: &Account) -> Result<User, IdentityError> {
        self.read(|directory| {
            let link = directory.link(account).ok_or(IdentityError::NoLink)?;
            let user = directory.users.get(&link.user).ok_or(IdentityError::NoLink)?;
            Ok(User { id: link.user.clone(), name: user.name.clone() })
        })
    }

    /// Gives an account to a user, whoever had it before.
    pub fn link(&self, account: &Account, user: &str, method: &str) -> Result<(), IdentityError> {
        let good = !method.trim().is_empty() && method.len() <= IDENTITY_TEXT_BYTES_MAX;
        if !good {
            return Err(IdentityError::Invalid { what: "the method" });
        }
        let linked_at = now(self.clock());
        self.change(|directory| {
            if !directory.users.contains_key(user) {
                return Err(IdentityError::NoUser);
            }
            let (user, method) = (user.to_owned(), method.to_owned());
            directory.set_link(account, Link { user, linked_at, method });
            Ok(())
        })
    }

    /// Takes an account from whoever has it.
    pub fn unlink(&self, account: &Account) -> Result<(), IdentityError> {
        self.change(|directory| {
            let accounts = directory.links.get_mut(&account.platform);
            let removed = accounts.and_then(|accounts| accounts.remove(&account.id));
            directory.links.retain(|_, accounts| !accounts.is_empty());
            removed.map(drop).ok_or(IdentityError::NoLink)
        })
    }

    /// Makes a user and gives the id, a random UUID.
    pub fn create(&self, name: Option<&str>) -> Result<String, IdentityError> {
        let allowed =
            |name: &str| name.len() <= IDENTITY_TEXT_BYTES_MAX && !name.contains(['/', '\0']);
        if !name.is_none_or(allowed) {
            return Err(IdentityError::Invalid { what: "the name" });
        }
        let id = new_id(self.clock())?;
        let name = name.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
        self.change(|directory| {
            directory.users.insert(id.clone(), StoredUser::named(name));
            Ok(id)
        })
    }

    /// The accounts of a user, by platform and id. Whoever is unknown has none.
    pub fn accounts(&self, user: &str) -> Result<Vec<LinkedAccount>, IdentityError> {
        self.read(|directory| {
            let all = directory.links.iter().flat_map(|(platform, accounts)| {
                accounts.iter().map(move |(id, link)| (platform, id, link))
            });
            let own = all.filter(|(_, _, link)| link.user == user);
            Ok(own
                .map(|(platform, id, link)| LinkedAccount {
                    platform: platform.clone(),
                    id: id.clone(),
                    linked_at: link.linked_at.clone(),
                    method: link.method.clone(),
                })
                .collect())
        })
    }

    fn clock(&self) -> &Clock {
        match &self.0 {
            Place::File(_, clock) | Place::Memory(_, clock) => clock,
        }
    }

    fn read<T>(
        &self,
        look: impl FnOnce(&Directory) -> Result<T, IdentityError>,
    ) -> Result<T, IdentityError> {
        let Place::File(store, _) = &self.0 else {
            return self.change(|directory| look(directory));
        };
        match load(store)? {
            Some(directory) => look(&directory),
            // The first one who looks makes the first user.
            None => self.change(|directory| look(directory)),
        }
    }

    /// Works on the users, and keeps them if that goes well.
    fn change<T>(
        &self,
        work: impl FnOnce(&mut Directory) -> Result<T, IdentityError>,
    ) -> Result<T, IdentityError> {
        match &self.0 {
            Place::Memory(kept, clock) => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let mut directory = match kept.take() {
                    Some(directory) => directory,
                    None => Directory::new(clock)?,
                };
                let before = directory.clone();
                let done = work(&mut directory);
                let small = serde_json::to_vec(&directory).map(|bytes| is_small(&bytes));
                let keep = done.is_ok() && small.as_ref().is_ok_and(|small| *small);
                *kept = Some(if keep { directory } else { before });
                if done.is_ok() && !keep { Err(IdentityError::Full) } else { done }
            }
            Place::File(store, clock) => {
                let _lock = store.lock_file(&store.home.identity_lock(), Wait::Yes)?;
                let found = load(store)?;
                let is_new = found.is_none();
                let mut directory = match found {
                    Some(directory) => directory,
                    None => Directory::new(clock)?,
                };
                let done = work(&mut directory);
                if done.is_ok() || is_new {
                    save(store, &directory)?;
                }
                done
            }
        }
    }
}

fn is_small(bytes: &[u8]) -> bool {
    bytes.len() as u64 <= IDENTITY_FILE_BYTES_MAX
}

fn load(store: &Store) -> Result<Option<Directory>, IdentityError> {
    let path = store.home.identities();
    let bytes = match store.disk.read(&path, Links::Refuse, IDENTITY_FILE_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(error) if error.is_missing() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let directory: Directory = serde_json::from_slice(&bytes)
        .map_err(|error| IdentityError::Damaged { why: error.to_string() })?;
    if directory.format != FORMAT || directory.version != VERSION {
        let why = format!("it says {:?} version {}", directory.format, directory.version);
        return Err(IdentityError::Damaged { why });
    }
    Ok(Some(directory))
}

fn save(store: &Store, directory: &Directory) -> Result<(), IdentityError> {
    let bytes = serde_json::to_vec_pretty(directory)
        .map_err(|error| IdentityError::Damaged { why: error.to_string() })?;
    if !is_small(&bytes) {
        return Err(IdentityError::Full);
    }
    let path = store.home.identities();
    store.make_dirs(&store.home.var(), super::disk::PRIVATE_DIR)?;
    Ok(store.replace_file(&path, &bytes, PRIVATE_FILE)?)
}

fn new_id(clock: &Clock) -> Result<String, IdentityError> {
    clock.uuid().map(|id| id.to_string()).map_err(|_| IdentityError::NoRandom)
}

/// The time as RFC 3339 has it, with an offset in numbers and parts of a second.
fn now(clock: &Clock) -> String {
    let since = SignedDuration::try_from(clock.since_epoch()).unwrap_or_default();
    let now = Timestamp::from_duration(since).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{:.6}", now.display_with_offset(Offset::UTC))
}

impl StoredUser {
    fn named(name: Option<String>) -> StoredUser {
        StoredUser { name, principal: super::names::DEFAULT_PRINCIPAL.to_owned() }
    }
}

impl Directory {
    fn new(clock: &Clock) -> Result<Directory, IdentityError> {
        let (format, version) = (FORMAT.to_owned(), VERSION);
        let mut directory =
            Directory { format, version, users: BTreeMap::new(), links: BTreeMap::new() };
        let user = new_id(clock)?;
        directory.users.insert(user.clone(), StoredUser::named(Some("root".to_owned())));
        let link = Link { user, linked_at: now(clock), method: "system".to_owned() };
        directory.set_link(&Account { platform: "cli".to_owned(), id: "local".to_owned() }, link);
        Ok(directory)
    }

    fn link(&self, account: &Account) -> Option<&Link> {
        self.links.get(&account.platform)?.get(&account.id)
    }

    fn set_link(&mut self, account: &Account, link: Link) {
        let accounts = self.links.entry(account.platform.clone()).or_default();
        accounts.insert(account.id.clone(), link);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{Fault, FaultyDisk, Scratch};

    fn account(platform: &str, id: &str) -> Account {
        Account::new(platform, id).expect("a good account")
    }

    fn both(check: impl Fn(Identities)) {
        let (clock, scratch) = (Clock::seeded(1), Scratch::new());
        check(Identities::in_memory(&clock));
        check(scratch.store().identities(&clock));
    }

    #[test]
    fn a_link_lives_until_it_is_taken_away() {
        both(|people| {
            let ada = people.create(Some(" Ada ")).expect("made");
            people.link(&account(" Chat ", "a"), &ada, "code").expect("linked");
            let user = User { id: ada.clone(), name: Some("Ada".to_owned()) };
            assert_eq!(people.resolve(&account("chat", "a")).expect("found"), user);
            assert!(matches!(people.resolve(&account("chat", "A")), Err(IdentityError::NoLink)));
            let bob = people.create(None).expect("made");
            people.link(&account("CHAT", "a"), &bob, "again").expect("moved");
            assert!(people.accounts(&ada).expect("read").is_empty());
            let accounts = people.accounts(&bob).expect("read");
            assert_eq!((accounts[0].platform.as_str(), accounts[0].id.as_str()), ("chat", "a"));
            assert!(accounts[0].linked_at.ends_with("+00:00"), "{}", accounts[0].linked_at);
            assert!(accounts[0].linked_at.contains('.'), "{}", accounts[0].linked_at);
            people.unlink(&account("chat", "a")).expect("removed");
            assert!(matches!(people.unlink(&account("chat", "a")), Err(IdentityError::NoLink)));
        });
    }

    #[test]
    fn root_is_whoever_sits_at_the_machine() {
        both(|people| {
            let root = people.resolve(&account("cli", "local")).expect("it is there at once");
            assert_eq!(root.name.as_deref(), Some("root"));
            assert_eq!(people.resolve(&account("cli", "local")).expect("still"), root);
        });
    }

    #[test]
    fn nobody_is_linked_who_is_not_there_and_nothing_that_is_blank() {
        both(|people| {
            let nobody = uuid::Uuid::nil().to_string();
            let linked = people.link(&account("a", "b"), &nobody, "x");
            assert!(matches!(linked, Err(IdentityError::NoUser)));
            let root = people.resolve(&account("cli", "local")).expect("there").id;
            let linked = people.link(&account("a", "b"), &root, " ");
            assert!(matches!(linked, Err(IdentityError::Invalid { .. })));
            assert!(people.create(Some("a/b")).is_err());
            assert!(people.create(Some(&"a".repeat(IDENTITY_TEXT_BYTES_MAX + 1))).is_err());
        });
        for (platform, id) in [("", "a"), (" ", "a"), ("a", "\t"), ("a/b", "c"), ("a", "b\0")] {
            assert!(Account::new(platform, id).is_err(), "{platform:?} {id:?}");
        }
    }

    #[test]
    fn a_change_of_one_process_is_there_for_another_and_the_file_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let (clock, scratch) = (Clock::seeded(1), Scratch::new());
        let (one, other) = (scratch.store().identities(&clock), scratch.store().identities(&clock));
        let ada = one.create(Some("Ada")).expect("made");
        other.link(&account("a", "b"), &ada, "x").expect("linked");
        assert_eq!(one.resolve(&account("a", "b")).expect("found").id, ada);
        let path = scratch.store().home().identities();
        let mode = std::fs::metadata(path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn changes_at_once_are_all_kept() {
        let (clock, scratch) = (Clock::system(), Scratch::new());
        let store = scratch.store();
        std::thread::scope(|threads| {
            for number in 0..8 {
                let people = store.identities(&clock);
                threads.spawn(move || {
                    let user = people.create(None).expect("made");
                    people.link(&account("a", &number.to_string()), &user, "x").expect("linked");
                });
            }
        });
        for number in 0..8 {
            let people = store.identities(&clock);
            people.resolve(&account("a", &number.to_string())).expect("nobody is lost");
        }
    }

    #[test]
    fn a_damaged_file_is_an_error_and_stays() {
        let (clock, scratch) = (Clock::seeded(1), Scratch::new());
        let people = scratch.store().identities(&clock);
        people.create(None).expect("made");
        let path = scratch.store().home().identities();
        for damage in ["", "{", "{}", r#"{"format":"x","version":1,"users":{},"links":{}}"#] {
            std::fs::write(&path, damage).expect("writable");
            assert!(matches!(people.create(None), Err(IdentityError::Damaged { .. })), "{damage}");
            assert_eq!(std::fs::read_to_string(&path).expect("there"), damage);
        }
    }

    #[test]
    fn a_failure_at_any_step_leaves_the_users_of_before_or_after() {
        for fault in [Fault::Once, Fault::Crash] {
            for step in 1.. {
                let (clock, scratch) = (Clock::seeded(1), Scratch::new());
                let people = scratch.store().identities(&clock);
                let ada = people.create(Some("Ada")).expect("made");
                people.link(&account("a", "b"), &ada, "before").expect("linked");
                let disk = Arc::new(FaultyDisk::failing_at(step, fault, true));
                let failing = scratch.store_on(disk.clone()).identities(&clock);
                let linked = failing.link(&account("a", "b"), &ada, "after");
                let accounts = people.accounts(&ada).expect("the file is whole");
                let method = accounts[0].method.as_str();
                assert!(["before", "after"].contains(&method), "{method}");
                if linked.is_ok() {
                    assert_eq!(method, "after");
                }
                people.link(&account("a", "b"), &ada, "again").expect("nothing is locked");
                if !disk.has_failed() {
                    break;
                }
            }
        }
    }
}
