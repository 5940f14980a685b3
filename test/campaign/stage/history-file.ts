import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';

/**
 * A history on disk, one JSON line per event. `append` returns when the line would survive a power cut: what a judge
 * reads later was known before the next thing happened.
 */
export class HistoryFile {
  private readonly file: number;

  constructor(path: string) {
    this.file = openSync(path, 'a', 0o600);
  }

  append(event: object): void {
    this.write(event);
    fsyncSync(this.file);
  }

  /** For what is only evidence of times and counts. */
  write(event: object): void {
    const bytes = Buffer.from(`${JSON.stringify(event)}\n`);
    for (let at = 0; at < bytes.length;) at += writeSync(this.file, bytes, at);
  }

  close(): void {
    fsyncSync(this.file);
    closeSync(this.file);
  }
}
