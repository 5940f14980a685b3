/** The judge judged: a toy adapter passes, the same toy with one flaw does not, and the list names the flaw. */
import { runContractFlow, type ContractReport } from './contract-run.js';
import { startNationalSide } from './national-side.js';
import { ToyStation, type Flaw } from './toy-station.js';

const credentials = { appKey: 'st_5334toy', secret: 'toy-secret-0123456789-0123456789-0123' };

async function tryToy(flaw: Flaw, lost: boolean): Promise<ContractReport> {
  const national = await startNationalSide({ settings: { seed: 5 } });
  const toy = new ToyStation({ nationalUrl: national.baseUrl, ...credentials, flaw });
  const apiBase = await toy.start();
  if (lost) {
    national.faults.loseReply({ probability: 0.1 });
    national.faults.resetBeforeCommit({ probability: 0.1 });
  }
  try {
    return await runContractFlow({ apiBase, credentials, national, seed: 42, chaos: { stallMs: 15_000, pollMs: 60 } });
  } finally {
    await toy.stop();
    await national.close();
  }
}

test('a toy adapter that keeps the contract passes, with lost answers on both sides', async () => {
  const report = await tryToy('none', true);
  expect(report.states.mirrored).toBeGreaterThan(50);
  expect(report.lostAnswers).toBeGreaterThan(0);
  expect(report.totalMinutes).toBeGreaterThan(0);
});

test('a record that is called mirrored but was never sent is noticed', async () => {
  await expect(tryToy('drops-a-record', false)).rejects.toThrow(/has 0 national rows/);
});

test('content that differs in one field is noticed', async () => {
  await expect(tryToy('old-content', false)).rejects.toThrow(/field hostUnit: expected/);
});

test('a receipt over other lines is noticed', async () => {
  await expect(tryToy('wrong-digest', false)).rejects.toThrow(/receipt digest/);
});

test('a resend without a lookup after a lost reply is noticed', async () => {
  await expect(tryToy('blind-resend', true)).rejects.toThrow(/RESEND_WITHOUT_LOOKUP/);
});
