import type { ScopedVars } from '@grafana/data'
import { sceneGraph, type SceneObject } from '@grafana/scenes'
import { setSceneInterpolator } from '../../grafana/template-service.ts'

type SceneReference = { readonly valueOf: () => SceneObject }

/** Lets data sources fill in the variables of the dashboard that their request comes from. */
export function installSceneInterpolation(): void {
  setSceneInterpolator((text, scopedVars: ScopedVars, format) => {
    const reference = scopedVars['__sceneObject']?.value as SceneReference | undefined
    if (!reference) return text
    const scene = reference.valueOf()
    return sceneGraph.interpolate(scene, text, scopedVars, format)
  })
}
