// platform/supervision/ is what a program says to whoever started it, and how it notices that nobody is left.
// Owns      nothing
// Promises  a child whose parent was killed ends by itself
// Never     matters to a program that was started by hand, by systemd or by Docker
// Start at  here

/** What a program tells its parent when it can be used: port, urls. Kept small; never a secret. */
export type ReadyDetails = Readonly<Record<string, string | number | boolean | null>>;

/** Only programs that were spawned with an IPC channel have somebody to tell. */
export function announceReady(details: ReadyDetails = {}): void {
  process.send?.({ ready: true, ...details });
}

/** The channel closes when the parent is gone, however it went; `kill -9` included. */
export function onParentGone(stop: () => void): void {
  if (process.connected) process.once('disconnect', stop);
}
