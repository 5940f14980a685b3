import { waitingFor } from './waiting-for.js';

describe('what a record waits for', () => {
  it('is the parents it lacks, each with the state it has now (G-70)', () => {
    expect(
      waitingFor(
        [
          { key: 'team/t.1', state: 'attention' },
          { key: 'volunteer/v1', state: null },
          { key: 'membership:v1:p1', state: null },
        ],
        null,
      ),
    ).toEqual([
      { kind: 'team', sourceId: 't.1', reason: '前置记录的状态为“需处理”' },
      { kind: 'volunteer', sourceId: 'v1', reason: '前置记录尚未收到' },
      { kind: 'membership', sourceId: null, reason: expect.stringContaining('加入') as string },
    ]);
  });

  it('adds what was stored and is not said yet', () => {
    const stored = [
      { kind: 'team', sourceId: 't1', reason: 'old words' },
      { kind: null, sourceId: null, reason: '开放后自动继续' },
    ];
    expect(waitingFor([{ key: 'team/t1', state: 'sending' }], stored)).toEqual([
      { kind: 'team', sourceId: 't1', reason: '前置记录的状态为“发送中”' },
      { kind: null, sourceId: null, reason: '开放后自动继续' },
    ]);
    expect(waitingFor(null, stored)).toEqual(stored);
  });

  it('explains a certificate whose set was not looked at yet', () => {
    const set = [{ key: 'certificate-set', state: null }];
    expect(waitingFor(set, null)).toEqual([
      { kind: 'service-record', sourceId: null, reason: '正在核对期间内的服务记录' },
    ]);
    const stored = [{ kind: 'service-record', sourceId: 's1', reason: '该服务记录尚未同步到国家系统' }];
    expect(waitingFor(set, stored)).toEqual(stored);
  });
});
