//! Bytes and frames of a connection.

use std::future::Future;
use std::io;
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use socket2::SockRef;
use wasmtime::component::Resource;

use super::connection::{Connection, Frame, Incoming, Shared, is_gone, patience};
use super::host::error_code;
use super::{ErrorCode, NetReadStatus, ShutdownHow, View};
use crate::host::boundary::Stop;
use crate::host::io::Pollable;
use crate::host::io::streams::{InputStream, OutputStream};
use crate::limits::{NET_FRAME_BYTES_MAX, RESOURCES_MAX};

type Stream = Resource<Connection>;

/// Waits for as long as the guest said, if it said so.
async fn within<R>(
    limit: Option<Duration>,
    work: impl Future<Output = io::Result<R>>,
) -> io::Result<R> {
    match limit {
        None => work.await,
        Some(limit) => {
            let done = tokio::time::timeout(limit, work).await;
            done.unwrap_or_else(|_| Err(io::ErrorKind::WouldBlock.into()))
        }
    }
}

impl View<'_> {
    pub(super) fn shared(&self, stream: &Stream) -> Result<Arc<Shared>, ErrorCode> {
        let connection = self.table.get(stream).map_err(|_| ErrorCode::InvalidHandle)?;
        Ok(Arc::clone(&connection.shared))
    }

    pub(super) async fn read(self, stream: &Stream) -> Result<NetReadStatus, ErrorCode> {
        let shared = self.shared(stream)?;
        match shared.frame().await {
            Ok(Frame::Data(data)) => Ok(NetReadStatus::Data(data)),
            Ok(Frame::Closed) => Ok(NetReadStatus::Closed),
            Ok(Frame::Pending) => Ok(NetReadStatus::Pending),
            Ok(Frame::TooLong(length)) => Err(ErrorCode::Unknown(format!(
                "a frame of {length} bytes, more than {NET_FRAME_BYTES_MAX}"
            ))),
            Ok(Frame::Stalled) => {
                Err(ErrorCode::Unknown("the rest of a frame does not come".to_owned()))
            }
            Err(error) => Err(error_code(&error)),
        }
    }

    pub(super) async fn write(self, stream: &Stream, data: &[u8]) -> Result<(), ErrorCode> {
        let shared = self.shared(stream)?;
        let length = u32::try_from(data.len());
        let length = length.map_err(|_| ErrorCode::Unknown("the frame is too long".to_owned()))?;
        let limit = shared.timeouts().write.unwrap_or_else(|| patience(data.len()));
        let sending = async {
            shared.send(&length.to_be_bytes()).await?;
            shared.send(data).await
        };
        let sent = within(Some(limit), sending).await.inspect_err(|_| {
            // What was sent of the frame cannot be taken back, so nothing may follow it.
            let _ = SockRef::from(&shared.socket).shutdown(Shutdown::Write);
        });
        sent.map_err(|error| match error {
            error if is_gone(&error) => ErrorCode::ConnectionReset,
            error if error.kind() == io::ErrorKind::WouldBlock => {
                ErrorCode::Unknown("the peer does not take the frame in time".to_owned())
            }
            error => ErrorCode::Unknown(error.to_string()),
        })
    }

    pub(super) async fn read_bytes(self, stream: &Stream, max: u32) -> Result<Vec<u8>, ErrorCode> {
        let shared = self.shared(stream)?;
        let max = (max as usize).min(NET_FRAME_BYTES_MAX);
        if max == 0 {
            return Ok(Vec::new());
        }
        answer(within(shared.timeouts().read, shared.some(max)).await)
    }

    pub(super) async fn peek(self, stream: &Stream, max: u32) -> Result<Vec<u8>, ErrorCode> {
        let shared = self.shared(stream)?;
        shared.socket.tcp().ok_or(ErrorCode::NotTcp)?;
        let max = (max as usize).min(NET_FRAME_BYTES_MAX);
        if max == 0 {
            return Ok(Vec::new());
        }
        answer(within(shared.timeouts().read, shared.peek(max)).await)
    }

    pub(super) async fn write_bytes(self, stream: &Stream, data: &[u8]) -> Result<u32, ErrorCode> {
        let shared = self.shared(stream)?;
        if data.is_empty() {
            return Ok(0);
        }
        let limit = shared.timeouts().write.unwrap_or_else(|| patience(data.len()));
        match within(Some(limit), shared.send_some(data)).await {
            Ok(count) => Ok(u32::try_from(count).unwrap_or(u32::MAX)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(ErrorCode::WouldBlock),
            Err(error) => Err(ErrorCode::Unknown(error.to_string())),
        }
    }

    pub(super) fn shutdown(self, stream: &Stream, how: ShutdownHow) -> Result<(), ErrorCode> {
        let shared = self.shared(stream)?;
        let how = match how {
            ShutdownHow::Receive => Shutdown::Read,
            ShutdownHow::Send => Shutdown::Write,
            ShutdownHow::Both => Shutdown::Both,
        };
        let socket = shared.socket.tcp().ok_or(ErrorCode::NotTcp)?;
        SockRef::from(socket).shutdown(how).map_err(|error| error_code(&error))
    }

    pub(super) fn subscribe_readable(self, stream: &Stream) -> Result<Resource<Pollable>, Stop> {
        let pollable = match self.shared(stream) {
            Ok(shared) => Pollable::new(Incoming(shared)),
            Err(_) => Pollable::ready(),
        };
        self.table.push(pollable).map_err(|_| too_many())
    }

    pub(super) fn read_stream(self, stream: &Stream) -> Result<Resource<InputStream>, Stop> {
        let shared = self.shared(stream).map_err(|_| Stop::Cancelled)?;
        self.table.push(InputStream::new(shared)).map_err(|_| too_many())
    }

    pub(super) fn write_stream(self, stream: &Stream) -> Result<Resource<OutputStream>, Stop> {
        let shared = self.shared(stream).map_err(|_| Stop::Cancelled)?;
        self.table.push(OutputStream::new(shared)).map_err(|_| too_many())
    }
}

/// Bytes, or none for a peer that has gone in whatever way.
fn answer(read: io::Result<Vec<u8>>) -> Result<Vec<u8>, ErrorCode> {
    match read {
        Ok(bytes) => Ok(bytes),
        Err(error) if is_gone(&error) => Ok(Vec::new()),
        Err(error) => Err(error_code(&error)),
    }
}

fn too_many() -> Stop {
    Stop::TooManyHandles { max: RESOURCES_MAX }
}
