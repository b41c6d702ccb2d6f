/** The complete lines of a byte stream, however its chunks are cut; what follows the last newline is dropped. */
export async function* linesOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    let bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
      const line = bytes.subarray(0, end).toString("utf8").trim();
      bytes = bytes.subarray(end + 1);
      if (line !== "") yield line;
    }
    rest = bytes;
  }
}
