//! Exit codes: one table for the program, its help, its man page and its documentation.

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the table below says what each means")]
pub enum Exit {
    Done = 0,
    No = 1,
    Usage = 2,
    Invalid = 3,
    Denied = 4,
    Integrity = 5,
    Trap = 6,
    OutOfFuel = 7,
    Deadline = 8,
    GuestDenied = 9,
    Environment = 10,
    Diverged = 11,
    Defect = 70,
    Interrupted = 130,
    Terminated = 143,
}

/// Every exit code with its meaning, in ascending order.
pub const EXIT_CODES: &[(Exit, &str)] = &[
    (Exit::Done, "done; the answer is yes"),
    (Exit::No, "the question's answer is no: a check found something, or a gate tripped"),
    (Exit::Usage, "usage error"),
    (Exit::Invalid, "the input is not a valid capsule, or needs imports that are not served"),
    (Exit::Denied, "denied: policy, permission, missing approval, disabled principal, CPU budget"),
    (Exit::Integrity, "integrity: a hash is missing or wrong"),
    (Exit::Trap, "the guest trapped, or was refused memory it could not do without"),
    (Exit::OutOfFuel, "the guest ran out of fuel"),
    (Exit::Deadline, "a deadline passed, or a run loop was stopped for not yielding"),
    (Exit::GuestDenied, "the guest's answer was deny or abort"),
    (Exit::Environment, "host or environment failure: disk, permission, network"),
    (Exit::Diverged, "a replay diverged from its recording"),
    (Exit::Defect, "a defect in capsule itself"),
    (Exit::Interrupted, "ended by SIGINT, after a clean shutdown"),
    (Exit::Terminated, "ended by SIGTERM, after a clean shutdown"),
];

impl Exit {
    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The end that counts when several capsules ended differently: the worst of the two.
    pub fn worst(self, other: Exit) -> Exit {
        // From worst to best; what is not in the list ends the command whatever the capsules did.
        const ORDER: [Exit; 9] = [
            Exit::Defect,
            Exit::Integrity,
            Exit::Environment,
            Exit::Trap,
            Exit::OutOfFuel,
            Exit::Deadline,
            Exit::Denied,
            Exit::GuestDenied,
            Exit::Done,
        ];
        let rank = |exit| ORDER.iter().position(|known| *known == exit).unwrap_or(0);
        if rank(other) < rank(self) { other } else { self }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        std::process::ExitCode::from(exit.code())
    }
}

/// The table as text.
pub fn exit_codes_text() -> String {
    EXIT_CODES.iter().map(|(exit, meaning)| format!("{:>4}  {meaning}\n", exit.code())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_complete_and_ascending() {
        let codes: Vec<u8> = EXIT_CODES.iter().map(|(exit, _)| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 70, 130, 143]);
    }

    #[test]
    fn the_worst_end_counts() {
        let check = |a: Exit, b: Exit, worst: Exit| {
            assert_eq!((a.worst(b), b.worst(a)), (worst, worst));
        };
        check(Exit::Done, Exit::GuestDenied, Exit::GuestDenied);
        check(Exit::Trap, Exit::Deadline, Exit::Trap);
        check(Exit::Integrity, Exit::Environment, Exit::Integrity);
        check(Exit::Deadline, Exit::Denied, Exit::Deadline);
        check(Exit::Defect, Exit::Integrity, Exit::Defect);
    }
}
