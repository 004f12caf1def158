import { writeFileSync } from 'node:fs';
import { errorTable } from '#contract/errors.ts';

/** `docs/errors.md`: the table of `contract/errors.ts`. Written by running this file; a test keeps the two equal. */
export function errorsMarkdown(): string {
  const rows = Object.entries(errorTable).map(([code, { status, title }]) => `| \`${code}\` | ${status} | ${title} |`);
  return `# Errors

Every error is \`application/problem+json\` (RFC 9457): \`{type, title, status, detail, instance, code, errors?}\`. Programs go
by \`code\`; people read \`detail\`, which says what to do. \`instance\` is the request id, which the log has too. A body or
query that does not have the expected shape lists \`errors: [{path, message}]\`.

This table is made from \`contract/errors.ts\`: run \`node server/docs/errors-markdown.ts\`.

| code | status | title |
|---|---|---|
${rows.join('\n')}
`;
}

export const errorsFile = new URL('../../docs/errors.md', import.meta.url);

if (import.meta.main) writeFileSync(errorsFile, errorsMarkdown());
