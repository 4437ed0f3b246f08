'use strict'

const { BesunnyError } = require('./lib/errors.js')
const { dress } = require('./lib/face.js')
const { load } = require('./lib/native.js')

const { Workspace, Users, UserHandle, Mail, UserMail, Projects, Documents, Events, Subscription } = dress(load())

module.exports = { BesunnyError, Workspace, Users, UserHandle, Mail, UserMail, Projects, Documents, Events, Subscription }
