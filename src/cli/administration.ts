import { Argument, Command, Option } from 'commander';
import type { Actor } from '../access/index.js';
import { PROBLEM_STATES, type ProblemState } from '../problems/index.js';
import type { Desk } from './desk.js';
import { name, reason, region, wholeNumber } from './options.js';
import type { Carry } from './program.js';

/** Administrators, problems and replays from the shell; whoever acts is named with `--as`. */

const VIA = 'cli';
const MOST_ITEMS = 1_000;
const DEFAULT_ITEMS = 200;

const json = (): Option => new Option('--json', 'print one line of JSON').default(false);
const as = (): Option => new Option('--as <id>', 'administrator who acts').makeOptionMandatory();
const id = (what: string): Argument => new Argument('<id>', `id of the ${what}`);
const because = (): Option =>
  new Option('--reason <text>', 'why; kept in the history').argParser(reason).makeOptionMandatory();

interface Given {
  readonly as: string;
  readonly json: boolean;
}

interface Reasoned extends Given {
  readonly reason: string;
}

type Work<Options extends Given> = (desk: Desk, actor: Actor, given: Options) => Promise<object>;

/** Looks up who acts, then does the work. */
const acting = async <Options extends Given>(desk: Desk, given: Options, work: Work<Options>): Promise<object> =>
  work(desk, await desk.administrators.named(given.as), given);

export function admins(carry: Carry): Command {
  const group = new Command('admins').description('administrators and their tokens');
  group
    .command('create')
    .description('a new administrator; the token is shown once')
    .addOption(new Option('--name <name>', 'what people call them').argParser(name).makeOptionMandatory())
    .addOption(new Option('--scope <region>', '5334 or 533401').argParser(region).makeOptionMandatory())
    .addOption(json())
    .action((given: { name: string; scope: string; json: boolean }) =>
      carry((desk) => desk.administrators.create({ name: given.name, scope: given.scope }), given.json),
    );
  group
    .command('list')
    .addOption(json())
    .action((given: { json: boolean }) =>
      carry(async (desk) => ({ administrators: await desk.administrators.list() }), given.json),
    );
  group
    .command('revoke')
    .description('at once and for ever')
    .requiredOption('--id <id>', 'id of the administrator')
    .addOption(json())
    .action((given: { id: string; json: boolean }) =>
      carry(async (desk) => {
        await desk.administrators.revoke(given.id);
        return { id: given.id, revoked: true };
      }, given.json),
    );
  return group;
}

export function problems(carry: Carry): Command {
  const group = new Command('problems').description('what went wrong, by its cause');
  group
    .command('list')
    .description('the largest first; without --state those that ask for a person')
    .addOption(new Option('--state <state...>', 'only in these states').choices(PROBLEM_STATES))
    .addOption(as())
    .addOption(json())
    .action((given: Given & { state?: ProblemState[] }) =>
      carry(
        (desk) => acting(desk, given, async (_, actor) => ({ problems: await desk.problems.list(actor, given.state) })),
        given.json,
      ),
    );
  group
    .command('show')
    .description('one problem, whom it concerns and its history')
    .addArgument(id('problem'))
    .addOption(new Option('--items <n>', 'also so many of its records').argParser(wholeNumber(1, MOST_ITEMS)))
    .addOption(new Option('--after <record>', 'records after this one'))
    .addOption(as())
    .addOption(json())
    .action((problemId: string, given: Given & { items?: number; after?: string }) =>
      carry((desk) => acting(desk, given, (_, actor) => showProblem(desk, actor, problemId, given)), given.json),
    );
  addActs(group, carry);
  return group;
}

async function showProblem(
  desk: Desk,
  actor: Actor,
  problemId: string,
  given: { items?: number; after?: string },
): Promise<object> {
  const problem = await desk.problems.show(actor, problemId);
  if (given.items === undefined && given.after === undefined) return problem;
  const page = { after: given.after ?? null, limit: given.items ?? DEFAULT_ITEMS };
  return { ...problem, ...(await desk.problems.items(actor, problemId, page)) };
}

function addActs(group: Command, carry: Carry): void {
  group
    .command('ack')
    .description('take it on')
    .addArgument(id('problem'))
    .addOption(new Option('--reason <text>', 'a remark').argParser(reason))
    .addOption(as())
    .addOption(json())
    .action((problemId: string, given: Given & { reason?: string }) =>
      carry((desk) => {
        const said = { via: VIA, reason: given.reason ?? null } as const;
        return acting(desk, given, (_, actor) => desk.problems.act(actor, problemId, 'acknowledge', said));
      }, given.json),
    );
  for (const act of ['resolve', 'close'] as const) {
    group
      .command(act)
      .description(act === 'resolve' ? 'its cause is ended; it is watched for a week' : 'end it')
      .addArgument(id('problem'))
      .addOption(because())
      .addOption(as())
      .addOption(json())
      .action((problemId: string, given: Reasoned) =>
        carry((desk) => {
          const said = { via: VIA, reason: given.reason } as const;
          return acting(desk, given, (_, actor) => desk.problems.act(actor, problemId, act, said));
        }, given.json),
      );
  }
}

const STEPS = {
  approve: 'approve it; above 200 records not by who asked',
  run: 'begin, or go on after a pause',
  pause: 'send nothing more until it is run again',
  stop: 'stop for good',
} as const;

export function replays(carry: Carry): Command {
  const group = new Command('replays').description('sending again what was put right: plan, approve, run');
  group
    .command('plan')
    .description('freeze the records of a problem, and see what a replay costs')
    .addOption(new Option('--problem <id>', 'the problem').makeOptionMandatory())
    .addOption(because())
    .addOption(as())
    .addOption(json())
    .action((given: Reasoned & { problem: string }) =>
      carry((desk) => {
        const said = { via: VIA, reason: given.reason } as const;
        return acting(desk, given, (_, actor) => desk.replays.plan(actor, given.problem, said));
      }, given.json),
    );
  group
    .command('list')
    .option('--problem <id>', 'only those of one problem')
    .addOption(as())
    .addOption(json())
    .action((given: Given & { problem?: string }) =>
      carry(
        (desk) =>
          acting(desk, given, async (_, actor) => ({ replays: await desk.replays.list(actor, given.problem ?? null) })),
        given.json,
      ),
    );
  group
    .command('show')
    .description('where it stands, record by record in sums')
    .addArgument(id('replay'))
    .addOption(as())
    .addOption(json())
    .action((replayId: string, given: Given) =>
      carry((desk) => acting(desk, given, (_, actor) => desk.replays.show(actor, replayId)), given.json),
    );
  addSteps(group, carry);
  return group;
}

function addSteps(group: Command, carry: Carry): void {
  for (const step of Object.keys(STEPS) as (keyof typeof STEPS)[]) {
    group
      .command(step)
      .description(STEPS[step])
      .addArgument(id('replay'))
      .addOption(as())
      .addOption(json())
      .action((replayId: string, given: Given) =>
        carry((desk) => acting(desk, given, (_, actor) => desk.replays[step](actor, replayId, VIA)), given.json),
      );
  }
}
