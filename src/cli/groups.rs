//! `capsule group`.

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use crate::principal::group::{DescriptionEdit, GroupEdit};
use crate::principal::{Group, GroupConfig, GroupError};
use crate::report::principal::GroupsReport;

/// Show or change groups of capabilities
///
/// A group bundles capability patterns; principals that are members of it hold them. Three groups are
/// built in and do not change: admin, agent and restricted.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  capsule group create auditors --capability audit:read_all
  capsule principal set ada --join auditors")]
pub(super) struct GroupArgs {
    #[command(subcommand)]
    action: Option<GroupAction>,
}

#[derive(clap::Subcommand)]
enum GroupAction {
    /// List all groups (the default)
    List,
    /// Show a group
    Show {
        /// Its name
        name: String,
    },
    /// Make a group
    Create(EditArgs),
    /// Change a group; what is not named stays
    Set(EditArgs),
    /// Delete a group; its members lose what it gave them
    Delete {
        /// Its name
        name: String,
    },
}

#[derive(clap::Args)]
struct EditArgs {
    /// Its name
    name: String,
    /// A capability, or a pattern of them, that members hold; repeatable, all of them together
    #[arg(long = "capability", value_name = "CAPABILITY")]
    capabilities: Vec<String>,
    /// Members hold nothing
    #[arg(long, conflicts_with = "capabilities")]
    no_capabilities: bool,
    /// What it is for; empty for nothing
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Needed for `*`, every capability there is
    #[arg(long)]
    unsafe_admin: bool,
}

pub(super) fn run(cx: &Cx, args: GroupArgs) -> Result<Exit, Failure> {
    let store = cx.store()?;
    let path = store.home().groups();
    let action = args.action.unwrap_or(GroupAction::List);
    let _lock = match action {
        GroupAction::List | GroupAction::Show { .. } => None,
        _ => Some(store.lock_policy().map_err(|error| {
            Failure::environment("cannot lock the groups of this home".to_owned(), &error)
        })?),
    };
    let config =
        GroupConfig::load(&path).map_err(|error| unusable(&error, "cannot use the groups"))?;
    let (next, name) = match action {
        GroupAction::List => (config, None),
        GroupAction::Show { name } => (config, Some(name)),
        GroupAction::Create(args) => {
            let group = Group {
                capabilities: args.capabilities,
                description: args.description.filter(|text| !text.is_empty()),
                unsafe_admin: args.unsafe_admin,
            };
            (saved(&path, config.insert(&args.name, group))?, Some(args.name))
        }
        GroupAction::Set(args) => {
            let name = args.name.clone();
            (saved(&path, config.modify(&name, edit(args)))?, Some(name))
        }
        GroupAction::Delete { name } => {
            let next = saved(&path, config.remove(&name))?;
            cx.ui.talk(&format!("deleted {name}\n"));
            (next, None)
        }
    };
    let shown = next.iter().filter(|(it, _)| name.as_deref().is_none_or(|name| name == *it));
    let report = GroupsReport::new(shown);
    if let Some(name) = name.filter(|name| next.get(name).is_none()) {
        return Err(unusable(&GroupError::UnknownGroup(name), "cannot show it"));
    }
    cx.ui.document(&report);
    cx.ui.text(&report.table());
    Ok(Exit::Done)
}

fn edit(args: EditArgs) -> GroupEdit {
    GroupEdit {
        capabilities: match (args.no_capabilities, args.capabilities) {
            (true, _) => Some(Vec::new()),
            (false, none) if none.is_empty() => None,
            (false, some) => Some(some),
        },
        description: match args.description {
            None => DescriptionEdit::Keep,
            Some(text) if text.is_empty() => DescriptionEdit::Clear,
            Some(text) => DescriptionEdit::Set(text),
        },
        unsafe_admin: args.unsafe_admin.then_some(true),
    }
}

fn saved(
    path: &std::path::Path,
    next: Result<GroupConfig, GroupError>,
) -> Result<GroupConfig, Failure> {
    let next = next.and_then(|next| next.save(path).map(|()| next));
    next.map_err(|error| unusable(&error, "the groups are not changed"))
}

/// The failure for groups that cannot be used, or not be changed like that.
pub(super) fn unusable(error: &GroupError, message: &str) -> Failure {
    let (exit, help) = match error {
        GroupError::UnknownGroup(_) => (Exit::Usage, "capsule group list"),
        GroupError::DuplicateName(_) => (Exit::No, "capsule group set NAME changes a group"),
        GroupError::RedefinedBuiltin(_) => (Exit::Denied, "choose another name"),
        GroupError::UnsafeUniversalGrant { .. } => (Exit::Denied, "--unsafe-admin, if it is meant"),
        GroupError::InvalidName { .. } | GroupError::InvalidCapability { .. } => {
            (Exit::Usage, "capsule group --help")
        }
        _ => (Exit::Environment, "correct the file, or remove it"),
    };
    Failure::new(exit, "groups", message).because(error).help(help)
}
