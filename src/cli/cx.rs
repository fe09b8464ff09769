//! What every command works with.

use std::sync::Arc;

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

/// What every command works with.
#[derive(Clone)]
pub(super) struct Cx {
    pub(super) global: Global,
    pub(super) env: Env,
    pub(super) ui: Arc<Ui>,
}

impl Cx {
    pub(super) fn new(global: Global) -> Cx {
        let env = Env::read();
        let ui = Arc::new(Ui::new(global.ui()));
        super::diagnostics::start(&env, global.verbose);
        Cx { global, env, ui }
    }

    /// The home that the options and the environment name.
    pub(super) fn home(&self) -> Result<Home, Failure> {
        self.env.home(self.global.home.as_deref())
    }

    /// The store in that home, with whatever a killed process left behind put right.
    pub(super) fn store(&self) -> Result<Store, Failure> {
        let store = self.open(self.home()?);
        let kv = KvService::at(store.home().key_value());
        self.recover(&store, &Site::user(store.home()), &kv);
        Ok(store)
    }

    #[cfg(not(debug_assertions))]
    fn open(&self, home: Home) -> Store {
        Store::new(home, Clock::system())
    }

    #[cfg(debug_assertions)]
    fn open(&self, home: Home) -> Store {
        Store::on(super::fault::disk(), home, Clock::system())
    }

    fn recover(&self, store: &Store, site: &Site, kv: &KvService) {
        match store.recover(site, &mut |change| super::outside::carry_out(kv, change)) {
            Ok(recovery) => {
                for id in &recovery.finished {
                    self.ui.note(&format!("finished an interrupted change of capsule {id}"));
                }
                for (id, error) in &recovery.problems {
                    self.ui.warn(&format!("an earlier change of {id} is still waiting: {error}"));
                }
            }
            Err(error) => {
                self.ui.warn(&format!("cannot clean up after an earlier process: {error}"));
            }
        }
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
