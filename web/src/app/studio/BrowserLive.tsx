/** `/studio/browser`: camera or screen straight from the browser, where the server takes it. */

import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { t } from "../../i18n/app";
import { call } from "../api/client";
import { siteQuery } from "../api/queries";
import type { RoomView, Site } from "../api/schema";
import { Button, ButtonLink } from "../parts/Button/Button";
import { Actions } from "../parts/Field/Field";
import { Notice, Skeleton } from "../parts/Notice/Notice";
import { Box } from "../parts/Page/Page";
import { WithRoom } from ".";
import styles from "./Studio.module.css";
import { send, type Sender, type Sending } from "./whip";

type Source = "camera" | "screen";

/** Whether this server takes streams from browsers; one that says nothing does not. */
export function takesBrowsers(site: Site | undefined): boolean {
  return (site as (Site & { capabilities?: string[] }) | undefined)?.capabilities?.includes("whip") === true;
}

export function BrowserLive() {
  const { data: site } = useQuery(siteQuery);
  if (site === undefined) return <Skeleton height="20rem" />;
  const obs = (
    <ButtonLink to="/studio/live" kind="main">
      {t("browserLive.obs")}
    </ButtonLink>
  );
  if (!takesBrowsers(site)) return <Notice icon="camera" title={t("notFound.title")} text={t("notFound.text")} action={obs} />;
  // A plain http address has none of this.
  if (navigator.mediaDevices === undefined) return <Notice icon="lock" title={t("browserLive.insecure.title")} text={t("browserLive.insecure.text")} action={obs} />;
  return <WithRoom>{(room) => <Stage key={room.id} room={room} />}</WithRoom>;
}

function Stage({ room }: { room: RoomView }) {
  const [source, setSource] = useState<Source>("camera");
  const [media, setMedia] = useState<MediaStream>();
  const [told, setTold] = useState<string>();
  const [state, setState] = useState<Sending>();
  const [isMuted, setIsMuted] = useState(false);
  const sender = useRef<Sender>(undefined);
  const preview = useRef<HTMLVideoElement>(null);

  useEffect(() => {
    if (preview.current !== null) preview.current.srcObject = media ?? null;
    // What is no longer shown is no longer recorded either: the lamp of the camera goes out.
    return () => media?.getTracks().forEach((track) => track.stop());
  }, [media]);
  useEffect(() => () => void sender.current?.stop(), []);

  const stop = async () => {
    await sender.current?.stop();
    sender.current = undefined;
    setState(undefined);
  };
  const choose = async (next: Source) => {
    await stop();
    setTold(undefined);
    setSource(next);
    try {
      setMedia(await open(next));
    } catch (error) {
      setMedia(undefined);
      setTold((error as DOMException).name === "NotFoundError" ? t("browserLive.missing") : t("browserLive.refused"));
    }
  };
  const start = () => {
    if (media === undefined) return;
    const address = async () => {
      const { stream, sign } = await call("POST /api/v1/rooms/{id}/publish-token", { path: { id: room.id } });
      return `/${stream}/whip?${new URLSearchParams({ sign })}`;
    };
    sender.current = send(media, address, setState);
  };
  const mute = () => {
    for (const track of media?.getAudioTracks() ?? []) track.enabled = isMuted;
    setIsMuted(!isMuted);
  };
  return (
    <div className={styles.sending}>
      <Box>
        <h2>{t("browserLive.title")}</h2>
        <video ref={preview} className={styles.preview} muted autoPlay playsInline aria-label={t("browserLive.preview")} />
        <Level media={media} />
        <p role="alert" hidden={told === undefined && state !== "failed"}>
          {told ?? t("browserLive.failed")}
        </p>
        <p role="status">{state === undefined || state === "failed" ? "" : t(`browserLive.${state}`)}</p>
        <Actions>
          <Button icon="camera" aria-pressed={media !== undefined && source === "camera"} onClick={() => void choose("camera")}>
            {t("browserLive.camera")}
          </Button>
          <Button icon="film" aria-pressed={media !== undefined && source === "screen"} onClick={() => void choose("screen")}>
            {t("browserLive.screen")}
          </Button>
          {media !== undefined && (
            <Button aria-pressed={isMuted} onClick={mute}>
              {isMuted ? t("browserLive.unmute") : t("browserLive.mute")}
            </Button>
          )}
          {state === undefined || state === "failed" ? (
            <Button kind="main" icon="signal" busy={media === undefined} onClick={start}>
              {t("browserLive.start")}
            </Button>
          ) : (
            <Button kind="danger" icon="stop" onClick={() => void stop()}>
              {t("browserLive.stop")}
            </Button>
          )}
        </Actions>
      </Box>
    </div>
  );
}

/** A bar that moves with the voice. */
function Level({ media }: { media: MediaStream | undefined }) {
  const [level, setLevel] = useState(0);
  useEffect(() => {
    if (media === undefined || media.getAudioTracks().length === 0) return undefined;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(media).connect(analyser);
    const samples = new Uint8Array(analyser.fftSize);
    const timer = setInterval(() => {
      analyser.getByteTimeDomainData(samples);
      setLevel(Math.max(...samples.map((sample) => Math.abs(sample - 128))) / 128);
    }, 100);
    return () => {
      clearInterval(timer);
      void context.close();
    };
  }, [media]);
  return <meter className={styles.level} min={0} max={1} low={0.02} high={0.9} optimum={0.4} value={level} aria-label={t("browserLive.mic")} />;
}

/** The screen has no voice of its own: the microphone comes along. */
async function open(source: Source): Promise<MediaStream> {
  const sound = { echoCancellation: true, noiseSuppression: true };
  if (source === "camera") return navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } }, audio: sound });
  const screen = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { ideal: 30 } } });
  const voice = await navigator.mediaDevices.getUserMedia({ audio: sound }).catch(() => undefined);
  return new MediaStream([...screen.getVideoTracks(), ...(voice?.getAudioTracks() ?? [])]);
}
