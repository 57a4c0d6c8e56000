import {spawnSync} from 'node:child_process';

/** Reads DICOM files with pydicom, every value decoded. @returns one line a file that fails */
export function pydicomProblems(paths: readonly string[]): string[] {
  const script = `
import sys, warnings, pydicom
warnings.simplefilter('ignore')
for path in sys.stdin.read().split('\\n'):
    if not path: continue
    try:
        ds = pydicom.dcmread(path)
        for element in ds.iterall(): element.value; str(element)
        assert ds.PatientName == ds.PatientID
    except Exception as error: print(path, type(error).__name__, error)
`;
  const run = spawnSync('/usr/bin/python3', ['-c', script], {input: paths.join('\n'), encoding: 'utf8'});
  if (run.status !== 0) throw new Error(`pydicom did not run: ${run.stderr}`);
  return run.stdout.split('\n').filter(line => line !== '');
}

/** Reads DICOM files with DCMTK. @returns one line a file that fails */
export function dcmdumpProblems(paths: readonly string[]): string[] {
  return paths.flatMap(path => {
    const run = spawnSync('dcmdump', ['-q', '+L', path], {encoding: 'latin1', maxBuffer: 256 * 1024 * 1024});
    if (run.error !== undefined) throw run.error;
    return run.status === 0 ? [] : [`${path} ${run.stderr}`];
  });
}
