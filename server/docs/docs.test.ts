import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { errorTable } from '#contract/errors.ts';
import { startTestApi } from '../../test/support/api.ts';
import type { OpenApi } from '../http/openapi.ts';
import { errorsFile, errorsMarkdown } from './errors-markdown.ts';

const api = await startTestApi();
after(() => api.close());
const openApi: OpenApi = (await api.as()('GET', '/openapi.json')).body;
const page: string = (await api.as()('GET', '/docs')).body;
const operations = Object.entries(openApi.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
);

test('[HTTP16] the document has the routes of the contract, the operations and itself', () => {
  assert.match(openApi.openapi, /^3\.1\./);
  const routes = new Set(operations.map(({ method, path }) => `${method} ${path}`));
  for (const route of [
    'post /api/auth/register',
    'post /api/auth/login',
    'post /api/auth/refresh',
    'post /api/auth/logout',
    'post /api/auth/logout-all',
    'get /api/me',
    'patch /api/me',
    'get /openapi.json',
    'get /docs',
    'get /healthz',
    'get /readyz',
    'get /version',
    'get /metrics',
  ])
    assert.ok(routes.has(route), route);
});

test('[HTTP16] every operation is told in full', () => {
  const ids = operations.map(({ operation }) => operation.operationId);
  assert.equal(new Set(ids).size, ids.length, 'operation ids are unique');
  for (const { method, path, operation } of operations) {
    const where = `${method} ${path}`;
    assert.ok(operation.summary.length > 3, where);
    const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    const told = operation.parameters.filter((parameter) => parameter.in === 'path');
    assert.deepEqual(
      told.map(({ name }) => name),
      named,
      where,
    );
    for (const { description, name } of operation.parameters) assert.ok(description.length > 3, `${where}: ${name}`);
    const statuses = Object.keys(operation.responses).map(Number);
    assert.ok(
      statuses.some((status) => status < 400),
      where,
    );
    assert.equal(operation.security.length > 0, /^\/api\/(?!auth\/)/.test(path) && statuses.includes(401), where);
  }
});

test('[HTTP16] every reference resolves, and nothing of the generator is left', () => {
  const text = JSON.stringify(openApi);
  const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1]!);
  assert.ok(references.length > 5);
  for (const reference of references) {
    const name = reference.replace('#/components/schemas/', '');
    assert.ok(openApi.components.schemas[name] !== undefined, reference);
  }
  assert.doesNotMatch(text, /"\$schema"|"\$id"|"\$defs"|9007199254740991/);
});

test('[HTTP16] a body says what it takes', () => {
  const { requestBody } = openApi.paths['/api/auth/register']!.post!;
  assert.equal(requestBody?.required, true);
  const schema = requestBody.content['application/json']!.schema;
  assert.deepEqual(schema.required, ['email', 'password', 'name']);
  assert.equal(schema.additionalProperties, false);
  assert.equal(openApi.paths['/api/auth/refresh']!.post!.requestBody?.required, false);
});

test('[HTTP17] one table of errors, four places', async () => {
  const codes = Object.keys(errorTable);
  assert.equal(await readFile(errorsFile, 'utf8'), errorsMarkdown(), 'run: node server/docs/errors-markdown.ts');
  for (const [code, { status, title }] of Object.entries(errorTable))
    assert.ok(errorsMarkdown().includes(`| \`${code}\` | ${status} | ${title} |`), code);
  assert.deepEqual(openApi.components.schemas.ErrorCode?.enum, codes);
  const onPage = [...page.matchAll(/<tr id="problem-([a-z-]+)">/g)].map((match) => match[1]);
  assert.deepEqual(onPage, codes);
});

test('[HTTP17] an operation names its errors under their statuses', () => {
  let named = 0;
  for (const { path, operation } of operations) {
    for (const [status, answer] of Object.entries(operation.responses)) {
      const codes = answer['x-codes'] ?? [];
      for (const code of codes) assert.equal(errorTable[code].status, Number(status), `${path} ${code}`);
      const { schema } = answer.content?.['application/problem+json'] ?? {};
      if (schema !== undefined) assert.deepEqual(schema.allOf?.[1]?.properties?.code, { enum: codes });
      named += codes.length;
    }
  }
  assert.ok(named > 20);
});

test('[HTTP17] the type of a problem leads to its entry', async () => {
  const { status, headers } = await api.as()('GET', '/problems/refresh-reused');
  assert.deepEqual([status, headers.get('location')], [303, '/docs#problem-refresh-reused']);
  assert.equal((await api.as()('GET', '/problems/%3Cscript%3E')).status, 404);
});

test('[HTTP18] the page has every route, no script, and loads nothing', () => {
  for (const { path, operation } of operations) {
    assert.ok(page.includes(`id="${operation.operationId}"`), operation.operationId);
    assert.ok(page.includes(`<span class="path">${path}</span>`), path);
  }
  assert.doesNotMatch(page, /<script|<link|<img|<iframe|javascript:|\son\w+=|url\(|@import|https?:\/\//i);
  const targets = [...page.matchAll(/href="#([^"]+)"/g)].map((match) => match[1]!);
  for (const target of targets) assert.ok(page.includes(`id="${target}"`), target);
});
