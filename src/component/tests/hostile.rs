//! Damaged and malicious bytes: an error or an answer, soon, and never a panic.

use super::super::finding;
use super::super::kernel::{self, Release};
use super::super::samples::{capsule, everything, wat};
use super::super::{ParseError, Surface};
use crate::limits;

/// A small generator of the same numbers every time (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

/// Reads and, where that works, asks everything that can be asked.
fn exercise(bytes: &[u8]) -> Result<(), ParseError> {
    let surface = Surface::read(bytes)?;
    finding::of(&surface);
    kernel::findings(Release::V0_8_0, &surface);
    Ok(())
}

fn victim() -> Vec<u8> {
    capsule(
        "(func (export \"astrid-hook-trigger\") (param i32 i32 i32 i32) (result i32)
           call $p (i32.store (i32.const 0) (i32.const 0)) (i32.const 64))
         (global $g (mut i32) (i32.const 0)) (func $p (global.set $g (i32.const 1)))
         (func (export \"run\") call $p) (func (export \"astrid-install\") call $p)
         (func (export \"astrid-upgrade\") (loop (br 0)))",
    )
}

#[test]
fn truncated_files_are_errors_inside_the_file_or_whole_answers() {
    for bytes in [victim(), everything()] {
        exercise(&bytes).expect("the whole file is fine");
        let mut errors = 0;
        for step in 0..1000 {
            let length = bytes.len() * step / 1000;
            if let Err(error) = exercise(&bytes[..length]) {
                assert!(error.offset <= length, "{error} in {length} bytes");
                errors += 1;
            }
        }
        // A cut between two sections leaves a well-formed file, which is rare.
        assert!(errors > 950, "only {errors} of 1000 cuts were noticed");
    }
}

#[test]
fn changed_bytes_never_bring_the_reader_down() {
    let mut numbers = Numbers(7);
    let (small, large) = (victim(), everything());
    let mut errors = 0;
    for round in 0..10_000 {
        let mut bytes = if round % 10 == 0 { large.clone() } else { small.clone() };
        for _ in 0..=numbers.below(3) {
            let at = numbers.below(bytes.len());
            bytes[at] = numbers.below(256) as u8;
        }
        if let Err(error) = exercise(&bytes) {
            assert!(error.offset <= bytes.len() && !error.message.is_empty());
            errors += 1;
        }
    }
    assert!(errors > 1000, "only {errors} changes were noticed");
}

/// Unsigned LEB128.
fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn section(id: u8, contents: &[u8]) -> Vec<u8> {
    [&[id], &leb(contents.len())[..], contents].concat()
}

fn component(sections: &[Vec<u8>]) -> Vec<u8> {
    [b"\0asm\x0d\0\x01\0".to_vec(), sections.concat()].concat()
}

#[track_caller]
fn refused(bytes: &[u8], with: &str) {
    let error = exercise(bytes).expect_err("it has to be refused");
    assert!(error.message.contains(with), "{error}");
    assert!(error.offset <= bytes.len());
}

#[test]
fn nesting_bombs_are_refused_at_the_limit() {
    let nest = |depth: usize| {
        let mut bytes = component(&[]);
        for _ in 0..depth {
            bytes = component(&[section(4, &bytes)]);
        }
        bytes
    };
    exercise(&nest(limits::NESTING_MAX)).expect("the limit itself is fine");
    refused(&nest(limits::NESTING_MAX + 1), "nested too deeply");
    refused(&nest(3000), "nested too deeply");
    // An instance type inside an instance type, a hundred thousand times.
    let types = [vec![1], [0x42, 1, 1].repeat(100_000), vec![0x42, 0]].concat();
    refused(&component(&[section(7, &types)]), "nested too deeply");
}

#[test]
fn huge_counts_cost_nothing_unless_the_bytes_are_there() {
    let count = leb(u32::MAX as usize);
    for id in 1..=12 {
        let bytes = component(&[section(id, &count)]);
        let _ = exercise(&bytes);
    }
    for id in 1..=13 {
        let _ = exercise(&[b"\0asm\x01\0\0\0".to_vec(), section(id, &count)].concat());
    }
    // 300,000 empty instance types in 600 kB.
    let types = [leb(300_000), [0x42, 0].repeat(300_000)].concat();
    refused(&component(&[section(7, &types)]), "items");
    let empty = section(1, b"\0asm\x01\0\0\0");
    refused(&component(&vec![empty; 2000]), "modules and components");
}

#[test]
fn types_that_double_at_every_step_are_not_written_out() {
    let mut types = String::from("(type $t0 (tuple u8 u8))");
    for n in 1..60 {
        types += &format!("(type $t{n} (tuple $t{} $t{}))", n - 1, n - 1);
    }
    let bytes = wat(&format!(
        "(component (import \"astrid:kv/host@1.0.0\"
           (instance {types} (export \"kv-get\" (func (result $t59))))))"
    ));
    let surface = Surface::read(&bytes).expect("it is well-formed");
    let problems = super::super::world::check(&surface);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].message().contains("too large to print"), "{}", problems[0].message());
    let mut lists = String::from("(type $t0 (list u8))");
    for n in 1..5000 {
        lists += &format!("(type $t{n} (list $t{}))", n - 1);
    }
    let bytes = wat(&format!(
        "(component (import \"astrid:kv/host@1.0.0\"
           (instance {lists} (export \"kv-get\" (func (result $t4999))))))"
    ));
    exercise(&bytes).expect("it is well-formed");
}

#[test]
fn long_chains_of_aliases_end_as_unclear() {
    let mut text = String::from("(component (import \"f\" (func $f0))");
    for n in 1..2000 {
        text += &format!(
            "(instance $i{n} (export \"x\" (func $f{}))) (alias export $i{n} \"x\" (func $f{n}))",
            n - 1
        );
    }
    let bytes = wat(&format!("{text} (export \"run\" (func $f1999)))"));
    let surface = Surface::read(&bytes).expect("it is well-formed");
    let run = surface.entry_points.get(super::super::EntryPoint::Run);
    assert!(run.evidence.contains("too long to follow"), "{}", run.evidence);
}
