'use strict'

const { dress } = require('./lib/face.js')
const { load } = require('./lib/native.js')

const {
  BesunnyError,
  Documents,
  Events,
  JobFailure,
  Jobs,
  Mail,
  NewJob,
  Projects,
  Subscription,
  UserHandle,
  UserMail,
  Users,
  VirtualClock,
  Workspace,
} = dress(load())

module.exports = {
  BesunnyError,
  Documents,
  Events,
  JobFailure,
  Jobs,
  Mail,
  NewJob,
  Projects,
  Subscription,
  UserHandle,
  UserMail,
  Users,
  VirtualClock,
  Workspace,
}
