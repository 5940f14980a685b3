import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * What a link does to the bytes on it.
 *
 * `one-way`      requests pass, replies do not (asymmetric partition): they are held back
 * `blackhole`    nothing passes either way, connections stay open
 * `swallow`      the request is delivered whole, its reply is thrown away and the connection reset
 * `reset`        the request is delivered whole; at the first byte of the reply both ends are reset
 * `cut`          half of the first piece of a reply passes, then the connection is reset
 * `delay`        every piece comes later
 * `refuse`       no new connection, and the open ones are reset
 */
export type LinkMode =
  | { readonly kind: 'pass' }
  | { readonly kind: 'one-way' }
  | { readonly kind: 'blackhole' }
  | { readonly kind: 'swallow'; readonly afterMs: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'cut' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'refuse' };

export type LinkModeName = LinkMode['kind'];

/** Sees what really travelled: bytes of a client as they are handed on, bytes that really reached the client. */
export interface LinkWatcher {
  request(bytes: Buffer): void;
  reply(bytes: Buffer): void;
  closed(): void;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  readonly watcher: LinkWatcher | null;
  /** Held back until the link is whole again. */
  readonly toClient: Buffer[];
  readonly toServer: Buffer[];
  /** Delayed pieces on their way; what comes after them must not overtake them. */
  readonly lines: { toServer: Promise<void> | null; toClient: Promise<void> | null };
  isBroken: boolean;
}

const PASS: LinkMode = { kind: 'pass' };

/** One link of the stage: a TCP proxy of our own, whose behaviour is changed while connections are open. */
export class TcpProxy {
  private readonly pairs = new Set<Pair>();
  private server: Server | null = null;
  private mode: LinkMode = PASS;
  /** How many connections or pieces the present mode has struck. */
  struck = 0;
  port = 0;

  constructor(
    readonly name: string,
    private readonly target: () => number,
    private readonly watch: (() => LinkWatcher) | null = null,
  ) {}

  async listen(port = 0): Promise<void> {
    const server = createServer({ noDelay: true }, (client) => this.accept(client));
    this.server = server;
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
  }

  set(mode: LinkMode): void {
    this.mode = mode;
    this.struck = 0;
    if (mode.kind === 'refuse') for (const pair of this.pairs) this.breakOff(pair);
  }

  /** What was held back goes on; nothing that was lost comes back. */
  heal(): void {
    this.mode = PASS;
    for (const pair of this.pairs) {
      for (const bytes of pair.toServer.splice(0)) this.forward(pair, bytes);
      for (const bytes of pair.toClient.splice(0)) this.deliver(pair, bytes);
    }
  }

  async close(): Promise<void> {
    for (const pair of this.pairs) this.breakOff(pair);
    const { server } = this;
    if (!server) return;
    server.close();
    await once(server, 'close');
  }

  private accept(client: Socket): void {
    client.on('error', () => undefined);
    if (this.mode.kind === 'refuse') {
      this.struck += 1;
      client.resetAndDestroy();
      return;
    }
    const server = connect({ port: this.target(), host: '127.0.0.1', noDelay: true });
    const pair: Pair = {
      client, server, watcher: this.watch?.() ?? null, toClient: [], toServer: [],
      lines: { toServer: null, toClient: null }, isBroken: false,
    }; // prettier-ignore
    this.pairs.add(pair);
    server.on('error', () => this.breakOff(pair));
    client.on('data', (bytes: Buffer) => this.fromClient(pair, bytes));
    server.on('data', (bytes: Buffer) => this.fromServer(pair, bytes));
    client.on('close', () => this.ended(pair, server));
    server.on('close', () => this.ended(pair, client));
  }

  private fromClient(pair: Pair, bytes: Buffer): void {
    const { mode } = this;
    if (mode.kind === 'blackhole') {
      this.struck += 1;
      pair.toServer.push(bytes);
    } else {
      if (mode.kind === 'delay') this.struck += 1;
      this.inLine(pair, 'toServer', () => this.forward(pair, bytes));
    }
  }

  /** At once when nothing delays it and nothing delayed is before it. */
  private inLine(pair: Pair, way: 'toServer' | 'toClient', pass: () => void): void {
    const { mode } = this;
    const before = pair.lines[way];
    if (mode.kind !== 'delay' && before === null) return pass();
    const dueMs = performance.now() + (mode.kind === 'delay' ? mode.ms : 0);
    const line = (before ?? Promise.resolve())
      .then(() => sleep(Math.max(0, dueMs - performance.now())))
      .then(() => {
        pass();
        if (pair.lines[way] === line) pair.lines[way] = null;
      });
    pair.lines[way] = line;
  }

  private fromServer(pair: Pair, bytes: Buffer): void {
    const { mode } = this;
    if (mode.kind !== 'pass') this.struck += 1;
    switch (mode.kind) {
      case 'blackhole':
      case 'one-way':
        pair.toClient.push(bytes);
        return;
      case 'swallow':
        if (pair.isBroken) return;
        pair.isBroken = true;
        setTimeout(() => this.breakOff(pair), mode.afterMs);
        return;
      case 'reset':
        this.breakOff(pair);
        return;
      case 'cut':
        this.deliver(pair, bytes.subarray(0, Math.max(1, bytes.length >> 1)));
        pair.isBroken = true;
        setImmediate(() => this.breakOff(pair));
        return;
      default:
        this.inLine(pair, 'toClient', () => this.deliver(pair, bytes));
    }
  }

  private forward(pair: Pair, bytes: Buffer): void {
    if (pair.isBroken || pair.server.destroyed) return;
    pair.watcher?.request(bytes);
    pair.server.write(bytes);
  }

  private deliver(pair: Pair, bytes: Buffer): void {
    if (pair.isBroken || pair.client.destroyed) return;
    pair.watcher?.reply(bytes);
    pair.client.write(bytes);
  }

  private breakOff(pair: Pair): void {
    pair.isBroken = true;
    pair.client.resetAndDestroy();
    pair.server.resetAndDestroy();
  }

  private ended(pair: Pair, other: Socket): void {
    if (this.pairs.delete(pair)) pair.watcher?.closed();
    if (!other.destroyed) other.end(() => other.destroy());
  }
}
