export type Output = { stdout: string; stderr: string; truncated: boolean };

/**
 * Keeps what a program writes, both streams together up to `maxBytes`. Bytes that are not UTF-8 become U+FFFD. `add`
 * returns false from the moment on that something had to be left out.
 */
export function createCollector(maxBytes: number): {
  add(name: 'stdout' | 'stderr', chunk: Uint8Array): boolean;
  take(): Output;
} {
  const streams = {
    stdout: { decoder: new TextDecoder(), text: '' },
    stderr: { decoder: new TextDecoder(), text: '' },
  };
  let left = maxBytes;
  let truncated = false;
  return {
    add: (name, chunk) => {
      const stream = streams[name];
      const kept = chunk.length > left ? chunk.subarray(0, left) : chunk;
      truncated ||= kept.length < chunk.length;
      left -= kept.length;
      stream.text += stream.decoder.decode(kept, { stream: true });
      return !truncated;
    },
    take: () => {
      // A character that the limit cut in two is left out; one that the program cut is shown as broken.
      const rest = (name: 'stdout' | 'stderr') => (truncated ? '' : streams[name].decoder.decode());
      return { stdout: streams.stdout.text + rest('stdout'), stderr: streams.stderr.text + rest('stderr'), truncated };
    },
  };
}
