/** Stands for modules that the component library imports but that no component shown here uses. */
const absent: Record<string, never> = {}
export const languages = absent
export const editor = absent
// oxlint-disable-next-line import/no-default-export -- the replaced modules are imported by their default export
export default absent
