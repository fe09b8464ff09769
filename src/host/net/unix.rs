//! The capsule's own socket in the file system, and the programs that connect to it.

use std::any::Any;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use wasmtime::component::Resource;

use super::connection::{Connection, Peer};
use super::handshake::{HELLO_BYTES_MAX, Hello, Status, Welcome, frame};
use super::host::error_code;
use super::queue::{Queue, Waiter};
use super::slots::Slot;
use super::{ErrorCode, View};
use crate::host::boundary::Stop;
use crate::host::io::Pollable;
use crate::host::ports::{Doorway, OpenDoor};
use crate::limits::{NET_HANDSHAKE_STEP, NET_POLL_ACCEPT_MAX, NET_STRANGER_PAUSE, RESOURCES_MAX};
use crate::policy::gate::Ask;

/// The socket of one loaded capsule, which all of its instances share. It is opened when it is first
/// asked for, and closed with the capsule.
#[derive(Default)]
pub(crate) struct SharedDoor(Mutex<Option<Arc<Shared>>>);

/// A handle to the socket; dropping it closes nothing.
#[derive(Debug)]
pub struct Door {
    shared: Arc<Shared>,
}

type Shared = Queue<UnixListener, Keep>;

/// What goes with the socket.
struct Keep {
    token: String,
    _door: Box<dyn Any + Send + Sync>,
}

impl SharedDoor {
    fn open(&self, doorway: &dyn Doorway) -> io::Result<Arc<Shared>> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = &*open {
            return Ok(Arc::clone(shared));
        }
        let OpenDoor { listener, token, keep } = doorway.open()?;
        let socket = UnixListener::from_std(listener)?;
        let shared = Arc::new(Queue::new(socket, Keep { token, _door: keep }));
        *open = Some(Arc::clone(&shared));
        Ok(shared)
    }
}

/// Lets a program in that runs for the same user and knows the token; anybody else is dropped.
async fn admit(stream: UnixStream, token: &str) -> Option<UnixStream> {
    let own = rustix::process::geteuid().as_raw();
    if !stream.peer_cred().is_ok_and(|peer| peer.uid() == own) {
        drop(stream);
        tokio::time::sleep(NET_STRANGER_PAUSE).await;
        return None;
    }
    greet(stream, token, NET_HANDSHAKE_STEP).await
}

/// Holds the handshake. A step that takes too long is the end of it.
async fn greet(mut stream: UnixStream, token: &str, step: Duration) -> Option<UnixStream> {
    let heard = tokio::time::timeout(step, hear(&mut stream)).await;
    let hello = heard.ok()??;
    let welcome = Welcome::to(&hello, token);
    let answer = frame(&serde_json::to_vec(&welcome).ok()?);
    let said = tokio::time::timeout(step, stream.write_all(&answer)).await;
    said.ok()?.ok()?;
    (welcome.status == Status::Ok).then_some(stream)
}

/// Reads exactly one message, so that what follows it is the capsule's.
async fn hear(stream: &mut UnixStream) -> Option<Hello> {
    let length = stream.read_u32().await.ok()? as usize;
    if length > HELLO_BYTES_MAX {
        return None;
    }
    let mut message = vec![0; length];
    stream.read_exact(&mut message).await.ok()?;
    serde_json::from_slice(&message).ok()
}

fn no_random_bytes() -> ErrorCode {
    ErrorCode::Unknown("the system has no random bytes".to_owned())
}

impl View<'_> {
    pub(super) fn bind_unix(mut self) -> Result<Resource<Door>, ErrorCode> {
        self.gate.ask(Ask::BindUnix)?;
        let shared = self.door.open(self.doorway).map_err(|error| error_code(&error))?;
        self.table.push(Door { shared }).map_err(|_| ErrorCode::Quota)
    }

    fn shared_door(&self, door: &Resource<Door>) -> Result<Arc<Shared>, ErrorCode> {
        let door = self.table.get(door).map_err(|_| ErrorCode::InvalidHandle)?;
        Ok(Arc::clone(&door.shared))
    }

    fn connected(self, stream: UnixStream, slot: Slot) -> Result<Resource<Connection>, ErrorCode> {
        // The token is the user's own, who acts as the owner of the capsule.
        let connection = self.clock.uuid().map_err(|_| no_random_bytes())?;
        let peer = Peer { principal: self.owner.clone(), connection };
        self.table.push(Connection::new(stream, slot).with_peer(peer)).map_err(|_| ErrorCode::Quota)
    }

    /// Waits until somebody passes the handshake.
    pub(super) async fn accept_unix(
        self,
        door: &Resource<Door>,
    ) -> Result<Resource<Connection>, ErrorCode> {
        let shared = self.shared_door(door)?;
        let slot = self.places.streams.take().ok_or(ErrorCode::Quota)?;
        loop {
            let stream = shared.accept().await.map_err(|error| error_code(&error))?;
            if let Some(stream) = admit(stream, &shared.keep.token).await {
                return self.connected(stream, slot);
            }
        }
    }

    /// Waits for somebody for a while, and tries them once.
    pub(super) async fn poll_accept_unix(
        self,
        door: &Resource<Door>,
        timeout_ms: u64,
    ) -> Result<Option<Resource<Connection>>, ErrorCode> {
        let shared = self.shared_door(door)?;
        let Some(slot) = self.places.streams.take() else { return Ok(None) };
        let timeout = Duration::from_millis(timeout_ms).min(NET_POLL_ACCEPT_MAX);
        let Ok(next) = tokio::time::timeout(timeout, shared.accept()).await else {
            return Ok(None);
        };
        let stream = next.map_err(|error| error_code(&error))?;
        match admit(stream, &shared.keep.token).await {
            Some(stream) => self.connected(stream, slot).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn subscribe_door(self, door: &Resource<Door>) -> Result<Resource<Pollable>, Stop> {
        let pollable = match self.shared_door(door) {
            Ok(shared) => Pollable::new(Waiter(shared)),
            Err(_) => Pollable::ready(),
        };
        self.table.push(pollable).map_err(|_| Stop::TooManyHandles { max: RESOURCES_MAX })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
    /// Longer than anything takes here.
    const PATIENCE: Duration = Duration::from_secs(60);

    /// What becomes of a program that says `bytes`: whether it is let in, and what it is answered.
    async fn greeted(bytes: &[u8], step: Duration) -> (bool, Vec<u8>) {
        let (server, mut client) = UnixStream::pair().expect("a pair");
        client.write_all(bytes).await.expect("room for it");
        let admitted = greet(server, TOKEN, step).await;
        let is_in = admitted.is_some();
        drop(admitted);
        let mut answer = Vec::new();
        // A side that leaves bytes unread resets the connection.
        let _ = client.read_to_end(&mut answer).await;
        (is_in, answer.split_off(answer.len().min(4)))
    }

    fn hello(token: &str, version: u32) -> Vec<u8> {
        let hello = serde_json::json!({
            "token": token, "protocol_version": version, "client_version": "1", "later": true,
        });
        frame(hello.to_string().as_bytes())
    }

    fn reason(answer: &[u8]) -> Option<String> {
        let welcome: Welcome = serde_json::from_slice(answer).expect("an answer");
        welcome.reason
    }

    #[tokio::test]
    async fn a_program_with_the_token_is_let_in() {
        let (is_in, answer) = greeted(&hello(TOKEN, 1), PATIENCE).await;
        assert!(is_in);
        assert_eq!(reason(&answer), None);
        // What it says next is the capsule's, down to the first byte.
        let (server, mut client) = UnixStream::pair().expect("a pair");
        client.write_all(&[hello(TOKEN, 1), b"next".to_vec()].concat()).await.expect("room");
        let mut server = greet(server, TOKEN, PATIENCE).await.expect("let in");
        let mut next = [0; 4];
        server.read_exact(&mut next).await.expect("it is there");
        assert_eq!(&next, b"next");
    }

    #[tokio::test]
    async fn another_token_or_version_is_answered_and_dropped() {
        for (bytes, word) in [(hello("x", 1), "token"), (hello(TOKEN, 2), "version")] {
            let (is_in, answer) = greeted(&bytes, PATIENCE).await;
            assert!(!is_in);
            assert!(reason(&answer).expect("a reason").contains(word));
        }
    }

    #[tokio::test]
    async fn what_cannot_be_understood_is_dropped_without_an_answer() {
        let long = frame(&vec![b' '; HELLO_BYTES_MAX + 1]);
        for bytes in [frame(b"{"), frame(b""), frame(b"{}"), long, hello(TOKEN, 256), vec![]] {
            let step = if bytes.is_empty() { Duration::ZERO } else { PATIENCE };
            assert_eq!(greeted(&bytes, step).await, (false, Vec::new()));
        }
        // Half a message, and then nothing.
        let half = &hello(TOKEN, 1)[..20];
        assert_eq!(greeted(half, Duration::from_millis(1)).await, (false, Vec::new()));
    }
}
