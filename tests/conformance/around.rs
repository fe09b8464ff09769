//! What is around a guest before it runs: places, settings, keys, a neighbour.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;

use capsule::fs::{Mount, Scheme};
use capsule::kv::{ImportMode, Namespace};
use capsule::local::{Hosted, HostingOptions, Machine, NetworkOptions, Staging};
use capsule::manifest::{Manifest, ParseOptions};
use capsule::policy::endpoint::{Endpoint, EndpointError};
use capsule::store::Store;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::case::{Case, Other, Phase, Setting, Thing};
use crate::stage::{ID, OTHER, WORKSPACE};
use crate::web::Web;

/// What may be reached, the case's own servers included.
pub(crate) fn network(setting: &Setting, web: Option<&Web>) -> Result<NetworkOptions, String> {
    let local = setting.allow_local.iter().map(|text| endpoint(text));
    Ok(NetworkOptions {
        allow_local: local.collect::<Result<_, _>>()?,
        offline: setting.offline,
        servers: None,
        names: setting.names.clone(),
        authorities: web.iter().map(|_| Web::authority()).collect(),
        dialer: web.map(Web::dialer),
    })
}

pub(crate) fn furnish(store: &Store, setting: &Setting) -> Result<(), Box<dyn std::error::Error>> {
    let home = store.home();
    fs::create_dir_all(home.profiles())?;
    fs::write(home.profile(OTHER)?, "")?;
    for principal in ["default", OTHER] {
        if !setting.homeless.iter().any(|homeless| homeless == principal) {
            fs::create_dir_all(home.principal(principal)?)?;
        }
    }
    for (principal, values) in &setting.settings {
        store.env(principal, ID)?.set(&values.clone().into_iter().collect())?;
    }
    for (scope, values) in &setting.secrets {
        let secrets = store.secrets(scope, ID)?;
        for (key, value) in values {
            secrets.set(key, value)?;
        }
    }
    for (path, thing) in &setting.files {
        thing.make(&home.root().join(path), &[("%home", home.root())])?;
    }
    Ok(())
}

/// Makes the workspace of a case in `place`. Interceptors and loops get a layer above it, as on the
/// command line.
pub(crate) fn workspace(place: &Path, case: &Case) -> Result<Arc<Mount>, std::io::Error> {
    let (root, outside) = (place.join(WORKSPACE), place.join("workspace-outside"));
    for dir in [&root, &outside] {
        fs::create_dir(dir)?;
    }
    fs::write(outside.join("secret"), "secret")?;
    for (path, thing) in &case.setting.workspace {
        thing.make(&root.join(path), &[("%outside", &outside), ("%workspace", &root)])?;
    }
    let mount = match case.header.phase {
        Phase::Install | Phase::Upgrade => Mount::direct(Scheme::Workspace, &root)?,
        Phase::Interceptor | Phase::Run => Mount::overlay(Scheme::Workspace, &root)?,
    };
    Ok(Arc::new(mount))
}

impl Thing {
    /// Makes it, with the directories above it. `places` are what links may name.
    fn make(&self, path: &Path, places: &[(&str, &Path)]) -> std::io::Result<()> {
        fs::create_dir_all(path.parent().unwrap_or(path))?;
        match self {
            Thing::Text(content) => fs::write(path, content),
            Thing::Other(Other::Link(target)) => {
                let target = places.iter().fold(target.clone(), |target, (name, place)| {
                    target.replace(name, &place.to_string_lossy())
                });
                std::os::unix::fs::symlink(target, path)
            }
            Thing::Other(Other::Bytes(bytes)) => fs::write(path, bytes),
            Thing::Other(Other::Zeroes(bytes)) => fs::File::create(path)?.set_len(*bytes),
            Thing::Other(Other::Pipe(_)) => {
                Ok(mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?)
            }
            Thing::Other(Other::Socket(_)) => UnixListener::bind(path).map(drop),
            Thing::Other(Other::Named(name)) => {
                fs::create_dir(path)?;
                fs::write(path.join(std::ffi::OsStr::from_bytes(name)), "")
            }
            Thing::Other(Other::Files(count)) => {
                fs::create_dir(path)?;
                (0..*count).try_for_each(|name| fs::write(path.join(name.to_string()), ""))
            }
        }
    }
}

/// Gives a principal keys, all at once: a thousand acknowledged writes take a while.
pub(crate) fn fill(machine: &Machine, principal: &str, keys: u32) -> Result<(), String> {
    let namespace = Namespace::new(principal, ID).map_err(|error| error.to_string())?;
    let entries: BTreeMap<String, &str> =
        (0..keys).map(|number| (format!("k{number:04}"), "")).collect();
    let file = serde_json::json!({ "format": "capsule-kv", "version": 1, "entries": entries });
    let imported =
        machine.kv().import(&namespace, &mut file.to_string().as_bytes(), ImportMode::Replace);
    imported.map(drop).map_err(|error| error.to_string())
}

pub(crate) fn endpoint(text: &str) -> Result<Endpoint, String> {
    text.parse().map_err(|error: EndpointError| error.to_string())
}

pub(crate) fn manifest(setting: &Setting, workspace: &Path) -> Result<Manifest, String> {
    let text = setting.manifest(ID)?.replace("%workspace", &workspace.to_string_lossy());
    let parsed = capsule::manifest::parse(&text, &ParseOptions::default());
    parsed.manifest.ok_or_else(|| format!("the manifest: {:?}\n{text}", parsed.problems))
}

/// Another capsule on the machine, which does nothing.
pub(crate) fn neighbour(machine: &Machine, held: &toml::Table) -> Result<Hosted, String> {
    let setting = Setting { capabilities: held.clone(), ..Setting::default() };
    let text = setting.manifest("neighbour")?;
    let parsed = capsule::manifest::parse(&text, &ParseOptions::default());
    let manifest = parsed.manifest.ok_or_else(|| format!("a manifest: {:?}", parsed.problems))?;
    let hosted = machine.host(&Arc::new(manifest), HostingOptions::default());
    hosted.map_err(|error| error.to_string())
}

pub(crate) fn staging(machine: &Machine) -> Result<Staging, String> {
    let namespace = Namespace::new("default", ID).map_err(|error| error.to_string())?;
    Ok(Staging { kv: machine.kv().stage(namespace), secrets: Arc::default() })
}
