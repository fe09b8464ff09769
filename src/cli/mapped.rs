//! The bytes of large binaries: without a copy for commands that only look, and else in memory that is
//! quick to fill.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use memmap2::{Advice, Mmap, MmapMut, MmapOptions};

use super::failure::Failure;
use super::target;
use crate::component::Bytes;

/// Smaller files are read: that is as fast, and nothing can change under the reader.
const MAPPED_BYTES_MIN: u64 = 1 << 20;

/// Memory for large binaries comes in pages of this size, where the machine has them: to ask for it
/// in small ones takes longer than to read the file.
const LARGE_PAGE_BYTES: usize = 2 << 20;

/// The bytes of a binary that is looked at, and hashed. For more they have to be copied.
pub(super) fn look(path: &Path) -> Result<Bytes, Failure> {
    if !is_large(path) {
        return target::read_binary(path).map(Bytes::from);
    }
    match File::open(path).and_then(|file| map(&file)) {
        Ok(map) => Ok(Bytes::shown_by(map)),
        // What cannot be mapped may still be readable.
        Err(_) => target::read_binary(path).map(Bytes::from),
    }
}

/// The bytes of a binary that is loaded: a copy, so that nothing changes under whoever checks them.
pub(super) fn load(path: &Path) -> Result<Bytes, Failure> {
    match is_large(path).then(|| Copied::of(path)) {
        Some(Ok(copied)) => Ok(Bytes::owned_by(copied)),
        // A file that cannot be read, or that changes meanwhile, is told of by the ordinary way.
        Some(Err(_)) | None => target::read_binary(path).map(Bytes::from),
    }
}

fn is_large(path: &Path) -> bool {
    let text = path.extension().is_some_and(|extension| extension == "wat");
    let sizes = MAPPED_BYTES_MIN..crate::limits::BINARY_BYTES_MAX;
    let metadata = std::fs::metadata(path);
    !text && metadata.is_ok_and(|file| file.is_file() && sizes.contains(&file.len()))
}

/// A file's content in memory of its own.
struct Copied {
    memory: Mmap,
    size: usize,
}

impl Copied {
    fn of(path: &Path) -> io::Result<Copied> {
        let mut file = File::open(path)?;
        let changed = || io::Error::other("its size has changed");
        let size = file.metadata()?.len().min(crate::limits::BINARY_BYTES_MAX);
        let size = usize::try_from(size).map_err(|_| changed())?;
        // Whole pages, and room for a byte that tells that there is more.
        let mut memory = MmapMut::map_anon((size + 1).next_multiple_of(LARGE_PAGE_BYTES))?;
        // Without large pages small ones do.
        let _ = memory.advise(Advice::HugePage);
        file.read_exact(&mut memory[..size])?;
        match file.read(&mut memory[size..])? {
            0 => Ok(Copied { memory: memory.make_read_only()?, size }),
            _ => Err(changed()),
        }
    }
}

impl AsRef<[u8]> for Copied {
    fn as_ref(&self) -> &[u8] {
        &self.memory[..self.size]
    }
}

fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: the mapping is read-only, and nothing is decided or executed by what it shows: the
    // bytes go to a parser that checks every index and to a hash. Somebody who writes to the file
    // meanwhile gets a report of neither state, and somebody who cuts it off ends the command, as
    // with any tool that maps its input. What is compiled or kept is a copy, hashed once more.
    #[expect(unsafe_code, reason = "mapping a file that is only looked at")]
    unsafe {
        // All of it will be hashed: one call maps what would be hundreds of page faults.
        MmapOptions::new().populate().map(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_is_loaded_byte_for_byte_whatever_its_size() {
        let dir = tempfile::tempdir().expect("a scratch directory");
        let path = dir.path().join("c.wasm");
        for size in [0, 1, (1 << 20) - 1, 1 << 20, LARGE_PAGE_BYTES, LARGE_PAGE_BYTES + 1] {
            let bytes: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            std::fs::write(&path, &bytes).expect("a scratch file");
            let loaded = load(&path).unwrap_or_else(|failure| panic!("{}", failure.message));
            assert!(loaded.as_slice() == bytes, "{size}");
        }
    }
}
