/** What the API says of the thing this page is about, as the server wrote it into the page; nothing when it did not. */
export function inlined<T>(name: "room-data" | "video-data"): T | undefined {
  try {
    return (JSON.parse(document.querySelector(`#${name}`)?.textContent ?? "null") as T | null) ?? undefined;
  } catch {
    return undefined;
  }
}
