//! Programs at a terminal of the test's own: what they say is read as a person would, and what a
//! person types is sent to them.

use std::io::{Read, Write};
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use pty_process::blocking::{Command, Pty};
use rustix::termios::{LocalModes, tcgetattr};

use super::process::{Launch, Output};

/// A program that runs at a terminal. It is killed when this is dropped.
pub(crate) struct AtTerminal {
    child: Child,
    pty: Arc<Pty>,
    screen: Arc<Screen>,
    /// How much of the screen the test has dealt with.
    read: usize,
    patience: Duration,
}

#[derive(Default)]
struct Screen {
    shown: Mutex<(String, bool)>,
    more: Condvar,
}

impl Launch {
    /// Starts it with a terminal as all three of its streams.
    #[track_caller]
    pub(crate) fn at_terminal(self) -> AtTerminal {
        let (command, patience) = self.into_command();
        let (pty, pts) = pty_process::blocking::open().expect("the system has terminals");
        let mut at = Command::new(command.get_program())
            .args(command.get_args())
            .env_clear()
            .current_dir(command.get_current_dir().expect("a launch has a directory"));
        for (name, value) in command.get_envs() {
            at = at.env(name, value.unwrap_or_default());
        }
        let child = at.spawn(pts).expect("the program can be started");
        let (pty, screen) = (Arc::new(pty), Arc::<Screen>::default());
        let (from, to) = (Arc::clone(&pty), Arc::clone(&screen));
        std::thread::spawn(move || to.follow(&from));
        AtTerminal { child, pty, screen, read: 0, patience }
    }
}

impl Screen {
    fn follow(&self, mut pty: &Pty) {
        let mut bytes = [0; 4096];
        // The terminal ends with an error when the last program has left it.
        while let Ok(count @ 1..) = pty.read(&mut bytes) {
            let text = String::from_utf8_lossy(&bytes[..count]).replace('\r', "");
            self.shown.lock().unwrap_or_else(PoisonError::into_inner).0.push_str(&text);
            self.more.notify_all();
        }
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.more.notify_all();
    }

    /// Waits until what is shown satisfies `wanted`; `None` when it never does.
    fn wait<T>(
        &self,
        patience: Duration,
        mut wanted: impl FnMut(&str, bool) -> Option<T>,
    ) -> Result<T, String> {
        let deadline = Instant::now() + patience;
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(found) = wanted(&shown.0, shown.1) {
                return Ok(found);
            }
            let rest = deadline.saturating_duration_since(Instant::now());
            if rest.is_zero() || shown.1 {
                return Err(shown.0.clone());
            }
            let waited = self.more.wait_timeout(shown, rest);
            shown = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl AtTerminal {
    /// Waits until `text` is shown, after what was waited for before; gives what came up to its end.
    #[track_caller]
    pub(crate) fn expect(&mut self, text: &str) -> String {
        let from = self.read;
        let found = self.screen.wait(self.patience, |shown, _| {
            let at = shown[from..].find(text)?;
            Some(from + at + text.len())
        });
        match found {
            Ok(end) => {
                self.read = end;
                let shown = self.screen.shown.lock().unwrap_or_else(PoisonError::into_inner);
                shown.0[from..end].to_owned()
            }
            Err(shown) => panic!("{text:?} is not shown after {from} bytes of\n{shown}"),
        }
    }

    /// Types.
    #[track_caller]
    pub(crate) fn send(&mut self, text: &str) {
        (&*self.pty).write_all(text.as_bytes()).expect("the terminal takes what is typed");
    }

    /// Whether what is typed is shown.
    #[track_caller]
    pub(crate) fn echoes(&self) -> bool {
        let modes = tcgetattr(&*self.pty).expect("a terminal has modes").local_modes;
        modes.contains(LocalModes::ECHO)
    }

    /// Waits until what is typed is not shown.
    #[track_caller]
    pub(crate) fn expect_hidden(&self) {
        let deadline = Instant::now() + self.patience;
        while self.echoes() {
            assert!(Instant::now() < deadline, "what is typed is still shown");
            std::thread::yield_now();
        }
    }

    /// Waits for its end; both streams are what was shown.
    #[track_caller]
    pub(crate) fn finish(mut self) -> Output {
        let ended = self.screen.wait(self.patience, |_, over| over.then_some(()));
        let status = match ended {
            Ok(()) => self.child.wait().expect("a child can be waited for"),
            Err(shown) => panic!("the program has not ended; it shows\n{shown}"),
        };
        self.output(status)
    }

    fn output(&self, status: ExitStatus) -> Output {
        let shown = self.screen.shown.lock().unwrap_or_else(PoisonError::into_inner).0.clone();
        Output { status, stdout: shown, stderr: String::new() }
    }
}

impl Drop for AtTerminal {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
