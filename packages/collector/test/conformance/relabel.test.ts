import assert from 'node:assert/strict'
import { test } from 'node:test'
import { labelsFromRecord, labelsToRecord } from '@quartet/model'
import { relabel } from '@quartet/scrape'
import { toRule } from '../../src/components/relabel-rule.ts'
import { corpusExists, facts, Tally } from './corpus.ts'

test('relabelling facts', { skip: !corpusExists() }, () => {
  const tally = new Tally('relabel.json')
  for (const item of facts('relabel.json')) {
    tally.run(String(item.src_line), () => {
      const rules = (item.rules as Record<string, unknown>[]).map((rule) =>
        toRule({
          source_labels: rule.SourceLabels as string[] | undefined,
          separator: rule.Separator as string | undefined,
          regex: rule.Regex as string | undefined,
          modulus: rule.Modulus as number | undefined,
          target_label: rule.TargetLabel as string | undefined,
          replacement: rule.Replacement as string | undefined,
          action: String(rule.Action).toLowerCase(),
        }),
      )
      const result = relabel(labelsFromRecord(item.labels_in as Record<string, string>), rules)
      assert.equal(result === undefined, item.drop)
      if (result) assert.deepEqual(labelsToRecord(result), item.labels_out)
    })
  }
  tally.finish()
})
