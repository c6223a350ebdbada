/** What admins see. */

import { useQuery } from "@tanstack/react-query";
import { Outlet } from "../routing";
import { t } from "../../i18n/app";
import { isAdminQuery } from "../api/queries";
import { ButtonLink } from "../parts/Button/Button";
import { Notice, Skeleton } from "../parts/Notice/Notice";
import { Page } from "../parts/Page/Page";
import { SignedIn } from "../parts/SignedIn/SignedIn";
import { LinkTabs } from "../parts/Tabs/Tabs";

export { Audit } from "./Audit";
export { Codes, Gifts } from "./Money";
export { Overview, Rooms, Streams } from "./Streams";
export { Reports } from "./Reports";
export { Site } from "./Site";
export { Users } from "./Users";
export { Jobs, Storage, Videos } from "./Videos";
export { Webhooks } from "./Webhooks";

export function Admin() {
  return (
    <SignedIn title={t("nav.admin")}>
      {() => (
        <Page title={t("nav.admin")}>
          <Gate />
        </Page>
      )}
    </SignedIn>
  );
}

function Gate() {
  const { data: isAdmin } = useQuery(isAdminQuery);
  if (isAdmin === undefined) return <Skeleton height="16rem" />;
  if (!isAdmin) {
    return (
      <Notice
        icon="shield"
        title={t("admin.only.title")}
        text={t("admin.only.text")}
        action={
          <ButtonLink to="/" kind="main">
            {t("nav.home")}
          </ButtonLink>
        }
      />
    );
  }
  return (
    <>
      <div style={{ marginBlockEnd: "1.25rem" }}>
        <LinkTabs
          label={t("nav.admin")}
          links={[
            { to: "/admin", label: t("admin.overview") },
            { to: "/admin/users", label: t("admin.users") },
            { to: "/admin/rooms", label: t("admin.rooms") },
            { to: "/admin/streams", label: t("admin.streams") },
            { to: "/admin/videos", label: t("admin.videos") },
            { to: "/admin/jobs", label: t("admin.jobs") },
            { to: "/admin/storage", label: t("admin.storage") },
            { to: "/admin/reports", label: t("admin.reports") },
            { to: "/admin/gifts", label: t("admin.gifts") },
            { to: "/admin/codes", label: t("admin.codes") },
            { to: "/admin/settings", label: t("admin.settings") },
            { to: "/admin/webhooks", label: t("webhooks.title") },
            { to: "/admin/audit", label: t("admin.audit") },
          ]}
        />
      </div>
      <Outlet />
    </>
  );
}
