"""What callers say about Google: frozen dataclasses that they make, and how the native module
takes them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any, TypeVar

from ._vocabulary import Moment, QuotaTable, Span

_T = TypeVar("_T")


def _made(kind: type[_T], given: _T | Mapping[str, Any]) -> _T:
    """An instance, also of a mapping with its fields."""
    return kind(**given) if isinstance(given, Mapping) else given


def _values(options: Any) -> dict[str, Any]:
    """As the native module takes it, for classes whose fields need nothing more."""
    return {each.name: getattr(options, each.name) for each in fields(options)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PushOptions:
    """How Gmail notifies: over a topic of Pub/Sub, whose subscription posts to us and signs
    what it posts.

    ``topic`` is ``projects/{project}/topics/{topic}`` and ``subscription``
    ``projects/{project}/subscriptions/{subscription}``; messages of others are refused.
    ``audience`` is the one that the subscription was made with, or else the address it posts
    to, and ``service_account`` the address of the account that it signs as.
    """

    topic: str
    subscription: str
    audience: str
    service_account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleEndpoints:
    """Where Google's parts are, as base addresses; what is ``None`` is where Google has it.

    ``accounts`` is where users consent, ``oauth2`` gives tokens, ``openid`` says whose an
    account is, and ``www`` has Drive, Calendar and Google's keys.
    """

    accounts: str | None = None
    oauth2: str | None = None
    openid: str | None = None
    gmail: str | None = None
    www: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleQuota:
    """What may be used of Google's APIs.

    ``table`` says what calls cost and what holds where nothing else is said: ``"old"`` for
    projects that were in use between November 2025 and April 2026. ``gmail``, ``drive`` and
    ``calendar`` are quota units a minute, for each user and for the whole project; Google
    shows the true ones in its console.

    >>> besunny.GoogleQuota(table="old", drive=(12_000, 12_000)).drive
    (12000, 12000)
    """

    table: QuotaTable = "new"
    gmail: tuple[int, int] | None = None
    drive: tuple[int, int] | None = None
    calendar: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleOptions:
    """What has to be known to work with Google; checked when the workspace is opened.

    ``client_id``, ``client_secret`` and ``redirect_uri`` are the OAuth client's, the last one
    exactly as registered; users who sign in come back to ``login_redirect_uri``, if it is
    another place. ``token_keys`` are the keys that tokens are encrypted with, by name: 32
    random bytes each, as base64 or hex (``openssl rand -base64 32``); the first one encrypts,
    all of them decrypt. ``hosted_domain`` accepts accounts of one Workspace domain only.
    ``service_account`` is the key of a service account: the path of its file, or its JSON as
    text or as a dict.

    Gmail notifies by ``push``, Drive and Calendar below the base address
    ``webhook_address``; without them they are polled. ``endpoints`` is where Google is, one
    address for all of it or :class:`GoogleEndpoints`; ``quota`` is a table of Google's, or a
    :class:`GoogleQuota`. One try of a call may take ``request_timeout``, all of its tries and
    waits ``total_timeout``.

    >>> options = besunny.GoogleOptions(client_id="me", client_secret="hush")
    >>> "hush" in repr(options)
    False
    """

    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    redirect_uri: str = ""
    login_redirect_uri: str | None = None
    token_keys: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    read_only: bool = True
    hosted_domain: str | None = None
    service_account: str | os.PathLike[str] | Mapping[str, Any] | None = field(
        default=None, repr=False, hash=False
    )
    endpoints: str | GoogleEndpoints | Mapping[str, Any] | None = field(default=None, hash=False)
    push: PushOptions | Mapping[str, Any] | None = field(default=None, hash=False)
    webhook_address: str | None = None
    quota: QuotaTable | GoogleQuota | Mapping[str, Any] = field(default="new", hash=False)
    request_timeout: Span = 30.0
    total_timeout: Span = 120.0
    proxy: str | None = field(default=None, repr=False)

    def _fields(self) -> dict[str, Any]:
        """As the native module takes it."""
        values = _values(self)
        values["token_keys"] = list(self.token_keys.items())
        account = self.service_account
        if isinstance(account, Mapping):
            values["service_account"] = json.dumps(dict(account))
        elif account is not None:
            values["service_account"] = os.fspath(account)
        if self.endpoints is not None and not isinstance(self.endpoints, str):
            values["endpoints"] = _values(_made(GoogleEndpoints, self.endpoints))
        if self.push is not None:
            values["push"] = _values(_made(PushOptions, self.push))
        quota = self.quota
        made = GoogleQuota(table=quota) if isinstance(quota, str) else _made(GoogleQuota, quota)
        values["quota"] = _values(made)
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingRules:
    """Which events become meetings: those with a link to join by (``require_link``), those
    that the owner declined, too, those that take whole days, too, and those that ended at most
    ``window_past`` ago or begin within ``window_future``."""

    require_link: bool = True
    include_declined: bool = True
    include_all_day: bool = False
    window_past: Span = timedelta(days=7)
    window_future: Span = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalBounds:
    """The shortest and longest waits between two polls. No wait is shorter than ``floor`` but
    for a notification, nor longer than ``ceiling``, or ``ceiling_with_channel`` where
    notifications come."""

    floor: Span = timedelta(minutes=1)
    ceiling: Span = timedelta(hours=1)
    ceiling_with_channel: Span = timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOptions:
    """How much of linked accounts is kept level, and how often it is looked at.

    Mail that Gmail accepted before ``mail_since`` is left out, and the first listing of a
    mailbox ends after ``max_messages``, newest first.
    """

    mail_since: Moment | None = None
    max_messages: int | None = None
    meetings: MeetingRules | Mapping[str, Any] = field(default_factory=MeetingRules, hash=False)
    intervals: IntervalBounds | Mapping[str, Any] = field(
        default_factory=IntervalBounds, hash=False
    )

    def _fields(self) -> dict[str, Any]:
        """As the native module takes it."""
        values = _values(self)
        values["meetings"] = _values(_made(MeetingRules, self.meetings))
        values["intervals"] = _values(_made(IntervalBounds, self.intervals))
        return values


def google_fields(given: GoogleOptions | Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What to open a workspace with, as the native module takes it."""
    return None if given is None else _made(GoogleOptions, given)._fields()


def sync_fields(given: SyncOptions | Mapping[str, Any] | None) -> dict[str, Any]:
    """How much to keep level, as the native module takes it."""
    return (SyncOptions() if given is None else _made(SyncOptions, given))._fields()


def answer_fields(
    query: str | None,
    state: str | None,
    code: str | None,
    error: str | None,
    session: str | None,
) -> dict[str, str | None]:
    """What Google sent a browser back with, as the native module takes it."""
    return {"query": query, "state": state, "code": code, "error": error, "session": session}
