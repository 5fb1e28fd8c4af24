import { expect } from 'chai'
import { createRecorder, viewportOf, type RecorderOptions } from './recorder.ts'

type Batch = Parameters<RecorderOptions['send']>[0]

function recording(more: Partial<RecorderOptions> = {}) {
  const sent: Batch[] = []
  let clock = Date.UTC(2026, 0, 5)
  const recorder = createRecorder({
    isRecording: async () => true,
    send: async batch => {
      sent.push(batch)
      return { isRecording: true }
    },
    language: () => 'zh',
    viewport: () => 'WIDE',
    nowMs: () => clock,
    ...more,
  })
  return { recorder, sent, pass: (ms: number) => (clock += ms) }
}

describe('the recorder of a portal', () => {
  it('tells each page with the time that somebody looked at it', async () => {
    const { recorder, sent, pass } = recording()
    recorder.enter('overview')
    pass(1_000)
    recorder.hide()
    pass(60_000)
    recorder.show()
    pass(500)
    recorder.enter('invoices')
    pass(200)
    await recorder.flush(true)
    const told = sent.flatMap(({ events }) => events)
    expect(told.map(one => [one.page, 'dwellMs' in one && one.dwellMs])).to.deep.equal([
      ['overview', 1_500],
      ['invoices', 200],
    ])
  })

  it('has no word for what is not a name in the code', async () => {
    const { recorder, sent } = recording()
    recorder.enter('invoices')
    recorder.click('invoices.confirm')
    for (const typed of ['<script>', '/invoices/7?name=x', '张三', 'a b']) {
      recorder.click(typed)
      recorder.error(typed)
    }
    recorder.enter('/invoices/7')
    recorder.click('lost')
    await recorder.flush()
    const told = sent.flatMap(({ events }) => events)
    expect(told.map(({ kind }) => kind)).to.deep.equal(['click', 'page'])
  })

  it('sends nothing where the gateway does not record, and stops when it says so', async () => {
    const silent = recording({ isRecording: async () => false })
    silent.recorder.enter('overview')
    silent.recorder.enter('invoices')
    await silent.recorder.flush()
    expect(silent.sent).to.deep.equal([])
    const batches: Batch[] = []
    const stopped = recording({
      send: async batch => {
        batches.push(batch)
        return { isRecording: false }
      },
    })
    stopped.recorder.enter('overview')
    stopped.recorder.enter('invoices')
    await stopped.recorder.flush()
    stopped.recorder.enter('overview')
    await stopped.recorder.flush()
    expect(batches).to.have.length(1)
  })

  it('sends what was not received again under the same ids, and keeps no more than it may', async () => {
    const batches: Batch[] = []
    let isDown = true
    const { recorder } = recording({
      send: async batch => {
        if (isDown) throw new Error('away')
        batches.push(batch)
        return { isRecording: true }
      },
    })
    recorder.enter('overview')
    for (let at = 0; at < 500; at += 1) recorder.click('overview.more')
    await recorder.flush()
    isDown = false
    for (let at = 0; at < 10; at += 1) await recorder.flush()
    const ids = batches.flatMap(({ events }) => events.map(({ id }) => id))
    expect(ids).to.have.length(200)
    expect(new Set(ids).size).to.equal(200)
  })

  it('tells a class of window, not its size', () => {
    expect([320, 1_000, 1_920].map(viewportOf)).to.deep.equal(['COMPACT', 'MEDIUM', 'WIDE'])
  })
})
