import { expect } from 'chai'
import { scoredOf } from '../testing/scored.ts'
import { createCalibrator } from './calibrator.ts'
import { fitIsotonic } from './isotonic.ts'
import { parseCalibration } from './model.ts'
import { fitPlatt } from './platt.ts'

const isotonic = { schema: 1, kind: 'ISOTONIC', at: [0.1, 0.5], chances: [0.2, 0.6] }
const platt = { schema: 1, kind: 'PLATT', slope: 1, intercept: 0 }

describe('a calibration from elsewhere', () => {
  it('is read where it is sound', () => {
    expect(createCalibrator(parseCalibration(isotonic)).apply(0.3)).to.be.closeTo(0.4, 1e-12)
    const same = createCalibrator(parseCalibration(platt))
    for (const chance of [0, 0.01, 0.5, 0.99, 1])
      expect(same.apply(chance)).to.be.closeTo(chance, 1e-11)
  })

  it('is refused where it would fall, leave [0, 1], or is anything else', () => {
    const hostile: unknown[] = [
      null,
      [],
      'ISOTONIC',
      {},
      { ...isotonic, schema: 2 },
      { ...isotonic, kind: 'SPLINE' },
      { ...isotonic, more: 1 },
      { ...isotonic, at: [], chances: [] },
      { ...isotonic, at: [0.1] },
      { ...isotonic, at: [0.5, 0.1] },
      { ...isotonic, at: [0.5, 0.5] },
      { ...isotonic, at: [0.1, NaN] },
      { ...isotonic, at: [0.1, 1.1] },
      { ...isotonic, chances: [0.6, 0.2] },
      { ...isotonic, chances: [-0.1, 0.2] },
      { ...isotonic, chances: [0.2, '0.6'] },
      { ...platt, slope: -1 },
      { ...platt, slope: Infinity },
      { ...platt, intercept: NaN },
      { ...platt, intercept: undefined },
    ]
    for (const json of hostile)
      expect(() => parseCalibration(json), JSON.stringify(json))
        .to.throw()
        .with.property('code', 'LEARNING_MODEL')
  })

  it('takes and learns from chances only', () => {
    for (const json of [isotonic, platt])
      for (const chance of [-0.1, 1.1, NaN])
        expect(() => createCalibrator(parseCalibration(json)).apply(chance))
          .to.throw()
          .with.property('code', 'LEARNING_SCORES')
    for (const fit of [fitIsotonic, fitPlatt]) {
      expect(() => fit(scoredOf([0, 1], [0.1, 2])))
        .to.throw()
        .with.property('code', 'LEARNING_SCORES')
      expect(() => fit(scoredOf([0, 2], [0.1, 0.2])))
        .to.throw()
        .with.property('code', 'LEARNING_LABELS')
    }
  })
})
