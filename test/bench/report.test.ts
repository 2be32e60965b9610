import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { barChart } from '../../src/bench/chart.ts';
import { reportPage } from '../../src/bench/page.ts';
import type { Report } from '../../src/bench/result.ts';
import { benchCommand } from '../../src/cli/bench/command.ts';
import { listJson } from '../../src/cli/bench/list.ts';
import { STEPS, type Steps } from '../../src/cli/bench/measure.ts';
import { entriesNamed, targetsOf } from '../../src/cli/bench/targets.ts';
import { reportText } from '../../src/cli/bench/text.ts';
import { report } from './sample.ts';

const withPeers: Report = {
  ...report,
  results: report.results.map((r) => ({ ...r, peers: [{ name: 'cuBLAS', ms: r.ms.median / 2, ratio: 0.5 }] })),
};

describe('the page', () => {
  const page = reportPage(withPeers);

  test('needs nothing from elsewhere, and shows names as text', () => {
    expect(page).not.toMatch(/<(script|link|img|iframe)\b|https?:|url\(|@import/);
    expect(page).toContain('NVIDIA &lt;H100&gt;');
    expect(page).not.toContain('<H100>');
  });

  test('has a chart of each operator in the unit that tells about it', () => {
    expect(page.match(/<svg /g)).toHaveLength(2);
    expect(page).toContain('344 TFLOP/s · tilec');
    expect(page).toContain('687 TFLOP/s · cuBLAS');
    expect(page).toContain('2684 GB/s · tilec');
    expect(page).toContain('roofline: 3016 GB/s');
  });

  test('says what was not measured', () => {
    expect(page).toContain('CudaError: no memory');
  });
});

test('a bar is as long as its value says', () => {
  const svg = barChart('t', 'GB/s', [
    {
      label: 'a',
      bars: [
        { name: 'x', value: 1000, own: true },
        { name: 'y', value: 250, own: false },
      ],
      limit: 2000,
    },
  ]);
  const widths = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map((m) => Number(m[1]));
  expect(widths[0]! / widths[1]!).toBeCloseTo(4, 1);
  const limit = Number(/class="limit"/.exec(svg) && /<line x1="([\d.]+)"[^>]*class="limit"/.exec(svg)![1]);
  const left = Number(/<rect x="([\d.]+)"/.exec(svg)![1]);
  expect((limit - left) / widths[0]!).toBeCloseTo(2, 1);
});

test('the table has a column for each peer, and says aloud what is wrong', () => {
  const bad = { ...withPeers, results: withPeers.results.map((r, i) => ({ ...r, badElements: i })) };
  const text = reportText(bad);
  expect(text).toMatch(/square-4k +0\.4000 ms +344 +252 +47 % +compute +168 +0 +0\.2000 ms ×0\.50$/m);
  expect(text).toMatch(/8192x8192.*WRONG: 1 elements not finite$/m);
  expect(text).toMatch(/rope partial: CudaError: no memory/);
  expect(text).toMatch(/one kernel +4\.25 µs/);
});

describe('tilec bench', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tilec-bench-test-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  afterEach(() => vi.restoreAllMocks());
  const flags = { workload: '8192x8192', define: ['rows=4', 'n=64'], device: 'cpu', repeat: 2 } as const;
  const printed = async (run: () => Promise<unknown>): Promise<string> => {
    let text = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      text += String(chunk);
      return true;
    });
    await run();
    vi.restoreAllMocks();
    return text;
  };

  test('writes what it prints, joined with peers', async () => {
    const [json, html, peers] = ['a.json', 'a.html', 'peers.json'].map((n) => join(folder, n)) as [
      string,
      string,
      string,
    ];
    const result = { op: 'softmax', workload: '8192x8192', peer: 'torch.compile', ms: 1 };
    writeFileSync(peers, JSON.stringify({ format: 1, ceilings: {}, results: [result], failures: [] }));
    const text = await printed(async () =>
      expect(await benchCommand(['softmax'], { ...flags, json, html, peers })).toBe(0),
    );
    const written = JSON.parse(readFileSync(json, 'utf8')) as Report;
    expect(written.device).toBe('cpu');
    expect(written.results).toHaveLength(1);
    expect(written.results[0]!.peers[0]!.ratio).toBeCloseTo(1 / written.results[0]!.ms.median, 10);
    expect(text).toContain('torch.compile');
    expect(readFileSync(html, 'utf8')).toContain('torch.compile');
  });

  test('goes on after a failure, tells it, and ends with 1', async () => {
    const steps: Steps = {
      ...STEPS,
      workload: async (entry, ...rest) => {
        if (entry.name === 'softmax') throw new Error('no memory');
        return STEPS.workload(entry, ...rest);
      },
    };
    const run = benchCommand(['softmax', 'silu-and-mul'], { ...flags, json: true }, steps);
    const text = await printed(async () => expect(await run).toBe(1));
    const { results, failures } = JSON.parse(text) as Report;
    expect(failures).toEqual([{ op: 'softmax', workload: '8192x8192', error: 'Error: no memory' }]);
    expect(results).toMatchObject([{ op: 'silu-and-mul', badElements: 0 }]);
  });

  test.each([
    [['gem'], {}, /no operator 'gem'; there are gqa-paged-prefill, .*all, overhead, compile/],
    [['gemm'], { workload: 'square' }, /gemm has no workload 'square'; there are square-4k/],
    [['softmax'], { define: ['k=3'] }, /softmax has no parameter, size or list 'k'.*there are n, dtype, rows/],
    [['softmax'], { device: 'gpu' }, /there is no device 'gpu'/],
    [['softmax'], { define: ['n=x'] }, /^softmax: n: expected an integer from 1 to \d+, got 'x'$/],
    [['softmax'], { define: ['rows=2.5'] }, /^softmax: rows: expected a size: a whole number from 1 on, got 2.5$/],
    [['softmax'], { peers: '/nowhere' }, /\/nowhere cannot be read as peers: ENOENT/],
    [['softmax'], { graph: true }, /^--graph is for GPUs/],
    [['softmax'], { tuned: true }, /^--tuned is for GPUs/],
    [[], { json: 'softmax' }, /^--json softmax would write a file of that name/],
    [[], { json: 'sofmax' }, /^--json sofmax would write a file of that name/],
    [['softmax'], { list: true, html: 'x.html' }, /^--list has no charts/],
    [['softmax'], { json: '/nowhere/x.json' }, /^\/nowhere\/x.json cannot be written: ENOENT/],
    [['softmax'], { html: '' }, /^'' cannot be written: a file needs a name$/],
    [['softmax'], { html: tmpdir() }, / cannot be written: it is a folder$/],
  ])('refuses %j %j', async (what, changed, message) => {
    await expect(benchCommand(what, { ...flags, ...changed })).rejects.toThrow(
      expect.objectContaining({ name: 'UsageError', message: expect.stringMatching(message) }),
    );
  });

  test('peers without ceilings are peers', async () => {
    const peers = join(folder, 'bare.json');
    writeFileSync(peers, JSON.stringify({ format: 1, results: [] }));
    await printed(async () => expect(await benchCommand(['softmax'], { ...flags, peers })).toBe(0));
  });

  test.runIf(existsSync('/dev/full'))('a report that cannot be written is shown, and the end is 1', async () => {
    const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const run = benchCommand(['softmax'], { ...flags, json: '/dev/full' });
    const text = await printed(async () => expect(await run).toBe(1));
    expect(text).toMatch(/8192x8192 +[\d.]+ ms/);
    expect(String(told.mock.lastCall)).toContain('error: /dev/full cannot be written: ENOSPC');
  });

  test('what is listed goes into a file too', async () => {
    const json = join(folder, 'list.json');
    const text = await printed(() => benchCommand(['softmax'], { ...flags, list: true, json }));
    expect(text).toMatch(/^softmax +8192x8192/m);
    expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({ workloads: [{ op: 'softmax', env: { rows: 4 } }] });
  });

  test.runIf(!existsSync('/dev/nvidiactl'))(
    'without a GPU says so, and what the command line does without',
    async () => {
      await expect(benchCommand(['softmax'], { ...flags, device: 'cuda' })).rejects.toMatchObject({
        name: 'EnvironmentError',
        message: expect.stringMatching(/\. --device cpu times the CPU backend instead/),
      });
      await expect(benchCommand(['softmax'], { ...flags, device: 'cuda' })).rejects.not.toThrow(/device: 'cpu'/);
    },
  );
});

test('--list gives other programs what a workload is made of', async () => {
  const [target] = targetsOf(entriesNamed('gqa-paged-decode'), 'batch32-4k', ['lens=70', 'batch=3']);
  const { workloads } = listJson([target!]);
  expect(workloads[0]).toMatchObject({
    op: 'gqa-paged-decode',
    workload: 'batch32-4k',
    env: { heads: 32, cacheDtype: 'f8e4m3', lens: [70, 70, 70], numPages: 6 },
    flops: 4 * 32 * 128 * 210,
  });
});
