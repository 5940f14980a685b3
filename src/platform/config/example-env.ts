import { VARIABLES, type Variable } from './variables.js';

const HEADING = `# Every variable that zhiqiao reads, with unit and default. Nothing has to be set: \`npm start\` runs without.
# Written by \`npm run docs\` from src/platform/config/variables.ts; \`npm run check\` compares.
`;

function renderVariable({ name, unit, default: fallback, description }: Variable<unknown>): string {
  const line = fallback === null ? `# ${name}=` : `${name}=${fallback}`;
  return `# ${description}\n# (${unit}; default: ${fallback ?? 'absent'})\n${line}\n`;
}

export function renderExampleEnv(): string {
  return [HEADING, ...Object.values(VARIABLES).map((variable) => renderVariable(variable as Variable<unknown>))].join(
    '\n',
  );
}
