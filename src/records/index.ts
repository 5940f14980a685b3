// records/ is what we carry: kinds and their rules, the one form of a content, codes and their sentences, states.
// Owns      the registry of kinds, the catalogue of codes, strict JSON and canonical JSON, the life of a record
// Promises  pure functions: the same input gives the same answer in api, worker, console and test
// Never     opens a file at run time beyond its shipped tables, a socket or a database; reads no clock
// Start at  record-kind.ts
export { defineRecordKind, membershipKey } from './record-kind.js';
export type {
  CountyRule,
  DoorContext,
  DoorRule,
  Finding,
  RecordData,
  RecordKind,
  RecordKindSpec,
  RecordRef,
  ServiceInterval,
} from './record-kind.js';
export { RECORD_KINDS, recordKind } from './registry.js';

export {
  CATALOGUE,
  CATALOGUE_CODES,
  NATIONAL_CODES,
  catalogueEntry,
  codeWords,
  isCatalogueCode,
  nationalEntry,
  nationalSentence,
  remedy,
  sentence,
} from './catalogue/catalogue.js';
export type {
  CatalogueCode,
  CatalogueEntry,
  Lang,
  LogLevel,
  NationalClass,
  NationalCode,
  NationalCodeEntry,
  Owner,
  RetryAdvice,
  SentenceParams,
} from './catalogue/catalogue.js';
export { present, presentWarning } from './catalogue/problem.js';
export type { ItemProblem, PresentedProblem, PresentedWarning } from './catalogue/problem.js';
export { renderErrorCatalogue } from './catalogue/render.js';

export { schemaProblems } from './schema-problems.js';
export { MAX_PROBLEMS, examineItem, unreadableItem } from './examine.js';
export type { BadItem, ExaminedItem, GoodItem, ItemOp, KindLookup } from './examine.js';

export { JsonSyntaxError, MAX_DEPTH, decodeUtf8, groupFaultsByItem, parseStrict, splitNdjson } from './strict-json.js';
export type { Fault, FaultsByItem, ParsedJson } from './strict-json.js';
export { canonicalJson, contentForm, contentHash, hashOfForm } from './canonical-json.js';
export type { ItemContent } from './canonical-json.js';
export { TEMPLATE_VERSION, fieldSignature, messageTemplate } from './message-template.js';
export { codePointLength, isBlank, isCleanText, isSafeKey, isWellFormed, safePointer } from './text.js';

export {
  RECORD_MOVES,
  RECORD_STATES,
  STATES_AT_BIRTH,
  STATES_AT_REST,
  STATE_NAMES_ZH,
  canMove,
  isAtRest,
  statesBefore,
} from './record-states.js';
export type { RecordState } from './record-states.js';

export {
  addDays,
  ageOn,
  beijingDate,
  beijingDateOf,
  beijingMidnight,
  daysBetween,
  endsOnSameBeijingDay,
  formatBeijing,
  isDate,
  parseInstant,
  toBeijing,
  tryParseInstant,
  weekday,
} from './beijing-time.js';
export { buildCalendar, endOfNthWorkingDay } from './working-days.js';
export type { CalendarYear, WorkingCalendar } from './working-days.js';
export { loadCalendars, shippedCalendar } from './calendar-loader.js';
