/** The bar over every page: search, going live, news, and the menu of whoever is here. */

import { useQuery } from "@tanstack/react-query";
import { Link, navigate, useSearch } from "../../routing";
import { createPortal } from "react-dom";
import type { FormEvent } from "react";
import { t } from "../../../i18n/app";
import { meQuery } from "../../api/queries";
import { ButtonLink } from "../Button/Button";
import { Icon } from "../Icon/Icon";
import { Bell } from "./Bell";
import { PersonMenu } from "./PersonMenu";
import styles from "./TopBar.module.css";

export function TopBar() {
  const place = document.querySelector("#top");
  return place === null ? null : createPortal(<Bar />, place);
}

function Bar() {
  const { data: me } = useQuery(meQuery);
  return (
    <header className={styles.bar}>
      <a className="skip" href="#main">
        {t("nav.skip")}
      </a>
      <Link to="/" className="brand">
        <img src="/favicon.svg" alt="" width="28" height="28" />
        <span className={styles.brandName}>Weir</span>
        <span className="visually-hidden">{t("nav.home")}</span>
      </Link>
      <nav className={styles.nav} aria-label={t("nav.main")}>
        <Link to="/browse" activeProps={{ "aria-current": "page" }}>
          {t("nav.browse")}
        </Link>
        {me !== null && me !== undefined && (
          <Link to="/me/following" activeProps={{ "aria-current": "page" }}>
            {t("nav.following")}
          </Link>
        )}
      </nav>
      <Search />
      <div className={styles.tools}>
        <span className={styles.golive}>
          <ButtonLink to="/studio" icon="camera" aria-label={t("nav.goLive")}>
            <span>{t("nav.goLive")}</span>
          </ButtonLink>
        </span>
        {me === null && (
          <ButtonLink to="/login" kind="main" search={{ next: undefined }}>
            {t("nav.signIn")}
          </ButtonLink>
        )}
        {me !== null && me !== undefined && <Bell />}
        <PersonMenu me={me} />
      </div>
    </header>
  );
}

function Search() {
  const asked = useSearch().q ?? "";
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const q = String(new FormData(event.currentTarget).get("q") ?? "").trim();
    void navigate({ to: "/search", search: { q } });
  };
  return (
    <form className={styles.search} role="search" onSubmit={send}>
      <input key={asked} name="q" type="search" defaultValue={asked} maxLength={64} aria-label={t("nav.search")} placeholder={t("nav.search")} />
      <button type="submit" aria-label={t("nav.searchDo")}>
        <Icon name="search" />
      </button>
    </form>
  );
}
