/** The studio: everything a host does. */

import { useQuery } from "@tanstack/react-query";
import { Outlet } from "../routing";
import { t } from "../../i18n/app";
import type { PublicUser, RoomView } from "../api/schema";
import { Failed, Skeleton } from "../parts/Notice/Notice";
import { Page } from "../parts/Page/Page";
import { SignedIn } from "../parts/SignedIn/SignedIn";
import { LinkTabs } from "../parts/Tabs/Tabs";
import { currentRoom, ownRoomsQuery } from "./own-room";
import { Wizard } from "./Wizard";

export { Analytics } from "./Analytics";
export { BrowserLive } from "./BrowserLive";
export { BroadcastList as Broadcasts } from "./Broadcasts";
export { EditRoom } from "./EditRoom";
export { EditVideo } from "./EditVideo";
export { LiveDashboard as Live } from "./Live";
export { ModerationPage as Moderation } from "./Moderation";
export { Overview } from "./Overview";
export { Upload } from "./Upload";
export { Videos } from "./Videos";

export function Studio() {
  return (
    <SignedIn title={t("nav.studio")}>
      {() => (
        <Page
          title={t("nav.studio")}
          actions={
            <LinkTabs
              label={t("nav.studio")}
              links={[
                { to: "/studio", label: t("studio.overview") },
                { to: "/studio/live", label: t("studio.live") },
                { to: "/studio/videos", label: t("studio.videos") },
                { to: "/studio/upload", label: t("studio.upload") },
                { to: "/studio/room", label: t("studio.room") },
                { to: "/studio/moderation", label: t("studio.moderation") },
                { to: "/studio/analytics", label: t("studio.analytics") },
                { to: "/studio/broadcasts", label: t("studio.broadcasts") },
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

/** Shows what needs a room: the first one is made on the way. */
export function WithRoom({ children }: { children: (room: RoomView, me: PublicUser) => React.ReactNode }) {
  return <SignedIn title={t("nav.studio")}>{(me) => <OfRoom me={me}>{children}</OfRoom>}</SignedIn>;
}

const ASK_EVERY_MS = 5_000;

function OfRoom({ me, children }: { me: PublicUser; children: (room: RoomView, me: PublicUser) => React.ReactNode }) {
  const { data, error, refetch } = useQuery({ ...ownRoomsQuery(me), refetchInterval: ASK_EVERY_MS });
  if (data === undefined) return error === null ? <Skeleton height="16rem" /> : <Failed error={error} onRetry={() => void refetch()} />;
  const room = currentRoom(data);
  return room === undefined ? <Wizard me={me} hasEnded={data.length > 0} /> : children(room, me);
}
