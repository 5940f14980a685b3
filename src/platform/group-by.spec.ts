import { groupBy } from './group-by.js';

describe('groupBy', () => {
  it('keeps the order of groups and of items, and makes none for nothing', () => {
    const groups = groupBy(['b2', 'a1', 'b1', 'a0'], (word) => word[0]);
    expect([...groups]).toEqual([
      ['b', ['b2', 'b1']],
      ['a', ['a1', 'a0']],
    ]);
    expect(groupBy([], String).size).toBe(0);
  });

  it('takes keys that are names of an object’s own members', () => {
    expect([...groupBy(['toString', '__proto__'], (name) => name).keys()]).toEqual(['toString', '__proto__']);
  });
});
