import {join, normalize} from 'node:path';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {asUid} from '../../src/dicom/uid.ts';
import {participants, rawInstance, safeComponent, srs, studyOfArchiveFolder} from '../../src/site/layout.ts';

describe('site layout', () => {
  it('makes free text safe as one component', () => {
    expect(safeComponent('../x')).toBe('.._x');
    expect(safeComponent('a/b')).toBe('a_b');
    expect(safeComponent('/x')).toBe('_x');
    expect(safeComponent('')).toBe('_');
    expect(safeComponent('.')).toBe('_');
    expect(safeComponent('..')).toBe('_');
    expect(safeComponent('a\0\n\x7fb c')).toBe('a___b c');
  });

  it('cuts a component at 255 bytes, between characters', () => {
    expect(safeComponent('a'.repeat(300))).toBe('a'.repeat(255));
    expect(Buffer.byteLength(safeComponent('ä'.repeat(300)))).toBe(254);
    expect(Buffer.byteLength(safeComponent('😀'.repeat(300)))).toBe(252);
  });

  it('never leaves the data root, whatever a patient id or manufacturer holds', () => {
    const study = asUid('1.2.3');
    if (!study) throw new Error('not a UID');
    fc.assert(
      fc.property(
        fc.oneof(fc.string({unit: 'binary'}), fc.string({unit: fc.constantFrom('.', '/', '\0', 'a')})),
        text => {
          const person = participants('/data', text);
          expect(normalize(person)).toBe(person);
          expect(person.slice('/data/site/participants/'.length)).not.toContain('/');
          expect(srs('/data', text, study).split('/')).toHaveLength(6);
        },
      ),
    );
  });

  it('makes paths from checked UIDs only', () => {
    const [study, series, instance] = ['1.2', '1.2.3', '1.2.3.4'].map(text => asUid(text));
    if (!study || !series || !instance) throw new Error('not a UID');
    expect(rawInstance('/data', study, series, instance)).toBe(join('/data/site/raw/1.2/1.2.3/1.2.3.4'));
  });

  it('knows the study of an archive folder', () => {
    expect(studyOfArchiveFolder('scp_1.2.3')).toBe('1.2.3');
    for (const name of ['1.2.3', 'scp_', 'scp_ 1.2', 'scp_..', 'scp_a/b']) {
      expect(studyOfArchiveFolder(name)).toBeUndefined();
    }
  });
});
