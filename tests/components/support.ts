/** The labels that the public contract promises on every object of a part. */
export const labels = (component: string): Record<string, string> => ({
  "app.kubernetes.io/part-of": "carrel",
  "app.kubernetes.io/managed-by": "pulumi",
  "app.kubernetes.io/component": component,
});
