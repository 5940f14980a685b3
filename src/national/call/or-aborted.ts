/** `waiting`, or `instead` as soon as the signal fires: waiting for shared work may not outlast one's own deadline. */
export async function orAborted<T>(waiting: Promise<T>, signal: AbortSignal, instead: () => T): Promise<T> {
  if (signal.aborted) return instead();
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<T>((resolve) => {
    onAbort = () => resolve(instead());
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([waiting, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
