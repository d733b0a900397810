const { PATH = "", HOME = "", NODE_COMPILE_CACHE } = process.env;

/**
 * What a program that a test starts sees of the test's own environment: nothing that decides what it does. With the compile
 * cache, which the test command sets, a program starts in a part of the processor time.
 */
export const childEnvironment: Readonly<Record<string, string>> = {
  PATH,
  HOME,
  ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }),
};
