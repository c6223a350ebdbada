/** People named in a message: where they stand in it, and who may be meant while a name is being typed. Pure. */

/** A name one signs in with, after what may stand before it. Letters right before the `@` make it an address. */
const MENTION = /(^|[^\w@])@([a-z0-9_-]{3,32})(?![\w@])/gi;
/** What is being typed, up to the caret. Names that are shown may have any letters. */
const UNDER_WAY = /(?:^|[^\w@])@([^\s@]{0,32})$/u;

export interface Part {
  text: string;
  /** The name one signs in with, in small letters; nothing for plain text. */
  username?: string;
}

/** The message in parts, in order; together they are the message. */
export function partsOf(message: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const found of message.matchAll(MENTION)) {
    const [whole, before = "", name = ""] = found;
    const at = found.index + before.length;
    if (at > end) parts.push({ text: message.slice(end, at) });
    parts.push({ text: `@${name}`, username: name.toLowerCase() });
    end = found.index + whole.length;
  }
  if (end < message.length) parts.push({ text: message.slice(end) });
  return parts;
}

/** What stands between the `@` and the caret; nothing when no name is being typed. */
export function typedName(text: string, caret: number): string | undefined {
  return UNDER_WAY.exec(text.slice(0, caret))?.[1];
}

/** Who may be meant, those whose name begins so first. */
export function meant<P extends { username: string; name: string }>(people: readonly P[], typed: string, max: number): P[] {
  const asked = typed.toLowerCase();
  const rank = ({ username, name }: P) => {
    const names = [username.toLowerCase(), name.toLowerCase()];
    return names.some((each) => each.startsWith(asked)) ? 0 : names.some((each) => each.includes(asked)) ? 1 : 2;
  };
  return people.filter((person) => rank(person) < 2).toSorted((a, b) => rank(a) - rank(b)).slice(0, max);
}

/** The text with the name completed, and where the caret is then. */
export function complete(text: string, caret: number, username: string): { text: string; caret: number } {
  const typed = typedName(text, caret) ?? "";
  const before = `${text.slice(0, caret - typed.length)}${username} `;
  return { text: before + text.slice(caret).replace(/^ /, ""), caret: before.length };
}
