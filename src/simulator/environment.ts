// SIM_* variables of the process, each with its default.
import type { SimulatorOptions } from './main.js';
import { isSettingName } from './settings.js';

const portOf = (text: string | undefined, otherwise: number): number => {
  if (text === undefined || text === '') return otherwise;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`not a port: ${text}`);
  return port;
};

export function optionsFromEnvironment(env: NodeJS.ProcessEnv): SimulatorOptions {
  const setting = env.SIM_SETTING ?? 'demo';
  if (!isSettingName(setting)) throw new Error(`SIM_SETTING must be demo, bench or faithful, not ${setting}`);
  const options: SimulatorOptions = {
    host: env.SIM_HOST ?? '127.0.0.1',
    port: portOf(env.SIM_PORT, 8_090),
    controlPort: portOf(env.SIM_CONTROL_PORT, 8_091),
    setting,
    directory: env.SIM_DIR ?? 'var/simulator',
    appKey: env.SIM_APP_KEY,
    appSecret: env.SIM_APP_SECRET,
    fieldKeyHex: env.SIM_FIELD_KEY,
    areaPrefix: env.SIM_AREA_PREFIX,
    callbackUrl: env.SIM_CALLBACK_URL,
  };
  if (env.SIM_SEED !== undefined) options.seed = Number(env.SIM_SEED);
  if (env.SIM_OVERRIDES !== undefined) options.overrides = JSON.parse(env.SIM_OVERRIDES) as Record<string, unknown>;
  return options;
}
