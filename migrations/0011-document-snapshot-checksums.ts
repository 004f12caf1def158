import { addColumnsMigration } from './add-columns.ts';
import { integer, nullable } from './table.ts';

export default addColumnsMigration('document_snapshots', { crc: nullable(integer), epoch: nullable(integer) });
