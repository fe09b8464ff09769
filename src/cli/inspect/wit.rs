//! The world that a component was built for, as WIT text.
//!
//! The only part of `inspect` that validates the whole file, and so the only slow one.

use wit_component::WitPrinter;

use super::super::exit::Exit;
use super::super::failure::Failure;
use crate::component::{Kind, Surface};

/// The world of a component, with every package that it mentions.
pub(super) fn text(target: &str, surface: &Surface, bytes: &[u8]) -> Result<String, Failure> {
    if surface.kind == Kind::Module {
        let message = format!("{target} is a core module, which has no world");
        return Err(Failure::new(Exit::Invalid, "core-module", message)
            .help("wrap it: `wasm-tools component new core.wasm -o capsule.wasm`"));
    }
    print(bytes).map_err(|error| {
        let failure =
            Failure::new(Exit::Invalid, "wit", format!("the world of {target} cannot be told"));
        error.chain().fold(failure, |failure, cause| failure.cause(cause))
    })
}

fn print(bytes: &[u8]) -> anyhow::Result<String> {
    let decoded = wit_component::decode(bytes)?;
    let resolve = decoded.resolve();
    let main = decoded.package();
    let others: Vec<_> =
        resolve.packages.iter().map(|(id, _)| id).filter(|id| *id != main).collect();
    let mut printer = WitPrinter::default();
    printer.print(resolve, main, &others)?;
    Ok(printer.output.to_string())
}
