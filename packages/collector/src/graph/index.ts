export * as type from './attribute-type.ts'
export type { AttributeType } from './attribute-type.ts'
export type { Component, ComponentContext, ComponentDefinition, Health, HealthState } from './component.ts'
export { Controller, GraphError } from './controller.ts'
export type { ComponentView, ControllerOptions } from './controller.ts'
export { decodeBlock } from './decode.ts'
export type { ShownStatement } from './decode.ts'
export {
  blocks,
  body,
  defaultBlock,
  optional,
  optionalBlock,
  required,
  requiredBlock,
  stages,
  unsupported,
  withDefault,
  withoutEffect,
} from './schema.ts'
export type { BodySchema, Decoded, Stage, UnsupportedMember } from './schema.ts'
