/** Everything that generated code may call, by name. */
import * as convert from './convert.ts';
import * as gemm from './gemm.ts';
import * as math from './math.ts';
import * as narrow from './narrow.ts';
import * as print from './print.ts';
import { Shadow } from './shadow.ts';

export const SUPPORT: Readonly<Record<string, unknown>> = { ...narrow, ...convert, ...math, ...gemm, ...print, Shadow };
