import { closeRunFolder } from './harness/run-folder.mjs';

export default async function globalTeardown() {
  const folder = process.env.ZHIQIAO_TEST_RUN;
  if (folder) await closeRunFolder(folder);
}
