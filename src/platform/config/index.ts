// platform/config/ turns the environment into typed, frozen settings.
// Owns      the list of variables (variables.ts), config/example.env
// Promises  a wrong value refuses to start with a sentence that names the variable and the way out (exit 2)
// Never     repeats a value in a message; lets a room read process.env
// Start at  variables.ts
export { renderExampleEnv } from './example-env.js';
export { projectRoot } from './project-root.js';
export {
  loadSettings,
  loadSettingsOrExit,
  SETTINGS_EXIT_CODE,
  SettingsError,
  type Environment,
  type Settings,
} from './settings.js';
export { LOG_LEVELS, ROLES, VARIABLES, type LogLevel, type Role, type Variable } from './variables.js';
