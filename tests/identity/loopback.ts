/**
 * An address on loopback that no other process of this machine takes, so that servers have their usual ports on it.
 * @param which 0 to 2: addresses of one process differ by it
 */
export function ownAddress(which: number, pid = process.pid): string {
  // A process id has at most 22 bits.
  return [127, 64 * (which + 1) + (pid >> 16), (pid >> 8) & 255, pid & 255].join(".");
}
