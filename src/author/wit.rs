//! The interfaces in `wit/`, as part of the program.

use std::sync::LazyLock;

use wit_parser::Resolve;

/// Makes the table of interfaces from their folders.
macro_rules! sources {
    ($($package:literal / $file:literal),* $(,)?) => {
        /// Every package below `wit/deps`, by its path there, after those that it names.
        pub const SOURCES: &[(&str, &str)] = &[$((
            concat!($package, "/", $file),
            include_str!(concat!("../../wit/deps/", $package, "/", $file)),
        )),*];
    };
}

sources![
    "io@1.0.0" / "io.wit",
    "guest@1.0.0" / "guest.wit",
    "sys@1.0.0" / "sys.wit",
    "kv@1.0.0" / "kv.wit",
    "fs@1.0.0" / "fs.wit",
    "ipc@1.0.0" / "ipc.wit",
    "net@1.0.0" / "net.wit",
    "http@1.0.0" / "http.wit",
    "http@1.1.0" / "http.wit",
    "process@1.0.0" / "process.wit",
    "process@1.1.0" / "process.wit",
    "uplink@1.0.0" / "uplink.wit",
    "elicit@1.0.0" / "elicit.wit",
    "approval@1.0.0" / "approval.wit",
    "identity@1.0.0" / "identity.wit",
    "request-context@1.0.0" / "request-context.wit",
];

static RESOLVED: LazyLock<Resolve> = LazyLock::new(|| {
    let mut resolve = Resolve::default();
    for (name, text) in SOURCES {
        resolve.push_source(name, text).expect("a test resolves every interface of the table");
    }
    resolve
});

/// All served interfaces and the worlds of entry points, resolved.
pub fn resolved() -> &'static Resolve {
    &RESOLVED
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_table_holds_every_interface_that_there_is() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("wit/deps");
        let mut there: Vec<String> = Vec::new();
        for package in std::fs::read_dir(&root).unwrap() {
            let package = package.unwrap();
            for file in std::fs::read_dir(package.path()).unwrap() {
                let name = file.unwrap().file_name().into_string().unwrap();
                there.push(format!("{}/{name}", package.file_name().to_string_lossy()));
            }
        }
        let mut listed: Vec<&str> = SOURCES.iter().map(|(name, _)| *name).collect();
        there.sort();
        listed.sort_unstable();
        assert_eq!(listed, there);
        assert_eq!(resolved().packages.len(), SOURCES.len());
    }
}
