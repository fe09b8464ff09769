//! Every finding that this tool can have, as one table.
//!
//! A [`Rule`] says once what all findings of its kind have in common: the stable id, how bad it is,
//! what it means, why that matters and what to do. Whoever finds something names its rule, so there
//! is no finding without one. Ids are stable: scripts and rule lists rely on them, and none is ever
//! used for something else.

/// Makes constants and the table of them from one row each.
macro_rules! rules {
    ($($name:ident = $id:literal, $level:ident $(+ $strict:ident)?, $title:literal,
        $why:literal, $fix:literal;)*) => {
        $(
            #[doc = $title]
            pub const $name: super::Rule = super::Rule {
                id: $id,
                level: super::Level::$level,
                strict: rules!(@strict $($strict)?),
                title: $title,
                why: $why,
                fix: $fix,
            };
        )*

        /// The rules of this group.
        pub const RULES: &[super::Rule] = &[$($name),*];
    };
    (@strict strict) => { true };
    (@strict) => { false };
}

pub mod binary;
pub mod cases;
pub mod claims;
pub mod home;
pub mod kernel;
pub mod manifest;

#[cfg(test)]
mod tests;

/// How bad a finding is. The order is the order of severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing.
    Info,
    /// Will surprise somebody.
    Warning,
    /// The capsule cannot work as it is.
    Error,
}

impl Level {
    /// The name in reports and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

/// What all findings of one kind have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The stable id, in kebab case.
    pub id: &'static str,
    /// How bad it is without strictness.
    pub level: Level,
    /// Whether strictness makes it an error.
    pub strict: bool,
    /// What is the case, in one line.
    pub title: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// What to do about it.
    pub fix: &'static str,
}

/// Where findings come from, and the rules for them.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// One word for the source.
    pub name: &'static str,
    /// What is looked at.
    pub about: &'static str,
    /// The rules, in the order in which a reader meets what they are about.
    pub rules: &'static [Rule],
}

/// All rules.
pub const GROUPS: [Group; 6] = [
    Group { name: "manifest", about: "the text of Capsule.toml", rules: manifest::RULES },
    Group { name: "binary", about: "the WebAssembly file alone", rules: binary::RULES },
    Group { name: "claims", about: "the manifest beside the binary", rules: claims::RULES },
    Group { name: "kernel", about: "what a kernel release makes of it", rules: kernel::RULES },
    Group { name: "home", about: "what is installed", rules: home::RULES },
    Group { name: "cases", about: "the cases of capsule test", rules: cases::RULES },
];

/// All rules, group by group.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    GROUPS.iter().flat_map(|group| group.rules)
}

/// The rule with this id.
pub fn find(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}
