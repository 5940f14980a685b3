// Preloaded (`node --require`) into every program that a launcher or a test starts: when the IPC channel closes, the
// starter is gone, however it went (`kill -9` included), and the program leaves in its usual orderly way.
const LEAVE_WITHIN_MS = 8_000;

if (process.channel) {
  process.once('disconnect', () => {
    setTimeout(() => process.exit(1), LEAVE_WITHIN_MS).unref();
    process.kill(process.pid, 'SIGTERM');
  });
  // The listener alone must not keep a finished program alive.
  process.channel.unref();
}
