//! Every cap in the program, with its unit and where the number comes from.
//!
//! A queue, buffer, list, wait or recursion that a guest or a user can make grow is bounded by a
//! constant of this file. Numbers that guests can observe are those of the Astrid 0.8 runtime or of
//! its published interface contract; the rest are ours and say so.

use std::time::Duration;

// --- Engine ---------------------------------------------------------------------------------

/// Length of one epoch tick.
pub const EPOCH_TICK: Duration = Duration::from_millis(100);
/// Ticks in a run loop's window, unless the owner's timeout is shorter.
pub const WINDOW_TICKS_MAX: u64 = 50;
/// Windows without progress after which a run loop is stopped.
pub const WINDOWS_WITHOUT_PROGRESS_MAX: u32 = 3;
/// Fuel of one interceptor call, and of the instantiation before it.
pub const CALL_FUEL: u64 = 10_000_000_000;
/// Fuel of a run loop or lifecycle hook, whose bound is not fuel: large, yet never the sentinel.
pub const UNBOUNDED_FUEL: u64 = 1 << 62;
/// Linear memory of a store when no profile says otherwise.
pub const MEMORY_BYTES: u64 = 64 << 20;
/// What one table element costs in the memory meter.
pub const TABLE_ELEMENT_BYTES: u64 = 32;
/// Core instances, memories and tables in one store.
pub const STORE_OBJECTS_MAX: usize = 256;
/// Live resource handles in one store.
pub const RESOURCES_MAX: usize = 4096;
/// Bytes that one host call may lift out of a guest: the largest payload that any interface takes,
/// and room for what surrounds it.
pub const HOST_CALL_BYTES_MAX: usize = 32 << 20;
/// Wall-clock limit of one interceptor call when no profile says otherwise.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(300);
/// Wall-clock limit of a lifecycle hook.
pub const LIFECYCLE_TIMEOUT: Duration = Duration::from_secs(600);
/// Waits that a guest may begin after it was asked to end; a loop that does nothing else is over.
pub const VAIN_WAITS_MAX: u32 = 16;
/// How long a run loop may take to signal readiness before that is worth a warning.
pub const READY_TIMEOUT: Duration = Duration::from_millis(500);
/// Attempts in a row to start a run loop again that failed.
pub const RESTARTS_MAX: u32 = 5;
/// Wait before the first of them; each further one waits twice as long.
pub const RESTART_DELAY: Duration = Duration::from_secs(2);
/// Longest of these waits.
pub const RESTART_DELAY_MAX: Duration = Duration::from_secs(120);
/// How long a run loop has to run until its failures are forgotten. Ours: the longest wait.
pub const RESTART_HEALTHY: Duration = RESTART_DELAY_MAX;
/// Handlers that a capsule with a run loop may declare.
pub const RUN_LOOP_BINDINGS_MAX: usize = 64;
/// Messages of one principal that wait for one interceptor capsule. Ours: as many as wait in one
/// subscription, so that a burst that a run loop survives is no loss here either.
pub const DISPATCH_QUEUE_MAX: usize = 16_384;
/// Payload bytes of one principal that wait for one interceptor capsule. Ours.
pub const DISPATCH_BYTES_MAX: usize = 64 << 20;
/// Messages that wait for all interceptor capsules together. Ours.
pub const DISPATCH_TOTAL_MAX: usize = 262_144;
/// Payload bytes that wait for all interceptor capsules together. Ours.
pub const DISPATCH_BYTES_TOTAL_MAX: usize = 256 << 20;
/// Interceptor calls in flight at once, over all capsules. Ours: half of a server's slots.
pub const DISPATCH_CALLS_MAX: usize = 64;
/// Instances that wait for their principal's next call, over all capsules. Ours: a quarter of a
/// server's slots, so that calls and run loops never lack one.
pub const INSTANCES_IDLE_MAX: usize = 32;
/// How long an instance waits for its principal's next call, at least; up to twice as long.
pub const INSTANCE_IDLE: Duration = Duration::from_secs(30);

// --- Principals -----------------------------------------------------------------------------

/// Bytes in a principal id or group name.
pub const PRINCIPAL_ID_BYTES_MAX: usize = 64;
/// Bytes in a capability or capability pattern.
pub const CAPABILITY_BYTES_MAX: usize = 256;
/// Principals whose profiles are kept in memory. Ours.
pub const POLICIES_MAX: usize = 4096;
/// Newest profile schema that is understood.
pub const PROFILE_VERSION_MAX: u32 = 1;
/// Longest call timeout that a profile may set, in seconds.
pub const TIMEOUT_SECS_MAX: u64 = 86_400;
/// Most background processes that a profile may set.
pub const BACKGROUND_PROCESSES_MAX: u32 = 256;
/// Fuel a principal may use in a second when no profile says otherwise.
pub const CPU_FUEL_PER_SEC: u64 = 2_000_000_000;
/// Message bytes a principal may publish in a second when no profile says otherwise.
pub const IPC_BYTES_PER_SEC: u64 = 10 << 20;
/// Disk space of a principal when no profile says otherwise.
pub const STORAGE_BYTES: u64 = 1 << 30;
/// Length of the window in which CPU fuel is counted.
pub const CPU_WINDOW: Duration = Duration::from_secs(1);
/// Entries a rate limiter holds before it looks for stale ones.
pub const RATE_ENTRIES_PRUNE_ABOVE: usize = 1000;
/// Shortest time between two searches for stale entries.
pub const RATE_PRUNE_SPACING: Duration = Duration::from_secs(60);

// --- io -------------------------------------------------------------------------------------

/// Pollables in one `poll` call.
pub const POLL_HANDLES_MAX: usize = 256;
/// Bytes that one read of a stream returns.
pub const STREAM_READ_BYTES_MAX: usize = 1 << 20;

// --- net ------------------------------------------------------------------------------------

/// Live connections of one instance, of whatever kind.
pub const NET_STREAMS_MAX: usize = 8;
/// Live TCP listeners of one instance.
pub const NET_LISTENERS_MAX: usize = 4;
/// Bytes in the name of a host.
pub const NET_HOST_BYTES_MAX: usize = 255;
/// Names that the process asks the system about at once, given up or not; ours.
pub const NET_LOOKUPS_MAX: usize = 32;
/// How many of them may be one capsule's; ours.
pub const NET_CAPSULE_LOOKUPS_MAX: usize = 4;
/// Host calls that block a thread at once, however few the cores.
pub const BLOCKING_PERMITS_MIN: usize = 2;
/// Cores that such calls leave to others.
pub const CORES_FOR_OTHERS: usize = 2;
/// Host calls at once that open descriptors, for each core; half the descriptors bound them too.
pub const IO_PERMITS_PER_CORE: usize = 64;
/// Longest time for resolving a name and connecting.
pub const NET_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for one of several addresses of a name. Ours: one that is silent must not cost the others.
pub const NET_ATTEMPT: Duration = Duration::from_secs(3);
/// Bytes in one frame, and in one answer of `read-bytes`.
pub const NET_FRAME_BYTES_MAX: usize = 10 << 20;
/// How long `read` waits for a frame to begin.
pub const NET_FRAME_START: Duration = Duration::from_millis(50);
/// How long bytes may take that are due, and a millisecond more for each KiB of them.
pub const NET_STALL: Duration = Duration::from_secs(5);
/// Longest wait of a `poll-accept` on the capsule's own socket.
pub const NET_POLL_ACCEPT_MAX: Duration = Duration::from_secs(60);
/// How long one message of the handshake there may take.
pub const NET_HANDSHAKE_STEP: Duration = Duration::from_secs(5);
/// How long nobody is let in after a program of another user.
pub const NET_STRANGER_PAUSE: Duration = Duration::from_millis(100);
/// Bytes that are asked of the system in one read; ours.
pub const NET_READ_BYTES: usize = 256 << 10;
/// Bytes that a stream takes before the network does; ours.
pub const NET_UNSENT_BYTES_MAX: usize = 256 << 10;

// --- ipc ------------------------------------------------------------------------------------

/// Bytes in a topic or pattern.
pub const TOPIC_BYTES_MAX: usize = 256;
/// Segments in a topic or pattern that a guest names.
pub const TOPIC_SEGMENTS_MAX: usize = 8;
/// Segments in a topic that the route matcher looks at.
pub const ROUTE_SEGMENTS_MAX: usize = 20;
/// Bytes in a published payload.
pub const PAYLOAD_BYTES_MAX: usize = 1 << 20;
/// Bytes in a payload that the rate limiter refuses whatever the profile says.
pub const PAYLOAD_RATE_BYTES_MAX: usize = 5 << 20;
/// Length of the window in which published bytes are counted.
pub const IPC_WINDOW: Duration = Duration::from_secs(1);
/// Live subscriptions of one instance.
pub const SUBSCRIPTIONS_MAX: usize = 128;
/// Bytes (payload and topic) that wait in one subscription.
pub const MAILBOX_BYTES_MAX: usize = 1 << 20;
/// Messages of one publishing principal that wait in one subscription.
pub const MAILBOX_MESSAGES_MAX: usize = 16_384;
/// Smallest share that one principal gets in a round of draining a subscription, in bytes.
pub const DRAIN_QUANTUM_BYTES_MIN: usize = 4096;
/// Bytes (payload and topic) that one `poll` or `recv` returns.
pub const DRAIN_BYTES_MAX: usize = 1 << 20;
/// Longest wait of one `recv`.
pub const RECV_TIMEOUT_MAX: Duration = Duration::from_secs(60);

// --- uplink ---------------------------------------------------------------------------------

/// Connections that one instance may register.
pub const UPLINKS_MAX: usize = 32;
/// Bytes in the text form of an uplink's id.
pub const UPLINK_ID_BYTES_MAX: usize = 64;
/// Bytes in the name of an uplink, of its platform, or of a user there.
pub const UPLINK_TEXT_BYTES_MAX: usize = 256;
/// Messages from users of other platforms that wait for one principal of one capsule.
pub const UPLINK_QUEUE_MAX: usize = 128;
/// Bytes that such messages may have together. Ours: the number alone would allow 128 MiB.
pub const UPLINK_QUEUE_BYTES_MAX: usize = 16 << 20;

// --- http -----------------------------------------------------------------------------------

/// Bytes in the body of a buffered response.
pub const HTTP_BODY_BYTES_MAX: u64 = 10 << 20;
/// Time for a buffered request, redirects and body included.
pub const HTTP_TOTAL: Duration = Duration::from_secs(30);
/// Time for making a connection whose response is streamed.
pub const HTTP_CONNECT: Duration = Duration::from_secs(30);
/// Time from sending a request to the headers of a response that is streamed.
pub const HTTP_FIRST_BYTE: Duration = Duration::from_secs(120);
/// Time between two pieces of a body that is streamed.
pub const HTTP_BETWEEN_BYTES: Duration = Duration::from_secs(120);
/// Redirects that are followed.
pub const HTTP_REDIRECTS_MAX: u32 = 10;
/// Streams and uploads of one instance.
pub const HTTP_STREAMS_MAX: usize = 4;
/// Headers of a request. Ours: a server takes about a hundred, and a map of them has a fixed size.
pub const HTTP_HEADERS_MAX: usize = 1000;
/// Bytes that one `read-chunk` gives. Ours: a copy of this size stays in a processor's cache, where one
/// of whatever the network delivered would not.
pub const HTTP_CHUNK_BYTES_MAX: usize = 64 << 10;
/// Bytes that a decoder gives at once. Ours: however much a piece expands, no more is held.
pub const HTTP_DECODED_BYTES: usize = 64 << 10;
/// The base-2 logarithm of how far back zstd may refer: the most that a client of the web has to
/// support (RFC 9659).
pub const HTTP_ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// Bytes of an upload that wait for the network. Ours: a guest that writes faster has to wait.
pub const HTTP_UNSENT_BYTES_MAX: usize = 256 << 10;

// --- kv -------------------------------------------------------------------------------------

/// Bytes in a key.
pub const KV_KEY_BYTES_MAX: usize = 256;
/// Bytes in a value.
pub const KV_VALUE_BYTES_MAX: usize = 1 << 20;
/// Keys in one list or page.
pub const KV_KEYS_MAX: usize = 1024;
/// Longest wait for another process that is writing.
pub const KV_WRITER_WAIT: Duration = Duration::from_secs(10);

// --- fs -------------------------------------------------------------------------------------

/// Bytes in a path that a guest names.
pub const FS_PATH_BYTES_MAX: usize = 4096;
/// Bytes in a file that is read, written or appended to with one call.
pub const FS_FILE_BYTES_MAX: u64 = 10 << 20;
/// Bytes that `read-at` and `write-at` move.
pub const FS_TRANSFER_BYTES_MAX: usize = 1 << 20;
/// Open files of one instance.
pub const FS_HANDLES_MAX: usize = 16;
/// Names that one listing of a directory returns.
pub const FS_ENTRIES_MAX: usize = 4096;
/// Bytes in a file of the workspace that is copied before it is changed.
pub const FS_COPY_UP_BYTES_MAX: u64 = 50 << 20;
/// Links that are followed on the way to one file; the system's own limit.
pub const FS_LINKS_MAX: usize = 40;
/// Depth of a directory tree that is removed or renamed. Ours: each level holds a descriptor.
pub const FS_DEPTH_MAX: usize = 256;
/// Entries of a directory tree that is renamed in an overlay. Ours: each takes memory.
pub const FS_TREE_ENTRIES_MAX: usize = 100_000;
/// Files written by a lifecycle hook that are remembered by name. Ours: it is a list for a person.
pub const FS_JOURNAL_MAX: usize = 10_000;

// --- sys ------------------------------------------------------------------------------------

/// Bytes in one `random-bytes` answer.
pub const RANDOM_BYTES_MAX: u64 = 4096;
/// Longest `sleep-ns`.
pub const SLEEP_MAX: Duration = Duration::from_secs(60);
/// Bytes in an env file.
pub const ENV_FILE_BYTES_MAX: u64 = 1 << 20;
/// Bytes in a secret file.
pub const SECRET_BYTES_MAX: u64 = 64 << 10;
/// Days that a capsule's log files are kept.
pub const LOG_DAYS: i32 = 7;
/// Bytes in one day's log file of one capsule; a line that would not fit is dropped and counted.
pub const LOG_FILE_BYTES_MAX: u64 = 64 << 20;

// --- elicit ---------------------------------------------------------------------------------

/// How long a question waits for a person.
pub const ELICIT_TIMEOUT: Duration = Duration::from_secs(120);

// --- approval -------------------------------------------------------------------------------

/// How long a request for approval waits for a decision.
pub const APPROVAL_TIMEOUT: Duration = Duration::from_secs(60);
/// Characters in the action of such a request, before anything is taken off.
pub const APPROVAL_ACTION_CHARS_MAX: usize = 256;
/// Characters in its resource; what is longer is cut.
pub const APPROVAL_RESOURCE_CHARS_MAX: usize = 1024;
/// Bytes in a file of rules. Ours.
pub const RULES_BYTES_MAX: u64 = 1 << 20;
/// Decisions that are remembered. Ours: with more of them, further ones are asked for again.
pub const ALLOWANCES_MAX: usize = 1024;

// --- identity -------------------------------------------------------------------------------

/// Bytes in the name of a platform, an account, a user or a method. Ours.
pub const IDENTITY_TEXT_BYTES_MAX: usize = 256;
/// Bytes in the file of users and links. Ours.
pub const IDENTITY_FILE_BYTES_MAX: u64 = 16 << 20;

// --- files that a user hands over -----------------------------------------------------------

/// Bytes in a manifest.
pub const MANIFEST_BYTES_MAX: u64 = 1 << 20;
/// Bytes in a file of certificate authorities. Ours: the largest bundles in use have half a mebibyte.
pub const CA_FILE_BYTES_MAX: u64 = 4 << 20;
/// Bytes in a `meta.json`.
pub const META_BYTES_MAX: u64 = 4 << 20;
/// Bytes in one WIT file of a capsule.
pub const WIT_FILE_BYTES_MAX: u64 = 1 << 20;
/// Bytes in a capsule's binary.
pub const BINARY_BYTES_MAX: u64 = 1 << 30;
/// A binary above this is worth a remark: script engines, the largest in use, have about 12 MiB.
pub const BINARY_LARGE_BYTES: u64 = 32 << 20;
/// Depth of modules and components nested in one another.
pub const NESTING_MAX: usize = 100;
/// Directory depth of a capsule's source tree.
pub const SOURCE_DEPTH_MAX: usize = 64;
/// Bytes of all files of an archive: what a directory may hold beside its binary.
pub const ARCHIVE_BYTES_MAX: u64 = 1 << 30;
/// Bytes of one file of an archive; the largest binaries in use have 12 MiB.
pub const ARCHIVE_FILE_BYTES_MAX: u64 = 512 << 20;
/// Bytes of a file with a key or a signature; minisign's have less than 400. Ours.
pub const KEY_FILE_BYTES_MAX: u64 = 64 << 10;
/// Entries of an archive, directories and extended headers included.
pub const ARCHIVE_ENTRIES_MAX: usize = 10_000;
/// Bytes of a path in an archive.
pub const ARCHIVE_PATH_BYTES_MAX: usize = 1024;
/// What one compressed byte may become on the whole; binaries stay below 10.
pub const ARCHIVE_RATIO_MAX: u64 = 200;
/// Unpacked bytes up to which the ratio is of no concern.
pub const ARCHIVE_RATIO_FROM_BYTES: u64 = 16 << 20;
/// Bytes of an OCI index or manifest.
pub const OCI_DOCUMENT_BYTES_MAX: u64 = 4 << 20;
/// Indexes that may lead to each other, one within another, to the manifest of a capsule.
pub const OCI_INDEXES_MAX: usize = 2;
/// How often a registry may send a reader elsewhere.
pub const OCI_REDIRECTS_MAX: usize = 5;
/// Files in a capsule's source tree.
pub const SOURCE_FILES_MAX: usize = 100_000;

// --- Child processes ------------------------------------------------------------------------

/// Variables that a guest sets for one child.
pub const PROCESS_ENV_MAX: usize = 256;
/// Bytes of one variable's value.
pub const PROCESS_ENV_VALUE_BYTES_MAX: usize = 64 << 10;
/// Children of one principal that run in the background at once, persistent ones included; a profile
/// may say fewer.
pub const PROCESSES_MAX: usize = 8;
/// Ids of persistent processes that one principal has at once, ended ones included.
pub const PROCESS_IDS_MAX: usize = 32;
/// Persistent processes that are kept for one capsule, ended ones included.
pub const PROCESS_REGISTRY_MAX: usize = 256;
/// Bytes that a child is given to read before anything else.
pub const PROCESS_PRELUDE_BYTES_MAX: usize = 4 << 20;
/// Bytes of one write to a child.
pub const PROCESS_WRITE_BYTES_MAX: usize = 1 << 20;
/// Bytes that a child prints and that wait to be read, in each of its two streams.
pub const PROCESS_RING_BYTES: usize = 1 << 20;
/// The least and the most that a guest may ask for instead.
pub const PROCESS_RING_BYTES_RANGE: (usize, usize) = (4096, 8 << 20);
/// Bytes of one chunk of a child's output.
pub const PROCESS_CHUNK_BYTES_MAX: usize = 4 << 20;
/// Bytes of each stream that a call which waits for its child gives back. Ours: the largest answer
/// that any call gives.
pub const PROCESS_OUTPUT_BYTES_MAX: usize = 10 << 20;
/// How long a persistent process lives at most.
pub const PROCESS_LIFETIME: Duration = Duration::from_secs(6 * 3600);
/// How long nobody may ask for a persistent process before it is ended, if the guest does not say.
pub const PROCESS_IDLE: Duration = Duration::from_secs(30 * 60);
/// How long the end of a persistent process is remembered, if the guest does not say.
pub const PROCESS_RETENTION: Duration = Duration::from_secs(5 * 60);
/// The longest that a guest may ask for instead.
pub const PROCESS_RETENTION_MAX: Duration = Duration::from_secs(3600);
/// Between asking a process to end and ending it.
pub const PROCESS_GRACE: Duration = Duration::from_secs(5);
/// The longest that a guest may ask for instead.
pub const PROCESS_GRACE_MAX: Duration = Duration::from_secs(30);
/// Between interrupting the programs of a cancelled call and ending them.
pub const PROCESS_CANCEL_GRACE: Duration = Duration::from_secs(2);
/// Cancelled calls that a capsule remembers, so that they start no more programs. Ours.
pub const PROCESS_CANCELLED_CALLS_MAX: usize = 1024;
/// How long the streams of a child that has ended are waited for. Ours.
pub const PROCESS_DRAIN: Duration = Duration::from_secs(1);
/// Bytes of a persistent process's label.
pub const PROCESS_LABEL_BYTES_MAX: usize = 128;
/// Files that a guest puts in one sandbox.
pub const PROCESS_FILES_MAX: usize = 128;
/// Bytes of one of them.
pub const PROCESS_FILE_BYTES_MAX: usize = 8 << 20;
/// Bytes of all of them.
pub const PROCESS_FILES_BYTES_MAX: usize = 16 << 20;
/// Bytes of program, arguments and variables of one child. Ours: what Linux takes at most.
pub const PROCESS_ARGS_BYTES_MAX: usize = 2 << 20;
/// Processes and threads in one sandbox. Ours.
pub const SANDBOX_TASKS_MAX: u32 = 1024;
/// Bytes of data of each process in a sandbox, if the guest does not say. Ours. What is reserved and
/// never written does not count: some runtimes reserve far more than they use.
pub const SANDBOX_DATA_BYTES: u64 = 4 << 30;
/// How long a sandbox may take to be set up. Ours.
pub const SANDBOX_SETUP_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes in a file of cases. Ours: far more than anybody writes by hand.
pub const CASE_FILE_BYTES_MAX: u64 = 1 << 20;
