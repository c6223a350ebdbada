// A hundred texts that do harm where text is taken for code, in the title, the host's name and the chat of a room: the
// browser shows them as what was written, runs nothing and asks nobody.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { HOSTILE_TEXTS } from "../lib/hostile-texts.mjs";
import { until } from "../lib/processes.mjs";
import { visitor } from "./town.mjs";
import { startWorld } from "./world.mjs";

/** Titles have at most 80 characters, names 32. */
const TITLES = HOSTILE_TEXTS.filter((text) => [...text].length <= 80);
const NAME = "<img src=x onerror=alert(1)>";

let world;
let host;
let room;

before(async () => {
  world = await startWorld({
    settings: {
      "chat.messages_per_minute_user": 100_000,
      "chat.messages_burst_user": 1000,
      "chat.events_per_minute_socket": 100_000,
      "chat.events_burst_socket": 1000,
      "chat.history": 200,
    },
  });
  host = await world.person("host", NAME);
  room = await world.room(host, { title: "a room" });
  await world.call("POST", `/api/v1/rooms/${room.id}/status`, { token: host.token, body: { type: "play" } });
});

after(() => world?.stop());

/** Listens for whatever a script that got through would do. */
function guard(page) {
  const done = [];
  page.on("dialog", (dialog) => {
    done.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("request", (request) => {
    const { host: asked, protocol } = new URL(request.url());
    if (/^(http|ws)/.test(protocol) && asked !== new URL(world.http).host) done.push(`asked ${request.url()}`);
  });
  return done;
}

test("the chat shows every text as it was written", async () => {
  const talker = await visitor(world, host, room);
  for (const text of HOSTILE_TEXTS) {
    const said = await talker.say(text);
    assert.equal(said.ok, true, `${text}: ${JSON.stringify(said)}`);
  }
  const view = await world.open(`/live/${room.id}`, { as: host });
  const done = guard(view.page);
  await view.page.getByLabel("Say something").waitFor();
  await until("the whole history is there", async () => {
    const shown = await view.page.getByRole("log").innerText();
    return HOSTILE_TEXTS.filter((text) => !shown.includes(text.replace(/\s+/g, " ").trim())).length === 0;
  }, 10_000);
  const strange = await view.page.getByRole("log").locator("script, iframe, object, embed, style, form, img[src=x]").count();
  assert.equal(strange, 0, "no text became an element");
  assert.deepEqual(done, []);
  talker.close();
  await view.close();
});

test("the page the server writes has every title as text, and nothing else because of it", async () => {
  const view = await world.open("/");
  const done = guard(view.page);
  const parse = async () => {
    const html = await (await fetch(`${world.http}/live/${room.id}`)).text();
    return view.page.evaluate((text) => {
      const parsed = new DOMParser().parseFromString(text, "text/html");
      const data = JSON.parse(parsed.getElementById("room-data").textContent);
      return { title: parsed.title, data, elements: [...parsed.querySelectorAll("*")].map((one) => one.tagName).join(" ") };
    }, html);
  };
  const plain = await parse();
  for (const title of TITLES) {
    await world.call("PATCH", `/api/v1/rooms/${room.id}`, { token: host.token, body: { title } });
    const { title: shown, data, elements } = await parse();
    assert.ok(shown.includes(title.replace(/\s+/g, " ").trim()), `${title}: ${shown}`);
    assert.equal(data.title, title.trim());
    assert.equal(elements, plain.elements, title);
  }
  assert.deepEqual(done, []);
  await view.close();
});

test("lists and the host's page show titles and names as text", async () => {
  for (const title of ["<img src=x onerror=alert(4)>", "</title><script>alert(2)</script>", "<svg onload=alert(7)>"]) {
    const { id } = await world.room(host, { title, labels: ["<b>x</b>"], category: "<i>c</i>" });
    await world.call("POST", `/api/v1/rooms/${id}/status`, { token: host.token, body: { type: "play" } });
  }
  for (const path of ["/", "/browse", `/search?q=${encodeURIComponent("<svg")}`, `/@${host.username}`]) {
    const view = await world.open(path);
    const done = guard(view.page);
    await view.page.getByText("<svg onload=alert(7)>").first().waitFor();
    assert.equal(await view.page.locator("img[src=x]").count(), 0, path);
    assert.deepEqual(done, [], path);
    await view.close();
  }
});
