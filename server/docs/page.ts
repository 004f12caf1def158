import { errorTable } from '#contract/errors.ts';
import type { Answer, OpenApi, Operation, Parameter } from '../http/openapi.ts';
import { type Markup, markup, prose } from './markup.ts';
import { schemaText } from './schema-text.ts';
import { style } from './style.ts';

type Entry = { method: string; path: string; operation: Operation };

/** The OpenAPI document as one HTML page, without scripts and without anything from elsewhere. */
export function renderDocs(openApi: OpenApi): string {
  const entries: Entry[] = Object.entries(openApi.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ method, path, operation })),
  );
  const groups = openApi.tags.map(({ name }) => ({
    name,
    entries: entries.filter(({ operation }) => operation.tags[0] === name),
  }));
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${openApi.info.title} API</title>
<style>${{ html: style }}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<div class="frame">
<nav aria-label="Contents">${groups.map(groupLinks)}
<h2>Reference</h2><ul><li><a href="#schemas">Schemas</a></li><li><a href="#errors">Errors</a></li></ul></nav>
<main id="content">
<h1>${openApi.info.title} API</h1>
<p>${openApi.info.description} Version ${openApi.info.version}, as <a href="/openapi.json">OpenAPI 3.1</a>.</p>
<p>Bodies are JSON in UTF-8, times ISO 8601 in UTC. Routes marked <span class="key">access token</span> take
<code>Authorization: Bearer …</code>. Every error is <a href="#errors">problem+json</a> with a stable <code>code</code>.</p>
${groups.map(groupSection)}
<h2 id="schemas">Schemas</h2>
${Object.entries(openApi.components.schemas).map(
  ([name, schema]) => markup`<section id="schema-${name}"><h3>${name}</h3>
${schema.description === undefined ? '' : markup`<p>${prose(schema.description)}</p>`}<pre>${schemaText(schema)}</pre></section>`,
)}
<h2 id="errors">Errors</h2>
${errorsTable()}
</main>
</div>
</body>
</html>
`.html;
}

function groupLinks({ name, entries }: { name: string; entries: Entry[] }): Markup {
  return markup`
<h2>${name}</h2><ul>${entries.map(
    ({ operation }) => markup`<li><a href="#${operation.operationId}">${operation.summary}</a></li>`,
  )}</ul>`;
}

function groupSection({ name, entries }: { name: string; entries: Entry[] }): Markup {
  return markup`<h2>${name}</h2>${entries.map(entrySection)}`;
}

function entrySection({ method, path, operation }: Entry): Markup {
  const { operationId, summary, description, security, parameters, requestBody } = operation;
  const responses = Object.entries(operation.responses);
  return markup`
<section id="${operationId}" aria-labelledby="${operationId}-title">
<h3 id="${operationId}-title"><span class="verb ${method}">${method.toUpperCase()}</span> <span class="path">${path}</span>${
    security.length > 0 ? markup` <span class="key">access token</span>` : ''
  }</h3>
<p>${prose(summary)}${summary.endsWith('?') ? '' : '.'}${description === undefined ? '' : markup` ${prose(description)}`}</p>
${parametersTable(parameters)}${
    requestBody === undefined
      ? ''
      : markup`<h4>Body${requestBody.required ? '' : ', optional'}</h4>${contentText(requestBody.content)}`
  }
${responses
  .filter(([, answer]) => answer['x-codes'] === undefined)
  .map(
    ([status, { description: about, content = {} }]) =>
      markup`<h4>${status} ${prose(about)}</h4>${contentText(content)}`,
  )}
<h4>Errors</h4>
<ul class="errors">${responses.flatMap(([status, answer]) =>
    (answer['x-codes'] ?? []).map((code) => markup`<li>${status} <a href="#problem-${code}">${code}</a></li>`),
  )}</ul>
</section>`;
}

function parametersTable(parameters: readonly Parameter[]): Markup {
  if (parameters.length === 0) return markup``;
  return markup`<h4>Parameters</h4><div class="wide"><table><tr><th>Name</th><th>In</th><th>Type</th><th>Meaning</th></tr>${parameters.map(
    (parameter) =>
      markup`<tr><td><code>${parameter.name}</code>${parameter.required ? '' : ' (optional)'}</td><td>${parameter.in}</td><td>${schemaText(parameter.schema)}</td><td>${prose(parameter.description)}</td></tr>`,
  )}</table></div>`;
}

function contentText(content: NonNullable<Answer['content']>): Markup {
  return markup`${Object.entries(content).map(([type, { schema }]) =>
    type === 'application/json' ? markup`<pre>${schemaText(schema)}</pre>` : markup`<pre>${type}</pre>`,
  )}`;
}

function errorsTable(): Markup {
  return markup`<div class="wide"><table><tr><th>Code</th><th>Status</th><th>Title</th></tr>${Object.entries(
    errorTable,
  ).map(
    ([code, { status, title }]) =>
      markup`<tr id="problem-${code}"><td><code>${code}</code></td><td>${status}</td><td>${title}</td></tr>`,
  )}</table></div>`;
}
