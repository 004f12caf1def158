import { z } from 'zod';
import { awarenessUserSchema, type AwarenessUser } from '#contract/awareness.ts';

/**
 * A place in the text as y-monaco writes it: a Yjs relative position whose type is a file's text. Other people's states
 * are whatever their program sent, so a position that would make Yjs throw is not let through.
 */
const positionSchema = z.looseObject({
  tname: z.string().startsWith('f:'),
  item: z.object({ client: z.number().int().nonnegative(), clock: z.number().int().nonnegative() }).nullish(),
  assoc: z.number().int().optional(),
});
export type Position = z.infer<typeof positionSchema>;

const selectionSchema = z.object({ anchor: positionSchema, head: positionSchema });

export interface Person {
  clientId: number;
  user: AwarenessUser;
  selection: z.infer<typeof selectionSchema> | undefined;
  /** The file their cursor is in. */
  fileId: string | undefined;
}

/** Everybody else in the document; one entry per open window. */
export function readPeople(states: Map<number, unknown>, ownClientId: number): Person[] {
  const people: Person[] = [];
  for (const [clientId, state] of states) {
    if (clientId === ownClientId || typeof state !== 'object' || state === null) continue;
    const user = awarenessUserSchema.safeParse('user' in state ? state.user : undefined);
    if (!user.success) continue;
    const selection = selectionSchema.safeParse('selection' in state ? state.selection : undefined).data;
    people.push({ clientId, user: user.data, selection, fileId: selection?.head.tname.slice('f:'.length) });
  }
  return people;
}
