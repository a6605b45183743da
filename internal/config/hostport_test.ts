import { describe, expect, test } from "bun:test";
import { isHost, isLoopback, isOrigin, isWebAddress, parseDial, parseListen, parseNode } from "./hostport.ts";

const parsed = (result: ReturnType<typeof parseListen>) =>
  result.ok ? [result.value.host, result.value.port] : undefined;

describe("addresses to listen on and to connect to", () => {
  const rows: readonly (readonly [string, readonly [string, number] | undefined, boolean])[] = [
    ["127.0.0.1:7071", ["127.0.0.1", 7071], true],
    ["localhost:80", ["localhost", 80], true],
    ["node-1.example.com:8334", ["node-1.example.com", 8334], true],
    ["my_host:1", ["my_host", 1], true],
    ["[::1]:65535", ["::1", 65_535], true],
    [":7071", ["0.0.0.0", 7071], false],
    ["127.0.0.1:0", ["127.0.0.1", 0], false],
    ["127.0.0.1", undefined, false],
    ["127.0.0.1:", undefined, false],
    ["127.0.0.1:65536", undefined, false],
    ["127.0.0.1:80a", undefined, false],
    ["999.0.0.1:80", undefined, false],
    ["::1:80", undefined, false],
    ["[1::2::3]:80", undefined, false],
    ["[localhost]:80", undefined, false],
    ["http://localhost:80", undefined, false],
    ["user:pass@host:80", undefined, false],
    ["a b:80", undefined, false],
    ["-a:80", undefined, false],
    ["host:80/", undefined, false],
    ["", undefined, false],
  ];
  for (const [text, listen, dial] of rows) {
    test(JSON.stringify(text), () => {
      expect(parsed(parseListen(text))).toEqual(listen === undefined ? undefined : [...listen]);
      expect(parseDial(text).ok).toBe(dial);
    });
  }
});

test("a Bitcoin node is spoken to over TLS unless its address begins with http://", () => {
  const tls = (text: string) => {
    const node = parseNode(text);
    return node.ok ? [node.value.host, node.value.port, node.value.tls, node.value.text] : undefined;
  };
  expect(tls("127.0.0.1:8334")).toEqual(["127.0.0.1", 8334, true, "127.0.0.1:8334"]);
  expect(tls("https://node:8334/")).toEqual(["node", 8334, true, "https://node:8334/"]);
  expect(tls("http://127.0.0.1:8332")).toEqual(["127.0.0.1", 8332, false, "http://127.0.0.1:8332"]);
  expect(tls("http://127.0.0.1")).toBeUndefined();
  expect(tls("http://u:p@127.0.0.1:1")).toBeUndefined();
  expect(tls("ftp://127.0.0.1:1")).toBeUndefined();
});

const members = (check: (text: string) => boolean, yes: readonly string[], no: readonly string[]) => {
  expect(yes.filter((text) => !check(text))).toEqual([]);
  expect(no.filter(check)).toEqual([]);
};

test("a web address is host:port or a URL without a name, a password or a query", () => {
  members(
    isWebAddress,
    ["127.0.0.1:6430", "http://127.0.0.1:6420", "https://node.example.com/sky/"],
    [
      "127.0.0.1",
      "http://u:p@h:1",
      "http://@h:1",
      "http://h:1/?a=1",
      "http://h:1#a",
      "http://",
      "ftp://h:1",
      "",
    ],
  );
});

test("an origin has no path, and neither * nor null is one", () => {
  members(
    isOrigin,
    [
      "https://example.com",
      "http://127.0.0.1:8320",
      "127.0.0.1:8320",
      "example.com",
      "app://wallet",
      "https://[::1]:8320",
    ],
    [
      "*",
      "null",
      "",
      "https://example.com/",
      "https://example.com/a",
      "https://*.example.com",
      "a b",
      "https://u@h",
    ],
  );
});

test("hosts and loopback hosts are told apart", () => {
  members(
    isHost,
    ["localhost", "10.0.0.1", "::1", "a-b.c", "x"],
    ["", "a:1", "1.2.3", "256.1.1.1", "-a", "a-", "a/b", "[::1]"],
  );
  members(
    isLoopback,
    ["localhost", "127.0.0.1", "127.9.9.9", "::1"],
    ["0.0.0.0", "::", "127.example.com", "10.0.0.1"],
  );
});
