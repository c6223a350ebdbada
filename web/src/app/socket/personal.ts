/** What is for this person wherever they are. Pages without a room know the socket only from here, and do not load it. */

type Listener = () => void;

interface Line {
  on: (event: string, listener: Listener) => void;
  off: (event: string, listener: Listener) => void;
  leave: () => void;
}

const listeners = new Set<readonly [event: string, listener: Listener]>();
let line: Line | undefined;

/** Listens over the socket, when there is one or as soon as there is; opens none. */
export function onPersonal(event: string, listener: Listener): () => void {
  const entry = [event, listener] as const;
  listeners.add(entry);
  line?.on(event, listener);
  return () => {
    listeners.delete(entry);
    line?.off(event, listener);
  };
}

/** The socket that is open from now on. */
export function attach(opened: Line): void {
  line = opened;
  for (const [event, listener] of listeners) opened.on(event, listener);
}

/** Who signs out or in is somebody else from then on, also for the socket. */
export function leaveSocket(): void {
  line?.leave();
  line = undefined;
}
