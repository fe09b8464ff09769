//! Who may sign what is installed here: `etc/signers.toml`, if there is one.

use std::io::ErrorKind;
use std::path::PathBuf;

use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::signed;
use crate::signature::PublicKey;
use crate::signature::signers::{self, Signer};

/// Whom this home trusts; without a list, whoever the user names.
pub(super) struct Trust(Option<List>);

struct List {
    path: PathBuf,
    signers: Vec<Signer>,
}

impl Trust {
    /// Reads the list. One that cannot be read trusts nobody.
    pub(super) fn of(cx: &Cx) -> Result<Trust, Failure> {
        let path = cx.store()?.home().signers();
        match std::fs::symlink_metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Trust(None)),
            _ => {}
        }
        let useless = |failure: Failure| Failure { exit: Exit::Denied, id: "signers", ..failure };
        let text = signed::read(&path, &path.display().to_string()).map_err(useless)?;
        let signers = signers::parse(&text).map_err(|error| {
            let message = format!("{} does not say who may sign", path.display());
            Failure::new(Exit::Denied, "signers", message).because(&error)
        })?;
        Ok(Trust(Some(List { path, signers })))
    }

    /// Refuses a source that cannot be signed, where something has to be.
    pub(super) fn check_unsigned(&self, source: &str) -> Result<(), Failure> {
        let Some(list) = &self.0 else { return Ok(()) };
        let message = format!("{source} has no signature, and only signed archives are installed");
        Err(Failure::new(Exit::Denied, "signers", message)
            .cause(format!("{} says who may sign", list.path.display()))
            .help("capsule pack DIR, then capsule sign what it makes"))
    }

    /// The keys of which one has to have signed an archive; none where no signature is asked for.
    pub(super) fn keys(&self, demanded: Option<PublicKey>) -> Option<Vec<PublicKey>> {
        match (demanded, &self.0) {
            (Some(key), _) => Some(vec![key]),
            (None, Some(list)) => Some(list.signers.iter().map(|it| it.key.clone()).collect()),
            (None, None) => None,
        }
    }

    /// Refuses a capsule that nobody signed who may.
    pub(super) fn check(&self, signed_by: Option<&PublicKey>, id: &str) -> Result<(), Failure> {
        let Some(list) = &self.0 else { return Ok(()) };
        let may = |signer: &&Signer| Some(&signer.key) == signed_by && signer.may_sign(id);
        if list.signers.iter().any(|signer| may(&signer)) {
            return Ok(());
        }
        let message = match signed_by {
            Some(key) => format!("{id} is signed by key {}, which may not sign it", key.id()),
            None => format!("{id} is not signed"),
        };
        let list = list.path.display();
        Err(Failure::new(Exit::Denied, "signers", message)
            .cause(format!("{list} says who may sign what")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_list_everybody_is_trusted_and_with_an_empty_one_nobody() {
        let free = Trust(None);
        assert!(free.check(None, "greeter").is_ok() && free.check_unsigned("x").is_ok());
        assert!(free.keys(None).is_none());
        let closed = Trust(Some(List { path: "signers.toml".into(), signers: vec![] }));
        assert!(closed.check(None, "greeter").is_err() && closed.check_unsigned("x").is_err());
        assert_eq!(closed.keys(None).map(|keys| keys.len()), Some(0));
    }
}
