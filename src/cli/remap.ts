import { Command, Option } from 'commander';
import { CLI_ACTOR, type Desk } from './desk.js';
import type { Carry } from './program.js';
import { RemapError, type RemapReport } from './remap-desk.js';

/** The command of the great move (F63); what it does is in remap-desk.ts. */

interface Given {
  readonly file: string;
  readonly dryRun?: boolean;
  readonly run?: boolean;
  readonly as?: string;
  readonly json: boolean;
}

export function remap(carry: Carry): Command {
  return new Command('remap')
    .description('new national ids for everything we hold, from the map that the nation hands out')
    .requiredOption('--file <map>', 'the map, one JSON object a line')
    .addOption(new Option('--dry-run', 'say what would happen and change nothing').conflicts('run'))
    .addOption(new Option('--run', 'do it; a run that was cut short is simply run again'))
    .addOption(new Option('--as <id>', 'administrator who acts'))
    .addOption(new Option('--json', 'print one line of JSON').default(false))
    .action((given: Given) => carry((desk) => act(desk, given), given.json));
}

/** Ids of the whole prefecture change, so it is no county's administrator who does it. */
const WHOLE_DIGITS = 4;

async function act(desk: Desk, given: Given): Promise<RemapReport> {
  if (given.run !== true && given.dryRun !== true) throw new RemapError('请写明 --dry-run（只核对）或 --run（执行）。');
  const actor = given.as === undefined ? null : await desk.administrators.named(given.as);
  if (actor !== null && actor.scope.length > WHOLE_DIGITS) throw new RemapError('更换国家编号须由全州的管理员执行。');
  return desk.remap.run(given.file, given.run === true ? 'run' : 'dry-run', actor?.id ?? CLI_ACTOR);
}
