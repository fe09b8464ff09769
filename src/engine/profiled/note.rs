//! What instrumented code tells the host, and what telling costs.
//!
//! A note is a number. Every instrumented module has a memory of its own that can never grow, and a
//! function that asks it to, by the number of pages that the note is. The engine asks the meter
//! about every growth, which keeps the number and refuses. That makes the engine look at its epoch
//! at the next loop, which is the one in that function; the callback of the epoch sees the store,
//! and so the fuel.
//!
//! This reaches the host from everywhere, also from where the component model lets no import be
//! called: an allocator that lowering runs, or what runs after a function has returned. And it adds
//! no import to anything, so nothing of a component's wiring changes.
//!
//! ```wat
//! (func $note (param i64)
//!   local.get 0
//!   memory.grow $never   ;; the meter keeps the number
//!   drop
//!   loop end)            ;; the epoch's callback reads the fuel
//! ```

use wasm_encoder::{Encode, Instruction};

/// Fuel of one note: the constant and the call of it, the entry of the function, `local.get` and
/// `memory.grow`. Everything else in it is free.
pub(super) const NOTE_FUEL: u64 = 5;

/// How much of that has been written down when the host reads the fuel: what stands before the call,
/// and the call.
pub(super) const READ_AFTER: u64 = 2;

/// Marks a note among the sizes that memories may be asked to grow to. No 32-bit memory has them.
const MARK: u64 = 1 << 47;
const KIND_SHIFT: u32 = 45;
const MODULE_SHIFT: u32 = 32;
/// Modules in one binary that can be told apart.
pub(super) const MODULES_MAX: u32 = 1 << (KIND_SHIFT - MODULE_SHIFT);

/// A function of a core module of the binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct FunctionId {
    /// Number of the module in the binary, from 0.
    pub(super) module: u32,
    /// Number of the function in the module, imported ones counted.
    pub(super) function: u32,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A function was entered.
    Enter,
    /// It is about to return.
    Exit,
    /// It is about to give its place to another one.
    TailCall,
}

/// One note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) event: Event,
    pub(super) id: FunctionId,
}

impl Note {
    /// The number that stands for it.
    pub(super) fn number(self) -> u64 {
        let kind = match self.event {
            Event::Enter => 0,
            Event::Exit => 1,
            Event::TailCall => 2,
        };
        let module = u64::from(self.id.module) << MODULE_SHIFT;
        MARK | kind << KIND_SHIFT | module | u64::from(self.id.function)
    }

    /// The note that a number stands for.
    pub(super) fn read(number: u64) -> Option<Note> {
        if number >> (KIND_SHIFT + 2) != 1 {
            return None;
        }
        let event = match number >> KIND_SHIFT & 3 {
            0 => Event::Enter,
            1 => Event::Exit,
            2 => Event::TailCall,
            _ => return None,
        };
        let module = (number >> MODULE_SHIFT) as u32 & (MODULES_MAX - 1);
        Some(Note { event, id: FunctionId { module, function: number as u32 } })
    }

    /// Writes the code that makes the note, which leaves the stack as it was.
    pub(super) fn write(self, note: u32, sink: &mut Vec<u8>) {
        Instruction::I64Const(self.number().cast_signed()).encode(sink);
        Instruction::Call(note).encode(sink);
    }
}

/// The body of the function that makes notes, in a module whose memory for it is `memory`.
pub(super) fn note_function(memory: u32) -> Vec<u8> {
    let mut function = wasm_encoder::Function::new([]);
    function
        .instruction(&Instruction::LocalGet(0))
        .instruction(&Instruction::MemoryGrow(memory))
        .instruction(&Instruction::Drop)
        .instruction(&Instruction::Loop(wasm_encoder::BlockType::Empty))
        .instruction(&Instruction::End)
        .instruction(&Instruction::End);
    function.into_raw_body()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_note_is_read_as_what_was_written() {
        for event in [Event::Enter, Event::Exit, Event::TailCall] {
            for (module, function) in [(0, 0), (1, 7), (MODULES_MAX - 1, u32::MAX)] {
                let note = Note { event, id: FunctionId { module, function } };
                assert_eq!(Note::read(note.number()), Some(note));
            }
        }
    }

    #[test]
    fn sizes_of_ordinary_memories_are_no_notes() {
        for number in [0, 1, 65_536, 1 << 32, (1 << 47) - 1, 1 << 48, u64::MAX] {
            assert_eq!(Note::read(number), None, "{number:x}");
        }
        assert_eq!(Note::read(MARK | 3 << KIND_SHIFT), None);
    }
}
