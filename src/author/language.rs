//! What a capsule can be written in, and which entry points it can have.

/// What a capsule is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Rust, with the guest SDK.
    Rust,
    /// C without a library, with the canonical ABI in a header of its own.
    C,
    /// A core module as text.
    Wat,
}

impl Language {
    /// All of them, the usual one first.
    pub const ALL: [Language; 3] = [Language::Rust, Language::C, Language::Wat];

    /// The word on the command line and in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Language::Rust => "rust",
            Language::C => "c",
            Language::Wat => "wat",
        }
    }

    /// The name in a sentence.
    pub const fn title(self) -> &'static str {
        match self {
            Language::Rust => "Rust",
            Language::C => "C",
            Language::Wat => "WebAssembly text",
        }
    }
}

/// Something that a capsule does, by the entry point that does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// It answers interceptors.
    Hook,
    /// It has a run loop.
    Run,
    /// It does something when it is installed.
    Install,
    /// It does something when a newer version of it takes the place of an older one.
    Upgrade,
}

impl Part {
    /// All of them.
    pub const ALL: [Part; 4] = [Part::Hook, Part::Run, Part::Install, Part::Upgrade];

    /// The word on the command line and in templates.
    pub const fn name(self) -> &'static str {
        match self {
            Part::Hook => "hook",
            Part::Run => "run",
            Part::Install => "install",
            Part::Upgrade => "upgrade",
        }
    }
}
