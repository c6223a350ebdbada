/** Sends a camera or screen to the server by WHIP (RFC 9725): one offer, one answer, and a resource that ends it. */

export type Sending = "connecting" | "sending" | "lost" | "failed";

export interface Sender {
  stop(): Promise<void>;
}

/** Candidates that are not there by then come too late: the offer is sent once, whole. */
const GATHER_MS = 2_000;
const RETRY_MS = 3_000;

/** Sends `media` to the address until it is stopped; a connection that is lost is made again. */
export function send(media: MediaStream, address: () => Promise<string>, onChange: (state: Sending) => void): Sender {
  let isOpen = true;
  let connection: RTCPeerConnection | undefined;
  let resource: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const close = async () => {
    connection?.close();
    connection = undefined;
    const ended = resource;
    resource = undefined;
    if (ended !== undefined) await fetch(ended, { method: "DELETE", keepalive: true }).catch(() => {});
  };
  const again = async (state: Sending) => {
    if (!isOpen) return;
    onChange(state);
    await close();
    clearTimeout(timer);
    timer = setTimeout(() => void connect(), RETRY_MS);
  };
  const connect = async () => {
    if (!isOpen) return;
    onChange("connecting");
    const made = new RTCPeerConnection();
    connection = made;
    for (const track of media.getTracks()) {
      const transceiver = made.addTransceiver(track, { direction: "sendonly", streams: [media] });
      if (track.kind === "video") transceiver.setCodecPreferences(h264First(RTCRtpSender.getCapabilities("video")?.codecs ?? []));
    }
    made.addEventListener("connectionstatechange", () => {
      if (made !== connection) return;
      if (made.connectionState === "connected") onChange("sending");
      if (made.connectionState === "failed" || made.connectionState === "disconnected") void again("lost");
    });
    try {
      await made.setLocalDescription(await made.createOffer());
      await gathered(made);
      const url = await address();
      const response = await fetch(url, { method: "POST", headers: { "content-type": "application/sdp" }, body: made.localDescription?.sdp ?? "" });
      if (response.status >= 400 && response.status < 500) {
        isOpen = false;
        onChange("failed");
        made.close();
        return;
      }
      if (!response.ok) throw new Error(`status ${response.status}`);
      const location = response.headers.get("location");
      resource = location === null ? undefined : new URL(location, new URL(url, document.baseURI)).href;
      await made.setRemoteDescription({ type: "answer", sdp: await response.text() });
    } catch {
      await again("lost");
    }
  };
  void connect();
  return {
    stop: async () => {
      isOpen = false;
      clearTimeout(timer);
      await close();
    },
  };
}

/** H.264 goes everywhere without being encoded anew. */
export function h264First<C extends { mimeType: string }>(codecs: readonly C[]): C[] {
  return codecs.toSorted((a, b) => Number(/h264/i.test(b.mimeType)) - Number(/h264/i.test(a.mimeType)));
}

function gathered(connection: RTCPeerConnection): Promise<void> {
  return new Promise((done) => {
    const look = () => connection.iceGatheringState === "complete" && done();
    connection.addEventListener("icegatheringstatechange", look);
    look();
    setTimeout(done, GATHER_MS);
  });
}
