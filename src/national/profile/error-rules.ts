import type { ErrorsSpec, RuleClass, VerdictRule } from './profile.schema.js';

/** What one reply, or one item of it, was judged to be: the rule that said so, and its class for this direction. */
export interface Verdict {
  /** `http:<id>`, `message:<id>`, `code:<code>` or `default`; logged, and counted by the profile's vectors. */
  readonly ruleId: string;
  readonly class: RuleClass;
  readonly rule: VerdictRule;
}

export interface HttpSighting {
  readonly status: number;
  readonly text: string;
  readonly isWrite: boolean;
}

export interface SpokenCode {
  readonly code: string;
  readonly message: string;
  readonly isWrite: boolean;
}

export interface ErrorRules {
  /** A reply that is no trustworthy envelope (§1.12 HTTP layer). */
  ofHttp(seen: HttpSighting): Verdict;
  /** An envelope's or item's code: message rules, then code rules, then the default. */
  ofCode(said: SpokenCode): Verdict;
  /** Nothing usable came back: AMBIG for writes, RETRY for reads. */
  ofSilence(isWrite: boolean): Verdict;
}

const SUCCESS: readonly RuleClass[] = ['OK', 'ACCEPTED'];

/** Compiles the ordered rules of the profile; pure, and the only place where a code gets its meaning. */
export function compileErrorRules(errors: ErrorsSpec): ErrorRules {
  const http = errors.http.map((rule) => ({
    rule,
    body: rule.bodyPattern ? new RegExp(rule.bodyPattern, 'iu') : null,
  }));
  const messages = errors.messages.map((rule) => ({ rule, pattern: new RegExp(rule.pattern, 'iu') }));
  const ofSilence = (isWrite: boolean): Verdict =>
    verdict('default', { class: errors.defaultWrite, reads: errors.defaultRead }, isWrite);
  return {
    ofSilence,
    ofHttp: ({ status, text, isWrite }) => {
      const found = http.find(({ rule, body }) => matchesStatus(rule.statuses, status) && (body?.test(text) ?? true));
      return found ? verdict(`http:${found.rule.id}`, found.rule, isWrite) : ofSilence(isWrite);
    },
    ofCode: ({ code, message, isWrite }) => {
      const byCode = Object.hasOwn(errors.codes, code) ? errors.codes[code] : undefined;
      if (byCode && SUCCESS.includes(byCode.class)) return verdict(`code:${code}`, byCode, isWrite);
      const byText = messages.find(({ rule, pattern }) => !rule.unlessCodes.includes(code) && pattern.test(message));
      if (byText) return verdict(`message:${byText.rule.id}`, byText.rule, isWrite);
      return byCode ? verdict(`code:${code}`, byCode, isWrite) : ofSilence(isWrite);
    },
  };
}

function matchesStatus(statuses: readonly string[] | undefined, status: number): boolean {
  if (!statuses) return true;
  return statuses.some(
    (wanted) => wanted === String(status) || (wanted.endsWith('xx') && wanted[0] === String(status)[0]),
  );
}

function verdict(ruleId: string, rule: VerdictRule, isWrite: boolean): Verdict {
  return { ruleId, class: (isWrite ? rule.writes : rule.reads) ?? rule.class, rule };
}
