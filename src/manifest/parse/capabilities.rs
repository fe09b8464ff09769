//! `[capabilities]`, at the root and in a component.

use super::super::capabilities::{Capabilities, Capability};
use super::entries;
use super::legacy;
use super::sink::Sink;
use super::tree::{Section, did_you_mean};
use crate::rules::manifest as kinds;

/// Keys of later releases that ask for nothing.
const QUIET: &[&str] = &["bind_workers"];

/// Names that documents mention and that no release ever had, each with what to write.
const NEVER_EXISTED: &[(&str, &str)] = &[
    ("net_udp", "UDP cannot be granted in any release"),
    ("net_tcp_bind", "listening on TCP cannot be granted in 0.8.0; `net_bind` is for Unix sockets"),
];

pub(super) fn read(sink: &mut Sink<'_>, section: &Section<'_>) -> Capabilities {
    check_keys(sink, section);
    legacy::report_ipc_lists(sink, section);
    let mut all = Capabilities::default();
    for capability in Capability::ALL {
        let Some(entry) = section.entry(capability.name()) else {
            continue;
        };
        if capability.is_flag() {
            if section.flag(sink, capability.name()) == Some(true) {
                all.insert(capability, "", Some(sink.line(entry.key_span().start)));
            }
            continue;
        }
        let texts = section.strings(sink, capability.name());
        for text in &texts {
            if text.value.is_empty() {
                let message =
                    format!("{} has an empty entry: dropped", section.path_of(capability.name()));
                sink.report(&kinds::EMPTY_ENTRY, &text.span, message);
                continue;
            }
            entries::check(sink, section, capability, text);
            all.insert(capability, &text.value, Some(sink.line(text.span.start)));
        }
        if capability == Capability::NetBind {
            entries::check_net_bind(sink, &entry, &texts);
        }
    }
    all
}

fn check_keys(sink: &mut Sink<'_>, section: &Section<'_>) {
    let names = Capability::ALL.map(Capability::name);
    for entry in section.entries() {
        let known = names.contains(&entry.key)
            || QUIET.contains(&entry.key)
            || legacy::IPC_LISTS.contains(&entry.key);
        if known {
            continue;
        }
        let never = NEVER_EXISTED.iter().find(|(name, _)| *name == entry.key);
        let help = match never {
            Some((_, help)) => Some((*help).to_owned()),
            None => did_you_mean(entry.key, &names),
        };
        section.unknown_key(sink, &entry, help);
    }
}
