//! What a child printed and nobody has read yet.

use std::collections::VecDeque;

/// What happens when there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overflow {
    /// The oldest bytes go.
    DropOldest,
    /// The child waits.
    Wait,
    /// The newest bytes go: whoever reads wants the beginning.
    DropNewest,
}

/// Bytes of one stream, bounded.
#[derive(Debug)]
pub(super) struct Ring {
    bytes: VecDeque<u8>,
    capacity: usize,
    overflow: Overflow,
    /// How many bytes of the stream came before the first one here.
    start: u64,
    /// Bytes that nobody got to read.
    pub(super) dropped: u64,
    /// Whether the stream is at its end.
    pub(super) ended: bool,
}

impl Ring {
    pub(super) fn new(capacity: usize, overflow: Overflow) -> Ring {
        Ring { bytes: VecDeque::new(), capacity, overflow, start: 0, dropped: 0, ended: false }
    }

    /// How many bytes may be read from the child now.
    pub(super) fn room(&self) -> usize {
        match self.overflow {
            Overflow::Wait => self.capacity - self.bytes.len(),
            Overflow::DropOldest | Overflow::DropNewest => usize::MAX,
        }
    }

    pub(super) fn push(&mut self, mut new: &[u8]) {
        if self.overflow == Overflow::DropNewest {
            let fits = new.len().min(self.capacity - self.bytes.len());
            self.dropped += (new.len() - fits) as u64;
            new = &new[..fits];
        } else if new.len() > self.capacity {
            let skipped = new.len() - self.capacity;
            self.forget(self.bytes.len());
            self.start += skipped as u64;
            self.dropped += skipped as u64;
            new = &new[skipped..];
        }
        let excess = (self.bytes.len() + new.len()).saturating_sub(self.capacity);
        self.forget(excess);
        self.bytes.extend(new);
    }

    fn forget(&mut self, bytes: usize) {
        self.bytes.drain(..bytes);
        self.start += bytes as u64;
        self.dropped += bytes as u64;
    }

    /// Forgets what is there and all that comes.
    pub(super) fn close(&mut self) {
        (self.bytes, self.capacity, self.overflow) = (VecDeque::new(), 0, Overflow::DropNewest);
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is text to take: more than a part of one character, unless no more will come.
    pub(super) fn has_text(&self) -> bool {
        // Of four bytes at least the first character is whole.
        let first: Vec<u8> = self.bytes.iter().take(4).copied().collect();
        whole_characters(&first) > 0 || (self.ended && !first.is_empty())
    }

    /// Takes what is there as text. A character of which only a part has come stays, unless the
    /// stream is at its end; bytes that are no text become replacement characters.
    pub(super) fn drain_text(&mut self) -> String {
        let bytes = self.bytes.make_contiguous();
        let whole = if self.ended { bytes.len() } else { whole_characters(bytes) };
        let text = String::from_utf8_lossy(&bytes[..whole]).into_owned();
        self.bytes.drain(..whole);
        self.start += whole as u64;
        text
    }

    /// Reads without taking: at most `max` bytes from `offset` of the stream on, the offset after
    /// them, and how many were gone. In a ring that makes the child wait, what comes before `offset`
    /// has been read and makes room.
    pub(super) fn read_since(&mut self, offset: Option<u64>, max: usize) -> (Vec<u8>, u64, u64) {
        let offset = offset.unwrap_or(self.start);
        let gone = self.start.saturating_sub(offset);
        let end = self.start + self.bytes.len() as u64;
        let from = offset.clamp(self.start, end);
        let skip = usize::try_from(from - self.start).unwrap_or(usize::MAX);
        if self.overflow == Overflow::Wait {
            self.bytes.drain(..skip);
            self.start = from;
        }
        let skip = if self.overflow == Overflow::Wait { 0 } else { skip };
        let data: Vec<u8> = self.bytes.iter().skip(skip).take(max).copied().collect();
        let next = from + data.len() as u64;
        (data, next, gone)
    }

    /// Whether nothing of the stream comes after `offset`.
    pub(super) fn is_drained(&self, offset: u64) -> bool {
        self.ended && offset >= self.start + self.bytes.len() as u64
    }
}

/// How many of `bytes` there are without a character at the end that is not all there.
fn whole_characters(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(3);
    for (index, byte) in bytes.iter().enumerate().skip(tail).rev() {
        let length = match byte {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            0x80..=0xbf => continue,
            _ => return bytes.len(),
        };
        return if index + length > bytes.len() { index } else { bytes.len() };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_bytes_go_and_are_counted() {
        let mut ring = Ring::new(4, Overflow::DropOldest);
        ring.push(b"abc");
        ring.push(b"de");
        assert_eq!((ring.len(), ring.dropped), (4, 1));
        assert_eq!(ring.read_since(Some(0), 10), (b"bcde".to_vec(), 5, 1));
        assert_eq!(ring.read_since(Some(3), 1), (b"d".to_vec(), 4, 0));
        ring.push(b"0123456789");
        assert_eq!(ring.read_since(None, 10), (b"6789".to_vec(), 15, 0));
        assert_eq!(ring.dropped, 11);
    }

    #[test]
    fn a_ring_that_waits_drops_nothing() {
        let mut ring = Ring::new(4, Overflow::Wait);
        ring.push(b"abcd");
        assert_eq!(ring.room(), 0);
        let (data, next, gone) = ring.read_since(None, 3);
        assert_eq!((data, next, gone, ring.room()), (b"abc".to_vec(), 3, 0, 0));
        assert_eq!(ring.read_since(Some(next), 3), (b"d".to_vec(), 4, 0));
        assert_eq!((ring.room(), ring.dropped), (3, 0));
    }

    #[test]
    fn the_beginning_is_kept_where_it_is_wanted() {
        let mut ring = Ring::new(4, Overflow::DropNewest);
        ring.push(b"abc");
        ring.push(b"def");
        ring.ended = true;
        assert_eq!((ring.drain_text(), ring.dropped), ("abcd".to_owned(), 2));
    }

    #[test]
    fn a_closed_ring_takes_no_memory_and_keeps_nobody_waiting() {
        for overflow in [Overflow::DropOldest, Overflow::Wait, Overflow::DropNewest] {
            let mut ring = Ring::new(4, overflow);
            ring.push(b"abcd");
            ring.close();
            assert!(ring.room() > 0);
            ring.push(b"efgh");
            assert_eq!((ring.len(), ring.bytes.capacity()), (0, 0));
        }
    }

    #[test]
    fn characters_are_not_cut_in_two() {
        let mut ring = Ring::new(16, Overflow::DropOldest);
        ring.push(&"aé€😀".as_bytes()[..4]);
        assert!(ring.has_text());
        assert_eq!(ring.drain_text(), "aé");
        assert!(!ring.has_text() && ring.len() == 1);
        ring.push(&"aé€😀".as_bytes()[4..9]);
        assert_eq!(ring.drain_text(), "€");
        assert!(!ring.has_text() && ring.len() > 0);
        ring.push(b"\xff");
        ring.ended = true;
        assert!(ring.has_text());
        assert_eq!(ring.drain_text(), "\u{fffd}\u{fffd}");
        assert!(!ring.has_text());
    }

    #[test]
    fn the_end_of_a_stream_is_seen_once_all_is_read() {
        let mut ring = Ring::new(4, Overflow::DropOldest);
        ring.push(b"a");
        assert!(!ring.is_drained(1));
        ring.ended = true;
        assert!(ring.is_drained(1));
        assert!(!ring.is_drained(0));
    }
}
