//! `capsule principal`.

mod delete;
mod edits;
mod quota;

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use crate::principal::{GroupConfig, PrincipalId, Profile, ProfileError, edit};
use crate::report::principal::{Principal, PrincipalsReport};
use crate::store::Store;
use crate::{principal, store::layout::Home};
use quota::Limits;

pub(super) use quota::{QuotaArgs, run as run_quota};

/// Show or change who may act, what they may do and how much they may use
///
/// A principal has a profile of its own: groups and capabilities, and limits on memory, time, fuel,
/// messages, processes and storage. Changes count from the next call on, also in capsules that are
/// running.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  capsule principal create ada
  capsule principal set ada --memory 32MiB --fuel-rate 500_000_000
  capsule principal set ada --grant audit:read_all
  capsule invoke greeter greet --principal ada")]
pub(super) struct PrincipalArgs {
    #[command(subcommand)]
    action: Option<PrincipalAction>,
}

#[derive(clap::Subcommand)]
enum PrincipalAction {
    /// List everybody (the default)
    List,
    /// Show all that is known of a principal
    Show {
        /// Id of a principal
        id: String,
    },
    /// Make a principal, a member of `agent` unless groups are named
    Create {
        /// Its id
        id: String,
        /// A group to be a member of; repeatable
        #[arg(long = "group", value_name = "GROUP")]
        groups: Vec<String>,
    },
    /// Change groups, capabilities and limits
    Set(Box<SetArgs>),
    /// Let a principal act again
    Enable {
        /// Id of a principal
        id: String,
    },
    /// Refuse every call of a principal, keeping what it has
    Disable {
        /// Id of a principal
        id: String,
    },
    /// Delete a principal
    Delete {
        /// Id of a principal
        id: String,
        /// Delete its home, secrets and data too
        #[arg(long)]
        purge: bool,
    },
}

#[derive(clap::Args)]
struct SetArgs {
    /// Id of a principal
    id: String,
    /// Become a member of a group; repeatable
    #[arg(long, value_name = "GROUP")]
    join: Vec<String>,
    /// Leave a group; repeatable
    #[arg(long, value_name = "GROUP")]
    leave: Vec<String>,
    /// Grant a capability or a pattern of them; repeatable
    #[arg(long, value_name = "CAPABILITY")]
    grant: Vec<String>,
    /// Take a grant back; repeatable
    #[arg(long, value_name = "CAPABILITY")]
    ungrant: Vec<String>,
    /// Revoke a capability, whatever grants it; repeatable
    #[arg(long, value_name = "CAPABILITY")]
    revoke: Vec<String>,
    /// Take a revocation back; repeatable
    #[arg(long, value_name = "CAPABILITY")]
    unrevoke: Vec<String>,
    /// Needed to grant `*`, every capability there is
    #[arg(long)]
    unsafe_admin: bool,
    #[command(flatten)]
    limits: Limits,
}

pub(super) fn run(cx: &Cx, args: PrincipalArgs) -> Result<Exit, Failure> {
    let store = cx.store()?;
    let desk = Desk { cx, store: &store, home: store.home() };
    match args.action.unwrap_or(PrincipalAction::List) {
        PrincipalAction::List => desk.list(),
        PrincipalAction::Show { id } => desk.show(&desk.existing(&id)?),
        PrincipalAction::Create { id, groups } => desk.create(&parse_id(&id)?, &groups),
        PrincipalAction::Set(args) => {
            edits::check(&args)?;
            let id = desk.existing(&args.id)?;
            desk.change(&id, |profile| edits::apply(profile, &id, &args))
        }
        PrincipalAction::Enable { id } => desk.switch(&id, true),
        PrincipalAction::Disable { id } => desk.switch(&id, false),
        PrincipalAction::Delete { id, purge } => desk.delete(&desk.existing(&id)?, purge),
    }
}

/// What the actions work on.
struct Desk<'a> {
    cx: &'a Cx,
    store: &'a Store,
    home: &'a Home,
}

fn parse_id(text: &str) -> Result<PrincipalId, Failure> {
    PrincipalId::new(text).map_err(|error| {
        let message = format!("{text:?} is not a principal id");
        Failure::new(Exit::Usage, "principal", message).because(&error)
    })
}

impl Desk<'_> {
    fn groups(&self) -> Result<GroupConfig, Failure> {
        GroupConfig::load(&self.home.groups())
            .map_err(|error| super::groups::unusable(&error, "cannot use the groups"))
    }

    fn profile(&self, id: &PrincipalId) -> Result<Profile, ProfileError> {
        principal::resolve(id, &self.home.profiles(), &self.home.principals())
    }

    /// A principal that is there.
    fn existing(&self, text: &str) -> Result<PrincipalId, Failure> {
        let id = parse_id(text)?;
        match self.profile(&id) {
            Err(error @ (ProfileError::Unknown { .. } | ProfileError::Reserved(_))) => {
                Err(unusable(&id, &error))
            }
            // One that is broken can be shown, and deleted.
            _ => Ok(id),
        }
    }

    fn list(&self) -> Result<Exit, Failure> {
        self.report(&self.everybody()?, PrincipalsReport::table)
    }

    /// Everybody, `default` included.
    fn everybody(&self) -> Result<Vec<PrincipalId>, Failure> {
        let ids = principal::profiles::existing_ids(&self.home.profiles(), &self.home.principals());
        let mut ids = ids.map_err(|error| {
            Failure::new(Exit::Environment, "principals", "cannot list the principals")
                .because(&error)
        })?;
        if !ids.contains(&PrincipalId::default()) {
            ids.insert(0, PrincipalId::default());
        }
        Ok(ids)
    }

    fn show(&self, id: &PrincipalId) -> Result<Exit, Failure> {
        self.report(std::slice::from_ref(id), PrincipalsReport::details)
    }

    fn report(
        &self,
        ids: &[PrincipalId],
        text: impl Fn(&PrincipalsReport) -> String,
    ) -> Result<Exit, Failure> {
        let groups = self.groups()?;
        let shown = ids.iter().map(|id| Principal::new(id, self.profile(id), &groups));
        let report = PrincipalsReport::new(shown.collect());
        self.cx.ui.document(&report);
        self.cx.ui.text(&text(&report));
        for (id, problem) in report.broken() {
            self.cx.ui.warn(&format!("nobody acts as {id}: {}", problem.trim_end()));
        }
        Ok(Exit::Done)
    }

    fn create(&self, id: &PrincipalId, groups: &[String]) -> Result<Exit, Failure> {
        let _lock = self.lock()?;
        if self.profile(id).is_ok() {
            let message = format!("there is a principal {id} already");
            return Err(Failure::new(Exit::No, "exists", message)
                .help(format!("capsule principal show {id}")));
        }
        self.warn_of_unknown(groups)?;
        let profile = edit::new_profile(id, groups).map_err(|error| unchanged(id, &error))?;
        let no_home = |error: &dyn std::error::Error| {
            Failure::new(Exit::Environment, "home", format!("cannot make a home for {id}"))
                .cause(error)
        };
        let place = self.home.principal(id.as_str()).map_err(|error| no_home(&error))?;
        std::fs::create_dir_all(&place).map_err(|error| no_home(&error))?;
        self.save(id, &profile)?;
        self.cx.ui.talk(&format!("created {id}\n"));
        self.show(id)
    }

    fn switch(&self, id: &str, enabled: bool) -> Result<Exit, Failure> {
        let id = self.existing(id)?;
        self.change(&id, |profile| edit::set_enabled(profile, &id, enabled))
    }

    fn change(
        &self,
        id: &PrincipalId,
        change: impl FnOnce(&Profile) -> Result<Profile, edit::EditError>,
    ) -> Result<Exit, Failure> {
        self.replace(id, change)?;
        self.show(id)
    }

    /// Loads, changes and saves a profile, which nobody else changes meanwhile.
    fn replace(
        &self,
        id: &PrincipalId,
        change: impl FnOnce(&Profile) -> Result<Profile, edit::EditError>,
    ) -> Result<(), Failure> {
        let _lock = self.lock()?;
        let old = self.profile(id).map_err(|error| unusable(id, &error))?;
        let new = change(&old).map_err(|error| unchanged(id, &error))?;
        if new == old {
            self.cx.ui.note(&format!("{id} was like that already"));
        } else {
            self.warn_of_unknown(&new.groups)?;
            self.save(id, &new)?;
        }
        Ok(())
    }

    fn save(&self, id: &PrincipalId, profile: &Profile) -> Result<(), Failure> {
        principal::save_profile(&self.home.profiles(), id, profile)
            .map_err(|error| unusable(id, &error))
    }

    fn warn_of_unknown(&self, groups: &[String]) -> Result<(), Failure> {
        let known = self.groups()?;
        for name in groups.iter().filter(|name| known.get(name).is_none()) {
            self.cx.ui.warn(&format!("there is no group {name}: being in it gives nothing"));
        }
        Ok(())
    }

    fn lock(&self) -> Result<crate::store::lock::PolicyLock, Failure> {
        self.store.lock_policy().map_err(|error| {
            Failure::environment("cannot lock the profiles of this home".to_owned(), &error)
        })
    }
}

fn unusable(id: &PrincipalId, error: &ProfileError) -> Failure {
    let (exit, help) = match error {
        ProfileError::Unknown { near, .. } => {
            let help = match near.first() {
                Some(near) => format!("did you mean {near}?"),
                None => format!("capsule principal create {id}"),
            };
            (Exit::Denied, help)
        }
        ProfileError::Reserved(_) => (Exit::Denied, "capsule principal list".to_owned()),
        ProfileError::Io { .. } => (Exit::Environment, "capsule principal list".to_owned()),
        _ => (Exit::Environment, format!("capsule principal delete {id}, or correct the file")),
    };
    let message = format!("cannot use the profile of {id}");
    Failure::new(exit, "principal", message).because(error).help(help)
}

fn unchanged(id: &PrincipalId, error: &edit::EditError) -> Failure {
    let failure =
        |exit, kind| Failure::new(exit, kind, format!("{id} is not changed")).because(error);
    match error {
        edit::EditError::Default { .. } => failure(Exit::Denied, "default-principal"),
        edit::EditError::UniversalGrant => {
            failure(Exit::Denied, "universal-grant").help("--unsafe-admin, if it is meant")
        }
        edit::EditError::Profile(ProfileError::Io { .. }) => failure(Exit::Environment, "profile"),
        edit::EditError::Profile(ProfileError::Reserved(_)) => failure(Exit::Denied, "reserved"),
        _ => failure(Exit::Usage, "profile"),
    }
}
