/** Of apimachinery `pkg/util/validation`: a DNS subdomain and a slash, if any, before the name. */
const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const PREFIX = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const MAX_PREFIX_LENGTH = 253;

/** Whether a text can be the key of a label. */
export function isLabelKey(key: string): boolean {
  const slash = key.indexOf("/");
  if (slash < 0) return NAME.test(key);
  const prefix = key.slice(0, slash);
  return prefix.length <= MAX_PREFIX_LENGTH && PREFIX.test(prefix) && NAME.test(key.slice(slash + 1));
}

/** Annotations may have capitals in the prefix too. */
export const isAnnotationKey = (key: string): boolean => isLabelKey(key.toLowerCase());

/** Whether a text can be the value of a label. */
export const isLabelValue = (value: string): boolean => value === "" || NAME.test(value);
