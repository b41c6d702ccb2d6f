/**
 * How the platform's services run Node. V8 lets the young generation of a busy server grow to 128 MiB, and then stops it for
 * 10 ms and more to copy what is under way. A small one is cleared often and quickly, and leaves the pod its memory.
 */
export const nodeFlags: readonly string[] = ["--max-semi-space-size=8"];

/**
 * What the C library goes by. Once a large buffer was freed it takes others from its heap, where small ones between them keep
 * them from going back to the system, and each thread has a heap of its own: after a list of many pods 20 MiB stay for ever.
 */
export const nodeEnvironment: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: "2",
  MALLOC_MMAP_THRESHOLD_: "131072",
};
