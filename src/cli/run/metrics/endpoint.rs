//! A little HTTP server on a loopback address: `GET /metrics`, and nothing else.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::SharedMetrics;
use crate::cli::failure::Failure;

/// Bytes of a request's head.
const HEAD_BYTES_MAX: usize = 8 << 10;
/// Requests that are answered at once.
const REQUESTS_MAX: usize = 16;
/// How long a request may take, its answer included.
const PATIENCE: Duration = Duration::from_secs(5);

/// Serves the figures until the task is aborted; the address is the one that was bound.
pub(super) fn serve(
    runtime: &tokio::runtime::Runtime,
    address: SocketAddr,
    metrics: SharedMetrics,
) -> Result<(SocketAddr, JoinHandle<()>), Failure> {
    let unbound =
        |error| Failure::environment(format!("cannot serve metrics at {address}"), &error);
    let listener = runtime.block_on(TcpListener::bind(address)).map_err(unbound)?;
    let bound = listener.local_addr().map_err(unbound)?;
    Ok((bound, runtime.spawn(accept(listener, metrics))))
}

async fn accept(listener: TcpListener, metrics: SharedMetrics) {
    let room = Arc::new(Semaphore::new(REQUESTS_MAX));
    loop {
        // Never closed.
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Such as no descriptors left, which passes.
                tracing::warn!("a request for metrics was not accepted: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let metrics = Arc::clone(&metrics);
        tokio::spawn(async move {
            // Whoever is slow or goes away gets nothing.
            let _ = tokio::time::timeout(PATIENCE, answer(stream, &metrics)).await;
            drop(permit);
        });
    }
}

async fn answer(mut stream: TcpStream, metrics: &SharedMetrics) -> std::io::Result<()> {
    let head = read_head(&mut stream).await?;
    let (status, text) = match judge(&head) {
        Ok(()) => ("200 OK", metrics.render()),
        Err(status) => (status, format!("{status}\n")),
    };
    let length = text.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}

/// Everything up to the blank line, or as much as is looked at.
async fn read_head(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    let mut stream = stream.take(HEAD_BYTES_MAX as u64);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Whether a request gets the figures, or with what status it does not.
fn judge(head: &str) -> Result<(), &'static str> {
    let Some((head, _)) = head.split_once("\r\n\r\n") else { return Err("400 Bad Request") };
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let host = lines.filter_map(|line| line.split_once(':'));
    let mut host = host.filter(|(name, _)| name.eq_ignore_ascii_case("host"));
    // A page in a browser may reach a loopback address under a name of its own.
    if !host.all(|(_, host)| is_ours(host.trim())) {
        return Err("403 Forbidden");
    }
    match (method, path.split('?').next().unwrap_or_default()) {
        ("GET", "/metrics") => Ok(()),
        ("GET", _) => Err("404 Not Found"),
        _ => Err("405 Method Not Allowed"),
    }
}

fn is_ours(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    let loopback = address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    loopback || name.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_figures_are_served_and_only_to_this_machine() {
        let check = |head: &str, expected: Result<(), &str>| {
            assert_eq!(judge(head), expected, "{head:?}");
        };
        check("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:9100\r\n\r\n", Ok(()));
        check("GET /metrics?x=1 HTTP/1.1\r\nHost: localhost\r\n\r\n", Ok(()));
        check("GET /metrics HTTP/1.1\r\nhost: [::1]:9100\r\n\r\n", Ok(()));
        check("GET /metrics HTTP/1.0\r\n\r\n", Ok(()));
        check("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", Err("404 Not Found"));
        check("POST /metrics HTTP/1.1\r\n\r\n", Err("405 Method Not Allowed"));
        check("GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n", Err("403 Forbidden"));
        check("GET /metrics HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n", Err("403 Forbidden"));
        check("GET /metrics HTTP/1.1\r\n", Err("400 Bad Request"));
        check("", Err("400 Bad Request"));
    }
}
