import { z } from 'zod';
import { idSchema } from '../ids.ts';
import { shownText } from './common.ts';

/** Stored trimmed, lower-cased and NFKC-normalised, so that one address is one account. */
export const emailSchema = z
  .string()
  .max(254)
  .transform((value) => value.trim().normalize('NFKC').toLowerCase())
  .pipe(z.email().max(254));

/** At least 8 characters; the upper bound keeps hashing cheap to attack-proof. */
export const newPasswordSchema = z.string().min(8).max(200);

export const userSchema = z
  .object({
    id: idSchema,
    email: z.string(),
    name: z.string(),
    avatarUrl: z.string().nullable(),
    locale: z.string(),
    emailVerified: z.boolean(),
    isAdmin: z.boolean(),
  })
  .meta({ id: 'User' });
export type User = z.infer<typeof userSchema>;

export const registerBodySchema = z.strictObject({
  email: emailSchema,
  password: newPasswordSchema,
  name: shownText(80),
});

export const loginBodySchema = z.strictObject({
  email: emailSchema,
  password: z.string().min(1).max(200),
  returnRefreshToken: z.boolean().optional(),
});

export const refreshBodySchema = z.strictObject({ refreshToken: z.string().min(1).max(200).optional() }).default({});

/** `refreshToken` is there only when the login asked for it; else it travels as an HttpOnly cookie. */
export const sessionSchema = z
  .object({
    user: userSchema,
    accessToken: z.string(),
    expiresIn: z.number().int().describe('seconds'),
    refreshToken: z.string().optional(),
  })
  .meta({ id: 'Session' });
export type Session = z.infer<typeof sessionSchema>;

/** A BCP 47 language tag such as `en`, `ko` or `pt-BR`. */
const localeSchema = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a language tag such as en or pt-BR');

export const updateMeBodySchema = z.strictObject({ name: shownText(80), locale: localeSchema }).partial();
