//! From options to a changed profile.

use super::SetArgs;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::principal::{PrincipalId, Profile, edit};

/// Refuses what is to be given and taken at once: either would undo the other.
pub(super) fn check(args: &SetArgs) -> Result<(), Failure> {
    let pairs = [
        (&args.join, "--join", &args.leave, "--leave"),
        (&args.grant, "--grant", &args.ungrant, "--ungrant"),
        (&args.revoke, "--revoke", &args.unrevoke, "--unrevoke"),
    ];
    for (given, give, taken, take) in pairs {
        if let Some(both) = given.iter().find(|it| taken.contains(it)) {
            let message = format!("{give} {both} contradicts {take} {both}");
            return Err(Failure::new(Exit::Usage, "usage", message));
        }
    }
    Ok(())
}

/// The profile with everything that was asked for; in doubt nothing is changed.
pub(super) fn apply(
    profile: &Profile,
    id: &PrincipalId,
    args: &SetArgs,
) -> Result<Profile, edit::EditError> {
    let mut next = edit::regroup(profile, &args.leave, &args.join)?;
    next.grants.retain(|grant| !args.ungrant.contains(grant));
    next.revokes.retain(|revoke| !args.unrevoke.contains(revoke));
    if !args.grant.is_empty() {
        next = edit::grant(&next, &args.grant, args.unsafe_admin)?;
    }
    if !args.revoke.is_empty() {
        next = edit::revoke(&next, id, &args.revoke)?;
    }
    args.limits.set(&mut next.quotas);
    next.check()?;
    Ok(next)
}
