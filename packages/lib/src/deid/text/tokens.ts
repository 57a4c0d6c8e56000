/** Letters, digits, or one character that is neither and no separator. */
export type TokenKind = 'letters' | 'digits' | 'other';

/** A piece of a description with the separators before it. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Blanks and punctuation between this token and the one before it; '' at a border of letters and digits. */
  readonly separator: string;
}

const piece = /([\s!-/:-@[-`{-~]*)(?:(\p{L}[\p{L}\p{M}]*)|([0-9]+)|(.))/gsu;

/**
 * Splits a text at blanks and punctuation and where letters meet digits: `p2_iso 1.0` has the tokens `p 2 iso 1 0`.
 * Separators behind the last token are left out.
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(piece)) {
    const [, separator = '', letters, digits, other] = match;
    if (letters !== undefined) tokens.push({kind: 'letters', text: letters, separator});
    else if (digits !== undefined) tokens.push({kind: 'digits', text: digits, separator});
    else if (other !== undefined) tokens.push({kind: 'other', text: other, separator});
  }
  return dropLastSeparator(tokens);
}

/** A text that ends with punctuation matches its last separator as a token of kind `other`. */
function dropLastSeparator(tokens: Token[]): Token[] {
  const last = tokens.at(-1);
  if (last?.kind === 'other' && /^[\s!-/:-@[-`{-~]$/.test(last.text)) tokens.pop();
  return tokens;
}
