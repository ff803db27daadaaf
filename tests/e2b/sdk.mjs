// The official SDK, in the version that the driver names, and what the suites share.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";

export const sdk = await import(`${process.env.E2B_SDK}/dist/index.mjs`);
export const { Sandbox } = sdk;
export const isLong = process.env.SPILLWAY_TEST_LONG !== undefined;
/** The other version does the same in smaller sizes, but for the long form. */
export const isNewest = process.env.E2B_SDK.includes("2.51.0");
export const megabyte = 1024 * 1024;

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Waits until it is true, for as long as a slow machine may need. */
export async function eventually(isTrue, what) {
  for (let tries = 0; tries < 200; ++tries) {
    if (await isTrue()) return;
    await sleep(50);
  }
  assert.fail(`it never happens: ${what}`);
}

/** Bytes that look random and are the same each time; a stream of them and their hash. */
export function madeUp(size) {
  const block = Buffer.alloc(megabyte);
  for (let at = 0, state = 12345; at < block.length; ++at) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    block[at] = state >> 16;
  }
  const hash = createHash("sha256");
  for (let at = 0; at < size; at += block.length) hash.update(block.subarray(0, Math.min(block.length, size - at)));
  let sent = 0;
  const stream = new ReadableStream({
    pull(controller) {
      const count = Math.min(block.length, size - sent);
      if (count > 0) controller.enqueue(new Uint8Array(block.subarray(0, count)));
      sent += count;
      if (sent >= size) controller.close();
    },
  });
  return { stream, sha256: hash.digest("hex") };
}

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** The data plane without the SDK: for what it never sends. */
export function dataPlane(sandbox, path, options = {}) {
  const token = options.token ?? sandbox.envdAccessToken;
  return fetch(`${process.env.E2B_SANDBOX_URL}${path}`, {
    ...options,
    headers: {
      "E2b-Sandbox-Id": sandbox.sandboxId,
      ...(token === "" ? {} : { "X-Access-Token": token }),
      ...options.headers,
    },
  });
}

/** The control plane without the SDK. */
export function controlPlane(path, options = {}) {
  return fetch(`${process.env.E2B_API_URL}${path}`, {
    ...options,
    headers: { "X-API-Key": process.env.E2B_API_KEY, ...options.headers },
  });
}
