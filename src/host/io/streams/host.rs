//! The functions of `astrid:io/streams` and `astrid:io/error`.

use std::sync::Arc;

use wasmtime::component::Resource;

use super::{
    Broken, InputStream, IoError, OutputStream, Pollable, Readable, Reader, StreamError, Taken,
    View, Writable, Writer,
};
use crate::host::boundary::Stop;
use crate::limits::{RESOURCES_MAX, STREAM_READ_BYTES_MAX};

type Input = Resource<InputStream>;
type Output = Resource<OutputStream>;

/// Zeroes to write from, so that a guest's number allocates nothing.
const ZEROES: [u8; 4096] = [0; 4096];

impl View<'_> {
    pub(super) fn debug_string(self, error: &Resource<IoError>) -> String {
        self.table.get(error).map_or("unknown", |error| error.0.as_str()).to_owned()
    }

    fn reader(&self, stream: &Input) -> Result<Arc<dyn Reader>, StreamError> {
        match self.table.get(stream) {
            Ok(stream) if !stream.over && !self.cancelled => Ok(Arc::clone(&stream.reader)),
            _ => Err(StreamError::Closed),
        }
    }

    fn writer(&self, stream: &Output) -> Result<Arc<dyn Writer>, StreamError> {
        match self.table.get(stream) {
            Ok(stream) if !stream.over && !self.cancelled => Ok(Arc::clone(&stream.writer)),
            _ => Err(StreamError::Closed),
        }
    }

    /// Tells of a failure; a guest that holds too many handles to be told learns that it is over.
    fn failed(&mut self, text: String) -> StreamError {
        match self.table.push(IoError(text)) {
            Ok(error) => StreamError::LastOperationFailed(error),
            Err(_) => StreamError::Closed,
        }
    }

    fn end_input(&mut self, stream: &Input) {
        if let Ok(stream) = self.table.get_mut(stream) {
            stream.over = true;
        }
    }

    fn broken(&mut self, stream: &Output, broken: Broken) -> StreamError {
        if let Ok(stream) = self.table.get_mut(stream) {
            stream.over = true;
        }
        self.failed(broken.0)
    }

    /// Takes what is there; `None` is nothing yet.
    fn take(&mut self, stream: &Input, len: u64) -> Result<Option<Vec<u8>>, StreamError> {
        let reader = self.reader(stream)?;
        let max = usize::try_from(len).unwrap_or(usize::MAX).min(STREAM_READ_BYTES_MAX);
        if max == 0 {
            return Ok(Some(Vec::new()));
        }
        match reader.take(max) {
            Taken::Bytes(bytes) => Ok(Some(bytes)),
            Taken::Nothing => Ok(None),
            Taken::End => {
                self.end_input(stream);
                Err(StreamError::Closed)
            }
            Taken::Failed(text) => {
                self.end_input(stream);
                Err(self.failed(text))
            }
        }
    }

    async fn wait_and_take(&mut self, stream: &Input, len: u64) -> Result<Vec<u8>, StreamError> {
        loop {
            let reader = self.reader(stream)?;
            if len == 0 {
                reader.readable().await;
                return Ok(Vec::new());
            }
            if let Some(bytes) = self.take(stream, len)? {
                return Ok(bytes);
            }
            reader.readable().await;
        }
    }

    pub(super) fn read(mut self, stream: &Input, len: u64) -> Result<Vec<u8>, StreamError> {
        Ok(self.take(stream, len)?.unwrap_or_default())
    }

    pub(super) async fn blocking_read(
        mut self,
        stream: &Input,
        len: u64,
    ) -> Result<Vec<u8>, StreamError> {
        self.wait_and_take(stream, len).await
    }

    pub(super) fn skip(self, stream: &Input, len: u64) -> Result<u64, StreamError> {
        Ok(self.read(stream, len)?.len() as u64)
    }

    pub(super) async fn blocking_skip(
        mut self,
        stream: &Input,
        len: u64,
    ) -> Result<u64, StreamError> {
        Ok(self.wait_and_take(stream, len).await?.len() as u64)
    }

    pub(super) fn subscribe_input(self, stream: &Input) -> Result<Resource<Pollable>, Stop> {
        let pollable = match self.table.get(stream) {
            Ok(stream) if !stream.over => Pollable::new(Readable(Arc::clone(&stream.reader))),
            _ => Pollable::ready(),
        };
        push(self, pollable)
    }

    pub(super) fn subscribe_output(self, stream: &Output) -> Result<Resource<Pollable>, Stop> {
        let pollable = match self.table.get(stream) {
            Ok(stream) if !stream.over => Pollable::new(Writable(Arc::clone(&stream.writer))),
            _ => Pollable::ready(),
        };
        push(self, pollable)
    }

    fn room(&mut self, stream: &Output) -> Result<usize, StreamError> {
        self.writer(stream)?.room().map_err(|broken| self.broken(stream, broken))
    }

    pub(super) fn check_write(mut self, stream: &Output) -> Result<u64, StreamError> {
        Ok(self.room(stream)? as u64)
    }

    /// Writes without waiting; more than there is room for is the guest's mistake.
    fn put(
        &mut self,
        stream: &Output,
        wanted: u64,
        mut pieces: impl FnMut(&dyn Writer) -> Result<(), Broken>,
    ) -> Result<Result<(), StreamError>, Stop> {
        let room = match self.room(stream) {
            Ok(room) => room as u64,
            Err(error) => return Ok(Err(error)),
        };
        if wanted > room {
            return Err(Stop::Overwritten { wanted, room });
        }
        let put = self
            .writer(stream)
            .and_then(|writer| pieces(&*writer).map_err(|broken| self.broken(stream, broken)));
        Ok(put)
    }

    pub(super) fn write(
        mut self,
        stream: &Output,
        bytes: &[u8],
    ) -> Result<Result<(), StreamError>, Stop> {
        self.put(stream, bytes.len() as u64, |writer| writer.put(bytes))
    }

    pub(super) fn write_zeroes(
        mut self,
        stream: &Output,
        len: u64,
    ) -> Result<Result<(), StreamError>, Stop> {
        self.put(stream, len, |writer| {
            let mut left = len;
            while left > 0 {
                let piece = left.min(ZEROES.len() as u64);
                writer.put(&ZEROES[..usize::try_from(piece).unwrap_or(ZEROES.len())])?;
                left -= piece;
            }
            Ok(())
        })
    }

    /// Writes everything, in pieces, and waits as often as there is no room.
    async fn put_all(&mut self, stream: &Output, mut bytes: &[u8]) -> Result<(), StreamError> {
        while !bytes.is_empty() {
            let writer = self.writer(stream)?;
            let room = self.room(stream)?;
            if room == 0 {
                writer.writable().await;
                continue;
            }
            let (piece, rest) = bytes.split_at(room.min(bytes.len()));
            writer.put(piece).map_err(|broken| self.broken(stream, broken))?;
            bytes = rest;
        }
        Ok(())
    }

    async fn wait_flushed(&mut self, stream: &Output) -> Result<(), StreamError> {
        let flushed = self.writer(stream)?.flushed();
        flushed.await.map_err(|broken| self.broken(stream, broken))
    }

    pub(super) async fn blocking_write_and_flush(
        mut self,
        stream: &Output,
        bytes: &[u8],
    ) -> Result<(), StreamError> {
        self.put_all(stream, bytes).await?;
        self.wait_flushed(stream).await
    }

    pub(super) async fn blocking_write_zeroes_and_flush(
        mut self,
        stream: &Output,
        len: u64,
    ) -> Result<(), StreamError> {
        let mut left = len;
        while left > 0 {
            let piece = left.min(ZEROES.len() as u64);
            let zeroes = &ZEROES[..usize::try_from(piece).unwrap_or(ZEROES.len())];
            self.put_all(stream, zeroes).await?;
            left -= piece;
        }
        self.wait_flushed(stream).await
    }

    /// Bytes are passed on as soon as they can be, so there is nothing to ask for.
    pub(super) fn flush(mut self, stream: &Output) -> Result<(), StreamError> {
        self.room(stream).map(drop)
    }

    pub(super) async fn blocking_flush(mut self, stream: &Output) -> Result<(), StreamError> {
        self.wait_flushed(stream).await
    }

    pub(super) fn splice(
        mut self,
        to: &Output,
        from: &Input,
        len: u64,
    ) -> Result<u64, StreamError> {
        let room = self.room(to)?;
        if room == 0 || len == 0 {
            return Ok(0);
        }
        let bytes = self.take(from, len.min(room as u64))?.unwrap_or_default();
        self.pass_on(to, &bytes)
    }

    pub(super) async fn blocking_splice(
        mut self,
        to: &Output,
        from: &Input,
        len: u64,
    ) -> Result<u64, StreamError> {
        let room = loop {
            match self.room(to)? {
                0 => self.writer(to)?.writable().await,
                room => break room as u64,
            }
        };
        let bytes = self.wait_and_take(from, len.min(room)).await?;
        let passed = self.pass_on(to, &bytes)?;
        self.wait_flushed(to).await?;
        Ok(passed)
    }

    fn pass_on(&mut self, to: &Output, bytes: &[u8]) -> Result<u64, StreamError> {
        if !bytes.is_empty() {
            self.writer(to)?.put(bytes).map_err(|broken| self.broken(to, broken))?;
        }
        Ok(bytes.len() as u64)
    }
}

fn push(view: View<'_>, pollable: Pollable) -> Result<Resource<Pollable>, Stop> {
    view.table.push(pollable).map_err(|_| Stop::TooManyHandles { max: RESOURCES_MAX })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::boundary::Waiting;
    use crate::host::table::Table;

    /// Has whatever it is asked for.
    struct Plenty;

    impl Reader for Plenty {
        fn take(&self, max: usize) -> Taken {
            Taken::Bytes(vec![7; max])
        }

        fn readable(self: Arc<Self>) -> Waiting<'static, ()> {
            Box::pin(std::future::ready(()))
        }
    }

    /// Takes whatever it is given.
    struct Bottomless;

    impl Writer for Bottomless {
        fn room(&self) -> Result<usize, Broken> {
            Ok(usize::MAX)
        }

        fn put(&self, bytes: &[u8]) -> Result<(), Broken> {
            assert!(bytes.len() <= STREAM_READ_BYTES_MAX, "{} bytes at once", bytes.len());
            Ok(())
        }

        fn writable(self: Arc<Self>) -> Waiting<'static, ()> {
            Box::pin(std::future::ready(()))
        }

        fn flushed(self: Arc<Self>) -> Waiting<'static, Result<(), Broken>> {
            Box::pin(std::future::ready(Ok(())))
        }
    }

    fn view(table: &mut Table) -> View<'_> {
        View { table, cancelled: false }
    }

    #[tokio::test]
    async fn one_call_moves_a_mebibyte_at_most_however_much_there_is() {
        let mut table = Table::new();
        let from = table.push(InputStream::new(Arc::new(Plenty))).expect("room");
        let to = table.push(OutputStream::new(Arc::new(Bottomless))).expect("room");
        for (asked, moved) in [
            (STREAM_READ_BYTES_MAX as u64 - 1, STREAM_READ_BYTES_MAX as u64 - 1),
            (STREAM_READ_BYTES_MAX as u64 + 1, STREAM_READ_BYTES_MAX as u64),
            (u64::MAX, STREAM_READ_BYTES_MAX as u64),
        ] {
            let taken = view(&mut table).read(&from, asked).expect("bytes");
            assert_eq!(taken.len() as u64, moved);
            let taken = view(&mut table).blocking_read(&from, asked).await.expect("bytes");
            assert_eq!(taken.len() as u64, moved);
            assert_eq!(view(&mut table).skip(&from, asked).expect("bytes"), moved);
            let skipped = view(&mut table).blocking_skip(&from, asked).await;
            assert_eq!(skipped.expect("bytes"), moved);
            assert_eq!(view(&mut table).splice(&to, &from, asked).expect("bytes"), moved);
            let spliced = view(&mut table).blocking_splice(&to, &from, asked).await;
            assert_eq!(spliced.expect("bytes"), moved);
        }
    }
}
