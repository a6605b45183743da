import { expect, test } from "bun:test";
import { clientOf } from "./client.ts";

const proxy = { address: "127.0.0.1", port: 50000 };

test.each([
  { name: "IPv4", address: "9.9.9.9", want: "9.9.9.9" },
  { name: "IPv4 mapped into IPv6", address: "::ffff:9.9.9.9", want: "9.9.9.9" },
  { name: "IPv6 counts by its /64", address: "2001:db8:1:2:3:4:5:6", want: "2001:db8:1:2::/64" },
  { name: "IPv6 in its short form", address: "2001:db8::1", want: "2001:db8:0:0::/64" },
  { name: "IPv6 with a zone", address: "fe80::1%eth0", want: "fe80:0:0:0::/64" },
])("a socket's client: $name", ({ address, want }) => {
  expect(clientOf({ address, port: 1 }, undefined, false)).toBe(want);
});

test("two addresses of one /64 are one client", () => {
  const [a, b] = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9"].map((address) =>
    clientOf({ address, port: 1 }, undefined, false),
  );
  expect(a).toBe(b);
});

test("without a proxy the header counts for nothing", () => {
  expect(clientOf({ address: "9.9.9.9", port: 1 }, "1.1.1.1", false)).toBe("9.9.9.9");
});

test("no socket and no header is one client, unknown", () => {
  expect(clientOf(undefined, undefined, true)).toBe("unknown");
});

test.each([
  { name: "one entry", header: "1.2.3.4", want: "1.2.3.4" },
  { name: "what the client wrote itself is left of it", header: "6.6.6.6, 1.2.3.4", want: "1.2.3.4" },
  {
    name: "proxies on private addresses are passed over",
    header: "6.6.6.6, 1.2.3.4, 10.0.0.7, 192.168.1.1",
    want: "1.2.3.4",
  },
  { name: "a customer in our own network", header: "10.6.6.6, 10.0.0.7", want: "10.0.0.7" },
  { name: "a port", header: "1.2.3.4:5678", want: "1.2.3.4" },
  { name: "IPv6 in brackets with a port", header: "[2001:db8::1]:5678", want: "2001:db8:0:0::/64" },
  {
    name: "IPv6 of a private network is passed over",
    header: "1.2.3.4, fd00::1, fe80::1, ::1",
    want: "1.2.3.4",
  },
  { name: "text that is no address ends the walk", header: "1.2.3.4, unknown, 10.0.0.7", want: "10.0.0.7" },
  { name: "nothing but text gives the socket", header: "unknown", want: "127.0.0.1" },
  { name: "an empty header gives the socket", header: "", want: "127.0.0.1" },
  {
    name: "only the end of a very long header is read",
    header: `${"1.2.3.4, ".repeat(5000)}10.0.0.1`,
    want: "1.2.3.4",
  },
])("behind a proxy: $name", ({ header, want }) => {
  expect(clientOf(proxy, header, true)).toBe(want);
});
