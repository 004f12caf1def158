import { databaseEngines } from '../support/databases.ts';
import { databaseContract } from './database.suite.ts';
import { valuesContract } from './database.values.suite.ts';

for (const engine of databaseEngines) {
  valuesContract(engine);
  databaseContract(engine);
}
