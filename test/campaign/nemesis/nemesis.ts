import { setTimeout as sleep } from 'node:timers/promises';
import { seeded } from '../../independent/canonical.js';
import type { RunFacts } from '../checker/evidence.js';
import type { Prober } from '../fleet/prober.js';
import type { HistoryFile } from '../stage/history-file.js';
import type { Stage } from '../stage/stage.js';
import type { Round } from './deck.js';
import { revive, type Fault, type Scene } from './fault.js';
import { PROCESS_KILLS } from './process-faults.js';

export interface NemesisReport {
  kills: number;
  faults: number;
  readonly fired: Map<string, number>;
  readonly classes: Map<string, number>;
  readonly recoveries: RunFacts['recoveries'][number][];
  /** Programs that ended by themselves. */
  readonly crashes: string[];
}

export interface NemesisOptions {
  readonly stage: Stage;
  readonly seed: number;
  readonly log: HistoryFile;
  readonly prober: Prober;
  readonly say: (line: string) => void;
}

const QUIET_MS = 300;
/** A fault that did not fire (no call came its way) is tried again this often before it is called missing. */
const SECOND_CHANCES = 2;

/** Plays rounds of faults; after each, a fresh record must be taken and mirrored. Every step is in `nemesis.ndjson`. */
export class Nemesis {
  private readonly scene: Scene;
  readonly report: NemesisReport = {
    kills: 0, faults: 0, fired: new Map(), classes: new Map(), recoveries: [], crashes: [],
  }; // prettier-ignore

  constructor(private readonly options: NemesisOptions) {
    const { stage, seed, log } = options;
    this.scene = { stage, log, random: seeded(seed + 4_242) };
  }

  async play(rounds: readonly Round[]): Promise<NemesisReport> {
    let again: Fault[] = [];
    for (const [at, round] of rounds.entries()) {
      again.push(...(await this.playRound(round, `${at + 1}/${rounds.length}`)));
    }
    for (let chance = 0; chance < SECOND_CHANCES && again.length > 0; chance += 1) {
      const missed = again;
      again = [];
      for (const fault of missed) again.push(...(await this.playRound([fault], 'again')));
    }
    return this.report;
  }

  /** A fail-point that work never passed killed nobody: plain kills make up for it, so that the figure is what was asked. */
  async topUp(kills: number): Promise<void> {
    for (let turn = 0; this.report.kills < kills; turn += 1) {
      const fault = PROCESS_KILLS[turn % 2] as Fault;
      await this.playRound([fault], 'more');
    }
  }

  /** Answers the faults that did not fire. */
  private async playRound(round: Round, name: string): Promise<Fault[]> {
    const hits = await Promise.all(round.map((fault) => this.strike(fault)));
    await this.reviveCrashed();
    await sleep(QUIET_MS);
    const recovery = await this.options.prober.probe(round.map((fault) => fault.name).join(' + '));
    this.report.recoveries.push(recovery);
    this.options.log.write({ type: 'recovered', at: Date.now(), ...recovery });
    const told = round.map((fault, at) => `${fault.name}${(hits[at] ?? 0) > 0 ? '' : ' (did not fire)'}`).join(' + ');
    this.options.say(
      `${name} ${told}: intake ${recovery.intakeMs ?? '–'} ms, mirrored ${recovery.mirroredMs ?? '–'} ms`,
    );
    return round.filter((_, at) => hits[at] === 0);
  }

  private async strike(fault: Fault): Promise<number> {
    const { log } = this.options;
    log.append({ type: 'start', at: Date.now(), fault: fault.name, class: fault.class });
    let hits = 0;
    try {
      hits = await fault.run(this.scene);
    } catch (error) {
      // Another fault of the round had its target in hand (the simulator was being killed, say).
      log.write({
        type: 'round',
        at: Date.now(),
        fault: fault.name,
        why: error instanceof Error ? error.message : 'failed',
      });
    }
    log.append({ type: 'stop', at: Date.now(), fault: fault.name, class: fault.class, hits });
    if (hits > 0) this.count(fault, hits);
    return hits;
  }

  private count(fault: Fault, hits: number): void {
    const { report } = this;
    if (fault.kills > 0) report.kills += Math.max(1, Math.min(hits, fault.kills));
    else report.faults += 1;
    report.fired.set(fault.name, (report.fired.get(fault.name) ?? 0) + 1);
    report.classes.set(fault.class, (report.classes.get(fault.class) ?? 0) + 1);
  }

  /** A fault never ends a program that it did not kill. */
  private async reviveCrashed(): Promise<void> {
    for (const [name, program] of this.options.stage.programs) {
      if (program.isRunning) continue;
      this.report.crashes.push(name);
      this.options.log.write({ type: 'round', at: Date.now(), crashed: name });
      await revive(program);
    }
  }
}
