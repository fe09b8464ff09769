//! Users, and the accounts of other platforms that belong to them.

/// Looks users up and changes them. Nothing is asked of anybody.
pub trait Identities: Send + Sync {
    /// To whom an account belongs: id and name.
    fn resolve(
        &self,
        platform: &str,
        account: &str,
    ) -> Result<(String, Option<String>), IdentityRefused>;
    /// Gives an account to a user, whoever had it before.
    fn link(
        &self,
        platform: &str,
        account: &str,
        user: &str,
        method: &str,
    ) -> Result<(), IdentityRefused>;
    /// Takes an account from whoever has it.
    fn unlink(&self, platform: &str, account: &str) -> Result<(), IdentityRefused>;
    /// Makes a user and gives the id.
    fn create(&self, name: Option<&str>) -> Result<String, IdentityRefused>;
    /// The accounts of a user.
    fn accounts(&self, user: &str) -> Result<Vec<AccountOf>, IdentityRefused>;
}

/// An account that belongs to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountOf {
    /// The platform, in lower case.
    pub platform: String,
    /// The id there.
    pub account: String,
    /// When it was last linked, as RFC 3339 has it.
    pub linked_at: String,
    /// How.
    pub method: String,
}

/// Why it was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityRefused {
    /// A text is blank, too long, or malformed.
    Invalid,
    /// There is no such user.
    NoUser,
    /// The account belongs to nobody.
    NoLink,
    /// The users cannot be read or written.
    Unavailable,
}
