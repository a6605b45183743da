import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const secretBytes = 32;

/** Kept is a secret that the daemon made for itself, and the file where the operator finds it. */
export interface Kept {
  readonly text: string;
  readonly path: string;
}

/** keepSecret reads a secret from the application directory, or makes one there with mode 0600. */
export function keepSecret(appDir: string, name: string): Kept {
  const path = join(appDir, name);
  // A crash between making the file and writing it leaves an empty one, or one of zeros, which everybody could guess.
  if (!existsSync(path) || !/[!-~]/.test(readFileSync(path, "utf8"))) {
    writeFileSync(path, `${randomBytes(secretBytes).toString("hex")}\n`, { mode: 0o600 });
  }
  chmodSync(path, 0o600);
  return { text: readFileSync(path, "utf8").trim(), path };
}
