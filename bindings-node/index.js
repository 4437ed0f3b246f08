'use strict'

const { dress } = require('./lib/face.js')
const { load } = require('./lib/native.js')

const {
  BesunnyError,
  Documents,
  Events,
  Google,
  JobFailure,
  Jobs,
  Mail,
  Meetings,
  NewJob,
  Projects,
  Subscription,
  UserGoogle,
  UserHandle,
  UserMail,
  Users,
  VirtualClock,
  Webhooks,
  Workspace,
} = dress(load())

module.exports = {
  BesunnyError,
  Documents,
  Events,
  Google,
  JobFailure,
  Jobs,
  Mail,
  Meetings,
  NewJob,
  Projects,
  Subscription,
  UserGoogle,
  UserHandle,
  UserMail,
  Users,
  VirtualClock,
  Webhooks,
  Workspace,
}
