//! A file's bytes without a copy of them, for commands that only look.

use std::fs::File;
use std::path::Path;

use super::failure::Failure;
use super::target;
use crate::component::Bytes;

/// Smaller files are read: that is as fast, and nothing can change under the reader.
const MAPPED_BYTES_MIN: u64 = 1 << 20;

/// The bytes of a binary that is inspected, and never loaded.
pub(super) fn look(path: &Path) -> Result<Bytes, Failure> {
    let large = std::fs::metadata(path).is_ok_and(|metadata| {
        metadata.is_file()
            && (MAPPED_BYTES_MIN..crate::limits::BINARY_BYTES_MAX).contains(&metadata.len())
    });
    let text = path.extension().is_some_and(|extension| extension == "wat");
    if !large || text {
        return target::read_binary(path).map(Bytes::from);
    }
    match File::open(path).and_then(|file| map(&file)) {
        Ok(map) => Ok(Bytes::owned_by(map)),
        // What cannot be mapped may still be readable.
        Err(_) => target::read_binary(path).map(Bytes::from),
    }
}

fn map(file: &File) -> std::io::Result<memmap2::Mmap> {
    // SAFETY: the mapping is read-only, and nothing is decided or executed by what it shows: the
    // bytes go to a parser that checks every index and to a hash. Somebody who writes to the file
    // meanwhile gets a report of neither state, and somebody who cuts it off ends the command, as
    // with any tool that maps its input. Code that is loaded never comes through here.
    #[expect(unsafe_code, reason = "mapping a file that is only looked at")]
    unsafe {
        memmap2::Mmap::map(file)
    }
}
