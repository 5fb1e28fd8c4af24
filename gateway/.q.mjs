import pg from 'pg'
import fs from 'fs'
const org = process.argv[2]
const cfg = JSON.parse(fs.readFileSync(`/tmp/gateway/state/gateways/${org}/config.json`,'utf8'))
const c = new pg.Client({connectionString: cfg.databaseUrl, options: '-c search_path=app,book'})
await c.connect()
const r = await c.query(process.argv[3])
console.table(r.rows)
await c.end()
