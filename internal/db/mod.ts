/**
 * db: the store, one LMDB file.
 *
 * Promise: what a write's promise says is on disk; a callback that throws leaves no trace;
 * no reader ever sees what a power cut could undo; one process at a time. Concurrent writes
 * share one commit, so a small write costs a fraction of a sync.
 * Refuses: a file that is not ours or is damaged (before LMDB would take the process down),
 * a second process, a network file system, an asynchronous callback.
 */
export { type Bucket, bucket, type Key, type KeyPart, text } from "./bucket.ts";
export { commitFailure } from "./commit.ts";
export { type FileHeader, inspectHeader } from "./header.ts";
export { type AnyBucket, openStore, type Range, type Reader, type Store, type Tx } from "./store.ts";
