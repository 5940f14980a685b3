import { cutTo } from './columns.js';
import type { StateCounts } from './watching.js';

const BAR_WIDTH = 28;
const LINE_EVERY_MS = 5_000;

const grouped = (count: number): string => count.toLocaleString('en-US');

/** A bar on a terminal, a line every few seconds elsewhere. */
export class Progress {
  private lineDueAt = 0;
  private readonly isTerminal = process.stdout.isTTY === true;
  private readonly startedAt = Date.now();

  constructor(private readonly total: number) {}

  show(pushed: number, counts: StateCounts): void {
    const mirrored = counts.mirrored ?? 0;
    // Half of the way is the door, the other half the nation.
    const share = Math.min(1, (pushed / this.total + Math.min(mirrored, this.total) / this.total) / 2);
    const words = [
      `推送 pushed ${grouped(pushed)}/${grouped(this.total)}`,
      `已同步 mirrored ${grouped(mirrored)}`,
      `等待 waiting ${grouped(counts.waiting ?? 0)}`,
      `${Math.round((Date.now() - this.startedAt) / 1000)} s`,
    ].join(' · ');
    if (this.isTerminal) this.draw(share, words);
    else if (Date.now() >= this.lineDueAt) {
      this.lineDueAt = Date.now() + LINE_EVERY_MS;
      process.stdout.write(`${Math.round(share * 100)}% · ${words}\n`);
    }
  }

  /** The bar is gone; what comes next stands on a line of its own. */
  clear(): void {
    if (this.isTerminal) process.stdout.write('\r\u001b[K');
  }

  private draw(share: number, words: string): void {
    const full = Math.round(share * BAR_WIDTH);
    const bar = `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)}`;
    // A terminal without a size says 0.
    const width = (process.stdout.columns || 80) - 1;
    process.stdout.write(`\r\u001b[K${cutTo(`${bar} ${words}`, width)}`);
  }
}
