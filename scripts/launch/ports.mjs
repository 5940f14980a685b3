import { createServer } from 'node:net';

const DEMO_PORTS_TO_TRY = 50;

/** The port itself when it can be listened on (0: a free one), else null. */
function tryPort(host, port) {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null);
      else reject(new Error(`cannot listen on HOST=${host}: ${error.code}. Set HOST to an address of this machine.`));
    });
    probe.listen({ host, port, exclusive: true }, () => {
      const found = probe.address().port;
      probe.close(() => resolve(found));
    });
  });
}

export const freePort = () => tryPort('127.0.0.1', 0);

/**
 * Chosen here and not by the api, so that it stays the same when the api is started again. In the demonstration
 * nobody has promised a port to anybody: the next free one does.
 */
export async function apiPort({ host, port, mayMove }) {
  const last = mayMove && port !== 0 ? Math.min(port + DEMO_PORTS_TO_TRY, 65_535) : port;
  for (let candidate = port; candidate <= last; candidate += 1) {
    const found = await tryPort(host, candidate);
    if (found !== null) return found;
  }
  throw new Error(`PORT ${port} on ${host} is taken or not allowed: set PORT to a free one, or PORT=0 for any.`);
}
