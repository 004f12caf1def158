import { randomBytes } from 'node:crypto';
import { databaseEngines } from './databases.ts';

export type Installation = {
  name: string;
  /** The reason why it cannot be tried here. */
  skip: string | false;
  /** The environment of its processes, and how to take away what they leave. */
  prepare(): Promise<{ env: Record<string, string>; drop(): Promise<void> }>;
};

const redisUrl = process.env.TEST_REDIS_URL;
const mysql = databaseEngines.find(({ name }) => name === 'mysql')!;

/** The two ways to run the program: everything embedded, and on a database server with Redis. */
export const installations: readonly Installation[] = [
  { name: 'embedded stores', skip: false, prepare: async () => ({ env: {}, drop: async () => {} }) },
  {
    name: 'MariaDB and Redis',
    skip:
      mysql.skip !== false || redisUrl === undefined
        ? 'set TEST_DATABASE_URL and TEST_REDIS_URL to run this on servers'
        : false,
    async prepare() {
      const database = await mysql.openEmpty();
      if (!('url' in database.place)) throw new Error('a server has an address');
      return {
        env: {
          DATABASE_URL: database.place.url,
          REDIS_URL: redisUrl!,
          REDIS_PREFIX: `{lectern-test-${randomBytes(4).toString('hex')}}`,
          JWT_SECRET: randomBytes(32).toString('hex'),
          HOST: '127.0.0.1',
        },
        drop: () => database.drop(),
      };
    },
  },
];
