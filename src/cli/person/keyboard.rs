//! Lines that somebody types at the terminal.
//!
//! Waiting for a line can be ended from another thread, which also puts the terminal back as it was:
//! a question that has timed out leaves nobody behind who reads what is typed next.

use std::io::{PipeReader, PipeWriter, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::stdio::stdin;
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr,
};

/// A terminal drops what is typed on one line beyond this.
const LINE_BYTES_MAX: usize = 4095;

/// What was typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line, without its end.
    Text(String),
    /// More than a terminal takes on one line, so that some of it is lost.
    TooLong,
    /// Bytes that are no text.
    NoText,
}

/// Nobody types any more: the end of the input, or [`Keyboard::stop`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gone;

/// Standard input as a terminal, for one conversation.
pub(super) struct Keyboard {
    woken: PipeReader,
    wake: PipeWriter,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What the terminal was like before typing was hidden.
    visible: Option<Termios>,
    stopped: bool,
    over: bool,
}

impl Keyboard {
    pub(super) fn new() -> std::io::Result<Keyboard> {
        let (woken, wake) = std::io::pipe()?;
        Ok(Keyboard { woken, wake, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what was typed before the question was there to be read.
    pub(super) fn forget(&self) {
        // Without a terminal there is nothing to forget.
        let _ = tcflush(stdin(), QueueSelector::IFlush);
    }

    /// Waits for a line.
    pub(super) fn line(&self) -> Result<Line, Gone> {
        let mut bytes = Vec::new();
        loop {
            self.wait()?;
            let mut buffer = [0; LINE_BYTES_MAX + 1];
            let count = match rustix::io::read(stdin(), &mut buffer) {
                Ok(0) => {
                    // Whatever is said next is not said on the line of the question.
                    super::say("\n");
                    return Err(Gone);
                }
                Ok(count) => count,
                Err(Errno::INTR) => continue,
                Err(_) => return Err(Gone),
            };
            bytes.extend_from_slice(&buffer[..count]);
            // What ends a line is a line break, or the end of the input in the middle of one.
            if bytes.last() == Some(&b'\n') {
                bytes.pop();
                break;
            }
            if bytes.len() > LINE_BYTES_MAX {
                break;
            }
        }
        if bytes.len() >= LINE_BYTES_MAX {
            self.forget();
            return Ok(Line::TooLong);
        }
        Ok(String::from_utf8(bytes).map_or(Line::NoText, Line::Text))
    }

    /// Waits for a line that is not shown.
    pub(super) fn hidden_line(&self) -> Result<Line, Gone> {
        self.hide()?;
        let line = self.line();
        self.show();
        line
    }

    fn wait(&self) -> Result<(), Gone> {
        loop {
            let input = stdin();
            let mut waiting = [
                PollFd::new(&self.woken, PollFlags::IN),
                PollFd::from_borrowed_fd(input, PollFlags::IN),
            ];
            match poll(&mut waiting, None) {
                Ok(_) if !waiting[0].revents().is_empty() => return Err(Gone),
                Ok(_) if !waiting[1].revents().is_empty() => return Ok(()),
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return Err(Gone),
            }
        }
    }

    fn hide(&self) -> Result<(), Gone> {
        let mut state = self.state();
        if state.stopped {
            return Err(Gone);
        }
        // A secret is not asked for where it would be seen.
        let visible = tcgetattr(stdin()).map_err(|_| Gone)?;
        let mut hidden = visible.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        hidden.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(stdin(), OptionalActions::Now, &hidden).map_err(|_| Gone)?;
        state.visible = Some(visible);
        Ok(())
    }

    fn show(&self) {
        self.state().show();
    }

    /// Says that the conversation came to its end by itself.
    pub(super) fn over(&self) {
        self.state().over = true;
    }

    /// Ends the conversation if it is not over: nobody is waited for, and the terminal is as it was.
    pub(super) fn stop(&self) {
        let mut state = self.state();
        if state.over || state.stopped {
            return;
        }
        state.stopped = true;
        state.show();
        // Half a line was meant for this question and for no other.
        self.forget();
        // The other end is ours, so it is there.
        let _ = (&self.wake).write_all(b".");
        super::say("\n");
    }
}

impl State {
    fn show(&mut self) {
        if let Some(visible) = self.visible.take() {
            // A terminal that is gone needs nothing.
            let _ = tcsetattr(stdin(), OptionalActions::Now, &visible);
        }
    }
}
