import {readTag} from './elementHeader.ts';
import type {Vr} from './vr.ts';

type Reader = (bytes: Buffer, at: number, littleEndian: boolean) => number | bigint;

/** How one value of each binary VR is read (PS3.5 6.2). AT is two 16-bit numbers (PS3.5 7.3). */
const readers: Partial<Record<Vr, {size: number; read: Reader}>> = {
  US: {size: 2, read: (bytes, at, little) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at))},
  SS: {size: 2, read: (bytes, at, little) => (little ? bytes.readInt16LE(at) : bytes.readInt16BE(at))},
  UL: {size: 4, read: (bytes, at, little) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))},
  SL: {size: 4, read: (bytes, at, little) => (little ? bytes.readInt32LE(at) : bytes.readInt32BE(at))},
  UV: {size: 8, read: (bytes, at, little) => (little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at))},
  SV: {size: 8, read: (bytes, at, little) => (little ? bytes.readBigInt64LE(at) : bytes.readBigInt64BE(at))},
  FL: {size: 4, read: (bytes, at, little) => (little ? bytes.readFloatLE(at) : bytes.readFloatBE(at))},
  FD: {size: 8, read: (bytes, at, little) => (little ? bytes.readDoubleLE(at) : bytes.readDoubleBE(at))},
  AT: {size: 4, read: readTag},
};

/** The values of a binary VR; a rest too short for a value is left out. None for VRs that hold no numbers. */
export function readNumbers(bytes: Buffer, vr: Vr, littleEndian: boolean): (number | bigint)[] {
  const reader = readers[vr];
  if (reader === undefined) return [];
  const values: (number | bigint)[] = [];
  for (let at = 0; at + reader.size <= bytes.length; at += reader.size)
    values.push(reader.read(bytes, at, littleEndian));
  return values;
}

/** Bytes of one value of a binary VR, or undefined for other VRs. */
export function numberSize(vr: Vr): number | undefined {
  return readers[vr]?.size;
}

/** Writes the values of a binary VR. Numbers are not checked against its range; they wrap. */
export function writeNumbers(values: readonly (number | bigint)[], vr: Vr, littleEndian: boolean): Buffer {
  const size = numberSize(vr) ?? 0;
  const bytes = new DataView(new ArrayBuffer(values.length * size));
  for (const [index, value] of values.entries()) writeNumber(bytes, index * size, value, vr, littleEndian);
  return Buffer.from(bytes.buffer);
}

function writeNumber(view: DataView, at: number, value: number | bigint, vr: Vr, littleEndian: boolean): void {
  if (vr === 'FL') view.setFloat32(at, Number(value), littleEndian);
  else if (vr === 'FD') view.setFloat64(at, Number(value), littleEndian);
  else if (vr === 'UV' || vr === 'SV') view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), littleEndian);
  else if (vr === 'UL' || vr === 'SL') view.setUint32(at, Number(value), littleEndian);
  else if (vr === 'US' || vr === 'SS') view.setUint16(at, Number(value), littleEndian);
  else {
    view.setUint16(at, Math.floor(Number(value) / 0x10000), littleEndian);
    view.setUint16(at + 2, Number(value) & 0xffff, littleEndian);
  }
}

/**
 * A number as decimal text. FL and FD: the shortest digits that give the same number, always with a fraction, with
 * an exponent only below 1e-4 and from 1e16 on: `312800384.0`, `1e-05`, `1e+16`.
 */
export function decimalText(value: number | bigint, vr: Vr): string {
  if (typeof value === 'bigint' || (vr !== 'FL' && vr !== 'FD')) return String(value);
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [mantissa = '', power = ''] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16)
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  const digits = mantissa.replace(/[-.]/g, '');
  const sign = value < 0 ? '-' : '';
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}
