export type Part = 'unit' | 'system' | 'conformance' | 'browser'
export const PARTS: readonly Part[]
export function testFiles(root?: string): Record<Part, string[]>
export function partOf(path: string): Part
