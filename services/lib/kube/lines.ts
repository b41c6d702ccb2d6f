/**
 * The complete lines of a byte stream, however its chunks are cut; what follows the last newline is dropped.
 * @param textOf how a line is read
 */
export async function* linesOf(
  stream: AsyncIterable<Uint8Array>,
  textOf = (line: Buffer): string => line.toString("utf8"),
): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    let bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
      const line = textOf(bytes.subarray(0, end)).trim();
      bytes = bytes.subarray(end + 1);
      if (line !== "") yield line;
    }
    rest = bytes;
  }
}
