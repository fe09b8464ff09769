//! From options to a changed profile.

use super::SetArgs;
use crate::principal::{PrincipalId, Profile, edit};

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
