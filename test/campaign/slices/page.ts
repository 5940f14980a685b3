import type { CampaignFile } from './result-file.js';

/** Rule of three: 0 of n seen, the 95 % upper bound of the rate is 3/n (1 − 0.05^(1/n) rounded up). */
const boundOf = (n: number): string => (n === 0 ? '–' : `${((1 - 0.05 ** (1 / n)) * 100).toFixed(2)} %`);

/** The page beside the result file, made from it. */
export function pageOf(file: CampaignFile, name: string): string {
  const { kills, faults, accepted, lost, duplicated, blindResends, slices, asked } = file;
  const done = slices.map(({ slice }) => slice).join(', ');
  const clean = lost + duplicated + blindResends === 0 && slices.every((one) => one.minutesEqual);
  const others = [
    ...new Set(slices.flatMap(({ violations }) => Object.entries(violations).filter(([, count]) => count > 0))),
  ].map(([invariant, count]) => `${invariant} ${count}`);
  const unfired = [...new Set(slices.flatMap((one) => one.unfired))];
  return `# Fault campaign ${name}

Made from [${name}.json](${name}.json) by \`npm run campaign\`; do not edit.

| | |
| --- | --- |
| slices run | ${slices.length} of ${asked.slices} (${done}) |
| kills with signal 9 | ${kills} of ${asked.kills} asked |
| other faults | ${faults} of ${asked.faults} asked |
| records with a receipt | ${accepted} |
| lost | ${lost} |
| doubled | ${duplicated} |
| written again blindly | ${blindResends} |
| minutes equal | ${slices.every((one) => one.minutesEqual) ? 'yes, in every slice' : 'NO'} |
| violations of any invariant | ${others.length === 0 ? 'none' : others.join(', ')} |
| slowest intake after a fault | ${Math.max(0, ...slices.map((one) => one.slowestIntakeMs))} ms |
| slowest fresh record mirrored after a fault | ${Math.max(0, ...slices.map((one) => one.slowestMirroredMs))} ms |
| faults that never fired | ${unfired.length === 0 ? 'none' : unfired.join(', ')} |

## What it proves, and what it does not

${
  clean
    ? `Nothing was lost, doubled or written again blindly in ${kills} kills and ${faults} other faults. By the rule of three that says, with 95 % confidence: less than ${boundOf(kills)} of such kills and less than ${boundOf(faults)} of such other faults lose or double anything. It does not say "never".`
    : `**Something went wrong.** The bound of the rule of three (3/n) holds for runs in which nothing was seen; here something was. The slices name their seeds.`
}

- The bound is for faults *as drawn here*, one to three at once, on one machine with two processors. A fault of another kind, or a fourth at the same moment, is not in it.
- Kills and faults of one slice share one adapter and one database, so they are not quite independent trials.
- \`kill -9\` loses no page that the kernel has: a power cut of the machine was not tried. The disk did what it said.
- Waits are scaled: the nation's reads lag by up to 1 s and its late commits by up to 3 s, and the profile is told so. One ordinary flow runs at the real values, not this.
- The nation is our simulator of our own reference contract. That the real one behaves like it is not proved by anything here.
- The seed decides which fault comes when and what the stations push. How the operating system schedules the processes is not repeatable.

## The signature

The key was made for this campaign; its private half stayed in \`var/\` of the machine that ran it. The signatures show that the file is as that machine wrote it, that no slice was changed, and that the totals are the sums of the slices. They do not show that the runs took place, that no unwelcome slice was left out, or who ran them: whoever held the key could have signed anything. To believe a slice, play it again from its seed.

Check: \`npm run campaign -- --verify docs/campaigns/${name}.json\`.
`;
}
