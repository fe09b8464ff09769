use std::fs;
use std::io::Read;
use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::oci::layout::Layout;

const LIMIT: u64 = 1 << 20;

/// A layout that is written piece by piece.
struct Made {
    dir: tempfile::TempDir,
}

impl Made {
    fn new() -> Made {
        let dir = tempfile::tempdir().expect("a scratch directory");
        fs::create_dir_all(dir.path().join("blobs/sha256")).expect("room");
        fs::write(dir.path().join("oci-layout"), r#"{"imageLayoutVersion": "1.0.0"}"#)
            .expect("room");
        Made { dir }
    }

    fn path(&self, digest: &str) -> std::path::PathBuf {
        let hex = digest.strip_prefix("sha256:").expect("a digest");
        self.dir.path().join("blobs/sha256").join(hex)
    }

    /// Stores a blob and gives its descriptor.
    fn blob(&self, bytes: &[u8], annotations: Value) -> Value {
        let digest = Sha::of(bytes).to_string();
        fs::write(self.path(&digest), bytes).expect("room");
        json!({"mediaType": "x/y", "digest": digest, "size": bytes.len(), "annotations": annotations})
    }

    fn manifest(&self, layers: &[Value], tag: &str) -> Value {
        let text = json!({"schemaVersion": 2, "layers": layers}).to_string();
        self.blob(text.as_bytes(), json!({"org.opencontainers.image.ref.name": tag}))
    }

    fn index(&self, manifests: &[Value]) {
        let text = json!({"schemaVersion": 2, "manifests": manifests}).to_string();
        fs::write(self.dir.path().join("index.json"), text).expect("room");
    }

    /// A layout with one artifact, which is one capsule.
    fn usual() -> (Made, Value, Value) {
        let made = Made::new();
        let other = made.blob(b"notes", json!({}));
        let layer = made.blob(b"archive", json!({"org.opencontainers.image.title": "a.capsule"}));
        let manifest = made.manifest(&[other, layer.clone()], "1.0");
        made.index(std::slice::from_ref(&manifest));
        (made, manifest, layer)
    }

    fn pull(&self, rest: &str) -> Result<(Pulled, String), OciError> {
        let text = format!("oci:{}{rest}", self.dir.path().display());
        let reference: Reference = text.parse()?;
        let mut file = tempfile::tempfile().expect("room");
        let mut layout = Layout::open(self.dir.path())?;
        let pulled = pull(&reference, &mut layout, &mut file, LIMIT)?;
        std::io::Seek::rewind(&mut file).expect("a file");
        let mut content = String::new();
        file.read_to_string(&mut content).expect("text");
        Ok((pulled, content))
    }
}

fn digest(descriptor: &Value) -> &str {
    descriptor["digest"].as_str().expect("a digest")
}

#[test]
fn an_artifact_is_found_by_tag_by_digest_and_when_it_is_the_only_one() {
    let (made, manifest, _) = Made::usual();
    for rest in
        ["", ":1.0", &format!("@{}", digest(&manifest)), &format!(":9@{}", digest(&manifest))]
    {
        let (pulled, content) = made.pull(rest).expect("it is there");
        assert_eq!(
            (content.as_str(), pulled.manifest.to_string()),
            ("archive", digest(&manifest).to_owned())
        );
    }
    assert!(matches!(made.pull(":2.0"), Err(OciError::None { known, .. }) if known == ["1.0"]));
    let second = made.manifest(&[made.blob(b"x", json!({}))], "2.0");
    made.index(&[manifest, second]);
    assert!(matches!(made.pull(""), Err(OciError::Several { count: 2, .. })));
    assert_eq!(made.pull(":2.0").expect("it is there").1, "x", "the only layer needs no title");
}

#[test]
fn indexes_are_followed_but_not_for_ever() {
    let (made, mut inner, _) = Made::usual();
    for depth in 0..=OCI_INDEXES_MAX {
        let text = json!({"schemaVersion": 2, "manifests": [inner]}).to_string();
        inner = made.blob(text.as_bytes(), json!({"org.opencontainers.image.ref.name": "nested"}));
        made.index(std::slice::from_ref(&inner));
        match made.pull(":nested") {
            Ok((_, content)) => {
                assert_eq!((content.as_str(), depth < OCI_INDEXES_MAX), ("archive", true))
            }
            Err(error) => {
                assert!(matches!(error, OciError::TooDeep) && depth == OCI_INDEXES_MAX, "{error}")
            }
        }
    }
}

#[test]
fn what_is_not_what_its_descriptor_says_gets_no_further() {
    let spoil = |path: &Path, content: &[u8]| fs::write(path, content).expect("own file");
    let (made, manifest, layer) = Made::usual();
    spoil(&made.path(digest(&layer)), b"evil!!!");
    assert!(matches!(made.pull(""), Err(OciError::Other { what: "the archive", .. })));
    spoil(&made.path(digest(&layer)), b"archive and more");
    assert!(matches!(made.pull(""), Err(OciError::Size { expected: 7, .. })));
    spoil(&made.path(digest(&layer)), b"arch");
    assert!(matches!(made.pull(""), Err(OciError::Size { expected: 7, .. })));
    fs::remove_file(made.path(digest(&layer))).expect("own file");
    assert!(matches!(made.pull(""), Err(OciError::Disk { .. })));
    // By its digest as by its tag.
    let other = json!({"schemaVersion": 2, "layers": [layer]}).to_string();
    spoil(&made.path(digest(&manifest)), other.as_bytes());
    for rest in ["", &format!("@{}", digest(&manifest))] {
        assert!(
            matches!(made.pull(rest), Err(OciError::Other { what: "the document", .. })),
            "{rest}"
        );
    }
}

#[test]
fn documents_of_other_kinds_and_too_large_things_are_refused() {
    let made = Made::new();
    let named = json!({"org.opencontainers.image.title": "a.capsule"});
    let layer = made.blob(b"archive", named.clone());
    let refused = |text: String| {
        let manifest = made.blob(text.as_bytes(), json!({}));
        made.index(&[manifest]);
        made.pull("").expect_err("refused")
    };
    let both = json!({"schemaVersion": 2, "layers": [layer], "manifests": []}).to_string();
    assert!(matches!(refused(both), OciError::Kind { .. }));
    let old = json!({"schemaVersion": 1, "layers": [layer]}).to_string();
    assert!(matches!(refused(old), OciError::Kind { .. }));
    let odd = json!({"schemaVersion": 2, "mediaType": "text/plain", "layers": [layer]}).to_string();
    assert!(matches!(refused(odd), OciError::Kind { media_type } if media_type == "text/plain"));
    assert!(matches!(refused("[".to_owned()), OciError::Document { .. }));
    let mut sha512 = layer.clone();
    sha512["digest"] = json!(format!("sha512:{}", "0".repeat(128)));
    let text = json!({"schemaVersion": 2, "layers": [sha512]}).to_string();
    assert!(matches!(refused(text), OciError::Document { .. }));
    let mut large = layer.clone();
    large["size"] = json!(LIMIT + 1);
    let text = json!({"schemaVersion": 2, "layers": [large]}).to_string();
    assert!(matches!(refused(text), OciError::TooLarge { .. }));
    let two = json!({"schemaVersion": 2, "layers": [layer, made.blob(b"b", named)]}).to_string();
    assert!(matches!(refused(two), OciError::NoCapsule { layers: 2, candidates: 2 }));
    let none = json!({"schemaVersion": 2, "layers": []}).to_string();
    assert!(matches!(refused(none), OciError::NoCapsule { layers: 0, .. }));
    let padded =
        format!("{}{}", " ".repeat(4 << 20), json!({"schemaVersion": 2, "layers": [layer]}));
    assert!(matches!(refused(padded), OciError::TooLarge { what: "a document", .. }));
}

#[test]
fn a_directory_has_to_say_that_it_is_a_layout() {
    let (made, _, _) = Made::usual();
    for text in ["{}", r#"{"imageLayoutVersion": "2.0.0"}"#, "["] {
        fs::write(made.dir.path().join("oci-layout"), text).expect("own file");
        assert!(matches!(made.pull(""), Err(OciError::NotALayout { .. })), "{text}");
    }
    fs::remove_file(made.dir.path().join("oci-layout")).expect("own file");
    assert!(matches!(made.pull(""), Err(OciError::NotALayout { .. })));
}
