const KEY = Buffer.from(',"managedFields":[');
const [QUOTE, BACKSLASH, LIST, END_OF_LIST, OBJECT, END_OF_OBJECT] = Buffer.from('"\\[]{}');

/** Where the list goes on behind its closing bracket whose opening one was just before; undefined where it never ends. */
function endOfList(bytes: Uint8Array, from: number): number | undefined {
  let depth = 1;
  let isInText = false;
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) isInText = !isInText;
    else if (isInText) {
      if (byte === BACKSLASH) at++;
    } else if (byte === LIST || byte === OBJECT) depth++;
    else if ((byte === END_OF_LIST || byte === END_OF_OBJECT) && --depth === 0) return at + 1;
  }
  return undefined;
}

/**
 * The text of JSON from an API server, without the `managedFields` of its objects. Nobody here reads them, they are as long as
 * the rest of a pod, and of many small objects: to parse them costs more than the rest.
 *
 * No text can be mistaken for the key: within one, a quote has a backslash before it, and this one has a comma. Nor has any
 * kind a list of this name elsewhere. What is in the list is not checked, but that it ends.
 */
export function textWithoutManagedFields(bytes: Buffer): string {
  let text = "";
  let kept = 0;
  for (let at = bytes.indexOf(KEY); at >= 0; at = bytes.indexOf(KEY, kept)) {
    const end = endOfList(bytes, at + KEY.length);
    if (end === undefined) break;
    text += bytes.toString("utf8", kept, at);
    kept = end;
  }
  return text + bytes.toString("utf8", kept);
}
