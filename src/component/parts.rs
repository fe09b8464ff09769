//! What a binary is made of: modules, custom sections, sizes, and who made it.

use wasmparser::ProducersSectionReader;

use super::binary::{Binary, ModuleOutline};
use super::surface::{CustomSection, Memory, Module, Producer, Sizes, Table};

/// Tools that are listed; real binaries name fewer than ten.
const PRODUCERS_MAX: usize = 64;
/// Bytes of a tool's name or version that are kept.
const PRODUCER_BYTES_MAX: usize = 128;

pub(super) fn modules(binary: &Binary<'_>) -> Vec<Module> {
    binary.modules.iter().map(module).collect()
}

fn module(outline: &ModuleOutline<'_>) -> Module {
    let memories = outline.memories.iter().map(|memory| Memory {
        initial_pages: memory.initial,
        maximum_pages: memory.maximum,
        page_bytes: 1_u64.checked_shl(memory.page_size_log2.unwrap_or(16)).unwrap_or(u64::MAX),
        shared: memory.shared,
        memory64: memory.memory64,
    });
    let tables = outline.tables.iter().map(|table| Table {
        initial: table.initial,
        maximum: table.maximum,
        element: table.element_type.to_string(),
    });
    Module {
        range: outline.range.clone(),
        functions: outline.functions.as_ref().map_or(0, |section| section.count()),
        code_bytes: outline.code.len() as u64,
        data_bytes: outline.data.len() as u64,
        memories: memories.collect(),
        tables: tables.collect(),
    }
}

pub(super) fn custom_sections(binary: &Binary<'_>) -> Vec<CustomSection> {
    let sections = binary.customs.iter().map(|custom| CustomSection {
        name: custom.name.to_owned(),
        size_bytes: custom.size as u64,
        module: custom.module,
    });
    sections.collect()
}

pub(super) fn sizes(binary: &Binary<'_>) -> Sizes {
    let mut sizes = Sizes::default();
    let mut modules = 0;
    for module in &binary.modules {
        modules += module.range.len() as u64;
        sizes.code_bytes += module.code.len() as u64;
        sizes.data_bytes += module.data.len() as u64;
    }
    let mut inside = sizes.code_bytes + sizes.data_bytes;
    let mut outside = 0;
    for custom in &binary.customs {
        let size = custom.size as u64;
        match custom.name {
            name if name.starts_with(".debug_") => sizes.debug_bytes += size,
            "name" | "component-name" => sizes.names_bytes += size,
            _ => sizes.custom_bytes += size,
        }
        match custom.module {
            Some(_) => inside += size,
            None => outside += size,
        }
    }
    // Sections lie inside their module and modules inside the file, one behind the other.
    sizes.module_bytes = modules - inside;
    sizes.wiring_bytes = binary.bytes.len() as u64 - modules - outside;
    sizes
}

/// The tools that the binary names, each once. A section that cannot be read names none.
pub(super) fn producers(binary: &Binary<'_>) -> Vec<Producer> {
    let mut producers = Vec::new();
    for custom in binary.customs.iter().filter(|custom| custom.name == "producers") {
        let Ok(section) = ProducersSectionReader::new(custom.data.clone()) else { continue };
        for field in section.into_iter().map_while(Result::ok) {
            for value in field.values.into_iter().map_while(Result::ok) {
                let producer = Producer {
                    field: field.name.to_owned(),
                    name: shortened(value.name),
                    version: shortened(value.version),
                };
                if producers.len() >= PRODUCERS_MAX {
                    return producers;
                }
                if !producers.contains(&producer) {
                    producers.push(producer);
                }
            }
        }
    }
    producers
}

fn shortened(text: &str) -> String {
    text[..text.floor_char_boundary(PRODUCER_BYTES_MAX)].to_owned()
}

/// The script language whose interpreter the binary brings along.
pub(super) fn script_engine(producers: &[Producer]) -> Option<&str> {
    let scripts = ["JavaScript", "Python"];
    let engines = [("ComponentizeJS", "JavaScript"), ("StarlingMonkey", "JavaScript")];
    producers.iter().find_map(|producer| match producer.field.as_str() {
        "language" => scripts.into_iter().find(|script| producer.name == *script),
        _ => engines.iter().find(|(engine, _)| producer.name.contains(engine)).map(|it| it.1),
    })
}
