/** What a feature must have reached to be used; the flag `--stability.level` lowers it. */
export const STABILITY_LEVELS = ['generally-available', 'public-preview', 'experimental'] as const
export type StabilityLevel = (typeof STABILITY_LEVELS)[number]
