/** Longer than any honest transaction: who waits longer for a connection most likely holds it. */
export const turnWithinMs = 30_000;

/** What a statement meets that was begun in a transaction and not awaited there. */
export class TransactionOverError extends Error {
  constructor() {
    super('this statement comes after the end of its transaction; await every statement inside');
    this.name = 'TransactionOverError';
  }
}
