import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";

const script = `
  import { onSignals } from ${JSON.stringify(join(import.meta.dir, "mod.ts"))};
  const say = (text) => process.stdout.write(text + "\\n");
  setInterval(() => {}, 1000);
  onSignals({
    graceful: (signal) => say("graceful " + signal),
    immediate: (signal) => { say("immediate " + signal); process.exit(3); },
    hangup: () => say("hangup"),
  });
  say("ready");`;

const children: Bun.Subprocess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** start runs a process with the handlers; `send` sends it a signal and gives the line that it answers with. */
async function start() {
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
  children.push(child);
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const line = async (): Promise<string> => {
    while (!text.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) return `${text}(end)`;
      text += value;
    }
    const end = text.indexOf("\n");
    const first = text.slice(0, end);
    text = text.slice(end + 1);
    return first;
  };
  expect(await line()).toBe("ready");
  return {
    child,
    line,
    send: (signal: NodeJS.Signals) => {
      child.kill(signal);
      return line();
    },
  };
}

for (const first of ["SIGINT", "SIGTERM"] as const) {
  for (const second of ["SIGINT", "SIGTERM"] as const) {
    test(`the first ${first} is graceful, a ${second} after it is immediate`, async () => {
      const { child, send } = await start();
      expect(await send(first)).toBe(`graceful ${first}`);
      expect(await send(second)).toBe(`immediate ${second}`);
      expect(await child.exited).toBe(3);
    });
  }
}

test("hang-ups and broken pipes never end the process, not even while it stops", async () => {
  const { child, send } = await start();
  child.kill("SIGPIPE");
  expect(await send("SIGHUP")).toBe("hangup");
  expect(await send("SIGHUP")).toBe("hangup");
  expect(await send("SIGTERM")).toBe("graceful SIGTERM");
  expect(await send("SIGHUP")).toBe("hangup");
  expect(await send("SIGTERM")).toBe("immediate SIGTERM");
  expect(await child.exited).toBe(3);
});
