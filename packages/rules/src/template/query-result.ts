import type { VectorElement } from '../ports.ts'

/** What `query` gives in a template. Its type's name stands in error messages. */
export class TemplateSample {
  readonly Labels: ReadonlyMap<string, string>
  readonly Value: number

  constructor(element: VectorElement) {
    this.Labels = new Map(element.labels)
    this.Value = element.value
  }
}

/** A list of samples, which templates range over, index and pipe into `first` and `sortByLabel`. */
export class QueryResult extends Array<TemplateSample> {
  // Methods of arrays give plain arrays.
  static override get [Symbol.species](): ArrayConstructor {
    return Array
  }
}

Object.defineProperty(TemplateSample, 'name', { value: '*template.sample' })
Object.defineProperty(QueryResult, 'name', { value: 'template.queryResult' })
