/**
 * Lesson 6: two programs in one text. What is known while compiling is evaluated then; the rest becomes the kernel.
 *
 * An expression made only of host values, such as options, constants and what host functions return, is computed by the
 * compiler. An `if` on such a value leaves one of its branches, and a `for` over a host array unrolls. So a kernel is a
 * template, with TypeScript itself as the template language. Reuse within kernels is what macros are for: they are inlined,
 * and take tiles, elements and host values alike.
 */
import { dim, type f32 as F32, type Fragment, f32, kernel, macro, scalar, T, Tensor, tensor } from 'tilec';
import { check, device } from './support.ts';

type Activation = 'none' | 'relu' | 'silu';

/** A host function: called while compiling, with host values. This one finds coefficients that the kernel has as numbers. */
function taylorOfExp(degree: number): number[] {
  const coefficients = [1];
  for (let k = 1; k <= degree; k++) coefficients.push(coefficients[k - 1]! / k);
  return coefficients;
}

/** A macro on elements: Horner's rule. The array is a host value, so the loop is unrolled into a chain of multiply-adds. */
const polynomial = macro((x: F32, coefficients: readonly number[]) => {
  // A device scalar: `let` with a dtype. Without one, `y` would be a host value, which a device value cannot be assigned to.
  let y: f32 = 0;
  for (const c of coefficients.toReversed()) y = y * x + c;
  return y;
});

/** A macro on a whole tile. Its tiles have shapes, which are host values too. */
const activate = macro((x: Fragment<'f32', 1>, activation: Activation) => {
  const [N] = x.shape;
  // No `if` is left of this in the kernel.
  if (activation === 'relu') for (const [i] of T.Parallel(N)) x[i] = T.max(x[i], 0);
  else if (activation === 'silu') for (const [i] of T.Parallel(N)) x[i] = x[i] * T.sigmoid(x[i]);
});

/** out = activation(gain · p(x) + bias), p being the Taylor polynomial of exp. `bias` is a parameter only if asked for. */
export function fused({ degree = 6, activation = 'silu' as Activation, bias = true, block = 256 } = {}) {
  const n = dim('n');
  const coefficients = taylorOfExp(degree);
  return kernel(
    {
      x: tensor(f32, [n]),
      ...(bias ? { bias: tensor(f32, [n]) } : {}),
      gain: scalar(f32), // a run-time number, passed at each call
      out: tensor(f32, [n]),
    },
    ({ x, bias: b, gain, out }) => {
      const [bx] = T.grid([T.ceilDiv(n, block)], { threads: 128 });
      const tile = T.fragment(f32, [block]);
      T.copy(x.tile([bx * block], [block]), tile);
      for (const [i] of T.Parallel(block)) tile[i] = gain * polynomial(tile[i], coefficients);
      // A parameter that this kernel does not have is `undefined`: a host value, and a condition like any other.
      if (b) {
        const added = T.fragment(f32, [block]);
        T.copy(b.tile([bx * block], [block]), added);
        for (const [i] of T.Parallel(block)) tile[i] += added[i];
      }
      activate(tile, activation);
      T.copy(tile, out.tile([bx * block], [block]));
    },
  );
}

const length = 1000;
const gain = 0.5;
const x = await Tensor.random([length], f32, { seed: 1 }).to(device);
const bias = await Tensor.random([length], f32, { seed: 2 }).to(device);
const [xs, biases] = [await x.toFloat64Array(), await bias.toFloat64Array()];
const p = (v: number): number => taylorOfExp(6).reduce((sum, c, k) => sum + c * v ** k, 0);

const out = Tensor.full([length], Number.NaN, f32, { device });
await fused()({ x, bias, gain, out });
const silu = xs.map((v, i) => {
  const y = gain * p(v) + biases[i]!;
  return y / (1 + Math.exp(-y));
});
await check('with a bias, silu', out, silu, { atol: 1e-6 });

out.fill(Number.NaN);
await fused({ bias: false, activation: 'none' })({ x, gain, out });
await check(
  'without, plain',
  out,
  xs.map((v) => gain * p(v)),
  { atol: 1e-6 },
);
