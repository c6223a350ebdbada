// Webhooks as a receiver sees them: signed, and not lost when the server is killed.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../lib/processes.mjs";
import { startWeir } from "../lib/weir.mjs";

async function call(weir, method, path, token, body) {
  const headers = { ...(token ? { token } : {}), ...(body ? { "content-type": "application/json" } : {}) };
  const response = await fetch(weir.http + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : undefined };
}

async function person(weir, username) {
  const { status, body } = await call(weir, "POST", "/api/v1/accounts", undefined, { username, password: "correct horse" });
  assert.equal(status, 201, JSON.stringify(body));
  return { token: body.token, ...body.user };
}

test("what happened before the server was killed is told, signed, by the next one", async () => {
  const told = [];
  let answer = 503;
  const receiver = createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    told.push({ headers: request.headers, text, event: JSON.parse(text) });
    response.writeHead(answer).end();
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const { port } = receiver.address();
  const dir = await mkdtemp(join(tmpdir(), "weir-webhooks-"));
  const start = (allow) => startWeir({
    settings: { data_dir: join(dir, "data"), "webhooks.retry_ms": 300 },
    toml: `[outbound]\nallow = [${allow}]\n`,
  });
  let weir;
  try {
    weir = await start("");
    const [boss, host, fan] = [await person(weir, "boss"), await person(weir, "host"), await person(weir, "fan")];
    assert.equal((await weir.command("admin", "boss")).code, 0);
    const url = `http://127.0.0.1:${port}/`;
    const refused = await call(weir, "POST", "/api/v1/admin/webhooks", boss.token, { url });
    assert.equal(refused.status, 400, "the local network is none of a webhook's business");
    assert.match(refused.body.error.message, /outbound\.allow/);
    await weir.stop();

    weir = await start(`"127.0.0.1:${port}"`);
    const { status, body: hook } = await call(weir, "POST", "/api/v1/admin/webhooks", boss.token, { url, events: ["follow"] });
    assert.equal(status, 201, JSON.stringify(hook));
    assert.equal((await call(weir, "PUT", `/api/v1/users/${host.id}/follow`, fan.token, {})).status, 200);
    await until("the first attempt failed", async () => {
      const { body } = await call(weir, "GET", `/api/v1/admin/webhooks/${hook.id}/deliveries`, boss.token);
      return /503/.test(body.items[0]?.error) || undefined;
    });
    await weir.stop("SIGKILL");
    const attempts = told.length;

    answer = 200;
    weir = await start(`"127.0.0.1:${port}"`);
    // At once, or, when it was killed in the middle of an attempt, after the time that one had.
    await until("another attempt", () => told.length > attempts || undefined, 60_000);
    const { headers, text, event } = told.at(-1);
    const signed = createHmac("sha256", hook.secret).update(`${headers["x-weir-timestamp"]}.${text}`).digest("hex");
    assert.equal(headers["x-weir-signature"], `sha256=${signed}`);
    assert.deepEqual([event.id, event.type], [told[0].event.id, "follow"]);
    assert.deepEqual(event.data, { user: { id: fan.id, name: "fan" }, host: { id: host.id, name: "host" } });
    assert.ok(!weir.rawLog().includes(hook.secret));
  } finally {
    await weir?.stop("SIGKILL");
    receiver.close();
    await rm(dir, { recursive: true, force: true });
  }
});
