/** What went wrong, in the viewer's words. */

import { ApiError } from "../../api";
import { has, t, type Key } from "../../i18n/app";

/** One sentence for any error: by its code, else by whose side it is on. */
export function errorText(error: unknown): string {
  if (!(error instanceof ApiError)) return t("error.unknown");
  const key = `error.${error.code}`;
  if (has(key)) return t(key as "error.unknown");
  return t(fallback(error.status));
}

/** The sentence for a code that came some other way, as over the room socket. */
export function codeText(code: string, message = ""): string {
  return errorText(new ApiError(400, code, message));
}

function fallback(status: number): Key & ("error.unreachable" | "error.server" | "error.not_found" | "error.refused" | "error.too_many" | "error.invalid") {
  if (status === 0) return "error.unreachable";
  if (status >= 500) return "error.server";
  if (status === 404) return "error.not_found";
  if (status === 401 || status === 403) return "error.refused";
  if (status === 429) return "error.too_many";
  return "error.invalid";
}

export function isCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof ApiError && codes.includes(error.code);
}
