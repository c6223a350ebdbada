/** How things without a picture look, and which pictures are shown at all. */

/** A steady colour per name. */
export function hue(name: string): number {
  let sum = 7;
  for (const char of name) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 360;
  return sum;
}

/** The first character as people see it. */
export function initial(name: string): string {
  return [...name.trim()][0]?.toUpperCase() ?? "?";
}

/** Pictures of this server only: a page asks nobody else for anything. */
export function ownPicture(address: string | undefined): string | undefined {
  return address?.startsWith("/media/images/") === true || address?.startsWith("/streams/") === true ? address : undefined;
}
