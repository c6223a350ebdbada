/** Sends a file as it is, and says how far it got: `fetch` cannot tell that yet. */

import { ApiError } from "../../api";
import { addressOf, answerOf } from "./client";
import type { Image } from "./schema";

export type PictureKind = "avatar" | "cover" | "gift";

/** A picture of one's own; what the server made of it. */
export function uploadPicture(kind: PictureKind, file: Blob, onPercent: (percent: number) => void): Promise<Image> {
  return send<Image>("POST", addressOf("/api/v1/images", {}, { kind }), file, onPercent);
}

/** The answer to a file that was sent; a refusal is the same error as of any other call. */
export function send<T>(method: string, url: string, file: Blob, onPercent: (percent: number) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.setRequestHeader("accept", "application/json");
    request.setRequestHeader("content-type", "application/octet-stream");
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onPercent(Math.floor((event.loaded / event.total) * 100));
    });
    request.addEventListener("error", () => reject(new ApiError(0, "unreachable", "")));
    request.addEventListener("load", () => {
      try {
        resolve(answerOf(request.status, request.responseText) as T);
      } catch (error) {
        reject(error as Error);
      }
    });
    request.send(file);
  });
}
