//! The bytes between the compressed file and the tar reader, counted on both sides.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use super::{ArchiveError, Limits};

/// Counts what is taken from a reader.
struct Counted<R> {
    inner: R,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

/// The uncompressed archive.
pub(super) struct Gauge<R> {
    inner: GzDecoder<BufReader<Counted<R>>>,
    limits: Limits,
    /// Bytes that came out so far.
    pub(super) offset: u64,
}

impl<R: Read> Gauge<R> {
    pub(super) fn new(reader: R, limits: Limits) -> Result<Gauge<R>, ArchiveError> {
        let mut reader = BufReader::new(Counted { inner: reader, bytes: 0 });
        let start = reader.fill_buf().map_err(ArchiveError::Read)?;
        if !start.starts_with(&[0x1f, 0x8b]) {
            return Err(ArchiveError::NotGzip);
        }
        Ok(Gauge { inner: GzDecoder::new(reader), limits, offset: 0 })
    }

    /// Reads some bytes; none at the end of the compressed data.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ArchiveError> {
        let read = loop {
            match self.inner.read(buffer) {
                Ok(read) => break read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(ArchiveError::Damaged(error)),
            }
        };
        self.offset += read as u64;
        let compressed = self.inner.get_ref().get_ref().bytes.max(1);
        if self.offset > self.limits.ratio_from_bytes
            && self.offset / compressed > self.limits.ratio
        {
            return Err(ArchiveError::Ratio { limit: self.limits.ratio });
        }
        Ok(read)
    }

    /// Fills the buffer, or tells how many bytes there were before the end.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, ArchiveError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read(&mut buffer[filled..])? {
                0 => break,
                read => filled += read,
            }
        }
        Ok(filled)
    }

    /// Makes sure that nothing follows the compressed data, once it was read to its end.
    pub(super) fn finish(self) -> Result<(), ArchiveError> {
        let mut rest = self.inner.into_inner();
        match rest.fill_buf().map_err(ArchiveError::Read)? {
            [] => Ok(()),
            _ => Err(ArchiveError::Trailing { after: "the compressed data" }),
        }
    }
}
