/** Who is signed in, where they may go, and how the site looks and speaks. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, navigate } from "../../routing";
import { useRef, useState } from "react";
import { LANGUAGE_NAMES, rememberLanguage, type Language } from "../../../i18n";
import { language, number, t } from "../../../i18n/app";
import { call } from "../../api/client";
import { isAdminQuery, walletQuery } from "../../api/queries";
import type { PublicUser } from "../../api/schema";
import { become } from "../../api/session";
import { chooseTheme, currentTheme, type Theme } from "../../theme";
import { Avatar } from "../Avatar/Avatar";
import { Icon } from "../Icon/Icon";
import { toastError } from "../Toast/Toast";
import styles from "./TopBar.module.css";

export function PersonMenu({ me }: { me: PublicUser | null | undefined }) {
  const menu = useRef<HTMLDivElement>(null);
  const close = () => menu.current?.hidePopover();
  const isIn = me !== null && me !== undefined;
  return (
    <>
      <button className={styles.round} type="button" popoverTarget="person-menu" aria-label={isIn ? t("nav.account", { name: me.name }) : t("nav.looks")}>
        {isIn ? <Avatar user={me} size={32} /> : <Icon name="settings" />}
      </button>
      <div ref={menu} id="person-menu" popover="auto" className={styles.menu} onClick={(event) => (event.target as Element).closest("a") !== null && close()}>
        {isIn && <Person me={me} onDone={close} />}
        <Looks />
      </div>
    </>
  );
}

function Person({ me, onDone }: { me: PublicUser; onDone: () => void }) {
  const cache = useQueryClient();
  const { data: isAdmin } = useQuery(isAdminQuery);
  const { data: wallet } = useQuery(walletQuery);
  const signOut = async () => {
    try {
      await call("DELETE /api/v1/session");
      become(cache, null);
      onDone();
      await navigate({ to: "/" });
    } catch (error) {
      toastError(error);
    }
  };
  return (
    <>
      <div className={styles.who}>
        <Avatar user={me} size={40} />
        <div>
          <p>
            <strong>{me.name}</strong>
          </p>
          <p>{wallet === undefined ? `@${me.username}` : t("wallet.balance", { coins: number(wallet.coin) })}</p>
        </div>
      </div>
      <Link to="/@$username" params={{ username: me.username }} className={styles.item}>
        <Icon name="user" />
          {t("nav.channel")}
        </Link>
      <Link to="/studio/videos" className={styles.item}>
        <Icon name="film" />
        {t("nav.videos")}
      </Link>
      <Link to="/studio" className={styles.item}>
        <Icon name="camera" />
          {t("nav.studio")}
        </Link>
      <Link to="/me/following" className={styles.item}>
        <Icon name="heart" />
          {t("nav.following")}
        </Link>
      <Link to="/me/history" className={styles.item}>
        <Icon name="history" />
          {t("nav.history")}
        </Link>
      <Link to="/me/wallet" className={styles.item}>
        <Icon name="coin" />
          {t("nav.wallet")}
        </Link>
      <Link to="/settings/profile" className={styles.item}>
        <Icon name="settings" />
          {t("nav.settings")}
        </Link>
      {isAdmin === true && (
        <Link to="/admin" className={styles.item}>
          <Icon name="shield" />
            {t("nav.admin")}
          </Link>
      )}
      <button className={styles.item} type="button" onClick={() => void signOut()}>
        <Icon name="exit" />
        {t("nav.signOut")}
      </button>
      <div className={styles.rule} />
    </>
  );
}

function Looks() {
  const [theme, setTheme] = useState<Theme>(currentTheme);
  const speak = (chosen: Language) => {
    rememberLanguage(chosen);
    const url = new URL(location.href);
    url.searchParams.delete("lang");
    // The player's texts and the app's are of one language: both begin again.
    if (url.href === location.href) location.reload();
    else location.replace(url);
  };
  return (
    <>
      <label className={styles.choice}>
        <span>Language · 語言 · 语言</span>
        <select id="language" value={language} onChange={(event) => speak(event.target.value as Language)}>
          {Object.entries(LANGUAGE_NAMES).map(([code, name]) => (
            <option key={code} value={code} lang={code}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label className={styles.choice}>
        <span>{t("theme.label")}</span>
        <select
          id="theme"
          value={theme}
          onChange={(event) => {
            const chosen = event.target.value as Theme;
            setTheme(chosen);
            chooseTheme(chosen);
          }}
        >
          <option value="system">{t("theme.system")}</option>
          <option value="light">{t("theme.light")}</option>
          <option value="dark">{t("theme.dark")}</option>
        </select>
      </label>
    </>
  );
}
