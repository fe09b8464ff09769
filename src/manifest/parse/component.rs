//! `[[component]]`.

use super::super::capabilities::{Capabilities, Capability};
use super::super::model::Component;
use super::super::source::{quote, shown};
use super::capabilities;
use super::sink::Sink;
use super::tree::{Section, Text};
use crate::rules::manifest as kinds;

const KEYS: &[&str] = &["file", "entrypoint", "id", "type", "hash", "link", "capabilities"];

/// Characters in a BLAKE3 digest as text.
const DIGEST_CHARS: usize = 64;

pub(super) fn read(sink: &mut Sink<'_>, root: &Section<'_>) -> Vec<Component> {
    let sections = root.sections(sink, "component");
    if sections.is_empty() && !root.has("component") {
        let message = "the manifest has no [[component]]: there is nothing to load".to_owned();
        let help = "add [[component]] with file = \"<name>.wasm\"".to_owned();
        sink.advise(&kinds::NO_COMPONENT, &(0..0), message, help);
    }
    for extra in sections.iter().skip(1) {
        let message = format!("{} is not loaded: only the first component is", extra.path());
        sink.report(&kinds::EXTRA_COMPONENT, &extra.span, message);
    }
    sections.iter().filter_map(|section| component(sink, section)).collect()
}

fn component(sink: &mut Sink<'_>, section: &Section<'_>) -> Option<Component> {
    section.check_keys(sink, KEYS, &[]);
    let file = file(sink, section);
    let hash = section.string(sink, "hash").map(|text| hash(sink, section, text));
    let id = section.plain(sink, "id").unwrap_or_default();
    let kind = section.plain(sink, "type");
    let link = section.plain_strings(sink, "link");
    let capabilities = own_capabilities(sink, section);
    Some(Component { file: file?, id, kind, hash, link, capabilities })
}

fn file(sink: &mut Sink<'_>, section: &Section<'_>) -> Option<String> {
    if let (Some(_), Some(alias)) = (section.entry("file"), section.entry("entrypoint")) {
        let message =
            format!("{} has both `file` and `entrypoint`, which mean the same", section.path());
        sink.report(&kinds::COMPONENT_ENTRYPOINT, &alias.key_span(), message);
    }
    let key = if section.has("entrypoint") && !section.has("file") { "entrypoint" } else { "file" };
    let text = section.require(sink, key)?;
    let path = section.path_of(key);
    if let Some(fault) = fault(&text.value) {
        let message = format!("{path} {} {fault}", shown(&text.value));
        let help = "name a file inside the capsule's directory, as in \"my_capsule.wasm\"";
        sink.advise(&kinds::COMPONENT_FILE, &text.span, message, help.to_owned());
        return None;
    }
    if !has_wasm_extension(&text.value) {
        let message = format!("{path} {} does not end in .wasm", shown(&text.value));
        let help = "0.8.0 installs no binary from such a file, and then refuses to load".to_owned();
        sink.advise(&kinds::COMPONENT_EXTENSION, &text.span, message, help);
    }
    Some(text.value)
}

/// What keeps `file` from being a path inside the capsule. Backslashes count as separators, so
/// that no platform reads more into the path than we checked.
fn fault(file: &str) -> Option<&'static str> {
    let mut segments = file.split(['/', '\\']);
    if file.is_empty() {
        Some("is empty")
    } else if file.chars().any(char::is_control) {
        Some("holds a control character")
    } else if file.starts_with(['/', '\\']) || file.as_bytes().get(1) == Some(&b':') {
        Some("is an absolute path")
    } else if segments.any(|segment| segment == "..") {
        Some("leaves the capsule's directory")
    } else if file.ends_with(['/', '\\']) || file == "." || file.ends_with("/.") {
        Some("names a directory")
    } else {
        None
    }
}

fn has_wasm_extension(file: &str) -> bool {
    std::path::Path::new(file).extension().is_some_and(|extension| extension == "wasm")
}

fn hash(sink: &mut Sink<'_>, section: &Section<'_>, text: Text) -> String {
    let digest = text.value.strip_prefix("blake3:").unwrap_or(&text.value).to_owned();
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if digest.len() != DIGEST_CHARS || !digest.chars().all(hex) {
        let path = section.path_of("hash");
        let message = format!("{path} {} is not a BLAKE3 digest", shown(&text.value));
        let help = format!("write its {DIGEST_CHARS} characters in lower-case hexadecimal");
        sink.advise(&kinds::COMPONENT_HASH, &text.span, message, help);
    }
    digest
}

fn own_capabilities(sink: &mut Sink<'_>, section: &Section<'_>) -> Capabilities {
    let Some(table) = section.section(sink, "capabilities") else {
        return Capabilities::default();
    };
    let own = capabilities::read(sink, &table);
    for capability in Capability::ALL {
        let lost = own.holds(capability) && !capability.is_folded_by_0_8_0();
        if let Some(entry) = table.entry(capability.name()).filter(|_| lost) {
            let name = capability.name();
            let message = format!("{} takes effect here, but not in 0.8.0", table.path_of(name));
            let values: Vec<_> = own.values(capability).map(quote).collect();
            let line = match capability.is_flag() {
                true => format!("{name} = true"),
                false => format!("{name} = [{}]", values.join(", ")),
            };
            let help = format!("move it to the root table: [capabilities] {line}");
            sink.advise(&kinds::COMPONENT_CAPABILITY, &entry.key_span(), message, help);
        }
    }
    own
}
