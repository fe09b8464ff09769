//! Whole directory trees.

use super::error::FsError;
use super::place::{Place, What};
use super::volume::{Entry, Volume};
use crate::limits::{FS_DEPTH_MAX, FS_TREE_ENTRIES_MAX};

/// Removes the directory `place`, which has the name `entry`, with everything in it; how many
/// entries that were. Links are removed, never followed.
pub(crate) fn remove(
    volume: &mut dyn Volume,
    entry: Entry<'_>,
    place: &Place,
) -> Result<u64, FsError> {
    remove_below(volume, entry, place, 0)
}

fn remove_below(
    volume: &mut dyn Volume,
    entry: Entry<'_>,
    place: &Place,
    depth: usize,
) -> Result<u64, FsError> {
    if depth > FS_DEPTH_MAX {
        return Err(FsError::TooLarge);
    }
    let mut removed = 1;
    loop {
        // However many there are, no more are held at once.
        let names = volume.list(place, FS_TREE_ENTRIES_MAX)?;
        let last = names.len() <= FS_TREE_ENTRIES_MAX;
        for name in names {
            let child = (place, name.as_os_str());
            removed += match volume.look(child)?.map(|found| found.what) {
                Some(What::Dir(below)) => remove_below(volume, child, &below, depth + 1)?,
                Some(_) => volume.remove_file(child).map(|()| 1)?,
                // Somebody else was faster.
                None => 0,
            };
        }
        if last {
            break;
        }
    }
    volume.remove_dir(entry)?;
    Ok(removed)
}
