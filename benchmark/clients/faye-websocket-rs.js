'use strict'

require('./faye').driveFaye(require('../..'))
