//! What checking a home directory finds.

rules! {
    BINARY_DIFFERS = "binary-differs", Error, "the binary is not the one that was installed",
        "The file was changed or damaged; it does not load.",
        "Run `capsule verify --repair`, or install the capsule again with `--reinstall`.";
    BINARY_MISSING = "binary-missing", Error, "the binary of a capsule is gone",
        "There is nothing to load.",
        "Run `capsule verify --repair`, or install the capsule again with `--reinstall`.";
    BINARY_UNREADABLE = "binary-unreadable", Error, "the binary of a capsule cannot be read",
        "What cannot be read cannot be checked, and does not load.",
        "Mend the permissions of the file, or the disk.";
    HASH_MISSING = "hash-missing", Error, "no hash is recorded for the binary",
        "Without a recorded hash nothing loads: there is nothing to compare with.",
        "Install the capsule again from its source with `--reinstall`.";
    HASH_MALFORMED = "hash-malformed", Error, "a recorded hash can equal no digest",
        "The record was damaged, so nothing can be compared with it.",
        "Install the capsule again from its source with `--reinstall`.";
    META_MISSING = "meta-missing", Error, "the record of an installation is gone",
        "`meta.json` holds the hash; without it the capsule does not load.",
        "Install the capsule again from its source.";
    META_DAMAGED = "meta-damaged", Error, "the record of an installation cannot be read",
        "`meta.json` holds the hash; without it the capsule does not load.",
        "Install the capsule again from its source.";
    WIT_DAMAGED = "wit-damaged", Error, "an interface file is missing or damaged",
        "What the capsule says of its payloads can no longer be relied on.",
        "Run `capsule verify --repair`, or install the capsule again with `--reinstall`.";
    MANIFEST_DAMAGED = "manifest-damaged", Error, "the installed manifest is not one that loads",
        "The file was changed or damaged since the capsule was installed.",
        "Run `capsule verify --repair`, or install the capsule again with `--reinstall`.";
    MANIFEST_DIFFERS = "manifest-differs", Error, "the manifest is not the one that was installed",
        "Somebody changed it since: what it permits now was approved by nobody.",
        "Run `capsule verify --repair`, or install the capsule again from its source.";
    NAME_DIFFERS = "name-differs", Error, "a capsule's directory and its manifest disagree about its name",
        "Data and settings are kept under the name, and two capsules could claim one.",
        "Remove the directory and install the capsule again.";
    BLOB_DAMAGED = "blob-damaged", Error, "a stored file does not have the hash in its name",
        "No capsule uses it now; one that comes to need it would not load.",
        "Remove the file.";
    JOURNAL_DAMAGED = "journal-damaged", Error, "the journal of an interrupted change cannot be read",
        "What was decided is not known, so it can be neither finished nor forgotten, and its capsule can be neither installed nor removed.",
        "Run `capsule verify --repair`, which sets the change aside once you agree; then install the capsule again.";
    JOURNAL_VERSION = "journal-version", Error, "the journal of an interrupted change is of another version",
        "Only the version of capsule that wrote it knows what was decided; until it has finished that, this capsule can be neither installed nor removed.",
        "Run any command of the version that wrote it. `capsule verify --repair` gives the change up and sets it aside, once you agree.";
    CHANGE_UNFINISHED = "change-unfinished", Error, "a change that was decided could not be finished",
        "Every command tries to finish it; until one does, its capsule can be neither installed nor removed.",
        "Remove the cause that is given. `capsule verify --repair` sets a change aside that can never be finished, once you agree.";
    FILE_EXPOSED = "file-exposed", Error, "others may read what is private",
        "Secrets, settings and what capsules store are for their owner alone.",
        "Take the permission away, and replace a secret that others may have read.";
    FILE_WRITABLE = "file-writable", Error, "others may change what is relied on",
        "Whoever changes a record, a manifest or the list of signers decides what loads and what it may do.",
        "Take the permission away, then see whether what is installed is what was installed.";
    CACHE_UNSAFE = "cache-unsafe", Error, "others could change the compiled code in the cache",
        "Compiled code is executed as it stands, so it is not used where others may write.",
        "Remove the cache; it is made again.";
}
