/** Calls of the API, typed by its document: `call("GET /api/v1/rooms/{id}", { path: { id: 7 } })`. */

import { ApiError } from "../../api";
import type { Operations } from "./schema";

export type Operation = keyof Operations;
export type Answer<O extends Operation> = Operations[O]["answer"];

/** The parts of an operation that it has; those it does not have cannot be given. */
type Present<T> = { [K in keyof T as T[K] extends undefined ? never : K]: T[K] };
type Asked<O extends Operation> = Present<Pick<Operations[O], "path" | "body">> &
  Partial<Present<Pick<Operations[O], "query">>> & { headers?: Record<string, string>; signal?: AbortSignal };
/** What is asked may be left out when nothing has to be said. */
type Arguments<O extends Operation> = keyof Present<Pick<Operations[O], "path" | "body">> extends never
  ? [asked?: Asked<O>]
  : [asked: Asked<O>];

interface Parts {
  path?: Record<string, string | number>;
  query?: Record<string, unknown>;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

const TIMEOUT_MS = 12_000;

export async function call<O extends Operation>(operation: O, ...[asked]: Arguments<O>): Promise<Answer<O>> {
  const parts: Parts = asked ?? {};
  const space = operation.indexOf(" ");
  const method = operation.slice(0, space);
  const url = addressOf(operation.slice(space + 1), parts.path, parts.query);
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers: {
        accept: "application/json",
        ...(parts.body === undefined ? {} : { "content-type": "application/json" }),
        ...parts.headers,
      },
      body: parts.body === undefined ? undefined : JSON.stringify(parts.body),
      signal: parts.signal === undefined ? timeout : AbortSignal.any([timeout, parts.signal]),
    });
  } catch (cause) {
    if (parts.signal?.aborted === true) throw cause;
    throw new ApiError(0, "unreachable", String(cause));
  }
  return answerOf(response.status, await response.text().catch(() => "")) as Answer<O>;
}

/** What an answer says; a refusal is thrown. */
export function answerOf(status: number, text: string): unknown {
  const body: unknown = parse(text);
  if (status < 200 || status >= 300) throw refusal(status, body);
  return body;
}

/** Fills `{name}` of a path and appends what of the query has a value. */
export function addressOf(path: string, values: Record<string, string | number> = {}, query: Record<string, unknown> = {}): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => encodeURIComponent(String(values[name] ?? "")));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") search.set(name, String(value));
  }
  return search.size > 0 ? `${filled}?${search}` : filled;
}

function refusal(status: number, body: unknown): ApiError {
  const error = (body as { error?: { code?: unknown; message?: unknown } } | undefined)?.error;
  const code = typeof error?.code === "string" ? error.code : `http_${status}`;
  return new ApiError(status, code, typeof error?.message === "string" ? error.message : "");
}

function parse(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
