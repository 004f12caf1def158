import assert from 'node:assert/strict';
import test from 'node:test';
import { createMetrics } from './metrics.ts';

test('[OPS10] every series is named lectern_*, those of the Node process too', async () => {
  const metrics = createMetrics();
  metrics.counter({ name: 'lectern_test_total', help: 'h', labels: ['reason'] }).inc({ reason: 'too-large' }, 2);
  metrics.histogram({ name: 'lectern_test_seconds', help: 'h', buckets: [0.1, 1] }).observe(0.5);
  const text = await metrics.text();
  const names = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  assert.ok(names.length > 20);
  assert.deepEqual(
    names.filter((line) => !line.startsWith('lectern_')),
    [],
  );
  assert.match(text, /^lectern_test_total\{reason="too-large"\} 2$/m);
  assert.match(text, /^lectern_test_seconds_bucket\{le="1"\} 1$/m);
  assert.match(text, /^lectern_process_cpu_seconds_total /m);
});

test('[OPS15] a gauge that collects is asked anew at every scrape, and a name is made once', async () => {
  const metrics = createMetrics();
  let open = 3;
  metrics.gauge({ name: 'lectern_test_open', help: 'h', collect: () => open });
  assert.match(await metrics.text(), /^lectern_test_open 3$/m);
  open = 5;
  assert.match(await metrics.text(), /^lectern_test_open 5$/m);
  assert.throws(() => metrics.counter({ name: 'lectern_test_open', help: 'h' }), /already been registered/);
});

test('[OPS16] two registries in one process share nothing', async () => {
  const [left, right] = [createMetrics(), createMetrics()];
  left.counter({ name: 'lectern_test_total', help: 'h' }).inc();
  right.counter({ name: 'lectern_test_total', help: 'h' });
  assert.match(await left.text(), /^lectern_test_total 1$/m);
  assert.match(await right.text(), /^lectern_test_total 0$/m);
});
