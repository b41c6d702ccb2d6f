/** A size that two servers of a small machine have room for; the scheduler sets aside less than quota counts. */
export const small = { cpu: "500m", memory: "768Mi", requests: { cpu: "50m", memory: "192Mi" } } as const;
export const smallAmounts = { cpuMilli: "500", memoryBytes: String(768 * 2 ** 20) } as const;
