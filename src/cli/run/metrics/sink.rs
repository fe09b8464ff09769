//! Where figures go: a file, or an endpoint that a monitoring system asks.

use std::io::Write;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{Metrics, SharedMetrics, endpoint};
use crate::cli::cx::Cx;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::parse;
use crate::engine::Pool;

/// Figures for a monitoring system.
#[derive(clap::Args)]
#[command(next_help_heading = "Metrics")]
pub(in crate::cli::run) struct MetricsArgs {
    /// Count, and write Prometheus text to a file, or serve it at a loopback ADDRESS:PORT
    #[arg(long, value_name = "FILE|ADDR")]
    metrics: Option<PathBuf>,
    /// How often the file is written, besides at the end
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "10s",
        requires = "metrics",
        value_parser = parse::duration
    )]
    metrics_interval: Duration,
}

/// The shortest interval: writing must not become what the run does.
const INTERVAL_MIN: Duration = Duration::from_millis(100);

/// Where the figures of a run go.
pub(in crate::cli::run) struct Sink {
    metrics: SharedMetrics,
    target: Target,
    interval: Duration,
}

enum Target {
    File(PathBuf),
    /// Served until it is dropped.
    Endpoint {
        address: SocketAddr,
        task: tokio::task::JoinHandle<()>,
    },
}

impl MetricsArgs {
    /// Opens what was asked for. A file that cannot be written is an error now, not at the end.
    pub(in crate::cli::run) fn open(
        &self,
        cx: &Cx,
        runtime: &tokio::runtime::Runtime,
        pool: Option<Pool>,
    ) -> Result<Option<Sink>, Failure> {
        let Some(target) = &self.metrics else { return Ok(None) };
        if self.metrics_interval < INTERVAL_MIN {
            let message = "--metrics-interval is shorter than 100 ms";
            return Err(Failure::new(Exit::Usage, "metrics", message));
        }
        let metrics = Arc::new(Metrics::new(pool)?);
        let target = match target.to_str().and_then(address) {
            Some(address) => {
                let (address, task) = endpoint::serve(runtime, address?, Arc::clone(&metrics))?;
                Target::Endpoint { address, task }
            }
            None => {
                let path = cx.env.absolute(target)?;
                if cx.ui.json() && is_standard_output(&path) {
                    let message = format!("with --json, events go to {}", target.display());
                    let help =
                        "write the metrics to a file, or serve them: --metrics 127.0.0.1:9100";
                    return Err(Failure::new(Exit::Usage, "metrics", message).help(help));
                }
                write(&path, &metrics.render()).map_err(|error| unwritable(&path, &error))?;
                Target::File(path)
            }
        };
        Ok(Some(Sink { metrics, target, interval: self.metrics_interval }))
    }
}

/// Whether a path leads to the standard output of this process, by whatever name.
fn is_standard_output(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let Ok(named) = std::fs::metadata(path) else { return false };
    // What swallows everything mixes nothing.
    let is_sink = std::fs::metadata("/dev/null").is_ok_and(|null| null.rdev() == named.rdev());
    let open = rustix::fs::fstat(std::io::stdout());
    !is_sink && open.is_ok_and(|open| open.st_dev == named.dev() && open.st_ino == named.ino())
}

/// What looks like `HOST:PORT` is one; `./HOST:PORT` is a file.
fn address(text: &str) -> Option<Result<SocketAddr, Failure>> {
    let (host, port) = text.rsplit_once(':')?;
    if host.contains('/') || port.parse::<u16>().is_err() {
        return None;
    }
    let refused = |message: String| Failure::new(Exit::Usage, "metrics", message);
    let found = match host {
        // Names are not looked up: whose they are is not known here.
        "localhost" | "127.0.0.1" | "[::1]" => text.to_socket_addrs(),
        _ => match text.parse::<SocketAddr>() {
            Ok(address) if address.ip().is_loopback() => Ok(vec![address].into_iter()),
            _ => {
                let message = format!("{text} is not an address of this machine alone");
                return Some(Err(refused(message).help(format!("--metrics 127.0.0.1:{port}"))));
            }
        },
    };
    let first = found.ok().and_then(|mut found| found.find(|it| it.ip().is_loopback()));
    Some(first.ok_or_else(|| refused(format!("{text} is no loopback address"))))
}

impl Sink {
    /// Who counts.
    pub(in crate::cli::run) fn metrics(&self) -> &SharedMetrics {
        &self.metrics
    }

    /// Where the figures can be asked for.
    pub(in crate::cli::run) fn address(&self) -> Option<SocketAddr> {
        match &self.target {
            Target::Endpoint { address, .. } => Some(*address),
            Target::File(_) => None,
        }
    }

    /// How often [`Sink::tell`] is to be called.
    pub(in crate::cli::run) fn interval(&self) -> Duration {
        self.interval
    }

    /// Writes the file; an endpoint is asked by others.
    pub(in crate::cli::run) fn tell(&self) -> Result<(), Failure> {
        self.metrics.upkeep();
        match &self.target {
            Target::Endpoint { .. } => Ok(()),
            Target::File(path) => {
                write(path, &self.metrics.render()).map_err(|error| unwritable(path, &error))
            }
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if let Target::Endpoint { task, .. } = &self.target {
            task.abort();
        }
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::environment(format!("cannot write the metrics to {}", path.display()), error)
}

/// Replaces the file in one step: whoever reads it sees all figures of one moment.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let not_a_file = || std::io::Error::from(std::io::ErrorKind::InvalidFilename);
    let dir = path.parent().ok_or_else(not_a_file)?;
    let name = path.file_name().ok_or_else(not_a_file)?;
    if std::fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
        return write_to(path, text);
    }
    let mut prefix = std::ffi::OsString::from(".");
    prefix.push(name);
    let mut file = tempfile::Builder::new().prefix(&prefix).tempfile_in(dir)?;
    file.write_all(text.as_bytes())?;
    readable(file.as_file())?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

/// A pipe or a device is not replaced, but written to, without waiting for whoever reads it.
fn write_to(path: &Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let flags = i32::try_from(flags.bits()).map_err(std::io::Error::other)?;
    let mut file = std::fs::File::options().write(true).custom_flags(flags).open(path)?;
    match file.write_all(text.as_bytes()) {
        // A reader that is gone wants no more.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Lets others read it: a collector runs as somebody else, as a rule.
fn readable(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_are_served_and_anything_else_is_a_file() {
        let served = |text| address(text).map(|found| found.map(|it| it.ip().is_loopback()).ok());
        assert_eq!(served("127.0.0.1:9100"), Some(Some(true)));
        assert_eq!(served("127.5.5.5:0"), Some(Some(true)));
        assert_eq!(served("[::1]:9100"), Some(Some(true)));
        assert_eq!(served("localhost:9100"), Some(Some(true)));
        for refused in ["0.0.0.0:9100", "192.0.2.1:9100", "example.org:80", "[::]:1", ":9100"] {
            assert_eq!(served(refused), Some(None), "{refused}");
        }
        for file in ["metrics.prom", "./127.0.0.1:9100", "a:b", "127.0.0.1", "a:99999"] {
            assert_eq!(served(file), None, "{file}");
        }
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_else_is_left() {
        let dir = tempfile::tempdir().expect("a scratch directory");
        let path = dir.path().join("m.prom");
        write(&path, "one\n").expect("written");
        write(&path, "two\n").expect("replaced");
        assert_eq!(std::fs::read_to_string(&path).expect("readable"), "two\n");
        assert_eq!(std::fs::read_dir(dir.path()).expect("a listing").count(), 1);
        assert!(write(&dir.path().join("gone/m.prom"), "").is_err());
        assert!(write(dir.path(), "").is_err(), "a directory is no file");
    }

    #[test]
    fn a_pipe_that_nobody_reads_is_an_error_and_no_wait() {
        let dir = tempfile::tempdir().expect("a scratch directory");
        let path = dir.path().join("pipe");
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, &path, kind, rustix::fs::Mode::RWXU, 0)
            .expect("a pipe");
        assert!(write(&path, "one\n").is_err());
    }
}
