// platform/supervision/ is what a program says to whoever started it.
// Owns      nothing
// Promises  a launcher or a test learns the moment the program can be used
// Never     matters to a program that was started by hand, by systemd or by Docker
// Start at  here. (Leaving when the starter is gone is scripts/launch/leave-with-parent.cjs: no program can forget it.)

/** What a program tells about itself: port, addresses. Kept small; never a secret. */
export type ReadyDetails = Readonly<Record<string, string | number | boolean | null>>;

/** Only programs that were spawned with an IPC channel have somebody to tell. */
export function announceReady(details: ReadyDetails = {}): void {
  process.send?.({ ready: true, ...details });
}
