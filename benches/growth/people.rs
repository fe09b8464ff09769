//! Calls on behalf of more and more principals, one after the other.

use capsule::clock::Clock;
use capsule::engine::Profile;
use capsule::principal::PrincipalId;
use capsule::store::Store;
use capsule::store::layout::Home;

use super::curve::Curve;
use super::ours::Ours;
use super::{Outcome, PRINCIPALS, TIME, cost};

pub(crate) fn curves(hook: &[u8]) -> Outcome<Vec<Curve>> {
    let scratch = tempfile::tempdir()?;
    let profiles = Home::at(scratch.path()).profiles();
    std::fs::create_dir_all(&profiles)?;
    let store = Store::new(Home::at(scratch.path()), Clock::system());
    let mut curve = Curve::new("look up a principal and call a fresh instance, by principals");
    let mut known: Vec<PrincipalId> = Vec::new();
    for count in PRINCIPALS {
        while known.len() < count {
            let id = format!("p-{}", known.len());
            std::fs::write(profiles.join(format!("{id}.toml")), "")?;
            known.push(PrincipalId::new(&id)?);
        }
        let ours = Ours::in_home(hook, Profile::Server, Some(store.clone()))?;
        // Everybody has called once before time is taken.
        let mut from = 0;
        let mut some = |calls| {
            let took = ours.on_behalf_of(&known, from, calls);
            from += calls;
            took
        };
        some(count as u64);
        curve.add(count, cost(TIME, some));
    }
    Ok(vec![curve])
}
