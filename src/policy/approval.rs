//! Approvals: what is asked for, what earlier decisions cover, and the rules that a user gives in
//! advance.

use std::fmt;
use std::str::FromStr;

use crate::limits::{APPROVAL_ACTION_CHARS_MAX, APPROVAL_RESOURCE_CHARS_MAX};

/// What approval is asked for: both texts without control characters and without blanks around them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// What is to be done; may be empty.
    pub action: String,
    /// What it is done to; may be empty. One that is too long is cut and ends with [`CUT`].
    pub resource: String,
    /// Whether the resource, as the guest gave it, may do more than it seems to.
    tricky: bool,
}

/// Stands at the end of a text that was longer.
pub const CUT: char = '…';

/// The action is longer than [`APPROVAL_ACTION_CHARS_MAX`] characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the action has more than {APPROVAL_ACTION_CHARS_MAX} characters")]
pub struct ActionTooLong;

impl Asked {
    /// What a guest asks for, put in order.
    pub fn new(action: &str, resource: &str) -> Result<Asked, ActionTooLong> {
        if action.chars().count() > APPROVAL_ACTION_CHARS_MAX {
            return Err(ActionTooLong);
        }
        let plain = |text: &str| -> String {
            text.chars().filter(|letter| !letter.is_control()).collect::<String>().trim().to_owned()
        };
        let mut shown = plain(resource);
        let mut tricky = is_tricky(resource.trim()) || is_tricky(&shown);
        let last = shown.char_indices().nth(APPROVAL_RESOURCE_CHARS_MAX - 1);
        if let Some((last, letter)) = last
            && last + letter.len_utf8() < shown.len()
        {
            shown.truncate(last);
            shown.push(CUT);
            tricky = true;
        }
        Ok(Asked { action: plain(action), resource: shown, tricky })
    }

    /// What was asked for earlier, to be told about again. How the guest wrote it is not known any
    /// more, so that nothing covers it.
    pub fn earlier(action: &str, resource: &str) -> Asked {
        Asked { action: action.to_owned(), resource: resource.to_owned(), tricky: true }
    }

    /// Whether the earlier approval of `action` covers this: the resource is that action, or begins
    /// with it and a blank. What could do more than it seems to is never covered.
    pub fn is_covered_by(&self, action: &str) -> bool {
        let rest = self.resource.strip_prefix(action);
        let begins = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
        !action.is_empty() && begins && !self.tricky
    }

    /// The option that approves exactly this, as it is typed in a shell.
    pub fn option(&self) -> String {
        let literal = |text: &str| -> String {
            let meant = |letter| matches!(letter, '*' | '?' | '=' | '\\');
            let each = text.chars().flat_map(|l| meant(l).then_some('\\').into_iter().chain([l]));
            each.collect()
        };
        let (action, resource) = (literal(&self.action), literal(&self.resource));
        let answered = action.split_once(':').and_then(|(name, _)| RuleAnswer::named(name));
        let answer = if answered.is_some() { "approve:" } else { "" };
        let rule = format!("{answer}{action}={resource}").replace('\'', r"'\''");
        format!("--approve '{rule}'")
    }
}

/// Whether a resource has shell operators in it, climbs out of a directory, or holds what does not
/// show: a line break ends a command, too.
fn is_tricky(resource: &str) -> bool {
    let operator = [";", "&&", "|", "$(", "`", ">", "<"];
    operator.iter().any(|operator| resource.contains(operator))
        || resource.contains(char::is_control)
        || resource.split(['/', ' ']).any(|part| part == "..")
}

/// For a person: `git push (git push origin main)`.
impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.action.as_str(), self.resource.as_str()) {
            ("", "") => f.write_str("something it does not name"),
            (action, "") => f.write_str(action),
            ("", resource) => f.write_str(resource),
            (action, resource) => write!(f, "{action} ({resource})"),
        }
    }
}

/// What a rule answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleAnswer {
    /// Yes, this once.
    Approve,
    /// Yes, and likewise until the session ends.
    Session,
    /// Yes, and likewise from now on.
    Always,
    /// No.
    Deny,
    /// As if nobody decided in time.
    Timeout,
    /// As if decisions could not be looked up.
    Error,
}

impl RuleAnswer {
    /// All of them, by name.
    pub const ALL: [(&str, RuleAnswer); 6] = [
        ("approve", RuleAnswer::Approve),
        ("session", RuleAnswer::Session),
        ("always", RuleAnswer::Always),
        ("deny", RuleAnswer::Deny),
        ("timeout", RuleAnswer::Timeout),
        ("error", RuleAnswer::Error),
    ];

    /// The answer of this name.
    pub fn named(name: &str) -> Option<RuleAnswer> {
        RuleAnswer::ALL.iter().find(|(known, _)| *known == name).map(|(_, answer)| *answer)
    }

    fn approves(self) -> bool {
        matches!(self, RuleAnswer::Approve | RuleAnswer::Session | RuleAnswer::Always)
    }
}

/// A decision that a user makes in advance.
///
/// In text it is `[ANSWER:]ACTION[=RESOURCE]`. `*` stands for any text, `?` for one character, and a
/// backslash takes the meaning from what follows it. Without an answer it approves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    capsule: Option<String>,
    action: Pattern,
    /// Without one, whatever the resource.
    resource: Option<Pattern>,
    answer: RuleAnswer,
}

/// A rule that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// It has neither an action nor a resource.
    #[error("it names no action")]
    NoAction,
}

impl Rule {
    /// A rule for requests of `capsule`, or of every one, whose action and resource match.
    pub fn new(
        capsule: Option<&str>,
        action: &str,
        resource: Option<&str>,
        answer: RuleAnswer,
    ) -> Result<Rule, RuleError> {
        if action.is_empty() && resource.is_none() {
            return Err(RuleError::NoAction);
        }
        let (action, resource) = (Pattern::new(action), resource.map(Pattern::new));
        Ok(Rule { capsule: capsule.map(str::to_owned), action, resource, answer })
    }

    /// What the rule says to a request, if it is about that. A resource with shell operators or `..`
    /// in it is approved only by a rule that leaves nothing of it open, or says nothing about it.
    pub fn decide(&self, capsule: &str, asked: &Asked) -> Option<RuleAnswer> {
        let own = self.capsule.as_deref().is_none_or(|own| own == capsule);
        if !own || !self.action.matches(&asked.action) {
            return None;
        }
        if let Some(pattern) = &self.resource {
            let lured = self.answer.approves() && !pattern.is_literal() && asked.tricky;
            if lured || !pattern.matches(&asked.resource) {
                return None;
            }
        }
        Some(self.answer)
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Rule, RuleError> {
        let named = text.split_once(':').and_then(|(name, rest)| {
            let answer = RuleAnswer::named(name)?;
            Some((answer, rest))
        });
        let (answer, rest) = named.unwrap_or((RuleAnswer::Approve, text));
        let mut escaped = false;
        let split = rest.char_indices().find(|(_, letter)| {
            let is_plain = !escaped;
            escaped = is_plain && *letter == '\\';
            is_plain && *letter == '='
        });
        let (action, resource) = match split {
            Some((at, _)) => (&rest[..at], Some(&rest[at + 1..])),
            None => (rest, None),
        };
        Rule::new(None, action, resource, answer)
    }
}

/// A text with wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern(Vec<Part>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Letter(char),
    AnyLetter,
    AnyText,
}

impl Pattern {
    fn new(text: &str) -> Pattern {
        let mut letters = text.chars();
        let mut parts = Vec::new();
        while let Some(letter) = letters.next() {
            parts.push(match letter {
                '*' => Part::AnyText,
                '?' => Part::AnyLetter,
                '\\' => Part::Letter(letters.next().unwrap_or('\\')),
                letter => Part::Letter(letter),
            });
        }
        Pattern(parts)
    }

    fn is_literal(&self) -> bool {
        self.0.iter().all(|part| matches!(part, Part::Letter(_)))
    }

    /// Takes the product of both lengths, however many wildcards there are.
    fn matches(&self, text: &str) -> bool {
        let letters: Vec<char> = text.chars().collect();
        // Which beginnings of the text the parts so far match, by their length.
        let mut matched = vec![false; letters.len() + 1];
        matched[0] = true;
        for part in &self.0 {
            let pairs = matched.iter().zip(&letters);
            matched = match part {
                Part::AnyText => {
                    let any = matched.iter().scan(false, |any, so_far| {
                        *any = *any || *so_far;
                        Some(*any)
                    });
                    any.collect()
                }
                Part::AnyLetter => {
                    std::iter::once(false).chain(pairs.map(|(so_far, _)| *so_far)).collect()
                }
                Part::Letter(letter) => {
                    let longer = pairs.map(|(so_far, next)| *so_far && next == letter);
                    std::iter::once(false).chain(longer).collect()
                }
            };
        }
        matched[letters.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(action: &str, resource: &str) -> Asked {
        Asked::new(action, resource).expect("a short action")
    }

    #[test]
    fn requests_lose_what_does_not_show() {
        let plain = asked(" git\u{1b} push\n", "\ta\0b ");
        assert_eq!((plain.action.as_str(), plain.resource.as_str()), ("git push", "ab"));
        assert_eq!(asked("", "").to_string(), "something it does not name");
        assert_eq!(asked("rm", "/a").to_string(), "rm (/a)");
        assert_eq!(asked("a", &"ä".repeat(1024)).resource, "ä".repeat(1024));
        assert_eq!(asked("a", &"ä".repeat(1025)).resource, "ä".repeat(1023) + "…");
    }

    #[test]
    fn an_action_may_have_256_characters_before_anything_is_taken_off() {
        assert!(Asked::new(&"ä".repeat(256), "").is_ok());
        assert_eq!(Asked::new(&" ".repeat(257), ""), Err(ActionTooLong));
    }

    #[test]
    fn an_earlier_approval_covers_what_begins_with_it() {
        for (action, resource, covered) in [
            ("git push", "git push origin main", true),
            ("git push", "git push", true),
            ("git push", "git pushx", false),
            ("git push", "git status", false),
            ("git push", "git push x; curl evil", false),
            ("git push", "git push && a", false),
            ("git push", "git push | a", false),
            ("git push", "git push $(a)", false),
            ("git push", "git push `a`", false),
            ("git push", "git push > a", false),
            ("git push", "git push < a", false),
            ("cat", "cat ../a", false),
            ("cat", "cat a/../../b", false),
            ("cat", "cat ..", false),
            ("cat", "cat a..b", true),
            ("git push", "git push x\nrm -rf /", false),
            ("git push", "git push x\r", true),
            ("git push", "git push x\rrm -rf /", false),
            ("git push", "git push x &\0& rm", false),
            ("git push", "git push\u{1b}[2K x", false),
            ("cat", "cat .\u{7f}./a", false),
            ("git *", "git status", false),
            ("git *", "git * x", true),
            ("delete", "/data/old.db", false),
            ("", "a", false),
        ] {
            assert_eq!(asked("x", resource).is_covered_by(action), covered, "{action} {resource}");
        }
    }

    #[test]
    fn what_was_cut_off_is_not_covered_by_what_is_left() {
        let long = format!("git push {}; rm -rf /", "a".repeat(APPROVAL_RESOURCE_CHARS_MAX));
        assert!(!asked("x", &long).is_covered_by("git push"));
        assert_eq!(decided("x=git push *", "x", &long), None);
        assert_eq!(decided(&format!("x={}", &long[..1024]), "x", &long), None);
        assert!(asked("x", &long).to_string().ends_with("…)"));
    }

    fn decided(rule: &str, action: &str, resource: &str) -> Option<RuleAnswer> {
        rule.parse::<Rule>().expect("a rule").decide("c", &asked(action, resource))
    }

    #[test]
    fn rules_answer_what_they_match() {
        use RuleAnswer::{Always, Approve, Deny, Session};
        for (rule, action, resource, answer) in [
            ("git push", "git push", "anything; at all", Some(Approve)),
            ("git push", "git pull", "", None),
            ("git *", "git pull", "", Some(Approve)),
            ("*", "", "", Some(Approve)),
            ("deny:*", "rm", "/", Some(Deny)),
            ("session:a=b?", "a", "bc", Some(Session)),
            ("session:a=b?", "a", "b", None),
            ("always:a=", "a", "", Some(Always)),
            ("always:a=", "a", "b", None),
            ("x:y", "x:y", "", Some(Approve)),
            ("=", "", "", Some(Approve)),
            ("=", "a", "", None),
            (r"a\=b=c", "a=b", "c", Some(Approve)),
            (r"a\*", "ab", "", None),
            (r"a\*", "a*", "", Some(Approve)),
            (r"a\", r"a\", "", Some(Approve)),
            ("a=*b*c", "a", "xbxbxc", Some(Approve)),
            ("a=*b*c", "a", "xbxbx", None),
            ("a=**b", "a", "b", Some(Approve)),
            ("a=*b**", "a", "xb", Some(Approve)),
            ("a=b*", "a", "xb", None),
            ("a=?*", "a", "", None),
            ("a=?*", "a", "ä", Some(Approve)),
            ("a=*?b", "a", "xb", Some(Approve)),
            ("a=*?b", "a", "b", None),
        ] {
            assert_eq!(decided(rule, action, resource), answer, "{rule} {action} {resource}");
        }
        assert_eq!("deny:".parse::<Rule>(), Err(RuleError::NoAction));
    }

    #[test]
    fn the_option_that_is_suggested_approves_just_that() {
        for (action, resource) in
            [("git push", "git push a; b"), ("deny:a", "x=y"), ("", ""), ("*?", "a\\b"), ("", "r")]
        {
            let option = asked(action, resource).option();
            let rule = option.strip_prefix("--approve '").and_then(|rule| rule.strip_suffix('\''));
            let rule = rule.unwrap_or_else(|| panic!("{option}"));
            assert_eq!(decided(rule, action, resource), Some(RuleAnswer::Approve), "{option}");
            assert_eq!(decided(rule, action, &format!("{resource}z")), None, "{option}");
        }
        assert_eq!(asked("it's", "").option(), r"--approve 'it'\''s='");
    }

    #[test]
    fn wildcards_approve_no_shell_operators() {
        assert_eq!(decided("git=git push *", "git", "git push a; rm b"), None);
        assert_eq!(decided("git=*", "git", "cat ../a"), None);
        assert_eq!(decided("git=a; b", "git", "a; b"), Some(RuleAnswer::Approve));
        assert_eq!(decided("deny:git=*;*", "git", "a; b"), Some(RuleAnswer::Deny));
    }

    #[test]
    fn a_rule_of_one_capsule_says_nothing_to_another() {
        let rule = Rule::new(Some("c"), "a", None, RuleAnswer::Approve).expect("a rule");
        assert_eq!(rule.decide("c", &asked("a", "")), Some(RuleAnswer::Approve));
        assert_eq!(rule.decide("d", &asked("a", "")), None);
    }
}
