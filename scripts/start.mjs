// npm start: installs and builds what is missing, then brings the network up and plays the pilot.
//   npm start -- [--once] [--ledger embedded|fabric] [--dir FOLDER] [--no-pilot]
import { handOver, setUp } from './setup.mjs'

setUp({ lakes: process.argv.some(word => word.startsWith('--lakes')) })
handOver('test-network/dist/run/main.mjs', process.argv.slice(2))
