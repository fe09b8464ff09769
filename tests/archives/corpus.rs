//! Hostile archives, made here byte by byte.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{EntryType, Header};

/// A manifest that nothing is wrong with.
pub(crate) const MANIFEST: &str =
    "[package]\nname = \"a\"\nversion = \"1.0.0\"\n[[component]]\nfile = \"a.wasm\"\n";

/// One archive, and what is said when it is refused.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) reason: &'static str,
}

/// A header with any name, size and kind, whatever a library thinks of them.
fn header(kind: EntryType, name: &[u8], size: u64) -> Header {
    let mut header = Header::new_gnu();
    let field = &mut header.as_old_mut().name;
    let length = name.len().min(field.len());
    field[..length].copy_from_slice(&name[..length]);
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

fn entry(kind: EntryType, name: &[u8], content: &[u8]) -> Vec<u8> {
    let mut bytes = header(kind, name, content.len() as u64).as_bytes().to_vec();
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

pub(crate) fn file(name: &str, content: &[u8]) -> Vec<u8> {
    entry(EntryType::Regular, name.as_bytes(), content)
}

pub(crate) fn directory(name: &str) -> Vec<u8> {
    entry(EntryType::Directory, name.as_bytes(), b"")
}

fn long(name: &[u8]) -> Vec<u8> {
    entry(EntryType::GNULongName, b"././@LongLink", name)
}

fn records(pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut text = String::new();
    for (key, value) in pairs {
        let rest = format!(" {key}={value}\n");
        let mut length = rest.len();
        while length != rest.len() + length.to_string().len() {
            length = rest.len() + length.to_string().len();
        }
        text += &format!("{length}{rest}");
    }
    text.into_bytes()
}

fn extended(pairs: &[(&str, &str)]) -> Vec<u8> {
    entry(EntryType::XHeader, b"PaxHeader", &records(pairs))
}

fn gzip(tar: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(tar).expect("memory takes everything");
    out.finish().expect("memory takes everything")
}

fn tar(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut tar = parts.concat();
    tar.extend_from_slice(&[0; 1024]);
    tar
}

pub(crate) fn archive(parts: &[Vec<u8>]) -> Vec<u8> {
    gzip(&tar(parts))
}

fn manifest() -> Vec<u8> {
    file("Capsule.toml", MANIFEST.as_bytes())
}

/// A good manifest, and then this.
fn with(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut all = vec![manifest()];
    all.extend_from_slice(parts);
    archive(&all)
}

fn case(name: &'static str, bytes: Vec<u8>, reason: &'static str) -> Case {
    Case { name, bytes, reason }
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = names();
    cases.extend(kinds());
    cases.extend(extensions());
    cases.extend(sizes());
    cases.extend(containers());
    cases
}

fn names() -> Vec<Case> {
    let named = |name: &str| with(&[file(name, b"x")]);
    let deep = vec!["d"; 65].join("/");
    vec![
        case("parent", named("../x"), "has `..` in its path"),
        case("parent-inside", named("a/../../x"), "has `..` in its path"),
        case("parent-at-the-end", named("a/.."), "has `..` in its path"),
        case("parent-directory", with(&[directory("../d/")]), "has `..` in its path"),
        case("absolute", named("/etc/x"), "has an absolute path"),
        case("two-slashes", named("//x"), "has an absolute path"),
        case("backslashes", named("..\\x"), "has a backslash"),
        case("drive", named("C:x"), "has a backslash, a colon"),
        case("stream", named("x.txt:ads"), "has a backslash, a colon"),
        case("escape", named("\u{1b}[2J"), "a control character"),
        case("line-break", named("a\nb"), "a control character"),
        case("no-name", named(""), "has no name"),
        case("dot-file", named("."), "has no name"),
        case("not-utf8", with(&[entry(EntryType::Regular, b"a\xff", b"x")]), "is not UTF-8"),
        case("twice", with(&[file("a", b"1"), file("a", b"2")]), "is there twice"),
        case("twice-with-dot", with(&[file("a", b"1"), file("./a", b"2")]), "is there twice"),
        case("twice-with-slashes", with(&[file("a/b", b"1"), file("a//b", b"")]), "there twice"),
        case("two-manifests", with(&[manifest()]), "is there twice"),
        case("directory-twice", with(&[directory("d/"), directory("d/")]), "is there twice"),
        case("file-then-directory", with(&[file("a", b""), directory("a/")]), "is there twice"),
        case("directory-then-file", with(&[file("a/b", b""), file("a", b"")]), "is there twice"),
        case("below-a-file", with(&[file("a", b""), file("a/b", b"")]), "is below a file"),
        case("case-twin", with(&[file("a", b""), file("A", b"")]), "upper and lower case"),
        case("manifest-twin", with(&[file("capsule.toml", b"")]), "upper and lower case"),
        case("directory-twin", with(&[file("d/a", b""), file("D/b", b"")]), "upper and lower case"),
        case("unicode-twin", with(&[file("é", b""), file("É", b"")]), "upper and lower case"),
        case("too-deep", with(&[long(deep.as_bytes()), file("x", b"")]), "nested too deeply"),
        case("too-long", with(&[long(&[b'n'; 1025]), file("x", b"")]), "a path that is too long"),
        case("long-part", with(&[long(&[b'n'; 256]), file("x", b"")]), "a path that is too long"),
    ]
}

fn kinds() -> Vec<Case> {
    let kind = |kind, name: &str| with(&[entry(kind, name.as_bytes(), b"")]);
    vec![
        case("symbolic-link", kind(EntryType::Symlink, "a"), "is a link"),
        case("hard-link", kind(EntryType::Link, "a"), "is a link"),
        case("long-link", kind(EntryType::GNULongLink, "a"), "is a link"),
        case("character-device", kind(EntryType::Char, "a"), "is a device"),
        case("block-device", kind(EntryType::Block, "a"), "is a device"),
        case("pipe", kind(EntryType::Fifo, "a"), "is a device or a pipe"),
        case("sparse", kind(EntryType::GNUSparse, "a"), "is a sparse file"),
        case("unknown-kind", kind(EntryType::new(b'Z'), "a"), "is of a kind"),
        case(
            "directory-with-content",
            with(&[entry(EntryType::Directory, b"d/", b"x")]),
            "is a directory with content",
        ),
    ]
}

fn extensions() -> Vec<Case> {
    let extended_by = |pairs: &[(&str, &str)]| with(&[extended(pairs), file("x", b"x")]);
    let raw =
        |records: &[u8]| with(&[entry(EntryType::XHeader, b"PaxHeader", records), file("x", b"x")]);
    let global = |pairs: &[(&str, &str)]| {
        with(&[entry(EntryType::XGlobalHeader, b"g", &records(pairs)), file("x", b"x")])
    };
    let reason = "an extended header";
    vec![
        case("long-name-leads-out", with(&[long(b"../x\0"), file("x", b"")]), "has `..`"),
        case("record-leads-out", extended_by(&[("path", "../x")]), "has `..`"),
        case("record-of-a-link", extended_by(&[("linkpath", "/etc/passwd")]), "is a link"),
        case("record-of-a-size", extended_by(&[("size", "1")]), reason),
        case("record-of-holes", extended_by(&[("GNU.sparse.major", "1")]), reason),
        case("two-paths-in-records", extended_by(&[("path", "a"), ("path", "b")]), reason),
        case("record-without-length", raw(b"path=x\n"), reason),
        case("record-too-long", raw(b"99 path=x\n"), reason),
        case("record-of-length-zero", raw(b"0 path=x\n"), reason),
        case("record-without-key", raw(b"7 abcd\n"), reason),
        case("global-path", global(&[("path", "x")]), reason),
        case("two-long-names", with(&[long(b"a"), long(b"b"), file("x", b"")]), reason),
        case("huge-records", raw(&vec![b'1'; (64 << 10) + 1]), reason),
        case("long-name-of-nothing", with(&[long(b"a")]), "it is cut short"),
    ]
}

fn sizes() -> Vec<Case> {
    let claims = |size| {
        let mut bytes = manifest();
        bytes.extend_from_slice(header(EntryType::Regular, b"big", size).as_bytes());
        gzip(&bytes)
    };
    let mut many = vec![manifest()];
    many.extend((0..10_000).map(|n| file(&format!("f{n}"), b"")));
    let mut negative = header(EntryType::Regular, b"x", 0);
    negative.as_old_mut().size = [0xff; 12];
    negative.set_cksum();
    let mut letters = header(EntryType::Regular, b"x", 0);
    letters.as_old_mut().size = *b"abcdefghijkl";
    letters.set_cksum();
    vec![
        case("file-too-large", claims((512 << 20) + 1), "is too large"),
        case("file-of-all-bytes", claims(u64::MAX >> 1), "is too large"),
        case("too-many", archive(&many), "more than 10000 entries"),
        case("bomb", with(&[file("zeros", &vec![0; 24 << 20])]), "more than 200 times its size"),
        case("negative-size", with(&[negative.as_bytes().to_vec()]), "entry \"x\" is too large"),
        case("size-of-letters", with(&[letters.as_bytes().to_vec()]), "its size is no number"),
        case("content-cut-short", claims(100), "it is cut short"),
    ]
}

fn containers() -> Vec<Case> {
    let good = with(&[]);
    let cut = good[..good.len() - 9].to_vec();
    let mut checksum = good.clone();
    let last = checksum.len() - 5;
    checksum[last] ^= 1;
    let mut trailing = good.clone();
    trailing.extend_from_slice(b"more");
    let mut members = good.clone();
    members.extend_from_slice(&good);
    let mut behind = tar(&[manifest()]);
    behind.extend_from_slice(&file("hidden", b"x"));
    let mut broken = header(EntryType::Regular, b"x", 0);
    broken.as_old_mut().cksum = *b"0000000\0";
    let below = archive(&[file("a/Capsule.toml", MANIFEST.as_bytes())]);
    let tar_bytes = tar(&[manifest()]);
    vec![
        case("empty", Vec::new(), "it is not gzip"),
        case("zip", b"PK\x03\x04rest".to_vec(), "it is not gzip"),
        case("bare-tar", tar_bytes, "it is not gzip"),
        case("only-a-header", good[..10].to_vec(), "damaged or cut short"),
        case("gzip-cut-short", cut, "damaged or cut short"),
        case("gzip-checksum", checksum, "damaged or cut short"),
        case("trailing-bytes", trailing, "something follows the compressed data"),
        case("two-members", members, "something follows the compressed data"),
        case("behind-the-end", gzip(&behind), "something follows the end mark"),
        case("no-end-mark", gzip(&manifest()), "it is cut short"),
        case("half-a-block", gzip(&manifest()[..700]), "it is cut short"),
        case("tar-checksum", with(&[broken.as_bytes().to_vec()]), "its checksum is wrong"),
        case("not-tar", gzip(&[b'x'; 2048]), "its checksum is wrong"),
        case("nothing-in-it", archive(&[]), "no Capsule.toml at its root"),
        case("no-manifest", archive(&[file("a.wasm", b"")]), "no Capsule.toml at its root"),
        case("manifest-below", below, "at its root, only \"a/Capsule.toml\""),
        case("manifest-is-a-directory", archive(&[directory("Capsule.toml/")]), "no Capsule.toml"),
    ]
}
