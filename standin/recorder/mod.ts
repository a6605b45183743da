/**
 * recorder: a recorder of writes, syncs and sends below a process, and a disk that plays power cuts from its log.
 *
 * Promise: what `Disk.cut` gives is a file that a power cut at that point could have left, for any file
 * system that keeps the promises of fdatasync and O_DSYNC and writes sectors whole.
 * Refuses: a file written through memory, and one that gets shorter; neither could be played.
 */
export { buildRecorder, recorderEnv } from "./build.ts";
export { Disk, keepsPromises, type Random, type Trust } from "./disk.ts";
export { type Happening, type Kind, readLog } from "./log.ts";
export { type Message, messagesOf } from "./messages.ts";
