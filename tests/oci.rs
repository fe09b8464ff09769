//! Capsules out of layout directories and registries, through the real binary.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use capsule::oci::Sha;
use serde_json::{Value, json};
use support::{Output, Sandbox};

const TITLE: &str = "org.opencontainers.image.title";

/// What a registry answers: the head but for its length, and the body.
type Answer = (String, Vec<u8>);

/// A registry on loopback. It answers what was put under a path, and notes what it was asked.
struct Registry {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Registry {
    /// Starts one. `token` has to be shown for whatever is below `/v2/`.
    fn start(
        pages: impl FnOnce(SocketAddr) -> BTreeMap<String, Answer>,
        token: Option<&'static str>,
    ) -> Registry {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let pages = pages(address);
        let (asked, over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (noted, ends) = (Arc::clone(&asked), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(mut stream) = stream else { continue };
                let Some((path, head)) = request(&mut stream) else { continue };
                noted.lock().expect("no panic").push(path.clone());
                let shown = token.is_none_or(|token| head.contains(&format!("Bearer {token}\r\n")));
                let answer = if path.starts_with("/v2/") && !shown {
                    let realm = format!("http://{address}/token");
                    let challenge = format!("Bearer realm=\"{realm}\",service=\"here\"");
                    (format!("401 No\r\nWWW-Authenticate: {challenge}"), Vec::new())
                } else {
                    let none = || ("404 None".to_owned(), Vec::new());
                    pages.get(&path).cloned().unwrap_or_else(none)
                };
                let (head, body) = answer;
                let length = body.len();
                let head = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\n\r\n");
                // A reader that has seen enough is gone.
                let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
            }
        });
        Registry { address, asked, over, thread: Some(thread) }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().expect("no panic"))
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // Wakes it, so that it sees that it is over.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The path of a request, and its head.
fn request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let path = head.split(' ').nth(1)?.to_owned();
    Some((path, head.replace("authorization: ", "Authorization: ")))
}

fn ok(body: impl Into<Vec<u8>>) -> Answer {
    ("200 OK".to_owned(), body.into())
}

/// An archive of the greeter, and the manifest of its artifact.
fn artifact(sandbox: &Sandbox) -> (Vec<u8>, Vec<u8>) {
    let greeter = sandbox.fixture("greeter");
    let greeter = greeter.to_str().expect("a path in UTF-8");
    let _ = sandbox.run(["pack", greeter, "--output", "greeter.capsule"]).expect_code(0);
    let archive = fs::read(sandbox.workspace().join("greeter.capsule")).expect("it was packed");
    let layer = json!({
        "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
        "digest": Sha::of(&archive).to_string(),
        "size": archive.len(),
        "annotations": {TITLE: "greeter.capsule"},
    });
    let manifest = json!({"schemaVersion": 2, "layers": [layer]}).to_string();
    (archive, manifest.into_bytes())
}

fn source(sandbox: &Sandbox) -> Value {
    let meta = sandbox.home().join("home/default/.local/capsules/greeter/meta.json");
    let meta: Value =
        serde_json::from_slice(&fs::read(meta).expect("it is installed")).expect("JSON");
    meta["source"].clone()
}

#[test]
fn a_registry_gives_a_token_and_sends_the_reader_on_and_the_digest_is_recorded() {
    let sandbox = Sandbox::new();
    let (archive, manifest) = artifact(&sandbox);
    let blob = Sha::of(&archive);
    let pages = |address: SocketAddr| {
        let elsewhere = format!("307 Elsewhere\r\nLocation: http://{address}/store/a?b=c");
        BTreeMap::from([
            (
                "/token?service=here&scope=repository%3Ateam%2Fgreeter%3Apull".to_owned(),
                ok(r#"{"token": "secret"}"#),
            ),
            ("/v2/team/greeter/manifests/1.0".to_owned(), ok(manifest.clone())),
            (format!("/v2/team/greeter/blobs/{blob}"), (elsewhere, Vec::new())),
            ("/store/a?b=c".to_owned(), ok(archive.clone())),
        ])
    };
    let registry = Registry::start(pages, Some("secret"));
    let name = format!("oci:{}/team/greeter", registry.address);
    let installed = sandbox.run(["install", &format!("{name}:1.0"), "--yes"]).expect_code(0);
    let digest = Sha::of(&manifest);
    assert!(
        installed.stderr.contains(&format!("{name}:1.0 is {digest} now")),
        "{}",
        installed.stderr
    );
    assert_eq!(source(&sandbox), format!("{name}@{digest}"));
    assert_eq!(
        registry.asked().len(),
        5,
        "refused once, the token, the manifest, and two for the blob"
    );
    let _ = sandbox
        .run(["invoke", "greeter", "greet", "--payload", "{\"name\": \"Ada\"}"])
        .expect_code(0);
    let _ = sandbox.run(["verify", "--all"]).expect_code(0);
    assert!(registry.asked().is_empty(), "what is installed is here");
}

/// Inspects an artifact of a registry with these answers for manifest and blob.
fn inspect(manifest: Answer, blob: impl FnOnce(SocketAddr) -> Answer) -> (Output, Vec<String>) {
    let sandbox = Sandbox::new();
    let (archive, good) = artifact(&sandbox);
    let blob_path = format!("/v2/g/blobs/{}", Sha::of(&archive));
    let manifest = if manifest.1 == b"good" { (manifest.0, good) } else { manifest };
    let pages = |address| {
        let blob = blob(address);
        let blob = if blob.1 == b"good" { (blob.0, archive) } else { blob };
        BTreeMap::from([("/v2/g/manifests/latest".to_owned(), manifest), (blob_path, blob)])
    };
    let registry = Registry::start(pages, None);
    let output = sandbox.run(["inspect", &format!("oci:{}/g", registry.address)]);
    (output, registry.asked())
}

#[test]
fn what_a_registry_gets_wrong_is_refused_with_its_reason() {
    let good = || ok("good");
    let (output, _) = inspect(good(), |_| good());
    assert!(output.expect_code(0).stdout.contains("greeter"), "the usual case");
    let status = |text: &str| (text.to_owned(), Vec::new());
    type Blob = Box<dyn FnOnce(SocketAddr) -> Answer>;
    let page = |answer: Answer| -> Blob { Box::new(|_| answer) };
    let to = |text: &'static str| -> Blob {
        Box::new(move |_| (format!("302 Elsewhere\r\nLocation: {text}"), Vec::new()))
    };
    let circle: Blob = Box::new(|address| {
        let blob = format!("http://{address}/v2/g/manifests/circle");
        (format!("302 Elsewhere\r\nLocation: {blob}"), Vec::new())
    });
    for (manifest, blob, code, reason) in [
        (status("404 None"), page(good()), 3, "there is no g:latest here"),
        (status("500 Broken"), page(good()), 10, "answered 500"),
        (status("403 No"), page(good()), 10, "wants a login"),
        (ok("{}"), page(good()), 3, "not a valid OCI document"),
        (ok("x".repeat(5 << 20)), page(good()), 3, "more than 4194304 bytes"),
        (good(), page(ok("short")), 3, "bytes that its descriptor names"),
        (good(), page(ok("x".repeat(9 << 20))), 3, "bytes that its descriptor names"),
        (good(), page(status("503 Busy")), 10, "answered 503"),
        (good(), to("http://192.0.2.1/blob"), 3, "which is not followed"),
        (good(), to("file:///etc/passwd"), 3, "which is not followed"),
        (good(), to("https://127.0.0.1:1/blob"), 10, "cannot reach"),
        (good(), circle, 10, "answered 404"),
    ] {
        let (output, _) = inspect(manifest, blob);
        assert!(output.stderr.contains(reason), "{reason}: {}", output.stderr);
        let _ = output.expect_code(code);
    }
}

#[test]
fn a_layout_directory_is_a_source_like_a_registry() {
    let sandbox = Sandbox::new();
    let (archive, manifest) = artifact(&sandbox);
    let layout = sandbox.workspace().join("layout");
    let blobs = layout.join("blobs/sha256");
    fs::create_dir_all(&blobs).expect("room");
    let put = |bytes: &[u8]| fs::write(blobs.join(Sha::of(bytes).hex()), bytes).expect("room");
    put(&archive);
    put(&manifest);
    fs::write(layout.join("oci-layout"), r#"{"imageLayoutVersion": "1.0.0"}"#).expect("room");
    let index = json!({"schemaVersion": 2, "manifests": [{
        "digest": Sha::of(&manifest).to_string(),
        "size": manifest.len(),
        "annotations": {"org.opencontainers.image.ref.name": "1.0"},
    }]});
    fs::write(layout.join("index.json"), index.to_string()).expect("room");

    let _ = sandbox.run(["inspect", "oci:./layout"]).expect_code(0);
    let _ = sandbox.run(["install", "oci:./layout:1.0", "--yes"]).expect_code(0);
    assert_eq!(source(&sandbox), format!("oci:./layout@{}", Sha::of(&manifest)));
    let output = sandbox.run(["install", "oci:./layout:2.0", "--yes"]).expect_code(3);
    assert!(output.stderr.contains("there is no 2.0 here; tags: 1.0"), "{}", output.stderr);
    let output = sandbox.run(["install", "oci:layout", "--yes"]).expect_code(3);
    assert!(output.stderr.contains("help: oci:HOST/NAME:TAG"), "{}", output.stderr);
    let key = Path::new("a.pub").display().to_string();
    let _ = sandbox.run(["install", "oci:./layout", "--key", &key]).expect_code(2);

    let spoilt: Vec<u8> = archive.iter().map(|byte| byte ^ 1).collect();
    fs::write(blobs.join(Sha::of(&archive).hex()), spoilt).expect("room");
    let output = sandbox.run(["install", "oci:./layout", "--yes"]).expect_code(3);
    assert!(output.stderr.contains("the archive has the digest"), "{}", output.stderr);
}
