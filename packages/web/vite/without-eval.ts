import type { Plugin } from 'vite'

interface Replacement {
  /** End of the module's path. */
  readonly module: string
  readonly from: string
  readonly to: string
  readonly code: string
}

/**
 * Two functions of the libraries build JavaScript from text to be fast, which a strict Content-Security-Policy forbids.
 * Loops do the same work. The build fails when the libraries change, so that this is looked at again.
 */
const replacements: readonly Replacement[] = [
  {
    module: '@grafana/ui/dist/esm/components/Table/TableNG/utils.mjs',
    from: 'const frameToRecords = (frame) => {',
    to: '  return convert(frame);\n};\n',
    code: `const frameToRecords = (frame) => {
  const names = frame.fields.map(getDisplayName);
  const rows = [];
  for (let i = 0; i < frame.length; i++) {
    const row = { __depth: 0, __index: i };
    for (let f = 0; f < names.length; f++) row[names[f]] = frame.fields[f].values[i];
    rows.push(row);
    if (row.__nestedFrames) rows.push({ __depth: 1, __index: i, data: row.__nestedFrames[0] });
  }
  return rows;
};
`,
  },
  {
    module: '@grafana/data/dist/esm/transformations/transformers/joinDataFrames.mjs',
    from: 'let outFieldsTpl = ',
    to: 'let joined = materialize(matched, unmatchedLeft, unmatchedRight, ltable, rtable);\n',
    code: `const joined = Array.from({ length: ltable.length + rtable.length - 1 }, () => Array(count));
    let rowIdx = 0;
    const put = (left, right) => {
      for (let i = 0; i < ltable.length; i++) joined[i][rowIdx] = left >= 0 ? ltable[i][left] : i === 0 ? rtable[0][right] : null;
      for (let i = 1; i < rtable.length; i++) joined[ltable.length + i - 1][rowIdx] = right >= 0 ? rtable[i][right] : null;
      rowIdx++;
    };
    for (const [left, rights] of matched) for (const right of rights) put(left, right);
    for (const left of unmatchedLeft) put(left, -1);
    for (const right of unmatchedRight) put(-1, right);
`,
  },
]

export function withoutEval(): Plugin {
  return {
    name: 'quartet:without-eval',
    apply: 'build',
    enforce: 'pre',
    transform(source, id) {
      const path = id.replaceAll('\\', '/').split('?')[0] ?? ''
      const replacement = replacements.find(({ module }) => path.endsWith(module))
      if (!replacement) return undefined
      const start = source.indexOf(replacement.from)
      const end = source.indexOf(replacement.to, start)
      if (start < 0 || end < 0) throw new Error(`${replacement.module} changed: look at vite/without-eval.ts again`)
      return { code: source.slice(0, start) + replacement.code + source.slice(end + replacement.to.length), map: null }
    },
  }
}
