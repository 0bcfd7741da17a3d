'use strict'

require('./faye').driveFaye(require('../..'), { transport: 'stream' })
