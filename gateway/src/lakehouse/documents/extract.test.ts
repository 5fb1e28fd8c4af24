import { expect } from 'chai'
import iconv from 'iconv-lite'
import { openExtractor, type Extraction, type Extractor, type Hints } from './extract.ts'
import {
  linesOf,
  pageOf,
  pagesOf,
  pdfOf,
  streamOf,
  utf16Hex,
  type CharacterMap,
} from './extract/pdf-samples.ts'

const LINES = [
  '采购合同第二〇二六号：应收账款转让通知书',
  '供应商：深圳市华星电子有限公司',
  '发票号码 24442000000123456789 价税合计 1,234,567.89 元',
]
const TIME_MS = 4_000

const gbkHex = (text: string): string => iconv.encode(text, 'gbk').toString('hex')

describe('the text of a document', () => {
  let extractor: Extractor
  before(() => {
    extractor = openExtractor({ timeMs: TIME_MS, memoryMb: 192 })
  })
  after(() => extractor.close())

  const read = (content: string | Buffer, hints?: Hints): Promise<Extraction> =>
    extractor.extract(typeof content === 'string' ? Buffer.from(content) : content, hints)

  async function text(content: string | Buffer, hints?: Hints): Promise<string> {
    const extraction = await read(content, hints)
    return extraction.outcome === 'EXTRACTED' ? extraction.text : extraction.outcome
  }

  async function code(content: string | Buffer): Promise<string> {
    const extraction = await read(content)
    return extraction.outcome === 'REFUSED' ? extraction.code : extraction.outcome
  }

  describe('PDF', () => {
    const maps: [CharacterMap, (line: string) => string][] = [
      ['UniGB-UCS2-H', utf16Hex],
      ['UniGB-UTF16-H', utf16Hex],
      ['GBK-EUC-H', gbkHex],
    ]
    for (const [map, hexOf] of maps)
      it(`is read where its Chinese font is only named, by ${map}`, async () => {
        const page = linesOf(LINES, hexOf)
        const extraction = await read(pdfOf(pagesOf([page, page], map)))
        expect(extraction).to.deep.include({ outcome: 'EXTRACTED', kind: 'PDF', pages: 2 })
        expect(extraction).to.deep.include({ cut: false, warnings: [] })
        expect(await text(pdfOf(pagesOf([page], map)))).to.equal(LINES.join('\n'))
      })

    it('is known by its content, and a name that says something else is a warning', async () => {
      const pdf = pdfOf(pagesOf([linesOf(LINES, utf16Hex)]))
      const prefixed = Buffer.concat([Buffer.from('\n'.repeat(100)), pdf])
      expect(await text(prefixed)).to.include('应收账款')
      expect(await read(pdf, { name: '合同.xml' })).to.deep.include({ warnings: ['NAME_DIFFERS'] })
      expect(await read(pdf, { mediaType: 'application/pdf' })).to.deep.include({ warnings: [] })
    })

    it('without a single character is a scan, by name', async () => {
      const scan = pdfOf(pagesOf([streamOf('0 0 100 100 re f'), streamOf('')]))
      expect(await read(scan)).to.deep.equal({ outcome: 'WITHOUT_TEXT', kind: 'PDF', pages: 2 })
    })

    it('of more pages than the limit is cut, and says so', async () => {
      const few = openExtractor({ pages: 2 })
      const page = linesOf(['第页'], utf16Hex)
      const extraction = await few.extract(pdfOf(pagesOf([page, page, page])))
      expect(extraction).to.deep.include({ cut: true, pages: 3, warnings: ['PAGES_CUT'] })
      expect(extraction).to.deep.include({ text: '第页\n\n第页' })
      await few.close()
    })

    it('that is broken is refused', async () => {
      const pdf = pdfOf(pagesOf([linesOf(LINES, utf16Hex)]))
      expect(await code('%PDF-1.7\n')).to.equal('PDF_MALFORMED')
      expect(
        await code(Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(5_000, 0x80)])),
      ).to.equal('PDF_MALFORMED')
      expect(await code(pdf.subarray(0, 200))).to.equal('PDF_MALFORMED')
    })

    it('that is broken leaves the reader able to read the next', async () => {
      await read('%PDF-1.7\n')
      expect(await text(pdfOf(pagesOf([linesOf(LINES, utf16Hex)])))).to.include('应收账款')
    })
  })

  describe('hostile PDF', () => {
    const hostile: [string, () => Buffer][] = [
      [
        'whose page unpacks to 400 MB',
        () => pdfOf(pagesOf([streamOf(Buffer.alloc(400_000_000, 0x20), 1)])),
      ],
      [
        'whose page unpacks twice',
        () => pdfOf(pagesOf([streamOf(Buffer.alloc(400_000_000, 0x20), 2)])),
      ],
      [
        'of three million operations',
        () => pdfOf(pagesOf([streamOf('BT /F1 9 Tf <5E945E94> Tj ET\n'.repeat(3_000_000))])),
      ],
      [
        'of a hundred thousand pages in ever the same object',
        () => {
          const objects = pagesOf([linesOf(LINES, utf16Hex)])
          objects[1] = `<</Type/Pages/Count 100000/Kids[${'6 0 R '.repeat(100_000)}]>>`
          return pdfOf(objects)
        },
      ],
      [
        'whose pages hold themselves',
        () => pdfOf(['<</Type/Catalog/Pages 2 0 R>>', '<</Type/Pages/Count 9/Kids[2 0 R 2 0 R]>>']),
      ],
      [
        'whose forms call each other twice, forty deep',
        () => {
          const forms = Array.from({ length: 40 }, (_, at) => {
            const next = at < 39 ? `/X ${9 + at} 0 R` : ''
            const content = at < 39 ? '/X Do /X Do' : 'BT /F1 9 Tf <5E94> Tj ET'
            return `<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<<${next}>>/Font<</F1 3 0 R>>>>/Length ${content.length}>>\nstream\n${content}\nendstream`
          })
          const page = pageOf(7).replace('/Font', '/XObject<</X 8 0 R>>/Font')
          return pdfOf([...pagesOf([]).slice(0, 5), page, streamOf('/X Do'), ...forms].map(fixKids))
        },
      ],
      [
        'whose cross references are a ring',
        () =>
          Buffer.from(
            '%PDF-1.7\nxref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 1/Prev 9/Root 1 0 R>>\nstartxref\n9\n%%EOF\n',
          ),
      ],
    ]
    const fixKids = (object: string | Buffer, at: number): string | Buffer =>
      at === 1 ? '<</Type/Pages/Count 1/Kids[6 0 R]>>' : object

    for (const [what, make] of hostile)
      it(`${what} ends in time, and the next document is read`, async function () {
        this.timeout(60_000)
        const bytes = make()
        const startedMs = performance.now()
        const extraction = await read(bytes)
        expect(performance.now() - startedMs).to.be.below(TIME_MS + 2_000)
        if (extraction.outcome === 'REFUSED')
          expect(extraction.code).to.be.oneOf(['TIME_LIMIT', 'MEMORY_LIMIT', 'PDF_MALFORMED'])
        expect(await text('下一份单据')).to.equal('下一份单据')
      })
  })

  describe('XML', () => {
    it('gives what stands between tags and in attributes', async () => {
      const xml =
        '<?xml version="1.0" encoding="GBK"?>\n<发票 xmlns="urn:x" 币种="CNY"><购方>华星&amp;电子</购方><金额>12.50</金额></发票>'
      const extraction = await read(xml, { name: '发票.xml' })
      expect(extraction).to.deep.include({ kind: 'XML', text: 'CNY\n华星&电子\n12.50', cut: false })
      expect(await text(iconv.encode(xml, 'gbk'))).to.equal('CNY\n华星&电子\n12.50')
    })

    it('with entities of its own is refused before one is expanded', async () => {
      const laughs = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>'
      expect(await code(laughs)).to.equal('XML_DTD_REFUSED')
    })

    it('too deep, or broken, is refused', async () => {
      expect(await code('<a>'.repeat(100_000))).to.equal('XML_TOO_DEEP')
      expect(await code('<a><b></a>')).to.equal('XML_MALFORMED')
      expect(await code('<a>' + 'x'.repeat(100))).to.equal('XML_MALFORMED')
    })
  })

  describe('CSV', () => {
    const csv =
      '发票号码,购方名称,价税合计\r\n24442000,"深圳华星, 电子",12.50\r\n24442001,上海宏达,3.00\r\n'

    it('gives its records, in UTF-8 with a mark and in GBK', async () => {
      const expected = { kind: 'CSV', rows: 3, cut: false } as const
      expect(await read(`\uFEFF${csv}`)).to.deep.include(expected)
      expect(await read(iconv.encode(csv, 'gb18030'))).to.deep.include(expected)
      expect(await text(csv)).to.include('24442000 深圳华星, 电子 12.50')
    })

    it('of two columns needs its name; a letter with commas is a text', async () => {
      const two = '名称,金额\n华星,1\n宏达,2\n'
      expect(await read(two)).to.deep.include({ kind: 'TEXT' })
      expect(await read(two, { name: 'a.csv' })).to.deep.include({ kind: 'CSV', rows: 3 })
      expect(await read(two, { mediaType: 'text/csv' })).to.deep.include({ kind: 'CSV' })
    })

    it('of 300 MB is refused unread, of 60 MB cut in time', async function () {
      this.timeout(60_000)
      expect(await code(Buffer.alloc(300_000_000, 'a,b,c\n'))).to.equal('BYTES_LIMIT')
      const startedMs = performance.now()
      const extraction = await read(Buffer.alloc(60_000_000, 'a,b,c\n'))
      expect(performance.now() - startedMs).to.be.below(TIME_MS + 2_000)
      if (extraction.outcome === 'EXTRACTED')
        expect(extraction).to.deep.include({ cut: true, warnings: ['TEXT_CUT'] })
      else expect(extraction).to.deep.include({ outcome: 'REFUSED' })
    })
  })

  describe('logs', () => {
    it('of JSON give each field with its name', async () => {
      const log =
        '{"at":"2026-01-01","action":"登录","user":{"name":"张晓明"},"tags":["a",1]}\n\nkaputt\n{"action":"退出"}\n'
      expect(await read(log, { name: 'portal.log' })).to.deep.equal({
        outcome: 'EXTRACTED',
        kind: 'JSON_LOG',
        text: 'at: 2026-01-01 action: 登录 name: 张晓明 tags: a tags: 1\nkaputt\naction: 退出',
        rows: 3,
        cut: false,
        warnings: ['LINES_MALFORMED'],
      })
    })

    it('of a hundred thousand brackets end', async () => {
      const deep = `{"a":1}\n{"b":${'['.repeat(100_000)}${']'.repeat(100_000)}}\n`
      expect(await read(deep)).to.deep.include({ kind: 'JSON_LOG', rows: 2 })
    })
  })

  describe('text', () => {
    it('is read in UTF-8, UTF-16 and GB18030', async () => {
      const said = '应收账款转让通知书：𠮷野家欠款'
      for (const encoding of ['utf-8', 'gb18030']) {
        expect(await text(iconv.encode(said, encoding))).to.equal(said)
      }
      expect(await text(iconv.encode(said, 'utf-16le', { addBOM: true }))).to.equal(said)
    })

    it('that is none is refused', async () => {
      expect(await code('')).to.equal('EMPTY')
      expect(await code(' \n\t ')).to.equal('EMPTY')
      expect(await code(Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]))).to.equal('FORMAT_UNKNOWN')
      expect(await code(Buffer.from([0x41, 0xff, 0xff, 0xff]))).to.equal('ENCODING_UNKNOWN')
      expect(await code(Buffer.alloc(100, 1))).to.equal('FORMAT_UNKNOWN')
    })

    it('is cut at the limit and holds no half characters', async () => {
      const short = openExtractor({ text: 5 })
      const extraction = await short.extract(Buffer.from('应收账款𠮷野家'))
      expect(extraction).to.deep.include({ cut: true, warnings: ['TEXT_CUT'] })
      expect(extraction).to.deep.include({ text: '应收账款\uFFFD' })
      await short.close()
    })
  })
})
