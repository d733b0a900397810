/**
 * The wire format of protocol buffers, as far as Kubernetes and OpenAPI use it: varints and length-delimited fields.
 * https://protobuf.dev/programming-guides/encoding/
 */

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

/** A whole number, not negative, as a varint. */
const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Buffer.from([...bytes, rest]);
};

const delimited = (number: number, content: Buffer): Buffer =>
  Buffer.concat([varint(number * 8 + DELIMITED), varint(content.length), content]);

/** A string field. */
export const stringField = (number: number, text: string): Buffer => delimited(number, Buffer.from(text));

/** A field that holds a message, given as the fields of that message. */
export const messageField = (number: number, ...fields: readonly Buffer[]): Buffer =>
  delimited(number, Buffer.concat(fields));

export const booleanField = (number: number, value: boolean): Buffer =>
  Buffer.concat([varint(number * 8 + VARINT), varint(value ? 1 : 0)]);

/** The value of one field: a number (signed, 64 bits), or the bytes of a string or message. */
export type FieldValue = bigint | Buffer;

/** A message's fields in the order in which they stand. */
export type Fields = readonly (readonly [number: number, value: FieldValue])[];

class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new RangeError("a number ends too early");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw new RangeError("a number is too long");
  }

  take(length: number): Buffer {
    const end = this.#at + length;
    if (length < 0 || end > this.#bytes.length) throw new RangeError("a field is longer than its message");
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }
}

/** Splits a message into its fields. @throws RangeError where it is cut or malformed */
export const readFields = (message: Buffer): Fields => {
  const reader = new Reader(message);
  const fields: [number, FieldValue][] = [];
  while (!reader.done) {
    const tag = Number(reader.varint());
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case VARINT:
        fields.push([number, reader.varint()]);
        break;
      case DELIMITED:
        fields.push([number, reader.take(Number(reader.varint()))]);
        break;
      case FIXED64:
        fields.push([number, reader.take(8)]);
        break;
      case FIXED32:
        fields.push([number, reader.take(4)]);
        break;
      default:
        throw new RangeError(`a field has the unknown wire type ${tag % 8}`);
    }
  }
  return fields;
};
