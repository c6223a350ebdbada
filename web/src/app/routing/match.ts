/** Which address is which page: `/live/$id` stands for `/live/7`. Pure. */

/** Names of what a pattern leaves open. */
export type Names<P extends string> = P extends `${string}$${infer Name}/${infer Rest}`
  ? Name | Names<`/${Rest}`>
  : P extends `${string}$${infer Name}`
    ? Name
    : never;

export type Params = Readonly<Record<string, string>>;
export type Search = Readonly<Record<string, string | undefined>>;

/** What the pattern leaves open, read from `path`; nothing when it is another page's. */
export function matchPath(pattern: string, path: string): Params | undefined {
  const names: string[] = [];
  const text = pattern.replaceAll(/[.*+?^()|[\]\\]/g, "\\$&").replaceAll(/\$(\w+)/g, (_whole, name: string) => {
    names.push(name);
    return "([^/]+)";
  });
  const found = new RegExp(`^${text}/?$`).exec(path);
  if (found === null) return undefined;
  try {
    return Object.fromEntries(names.map((name, at) => [name, decodeURIComponent(found[at + 1] ?? "")]));
  } catch {
    // A percent sign that is none: nobody's page.
    return undefined;
  }
}

/** The address of a page. */
export function hrefOf(pattern: string, params: Params = {}, search: Search = {}): string {
  const path = pattern.replaceAll(/\$(\w+)/g, (_whole, name: string) => encodeURIComponent(params[name] ?? ""));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (value !== undefined && value !== "") query.set(name, value);
  }
  return query.size > 0 ? `${path}?${query}` : path;
}

/** What stands behind the `?`. */
export function searchOf(text: string): Search {
  return Object.fromEntries([...new URLSearchParams(text)].filter(([, value]) => value !== ""));
}
