/** source: a source file as the house rules see it: its code without comments and texts, and what it imports. */

/** Source is one file of the tree. */
export interface Source {
  /** Relative to the root of the tree. */
  readonly path: string;
  readonly text: string;
  /** The text with comments and the contents of strings blanked; offsets are the same. Empty for other files. */
  readonly code: string;
  readonly imports: readonly Import[];
}

/** Import is one import or re-export. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
}

/** Problem is one broken house rule. */
export interface Problem {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** source reads a file's text. */
export function source(path: string, text: string): Source {
  if (!path.endsWith(".ts")) return { path, text, code: "", imports: [] };
  const code = mask(text);
  const imports: Import[] = [];
  for (const match of code.matchAll(/\b(?:from|import)\s*\(?\s*["'`]( *)["'`]/g)) {
    const end = match.index + match[0].length - 1;
    const specifier = text.slice(end - (match[1] ?? "").length, end);
    imports.push({ specifier, line: lineAt(text, match.index) });
  }
  return { path, text, code, imports };
}

/** lineAt gives the number of the line that an offset is in, from 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

const token =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|(?<=(?:^|[=(,:;!&|?{}[+>~]|=>|\breturn)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/|[`{}]/gm;

/** mask blanks comments, strings, regular expressions and the text of templates, and keeps every offset. */
function mask(text: string): string {
  const blank = (part: string) => part.replace(/[^\n]/g, " ");
  const inside = (part: string) => part[0] + blank(part.slice(1, -1)) + part.slice(-1);
  let out = "";
  let at = 0;
  // Each open brace, and whether it was the `${` of a template.
  const braces: boolean[] = [];
  const template = (from: number): number => {
    const end = /\\[\s\S]|`|\$\{/g;
    end.lastIndex = from;
    for (let found = end.exec(text); found !== null; found = end.exec(text)) {
      if (found[0].startsWith("\\")) continue;
      out += blank(text.slice(from, found.index)) + found[0];
      if (found[0] !== "`") braces.push(true);
      return end.lastIndex;
    }
    out += blank(text.slice(from));
    return text.length;
  };
  for (;;) {
    token.lastIndex = at;
    const found = token.exec(text);
    if (found === null) return out + text.slice(at);
    const part = found[0];
    out += text.slice(at, found.index);
    at = found.index + part.length;
    if (part === "`") {
      out += part;
      at = template(at);
    } else if (part === "{") {
      braces.push(false);
      out += part;
    } else if (part === "}") {
      out += part;
      if (braces.pop() === true) at = template(at);
    } else out += part.startsWith("/") ? blank(part) : inside(part);
  }
}
