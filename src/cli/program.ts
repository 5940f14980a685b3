import { Argument, Command, Option } from 'commander';
import { CLI_ACTOR, type Desk } from './desk.js';
import { admins, problems, replays } from './administration.js';
import { lineCommands } from './line.js';
import { remap } from './remap.js';
import { area, hours, name, onOff, wholeNumber } from './options.js';

/** Runs one piece of work at the desk and prints its answer. */
export type Carry = (work: (desk: Desk) => Promise<object>, asJson: boolean) => Promise<void>;

const MAX_RATE = 10_000;
const MAX_PARALLEL = 1_000;

const json = (): Option => new Option('--json', 'print one line of JSON').default(false);
const appKey = (): Option => new Option('--app-key <key>', 'key of the source system').makeOptionMandatory();

interface CreateOptions {
  name: string;
  area: string;
  rate: number | undefined;
  parallel: number | undefined;
  json: boolean;
}

function sourceSystems(carry: Carry): Command {
  const group = new Command('source-systems').description('installations of station software that may push');
  group
    .command('create')
    .description('a new source system; its secret is shown once')
    .addOption(new Option('--name <name>', 'what people call it').argParser(name).makeOptionMandatory())
    .addOption(new Option('--area <code>', 'area its records must lie in').argParser(area).makeOptionMandatory())
    .addOption(new Option('--rate <n>', 'requests per second').argParser(wholeNumber(1, MAX_RATE)))
    .addOption(new Option('--parallel <n>', 'requests at once').argParser(wholeNumber(1, MAX_PARALLEL)))
    .addOption(json())
    .action((given: CreateOptions) => {
      const { rate, parallel } = given;
      const wanted = {
        name: given.name,
        areaCode: given.area,
        ...(rate === undefined ? {} : { ratePerSecond: rate }),
        ...(parallel === undefined ? {} : { maxParallel: parallel }),
      };
      return carry((desk) => desk.sourceSystems.create(wanted, CLI_ACTOR), given.json);
    });
  group
    .command('rotate')
    .description('a new secret; the old one stays good for a while')
    .addOption(appKey())
    .addOption(new Option('--overlap-hours <n>', 'how long').argParser(hours).default(24))
    .addOption(json())
    .action((given: { appKey: string; overlapHours: number; json: boolean }) =>
      carry((desk) => desk.sourceSystems.rotate(given.appKey, given.overlapHours, CLI_ACTOR), given.json),
    );
  addRefusals(group, carry);
  return group;
}

function addRefusals(group: Command, carry: Carry): void {
  group
    .command('revoke')
    .description('at once and for ever')
    .addOption(appKey())
    .addOption(json())
    .action((given: { appKey: string; json: boolean }) =>
      carry(async (desk) => {
        await desk.sourceSystems.revoke(given.appKey, CLI_ACTOR);
        return { appKey: given.appKey, revoked: true };
      }, given.json),
    );
  group
    .command('require-signature')
    .description('whether requests must be signed')
    .addOption(appKey())
    .addOption(json())
    .addArgument(new Argument('<on|off>').argParser(onOff))
    .action((isRequired: boolean, given: { appKey: string; json: boolean }) =>
      carry(async (desk) => {
        await desk.sourceSystems.requireSignature(given.appKey, isRequired, CLI_ACTOR);
        return { appKey: given.appKey, signatureRequired: isRequired };
      }, given.json),
    );
}

function webhooks(carry: Carry): Command {
  const group = new Command('webhooks').description('where events of records are sent');
  group
    .command('add')
    .description('a new webhook; its secret is shown once')
    .addOption(appKey())
    .requiredOption('--url <url>', 'https address that takes the events')
    .addOption(json())
    .action((given: { appKey: string; url: string; json: boolean }) =>
      carry((desk) => desk.webhooks.add(given.appKey, given.url), given.json),
    );
  group
    .command('list')
    .option('--app-key <key>', 'only those of one source system')
    .addOption(json())
    .action((given: { appKey?: string; json: boolean }) =>
      carry(async (desk) => ({ webhooks: await desk.webhooks.list(given.appKey ?? null) }), given.json),
    );
  group
    .command('remove')
    .requiredOption('--id <id>', 'id of the webhook')
    .addOption(json())
    .action((given: { id: string; json: boolean }) =>
      carry(async (desk) => {
        await desk.webhooks.remove(given.id);
        return { id: given.id, removed: true };
      }, given.json),
    );
  return group;
}

function keys(carry: Carry): Command {
  const group = new Command('keys').description('keys that seal personal data at rest');
  group
    .command('rotate')
    .description('a new data key; everything sealed so far is sealed again with it')
    .addOption(json())
    .action((given: { json: boolean }) => carry((desk) => desk.rotateKeys(), given.json));
  return group;
}

/** The commands of `npm run cli --`. A mistake in calling them throws commander's error instead of ending the process. */
export function createProgram(carry: Carry): Command {
  const program = new Command('npm run cli --').description('administration of zhiqiao').showHelpAfterError();
  const groups = [sourceSystems(carry), webhooks(carry), keys(carry), admins(carry), problems(carry), replays(carry)];
  for (const group of [...groups, ...lineCommands(carry), remap(carry)]) program.addCommand(group);
  const strict = (command: Command): void => {
    command.exitOverride();
    command.commands.forEach(strict);
  };
  strict(program);
  return program;
}
