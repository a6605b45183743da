import { afterEach, describe, expect, test } from "bun:test";
import { unconfirmedPayouts } from "#internal/book";
import { signerOf } from "#internal/skycoin";
import { down, hotAddress, hotKey, testWorld, type World } from "./testworld.ts";

let open: World[] = [];
afterEach(async () => {
  for (const world of open) await world.close();
  open = [];
});

async function world(options: Parameters<typeof testWorld>[0] = {}): Promise<World> {
  const made = await testWorld(options);
  open.push(made);
  await made.turn();
  return made;
}

const openPayout = (w: World) => w.store.read((reader) => unconfirmedPayouts(reader, 1))[0];
const sky = 1_000_000n;
const otherKey = new Uint8Array(32).fill(11);
const late = 900_000;
const told = (w: World, why: string) =>
  w.log.lines.some((line) => line.includes("notice=WATCH") && line.includes(why));

async function restart(w: World, change: Partial<Pick<World, "signer" | "sendEnabled">>): Promise<void> {
  Object.assign(w, change);
  await w.restart();
  await w.turn();
}

/** signedOnly leaves a payout that is signed, and of which no node has the bytes. */
async function signedOnly(options: Parameters<typeof testWorld>[0] = {}) {
  const w = await world(options);
  w.faulty.before = (call) => {
    if (call === "inject") throw down();
  };
  const id = await w.owe(1, sky);
  await w.turn();
  w.faulty.before = () => {};
  w.faulty.injected.length = 0;
  expect(w.info(id).status).toBe("waiting_confirm");
  return { w, id };
}

describe("sending switched off", () => {
  test("sends no bytes of a payout that is open, and follows it", async () => {
    const { w, id } = await signedOnly();
    await restart(w, { sendEnabled: false });
    for (let i = 0; i < 3; i++) {
      w.clock.skip(late);
      await w.turn();
    }
    expect(w.faulty.injected).toEqual([]);
    expect(openPayout(w)?.earlier).toEqual([]);
    await restart(w, { sendEnabled: true });
    await restart(w, { sendEnabled: false });
    const sent = w.faulty.injected.length;
    w.block();
    await w.turn();
    expect(w.info(id).status).toBe("done");
    expect(w.faulty.injected).toHaveLength(sent);
    expect(w.received(1)).toBe(sky);
  });
});

describe("a changed wallet", () => {
  test("without the anchor's key: nothing is built, a person is told, and the old wallet goes on", async () => {
    const w = await world();
    const old = w.signer;
    await restart(w, { signer: signerOf([otherKey]) });
    const id = await w.owe(1, sky);
    await w.turn();
    expect(w.sender.state().error).toBe(`the wallet has no key for ${hotAddress}, which holds the anchor`);
    expect(told(w, "has no key for")).toBe(true);
    expect(w.info(id).status).toBe("waiting_send");
    await restart(w, { signer: old });
    w.block();
    await w.turn();
    expect(w.info(id).status).toBe("done");
    expect([w.received(1), w.sender.state().error]).toEqual([sky, ""]);
  });

  test("voids nothing that is signed: the same bytes go out, and are followed", async () => {
    const { w, id } = await signedOnly();
    const bytes = openPayout(w)?.raw ?? "";
    await restart(w, { signer: signerOf([otherKey]) });
    expect(new Set(w.faulty.injected)).toEqual(new Set([bytes]));
    w.block();
    await w.turn();
    expect(w.info(id).status).toBe("done");
    expect(w.received(1)).toBe(sky);
  });

  test("holds a replacement that needs a missing key, and tells it", async () => {
    const { w, id } = await signedOnly({ outputs: [100n * sky], hours: 5000n });
    const first = openPayout(w)?.txid ?? "";
    const old = w.signer;
    await restart(w, { signer: signerOf([otherKey]) });
    w.clock.skip(late);
    await w.turn();
    const why = `is not replaced: the wallet has no key for ${hotAddress}`;
    expect(w.sender.state().error).toContain(why);
    expect(told(w, why)).toBe(true);
    expect(openPayout(w)).toMatchObject({ txid: first, earlier: [] });
    await restart(w, { signer: old });
    w.clock.skip(late);
    await w.turn();
    expect(openPayout(w)?.earlier).toHaveLength(1);
    w.block();
    await w.turn();
    expect(w.info(id).status).toBe("done");
    expect(w.received(1)).toBe(sky);
  });

  test("that has the old key and others goes on by itself", async () => {
    const { w, id } = await signedOnly();
    await restart(w, { signer: signerOf([otherKey, hotKey]) });
    w.block();
    await w.turn();
    const next = await w.owe(2, sky);
    await w.turn();
    w.block();
    await w.turn();
    expect([w.info(id).status, w.info(next).status]).toEqual(["done", "done"]);
    expect([w.received(1), w.received(2), w.sender.state().error]).toEqual([sky, sky, ""]);
  });
});
