//! Deleting a principal, with or without what it has.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::person::confirm;
use crate::kv::KvService;
use crate::principal::{PrincipalId, Profile, edit, profiles};

impl Desk<'_> {
    pub(super) fn delete(&self, id: &PrincipalId, purge: bool) -> Result<Exit, Failure> {
        // The rule is the one for switching it off.
        edit::set_enabled(&Profile::default(), id, false).map_err(|_| {
            Failure::new(Exit::Denied, "default-principal", format!("{id} cannot be deleted"))
        })?;
        let home = self.home.principal(id.as_str()).map_err(|error| {
            Failure::new(Exit::Usage, "principal", format!("{id} has no home")).because(&error)
        })?;
        if !purge && home.exists() {
            // Whoever has a home exists: it would go on acting, under the default profile.
            return Err(Failure::new(Exit::Denied, "has-a-home", format!("{id} has a home"))
                .cause(home.display())
                .help(format!(
                    "capsule principal disable {id} keeps it, capsule principal delete {id} --purge \
                     deletes it too"
                )));
        }
        if !self.wanted(id, purge)? {
            self.cx.ui.note("nothing was deleted");
            return Ok(Exit::No);
        }
        let _lock = self.lock()?;
        if purge {
            // What is killed half-way leaves a principal that is switched off.
            let off = Profile { enabled: false, ..Profile::default() };
            self.save(id, &off)?;
            self.purge(id, &home)?;
        }
        remove(&profiles::profile_path(&self.home.profiles(), id), |path| {
            std::fs::remove_file(path)
        })?;
        self.cx.ui.talk(&format!("deleted {id}\n"));
        self.list()
    }

    fn purge(&self, id: &PrincipalId, home: &Path) -> Result<(), Failure> {
        let kv = KvService::at(self.home.key_value());
        let forget = || -> Result<(), crate::kv::KvError> {
            for namespace in kv.namespaces()?.iter().filter(|it| it.principal() == id.as_str()) {
                kv.remove_namespace(namespace)?;
            }
            Ok(())
        };
        forget().map_err(|error| {
            Failure::environment(format!("cannot delete the keys and values of {id}"), &error)
        })?;
        let secrets: PathBuf = self.home.secrets().join(id.as_str());
        for place in [secrets.as_path(), home] {
            remove(place, |path| std::fs::remove_dir_all(path))?;
        }
        Ok(())
    }

    fn wanted(&self, id: &PrincipalId, purge: bool) -> Result<bool, Failure> {
        let (what, option) = match purge {
            true => (" with its home, secrets and data", " --purge"),
            false => ("", ""),
        };
        if self.cx.global.yes {
            return Ok(true);
        }
        if self.cx.may_ask() {
            return Ok(confirm(&format!("delete principal {id}{what}?")));
        }
        let message = format!("deleting principal {id}{what} needs a yes");
        Err(Failure::new(Exit::Denied, "confirmation", message)
            .help(format!("capsule principal delete {id}{option} --yes")))
    }
}

/// Removes what may be gone already.
fn remove(path: &Path, remove: impl Fn(&Path) -> std::io::Result<()>) -> Result<(), Failure> {
    match remove(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Failure::environment(format!("cannot delete {}", path.display()), &error))
        }
        _ => Ok(()),
    }
}
