//! The users of this machine, as guests get to see them.

use crate::host::ports::{AccountOf, IdentityRefused};
use crate::store::identity::{Account, Identities, IdentityError};

pub(super) struct LocalIdentities(pub(super) Identities);

impl crate::host::ports::Identities for LocalIdentities {
    fn resolve(
        &self,
        platform: &str,
        account: &str,
    ) -> Result<(String, Option<String>), IdentityRefused> {
        let account = Account::new(platform, account).map_err(refused)?;
        self.0.resolve(&account).map(|user| (user.id, user.name)).map_err(refused)
    }

    fn link(
        &self,
        platform: &str,
        account: &str,
        user: &str,
        method: &str,
    ) -> Result<(), IdentityRefused> {
        let account = Account::new(platform, account).map_err(refused)?;
        self.0.link(&account, user, method).map_err(refused)
    }

    fn unlink(&self, platform: &str, account: &str) -> Result<(), IdentityRefused> {
        self.0.unlink(&Account::new(platform, account).map_err(refused)?).map_err(refused)
    }

    fn create(&self, name: Option<&str>) -> Result<String, IdentityRefused> {
        self.0.create(name).map_err(refused)
    }

    fn accounts(&self, user: &str) -> Result<Vec<AccountOf>, IdentityRefused> {
        let accounts = self.0.accounts(user).map_err(refused)?;
        let shown = accounts.into_iter().map(|it| AccountOf {
            platform: it.platform,
            account: it.id,
            linked_at: it.linked_at,
            method: it.method,
        });
        Ok(shown.collect())
    }
}

/// What a guest may know of an error; the rest is for whoever runs it.
fn refused(error: IdentityError) -> IdentityRefused {
    match error {
        IdentityError::Invalid { .. } => IdentityRefused::Invalid,
        IdentityError::NoUser => IdentityRefused::NoUser,
        IdentityError::NoLink => IdentityRefused::NoLink,
        error => {
            let why = anyhow::Error::new(error);
            tracing::warn!("the users of this machine are not to be had: {why:#}");
            IdentityRefused::Unavailable
        }
    }
}
