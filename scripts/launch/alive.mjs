import { readFileSync } from 'node:fs';

/** State letter and start time (in ticks since the boot) of a process; null when there is none, or no /proc. */
function look(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^\d+ \(.*\) /s, '')
      .split(' ');
    return { state: fields[0], parent: fields[1], startTick: fields[19] };
  } catch {
    return null;
  }
}

/** A zombie counts as gone: in a container nobody may ever collect it. */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
  return process.platform !== 'linux' || !['Z', 'X', undefined].includes(look(pid)?.state);
}

/** What is written down about a process, so that its number is not mistaken for it once it is given out again. */
export const identify = (pid) => ({ pid, startTick: look(pid)?.startTick ?? null });

export function isStillThere({ pid, startTick }) {
  if (!Number.isInteger(pid) || pid <= 1 || !isAlive(pid)) return false;
  return startTick === null || look(pid)?.startTick === startTick;
}

/** Who started us; with a shell in between (npm runs scripts through one), who started that. */
export function ancestry() {
  const parent = process.ppid;
  try {
    const isShell = /^(ba|da)?sh$/.test(readFileSync(`/proc/${parent}/comm`, 'utf8').trim());
    return isShell ? `${parent} ${look(parent)?.parent}` : String(parent);
  } catch {
    return String(parent);
  }
}
