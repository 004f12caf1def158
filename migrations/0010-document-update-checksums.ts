import { addColumnsMigration } from './add-columns.ts';
import { integer, nullable } from './table.ts';

export default addColumnsMigration('document_updates', { crc: nullable(integer) });
