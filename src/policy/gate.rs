//! May this capsule do this? The gate is made from the manifest, once per load, and there is no way
//! to be without one: what the manifest does not grant is denied, in lifecycle hooks too.

use std::fmt;

use crate::bus::topic::acl_allows;
use crate::manifest::{Capability, Manifest};

/// What a host call asks of policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask<'a> {
    /// Publish to a topic.
    Publish {
        /// The concrete topic.
        topic: &'a str,
    },
    /// Subscribe to a pattern.
    Subscribe {
        /// The pattern as the guest wrote it.
        pattern: &'a str,
    },
    /// Act on behalf of somebody else: publish in their name.
    Uplink,
}

/// A refusal: what was missing, and the manifest line that would grant it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The manifest table or key that was asked, such as `[publish]` or `uplink`.
    pub capability: &'static str,
    /// What the guest wanted.
    pub wanted: String,
    /// A line of `Capsule.toml` that would allow it.
    pub grant: String,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} does not allow {}; {} would", self.capability, self.wanted, self.grant)
    }
}

/// The permissions of one loaded capsule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    publish: Box<[String]>,
    subscribe: Box<[String]>,
    uplink: bool,
}

impl Gate {
    /// The gate of a capsule with this manifest.
    pub fn new(manifest: &Manifest) -> Gate {
        Gate {
            publish: manifest.publish_keys().map(str::to_owned).collect(),
            subscribe: manifest.subscribe_keys().map(str::to_owned).collect(),
            uplink: manifest.capabilities.holds(Capability::Uplink),
        }
    }

    /// Decides one question.
    pub fn decide(&self, ask: Ask<'_>) -> Result<(), Denial> {
        match ask {
            Ask::Publish { topic } => {
                allow(acl_allows(self.publish.iter().map(String::as_str), topic), || Denial {
                    capability: "[publish]",
                    wanted: format!("publishing to {topic:?}"),
                    grant: format!("[publish] {topic:?} = \"opaque\""),
                })
            }
            Ask::Subscribe { pattern } => {
                allow(acl_allows(self.subscribe.iter().map(String::as_str), pattern), || Denial {
                    capability: "[subscribe]",
                    wanted: format!("subscribing to {pattern:?}"),
                    grant: format!("[subscribe] {pattern:?} = \"opaque\""),
                })
            }
            Ask::Uplink => allow(self.uplink, || Denial {
                capability: "uplink",
                wanted: "acting on behalf of somebody else".to_owned(),
                grant: "[capabilities] uplink = true".to_owned(),
            }),
        }
    }
}

fn allow(allowed: bool, denial: impl FnOnce() -> Denial) -> Result<(), Denial> {
    if allowed { Ok(()) } else { Err(denial()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(publish: &[&str], subscribe: &[&str], uplink: bool) -> Gate {
        let own = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        Gate { publish: own(publish), subscribe: own(subscribe), uplink }
    }

    #[test]
    fn an_empty_manifest_denies_everything() {
        let gate = gate(&[], &[], false);
        let asks = [Ask::Publish { topic: "a.b" }, Ask::Subscribe { pattern: "a.*" }, Ask::Uplink];
        for ask in asks {
            assert!(gate.decide(ask).is_err(), "{ask:?} was allowed");
        }
    }

    #[test]
    fn grants_allow_what_they_name_and_nothing_beside_it() {
        let gate = gate(&["a.*"], &["b.c"], true);
        assert_eq!(gate.decide(Ask::Publish { topic: "a.x.y" }), Ok(()));
        assert!(gate.decide(Ask::Publish { topic: "b.c" }).is_err());
        assert_eq!(gate.decide(Ask::Subscribe { pattern: "b.c" }), Ok(()));
        assert!(gate.decide(Ask::Subscribe { pattern: "b.*" }).is_err());
        assert_eq!(gate.decide(Ask::Uplink), Ok(()));
    }

    #[test]
    fn a_denial_names_the_line_that_would_grant_it() {
        let denial = gate(&[], &[], false).decide(Ask::Publish { topic: "a.b" }).expect_err("deny");
        assert_eq!(denial.grant, "[publish] \"a.b\" = \"opaque\"");
    }
}
