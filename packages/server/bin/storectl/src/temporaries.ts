/** Tells the files of this process apart: an earlier one may have had the same number, but began at another time. */
const own = `${process.pid}-${Date.now().toString(36)}`;
let made = 0;

/** A hidden name for a file that is being received. */
export function ownTemporary(name: string): string {
  made += 1;
  return `.${name}.${own}x${made.toString(36)}.tmp`;
}

/** Whether an earlier receiver, which did not come to clean up, left this name. */
export function isLeftover(name: string): boolean {
  return /^\..+\.\d+-[0-9a-z]+\.tmp$/.test(name) && !name.includes(`.${own}x`);
}
