'use strict'

// The client that wstest's fuzzing server tests: opens one connection per case and echoes its messages.

const { createTarget } = require('./targets')

async function main (subject, origin, agent) {
  const { connect } = createTarget(subject)
  const query = `agent=${encodeURIComponent(agent)}`

  let count = 0
  await connect(`${origin}/getCaseCount`, data => { count = Number(data) })
  if (!(count > 0)) throw new Error('The fuzzing server did not answer getCaseCount')

  for (let number = 1; number <= count; number++) {
    await connect(`${origin}/runCase?case=${number}&${query}`, (data, send) => send(data))
    // The server answers when it has finished the case, which may be after our 'close'. Without this, the next case or
    // the report could precede the verdict.
    await connect(`${origin}/getCaseStatus?case=${number}&${query}`, () => {})
  }
  await connect(`${origin}/updateReports?${query}`, () => {})
}

process.on('disconnect', () => process.exit(1))

main(JSON.parse(process.argv[2]), process.argv[3], process.argv[4]).then(
  () => process.exit(),
  error => {
    console.error(error)
    process.exit(1)
  }
)
