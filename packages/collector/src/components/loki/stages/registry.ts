import { unsupported } from '../../../graph/index.ts'
import { dockerStage } from './docker.ts'
import { dropStage } from './drop.ts'
import { jsonStage } from './json.ts'
import { labelDropStage } from './label-drop.ts'
import { labelKeepStage } from './label-keep.ts'
import { labelsStage } from './labels.ts'
import { logfmtStage } from './logfmt.ts'
import { matchStage } from './match.ts'
import { outputStage } from './output.ts'
import { packStage } from './pack.ts'
import { regexStage } from './regex.ts'
import type { StageDefinition, StageKit } from './stage.ts'
import { staticLabelsStage } from './static-labels.ts'
import { structuredMetadataStage } from './structured-metadata.ts'
import { timestampStage } from './timestamp.ts'

const NOT_YET =
  'cri decolorize eventlogmessage geoip limit luhn metrics multiline pattern replace sampling structured_metadata_drop template tenant truncate windowsevent'

/** What loki.process and the stages that hold stages themselves are made of. */
export const stageKit: StageKit = {
  members: Object.fromEntries(NOT_YET.split(' ').map((name) => [`stage.${name}`, unsupported])),
  schemas: () => Object.fromEntries(DEFINITIONS.map(({ name, schema }) => [`stage.${name}`, schema])),
  create(written, services) {
    const stages = written.map(({ name, value }) => {
      const definition = DEFINITIONS.find((known) => `stage.${known.name}` === name)
      if (!definition) throw new Error(`${name} is no stage`)
      return definition.create(value, services)
    })
    return (entry) => stages.every((stage) => stage(entry))
  },
}

/** Every stage that is built; a new one is its file and one line here. */
const DEFINITIONS = [
  dockerStage,
  dropStage,
  jsonStage,
  labelDropStage,
  labelKeepStage,
  labelsStage,
  logfmtStage,
  matchStage(stageKit),
  outputStage,
  packStage,
  regexStage,
  staticLabelsStage,
  structuredMetadataStage,
  timestampStage,
] as readonly StageDefinition[]
