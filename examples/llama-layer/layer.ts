/**
 * One layer of a Llama-class model, from the operators of tilec. (Outside of this repository they come from 'tilec/ops'.)
 *
 * An operator is made once, of the sizes that choose its kernels. Its calls bring tensors, whose other sizes (tokens,
 * requests, pages) may be anything, and compile nothing anew.
 */
import { type DeviceName, f32, Tensor } from 'tilec';
import {
  AddRmsNorm,
  AppendPagedKv,
  Gemm,
  GqaPagedDecode,
  GqaPagedPrefill,
  type KernelConfig,
  RmsNorm,
  Rope,
  type RunOptions,
  SiluAndMul,
  type Workspace,
} from '../../src/ops/index.ts';
import type { Batch } from './batch.ts';
import type { PagedCache } from './cache.ts';
import { DTYPES, type LayerConfig, rotaryTables, type Weights, weightShapes } from './model.ts';

export interface LayerOptions {
  readonly device: DeviceName;
  /** The most tokens of a step. */
  readonly mostTokens: number;
  /** The most tokens of a request. */
  readonly positions: number;
}

/** On the CPU, where what pads a tile is computed like the rest, tiles that suit a few dozen tokens. */
const CPU_GEMM: KernelConfig = { BM: 16, BN: 64, BK: 64, threads: 64, numStages: 1 };
const CPU_PREFILL: KernelConfig = { BM: 32, BN: 32, threads: 64, numStages: 1 };

type WeightTensors = { readonly [N in keyof Weights]: Tensor };
const BUFFERS = ['normed', 'q', 'rotated', 'k', 'v', 'attended', 'projected', 'gateUp', 'activated'] as const;
/** What says where the tokens of a batch lie, as tensors or on the host. */
const indices = <V>(of: Readonly<Record<'cuSeqlensQ' | 'cacheSeqlens' | 'blockTable', V>>) => ({
  cuSeqlensQ: of.cuSeqlensQ,
  cacheSeqlens: of.cacheSeqlens,
  blockTable: of.blockTable,
});

/** What lies between the operators: the first `tokens` rows of buffers that are as large as any step needs. */
type Buffers = Readonly<Record<(typeof BUFFERS)[number], Tensor>>;

export class LlamaLayer {
  readonly #norm: RmsNorm;
  readonly #addNorm: AddRmsNorm;
  /** One operator for all matrices: M, N and K are run-time sizes. */
  readonly #linear: Gemm;
  readonly #prefillAttention: GqaPagedPrefill;
  readonly #append: AppendPagedKv;
  readonly #rope: Rope;
  readonly #decodeAttention: GqaPagedDecode;
  readonly #siluAndMul: SiluAndMul;
  readonly #config: LayerConfig;
  readonly #cache: PagedCache;
  readonly #weights: WeightTensors;
  readonly #rotary: { readonly cos: Tensor; readonly sin: Tensor };
  readonly #buffers: Buffers;
  /** Scratch memory of the decode operator. */
  #workspace: Workspace | undefined;

  private constructor(
    c: LayerConfig,
    cache: PagedCache,
    o: LayerOptions,
    weights: WeightTensors,
    rotary: { readonly cos: Tensor; readonly sin: Tensor },
  ) {
    const { hidden, heads, headsKv, dim, ffn, pageSize, dtype, eps } = c;
    const tiles = (config: KernelConfig) => (o.device === 'cpu' ? { config } : {});
    const paged = { headsKv, dim, pageSize, dtype, cacheDtype: 'f8e4m3' } as const;
    this.#norm = new RmsNorm({ n: hidden, dtype, eps });
    this.#addNorm = new AddRmsNorm({ n: hidden, dtype, eps });
    this.#linear = new Gemm({ dtype, transposeB: true }, tiles(CPU_GEMM));
    this.#prefillAttention = new GqaPagedPrefill({ heads, ...paged, rotaryDim: dim }, tiles(CPU_PREFILL));
    this.#append = new AppendPagedKv({ ...paged, rotaryDim: dim });
    this.#rope = new Rope({ heads, dim, dtype });
    this.#decodeAttention = new GqaPagedDecode({ heads, ...paged });
    this.#siluAndMul = new SiluAndMul({ n: ffn, dtype });
    this.#config = c;
    this.#cache = cache;
    this.#weights = weights;
    this.#rotary = rotary;
    const buffer = (...row: number[]) => Tensor.empty([o.mostTokens, ...row], DTYPES[dtype], { device: o.device });
    this.#buffers = {
      normed: buffer(hidden),
      q: buffer(heads, dim),
      rotated: buffer(heads, dim),
      k: buffer(headsKv, dim),
      v: buffer(headsKv, dim),
      attended: buffer(heads, dim),
      projected: buffer(hidden),
      gateUp: buffer(2 * ffn),
      activated: buffer(ffn),
    };
  }

  static async create(c: LayerConfig, values: Weights, cache: PagedCache, o: LayerOptions): Promise<LlamaLayer> {
    const shapes = weightShapes(c);
    const weights: Record<string, Tensor> = {};
    for (const name of Object.keys(shapes) as (keyof Weights)[])
      weights[name] = await Tensor.from(values[name], DTYPES[c.dtype], shapes[name]).to(o.device);
    const { cos, sin } = rotaryTables(c, o.positions);
    const table = (values: Float32Array<ArrayBuffer>) =>
      Tensor.from(values, f32, [o.positions, c.dim / 2]).to(o.device);
    return new LlamaLayer(c, cache, o, weights as WeightTensors, { cos: await table(cos), sin: await table(sin) });
  }

  /**
   * Chunks of prompts, packed: hidden states [tokens, hidden] in, those behind the layer out, in place. Attention reads old
   * tokens from the cache and the chunk's own as they are, and appends the chunk to the cache.
   */
  async prefill(states: Tensor, { tensors, host }: Batch): Promise<void> {
    const a = this.#first(states.shape[0]!);
    await this.#project(states, a);
    await this.#prefillAttention.run(
      { q: a.q, kNew: a.k, vNew: a.v, ...this.#cached, ...indices(tensors), ...this.#rotary, out: a.attended },
      { host: { ...indices(host), ...this.#scales } },
    );
    await this.#finish(states, a);
  }

  /**
   * One token of each request: the cache takes it first, then attention reads it from there like the rest. With `trusted`
   * nothing of the paged calls is checked: the batch was planned by code whose first steps have been. That costs
   * nothing and reads nothing, so it is also how a step is captured in a graph.
   */
  async decode(states: Tensor, { tensors, host }: Batch, trusted: boolean): Promise<void> {
    const validate: RunOptions['validate'] = trusted ? 'none' : 'full';
    const a = this.#first(states.shape[0]!);
    await this.#project(states, a);
    const { cacheSeqlens, after, blockTable } = tensors;
    await this.#append.run(
      { kNew: a.k, vNew: a.v, ...this.#cached, ...indices(tensors), ...this.#rotary },
      { validate, host: { ...indices(host), ...this.#scales } },
    );
    // The append has rotated the keys. The queries' position is the number of tokens before.
    await this.#rope.run(
      { x: a.q, positions: cacheSeqlens, ...this.#rotary, out: a.rotated },
      { validate, host: { positions: host.cacheSeqlens } },
    );
    const call = { q: a.rotated, ...this.#cached, cacheSeqlens: after, blockTable, out: a.attended };
    if (!this.#workspace) {
      // It depends on the number of requests and their page tables' columns: one will do for all steps.
      await this.#decodeAttention.prepare(call);
      this.#workspace = this.#decodeAttention.workspace(call);
    }
    await this.#decodeAttention.run(call, {
      validate,
      workspace: this.#workspace,
      host: { cacheSeqlens: host.after, blockTable: host.blockTable, ...this.#scales },
    });
    await this.#finish(states, a);
  }

  /** Queries, keys and values of normalised states. */
  async #project(states: Tensor, a: Buffers): Promise<void> {
    const w = this.#weights;
    await this.#norm.run({ x: states, weight: w.attentionNorm, out: a.normed });
    await this.#multiply(a.normed, w.wq, a.q);
    await this.#multiply(a.normed, w.wk, a.k);
    await this.#multiply(a.normed, w.wv, a.v);
  }

  /** All behind attention. An addition and the norm behind it are one operator: `states` takes in each part's result. */
  async #finish(states: Tensor, a: Buffers): Promise<void> {
    const w = this.#weights;
    await this.#multiply(a.attended, w.wo, a.projected);
    await this.#addNorm.run({ x: a.projected, residual: states, weight: w.ffnNorm, out: a.normed });
    await this.#multiply(a.normed, w.wGateUp, a.gateUp);
    await this.#siluAndMul.run({ x: a.gateUp, out: a.activated });
    await this.#multiply(a.activated, w.wDown, a.projected);
    // `normed` is now what the next layer would multiply.
    await this.#addNorm.run({ x: a.projected, residual: states, weight: w.nextNorm, out: a.normed });
  }

  /** out = x · wᵀ; heads are columns like any other. */
  async #multiply(x: Tensor, w: Tensor, out: Tensor): Promise<void> {
    const rows = x.shape[0]!;
    await this.#linear.run({ a: x.reshape([rows, -1]), b: w, out: out.reshape([rows, -1]) });
  }

  #first(tokens: number): Buffers {
    const views = BUFFERS.map((name) => [name, this.#buffers[name].slice(0, tokens)] as const);
    return Object.fromEntries(views) as unknown as Buffers;
  }

  get #cached(): Pick<PagedCache, 'kPages' | 'vPages' | 'kScale' | 'vScale'> {
    const { kPages, vPages, kScale, vScale } = this.#cache;
    return { kPages, vPages, kScale, vScale };
  }
  get #scales(): { readonly kScale: readonly number[]; readonly vScale: readonly number[] } {
    return { kScale: [this.#config.kScale], vScale: [this.#config.vScale] };
  }
}
