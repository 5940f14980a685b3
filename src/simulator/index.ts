// simulator/ is the national side, played faithfully: a program of its own that knows only the wire.
// Owns      its ledger, journal, faults and control port; nothing of the adapter
// Promises  answers §1 and §1.16 of the wire contract to the letter, from its own signing, validation and canonical form
// Never     imports from the rest of src/, shares a crypto or canonical-JSON package, or stores a personal value in clear
// Start at  main.ts (the program), gateway.ts (one call), write.ts (one item), settings.ts (demo, bench, faithful)
export { startSimulator, type Simulator, type SimulatorOptions } from './main.js';
export { NAMED_SETTINGS, type SettingName, type Settings } from './settings.js';
