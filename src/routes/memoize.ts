/**
 * Makes each value once for as long as the object it is made of lives. Only for pure functions of objects that never
 * change: a pass over all Services is then made of what the last one made, but for what has changed since.
 */
export const memoize = <K extends object, V>(make: (key: K) => V): ((key: K) => V) => {
  const made = new WeakMap<K, V>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const value = make(key);
    made.set(key, value);
    return value;
  };
};
