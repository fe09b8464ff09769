//! Recording a case and playing it on a machine that has nothing.

use capsule::cassette::{
    Cassette, End, Enter, Entry, Header, Manner, Page, Recorder, SCHEMA, Spool, Tape, compare_ends,
};
use capsule::engine::Code;
use capsule::trace::PublicSettings;

use crate::case::{Case, Phase, Setting};
use crate::stage::{CANCELLED_MAX, Mismatch, Stage, Way, lock};

/// Records the case as it runs, and plays the recording.
pub(crate) fn replay(case: &Case, code: &Code) -> Result<(), String> {
    let mut rest = CANCELLED_MAX;
    let recorded = loop {
        rest -= 1;
        match record(case, code) {
            Err(Mismatch::Stopped(_)) if case.setting.cancels() && rest > 0 => {}
            other => break other.map_err(Mismatch::into_text)?,
        }
    };
    let cassette = Cassette::read(&recorded[..]).map_err(|error| error.to_string())?;
    let mut again = Vec::new();
    cassette.write(&mut again).map_err(|error| error.to_string())?;
    if again != recorded {
        return Err("what was read is not written as it was".to_owned());
    }
    play(case, code, &cassette)
}

fn record(case: &Case, code: &Code) -> Result<Vec<u8>, Mismatch> {
    let other = |error: std::io::Error| Mismatch::Other(error.to_string());
    let page = Page::default();
    let header = Header {
        schema: SCHEMA.to_owned(),
        capsules: Vec::new(),
        fingerprint: "this one".to_owned(),
    };
    let mut recorder = Recorder::start(&header, page.clone(), Spool::in_memory()).map_err(other)?;
    let entry = match case.header.phase {
        Phase::Interceptor => Entry::Interceptor {
            action: "case".to_owned(),
            payload: serde_json::Value::Null,
            fuel_limit: capsule::limits::CALL_FUEL,
        },
        Phase::Install => Entry::Hook { export: "astrid-install".to_owned() },
        Phase::Upgrade => Entry::Hook { export: "astrid-upgrade".to_owned() },
        Phase::Run => Entry::RunLoop {},
    };
    let enter = Enter {
        capsule: "conformance".to_owned(),
        principal: "default".to_owned(),
        entry,
        memory_limit_bytes: capsule::limits::MEMORY_BYTES,
    };
    let take = recorder.enter(enter, b"default", settings(case));
    let stage = Stage::new(case, code, Way::Fresh).map_err(Mismatch::Other)?;
    *lock(&stage.stand_in) = Some(Box::new(take.clone()));
    let report = stage.enter_once()?;
    take.end(End::of(&report));
    drop(stage);
    recorder.finish().map_err(other)?;
    Ok(page.take())
}

fn play(case: &Case, code: &Code, cassette: &Cassette) -> Result<(), String> {
    let [track] = &cassette.tracks[..] else { return Err("not one track".to_owned()) };
    let (tape, found) = Tape::new(track, &cassette.blobs, Manner::Strict, true);
    let mut bare = case.clone();
    bare.setting = Setting::default();
    let stage = Stage::new(&bare, code, Way::Fresh)?;
    *lock(&stage.stand_in) = Some(Box::new(tape));
    let report = stage.entered();
    let mut differences = found.divergences(track.number);
    differences.extend(compare_ends(track, &End::of(&report), true));
    if differences.is_empty() { Ok(()) } else { Err(format!("{differences:#?}")) }
}

/// Nothing that a case is set with is secret.
fn settings(case: &Case) -> PublicSettings {
    let values = case.setting.settings.values().chain(case.setting.secrets.values());
    values.flat_map(|values| values.keys().cloned()).collect()
}
