/** The language: what the frontend has to say. */
export * from './dtypes.ts';
export * from './parallel.ts';
export * from './syntax.ts';
export * from './tiles.ts';
