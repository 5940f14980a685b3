// Faults that are a state of the nation (a closed door, a short quota, a moved clock) and can be lifted again.

export type Undo = () => void | Promise<void>;

export interface FaultState {
  id: string;
  catalogue: string;
  params: Readonly<Record<string, unknown>>;
}

export class FaultStates {
  private active = new Map<string, FaultState & { undo: Undo }>();
  private serial = 0;

  add(catalogue: string, params: FaultState['params'], undo: Undo): FaultState {
    this.serial += 1;
    const state = { id: `${catalogue}-state-${this.serial}`, catalogue, params };
    this.active.set(state.id, { ...state, undo });
    return state;
  }

  list(): FaultState[] {
    return [...this.active.values()].map(({ id, catalogue, params }) => ({ id, catalogue, params }));
  }

  /** By its id, or everything of one catalogue id; how many were lifted. */
  async lift(named: string): Promise<number> {
    const found = [...this.active.values()].filter(({ id, catalogue }) => id === named || catalogue === named);
    return this.undoAll(found);
  }

  async clear(): Promise<number> {
    return this.undoAll([...this.active.values()]);
  }

  /** Nothing is undone: the nation itself is about to be another one. */
  forget(): void {
    this.active.clear();
    this.serial = 0;
  }

  /** The last one first, so that what lay beneath comes back. */
  private async undoAll(found: readonly (FaultState & { undo: Undo })[]): Promise<number> {
    for (const state of [...found].reverse()) {
      this.active.delete(state.id);
      await state.undo();
    }
    return found.length;
  }
}
