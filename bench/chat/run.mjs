// Chat at full size: SOCKETS people in one room, MESSAGES per second said by SENDERS of them, for SECONDS. Prints the
// server's share of one core, the delay from saying to hearing, and what was lost.
//
// Every 40th socket reads each message and its delay. Of the others only the bytes are counted: all of a room are sent
// the same, so who has fewer bytes than the readers lost something.

import { readFileSync } from "node:fs";
import { call, inParallel, openRoom, register, UNLIMITED } from "../../e2e/lib/people.mjs";
import { sleep } from "../../e2e/lib/processes.mjs";
import { startWeir } from "../../e2e/lib/weir.mjs";
import { openSocket } from "../../e2e/lib/bare-socket.mjs";

const SOCKETS = Number(process.env.SOCKETS ?? 2_000);
const MESSAGES = Number(process.env.MESSAGES ?? 500);
const SENDERS = Number(process.env.SENDERS ?? 50);
const SECONDS = Number(process.env.SECONDS ?? 20);
const IS_BATCHED = process.env.BATCH !== "0";
const ACCOUNTS = Math.min(SOCKETS, 200);
const READER_EVERY = 40;
/** The kernel's clock ticks per second in /proc/PID/stat. */
const TICKS = 100;

const weir = await startWeir({
  settings: { "log.level": "warn", "database.url": process.env.DATABASE_URL ?? "", ...UNLIMITED },
});
try {
  await bench();
} finally {
  await weir.stop();
}

async function bench() {
  console.error("registering");
  const suffix = Date.now().toString(36);
  const host = await register(weir, `host-${suffix}`);
  const room = await openRoom(weir, host);
  const people = await inParallel(Array.from({ length: ACCOUNTS }), 4, (_, i) => register(weir, `p${i}-${suffix}`));
  console.error("registered", performance.now());
  const mark = Buffer.from(IS_BATCHED ? `42["comments"` : `42["comment"`);
  const delays = [];
  const counts = Array.from({ length: SOCKETS }, () => ({ bytes: 0, messages: 0 }));
  const readers = counts.filter((_, i) => i % READER_EVERY === 0);
  const take = (i) => (packet) => {
    if (packet.length < mark.length || packet.compare(mark, 0, mark.length, 0, mark.length) !== 0) return;
    counts[i].bytes += packet.length;
    if (i % READER_EVERY !== 0) return;
    const now = performance.now();
    const [, comments] = JSON.parse(packet.toString("utf8", 2));
    for (const { content } of IS_BATCHED ? comments : [comments]) {
      delays.push(now - Number(content.slice(content.indexOf("@") + 1)));
      counts[i].messages += 1;
    }
  };
  const sockets = await inParallel(counts, 50, async (_, i) => {
    const socket = await openSocket(weir.httpPort, people[i % ACCOUNTS].token, take(i));
    const answer = await socket.ask("joinLive", { live_id: room.id, batch: IS_BATCHED });
    if (!answer.ok) throw new Error(JSON.stringify(answer));
    return socket;
  });
  console.error("joined", performance.now());
  await sleep(2_000);

  const senders = sockets.filter((_, i) => i % Math.floor(SOCKETS / SENDERS) === 1).slice(0, SENDERS);
  const [server, own] = [cpuSeconds(weir.pid), process.cpuUsage()];
  const began = performance.now();
  let said = 0;
  let refused = 0;
  while (performance.now() - began < SECONDS * 1000) {
    for (; said < ((performance.now() - began) * MESSAGES) / 1000; said += 1) {
      const content = `the message with number ${said} @${performance.now()}`;
      senders[said % senders.length].ask("comment", { live_id: room.id, data: content }).then(({ ok }) => (refused += ok ? 0 : 1));
    }
    await sleep(5);
  }
  const seconds = (performance.now() - began) / 1000;
  const [used, ownUsed] = [cpuSeconds(weir.pid) - server, process.cpuUsage(own)];
  await sleep(3_000);

  delays.sort((a, b) => a - b);
  const at = (share) => delays[Math.min(delays.length - 1, Math.floor(delays.length * share))]?.toFixed(1);
  const whole = Math.max(...readers.map(({ bytes }) => bytes));
  const perMessage = whole / Math.max(...readers.map(({ messages }) => messages));
  const lostByReaders = readers.reduce((sum, { messages }) => sum + (said - refused - messages), 0);
  const lostByOthers = counts
    .filter((_, i) => i % READER_EVERY !== 0)
    .reduce((sum, { bytes }) => sum + Math.round((whole - bytes) / perMessage), 0);
  console.log(`${SOCKETS} sockets, ${(said / seconds).toFixed()} messages/s of ${SENDERS}, ${IS_BATCHED ? "in batches" : "one by one"}, ${seconds.toFixed()} s`);
  console.log(`server    ${((used / seconds) * 100).toFixed()} % of a core, ${(weir.rss() / 1048576).toFixed()} MiB`);
  console.log(`this load ${((ownUsed.user + ownUsed.system) / 1e4 / seconds).toFixed()} % of a core`);
  console.log(`delay     p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms (${delays.length} heard by ${readers.length} readers)`);
  console.log(`lost      ${lostByReaders} of the readers' ${said * readers.length}, about ${lostByOthers} of the others' ${said * (SOCKETS - readers.length)}`);
  console.log(`refused   ${refused} of ${said}; ${sockets.filter(({ isCut }) => isCut).length} sockets cut`);
  sockets.forEach((socket) => socket.close());
  await call(weir, "GET", "/api/v1/gifts");
}

function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}
