//! The remaining tables: `[[uplink]]`, and those that nothing here acts on.

use super::super::model::{
    Command, ContextFile, Extras, McpServer, Skill, Tool, Uplink, UplinkProfile,
};
use super::super::source::shown;
use super::sink::Sink;
use super::tree::{Section, did_you_mean};
use crate::rules::manifest as kinds;

pub(super) fn uplinks(sink: &mut Sink<'_>, root: &Section<'_>) -> Vec<Uplink> {
    each(sink, root, "uplink", &["name", "platform", "profile"], &[], |sink, section| {
        let name = section.require(sink, "name");
        let platform = section.require(sink, "platform");
        let profile = section.require(sink, "profile")?;
        let Some(known) = UplinkProfile::from_name(&profile.value) else {
            let names = UplinkProfile::ALL.map(|(name, _)| name);
            let path = section.path_of("profile");
            let message =
                format!("{path} {} is none of {}", shown(&profile.value), names.join(", "));
            let help = did_you_mean(&profile.value, &names);
            sink.advise(&kinds::UPLINK_PROFILE, &profile.span, message, help);
            return None;
        };
        Some(Uplink { name: name?.value, platform: platform?.value, profile: known })
    })
}

pub(super) fn read(sink: &mut Sink<'_>, root: &Section<'_>) -> Extras {
    Extras {
        commands: commands(sink, root),
        mcp_servers: mcp_servers(sink, root),
        tools: tools(sink, root),
        skills: skills(sink, root),
        context_files: context_files(sink, root),
    }
}

/// Reads every `[[key]]`, its keys checked.
fn each<T>(
    sink: &mut Sink<'_>,
    root: &Section<'_>,
    key: &str,
    known: &[&str],
    quiet: &[&str],
    read: impl Fn(&mut Sink<'_>, &Section<'_>) -> Option<T>,
) -> Vec<T> {
    let mut all = Vec::new();
    for section in root.sections(sink, key) {
        section.check_keys(sink, known, quiet);
        all.extend(read(sink, &section));
    }
    all
}

fn commands(sink: &mut Sink<'_>, root: &Section<'_>) -> Vec<Command> {
    // `kind` came with 0.9.
    each(sink, root, "command", &["name", "description", "file"], &["kind"], |sink, section| {
        let name = section.require(sink, "name");
        let description = section.plain(sink, "description");
        let file = section.plain(sink, "file");
        Some(Command { name: name?.value, description, file })
    })
}

fn mcp_servers(sink: &mut Sink<'_>, root: &Section<'_>) -> Vec<McpServer> {
    let keys = &["id", "description", "type", "command", "args"];
    each(sink, root, "mcp_server", keys, &[], |sink, section| {
        let id = section.require(sink, "id");
        let description = section.plain(sink, "description");
        let kind = section.plain(sink, "type");
        let command = section.plain(sink, "command");
        let args = section.plain_strings(sink, "args");
        if kind.as_deref() == Some("stdio") && !section.has("command") {
            let message = format!("{} is of type stdio and has no command", section.path());
            sink.report(&kinds::MCP_COMMAND, &section.span, message);
        }
        Some(McpServer { id: id?.value, description, kind, command, args })
    })
}

fn tools(sink: &mut Sink<'_>, root: &Section<'_>) -> Vec<Tool> {
    let keys = &["name", "description_for_llm", "input_schema_wit", "mutable"];
    each(sink, root, "tool", keys, &[], |sink, section| {
        let name = section.require(sink, "name");
        let description = section.require(sink, "description_for_llm");
        let input_schema_wit = section.plain(sink, "input_schema_wit");
        let mutable = section.flag(sink, "mutable").unwrap_or_default();
        Some(Tool {
            name: name?.value,
            description_for_llm: description?.value,
            input_schema_wit,
            mutable,
        })
    })
}

fn skills(sink: &mut Sink<'_>, root: &Section<'_>) -> Vec<Skill> {
    each(sink, root, "skill", &["name", "file", "description"], &[], |sink, section| {
        let name = section.require(sink, "name");
        let file = section.require(sink, "file");
        let description = section.plain(sink, "description");
        Some(Skill { name: name?.value, file: file?.value, description })
    })
}

fn context_files(sink: &mut Sink<'_>, root: &Section<'_>) -> Vec<ContextFile> {
    each(sink, root, "context_file", &["name", "file"], &[], |sink, section| {
        let name = section.require(sink, "name");
        let file = section.require(sink, "file");
        Some(ContextFile { name: name?.value, file: file?.value })
    })
}
