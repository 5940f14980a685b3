import { Command, Option } from 'commander';
import type { Actor } from '../access/index.js';
import { listAlerts, PauseError, Pauses, promiseScore, type Alert, type PromiseScore } from '../delivery/index.js';
import type { Database } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import { RECORD_KINDS, shippedCalendar } from '../records/index.js';
import type { Desk } from './desk.js';
import { reason, wholeNumber } from './options.js';
import type { Carry } from './program.js';

/** The line to the nation from the shell: pauses, the emergency stop, alerts and kept promises. */

export interface LineDesk {
  readonly pauses: Pauses;
  alerts(): Promise<readonly Alert[]>;
  promises(days: number): Promise<PromiseScore>;
}

export function openLineDesk(database: Database, ids: Ids): LineDesk {
  const kinds = RECORD_KINDS.map(({ name }) => name);
  return {
    pauses: new Pauses(database, ids, kinds),
    alerts: () => listAlerts(database, shippedCalendar()),
    promises: (days) => promiseScore(database, days),
  };
}

const MOST_DAYS = 90;
const DEFAULT_DAYS = 7;
/** Whoever stops everything must be in charge of the whole prefecture. */
const WHOLE_DIGITS = 4;

const json = (): Option => new Option('--json', 'print one line of JSON').default(false);
const as = (): Option => new Option('--as <id>', 'administrator who acts').makeOptionMandatory();
const because = (): Option =>
  new Option('--reason <text>', 'why; shown to stations').argParser(reason).makeOptionMandatory();
const scope = (): Option => new Option('--scope <scope>', 'all, county:533401… or kind:service-record');

interface Given {
  readonly as: string;
  readonly json: boolean;
}

/** A county's administrator pauses the county and nobody else. */
async function acting(desk: Desk, given: Given, scopeOf: string): Promise<Actor> {
  const actor = await desk.administrators.named(given.as);
  const county = /^county:(\d+)$/.exec(scopeOf)?.[1];
  const may = county === undefined ? actor.scope.length <= WHOLE_DIGITS : county.startsWith(actor.scope);
  if (!may) throw new PauseError('这个范围不归这位管理员管。');
  return actor;
}

export function lineCommands(carry: Carry): Command[] {
  return [pause(carry), resume(carry), stopAll(carry), ...reads(carry)];
}

function pause(carry: Carry): Command {
  return new Command('pause')
    .description('nothing of this scope is sent any more; look-ups and receipts go on')
    .addOption(scope().makeOptionMandatory())
    .addOption(because())
    .addOption(new Option('--until <time>', 'RFC 3339; without it until somebody resumes'))
    .addOption(as())
    .addOption(json())
    .action((given: Given & { scope: string; reason: string; until?: string }) =>
      carry(async (desk) => {
        const actor = await acting(desk, given, given.scope);
        const { scope: scopeGiven, reason: why, until = null } = given;
        return desk.line.pauses.add({ scope: scopeGiven, reason: why, until, actor: actor.id });
      }, given.json),
    );
}

function resume(carry: Carry): Command {
  return new Command('resume')
    .description('ends a pause by its id, or all pauses of a scope; --scope all ends an emergency stop too')
    .addOption(new Option('--id <id>', 'id of the pause').conflicts('scope'))
    .addOption(scope())
    .addOption(as())
    .addOption(json())
    .action((given: Given & { id?: string; scope?: string }) =>
      carry(async (desk) => {
        const { pauses } = desk.line;
        const open = given.id === undefined ? undefined : (await pauses.list()).find(({ id }) => id === given.id);
        const scopeOf = given.scope ?? open?.scope;
        if (scopeOf === undefined) throw new PauseError('请用 --id 或 --scope 指明一项正在生效的暂停。');
        const actor = await acting(desk, given, scopeOf);
        const which = given.id === undefined ? { scope: scopeOf } : { id: given.id };
        return { ended: await pauses.remove(which, actor.id) };
      }, given.json),
    );
}

function stopAll(carry: Carry): Command {
  return new Command('stop-all')
    .description('emergency stop: within five seconds nothing new leaves, look-ups and receipts neither')
    .addOption(because())
    .addOption(as())
    .addOption(json())
    .action((given: Given & { reason: string }) =>
      carry(async (desk) => {
        const actor = await acting(desk, given, 'all');
        return desk.line.pauses.stopAll({ reason: given.reason, actor: actor.id });
      }, given.json),
    );
}

function reads(carry: Carry): Command[] {
  return [
    new Command('pauses')
      .description('pauses in force')
      .addOption(json())
      .action((given: { json: boolean }) =>
        carry(async (desk) => ({ pauses: await desk.line.pauses.list() }), given.json),
      ),
    new Command('alerts')
      .description('what somebody should know of the line to the nation')
      .addOption(json())
      .action((given: { json: boolean }) => carry(async (desk) => ({ alerts: await desk.line.alerts() }), given.json)),
    new Command('promises')
      .description('how promised times were kept')
      .addOption(
        new Option('--days <n>', 'over so many days').argParser(wholeNumber(1, MOST_DAYS)).default(DEFAULT_DAYS),
      )
      .addOption(json())
      .action((given: { days: number; json: boolean }) => carry((desk) => desk.line.promises(given.days), given.json)),
  ];
}
