//! `capsule sign`.

use std::path::{Path, PathBuf};

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::output::write_whole;
use super::{secret, signed};
use crate::clock::Clock;
use crate::report::sign::SignatureReport;
use crate::signature::{KeyError, SecretKey, SecretKeyFile, SignError};

/// Sign a file: install and verify accept it with the public key
///
/// The signature is one of minisign, in a file of its own, which minisign checks as well. Keys are made
/// by minisign -G. The password of a key is asked for without being shown; where nobody can be asked,
/// it is the whole of standard input.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  capsule sign weather-1.0.0.capsule --key ~/.minisign/minisign.key\n  \
    capsule verify weather-1.0.0.capsule --key minisign.pub\n  \
    capsule install weather-1.0.0.capsule --key minisign.pub"
)]
pub(super) struct SignArgs {
    /// File to sign
    file: PathBuf,
    /// File with the secret key
    #[arg(long, value_name = "SECRETKEY")]
    key: PathBuf,
    /// Where to write the signature, replacing what is there [default: FILE.minisig]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Text that is signed with the file [default: the time and the file's name]
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
}

pub(super) fn run(cx: &Cx, args: SignArgs) -> Result<Exit, Failure> {
    let path = cx.env.absolute(&args.file)?;
    let shown = args.file.display();
    let file = signed::open(&path, &shown.to_string())?;
    let key = open_key(cx, &args.key)?;
    let comment = args.comment.unwrap_or_else(|| comment(&path));
    let signature = key.sign(&file, &comment).map_err(|error| {
        let exit = match error {
            SignError::Comment => Exit::Usage,
            SignError::Key(_) => Exit::Invalid,
            SignError::Failed(_) => Exit::Environment,
        };
        Failure::new(exit, "sign", format!("{shown} was not signed")).because(&error)
    })?;
    let output = match args.output {
        Some(output) => cx.env.absolute(&output)?,
        None => signed::beside(&path),
    };
    for (what, taken) in [("file that is signed", &path), ("key", &cx.env.absolute(&args.key)?)] {
        if is_same(&output, taken) {
            let message = format!("the signature would replace the {what}");
            return Err(
                Failure::new(Exit::Usage, "usage", message).help("name another file with --output")
            );
        }
    }
    write_whole(&output, signature.as_bytes())?;
    let report = SignatureReport::made(&path, &output, &key.id().to_string(), &comment);
    cx.ui.document(&report);
    cx.ui.text(&report.text());
    Ok(Exit::Done)
}

/// Whether both paths lead to one file.
fn is_same(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path: &Path| std::fs::metadata(path).ok().map(|it| (it.dev(), it.ino()));
    one == other || identity(one).is_some_and(|it| identity(other) == Some(it))
}

/// What minisign would write.
fn comment(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.replace(|c: char| c.is_control(), "?");
    format!("timestamp:{}\tfile:{name}\thashed", Clock::system().since_epoch().as_secs())
}

fn open_key(cx: &Cx, path: &Path) -> Result<SecretKey, Failure> {
    let shown = path.display();
    let text = signed::read(&cx.env.absolute(path)?, &shown.to_string())?;
    let unusable = |error: KeyError| {
        let (exit, id) = match error {
            KeyError::WrongPassword | KeyError::NoPassword => (Exit::Denied, "password"),
            KeyError::Malformed { .. } | KeyError::Damaged => (Exit::Invalid, "key"),
        };
        Failure::new(exit, id, format!("cannot sign with {shown}")).because(&error)
    };
    let key = SecretKeyFile::parse(&text).map_err(unusable)?;
    let password = match key.is_encrypted() {
        true => Some(secret::hidden(cx, &format!("password of {shown}"))?),
        false => None,
    };
    let progress = cx.ui.progress("opening the key", 0);
    let opened = key.open(password.filter(|it| !it.is_empty()));
    drop(progress);
    opened.map_err(|error| match error {
        error @ KeyError::NoPassword => {
            unusable(error).help("type it at a terminal, or give it on standard input")
        }
        error => unusable(error),
    })
}
