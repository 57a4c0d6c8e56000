import {execFileSync} from 'node:child_process';

/** An element as pydicom sees it: `values` of text and numbers, `length` of bytes, `items` of sequences. */
export interface PeerElement {
  readonly tag: number;
  readonly vr: string;
  readonly values?: readonly string[];
  readonly length?: number;
  readonly items?: readonly (readonly PeerElement[])[];
}

const program = `
import json, sys, warnings
warnings.simplefilter('ignore')
import pydicom
from pydicom.sequence import Sequence
from pydicom.multival import MultiValue

def element(e):
    out = {'tag': int(e.tag), 'vr': e.VR}
    value = e.value
    if e.VR == 'SQ':
        out['items'] = [elements(item) for item in value]
    elif isinstance(value, bytes):
        out['length'] = len(value)
    else:
        values = [] if value is None or (isinstance(value, str) and value == '') else value
        if not isinstance(values, (list, MultiValue)): values = [values]
        out['values'] = ['%08x' % v if e.VR == 'AT' else str(v) for v in values]
        if e.VR == 'PN' and out['values'] == ['']: out['values'] = []
    return out

def elements(dataset):
    out = []
    for tag in sorted(dataset.keys()):
        try:
            out.append(element(dataset[tag]))
        except Exception as error:
            out.append({'tag': int(tag), 'vr': '??'})
    return out

result = {}
for name in json.load(sys.stdin):
    try:
        result[name] = elements(pydicom.dcmread(name, force=True))
    except Exception as error:
        result[name] = None
json.dump(result, sys.stdout)
`;

/** Reads files with pydicom; null for those it cannot read. */
export function readWithPydicom(files: readonly string[]): Record<string, readonly PeerElement[] | null> {
  const output = execFileSync('/usr/bin/python3', ['-c', program], {
    input: JSON.stringify(files),
    maxBuffer: 1 << 30,
    encoding: 'utf8',
  });
  return JSON.parse(output);
}

/** Runs a few lines of Python that read JSON from stdin into `data` and leave JSON in `result`. */
export function python(lines: string, data: unknown): unknown {
  const script = `import json, sys\ndata = json.load(sys.stdin)\n${lines}\njson.dump(result, sys.stdout)`;
  return JSON.parse(
    execFileSync('/usr/bin/python3', ['-c', script], {
      input: JSON.stringify(data),
      maxBuffer: 1 << 30,
      encoding: 'utf8',
    }),
  );
}
