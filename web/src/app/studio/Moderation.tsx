/** `/studio/moderation`: rules of the chat, who is kept out, who helps, and what was done, with undo. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ago, dateTime, t, has } from "../../i18n/app";
import { call } from "../api/client";
import { pagesQuery } from "../api/queries";
import type { Ban, Done, RoomView, Rules } from "../api/schema";
import { Button } from "../parts/Button/Button";
import { CheckField, Field, Form, TextField } from "../parts/Field/Field";
import { More } from "../parts/More/More";
import { Failed, Notice, Skeleton } from "../parts/Notice/Notice";
import { Box, Row, Rows, Section } from "../parts/Page/Page";
import { toast, toastError } from "../parts/Toast/Toast";
import { WithRoom } from ".";
import styles from "./Studio.module.css";

export function ModerationPage() {
  return (
    <WithRoom>
      {(room) => <OfRoom room={room} />}
    </WithRoom>
  );
}

function OfRoom({ room }: { room: RoomView }) {
  const key = ["rules", room.id];
  const { data, error, refetch } = useQuery({ queryKey: key, queryFn: () => call("GET /api/v1/rooms/{id}/rules", { path: { id: room.id } }) });
  // All at once: what stands below the rules must not jump when they come.
  if (data === undefined) return error === null ? <Skeleton height="32rem" /> : <Failed error={error} onRetry={() => void refetch()} />;
  return (
    <div className={styles.overview}>
      <div className={styles.column}>
        <RulesBox room={room} rules={data} />
        <Moderators room={room} />
      </div>
      <div>
        <Section title={t("bans.title")}>
          <Bans room={room} />
        </Section>
        <Section title={t("log.title")}>
          <Log room={room} />
        </Section>
      </div>
    </div>
  );
}

function RulesBox({ room, rules }: { room: RoomView; rules: Rules }) {
  const cache = useQueryClient();
  const path = { id: room.id };
  const save = useMutation({
    mutationFn: (texts: Record<string, string>) =>
      call("PUT /api/v1/rooms/{id}/rules", {
        path,
        body: {
          slow_seconds: Number(texts.slow_seconds),
          links_off: texts.links_off === "on",
          followers_only: texts.followers_only === "on",
          blocked_words: (texts.blocked_words ?? "").split("\n").map((word) => word.trim()).filter((word) => word !== ""),
        },
      }),
    onSuccess: (saved) => {
      cache.setQueryData(["rules", room.id], saved);
      toast(t("saved"));
    },
  });
  return (
    <Box>
      <h2>{t("rules.title")}</h2>
      <Form onSend={(texts) => save.mutate(texts)} error={save.error}>
        <Field label={t("rules.slow")} hint={t("rules.slowHint")} name="slow_seconds" type="number" min={0} max={3600} defaultValue={rules.slow_seconds} required />
        <CheckField label={t("rules.linksOff")} name="links_off" defaultChecked={rules.links_off} />
        <CheckField label={t("rules.followersOnly")} name="followers_only" defaultChecked={rules.followers_only ?? false} />
        <TextField label={t("rules.words")} hint={t("rules.wordsHint")} name="blocked_words" rows={5} defaultValue={rules.blocked_words.join("\n")} />
        <Button kind="main" type="submit" busy={save.isPending}>
          {t("action.save")}
        </Button>
      </Form>
    </Box>
  );
}

function Moderators({ room }: { room: RoomView }) {
  const cache = useQueryClient();
  const change = useMutation({
    mutationFn: async ({ username, act }: { username: string; act: "add" | "remove" }) => {
      const user = await call("GET /api/v1/users/by-name/{username}", { path: { username } });
      const path = { id: room.id, user_id: user.id };
      await (act === "add"
        ? call("PUT /api/v1/rooms/{id}/moderators/{user_id}", { path })
        : call("DELETE /api/v1/rooms/{id}/moderators/{user_id}", { path }));
      return user;
    },
    onSuccess: (user, { act }) => {
      toast(act === "add" ? t("moderators.added", { name: user.name }) : t("moderators.removed", { name: user.name }));
      return cache.invalidateQueries({ queryKey: ["moderation-log", room.id] });
    },
  });
  return (
    <Box>
      <h2>{t("moderators.title")}</h2>
      <p className="hint">{t("moderators.text")}</p>
      <Form
        onSend={({ username = "", act }) => change.mutate({ username: username.trim().replace(/^@/, ""), act: act === "remove" ? "remove" : "add" })}
        error={change.error}
      >
        <Field label={t("account.username")} name="username" autoCapitalize="none" spellCheck={false} required />
        <fieldset className={styles.choice}>
          <legend className="visually-hidden">{t("moderators.title")}</legend>
          <label>
            <input type="radio" name="act" value="add" defaultChecked /> {t("moderators.add")}
          </label>
          <label>
            <input type="radio" name="act" value="remove" /> {t("moderators.remove")}
          </label>
        </fieldset>
        <Button type="submit" busy={change.isPending}>
          {t("action.apply")}
        </Button>
      </Form>
    </Box>
  );
}

function Bans({ room }: { room: RoomView }) {
  const cache = useQueryClient();
  const key = ["bans", room.id];
  const lift = useMutation({
    mutationFn: (banId: number) => call("DELETE /api/v1/rooms/{id}/bans/{ban_id}", { path: { id: room.id, ban_id: banId } }),
    onSuccess: () => cache.invalidateQueries({ queryKey: key }),
    onError: toastError,
  });
  return (
    <More
      query={pagesQuery<Ban>(key, (cursor) => call("GET /api/v1/rooms/{id}/bans", { path: { id: room.id }, query: { cursor, limit: 20 } }))}
      empty={<Notice icon="shield" title={t("bans.empty.title")} text={t("bans.empty.text")} />}
    >
      {(bans) => (
        <Rows label={t("bans.title")}>
          {bans.map((ban) => (
            <Row
              key={ban.id}
              title={`${t("user.number", { id: ban.user_id })} · ${ban.kind === "ban" ? t("bans.ban") : t("bans.timeout")}`}
              text={[banEnd(ban), ban.reason].filter((part) => part !== "").join(" · ")}
            >
              {isInForce(ban) && (
                <Button icon="undo" onClick={() => lift.mutate(ban.id)}>
                  {t("bans.lift")}
                </Button>
              )}
            </Row>
          ))}
        </Rows>
      )}
    </More>
  );
}

function isInForce(ban: Ban): boolean {
  const isLifted = ban.lifted_at !== null && ban.lifted_at !== undefined;
  const isOver = ban.until_at !== null && ban.until_at !== undefined && ban.until_at < Date.now();
  return !isLifted && !isOver;
}

function banEnd(ban: Ban): string {
  if (ban.lifted_at !== null && ban.lifted_at !== undefined) return t("bans.lifted", { when: ago(ban.lifted_at) });
  if (ban.broadcast_id !== null && ban.broadcast_id !== undefined) return t("bans.thisShow");
  if (ban.until_at === null || ban.until_at === undefined) return t("bans.forever");
  return ban.until_at < Date.now() ? t("bans.over") : t("bans.until", { at: dateTime(ban.until_at) });
}

function Log({ room }: { room: RoomView }) {
  const cache = useQueryClient();
  const key = ["moderation-log", room.id];
  const undo = useMutation({
    mutationFn: (doneId: number) => call("POST /api/v1/rooms/{id}/moderation-log/{done_id}/undo", { path: { id: room.id, done_id: doneId } }),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: key });
      await cache.invalidateQueries({ queryKey: ["bans", room.id] });
    },
    onError: toastError,
  });
  return (
    <More
      query={pagesQuery<Done>(key, (cursor) => call("GET /api/v1/rooms/{id}/moderation-log", { path: { id: room.id }, query: { cursor, limit: 20 } }))}
      empty={<Notice icon="history" title={t("log.empty.title")} text={t("log.empty.text")} />}
    >
      {(items) => (
        <Rows label={t("log.title")}>
          {items.map((done) => (
            <Row
              key={done.id}
              title={actionText(done.action)}
              text={`${t("user.number", { id: done.user_id })} · ${ago(done.created_at)}${done.undone_at === null || done.undone_at === undefined ? "" : ` · ${t("log.undone")}`}`}
            >
              {(done.action === "ban" || done.action === "delete") && (done.undone_at === null || done.undone_at === undefined) && (
                <Button icon="undo" onClick={() => undo.mutate(done.id)}>
                  {t("log.undo")}
                </Button>
              )}
            </Row>
          ))}
        </Rows>
      )}
    </More>
  );
}

function actionText(action: string): string {
  const key = `log.action.${action}`;
  return has(key) ? t(key as "log.action.ban") : action;
}
