// The gateway's doors: where it listens, whether it can be reached at all (F01), and the new address after F63.
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';

export type LineState = 'open' | 'refuse' | 'reset';
export type Door = 'first' | 'moved';

const KEEP_ALIVE_MS = 65_000;

interface Doorway {
  port: number;
  state: LineState;
  server: Server | TcpServer;
}

export class GatewayLine {
  private readonly doors = new Map<Door, Doorway>();
  private readonly former = new Set<Server | TcpServer>();
  private host = '127.0.0.1';
  private listener: (door: Door) => RequestListener = () => () => undefined;
  /** Connections reset before a byte of them was read; the refused ones the kernel answers, nobody can count them. */
  resetConnections = 0;

  use(host: string, listener: (door: Door) => RequestListener): void {
    this.host = host;
    this.listener = listener;
  }

  state(door: Door = 'first'): LineState {
    return this.doors.get(door)?.state ?? 'refuse';
  }

  port(door: Door = 'first'): number | null {
    return this.doors.get(door)?.port ?? null;
  }

  async open(door: Door, port: number): Promise<number> {
    const server = createServer(this.listener(door));
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    const taken = await listen(server, this.host, port);
    this.doors.set(door, { port: taken, state: 'open', server });
    return taken;
  }

  /** The door stays on its port: refused = nobody listens, reset = accepted and reset at once. */
  async set(state: LineState, door: Door = 'first'): Promise<void> {
    const doorway = this.doors.get(door);
    if (doorway === undefined || doorway.state === state) return;
    await this.shut(doorway);
    if (state === 'open') {
      await this.open(door, doorway.port);
      return;
    }
    doorway.state = state;
    if (state === 'reset') doorway.server = await this.resetting(doorway.port);
  }

  async close(): Promise<void> {
    await Promise.all([...this.doors.values()].map((doorway) => this.shut(doorway)));
    this.doors.clear();
    await Promise.all([...this.former].map(ended));
  }

  /** Calls being answered may end, idle connections close now, nobody new comes in. */
  private async shut(doorway: Doorway): Promise<void> {
    const { server } = doorway;
    if (!server.listening) return;
    this.former.add(server);
    await new Promise<void>((resolve) => {
      server.close(() => this.former.delete(server));
      if ('closeIdleConnections' in server) server.closeIdleConnections();
      resolve();
    });
  }

  private async resetting(port: number): Promise<TcpServer> {
    const server = createTcpServer((socket) => {
      this.resetConnections += 1;
      socket.resetAndDestroy();
    });
    await listen(server, this.host, port);
    return server;
  }
}

/** Resolves once the last connection of a closed server is gone; waits for none of them. */
function ended(server: Server | TcpServer): Promise<void> {
  return new Promise((resolve) => {
    server.once('close', () => resolve());
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
}

function listen(server: Server | TcpServer, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}
