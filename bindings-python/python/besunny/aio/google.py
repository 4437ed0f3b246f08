# Written by tools/make_aio.py from _blocking/google.py; change that instead.
"""Google: linking accounts, keeping them level, notifications."""

from __future__ import annotations

import builtins
from collections.abc import Sequence

from .. import _besunny
from .._google_options import answer_fields
from .._headers import Headers, pairs
from .._types import (
    Account,
    AccountHealth,
    Consent,
    Disconnected,
    GoogleIdentity,
    Linked,
    SignedIn,
    SyncSummary,
    WebhookOutcome,
)
from .._vocabulary import AccountRef, Service


class Webhooks:
    """Where one service's notifications come in: ``ws.google.gmail``, ``.drive`` and
    ``.calendar``. A notification is taken when what it tells is written down; bringing the
    account level is a job's business."""

    __slots__ = ("_native",)

    def __init__(self, native: _besunny.Webhooks) -> None:
        self._native = native

    async def notify(
        self, headers: Headers, body: bytes | bytearray | memoryview | str = b""
    ) -> WebhookOutcome:
        """Takes a notification: its HTTP headers, with names in any case, and its body.

        Answer the sender with what comes of it, whatever it is: forged, expired and
        misdirected ones are refused, the same one again does no harm, and where it could not
        be written down the status is 503, and the sender tries again. It raises only where no
        answer makes sense.
        """
        return await self._native.notify(pairs(headers), body).future()


class Google:
    """Google for the workspace itself, ``ws.google``: logins, mailboxes that users share by
    virtual address, and where notifications come in.

    Its methods raise :class:`NotConfiguredError` in a workspace that was opened without
    ``google``.
    """

    __slots__ = ("_native", "calendar", "drive", "gmail")

    gmail: Webhooks
    """Where Pub/Sub's messages about mailboxes come in."""
    drive: Webhooks
    """Where Drive's notifications come in."""
    calendar: Webhooks
    """Where Calendar's notifications come in."""

    def __init__(self, native: _besunny.Google) -> None:
        self._native = native
        self.gmail = Webhooks(native.gmail())
        self.drive = Webhooks(native.drive())
        self.calendar = Webhooks(native.calendar())

    async def start(self) -> None:
        """Keeps all linked accounts level from now on: a schedule that looks every minute for
        what is due, for whoever works. Calling it again is fine."""
        await self._native.start().future()

    async def login(
        self,
        *,
        login_hint: str | None = None,
        return_to: str | None = None,
        session: str | None = None,
    ) -> Consent:
        """Where to send somebody who signs in.

        ``login_hint`` is their address, where it is known, and ``return_to`` the path in your
        application to go on at afterwards. ``session`` is a value that only the asking browser
        has, such as a cookie's; it has to come back with the answer.
        """
        options = {"login_hint": login_hint, "return_to": return_to, "session": session}
        return await self._native.login(options).future()

    async def finish_login(
        self,
        query: str | None = None,
        *,
        state: str | None = None,
        code: str | None = None,
        error: str | None = None,
        session: str | None = None,
    ) -> SignedIn:
        """Takes up the answer to a login: the query of the address that the browser came back
        to, or what was in it."""
        answer = answer_fields(query, state, code, error, session)
        return await self._native.finish_login(answer).future()

    async def consent(
        self,
        *,
        login_hint: str | None = None,
        return_to: str | None = None,
        session: str | None = None,
    ) -> Consent:
        """Where to send who links a mailbox that users share by virtual address; the arguments
        are those of :meth:`login`."""
        options = {"login_hint": login_hint, "return_to": return_to, "session": session}
        return await self._native.consent(options).future()

    async def finish(
        self,
        query: str | None = None,
        *,
        state: str | None = None,
        code: str | None = None,
        error: str | None = None,
        session: str | None = None,
    ) -> Linked:
        """Takes up the answer to :meth:`consent`, as :meth:`UserGoogle.finish` does."""
        answer = answer_fields(query, state, code, error, session)
        return await self._native.finish(answer).future()

    async def delegate(self, email: str) -> Account:
        """Links a mailbox that users share by virtual address, by an administrator's delegation
        to the service account."""
        return await self._native.delegate(email).future()

    async def health(self) -> builtins.list[AccountHealth]:
        """How well all linked accounts are kept level, of all users and of the workspace."""
        return await self._native.health().future()

    async def sync(self, *, stop: _besunny.CancelToken | None = None) -> SyncSummary:
        """Brings the workspace's own mailboxes level, here and now, until it is asked to
        ``stop``. What Google says is in the summary."""
        token = _besunny.CancelToken() if stop is None else stop
        return await self._native.sync(token).future()

    async def disconnect(self, account_id: AccountRef, *, erase: bool = False) -> Disconnected:
        """Disconnects one of the workspace's own accounts, as :meth:`UserGoogle.disconnect`
        does."""
        return await self._native.disconnect(account_id, erase).future()

    async def reseal(self) -> int:
        """Encrypts all stored tokens anew with the first of the token keys; how many accounts
        had another. After that, the other keys are of no use any more."""
        return await self._native.reseal().future()


class UserGoogle:
    """The accounts at Google that a user linked: ``me.google``.

    Its methods raise :class:`NotConfiguredError` in a workspace that was opened without
    ``google``.
    """

    __slots__ = ("_native",)

    def __init__(self, native: _besunny.UserGoogle) -> None:
        self._native = native

    async def consent(
        self,
        services: Sequence[Service],
        *,
        login_hint: str | None = None,
        return_to: str | None = None,
        session: str | None = None,
    ) -> Consent:
        """Where to send the user to link an account. Ask for a service when it is needed; what
        was granted before stays.

        ``login_hint`` is the address of the account, where it is known, and ``return_to`` the
        path in your application to go on at afterwards. ``session`` is a value that only the
        asking browser has, such as a cookie's; it has to come back with the answer.
        """
        options = {"login_hint": login_hint, "return_to": return_to, "session": session}
        return await self._native.consent(services, options).future()

    async def finish(
        self,
        query: str | None = None,
        *,
        state: str | None = None,
        code: str | None = None,
        error: str | None = None,
        session: str | None = None,
    ) -> Linked:
        """Takes up the answer: the query of the address that the browser came back to, or what
        was in it. From now on the account is kept level.

        It raises :class:`UnauthenticatedError` for an answer to no question of this user's, one
        that comes again or too late; :class:`ForbiddenError` when another user asked, or when
        the user said no; :class:`NeedsReauthError` when Google gave nothing that lasts.
        """
        answer = answer_fields(query, state, code, error, session)
        return await self._native.finish(answer).future()

    async def delegate(self, email: str, services: Sequence[Service]) -> Account:
        """Links an account by an administrator's delegation to the service account."""
        return await self._native.delegate(email, services).future()

    async def keep_login(self, identity: GoogleIdentity) -> Account:
        """Notes that the user signs in with an account of Google's."""
        return await self._native.keep_login(identity._fields()).future()

    async def accounts(self) -> builtins.list[Account]:
        """The user's accounts, in order of linking."""
        return await self._native.accounts().future()

    async def health(self) -> builtins.list[AccountHealth]:
        """How well the user's accounts are kept level."""
        return await self._native.health().future()

    async def sync(
        self, service: Service | None = None, *, stop: _besunny.CancelToken | None = None
    ) -> SyncSummary:
        """Brings the user's accounts level, here and now: one service, or all. What Google says
        is in the summary; ``stop`` ends it with :class:`CancelledError`."""
        token = _besunny.CancelToken() if stop is None else stop
        return await self._native.sync(service, token).future()

    async def active(self) -> None:
        """Notes that the user is active, so that what they look at is looked at more often."""
        await self._native.active().future()

    async def disconnect(self, account_id: AccountRef, *, erase: bool = False) -> Disconnected:
        """Ends everything about an account: its notifications, Google's consent, the tokens,
        and, with ``erase``, what came from it. Nothing else is deleted."""
        return await self._native.disconnect(account_id, erase).future()
