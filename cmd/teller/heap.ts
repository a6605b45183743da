/** The engine's setting of how much memory the machine has, in bytes; it is read from the environment, once, at the start. */
const setting = "BUN_JSC_forceRAMSize";
/** Up to a quarter of it the heap may double before all of it is looked through; that is what its size is for here. */
const size = "600000000";

/** isExecutable tells the compiled executable from a run of the sources. */
function isExecutable(): boolean {
  return import.meta.path.startsWith("/$bunfs/");
}

/**
 * boundHeap starts the executable again, in the same process, with a bound on how far its heap may grow: on a large
 * machine the engine lets hundreds of megabytes of garbage lie. Whoever has set the bound is left alone, and a
 * system that does not allow it costs memory and nothing else.
 */
export function boundHeap(): void {
  if (!isExecutable() || process.env[setting] !== undefined || process.execve === undefined) return;
  try {
    process.execve(process.execPath, [process.argv0, ...process.argv.slice(2)], {
      ...process.env,
      [setting]: size,
    });
  } catch {
    // As it is, then.
  }
}
