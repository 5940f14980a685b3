import { CodedError, PROBLEM_CONTENT_TYPE, isCodedError, problem } from './index.js';

describe('CodedError', () => {
  it('carries its code, values and waiting time, and says nothing but the code', () => {
    const cause = new Error('connection refused by 10.0.0.1');
    const error = new CodedError('BUSY', { params: { max: 5 }, retryAfterSecs: 3, status: 503, cause });
    expect(error).toMatchObject({ code: 'BUSY', params: { max: 5 }, retryAfterSecs: 3, status: 503, cause });
    expect(error.message).toBe('BUSY');
    expect(String(error)).toBe('CodedError: BUSY');
  });

  it('has empty values and no waiting time by default', () => {
    const error = new CodedError('BUSY');
    expect(error.params).toEqual({});
    expect(error.retryAfterSecs).toBeUndefined();
    expect(error.status).toBeUndefined();
  });

  it('is told from other errors', () => {
    expect(isCodedError(new CodedError('BUSY'))).toBe(true);
    expect(isCodedError(Object.assign(new Error('x'), { code: 'ECONNRESET' }))).toBe(false);
    expect(isCodedError({ name: 'CodedError', code: 'BUSY' })).toBe(false);
  });
});

describe('problem', () => {
  const parts = { status: 422, code: 'BAD', title: 'Bad', detail: 'Do better', traceId: 't-1' };

  it('builds the object of RFC 9457 with code and traceId', () => {
    expect(problem(parts)).toEqual({ type: 'about:blank', ...parts });
    expect(PROBLEM_CONTENT_TYPE).toMatch(/^application\/problem\+json/);
  });

  it('has errors only when there are any', () => {
    expect(problem({ ...parts, errors: [{ pointer: '/a' }] })).toHaveProperty('errors', [{ pointer: '/a' }]);
    expect(problem({ ...parts, errors: [] })).not.toHaveProperty('errors');
  });

  it.each([200, 99, 600, 404.5])('refuses %s as the status of an error', (status) => {
    expect(() => problem({ ...parts, status })).toThrow(RangeError);
  });
});
