/** What is somebody's own: whom they follow, where they were, what they said, their coins. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet } from "../routing";
import { useState } from "react";
import { ago, dateTime, has, number, t } from "../../i18n/app";
import { call } from "../api/client";
import { pagesQuery, roomsQuery, walletQuery } from "../api/queries";
import type { Comment, Entry, PublicUser, Visit } from "../api/schema";
import { Avatar } from "../parts/Avatar/Avatar";
import { Button, ButtonLink, IconButton } from "../parts/Button/Button";
import { Confirm } from "../parts/Dialog/Dialog";
import { Field, Form } from "../parts/Field/Field";
import { FollowButton } from "../parts/FollowButton/FollowButton";
import { Icon } from "../parts/Icon/Icon";
import { More } from "../parts/More/More";
import { Notice } from "../parts/Notice/Notice";
import { Box, Page, Row, Rows, Section } from "../parts/Page/Page";
import { PersonRow } from "../parts/PersonRow/PersonRow";
import { RoomGrid } from "../parts/RoomCard/RoomCard";
import { SignedIn } from "../parts/SignedIn/SignedIn";
import { LinkTabs } from "../parts/Tabs/Tabs";
import { toast, toastError } from "../parts/Toast/Toast";
import styles from "./Me.module.css";
import { WatchedVideos } from "./Watched";

export { Later } from "./Later";

export function Me() {
  return (
    <SignedIn title={t("me.title")}>
      {() => (
        <Page
          title={t("me.title")}
          actions={
            <LinkTabs
              label={t("me.title")}
              links={[
                { to: "/me/following", label: t("nav.following") },
                { to: "/me/history", label: t("nav.history") },
                { to: "/me/later", label: t("nav.later") },
                { to: "/me/comments", label: t("me.comments") },
                { to: "/me/wallet", label: t("nav.wallet") },
              ]}
            />
          }
        >
          <Outlet />
        </Page>
      )}
    </SignedIn>
  );
}

function Browse() {
  return (
    <ButtonLink to="/browse" kind="main">
      {t("nav.browse")}
    </ButtonLink>
  );
}

export function Following() {
  return (
    <>
      <Section title={t("home.followed")}>
        <More query={roomsQuery({ live: true, following: true })} empty={<p className="hint">{t("following.nobodyLive")}</p>}>
          {(rooms) => <RoomGrid rooms={rooms} />}
        </More>
      </Section>
      <Section title={t("following.title")}>
        <More
          query={pagesQuery<PublicUser>(["following"], (cursor) => call("GET /api/v1/me/following", { query: { cursor, limit: 30 } }))}
          empty={<Notice icon="heart" title={t("following.empty.title")} text={t("following.empty.text")} action={<Browse />} />}
        >
          {(users) => (
            <Rows label={t("following.title")}>
              {users.map((user) => (
                <PersonRow key={user.id} user={user}>
                  <FollowButton userId={user.id} />
                </PersonRow>
              ))}
            </Rows>
          )}
        </More>
      </Section>
    </>
  );
}

export function History() {
  const cache = useQueryClient();
  const [isAsking, setIsAsking] = useState(false);
  const key = ["history"];
  const again = () => cache.invalidateQueries({ queryKey: key });
  const remove = useMutation({
    mutationFn: (roomId: number) => call("DELETE /api/v1/me/history/{room_id}", { path: { room_id: roomId } }),
    onSuccess: again,
    onError: toastError,
  });
  const clear = useMutation({
    mutationFn: () => call("DELETE /api/v1/me/history"),
    onSuccess: async () => {
      setIsAsking(false);
      await again();
    },
  });
  return (
    <>
      <WatchedVideos />
      <More
        query={pagesQuery<Visit>(key, (cursor) => call("GET /api/v1/me/history", { query: { cursor, limit: 30 } }))}
        empty={<Notice icon="history" title={t("history.empty.title")} text={t("history.empty.text")} action={<Browse />} />}
      >
        {(visits) => (
          <Section title={t("history.rooms")} actions={<Button onClick={() => setIsAsking(true)}>{t("history.clear")}</Button>}>
            <Rows label={t("nav.history")}>
              {visits.map((visit) => (
                <Row
                  key={visit.room_id}
                  before={<Avatar user={{ name: visit.title, avatar: visit.cover }} size={42} />}
                  title={
                    <Link to="/live/$id" params={{ id: String(visit.room_id) }}>
                      {visit.title}
                    </Link>
                  }
                  text={`${visit.host} · ${ago(visit.last_at)}`}
                >
                  <IconButton icon="close" label={t("history.remove", { title: visit.title })} onClick={() => remove.mutate(visit.room_id)} />
                </Row>
              ))}
            </Rows>
          </Section>
        )}
      </More>
      {isAsking && (
        <Confirm
          title={t("history.clear")}
          text={t("history.clearText")}
          action={t("history.clear")}
          busy={clear.isPending}
          error={clear.error}
          onConfirm={() => clear.mutate()}
          onClose={() => setIsAsking(false)}
        />
      )}
    </>
  );
}

export function Comments() {
  return (
    <More
      query={pagesQuery<Comment>(["my-comments"], (cursor) => call("GET /api/v1/me/comments", { query: { cursor, limit: 30 } }))}
      empty={<Notice icon="chat" title={t("comments.empty.title")} text={t("comments.empty.text")} action={<Browse />} />}
    >
      {(comments) => (
        <Rows label={t("me.comments")}>
          {comments.map((comment) => (
            <Row key={comment.id} title={comment.content} text={`${dateTime(comment.created_at)}${comment.is_deleted ? ` · ${t("comments.deleted")}` : ""}`}>
              <ButtonLink to="/live/$id" params={{ id: String(comment.live_id) }}>
                {t("comments.toRoom")}
              </ButtonLink>
            </Row>
          ))}
        </Rows>
      )}
    </More>
  );
}

export function Wallet() {
  const cache = useQueryClient();
  const { data: wallet } = useQuery(walletQuery);
  const redeem = useMutation({
    mutationFn: (code: string) => call("POST /api/v1/me/wallet/redeem", { body: { code: code.trim() } }),
    onSuccess: async (after) => {
      const gained = after.coin - (wallet?.coin ?? 0);
      cache.setQueryData(walletQuery.queryKey, after);
      toast(t("wallet.redeemed", { coins: number(gained) }));
      await cache.invalidateQueries({ queryKey: ["entries"] });
    },
  });
  return (
    <div className={styles.wallet}>
      <div className={styles.column}>
        <Box>
          <h2>{t("wallet.own")}</h2>
          <p className={styles.balance}>
            <Icon name="coin" />
            {wallet === undefined ? "–" : number(wallet.coin)}
          </p>
          <p className="hint">{t("wallet.earnedText", { coins: number(wallet?.earned ?? 0) })}</p>
        </Box>
        <Box>
          <h2>{t("wallet.topUp")}</h2>
          <Form onSend={({ code }) => redeem.mutate(code ?? "")} error={redeem.error}>
            <Field label={t("wallet.code")} hint={t("wallet.codeHint")} name="code" autoComplete="off" autoCapitalize="characters" spellCheck={false} required />
            <Button kind="main" type="submit" busy={redeem.isPending}>
              {t("wallet.redeem")}
            </Button>
          </Form>
        </Box>
      </div>
      <Section title={t("wallet.ledger")}>
        <More
          query={pagesQuery<Entry>(["entries"], (cursor) => call("GET /api/v1/me/wallet/entries", { query: { cursor, limit: 30 } }))}
          empty={<Notice icon="coin" title={t("wallet.empty.title")} text={t("wallet.empty.text")} />}
        >
          {(entries) => (
            <Rows label={t("wallet.ledger")}>
              {entries.map((entry) => (
                <Row key={entry.id} title={entryText(entry)} text={dateTime(entry.created_at)}>
                  <b className={entry.amount < 0 ? styles.spent : styles.got}>
                    {entry.amount > 0 ? "+" : "−"}
                    {number(Math.abs(entry.amount))}
                  </b>
                </Row>
              ))}
            </Rows>
          )}
        </More>
      </Section>
    </div>
  );
}

function entryText(entry: Entry): string {
  const kind = entry.account === "earned" ? `${entry.kind}.earned` : entry.kind;
  const key = `wallet.kind.${kind}`;
  return has(key) ? t(key as "wallet.kind.gift") : entry.kind;
}
