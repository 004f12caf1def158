import assert from 'node:assert/strict';

/** The error `work` rejects with; fails when it resolves. */
export async function failureOf(work: PromiseLike<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof Error);
    return error;
  }
  assert.fail('it was expected to fail');
}
