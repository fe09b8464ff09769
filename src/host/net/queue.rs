//! A listening socket and those who wait for it.
//!
//! Whether somebody waits is seen by letting them in. They are held until they are asked for, so that
//! a look takes nobody away from whoever accepts.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use crate::host::boundary::Waiting;
use crate::host::io::Source;

/// A socket that lets others in.
pub(super) trait Accept: Send + Sync + 'static {
    /// What connects one of them.
    type Stream: Send + 'static;
    /// Lets the next one in. Several may wait for that at once.
    fn next(&self) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

impl Accept for TcpListener {
    type Stream = TcpStream;
    async fn next(&self) -> io::Result<TcpStream> {
        Ok(self.accept().await?.0)
    }
}

impl Accept for UnixListener {
    type Stream = UnixStream;
    async fn next(&self) -> io::Result<UnixStream> {
        Ok(self.accept().await?.0)
    }
}

/// A socket, with what is to be kept for as long as anybody accepts or looks.
pub(super) struct Queue<L: Accept, K> {
    pub(super) socket: L,
    pub(super) keep: K,
    /// Whoever was let in by a look; one for each that found nobody here.
    held: Mutex<VecDeque<L::Stream>>,
}

impl<L: Accept, K> std::fmt::Debug for Queue<L, K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").field("held", &self.held().len()).finish_non_exhaustive()
    }
}

impl<L: Accept, K> Queue<L, K> {
    pub(super) fn new(socket: L, keep: K) -> Queue<L, K> {
        Queue { socket, keep, held: Mutex::default() }
    }

    fn held(&self) -> MutexGuard<'_, VecDeque<L::Stream>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next one, in the order in which they came.
    pub(super) async fn accept(&self) -> io::Result<L::Stream> {
        if let Some(stream) = self.held().pop_front() {
            return Ok(stream);
        }
        self.socket.next().await
    }

    /// Completes when `accept` would not wait.
    async fn waiting(&self) {
        if !self.held().is_empty() {
            return;
        }
        // A failure is told by `accept`.
        if let Ok(stream) = self.socket.next().await {
            self.held().push_back(stream);
        }
    }
}

/// Ready when somebody waits.
pub(super) struct Waiter<L: Accept, K>(pub(super) Arc<Queue<L, K>>);

impl<L: Accept, K: Send + Sync + 'static> Source for Waiter<L, K> {
    fn wait(&self) -> Waiting<'static, ()> {
        let queue = Arc::clone(&self.0);
        Box::pin(async move { queue.waiting().await })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Longer than anything takes here.
    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn nobody_is_lost_to_two_who_look_at_once() {
        let socket = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = socket.local_addr().expect("an address");
        let queue = Queue::new(socket, ());
        let peers = async {
            // The two who look wait by now: they are polled first.
            let one = TcpStream::connect(address).await.expect("connected");
            (one, TcpStream::connect(address).await.expect("connected"))
        };
        let all = async { tokio::join!(biased; queue.waiting(), queue.waiting(), peers).2 };
        let _peers = tokio::time::timeout(PATIENCE, all).await.expect("both see somebody");
        for _ in 0..2 {
            let accepted = tokio::time::timeout(PATIENCE, queue.accept()).await;
            accepted.expect("somebody is there").expect("accepted");
        }
    }

    #[tokio::test]
    async fn whoever_was_seen_comes_first_and_is_seen_again() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("socket");
        let queue = Queue::new(UnixListener::bind(&path).expect("a socket"), ());
        let say = async |text: &[u8]| {
            let peer = UnixStream::connect(&path).await.expect("connected");
            peer.try_write(text).expect("room");
            peer
        };
        let _one = say(b"1").await;
        queue.waiting().await;
        let _two = say(b"2").await;
        queue.waiting().await;
        for expected in [b"1", b"2"] {
            let accepted = tokio::time::timeout(PATIENCE, queue.accept()).await;
            let stream = accepted.expect("somebody is there").expect("accepted");
            stream.readable().await.expect("something was said");
            let mut heard = [0];
            stream.try_read(&mut heard).expect("it is there");
            assert_eq!(&heard, expected);
        }
    }
}
