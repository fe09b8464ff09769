//! What can be wrong with the cases of `capsule test`.

rules! {
    SYNTAX = "case-syntax", Error, "a file of cases is not TOML",
        "Nothing after the mistake can be understood.",
        "Correct the text at the place shown.";
    UNKNOWN_KEY = "case-unknown-key", Error, "a case has a key that means nothing",
        "What it was to expect or to set up would be left out without a word.",
        "Correct the key, or remove it.";
    VALUE = "case-value", Error, "a value of a case cannot be meant",
        "The case would not say what its author thinks it says.",
        "Give the value the form that the message names.";
    RECORDING = "case-recording", Error, "a recording among the cases cannot be played",
        "A damaged recording shows nothing about the capsule.",
        "Record it again with --record, or remove the file.";
    INCOMPLETE = "case-incomplete", Error, "a case lacks something that it cannot do without",
        "There is nothing to call, or nothing to call it by.",
        "Add the key that the message names.";
    FAILED = "case-failed", Error, "what was expected of a case is not so",
        "The capsule does something else than its author wrote down.",
        "Change the capsule; if what it does now is right, `capsule test --bless` writes it down.";
}
