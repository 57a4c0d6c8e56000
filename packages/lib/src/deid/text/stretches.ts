/** Four and more numbers with dots between them are a UID or an address. */
const uidLike = /[0-9]+(?:\.[0-9]+){3,}/g;
/** Day, month and year in any order with the usual separators; with an underscore only when the year has four digits. */
const dateLike =
  /(?<![0-9])(?:(?:19|20)[0-9]{2}[-./ _](?:0?[1-9]|1[0-2])[-./ _](?:0?[1-9]|[12][0-9]|3[01])|(?:0?[1-9]|[12][0-9]|3[01])[-./ _](?:0?[1-9]|[12][0-9]|3[01])[-./ _](?:19|20)[0-9]{2}|(?:0?[1-9]|[12][0-9]|3[01])[-./ ](?:0?[1-9]|[12][0-9]|3[01])[-./ ][0-9]{2})(?![0-9])/g;
/** Groups of numbers that together have the length of a telephone or identity number. */
const numberGroups = /(?<![0-9.])[0-9]{2,4}(?:[-./ ][0-9]{2,4}){2,}(?![0-9])/g;
const leastDigitsOfGroups = 8;
/** Bytes in hexadecimal: their letters and digits would pass as short words and numbers. */
const hexadecimal = /(?<![0-9A-Fa-f])(?=[A-Fa-f]*[0-9])(?:[0-9A-Fa-f]{2}){4,}(?![0-9A-Fa-f])/g;
/** Ages above 89: so few people are that old that the age may tell who it is. */
const highAge = /(?<![0-9.,])0?(?:9[0-9]|1[0-2][0-9])[\s-]?(?:y|yo|yr|yrs|year|years|år|j)(?![\p{L}])/giu;

/** Stretches of a text that tell more than their words: UIDs, dates, long numbers in groups, bytes. In order of their beginning. */
export function tellingStretches(text: string): [from: number, to: number][] {
  const stretches: [number, number][] = [];
  for (const pattern of [uidLike, hexadecimal, highAge])
    for (const match of text.matchAll(pattern)) stretches.push([match.index, match.index + match[0].length]);
  for (const match of dateMatches(text)) stretches.push([match.index, match.index + match[0].length]);
  for (const match of text.matchAll(numberGroups)) {
    if (match[0].replace(/[^0-9]/g, '').length >= leastDigitsOfGroups)
      stretches.push([match.index, match.index + match[0].length]);
  }
  return stretches.toSorted(([a], [b]) => a - b);
}

/** Also those that begin inside another: in `VE11 31.01.2024` the 11th is none. */
function dateMatches(text: string): RegExpExecArray[] {
  const matches: RegExpExecArray[] = [];
  dateLike.lastIndex = 0;
  for (let match = dateLike.exec(text); match !== null; match = dateLike.exec(text)) {
    matches.push(match);
    dateLike.lastIndex = match.index + 1;
  }
  return matches;
}

/** Dates in a text as `YYYYMMDD`; both where day and month may be either way round. */
export function datesIn(text: string): string[] {
  return dateMatches(text).flatMap(([date]) => {
    const parts = date.split(/[-./ _]/);
    const isYearFirst = parts[0]?.length === 4;
    const [year = '', one = '', two = ''] = isYearFirst ? parts : [parts[2], parts[1], parts[0]];
    const [first, second] = [one.padStart(2, '0'), two.padStart(2, '0')];
    const years = year.length === 4 ? [year] : [`19${year}`, `20${year}`];
    return years.flatMap(each => [each + first + second, each + second + first]);
  });
}
