import { createServer } from 'node:net';

const DEMO_PORTS_TO_TRY = 50;

/** Listens on the port (0: a free one) and holds it until `release`; null when it is taken or not allowed. */
function holdPort(host, port) {
  return new Promise((resolve, reject) => {
    const holder = createServer((socket) => socket.destroy());
    holder.once('error', (error) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null);
      else reject(new Error(`cannot listen on HOST=${host}: ${error.code}. Set HOST to an address of this machine.`));
    });
    holder.listen({ host, port, exclusive: true }, () => {
      const release = () => new Promise((done) => holder.close(() => done()));
      resolve({ port: holder.address().port, release });
    });
  });
}

export async function freePort() {
  const held = await holdPort('127.0.0.1', 0);
  await held.release();
  return held.port;
}

/**
 * Chosen here and not by the api, so that it stays the same when the api is started again. In the demonstration
 * nobody has promised a port to anybody: the next free one does. Held until the api is about to listen, so that two
 * checkouts that start together do not choose the same one.
 */
export async function holdApiPort({ host, port, mayMove }) {
  const last = mayMove && port !== 0 ? Math.min(port + DEMO_PORTS_TO_TRY, 65_535) : port;
  for (let candidate = port; candidate <= last; candidate += 1) {
    const held = await holdPort(host, candidate);
    if (held !== null) return held;
  }
  throw new Error(`PORT ${port} on ${host} is taken or not allowed: set PORT to a free one, or PORT=0 for any.`);
}
