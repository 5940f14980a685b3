/** Injection tokens of what the process composes once. Symbols, because swc gives Nest no constructor types to go by. */
export const DATABASE = Symbol('database');
export const VAULT = Symbol('vault');
export const SETTINGS = Symbol('settings');
export const IDS = Symbol('ids');
export const CLOCK = Symbol('clock');
export const LOGGER = Symbol('logger');
export const INTAKE = Symbol('intake');
export const GATEWAY = Symbol('gateway');
export const QUEUE = Symbol('queue');
