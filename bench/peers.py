#!/usr/bin/env python3
"""PyTorch's own ways to do the work of tilec's workloads, timed on the same machine in the same manner.

    tilec bench --list --json > workloads.json
    python3 bench/peers.py --workloads workloads.json --out peers.json
    tilec bench --peers peers.json

Each time is the median of 20 CUDA-event times after 3 that do not count, each behind a write over 256 MiB (nothing of the
inputs is in the L2 cache) and a spin of 0.2 ms (launches are queued ahead of the GPU). Inputs are random normal numbers.
"(gathered)": K and V were made contiguous and dequantised beforehand; "gather + …": that is part of the time.
What cannot be measured is recorded with its error. The script starts nothing new once its time is spent.
"""

import argparse
import datetime
import json
import time

import torch
import torch.nn.functional as F

ITERATIONS = 20
WARMUP = 3
FLUSH_BYTES = 256 * 2**20
SPIN_CYCLES = 400_000
COPY_BYTES = 2**30

DTYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16, "f8e4m3": torch.float8_e4m3fn}
E4M3_MAX = 448.0


class Machine:
    """Where work runs, and how long it takes there, in milliseconds."""

    def __init__(self, device):
        self.device = device
        self.gpu = device == "cuda"
        self.scratch = torch.empty(FLUSH_BYTES if self.gpu else 1, dtype=torch.int8, device=device)

    def median(self, work):
        for _ in range(WARMUP):
            work()
        if not self.gpu:
            times = []
            for _ in range(ITERATIONS):
                start = time.perf_counter()
                work()
                times.append((time.perf_counter() - start) * 1e3)
        else:
            pairs = [(torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)) for _ in range(ITERATIONS)]
            torch.cuda.synchronize()
            for start, end in pairs:
                self.scratch.zero_()
                torch.cuda._sleep(SPIN_CYCLES)
                start.record()
                work()
                end.record()
            torch.cuda.synchronize()
            times = [start.elapsed_time(end) for start, end in pairs]
        times.sort()
        middle = len(times) // 2
        return (times[middle - 1] + times[middle]) / 2 if len(times) % 2 == 0 else times[middle]

    def normal(self, shape, dtype, scale=1.0):
        """Made in pieces: the f32 numbers of a large tensor need not all be there at once."""
        out = torch.empty(shape, dtype=dtype, device=self.device)
        flat = out.view(-1)
        for part in flat.split(2**26):
            part.copy_(torch.randn(part.shape, device=self.device) * scale)
        return out

    def free(self):
        if self.gpu:
            torch.cuda.empty_cache()


# ------------------------------------------------------------------------------------------------------------- products


def gemm(m, e):
    """Yields (peer, work)."""
    dtype, out_dtype = DTYPES[e["dtype"]], DTYPES[e["outDtype"]]
    a = m.normal([e["k"], e["m"]] if e["transposeA"] else [e["m"], e["k"]], dtype, 0.5)
    b = m.normal([e["n"], e["k"]] if e["transposeB"] else [e["k"], e["n"]], dtype, 0.5)
    left = a.t() if e["transposeA"] else a
    right = b.t() if e["transposeB"] else b
    if not e["hasBias"] and e["activation"] == "none":
        out = torch.empty([e["m"], e["n"]], dtype=out_dtype, device=m.device)
        yield "cuBLAS", lambda: torch.mm(left, right, out=out)
        return
    bias = m.normal([e["n"]], out_dtype)
    act = {"none": lambda x: x, "relu": F.relu, "gelu": F.gelu, "silu": F.silu}[e["activation"]]
    yield "cuBLAS, then eager", lambda: act(torch.addmm(bias, left, right) if e["hasBias"] else left @ right)


# ------------------------------------------------------------------------------------------------------------ attention


def backend(name):
    from torch.nn.attention import SDPBackend, sdpa_kernel

    return sdpa_kernel(getattr(SDPBackend, name))


def sdpa(name, q, k, v, causal, scale):
    with backend(name):
        return F.scaled_dot_product_attention(q, k, v, is_causal=causal, scale=scale, enable_gqa=q.shape[1] != k.shape[1])


def cudnn(q, k, v, causal, scale):
    """Where cuDNN is not offered for grouped heads, keys and values are repeated beforehand."""
    try:
        sdpa("CUDNN_ATTENTION", q, k, v, causal, scale)
    except RuntimeError:
        k, v = (x.repeat_interleave(q.shape[1] // x.shape[1], 1) for x in (k, v))
    return lambda: sdpa("CUDNN_ATTENTION", q, k, v, causal, scale)


def gqa_forward(m, e):
    dtype = DTYPES[e["dtype"]]
    q = m.normal([e["batch"], e["heads"], e["seq"], e["dim"]], dtype)
    k = m.normal([e["batch"], e["headsKv"], e["seq"], e["dim"]], dtype)
    v = m.normal([e["batch"], e["headsKv"], e["seq"], e["dim"]], dtype)
    args = (q, k, v, e["isCausal"], e["smScale"])
    yield "SDPA flash", lambda: sdpa("FLASH_ATTENTION", *args)
    yield "SDPA cuDNN", cudnn(*args)


class Cache:
    """A paged cache with shuffled pages, and how PyTorch makes one contiguous K and V of it and of new tokens."""

    def __init__(self, m, e, old, new):
        self.dtype, self.cache_dtype = DTYPES[e["dtype"]], DTYPES[e["cacheDtype"]]
        self.fp8 = e["cacheDtype"] == "f8e4m3"
        page = e["pageSize"]
        shape = [e["numPages"] * page, e["headsKv"], e["dim"]]
        self.k_pages, self.v_pages = (m.normal(shape, self.cache_dtype, 0.5) for _ in range(2))
        self.k_new, self.v_new = (m.normal([sum(new), *shape[1:]], self.dtype, 0.5) for _ in range(2))
        self.scale = torch.full([1], 0.02, device=m.device)
        order = torch.randperm(e["numPages"])
        slots, rows_old, rows_new, first, taken = [], [], [], 0, 0
        for o, n in zip(old, new):
            count = -(-(o + n) // page)
            pages = order[taken : taken + count]
            taken += count
            at = torch.arange(o)
            slots.append(pages[at // page] * page + at % page)
            rows_old.append(first + at)
            rows_new.append(first + o + torch.arange(n))
            first += o + n
        on = lambda parts: torch.cat(parts).to(m.device)
        self.slots, self.rows_old, self.rows_new = on(slots), on(rows_old), on(rows_new)
        self.k = torch.empty([first, *shape[1:]], dtype=self.dtype, device=m.device)
        self.v = torch.empty_like(self.k)
        self.gather()

    def _dequantised(self, pages):
        if not self.fp8:
            return pages[self.slots]
        codes = pages.view(torch.uint8)[self.slots].view(self.cache_dtype)
        return (codes.float() * self.scale).to(self.dtype)

    def gather(self):
        self.k.index_copy_(0, self.rows_old, self._dequantised(self.k_pages))
        self.v.index_copy_(0, self.rows_old, self._dequantised(self.v_pages))
        self.k.index_copy_(0, self.rows_new, self.k_new)
        self.v.index_copy_(0, self.rows_new, self.v_new)

    def batched(self, batch):
        """[batch, headsKv, length, dim], where all requests are equally long."""
        return [x.view(batch, -1, *x.shape[1:]).transpose(1, 2) for x in (self.k, self.v)]


def sums(lengths, device):
    return torch.tensor([0, *lengths], dtype=torch.int32).cumsum(0, dtype=torch.int32).to(device)


def paged_prefill(m, e):
    old, new, heads, dim = e["oldLens"], e["newLens"], e["heads"], e["dim"]
    batch = e["batch"]
    cache = Cache(m, e, old, new)
    q = m.normal([sum(new), heads, dim], cache.dtype, 0.5)
    lengths = [o + n for o, n in zip(old, new)]
    uniform = len(set(new)) == 1 and len(set(old)) == 1
    q_batched = q.view(batch, -1, heads, dim).transpose(1, 2) if uniform else None
    if e["softcap"] == 0:
        cu_q, cu_k = sums(new, m.device), sums(lengths, m.device)

        def flash():
            # Causal is aligned to the bottom right here.
            return torch.ops.aten._flash_attention_forward(
                q, cache.k, cache.v, cu_q, cu_k, max(new), max(lengths), 0.0, e["isCausal"], False, scale=e["smScale"]
            )

        def whole():
            cache.gather()
            return flash()

        yield "flash (gathered)", flash
        yield "gather + flash", whole
        if uniform:
            k, v = cache.batched(batch)
            # cuDNN aligns causal to the top left: without old tokens that is the same, with them nothing is masked.
            causal = e["isCausal"] and old[0] == 0
            name = "cuDNN (gathered)" if causal or not e["isCausal"] else "cuDNN unmasked (gathered)"
            yield name, cudnn(q_batched, k, v, causal, e["smScale"])
    if uniform:
        yield "Flex (gathered)", lambda: flex(m, e, q_batched, *cache.batched(batch), old[0])


def flex(m, e, q, k, v, old):
    """Made on the first call, which compiles."""
    key = tuple(q.shape) + tuple(k.shape) + (e["softcap"], e["isCausal"])
    if key not in FLEX:
        from torch.nn.attention.flex_attention import create_block_mask, flex_attention

        cap = e["softcap"]
        mask = create_block_mask(lambda b, h, i, j: i + old >= j, None, None, q.shape[2], k.shape[2], device=m.device)
        score = (lambda s, b, h, i, j: cap * torch.tanh(s / cap)) if cap > 0 else None
        compiled = torch.compile(flex_attention, dynamic=False)
        FLEX[key] = lambda q, k, v: compiled(
            q, k, v, score_mod=score, block_mask=mask if e["isCausal"] else None, scale=e["smScale"], enable_gqa=q.shape[1] != k.shape[1]
        )
    return FLEX[key](q, k, v)


FLEX = {}


def paged_decode(m, e):
    lens, batch = e["lens"], e["batch"]
    cache = Cache(m, e, lens, [0] * batch)
    q = m.normal([batch, e["heads"], 1, e["dim"]], cache.dtype, 0.5)
    if len(set(lens)) > 1 or e["softcap"] > 0:
        return
    k, v = cache.batched(batch)

    def flash():
        return sdpa("FLASH_ATTENTION", q, k, v, False, e["smScale"])

    def whole():
        cache.gather()
        return flash()

    yield "flash (gathered)", flash
    yield "gather + flash", whole


# ------------------------------------------------------------------------------------------------------- over elements


def compiled(function, *args):
    """`torch.compile` of a function of tensors that writes nothing."""
    fast = torch.compile(function, dynamic=False)
    return lambda: fast(*args)


def rms_norm(m, e):
    dtype, n = DTYPES[e["dtype"]], e["n"]
    x, w = m.normal([e["rows"], n], dtype), m.normal([n], dtype)
    yield "torch.compile", compiled(lambda x, w: F.rms_norm(x, (n,), w, e["eps"]), x, w)
    yield "eager", lambda: F.rms_norm(x, (n,), w, e["eps"])


def add_rms_norm(m, e):
    dtype, n = DTYPES[e["dtype"]], e["n"]
    x, r, w = m.normal([e["rows"], n], dtype), m.normal([e["rows"], n], dtype), m.normal([n], dtype)

    def function(x, r, w):
        total = r + x
        return total, F.rms_norm(total, (n,), w, e["eps"])

    yield "torch.compile", compiled(function, x, r, w)


def softmax(m, e):
    x = m.normal([e["rows"], e["n"]], DTYPES[e["dtype"]])
    yield "torch.compile", compiled(lambda x: torch.softmax(x, -1), x)
    yield "eager", lambda: torch.softmax(x, -1)


def silu_and_mul(m, e):
    n = e["n"]
    x = m.normal([e["rows"], 2 * n], DTYPES[e["dtype"]])
    yield "torch.compile", compiled(lambda x: (F.silu(x[:, :n].float()) * x[:, n:].float()).to(x.dtype), x)


def rotate(x, cos, sin, rotary):
    """NeoX halves; cos and sin [tokens, rotary / 2]."""
    half = rotary // 2
    low, high = x[..., :half].float(), x[..., half:rotary].float()
    c, s = cos[:, None], sin[:, None]
    return torch.cat([(low * c - high * s).to(x.dtype), (high * c + low * s).to(x.dtype), x[..., rotary:]], -1)


def tables(m, positions, rotary):
    angle = torch.arange(positions)[:, None] * 10000.0 ** (-torch.arange(rotary // 2) / (rotary // 2))
    return angle.cos().to(m.device), angle.sin().to(m.device)


def rope(m, e):
    x = m.normal([e["tokens"], e["heads"], e["dim"]], DTYPES[e["dtype"]])
    positions = torch.randint(e["maxPosition"], [e["tokens"]], device=m.device)
    cos, sin = tables(m, e["maxPosition"], e["rotaryDim"])
    yield "torch.compile", compiled(lambda x, p, c, s: rotate(x, c[p], s[p], e["rotaryDim"]), x, positions, cos, sin)


def quantised(x, scale):
    return (x.float() / scale).clamp(-E4M3_MAX, E4M3_MAX).to(torch.float8_e4m3fn)


def quantize_rows(m, e):
    def function(x):
        scale = x.abs().amax(-1, keepdim=True).float() / E4M3_MAX
        return quantised(x, scale), scale

    yield "torch.compile", compiled(function, m.normal([e["rows"], e["n"]], DTYPES[e["dtype"]]))


def quantize_tensor(m, e):
    def function(x):
        scale = x.abs().amax().float() / E4M3_MAX
        return quantised(x, scale), scale

    yield "torch.compile", compiled(function, m.normal([e["rows"], e["n"]], DTYPES[e["dtype"]]))


def append(m, e):
    cache = Cache(m, e, e["oldLens"], [0] * e["batch"])
    new, rotary = e["newLens"], e["rotaryDim"]
    total = sum(new)
    k, v = (m.normal([total, e["headsKv"], e["dim"]], cache.dtype, 0.5) for _ in range(2))
    free = torch.randperm(cache.k_pages.shape[0])[:total].to(m.device)
    position = torch.cat([o + torch.arange(n) for o, n in zip(e["oldLens"], new)]).to(m.device)
    cos, sin = tables(m, e["maxPosition"], rotary)
    store = (lambda x: quantised(x, cache.scale).view(torch.uint8)) if cache.fp8 else (lambda x: x)
    raw = lambda pages: pages.view(torch.uint8) if cache.fp8 else pages

    def function(k, v, k_pages, v_pages, slots, p, c, s):
        k_pages[slots] = store(rotate(k, c[p], s[p], rotary) if rotary else k)
        v_pages[slots] = store(v)

    yield "torch.compile", compiled(function, k, v, raw(cache.k_pages), raw(cache.v_pages), free, position, cos, sin)


# In the order of what is worth most if the time runs out.
PEERS = {
    "gemm": gemm,
    "gqa-forward": gqa_forward,
    "gqa-paged-prefill": paged_prefill,
    "gqa-paged-decode": paged_decode,
    "rms-norm": rms_norm,
    "softmax": softmax,
    "silu-and-mul": silu_and_mul,
    "rope": rope,
    "quantize-fp8-rows": quantize_rows,
    "quantize-fp8-tensor": quantize_tensor,
    "add-rms-norm": add_rms_norm,
    "append-paged-kv": append,
}
# What compiles for long comes last.
LAST = "Flex"


def ceilings(m):
    found = {}
    bytes_ = COPY_BYTES if m.gpu else 2**20
    source = torch.zeros(bytes_, dtype=torch.uint8, device=m.device)
    target = torch.empty_like(source)
    found["copyGBs"] = 2 * bytes_ / (m.median(lambda: target.copy_(source)) * 1e6)
    found["fillGBs"] = bytes_ / (m.median(lambda: target.zero_()) * 1e6)
    del source, target
    n = 8192 if m.gpu else 64
    try:
        a = m.normal([n, n], torch.float8_e4m3fn, 0.5)
        b = m.normal([n, n], torch.float8_e4m3fn, 0.5)
        one = torch.ones([], device=m.device)
        work = lambda: torch._scaled_mm(a, b.t(), scale_a=one, scale_b=one, out_dtype=torch.bfloat16, use_fast_accum=True)
        found["fp8Tflops"] = 2 * n**3 / (m.median(work) * 1e9)
    except Exception as error:
        print(f"fp8 product: {short(error)}", flush=True)
    return found


def short(error):
    lines = [line.strip() for line in str(error).split("\n") if line.strip()]
    return f"{type(error).__name__}: {' '.join(lines[:2])}"[:300]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--workloads", required=True, help="what `tilec bench --list --json` prints")
    parser.add_argument("--out", required=True)
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--seconds", type=float, default=110, help="start nothing new after that")
    options = parser.parse_args()
    start = time.perf_counter()
    with open(options.workloads) as file:
        workloads = json.load(file)["workloads"]
    torch.manual_seed(1)
    m = Machine(options.device)
    report = {
        "format": 1,
        "device": torch.cuda.get_device_name() if m.gpu else "cpu",
        "torch": torch.__version__,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(),
        "ceilings": ceilings(m),
        "results": [],
        "failures": [],
    }

    def save():
        rates = [r["flops"] / (r["ms"] * 1e9) for r in report["results"] if r["peer"] == "cuBLAS"]
        if rates:
            report["ceilings"]["cublasTflops"] = max(rates)
        with open(options.out, "w") as file:
            json.dump(report, file, indent=1)

    def measure(w, wanted):
        entry = {"op": w["op"], "workload": w["workload"]}
        try:
            for peer, work in PEERS[w["op"]](m, w["env"]):
                if not wanted(peer):
                    continue
                if time.perf_counter() - start > options.seconds:
                    report["failures"].append({**entry, "peer": peer, "error": "no time was left"})
                    continue
                try:
                    ms = m.median(work)
                except Exception as error:
                    report["failures"].append({**entry, "peer": peer, "error": short(error)})
                    continue
                report["results"].append({**entry, "peer": peer, "ms": ms, "flops": w["flops"], "bytes": w["bytes"]})
                print(f"{w['op']:20} {w['workload']:18} {ms:9.4f} ms  {w['flops'] / (ms * 1e9):7.1f} TFLOP/s  {w['bytes'] / (ms * 1e6):7.0f} GB/s  {peer}", flush=True)
        except Exception as error:
            report["failures"].append({**entry, "peer": "", "error": short(error)})
        m.free()
        save()

    with torch.no_grad():
        ordered = sorted((w for w in workloads if w["op"] in PEERS), key=lambda w: list(PEERS).index(w["op"]))
        for w in ordered:
            measure(w, lambda peer: not peer.startswith(LAST))
        for w in ordered:
            if w["op"] == "gqa-paged-prefill" and time.perf_counter() - start < options.seconds:
                measure(w, lambda peer: peer.startswith(LAST))
    save()
    for f in report["failures"]:
        print(f"not measured: {f['op']} {f['workload']} {f['peer']}: {f['error']}")
    print(f"{len(report['results'])} times in {time.perf_counter() - start:.0f} s; ceilings {report['ceilings']}")


if __name__ == "__main__":
    main()
