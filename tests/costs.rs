//! What a cold start and a warm call cost, in numbers that are the same each time they are taken:
//! instructions, allocations, system calls. Time is for the benchmarks.
//!
//! What was measured once is recorded beside the measurement, and more than that, with a margin where
//! the machine has a say, fails. `BLESS=1 cargo test --test costs` records what is measured now.

#[path = "costs/allocator.rs"]
mod allocator;
#[path = "costs/figures.rs"]
mod figures;
#[path = "costs/instructions.rs"]
mod instructions;
#[path = "../benches/call/ours.rs"]
mod ours;
mod support;
#[path = "costs/warm.rs"]
mod warm;

/// What the benchmark's side of a call is made with.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const ACTION: &str = "act";

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

#[global_allocator]
static ALLOCATOR: allocator::Counting = allocator::Counting;
