//! `capsule kv`.

mod desk;
mod transfer;

use std::path::PathBuf;

use super::cx::Cx;
use super::env_vars::acting;
use super::exit::Exit;
use super::failure::Failure;
use super::target::{not_found, sites};
use crate::kv::{KvService, Namespace};
use crate::store::Store;
use crate::store::catalog::FindError;
use desk::Desk;

/// Show or change the keys and values of a capsule
///
/// It is the store that the capsule itself uses, also while it runs. Each principal has keys of its
/// own.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  capsule kv onboard list
  capsule kv onboard get answers | jq .
  capsule kv onboard set answers --file answers.json
  capsule kv onboard export --output onboard.json
  capsule kv onboard import onboard.json --merge")]
pub(super) struct KvArgs {
    /// Id of an installed capsule, or of one that left data behind
    #[arg(value_name = "NAME")]
    name: String,
    #[command(subcommand)]
    action: KvAction,
}

#[derive(clap::Subcommand)]
enum KvAction {
    /// Print a value, byte by byte; exit 1 when there is none
    Get {
        /// The key
        key: String,
    },
    /// Give a key a value
    Set {
        /// The key
        key: String,
        /// The value; `-` reads it from standard input
        #[arg(required_unless_present = "file", conflicts_with = "file")]
        value: Option<String>,
        /// File with the value
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// List keys and the sizes of their values
    List {
        /// Only keys that begin with this
        #[arg(default_value = "", hide_default_value = true)]
        prefix: String,
    },
    /// Delete keys
    Delete {
        /// The keys
        #[arg(value_name = "KEY", required_unless_present_any = ["prefix", "all"])]
        keys: Vec<String>,
        /// Delete all keys that begin with this; asks first
        #[arg(long, value_name = "PREFIX", conflicts_with_all = ["keys", "all"])]
        prefix: Option<String>,
        /// Delete all keys; asks first
        #[arg(long, conflicts_with = "keys")]
        all: bool,
    },
    /// Write all keys and values as JSON
    Export {
        /// Write to this file instead of standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Read what export wrote: all of it or, when anything is wrong, nothing
    #[command(group = clap::ArgGroup::new("mode").required(true))]
    Import {
        /// The file; `-` is standard input
        file: PathBuf,
        /// Remove all other keys; asks first when there are any
        #[arg(long, group = "mode")]
        replace: bool,
        /// Keep all other keys
        #[arg(long, group = "mode")]
        merge: bool,
    },
}

pub(super) fn run(cx: &Cx, args: KvArgs) -> Result<Exit, Failure> {
    let store = cx.store()?;
    let kv = KvService::at(store.home().key_value());
    known(cx, &store, &kv, &args.name)?;
    let principal = acting(cx, &store)?;
    let namespace = Namespace::new(principal.as_str(), &args.name).map_err(|error| {
        let message = format!("{:?} is not a capsule id", args.name);
        Failure::new(Exit::Usage, "capsule-id", message).because(&error)
    })?;
    let desk = Desk { cx, kv, namespace };
    match args.action {
        KvAction::Get { key } => desk.get(&key),
        KvAction::Set { key, value, file } => desk.set(&key, value, file),
        KvAction::List { prefix } => desk.list(&prefix),
        KvAction::Delete { keys, prefix: Some(prefix), .. } if keys.is_empty() => {
            desk.clear(&prefix)
        }
        KvAction::Delete { all: true, .. } => desk.clear(""),
        KvAction::Delete { keys, .. } => desk.delete(&keys),
        KvAction::Export { output } => desk.export(output.as_deref()),
        KvAction::Import { file, replace, .. } => desk.import(&file, replace),
    }
}

/// Refuses a capsule that is neither installed nor has left anything.
fn known(cx: &Cx, store: &Store, kv: &KvService, name: &str) -> Result<(), Failure> {
    let error = match store.find(&sites(cx, store)?, name) {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    if matches!(error, FindError::NotInstalled { .. }) {
        let left = kv.namespaces().map_err(|error| desk::failed(name, &error))?;
        if left.iter().any(|namespace| namespace.capsule() == name) {
            cx.ui.note(&format!("capsule {name} is not installed: these are keys that it left"));
            return Ok(());
        }
    }
    Err(not_found(name, error))
}
