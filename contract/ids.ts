import { z } from 'zod';

/** Opaque identifiers as they appear on every wire: `[A-Za-z0-9_-]{1,64}`. Ours are 26 characters and sort by time. */
export const idPattern = /^[A-Za-z0-9_-]{1,64}$/;

export const idSchema = z.string().regex(idPattern, 'must be 1 to 64 characters of A-Z, a-z, 0-9, _ and -');
