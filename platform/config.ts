import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { isIP } from 'node:net';
import path from 'node:path';
import { z } from 'zod';
import { documentLimits, type DocumentLimits } from '#contract/limits.ts';

export const roleNames = ['api', 'collab', 'bridge', 'worker'] as const;
export type RoleName = (typeof roleNames)[number];

export type Config = Readonly<{
  roles: readonly RoleName[];
  production: boolean;
  embedded: boolean;
  http: {
    port: number;
    host: string;
    publicUrl: string;
    allowedOrigins: readonly string[];
    trustProxy: readonly string[];
  };
  dataDir: string;
  databaseUrl: string | undefined;
  redis: { url: string | undefined; prefix: string };
  /** Undefined: generated into `dataDir` by `platform/secrets.ts`. */
  jwtSecret: string | undefined;
  metricsToken: string | undefined;
  drainTimeoutMs: number;
  documentLimits: DocumentLimits;
  workerIsolation: 'auto' | 'full' | 'guarded' | 'wasm' | 'remote';
  demo: boolean;
  logLevel: string;
}>;

/** Bad configuration: every problem at once, one line each. */
export class ConfigError extends Error {
  readonly problems: string[];
  constructor(problems: string[]) {
    super(
      `The configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${problems.map((line) => `  - ${line}`).join('\n')}`,
    );
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

const url = (protocols: string[], example: string) =>
  z
    .string()
    .refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), `must look like ${example}`);

const list = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

/** What Express' `trust proxy` takes. */
function isProxyAddress(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0) return ['loopback', 'linklocal', 'uniquelocal'].includes(text);
  return (
    rest.length === 0 && (bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)))
  );
}

const flag = z
  .enum(['0', '1', 'true', 'false'], 'must be 1 or 0')
  .transform((value) => value === '1' || value === 'true');

/** `name=number` pairs of the document limits that differ from the defaults. */
const documentLimitsSchema = list.transform((pairs, context): DocumentLimits => {
  const changed: Record<string, number> = {};
  for (const pair of pairs) {
    const [name = '', value = ''] = pair.split('=');
    if (Object.hasOwn(documentLimits, name) && /^[1-9]\d{0,12}$/.test(value)) changed[name] = Number(value);
    else
      context.addIssue(`${pair}: must be one of ${Object.keys(documentLimits).join(', ')}, then = and a whole number`);
  }
  return { ...documentLimits, ...changed };
});

/** Every variable there is; a test holds the table of docs/OPERATIONS.md equal to it. */
export const environmentSchema = z.object({
  NODE_ENV: z.string().optional(),
  PORT: z.coerce.number('must be a port number').int().min(0).max(65_535).default(3000),
  HOST: z.string().optional(),
  PUBLIC_URL: url(['http:', 'https:'], 'https://class.example.org').optional(),
  ALLOWED_ORIGINS: list.optional(),
  DATA_DIR: z.string().default('./.data'),
  DATABASE_URL: url(['mysql:', 'mariadb:'], 'mysql://user:password@host:3306/database').optional(),
  REDIS_URL: url(['redis:', 'rediss:'], 'redis://host:6379').optional(),
  REDIS_PREFIX: z
    .string()
    .regex(/^\{[\w-]+\}$/, 'must be a word in braces such as {lectern}, which keeps its keys in one Redis Cluster slot')
    .default('{lectern}'),
  JWT_SECRET: z.string().min(32, 'must be at least 32 bytes; make one with: openssl rand -base64 48').optional(),
  METRICS_TOKEN: z.string().min(16, 'must be at least 16 characters').optional(),
  TRUST_PROXY: list
    .refine((items) => items.every(isProxyAddress), 'must be addresses or networks such as 10.0.0.0/8, or loopback')
    .optional(),
  DRAIN_TIMEOUT_MS: z.coerce.number('must be a number of milliseconds').int().min(0).max(600_000).default(10_000),
  DOCUMENT_LIMITS: documentLimitsSchema.optional(),
  WORKER_ISOLATION: z.enum(['auto', 'full', 'guarded', 'wasm', 'remote']).default('auto'),
  DEMO: flag.optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

const argumentsHelp = 'use: npm start -- [--roles api,collab,bridge,worker] [--lan]';

function readArguments(argv: readonly string[], problems: string[]): { roles: RoleName[]; lan: boolean } {
  let roles: RoleName[] = [...roleNames];
  let lan = false;
  for (let index = 0; index < argv.length; index += 1) {
    const [name, inline] = argv[index]!.split('=', 2);
    if (name === '--lan') lan = true;
    else if (name === '--roles') {
      const names = (inline ?? argv[(index += 1)] ?? '').split(',').filter((item) => item !== '');
      const unknown = names.filter((item) => !(roleNames as readonly string[]).includes(item));
      if (names.length === 0 || unknown.length > 0)
        problems.push(`--roles: ${unknown.join(', ') || 'nothing'} is not a role; ${argumentsHelp}`);
      else roles = roleNames.filter((role) => names.includes(role));
    } else problems.push(`${argv[index]}: unknown argument; ${argumentsHelp}`);
  }
  return { roles, lan };
}

/** `NAME_FILE` names a file that holds the value, for secrets mounted by an orchestrator. Empty values count as unset. */
function readFiles(environment: NodeJS.ProcessEnv, problems: string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name of Object.keys(environmentSchema.shape)) {
    const direct = environment[name];
    const file = environment[`${name}_FILE`];
    if (direct) values[name] = direct;
    if (!file) continue;
    if (direct) problems.push(`${name} and ${name}_FILE: give one of the two`);
    try {
      const content = readFileSync(file, 'utf8').trimEnd();
      if (content) values[name] = content;
    } catch (error) {
      problems.push(`${name}_FILE: ${(error as Error).message}`);
    }
  }
  return values;
}

function lanAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.family === 'IPv4' && !address.internal)?.address;
}

/** What this way of running needs and was not given; asked of the raw values, so that it is told with all the rest. */
function findGaps(given: Record<string, string>, roles: RoleName[], lan: boolean, problems: string[]): void {
  const production = given.NODE_ENV === 'production';
  const embedded = given.DATABASE_URL === undefined;
  if (production && embedded)
    problems.push('DATABASE_URL: required in production, for example mysql://user:password@host:3306/database');
  if (production || !embedded) {
    if (given.JWT_SECRET === undefined)
      problems.push('JWT_SECRET: required in production; make one with: openssl rand -base64 48');
    if (given.PUBLIC_URL === undefined && !lan)
      problems.push('PUBLIC_URL: required in production, for example https://class.example.org');
  }
  if (roles.length === roleNames.length) return;
  if (given.REDIS_URL === undefined) {
    problems.push(
      `REDIS_URL: required because only part of the roles runs here (${roles.join(', ')}); the processes meet on Redis`,
    );
  }
  if (embedded && !production) {
    problems.push(
      'DATABASE_URL: required because only part of the roles runs here; the embedded database belongs to one process',
    );
  }
}

/**
 * Reads the environment and the command line into one frozen value. Pure but for `NAME_FILE` and the machine's own
 * address. Throws a ConfigError that lists all problems.
 */
export function loadConfig(environment: NodeJS.ProcessEnv, argv: readonly string[]): Config {
  const problems: string[] = [];
  const { roles, lan } = readArguments(argv, problems);
  const given = readFiles(environment, problems);
  const parsed = environmentSchema.safeParse(given);
  for (const issue of parsed.error?.issues ?? []) problems.push(`${issue.path.join('.')}: ${issue.message}`);
  findGaps(given, roles, lan, problems);
  const address = lan ? lanAddress() : undefined;
  if (lan && address === undefined) problems.push('--lan: this machine has no address in a local network');
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);

  const env = parsed.data;
  const production = env.NODE_ENV === 'production';
  const embedded = env.DATABASE_URL === undefined;
  const publicUrl = (env.PUBLIC_URL ?? `http://${address ?? 'localhost'}:${env.PORT}`).replace(/\/+$/, '');
  const local = embedded ? ['localhost', '127.0.0.1', '[::1]'].map((name) => `http://${name}:${env.PORT}`) : [];
  return Object.freeze({
    roles,
    production,
    embedded,
    http: {
      port: env.PORT,
      host: env.HOST ?? (lan || !embedded ? '0.0.0.0' : '127.0.0.1'),
      publicUrl,
      allowedOrigins: env.ALLOWED_ORIGINS ?? [...new Set([new URL(publicUrl).origin, ...local])],
      trustProxy: env.TRUST_PROXY ?? [],
    },
    dataDir: path.resolve(env.DATA_DIR),
    databaseUrl: env.DATABASE_URL,
    redis: { url: env.REDIS_URL, prefix: env.REDIS_PREFIX },
    jwtSecret: env.JWT_SECRET,
    metricsToken: env.METRICS_TOKEN,
    drainTimeoutMs: env.DRAIN_TIMEOUT_MS,
    documentLimits: env.DOCUMENT_LIMITS ?? documentLimits,
    workerIsolation: env.WORKER_ISOLATION,
    demo: env.DEMO ?? embedded,
    logLevel: env.LOG_LEVEL,
  });
}
