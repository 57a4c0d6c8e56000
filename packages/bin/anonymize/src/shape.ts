/** The shape of a text: letters as `A`, digits as `9`, each with their number (`A{6}9{2}`), the rest as it is. */
export function shapeOf(text: string): string {
  return text.replace(/\p{L}[\p{L}\p{M}]*|\p{N}+|[^\p{L}\p{N}\x20-\x7e]+/gu, run => {
    const [first = ''] = run;
    const letter = /\p{L}/u.test(first) ? 'A' : /\p{N}/u.test(first) ? '9' : '?';
    return `${letter}{${[...run].length}}`;
  });
}
