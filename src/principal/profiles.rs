//! Profiles on disk, and who exists.
//!
//! A principal exists when it has a profile file or a home directory. `default` always exists, and
//! without a file it has the default profile: bounded, and exempt from nothing. Nothing here is cached;
//! [`super::Policies`] does that.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::file;
use super::id::PrincipalId;
use super::profile::{Profile, ProfileError};

/// Ids that a listing returns, and directory entries that it looks at per id.
const PRINCIPALS_LISTED_MAX: usize = 10_000;
/// Suggestions for an unknown id.
const NEAR_MAX: usize = 3;

/// The file that holds the profile of `id`.
pub fn profile_path(profiles_dir: &Path, id: &PrincipalId) -> PathBuf {
    profiles_dir.join(format!("{id}.toml"))
}

/// Reads the profile of `id`; without a file it is the default one, whoever `id` is.
///
/// A file that cannot be read, parsed or accepted is an error and never falls back.
pub fn load_profile(profiles_dir: &Path, id: &PrincipalId) -> Result<Profile, ProfileError> {
    Ok(read_profile(profiles_dir, id)?.map(|(profile, _)| profile).unwrap_or_default())
}

/// Checks the profile, then replaces the file of `id` with it in one step.
///
/// The file is private to its owner. On failure the old file is untouched.
pub fn save_profile(
    profiles_dir: &Path,
    id: &PrincipalId,
    profile: &Profile,
) -> Result<(), ProfileError> {
    let path = profile_path(profiles_dir, id);
    let text = profile.to_toml()?;
    file::write_private(&path, &text).map_err(|source| ProfileError::Io {
        doing: "write profile",
        path,
        source,
    })
}

/// Returns the profile under which `id` may act.
///
/// Fails with [`ProfileError::Unknown`] for anybody but `default` who has neither a profile file
/// below `profiles_dir` nor a directory below `homes_dir`, and with [`ProfileError::Reserved`] for
/// the scope of the host. Creates nothing.
pub fn resolve(
    id: &PrincipalId,
    profiles_dir: &Path,
    homes_dir: &Path,
) -> Result<Profile, ProfileError> {
    Ok(find(id, profiles_dir, homes_dir)?.profile)
}

/// A profile, and the stamp of the file that it is from, if it is from one.
pub(super) struct Found {
    pub(super) profile: Profile,
    pub(super) stamp: Option<file::Stamp>,
}

/// The stamp of the profile's file; nothing when there is none.
pub(super) fn stamp(
    id: &PrincipalId,
    profiles_dir: &Path,
) -> Result<Option<file::Stamp>, ProfileError> {
    let path = profile_path(profiles_dir, id);
    file::stamp(&path).map_err(|source| ProfileError::Io { doing: "read profile", path, source })
}

/// [`resolve`], with the stamp.
pub(super) fn find(
    id: &PrincipalId,
    profiles_dir: &Path,
    homes_dir: &Path,
) -> Result<Found, ProfileError> {
    if id.is_reserved() {
        return Err(ProfileError::Reserved(id.clone()));
    }
    if let Some((profile, stamp)) = read_profile(profiles_dir, id)? {
        return Ok(Found { profile, stamp: Some(stamp) });
    }
    if id.is_default() || has_home(homes_dir, id)? {
        return Ok(Found { profile: Profile::default(), stamp: None });
    }
    // Suggestions are a courtesy: a directory that cannot be listed only means fewer of them.
    let mut existing = existing_ids(profiles_dir, homes_dir).unwrap_or_default();
    if !existing.iter().any(PrincipalId::is_default) {
        existing.push(PrincipalId::default());
    }
    let near = near_misses(id, &existing);
    Err(ProfileError::Unknown { id: id.clone(), near })
}

/// The ids of everybody who has a profile file or a home directory, in byte order.
///
/// `default` is among them only when it has one of the two. Looks at no more than 20 000 entries of
/// each directory; entries whose name is no id are skipped.
pub fn existing_ids(
    profiles_dir: &Path,
    homes_dir: &Path,
) -> Result<Vec<PrincipalId>, ProfileError> {
    let mut names = BTreeSet::new();
    list(profiles_dir, &mut |entry| {
        let name = entry.file_name();
        names.extend(name.to_str().and_then(|name| name.strip_suffix(".toml")).map(str::to_owned));
    })?;
    list(homes_dir, &mut |entry| {
        if fs::metadata(entry.path()).is_ok_and(|meta| meta.is_dir()) {
            names.extend(entry.file_name().to_str().map(str::to_owned));
        }
    })?;
    let ids = names.into_iter().filter_map(|name| PrincipalId::new(name).ok());
    Ok(ids.filter(|id| !id.is_reserved()).take(PRINCIPALS_LISTED_MAX).collect())
}

fn read_profile(
    profiles_dir: &Path,
    id: &PrincipalId,
) -> Result<Option<(Profile, file::Stamp)>, ProfileError> {
    let path = profile_path(profiles_dir, id);
    let (bytes, stamp) = match file::read_stamped(&path) {
        Ok(Some(read)) => read,
        Ok(None) => return Ok(None),
        Err(source) => return Err(ProfileError::Io { doing: "read profile", path, source }),
    };
    let text = file::as_text(&bytes)
        .map_err(|source| ProfileError::Parse { path: Some(path.clone()), source })?;
    match Profile::parse(text) {
        Ok(profile) => Ok(Some((profile, stamp))),
        Err(err) => Err(err.at(&path)),
    }
}

fn has_home(homes_dir: &Path, id: &PrincipalId) -> Result<bool, ProfileError> {
    let path = homes_dir.join(id.as_str());
    match fs::metadata(&path) {
        Ok(meta) => Ok(meta.is_dir()),
        Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(ProfileError::Io { doing: "look for home", path, source }),
    }
}

fn list(dir: &Path, each: &mut dyn FnMut(&fs::DirEntry)) -> Result<(), ProfileError> {
    let failed = |source| ProfileError::Io { doing: "list", path: dir.to_owned(), source };
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(err) => return Err(failed(err)),
    };
    for entry in entries.take(2 * PRINCIPALS_LISTED_MAX) {
        each(&entry.map_err(failed)?);
    }
    Ok(())
}

/// The ids that differ from `id` in case or by few letters, best first.
fn near_misses(id: &PrincipalId, existing: &[PrincipalId]) -> Vec<PrincipalId> {
    let wanted = id.as_str().to_ascii_lowercase();
    let tolerated = (wanted.len() / 3).clamp(1, 3);
    let mut near: Vec<_> = existing
        .iter()
        .map(|other| (strsim::osa_distance(&wanted, &other.as_str().to_ascii_lowercase()), other))
        .filter(|(distance, _)| *distance <= tolerated)
        .collect();
    near.sort_by_key(|(distance, other)| (*distance, other.as_str()));
    near.into_iter().take(NEAR_MAX).map(|(_, other)| other.clone()).collect()
}

#[cfg(test)]
mod tests;
