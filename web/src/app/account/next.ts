/** Where to go after signing in: a path of this site, whatever the address bar was made to say. */
export function safeNext(next: string | undefined): string {
  if (next === undefined || !next.startsWith("/") || next.startsWith("//") || next.includes("\\")) return "/";
  return next;
}
