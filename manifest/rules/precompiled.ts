// biome-ignore-all format: one rule a line.
// Written by manifest/generate.ts from the rules of the manifest; a test holds it to them.
/** Rule text → its `Rule` as JSON, so that programs need no parser. */
export const PRECOMPILED: Readonly<Record<string, string>> = {
  "1":
    '{"k":"value","v":1}',
  "1 / sqrt(dim)":
    '{"k":"bin","op":"/","a":{"k":"value","v":1},"b":{"k":"call","fn":"sqrt","args":[{"k":"name","n":"dim"}]}}',
  "2 * bytes(cacheDtype) * headsKv * dim * sum(b < batch, lens[b]) + 2 * bytes(dtype) * batch * heads * dim + 4 * batch * (1 + maxPagesPerReq)":
    '{"k":"bin","op":"+","a":{"k":"bin","op":"+","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"value","v":2},"b":{"k":"call","fn":"bytes","args":[{"k":"name","n":"cacheDtype"}]}},"b":{"k":"name","n":"headsKv"}},"b":{"k":"name","n":"dim"}},"b":{"k":"each","q":"sum","v":"b","n":{"k":"name","n":"batch"},"body":{"k":"at","list":"lens","i":{"k":"name","n":"b"}}}},"b":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"value","v":2},"b":{"k":"call","fn":"bytes","args":[{"k":"name","n":"dtype"}]}},"b":{"k":"name","n":"batch"}},"b":{"k":"name","n":"heads"}},"b":{"k":"name","n":"dim"}}},"b":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"value","v":4},"b":{"k":"name","n":"batch"}},"b":{"k":"bin","op":"+","a":{"k":"value","v":1},"b":{"k":"name","n":"maxPagesPerReq"}}}}',
  "2 * bytes(dtype) * rows * n":
    '{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"value","v":2},"b":{"k":"call","fn":"bytes","args":[{"k":"name","n":"dtype"}]}},"b":{"k":"name","n":"rows"}},"b":{"k":"name","n":"n"}}',
  "2 * bytes(dtype) * tokens * heads * dim + 4 * tokens * (1 + rotaryDim)":
    '{"k":"bin","op":"+","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"value","v":2},"b":{"k":"call","fn":"bytes","args":[{"k":"name","n":"dtype"}]}},"b":{"k":"name","n":"tokens"}},"b":{"k":"name","n":"heads"}},"b":{"k":"name","n":"dim"}},"b":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"value","v":4},"b":{"k":"name","n":"tokens"}},"b":{"k":"bin","op":"+","a":{"k":"value","v":1},"b":{"k":"name","n":"rotaryDim"}}}}',
  "2 * m * n * k":
    '{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"value","v":2},"b":{"k":"name","n":"m"}},"b":{"k":"name","n":"n"}},"b":{"k":"name","n":"k"}}',
  "2 * n":
    '{"k":"bin","op":"*","a":{"k":"value","v":2},"b":{"k":"name","n":"n"}}',
  "2 * totalQ * headsKv * dim * (bytes(dtype) + bytes(cacheDtype)) + 4 * totalQ * rotaryDim":
    '{"k":"bin","op":"+","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"value","v":2},"b":{"k":"name","n":"totalQ"}},"b":{"k":"name","n":"headsKv"}},"b":{"k":"name","n":"dim"}},"b":{"k":"bin","op":"+","a":{"k":"call","fn":"bytes","args":[{"k":"name","n":"dtype"}]},"b":{"k":"call","fn":"bytes","args":[{"k":"name","n":"cacheDtype"}]}}},"b":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"value","v":4},"b":{"k":"name","n":"totalQ"}},"b":{"k":"name","n":"rotaryDim"}}}',
  "3 * bytes(dtype) * rows * n":
    '{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"value","v":3},"b":{"k":"call","fn":"bytes","args":[{"k":"name","n":"dtype"}]}},"b":{"k":"name","n":"rows"}},"b":{"k":"name","n":"n"}}',
  "3 * rows * n":
    '{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"value","v":3},"b":{"k":"name","n":"rows"}},"b":{"k":"name","n":"n"}}',
  "3 * tokens * heads * rotaryDim":
    '{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"value","v":3},"b":{"k":"name","n":"tokens"}},"b":{"k":"name","n":"heads"}},"b":{"k":"name","n":"rotaryDim"}}',
  "4 * batch * heads * dim * select(isCausal, seq * (seq + 1) / 2, seq * seq)":
    '{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"value","v":4},"b":{"k":"name","n":"batch"}},"b":{"k":"name","n":"heads"}},"b":{"k":"name","n":"dim"}},"b":{"k":"call","fn":"select","args":[{"k":"name","n":"isCausal"},{"k":"bin","op":"/","a":{"k":"bin","op":"*","a":{"k":"name","n":"seq"},"b":{"k":"bin","op":"+","a":{"k":"name","n":"seq"},"b":{"k":"value","v":1}}},"b":{"k":"value","v":2}},{"k":"bin","op":"*","a":{"k":"name","n":"seq"},"b":{"k":"name","n":"seq"}}]}}',
  "4 * heads * dim * sum(b < batch, lens[b])":
    '{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"value","v":4},"b":{"k":"name","n":"heads"}},"b":{"k":"name","n":"dim"}},"b":{"k":"each","q":"sum","v":"b","n":{"k":"name","n":"batch"},"body":{"k":"at","list":"lens","i":{"k":"name","n":"b"}}}}',
  "4 * heads * dim * sum(b < batch, select(isCausal, newLens[b] * oldLens[b] + newLens[b] * (newLens[b] + 1) / 2, newLens[b] * (oldLens[b] + newLens[b])))":
    '{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"value","v":4},"b":{"k":"name","n":"heads"}},"b":{"k":"name","n":"dim"}},"b":{"k":"each","q":"sum","v":"b","n":{"k":"name","n":"batch"},"body":{"k":"call","fn":"select","args":[{"k":"name","n":"isCausal"},{"k":"bin","op":"+","a":{"k":"bin","op":"*","a":{"k":"at","list":"newLens","i":{"k":"name","n":"b"}},"b":{"k":"at","list":"oldLens","i":{"k":"name","n":"b"}}},"b":{"k":"bin","op":"/","a":{"k":"bin","op":"*","a":{"k":"at","list":"newLens","i":{"k":"name","n":"b"}},"b":{"k":"bin","op":"+","a":{"k":"at","list":"newLens","i":{"k":"name","n":"b"}},"b":{"k":"value","v":1}}},"b":{"k":"value","v":2}}},{"k":"bin","op":"*","a":{"k":"at","list":"newLens","i":{"k":"name","n":"b"}},"b":{"k":"bin","op":"+","a":{"k":"at","list":"oldLens","i":{"k":"name","n":"b"}},"b":{"k":"at","list":"newLens","i":{"k":"name","n":"b"}}}}]}}}',
  "4 * rows * n":
    '{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"value","v":4},"b":{"k":"name","n":"rows"}},"b":{"k":"name","n":"n"}}',
  "5 * rows * n":
    '{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"value","v":5},"b":{"k":"name","n":"rows"}},"b":{"k":"name","n":"n"}}',
  "BK % 16 == 0":
    '{"k":"bin","op":"==","a":{"k":"bin","op":"%","a":{"k":"name","n":"BK"},"b":{"k":"value","v":16}},"b":{"k":"value","v":0}}',
  "BM % 16 == 0":
    '{"k":"bin","op":"==","a":{"k":"bin","op":"%","a":{"k":"name","n":"BM"},"b":{"k":"value","v":16}},"b":{"k":"value","v":0}}',
  "BM >= threads / 2":
    '{"k":"bin","op":">=","a":{"k":"name","n":"BM"},"b":{"k":"bin","op":"/","a":{"k":"name","n":"threads"},"b":{"k":"value","v":2}}}',
  "BN % 16 == 0":
    '{"k":"bin","op":"==","a":{"k":"bin","op":"%","a":{"k":"name","n":"BN"},"b":{"k":"value","v":16}},"b":{"k":"value","v":0}}',
  "BN % 8 == 0":
    '{"k":"bin","op":"==","a":{"k":"bin","op":"%","a":{"k":"name","n":"BN"},"b":{"k":"value","v":8}},"b":{"k":"value","v":0}}',
  "BN % SN == 0":
    '{"k":"bin","op":"==","a":{"k":"bin","op":"%","a":{"k":"name","n":"BN"},"b":{"k":"name","n":"SN"}},"b":{"k":"value","v":0}}',
  "SN % 16 == 0":
    '{"k":"bin","op":"==","a":{"k":"bin","op":"%","a":{"k":"name","n":"SN"},"b":{"k":"value","v":16}},"b":{"k":"value","v":0}}',
  "batch":
    '{"k":"name","n":"batch"}',
  "batch + 1":
    '{"k":"bin","op":"+","a":{"k":"name","n":"batch"},"b":{"k":"value","v":1}}',
  "bytes(dtype) * (2 * rows * n + n)":
    '{"k":"bin","op":"*","a":{"k":"call","fn":"bytes","args":[{"k":"name","n":"dtype"}]},"b":{"k":"bin","op":"+","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"value","v":2},"b":{"k":"name","n":"rows"}},"b":{"k":"name","n":"n"}},"b":{"k":"name","n":"n"}}}',
  "bytes(dtype) * (4 * rows * n + n)":
    '{"k":"bin","op":"*","a":{"k":"call","fn":"bytes","args":[{"k":"name","n":"dtype"}]},"b":{"k":"bin","op":"+","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"value","v":4},"b":{"k":"name","n":"rows"}},"b":{"k":"name","n":"n"}},"b":{"k":"name","n":"n"}}}',
  "bytes(dtype) * (m * k + k * n) + bytes(outDtype) * (m * n + select(hasBias, n, 0))":
    '{"k":"bin","op":"+","a":{"k":"bin","op":"*","a":{"k":"call","fn":"bytes","args":[{"k":"name","n":"dtype"}]},"b":{"k":"bin","op":"+","a":{"k":"bin","op":"*","a":{"k":"name","n":"m"},"b":{"k":"name","n":"k"}},"b":{"k":"bin","op":"*","a":{"k":"name","n":"k"},"b":{"k":"name","n":"n"}}}},"b":{"k":"bin","op":"*","a":{"k":"call","fn":"bytes","args":[{"k":"name","n":"outDtype"}]},"b":{"k":"bin","op":"+","a":{"k":"bin","op":"*","a":{"k":"name","n":"m"},"b":{"k":"name","n":"n"}},"b":{"k":"call","fn":"select","args":[{"k":"name","n":"hasBias"},{"k":"name","n":"n"},{"k":"value","v":0}]}}}}',
  "bytes(dtype) * batch * dim * seq * (2 * heads + 2 * headsKv)":
    '{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"call","fn":"bytes","args":[{"k":"name","n":"dtype"}]},"b":{"k":"name","n":"batch"}},"b":{"k":"name","n":"dim"}},"b":{"k":"name","n":"seq"}},"b":{"k":"bin","op":"+","a":{"k":"bin","op":"*","a":{"k":"value","v":2},"b":{"k":"name","n":"heads"}},"b":{"k":"bin","op":"*","a":{"k":"value","v":2},"b":{"k":"name","n":"headsKv"}}}}',
  "bytes(dtype) * totalQ * dim * (2 * heads + 2 * headsKv) + 2 * bytes(cacheDtype) * headsKv * dim * (totalQ + sum(b < batch, oldLens[b])) + 4 * (2 * batch + 1 + batch * maxPagesPerReq)":
    '{"k":"bin","op":"+","a":{"k":"bin","op":"+","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"call","fn":"bytes","args":[{"k":"name","n":"dtype"}]},"b":{"k":"name","n":"totalQ"}},"b":{"k":"name","n":"dim"}},"b":{"k":"bin","op":"+","a":{"k":"bin","op":"*","a":{"k":"value","v":2},"b":{"k":"name","n":"heads"}},"b":{"k":"bin","op":"*","a":{"k":"value","v":2},"b":{"k":"name","n":"headsKv"}}}},"b":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"value","v":2},"b":{"k":"call","fn":"bytes","args":[{"k":"name","n":"cacheDtype"}]}},"b":{"k":"name","n":"headsKv"}},"b":{"k":"name","n":"dim"}},"b":{"k":"bin","op":"+","a":{"k":"name","n":"totalQ"},"b":{"k":"each","q":"sum","v":"b","n":{"k":"name","n":"batch"},"body":{"k":"at","list":"oldLens","i":{"k":"name","n":"b"}}}}}},"b":{"k":"bin","op":"*","a":{"k":"value","v":4},"b":{"k":"bin","op":"+","a":{"k":"bin","op":"+","a":{"k":"bin","op":"*","a":{"k":"value","v":2},"b":{"k":"name","n":"batch"}},"b":{"k":"value","v":1}},"b":{"k":"bin","op":"*","a":{"k":"name","n":"batch"},"b":{"k":"name","n":"maxPagesPerReq"}}}}}',
  "cacheDtype == 'f8e4m3'":
    '{"k":"bin","op":"==","a":{"k":"name","n":"cacheDtype"},"b":{"k":"value","v":"f8e4m3"}}',
  "cacheDtype == dtype || cacheDtype == 'f8e4m3'":
    '{"k":"bin","op":"||","a":{"k":"bin","op":"==","a":{"k":"name","n":"cacheDtype"},"b":{"k":"name","n":"dtype"}},"b":{"k":"bin","op":"==","a":{"k":"name","n":"cacheDtype"},"b":{"k":"value","v":"f8e4m3"}}}',
  "dim":
    '{"k":"name","n":"dim"}',
  "dim % 16 == 0":
    '{"k":"bin","op":"==","a":{"k":"bin","op":"%","a":{"k":"name","n":"dim"},"b":{"k":"value","v":16}},"b":{"k":"value","v":0}}',
  "eps == 0 || eps >= 1e-30":
    '{"k":"bin","op":"||","a":{"k":"bin","op":"==","a":{"k":"name","n":"eps"},"b":{"k":"value","v":0}},"b":{"k":"bin","op":">=","a":{"k":"name","n":"eps"},"b":{"k":"value","v":1e-30}}}',
  "hasBias":
    '{"k":"name","n":"hasBias"}',
  "heads":
    '{"k":"name","n":"heads"}',
  "heads % headsKv == 0":
    '{"k":"bin","op":"==","a":{"k":"bin","op":"%","a":{"k":"name","n":"heads"},"b":{"k":"name","n":"headsKv"}},"b":{"k":"value","v":0}}',
  "headsKv":
    '{"k":"name","n":"headsKv"}',
  "isPowerOfTwo(pageSize)":
    '{"k":"call","fn":"isPowerOfTwo","args":[{"k":"name","n":"pageSize"}]}',
  "isPowerOfTwo(threads)":
    '{"k":"call","fn":"isPowerOfTwo","args":[{"k":"name","n":"threads"}]}',
  "largest(b < batch, ceilDiv(lens[b], pageSize))":
    '{"k":"each","q":"largest","v":"b","n":{"k":"name","n":"batch"},"body":{"k":"call","fn":"ceilDiv","args":[{"k":"at","list":"lens","i":{"k":"name","n":"b"}},{"k":"name","n":"pageSize"}]}}',
  "largest(b < batch, ceilDiv(newLens[b] + oldLens[b], pageSize))":
    '{"k":"each","q":"largest","v":"b","n":{"k":"name","n":"batch"},"body":{"k":"call","fn":"ceilDiv","args":[{"k":"bin","op":"+","a":{"k":"at","list":"newLens","i":{"k":"name","n":"b"}},"b":{"k":"at","list":"oldLens","i":{"k":"name","n":"b"}}},{"k":"name","n":"pageSize"}]}}',
  "largest(b < batch, newLens[b] + oldLens[b])":
    '{"k":"each","q":"largest","v":"b","n":{"k":"name","n":"batch"},"body":{"k":"bin","op":"+","a":{"k":"at","list":"newLens","i":{"k":"name","n":"b"}},"b":{"k":"at","list":"oldLens","i":{"k":"name","n":"b"}}}}',
  "lens[b]":
    '{"k":"at","list":"lens","i":{"k":"name","n":"b"}}',
  "m":
    '{"k":"name","n":"m"}',
  "maxPagesPerReq":
    '{"k":"name","n":"maxPagesPerReq"}',
  "maxPosition":
    '{"k":"name","n":"maxPosition"}',
  "n":
    '{"k":"name","n":"n"}',
  "newLens[b] + oldLens[b]":
    '{"k":"bin","op":"+","a":{"k":"at","list":"newLens","i":{"k":"name","n":"b"}},"b":{"k":"at","list":"oldLens","i":{"k":"name","n":"b"}}}',
  "numPages * pageSize":
    '{"k":"bin","op":"*","a":{"k":"name","n":"numPages"},"b":{"k":"name","n":"pageSize"}}',
  "numStages <= 8":
    '{"k":"bin","op":"<=","a":{"k":"name","n":"numStages"},"b":{"k":"value","v":8}}',
  "outDtype == dtype || outDtype == 'f32'":
    '{"k":"bin","op":"||","a":{"k":"bin","op":"==","a":{"k":"name","n":"outDtype"},"b":{"k":"name","n":"dtype"}},"b":{"k":"bin","op":"==","a":{"k":"name","n":"outDtype"},"b":{"k":"value","v":"f32"}}}',
  "rotaryDim % 2 == 0 && rotaryDim <= dim":
    '{"k":"bin","op":"&&","a":{"k":"bin","op":"==","a":{"k":"bin","op":"%","a":{"k":"name","n":"rotaryDim"},"b":{"k":"value","v":2}},"b":{"k":"value","v":0}},"b":{"k":"bin","op":"<=","a":{"k":"name","n":"rotaryDim"},"b":{"k":"name","n":"dim"}}}',
  "rotaryDim / 2":
    '{"k":"bin","op":"/","a":{"k":"name","n":"rotaryDim"},"b":{"k":"value","v":2}}',
  "rotaryDim > 0":
    '{"k":"bin","op":">","a":{"k":"name","n":"rotaryDim"},"b":{"k":"value","v":0}}',
  "rows":
    '{"k":"name","n":"rows"}',
  "rows * n * (2 * bytes(dtype) + 1) + 4":
    '{"k":"bin","op":"+","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"name","n":"rows"},"b":{"k":"name","n":"n"}},"b":{"k":"bin","op":"+","a":{"k":"bin","op":"*","a":{"k":"value","v":2},"b":{"k":"call","fn":"bytes","args":[{"k":"name","n":"dtype"}]}},"b":{"k":"value","v":1}}},"b":{"k":"value","v":4}}',
  "rows * n * (bytes(dtype) + 1) + 4 * rows":
    '{"k":"bin","op":"+","a":{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"name","n":"rows"},"b":{"k":"name","n":"n"}},"b":{"k":"bin","op":"+","a":{"k":"call","fn":"bytes","args":[{"k":"name","n":"dtype"}]},"b":{"k":"value","v":1}}},"b":{"k":"bin","op":"*","a":{"k":"value","v":4},"b":{"k":"name","n":"rows"}}}',
  "select(transposeA, k, m)":
    '{"k":"call","fn":"select","args":[{"k":"name","n":"transposeA"},{"k":"name","n":"k"},{"k":"name","n":"m"}]}',
  "select(transposeA, m, k)":
    '{"k":"call","fn":"select","args":[{"k":"name","n":"transposeA"},{"k":"name","n":"m"},{"k":"name","n":"k"}]}',
  "select(transposeB, k, n)":
    '{"k":"call","fn":"select","args":[{"k":"name","n":"transposeB"},{"k":"name","n":"k"},{"k":"name","n":"n"}]}',
  "select(transposeB, n, k)":
    '{"k":"call","fn":"select","args":[{"k":"name","n":"transposeB"},{"k":"name","n":"n"},{"k":"name","n":"k"}]}',
  "seq":
    '{"k":"name","n":"seq"}',
  "softcap == 0 || softcap >= 1e-3":
    '{"k":"bin","op":"||","a":{"k":"bin","op":"==","a":{"k":"name","n":"softcap"},"b":{"k":"value","v":0}},"b":{"k":"bin","op":">=","a":{"k":"name","n":"softcap"},"b":{"k":"value","v":0.001}}}',
  "sum(b < batch, ceilDiv(lens[b], pageSize))":
    '{"k":"each","q":"sum","v":"b","n":{"k":"name","n":"batch"},"body":{"k":"call","fn":"ceilDiv","args":[{"k":"at","list":"lens","i":{"k":"name","n":"b"}},{"k":"name","n":"pageSize"}]}}',
  "sum(b < batch, ceilDiv(newLens[b] + oldLens[b], pageSize))":
    '{"k":"each","q":"sum","v":"b","n":{"k":"name","n":"batch"},"body":{"k":"call","fn":"ceilDiv","args":[{"k":"bin","op":"+","a":{"k":"at","list":"newLens","i":{"k":"name","n":"b"}},"b":{"k":"at","list":"oldLens","i":{"k":"name","n":"b"}}},{"k":"name","n":"pageSize"}]}}',
  "sum(b < batch, newLens[b])":
    '{"k":"each","q":"sum","v":"b","n":{"k":"name","n":"batch"},"body":{"k":"at","list":"newLens","i":{"k":"name","n":"b"}}}',
  "threads % 32 == 0 && threads <= 1024":
    '{"k":"bin","op":"&&","a":{"k":"bin","op":"==","a":{"k":"bin","op":"%","a":{"k":"name","n":"threads"},"b":{"k":"value","v":32}},"b":{"k":"value","v":0}},"b":{"k":"bin","op":"<=","a":{"k":"name","n":"threads"},"b":{"k":"value","v":1024}}}',
  "tokens":
    '{"k":"name","n":"tokens"}',
  "totalQ":
    '{"k":"name","n":"totalQ"}',
  "totalQ * headsKv * (3 * rotaryDim + 2 * dim)":
    '{"k":"bin","op":"*","a":{"k":"bin","op":"*","a":{"k":"name","n":"totalQ"},"b":{"k":"name","n":"headsKv"}},"b":{"k":"bin","op":"+","a":{"k":"bin","op":"*","a":{"k":"value","v":3},"b":{"k":"name","n":"rotaryDim"}},"b":{"k":"bin","op":"*","a":{"k":"value","v":2},"b":{"k":"name","n":"dim"}}}}',
};
