//! Files that somebody signed.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use crate::limits::{ARCHIVE_BYTES_MAX, KEY_FILE_BYTES_MAX};
use crate::report::sign::SignatureReport;
use crate::signature::{PublicKey, SignatureError};

/// `capsule verify FILE... --key`: every file has a signature of this key.
pub(super) fn verify(
    cx: &Cx,
    files: &[String],
    key: &str,
    signature: Option<&Path>,
) -> Result<Exit, Failure> {
    if signature.is_some() && files.len() > 1 {
        let message = "--signature names the signature of one file";
        return Err(Failure::new(Exit::Usage, "signature", message)
            .help("leave it out: each is looked for in FILE.minisig"));
    }
    let key = public_key(cx, key)?;
    for named in files {
        let path = cx.env.absolute(Path::new(named))?;
        let mut file = open(&path, named)?;
        let checked = check(cx, named, &mut file, std::slice::from_ref(&key), signature)?;
        let id = key.id().to_string();
        let report = SignatureReport::holds(&path, &checked.path, &id, &checked.comment);
        cx.ui.document(&report);
        cx.ui.text(&report.text());
    }
    Ok(Exit::Done)
}

/// A copy of a file that was signed with one of `keys`, and with which: the copy is what was checked,
/// and nobody can change it since.
pub(super) fn checked(
    cx: &Cx,
    named: &str,
    keys: &[PublicKey],
    signature: Option<&Path>,
) -> Result<(File, PublicKey), Failure> {
    let path = cx.env.absolute(Path::new(named))?;
    let mut copy = tempfile::tempfile()
        .map_err(|error| Failure::environment("cannot make a scratch file", &error))?;
    let mut limited = open(&path, named)?.take(ARCHIVE_BYTES_MAX + 1);
    let copied = io::copy(&mut limited, &mut copy)
        .map_err(|error| Failure::environment(format!("cannot copy {named}"), &error))?;
    if copied > ARCHIVE_BYTES_MAX {
        let message = format!("{named} is larger than {ARCHIVE_BYTES_MAX} bytes");
        return Err(Failure::new(Exit::Invalid, "too-large", message));
    }
    let checked = check(cx, named, &mut copy, keys, signature)?;
    rewind(&mut copy, named)?;
    Ok((copy, checked.key))
}

/// A signature that holds.
struct Checked {
    path: PathBuf,
    comment: String,
    key: PublicKey,
}

/// Checks a file against its signature, which one of `keys` has to have made.
fn check(
    cx: &Cx,
    named: &str,
    file: &mut File,
    keys: &[PublicKey],
    signature: Option<&Path>,
) -> Result<Checked, Failure> {
    let refused = |message: String| Failure::new(Exit::Integrity, "signature", message);
    let path = match signature {
        Some(path) => cx.env.absolute(path)?,
        None => beside(&cx.env.absolute(Path::new(named))?),
    };
    if !path.exists() {
        let message = format!("{named} is not signed: there is no {}", path.display());
        return Err(refused(message).help(format!("capsule sign {named} --key SECRETKEY")));
    }
    let text = read(&path, &path.display().to_string()).map_err(|failure| match failure.exit {
        Exit::Invalid => Failure { exit: Exit::Integrity, ..failure },
        _ => failure,
    })?;
    let mut why = None;
    for key in keys {
        rewind(file, named)?;
        match key.verify(&mut *file, &text) {
            Ok(comment) => return Ok(Checked { path, comment, key: key.clone() }),
            Err(SignatureError::Read(error)) => {
                return Err(Failure::environment(format!("cannot read {named}"), &error));
            }
            // That it is of another key says less than what is wrong with it.
            Err(error @ SignatureError::OtherKey { .. }) => why = why.or(Some(error)),
            Err(error) => why = Some(error),
        }
    }
    let refused = match why {
        Some(SignatureError::OtherKey { actual, .. }) if keys.len() > 1 => {
            let message = format!("{} is by none of those who may sign", path.display());
            refused(message).cause(format!("it was made with key {actual}"))
        }
        Some(error) => {
            let message = format!("the signature {} of {named} does not hold", path.display());
            refused(message).because(&error)
        }
        None => refused(format!("nobody may sign {named}")),
    };
    Err(refused)
}

/// A public key: a file's, or the text of one.
pub(super) fn public_key(cx: &Cx, named: &str) -> Result<PublicKey, Failure> {
    let path = cx.env.absolute(Path::new(named))?;
    let parsed = match PublicKey::parse(named) {
        Err(_) => PublicKey::parse(&read(&path, named)?),
        parsed => parsed,
    };
    parsed.map_err(|error| {
        Failure::new(Exit::Invalid, "key", format!("{named} is not a public key")).because(&error)
    })
}

/// Where the signature of a file is unless somebody says otherwise.
pub(super) fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".minisig");
    PathBuf::from(name)
}

/// Opens a file that is to be signed or checked.
pub(super) fn open(path: &Path, named: &str) -> Result<File, Failure> {
    let unreadable = |error: &io::Error| {
        let exit = match error.kind() {
            io::ErrorKind::NotFound => Exit::Invalid,
            _ => Exit::Environment,
        };
        Failure::new(exit, "unreadable", format!("cannot read {named}")).because(error)
    };
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    match file.metadata().map_err(|error| unreadable(&error))?.is_file() {
        true => Ok(file),
        false => {
            let message = format!("{named} is not a file");
            Err(Failure::new(Exit::Invalid, "not-a-file", message))
        }
    }
}

/// Reads a file with a key or a signature.
pub(super) fn read(path: &Path, named: &str) -> Result<String, Failure> {
    let mut text = String::new();
    let read = open(path, named)?.take(KEY_FILE_BYTES_MAX + 1).read_to_string(&mut text);
    match read {
        Ok(_) if text.len() as u64 <= KEY_FILE_BYTES_MAX => Ok(text),
        Err(error) if error.kind() != io::ErrorKind::InvalidData => {
            Err(Failure::environment(format!("cannot read {named}"), &error))
        }
        _ => {
            let message = format!("{named} is neither a key nor a signature");
            Err(Failure::new(Exit::Invalid, "not-a-key", message))
        }
    }
}

fn rewind(file: &mut File, named: &str) -> Result<(), Failure> {
    let failed = |error| Failure::environment(format!("cannot read {named}"), &error);
    file.rewind().map_err(failed)
}
