/** Whether a key belongs to an input method. Some browsers end the composition just before its last key: 229 tells. */
export function isComposing(event: Pick<KeyboardEvent, "isComposing" | "keyCode">): boolean {
  return event.isComposing || event.keyCode === 229;
}
