/** The catalogue of gifts, and codes that become coins. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { count as counted, t } from "../../i18n/app";
import { call } from "../api/client";
import type { Gift, GiftInput } from "../api/schema";
import { ownPicture } from "../looks";
import { Button } from "../parts/Button/Button";
import { CopyButton } from "../parts/CopyRow/CopyRow";
import { Dialog } from "../parts/Dialog/Dialog";
import { CheckField, Field, Form } from "../parts/Field/Field";
import { Icon } from "../parts/Icon/Icon";
import { Failed, Notice, Skeleton } from "../parts/Notice/Notice";
import { Box, Row, Rows, Section } from "../parts/Page/Page";
import { PictureField } from "../parts/PictureField/PictureField";
import { toast } from "../parts/Toast/Toast";
import styles from "./Admin.module.css";

export function Gifts() {
  const [editing, setEditing] = useState<Gift | "new">();
  const { data, error, refetch } = useQuery({ queryKey: ["admin-gifts"], queryFn: () => call("GET /api/v1/admin/gifts") });
  if (data === undefined) return error === null ? <Skeleton height="10rem" /> : <Failed error={error} onRetry={() => void refetch()} />;
  return (
    <Section
      title={t("admin.gifts")}
      actions={
        <Button kind="main" icon="plus" onClick={() => setEditing("new")}>
          {t("gifts.add")}
        </Button>
      }
    >
      {data.length === 0 ? (
        <Notice icon="gift" title={t("gifts.empty.title")} text={t("gifts.empty.text")} />
      ) : (
        <Rows label={t("admin.gifts")}>
          {data.map((gift) => (
            <Row key={gift.id} before={<GiftPicture image={gift.image} />} title={gift.name} text={`${counted("coins", gift.coin)}${gift.is_active ? "" : ` · ${t("gifts.off")}`}`}>
              <Button icon="edit" aria-label={`${t("gifts.edit")}: ${gift.name}`} onClick={() => setEditing(gift)}>
                {t("gifts.edit")}
              </Button>
            </Row>
          ))}
        </Rows>
      )}
      {editing !== undefined && <EditGift gift={editing === "new" ? undefined : editing} onClose={() => setEditing(undefined)} />}
    </Section>
  );
}

function GiftPicture({ image }: { image: string }) {
  const picture = ownPicture(image);
  return picture === undefined ? <Icon name="gift" /> : <img src={picture} alt="" width="32" height="32" />;
}

function EditGift({ gift, onClose }: { gift: Gift | undefined; onClose: () => void }) {
  const cache = useQueryClient();
  const save = useMutation({
    mutationFn: (body: GiftInput) =>
      gift === undefined ? call("POST /api/v1/admin/gifts", { body }) : call("PUT /api/v1/admin/gifts/{id}", { path: { id: gift.id }, body }),
    onSuccess: async () => {
      toast(t("saved"));
      onClose();
      await cache.invalidateQueries({ queryKey: ["admin-gifts"] });
      await cache.invalidateQueries({ queryKey: ["gifts"] });
    },
  });
  return (
    <Dialog title={gift === undefined ? t("gifts.add") : t("gifts.edit")} onClose={onClose}>
      <Form
        onSend={({ name = "", coin, image, is_active }) => save.mutate({ name, coin: Number(coin), image, is_active: is_active === "on" })}
        error={save.error}
      >
        <Field label={t("gifts.name")} name="name" defaultValue={gift?.name} maxLength={32} required />
        <Field label={t("gifts.price")} name="coin" type="number" min={1} defaultValue={gift?.coin ?? 10} required />
        <PictureField label={t("gifts.image")} name="image" kind="gift" defaultValue={gift?.image} />
        <CheckField label={t("gifts.active")} name="is_active" defaultChecked={gift?.is_active ?? true} />
        <Button kind="main" type="submit" busy={save.isPending}>
          {t("action.save")}
        </Button>
      </Form>
    </Dialog>
  );
}

export function Codes() {
  const make = useMutation({
    mutationFn: ({ coin, count }: Record<string, string>) => call("POST /api/v1/admin/coin-codes", { body: { coin: Number(coin), count: Number(count) } }),
  });
  return (
    <Section title={t("admin.codes")}>
      <Box>
        <p className="hint">{t("codes.text")}</p>
        <Form onSend={(texts) => make.mutate(texts)} error={make.error}>
          <Field label={t("codes.coin")} name="coin" type="number" min={1} defaultValue={100} required />
          <Field label={t("codes.count")} name="count" type="number" min={1} max={1000} defaultValue={10} required />
          <Button kind="main" type="submit" busy={make.isPending}>
            {t("codes.make")}
          </Button>
        </Form>
        {make.data !== undefined && (
          <>
            <p role="status">{t("codes.once")}</p>
            <ul className={styles.codes}>
              {make.data.codes.map((code) => (
                <li key={code}>{code}</li>
              ))}
            </ul>
            <CopyButton value={make.data.codes.join("\n")} label={t("admin.codes")} />
          </>
        )}
      </Box>
    </Section>
  );
}
