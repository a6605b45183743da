/**
 * life: parts that run, are supervised, and stop in time.
 *
 * Promise: a part that ends or throws before it was told to stop ends the process; when told
 * to stop, every part gets until the deadline.
 */
export { type Bell, bell } from "./bell.ts";
export { type CrashPoint, type CrashPoints, crashAt, crashPointNames, noCrash } from "./crash.ts";
export { type PidFile, writePidFile } from "./pidfile.ts";
export { onSignals, type SignalHandlers } from "./signals.ts";
export { type Part, type PartFailure, type Supervisor, supervise } from "./supervise.ts";
export { type Reminder, reminder } from "./reminder.ts";
