import { SYSTEM_ACTOR_ID } from '../access/index.js';
import type { Database, Tx } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import { releaseNext, settleSent, stepReplay, takeBack } from './replay-moves.js';
import { judgeStage } from './replay-stages.js';
import { countStage, findActive, lockReplay, setReplayStage, type ReplayRow, type SentRow } from './replay.queries.js';

/** The runner sees every replay, whatever its region. */
const EVERYWHERE = '';
const SYSTEM = { actorId: SYSTEM_ACTOR_ID, via: 'system' } as const;

/**
 * Walks the replays that run: accounts what was answered, judges the stage, sends what comes next. Everything that it
 * knows stands in rows, so that any worker goes on where another stopped; the replay's row lock makes turns of several
 * workers, and the steps of people, follow each other.
 */
export class ReplayRunner {
  constructor(
    private readonly database: Database,
    private readonly ids: Ids,
  ) {}

  /** One turn of every active replay; true when one of them moved on and may at once again. */
  async turn(): Promise<boolean> {
    let isMoving = false;
    for (const id of await findActive(this.database)) {
      isMoving = (await this.database.transaction((tx) => this.walk(tx, id))) || isMoving;
    }
    return isMoving;
  }

  private async walk(tx: Tx, id: string): Promise<boolean> {
    const replay = await lockReplay(tx, EVERYWHERE, id);
    if (replay === null) return false;
    const underWay = await settleSent(tx, replay);
    return replay.state === 'running' && this.judge(tx, replay, underWay);
  }

  private async judge(tx: Tx, replay: ReplayRow, underWay: readonly SentRow[]): Promise<boolean> {
    const totals = await countStage(tx, replay.id, replay.stage);
    const waiting = underWay.filter(({ state }) => state === 'waiting').length;
    const verdict = judgeStage({
      stage: replay.stage, sent: totals.sent, done: totals.done, failed: totals.failed, newCause: totals.new_cause,
      underWay: underWay.length - waiting, waiting, left: totals.left,
    }); // prettier-ignore
    switch (verdict.next) {
      case 'stop':
        await takeBack(tx, this.ids, replay);
        await stepReplay(tx, replay, { state: 'stopped', stopCause: verdict.cause }, SYSTEM);
        return false;
      case 'finish':
        await stepReplay(tx, replay, { state: 'finished' }, SYSTEM);
        return false;
      case 'stage':
        await setReplayStage(tx, replay.id, replay.stage + 1);
        return true;
      case 'send':
        if (verdict.count > 0) await releaseNext(tx, this.ids, replay, verdict.count);
        return false;
    }
  }
}
