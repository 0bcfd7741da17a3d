'use strict'

require('./faye').driveFaye(require('faye-websocket'))
