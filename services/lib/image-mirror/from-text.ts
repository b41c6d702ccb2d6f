import { reasonOf } from "../log.ts";
import { type MirrorSetting, parseMirrorSetting, problemText } from "./rules.ts";

export const noMirror: MirrorSetting = { rules: [], exempt: [], onMissing: "keep" };

/**
 * The setting that a process is given as JSON in a variable; without one, no image is rewritten.
 * @param name of the variable; what is wrong with it goes to `problems`
 */
export function mirrorFromText(text: string | undefined, name: string, problems: string[]): MirrorSetting {
  if (text === undefined || text === "") return noMirror;
  try {
    const parsed = parseMirrorSetting(JSON.parse(text), name);
    if (parsed.ok) return parsed.value;
    problems.push(...parsed.problems.map(problemText));
  } catch (error) {
    problems.push(`${name} must be JSON: ${reasonOf(error)}`);
  }
  return noMirror;
}
