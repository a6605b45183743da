import { expect, test } from "bun:test";
import { isLoopback, parseHostPort } from "./address.ts";

test.each([
  ["127.0.0.1:7071", { host: "127.0.0.1", port: 7071 }],
  ["localhost:0", { host: "localhost", port: 0 }],
  [":80", { host: "", port: 80 }],
  ["[::1]:7071", { host: "::1", port: 7071 }],
  ["teller.example:65535", { host: "teller.example", port: 65535 }],
])("%s is host and port", (text, value) => {
  expect(parseHostPort(text)).toEqual({ ok: true, value });
});

test.each([
  "",
  "7071",
  "localhost",
  "localhost:",
  "::1:80",
  "a b:80",
  "h:65536",
  "h:-1",
  "h:123456",
  "http://h:80",
])("%p is not host and port", (text) => {
  expect(parseHostPort(text)).toMatchObject({
    ok: false,
    refusal: expect.stringContaining("is not host:port"),
  });
});

test.each([
  "localhost",
  "LOCALHOST.",
  "app.localhost",
  "127.0.0.1",
  "127.9.9.9",
  "::1",
  "[::1]",
  "::ffff:127.0.0.1",
])("%s can only mean this machine", (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each([
  "",
  "0.0.0.0",
  "10.0.0.1",
  "::",
  "::2",
  "localhost.evil.example",
  "127.0.0.1.evil.example",
  "::ffff:10.0.0.1",
  "1::1",
])("%p can mean another machine", (host) => {
  expect(isLoopback(host)).toBe(false);
});
