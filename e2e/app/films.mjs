// Videos in the town: one with chapters, captions, comments and likes, and one behind a password.

import { join } from "node:path";
import { run, until } from "../lib/processes.mjs";

/** Slow colours in place of a test picture: what lies over it is to be seen. */
export const CALM = "gradients=size=640x360:rate=25:speed=0.02:nb_colors=4:c0=0x0e7490:c1=0x134e4a:c2=0xf59e0b:c3=0x9f1239:seed=7";

const CAPTIONS = "WEBVTT\n\n00:00:00.000 --> 00:00:20.000\n先把大塊的顏色鋪上去\n";

/** `{ open, locked }`, videos of the host. */
export async function addFilms(world, { people: { host, guest, planned } }) {
  const { call } = world;
  const add = async (name, seconds, title) => {
    const file = join(world.weir.dir, `${name}.mp4`);
    await run("ffmpeg", [
      ...["-v", "error", "-y", "-f", "lavfi", "-i", `${CALM}:duration=${seconds}`, "-f", "lavfi", "-i", `sine=frequency=330:duration=${seconds}`],
      ...["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "50", "-c:a", "aac", "-shortest", file],
    ]);
    await world.weir.command("vod", "add", file, "--name", name, "--title", title, "--user", host.username);
    const { items } = await call("GET", "/api/v1/videos?mine=true", { token: host.token });
    return items.find((video) => video.title === title);
  };
  const open = await add("colours", 20, "三步驟畫出夕陽的天空");
  const locked = await add("members", 2, "會員專屬：完整過程");
  const own = { token: host.token };
  await call("PATCH", `/api/v1/videos/${locked.id}`, { ...own, body: { privacy: "password", password: "open sesame" } });
  await call("PATCH", `/api/v1/videos/${open.id}`, {
    ...own,
    body: {
      description: "只用四種顏色，從打底到收尾。\n0:08 開始疊暖色，0:15 收尾。",
      category: "繪畫",
      labels: ["水彩", "天空"],
      chapters: [
        { start_ms: 0, title: "打底" },
        { start_ms: 8_000, title: "疊上暖色" },
        { start_ms: 15_000, title: "收尾" },
      ],
    },
  });
  await fetch(`${world.weir.http}/api/v1/videos/${open.id}/captions/zh-TW`, { method: "PUT", headers: { token: host.token, "content-type": "text/vtt" }, body: CAPTIONS });
  await until("both can be played and have their pictures", async () => {
    const found = await Promise.all([open, locked].map(({ id }) => call("GET", `/api/v1/videos/${id}`, own)));
    return found.every(({ state, cover }) => state === "ready" && cover !== "");
  }, 60_000);
  const { id } = await call("POST", `/api/v1/videos/${open.id}/comments`, { token: guest.token, body: { content: "0:08 那一層是怎麼疊的？顏色好漂亮！" } });
  await call("POST", `/api/v1/videos/${open.id}/comments`, { ...own, body: { content: "@tom 等底色乾了再上，水要少。", parent_id: id } });
  await call("POST", `/api/v1/videos/${open.id}/comments`, { token: planned.token, body: { content: "The last step made my day. Thank you!" } });
  for (const { token } of [guest, planned]) await call("PUT", `/api/v1/videos/${open.id}/like`, { token });
  return { open, locked };
}
