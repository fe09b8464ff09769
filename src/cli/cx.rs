//! What every command works with.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::args::Global;
use super::env::Env;
use super::exit::Exit;
use super::failure::Failure;
use super::ui::Ui;
use crate::clock::Clock;
use crate::kv::KvService;
use crate::principal::PrincipalId;
use crate::store::Store;
use crate::store::layout::{Home, Site};
use crate::store::recover::Waiting;

/// What every command works with.
#[derive(Clone)]
pub(super) struct Cx {
    pub(super) global: Global,
    pub(super) env: Env,
    pub(super) ui: Arc<Ui>,
    /// The changes that were told to be waiting; a command may open the store more than once.
    told: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl Cx {
    pub(super) fn new(global: Global) -> Cx {
        let env = Env::read();
        let ui = Arc::new(Ui::new(global.ui()));
        super::diagnostics::start(&env, global.verbose);
        Cx { global, env, ui, told: Arc::default() }
    }

    /// The home that the options and the environment name.
    pub(super) fn home(&self) -> Result<Home, Failure> {
        self.env.home(self.global.home.as_deref())
    }

    /// The store in that home, with whatever a killed process left behind put right. What cannot be is
    /// told as a warning, and keeps nothing but its own capsule from being changed.
    pub(super) fn store(&self) -> Result<Store, Failure> {
        let (store, waiting) = self.store_and_waiting()?;
        for change in &waiting {
            self.tell_waiting(change);
        }
        Ok(store)
    }

    /// The same, with the changes that could not be put right.
    pub(super) fn store_and_waiting(&self) -> Result<(Store, Vec<Waiting>), Failure> {
        let store = self.open(self.home()?);
        let kv = KvService::at(store.home().key_value());
        let waiting = self.recover(&store, &Site::user(store.home()), &kv);
        Ok((store, waiting))
    }

    #[cfg(not(debug_assertions))]
    fn open(&self, home: Home) -> Store {
        Store::new(home, Clock::system())
    }

    #[cfg(debug_assertions)]
    fn open(&self, home: Home) -> Store {
        Store::on(super::fault::disk(), home, Clock::system())
    }

    fn recover(&self, store: &Store, site: &Site, kv: &KvService) -> Vec<Waiting> {
        match store.recover(site, &mut |change| super::outside::carry_out(kv, change)) {
            Ok(recovery) => {
                for id in &recovery.finished {
                    self.ui.note(&format!("finished an interrupted change of capsule {id}"));
                }
                recovery.problems
            }
            Err(error) => {
                self.ui.warn(&format!("cannot clean up after an earlier process: {error}"));
                Vec::new()
            }
        }
    }

    /// Says once what a person has to know of a change that could not be put right.
    pub(super) fn tell_waiting(&self, change: &Waiting) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if !told.insert(change.dir.clone()) {
            return;
        }
        let (id, why) = (&change.id, &change.error);
        self.ui.warn(&match (&change.journal, change.is_passing()) {
            (Some(_), false) => {
                let now = format!("capsule {id} can be neither installed nor removed now");
                format!("{now}: {why}; capsule verify says more")
            }
            _ => format!("an earlier change of {id} is still waiting: {why}"),
        });
    }

    /// The principal to act for. Its grammar is checked here, whether it exists where it is used.
    pub(super) fn principal(&self) -> Result<PrincipalId, Failure> {
        let text = &self.global.principal;
        PrincipalId::new(text.as_str()).map_err(|error| {
            Failure::new(Exit::Usage, "principal", format!("{text:?} is not a principal id"))
                .because(&error)
        })
    }

    /// Whether a person may be asked.
    pub(super) fn may_ask(&self) -> bool {
        self.env.interactive && !self.global.no_input && !self.global.json
    }
}
