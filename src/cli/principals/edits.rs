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
    let quotas = &mut next.quotas;
    let set = |quota: &mut u64, asked: Option<u64>| *quota = asked.unwrap_or(*quota);
    set(&mut quotas.max_memory_bytes, args.memory);
    // Part of a second is a second: a limit of none would stop everything.
    let secs = |time: std::time::Duration| time.as_millis().div_ceil(1000);
    let timeout = args.timeout.map(|time| u64::try_from(secs(time)).unwrap_or(u64::MAX));
    set(&mut quotas.max_timeout_secs, timeout);
    set(&mut quotas.max_cpu_fuel_per_sec, args.fuel_rate);
    set(&mut quotas.max_ipc_throughput_bytes, args.ipc_rate);
    set(&mut quotas.max_storage_bytes, args.storage);
    quotas.max_background_processes = args.processes.unwrap_or(quotas.max_background_processes);
    next.check()?;
    Ok(next)
}
