//! Where the long values of a recording are until its end.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom, Write};

use super::file::write_blob;
use super::value::Keep;

/// So many bytes of long values are kept in memory before they are written to a file.
const MEMORY_MAX: usize = 4 << 20;

/// What a file can do.
pub trait Overflow: Read + Write + Seek + Send {}

impl<T: Read + Write + Seek + Send> Overflow for T {}

/// Makes a file when it is needed.
type Open = Box<dyn Fn() -> io::Result<Box<dyn Overflow>> + Send>;

/// Long values, each once. Those that are more than a few megabytes together are in a file, and in memory
/// is then only where each of them is.
pub struct Spool {
    /// Without one everything stays in memory.
    open: Option<Open>,
    memory_max: usize,
    file: Option<Box<dyn Overflow>>,
    /// Bytes in the file.
    written: u64,
    /// What comes after them.
    rest: Vec<u8>,
    places: BTreeMap<[u8; blake3::OUT_LEN], Place>,
}

/// Where a value is, counted over the file and what comes after it.
#[derive(Clone, Copy)]
struct Place {
    start: u64,
    length: usize,
}

impl Spool {
    /// One that keeps everything in memory, for a recording that stays there too.
    pub fn in_memory() -> Spool {
        Spool {
            open: None,
            memory_max: MEMORY_MAX,
            file: None,
            written: 0,
            rest: Vec::new(),
            places: BTreeMap::new(),
        }
    }

    /// One that writes to a new file what is more than a few megabytes. It is best on the disk that the
    /// recording goes to: that one has to take the values anyway, and one for temporary files may be memory.
    pub fn with_file<F: Overflow + 'static>(
        open: impl Fn() -> io::Result<F> + Send + 'static,
    ) -> Spool {
        let open: Open = Box::new(move || Ok(Box::new(open()?)));
        Spool { open: Some(open), ..Spool::in_memory() }
    }

    /// Writes everything to the file that was kept since the last time.
    fn spill(&mut self) -> io::Result<()> {
        let Some(open) = &self.open else { return Ok(()) };
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(open()?),
        };
        file.write_all(&self.rest)?;
        self.written += self.rest.len() as u64;
        self.rest.clear();
        Ok(())
    }

    /// Writes what a recording ends with: a line for each value, in the order of their digests.
    pub(super) fn write(&mut self, to: &mut impl Write) -> io::Result<()> {
        // A value is either in the file as a whole or not at all, and one at a time is read back.
        let mut read = Vec::new();
        for (digest, place) in &self.places {
            let bytes = match (&mut self.file, place.start.checked_sub(self.written)) {
                (Some(file), None) => {
                    read.resize(place.length, 0);
                    file.seek(SeekFrom::Start(place.start))?;
                    file.read_exact(&mut read)?;
                    &read[..]
                }
                (_, start) => {
                    let start = usize::try_from(start.unwrap_or(0)).map_err(io::Error::other)?;
                    &self.rest[start..start + place.length]
                }
            };
            write_blob(&blake3::Hash::from_bytes(*digest).to_hex(), bytes, to)?;
        }
        Ok(())
    }
}

impl Keep for Spool {
    type Error = io::Error;

    fn keep(&mut self, bytes: &[u8]) -> io::Result<String> {
        let digest = blake3::hash(bytes);
        if !self.places.contains_key(digest.as_bytes()) {
            let start = self.written + self.rest.len() as u64;
            self.rest.extend_from_slice(bytes);
            self.places.insert(*digest.as_bytes(), Place { start, length: bytes.len() });
            if self.rest.len() > self.memory_max {
                self.spill()?;
            }
        }
        Ok(digest.to_hex().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One that has room for ten bytes in memory.
    fn narrow() -> Spool {
        Spool { memory_max: 10, ..Spool::with_file(|| Ok(io::Cursor::new(Vec::new()))) }
    }

    /// What a recording with these values ends with.
    fn end(mut spool: Spool, values: &[Vec<u8>]) -> Vec<u8> {
        for value in values {
            spool.keep(value).expect("there is room");
        }
        let mut end = Vec::new();
        spool.write(&mut end).expect("memory takes all");
        end
    }

    #[test]
    fn values_are_written_alike_from_memory_and_from_a_file() {
        // Lengths that fill the memory exactly, by one more, and many times over; some come twice.
        for lengths in
            [&[][..], &[10], &[10, 1], &[11], &[3, 3, 3, 3, 3, 0], &[40, 1, 40, 9, 40, 2]]
        {
            let values: Vec<Vec<u8>> =
                (0_u8..).zip(lengths).map(|(number, length)| vec![number % 4; *length]).collect();
            let from_memory = end(Spool::in_memory(), &values);
            assert_eq!(end(narrow(), &values), from_memory, "{lengths:?}");
            let mut sorted: Vec<_> = from_memory.split(|byte| *byte == b'\n').collect();
            let unsorted = sorted.clone();
            sorted[..unsorted.len() - 1].sort_unstable();
            assert_eq!(sorted, unsorted, "in the order of their digests");
        }
    }

    #[test]
    fn memory_does_not_grow_with_what_is_kept() {
        let mut spool = narrow();
        let mut most = 0;
        for number in 0..1000_u32 {
            spool.keep(&number.to_be_bytes()).expect("there is room");
            most = most.max(spool.rest.len());
        }
        assert_eq!((most, spool.written), (8, 1000 * 4 / 12 * 12));
        assert!(spool.rest.capacity() <= 64, "{}", spool.rest.capacity());
    }

    #[test]
    fn a_file_that_cannot_be_made_is_an_error() {
        let none = || Err::<io::Cursor<Vec<u8>>, _>(io::ErrorKind::NotFound.into());
        let mut spool = Spool { memory_max: 10, ..Spool::with_file(none) };
        assert!(spool.keep(&[1; 10]).is_ok(), "they fit into memory");
        let error = spool.keep(&[2; 10]).expect_err("they do not");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
