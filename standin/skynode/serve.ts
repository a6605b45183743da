import { type Answer, type ApiVersion, fail, json } from "./answer.ts";
import type { Csrf } from "./csrf.ts";
import type { Deed, Faults } from "./faults.ts";
import { versionOf } from "./faults.ts";
import type { Question, Route } from "./question.ts";
import { blockRoutes } from "./routes_blocks.ts";
import { outputRoutes } from "./routes_outputs.ts";
import { statusRoutes, versionInfo } from "./routes_status.ts";
import { transactionRoutes } from "./routes_transactions.ts";
import { secondRoutes } from "./routes_v2.ts";
import type { World } from "./world.ts";

/** routes is every path that the stand-in answers like the node. */
export const routes: Readonly<Record<string, Route>> = {
  ...statusRoutes,
  ...blockRoutes,
  ...outputRoutes,
  ...transactionRoutes,
  ...secondRoutes,
};

/** Desk is what answering a request needs. */
export interface Desk {
  readonly world: World;
  readonly faults: Faults;
  readonly csrf: Csrf;
  /** `host:port` pairs that a Host header may name. */
  readonly hosts: ReadonlySet<string>;
}

const csrfPath = "/api/v1/csrf";
const tokenHeader = "X-CSRF-Token";
const changing = ["POST", "PUT", "DELETE"];

/** respond answers one request of the node's interface, faults included. */
export async function respond(desk: Desk, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const fault = desk.faults.meet(url.pathname);
  const spoil = async (deed: Deed, answer: Answer | undefined): Promise<Response> => {
    if (deed.kind === "slow") await desk.world.clock.sleep(deed.ms, request.signal);
    return spoiled(request, url.pathname, deed, answer);
  };
  if (fault?.when === "before" && fault.deed.kind !== "slow") return spoil(fault.deed, undefined);
  const answer = await answerTo(desk, request, url);
  return fault === undefined ? sent(request, answer) : spoil(fault.deed, answer);
}

function spoiled(request: Request, path: string, deed: Deed, answer: Answer | undefined): Response {
  switch (deed.kind) {
    case "answer":
      return sent(request, fail(versionOf(path), deed.status, deed.message));
    case "body":
      return sent(request, { kind: "answer", status: 200, type: "application/json", text: deed.text });
    case "drop":
      return dropped();
    case "cut":
      return cut(answer);
    case "slow":
      return sent(request, answer ?? fail(versionOf(path), 500));
  }
}

/** A body that fails before its first byte makes the server close the connection. */
function dropped(): Response {
  return new Response(new ReadableStream({ start: (controller) => controller.error() }));
}

function cut(answer: Answer | undefined): Response {
  const text = answer?.kind === "answer" ? answer.text : "{";
  let begun = false;
  const half = new ReadableStream({
    async pull(controller) {
      if (begun) {
        // The first half must have left before the connection goes.
        await new Promise((resolve) => setImmediate(resolve));
        controller.error();
        return;
      }
      begun = true;
      controller.enqueue(Buffer.from(text.slice(0, Math.max(1, text.length / 2))));
    },
  });
  return new Response(half, { headers: { "Content-Type": "application/json" } });
}

function sent(request: Request, answer: Answer): Response {
  if (answer.kind === "drop") return dropped();
  const headers = new Headers({ "Content-Type": answer.type, Vary: "Origin" });
  if (answer.status >= 400 && answer.type.startsWith("text/"))
    headers.set("X-Content-Type-Options", "nosniff");
  if (answer.status === 401) headers.set("WWW-Authenticate", 'Basic realm="skycoin daemon"');
  const { status } = answer;
  if (request.method === "HEAD") return new Response(null, { status, headers });
  if (!/\bgzip\b/.test(request.headers.get("Accept-Encoding") ?? "")) {
    return new Response(answer.text, { status, headers });
  }
  headers.set("Content-Encoding", "gzip");
  return new Response(Bun.gzipSync(Buffer.from(answer.text), { level: 1 }), { status, headers });
}

/** The checks come in the node's order. Source: `spec/skycoin.md` §14.1. */
async function answerTo(desk: Desk, request: Request, url: URL): Promise<Answer> {
  const path = url.pathname;
  const route = routeOf(path, desk);
  const version: ApiVersion = route === undefined ? 1 : versionOf(path);
  const refused = gate(desk, request, version, path === csrfPath);
  if (refused !== undefined) return refused;
  if (route === undefined) return fail(1, 404);
  if (!route.methods.includes(request.method)) return fail(version, 405);
  const body = request.method === "POST" ? await request.text() : "";
  const form = new URLSearchParams(isForm(request) ? body : "");
  const value = (name: string): string => form.get(name) ?? url.searchParams.get(name) ?? "";
  const question: Question = { world: desk.world, method: request.method, body, value };
  return route.answer(question);
}

function routeOf(path: string, { csrf, world }: Desk): Route | undefined {
  // A token is handed out and judged by the machine's clock, whatever time the chain has.
  const token = (): Answer => json({ csrf_token: csrf.token(world.clock.now()) });
  if (path === csrfPath) return { methods: ["GET"], answer: token };
  if (path === "/api/v1/version") return { methods: ["GET"], answer: () => json(versionInfo) };
  return Object.hasOwn(routes, path) ? routes[path] : undefined;
}

function isForm(request: Request): boolean {
  return (request.headers.get("Content-Type") ?? "").startsWith("application/x-www-form-urlencoded");
}

/** What keeps a request from its route: an answer, or undefined to let it through. */
function gate(desk: Desk, request: Request, version: ApiVersion, isCsrf: boolean): Answer | undefined {
  const { headers, method } = request;
  // A node without a password refuses whoever brings one.
  if (/^Basic /i.test(headers.get("Authorization") ?? "")) return fail(version, 401);
  const type = headers.get("Content-Type") ?? "";
  const isJson = type === "application/json" || type.startsWith("application/json;");
  if (version === 2 && method === "POST" && !isJson) return fail(version, 415);
  const host = headers.get("Host") ?? "";
  if (host !== "" && !desk.hosts.has(host)) return fail(version, 403, "Invalid Host");
  const origin = headers.get("Origin") ?? headers.get("Referer") ?? "";
  if (origin !== "" && !desk.hosts.has(hostOf(origin)))
    return fail(version, 403, "Invalid Origin or Referer");
  if (isCsrf || !changing.includes(method)) return undefined;
  const judged = desk.csrf.judge(headers.get(tokenHeader) ?? "", desk.world.clock.now());
  return judged.ok ? undefined : fail(version, 403, judged.refusal);
}

function hostOf(origin: string): string {
  try {
    return new URL(origin).host;
  } catch {
    return "";
  }
}
