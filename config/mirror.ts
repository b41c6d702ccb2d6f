import { parseMirrorSetting } from "../services/lib/image-mirror/rules.ts";
import { isKeyPath, keyAt, withoutIndex } from "./paths.ts";
import type { ProblemList } from "./problem-list.ts";
import type { Given } from "./validate.ts";

/** The keys that the image mirror reads as one, because each can contradict the others. */
const mirrorKeys = ["rules", "exempt", "onMissing"] as const;

const pathOf = <N extends string>(name: N): `imageMirror.${N}` => `imageMirror.${name}`;

export const isMirrorPath = (path: string): boolean => mirrorKeys.some((name) => pathOf(name) === path);

/** The mirror's part of the right values, in the form in which images are compared; it has its own problems to tell. */
export function readMirror(values: ReadonlyMap<string, unknown>, problems: ProblemList): Given {
  const isGiven = (name: (typeof mirrorKeys)[number]): boolean => values.has(pathOf(name));
  const setting = Object.fromEntries(mirrorKeys.filter(isGiven).map((name) => [name, values.get(pathOf(name))]));
  const parsed = parseMirrorSetting(setting, "carrel:imageMirror");
  if (parsed.ok) {
    const { rules, exempt, onMissing } = parsed.value;
    return { [pathOf("rules")]: rules, [pathOf("exempt")]: exempt, [pathOf("onMissing")]: onMissing };
  }
  for (const { path, given, wrong, fix } of parsed.problems) {
    const at = path.replace(/^carrel:/, "");
    const key = withoutIndex(at);
    problems.addValue(at, given, { wrong, fix, generalFix: isKeyPath(key) ? keyAt(key).fix : fix });
  }
  return {};
}
