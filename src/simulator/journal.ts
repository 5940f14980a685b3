// Append-only journal on disk (§2.1.2): one JSON line per thing that happened; replay rebuilds the nation.
import {
  closeSync,
  copyFileSync,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Settings } from './settings.js';

const CHUNK_BYTES = 4 * 1_048_576;
const NEWLINE = 10;
const LATER_MS = 50;
const MAX_BUFFERED_LINES = 4_096;

export interface JournalCounters {
  requests: number;
  /** Refused before any route: HTTP 404 and 413. */
  unrouted: number;
  byOperation: Record<string, number>;
  byCode: Record<string, number>;
}

const zero = (): JournalCounters => ({ requests: 0, unrouted: 0, byOperation: {}, byCode: {} });

/** The file's own entry must outlive a power cut as well as its content. */
function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

export class Journal {
  private file: number;
  private lines: string[] = [];
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  private readonly path: string;
  counters: JournalCounters = zero();

  constructor(
    private readonly directory: string,
    private readonly settings: () => Settings['journal'],
  ) {
    this.path = join(directory, 'journal.ndjson');
    mkdirSync(dirname(this.path), { recursive: true });
    this.file = openSync(this.path, 'a+');
    syncDirectory(directory);
  }

  /** Work that ends after close() has nowhere to be written and is dropped. */
  append(line: object): void {
    if (this.closed) return;
    this.lines.push(JSON.stringify(line));
    if (this.lines.length >= MAX_BUFFERED_LINES) this.flush();
  }

  /**
   * Called before every reply: flushMs 0 means that nothing is answered before it is written, fsync that nothing is
   * answered before it is on disk, whatever flushMs says. A checker may trust what a reply has said after kill -9.
   */
  settle(): void {
    if (this.lines.length === 0) return;
    const { flushMs, fsync } = this.settings();
    if (flushMs === 0 || fsync) return this.flush();
    this.timer ??= setTimeout(() => this.flush(), flushMs);
  }

  /** For lines that no reply depends on: on disk soon, or with the next reply. */
  settleLater(): void {
    if (this.lines.length > 0) this.timer ??= setTimeout(() => this.flush(), LATER_MS);
  }

  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.lines.length === 0) return;
    const bytes = Buffer.from(`${this.lines.join('\n')}\n`, 'utf8');
    this.lines = [];
    for (let at = 0; at < bytes.length;) at += writeSync(this.file, bytes, at);
    if (this.settings().fsync) fdatasyncSync(this.file);
  }

  /** Reads every whole line; a line torn by a kill is cut off, so that the next append starts clean. */
  replay(visit: (line: unknown) => void): void {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let rest: Buffer = Buffer.alloc(0);
    let position = 0;
    for (;;) {
      const count = readSync(this.file, chunk, 0, CHUNK_BYTES, position);
      if (count === 0) break;
      position += count;
      const bytes: Buffer = Buffer.concat([rest, chunk.subarray(0, count)]);
      const end = bytes.lastIndexOf(NEWLINE);
      for (const line of bytes.subarray(0, Math.max(0, end)).toString('utf8').split('\n')) {
        if (line !== '') visit(JSON.parse(line));
      }
      rest = bytes.subarray(end + 1);
    }
    if (rest.length > 0) ftruncateSync(this.file, position - rest.length);
  }

  saveAs(name: string): void {
    this.flush();
    copyFileSync(this.path, this.snapshotPath(name));
  }

  /** Puts an earlier copy in place of the journal; false when there is none of that name. */
  restoreFrom(name: string): boolean {
    if (!existsSync(this.snapshotPath(name))) return false;
    this.lines = [];
    closeSync(this.file);
    copyFileSync(this.snapshotPath(name), this.path);
    this.file = openSync(this.path, 'a+');
    return true;
  }

  truncate(): void {
    this.lines = [];
    ftruncateSync(this.file, 0);
    this.counters = zero();
  }

  count(operation: string, code: string): void {
    const { counters } = this;
    counters.requests += 1;
    counters.byOperation[operation] = (counters.byOperation[operation] ?? 0) + 1;
    const key = `${operation} ${code}`;
    counters.byCode[key] = (counters.byCode[key] ?? 0) + 1;
  }

  close(): void {
    this.flush();
    this.closed = true;
    closeSync(this.file);
  }

  private snapshotPath(name: string): string {
    return join(this.directory, `snapshot-${name.replace(/[^0-9A-Za-z_-]/g, '_')}.ndjson`);
  }
}
