/** `/admin/webhooks`: which programs of others are told what happens here, and whether they heard it. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ago, has, t } from "../../i18n/app";
import { call } from "../api/client";
import { pagesQuery } from "../api/queries";
import type { Delivery, Target } from "../api/schema";
import { Button } from "../parts/Button/Button";
import { CopyRow } from "../parts/CopyRow/CopyRow";
import { Confirm, Dialog } from "../parts/Dialog/Dialog";
import { Actions, CheckField, Field, Form } from "../parts/Field/Field";
import { More } from "../parts/More/More";
import { Failed, Notice, Skeleton } from "../parts/Notice/Notice";
import { Row, Rows, Section } from "../parts/Page/Page";
import { toast, toastError } from "../parts/Toast/Toast";
import styles from "./Admin.module.css";

const EVENTS = ["went_live", "ended", "follow", "gift", "video_ready", "video_published"] as const;
const KEY = ["admin-webhooks"];

export function Webhooks() {
  const cache = useQueryClient();
  const { data, error, refetch } = useQuery({ queryKey: KEY, queryFn: () => call("GET /api/v1/admin/webhooks") });
  const [asks, setAsks] = useState<{ what: "add" } | { what: "delete" | "deliveries"; target: Target }>();
  const close = () => setAsks(undefined);
  const again = () => cache.invalidateQueries({ queryKey: KEY });
  const change = useMutation({
    mutationFn: ({ id, is_active }: { id: number; is_active: boolean }) => call("PATCH /api/v1/admin/webhooks/{id}", { path: { id }, body: { is_active } }),
    onSuccess: again,
    onError: toastError,
  });
  const test = useMutation({
    mutationFn: (id: number) => call("POST /api/v1/admin/webhooks/{id}/test", { path: { id } }),
    onSuccess: () => {
      toast(t("webhooks.tested"));
      return cache.invalidateQueries({ queryKey: ["webhook-deliveries"] });
    },
    onError: toastError,
  });
  const remove = useMutation({
    mutationFn: (id: number) => call("DELETE /api/v1/admin/webhooks/{id}", { path: { id } }),
    onSuccess: () => {
      close();
      return again();
    },
  });
  if (data === undefined) return error === null ? <Skeleton height="10rem" /> : <Failed error={error} onRetry={() => void refetch()} />;
  const add = (
    <Button kind="main" icon="plus" onClick={() => setAsks({ what: "add" })}>
      {t("webhooks.add")}
    </Button>
  );
  return (
    <Section title={t("webhooks.title")} actions={data.length > 0 && add}>
      {data.length === 0 ? (
        <Notice icon="signal" title={t("webhooks.empty.title")} text={t("webhooks.empty.text")} action={add} />
      ) : (
        <Rows label={t("webhooks.title")}>
          {data.map((target) => (
            <Row key={target.id} title={target.url} text={factsOf(target)}>
              <Button onClick={() => setAsks({ what: "deliveries", target })}>{t("webhooks.deliveries")}</Button>
              {target.is_active && (
                <Button busy={test.isPending} onClick={() => test.mutate(target.id)}>
                  {t("webhooks.test")}
                </Button>
              )}
              <Button onClick={() => change.mutate({ id: target.id, is_active: !target.is_active })}>{target.is_active ? t("webhooks.switchOff") : t("webhooks.on")}</Button>
              <Button kind="ghost" icon="trash" aria-label={`${t("webhooks.delete")}: ${target.url}`} onClick={() => setAsks({ what: "delete", target })} />
            </Row>
          ))}
        </Rows>
      )}
      {asks?.what === "add" && <Add onClose={close} />}
      {asks?.what === "deliveries" && <Deliveries target={asks.target} onClose={close} />}
      {asks?.what === "delete" && (
        <Confirm
          title={t("webhooks.delete")}
          text={t("webhooks.deleteText", { url: asks.target.url })}
          action={t("webhooks.delete")}
          busy={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate(asks.target.id)}
          onClose={close}
        />
      )}
    </Section>
  );
}

function Add({ onClose }: { onClose: () => void }) {
  const cache = useQueryClient();
  const add = useMutation({
    mutationFn: (texts: Record<string, string>) =>
      call("POST /api/v1/admin/webhooks", { body: { url: texts.url ?? "", events: EVENTS.filter((event) => texts[event] === "on") } }),
    onSuccess: () => cache.invalidateQueries({ queryKey: KEY }),
  });
  return (
    <Dialog title={t("webhooks.add")} onClose={onClose}>
      {add.data === undefined ? (
        <Form onSend={(texts) => add.mutate(texts)} error={add.error}>
          <Field label={t("webhooks.url")} hint={t("webhooks.urlHint")} name="url" type="url" placeholder="https://…" required />
          <fieldset className={styles.events}>
            <legend>{t("webhooks.events")}</legend>
            {EVENTS.map((event) => (
              <CheckField key={event} label={t(`webhooks.event.${event}`)} name={event} defaultChecked />
            ))}
          </fieldset>
          <Button kind="main" type="submit" busy={add.isPending}>
            {t("webhooks.add")}
          </Button>
        </Form>
      ) : (
        <>
          <p role="status">{t("tokens.made")}</p>
          <CopyRow label={t("webhooks.secret")} value={add.data.secret} />
          <Actions>
            <Button kind="main" onClick={onClose}>
              {t("action.close")}
            </Button>
          </Actions>
        </>
      )}
    </Dialog>
  );
}

function Deliveries({ target, onClose }: { target: Target; onClose: () => void }) {
  return (
    <Dialog title={t("webhooks.deliveries")} onClose={onClose}>
      <p className="hint">{target.url}</p>
      <More
        query={pagesQuery<Delivery>(["webhook-deliveries", target.id], (cursor) =>
          call("GET /api/v1/admin/webhooks/{id}/deliveries", { path: { id: target.id }, query: { cursor, limit: 20 } }),
        )}
        empty={<p className="hint">{t("webhooks.none")}</p>}
      >
        {(deliveries) => (
          <Rows label={t("webhooks.deliveries")}>
            {deliveries.map((delivery) => (
              <Row
                key={delivery.id}
                title={`${eventText(delivery.kind)} · ${stateText(delivery)}`}
                text={[ago(delivery.created_at), delivery.status, delivery.error].filter((part) => part !== null && part !== undefined && part !== "").join(" · ")}
              />
            ))}
          </Rows>
        )}
      </More>
    </Dialog>
  );
}

function factsOf({ events, is_active, off_reason }: Target): string {
  const told = events.length === 0 ? t("webhooks.all") : events.map(eventText).join(", ");
  return [told, is_active ? "" : t("webhooks.off"), off_reason].filter((part) => part !== "").join(" · ");
}

function eventText(event: string): string {
  const key = `webhooks.event.${event}`;
  return has(key) ? t(key as "webhooks.event.gift") : event;
}

function stateText({ state, attempts }: Delivery): string {
  if (state === "delivered") return t("webhooks.delivered");
  return state === "failed" ? t("webhooks.failed") : t("webhooks.waiting", { attempts: attempts + 1 });
}
