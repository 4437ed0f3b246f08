"""What is said about accounts at Google and meetings: frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ._record import Record
from ._vocabulary import (
    AccountKind,
    AccountStatus,
    EventStatus,
    Health,
    Json,
    WebhookVerdict,
)

if TYPE_CHECKING:
    from ._types import User


@dataclass(frozen=True, slots=True)
class Account(Record):
    """An account at Google that is linked to a user, or to the workspace itself.

    ``tenant`` is the id of the user; of the workspace's own accounts, it is all zeros.
    ``subject`` is Google's stable name of it, and ``scopes`` what may be done with it.
    ``status_reason`` says in Google's words why it cannot be used; ``login`` is whether its
    owner signs in with it.
    """

    id: str
    tenant: str
    kind: AccountKind
    subject: str
    email: str
    name: str | None
    picture: str | None
    scopes: tuple[str, ...]
    status: AccountStatus
    status_reason: str | None
    login: bool
    access_expires_at: datetime | None
    linked_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Consent(Record):
    """Where to send a user, and until when the answer counts. The address is for this user's
    browser only, and is not shown."""

    url: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Linked(Record):
    """An account that was linked. ``missing`` are scopes that were asked for and not granted;
    ``return_to`` is where your application wanted to go on."""

    account: Account
    missing: tuple[str, ...]
    return_to: str | None


@dataclass(frozen=True, slots=True)
class GoogleIdentity(Record):
    """Who somebody is, according to Google. ``subject`` is Google's stable name of them."""

    subject: str
    email: str
    email_verified: bool = False
    name: str | None = None
    picture: str | None = None
    hosted_domain: str | None = None

    def _fields(self) -> dict[str, Any]:
        """As the native module takes it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class SignedIn(Record):
    """Somebody who signed in. ``user`` is who they are here; ``None`` for somebody new: make a
    user and call :meth:`UserGoogle.keep_login`."""

    identity: GoogleIdentity
    user: User | None
    return_to: str | None


@dataclass(frozen=True, slots=True)
class StreamHealth(Record):
    """How one thing of an account is that is kept level: ``gmail``, ``drive``,
    ``drive:{shared drive}`` or ``calendar:{calendar}``.

    ``reasons`` say why it is not green; ``lag`` is how long what waits has waited.
    ``waiting`` objects are still to be stored, ``aside`` ones failed too often.
    """

    stream: str
    health: Health
    reasons: tuple[str, ...]
    succeeded_at: datetime | None
    lag: timedelta
    watch_expires_at: datetime | None
    heard_at: datetime | None
    next_at: datetime | None
    waiting: int
    aside: int
    objects: int


@dataclass(frozen=True, slots=True)
class AccountHealth(Record):
    """How well an account is kept level: as the worst of its streams."""

    account: Account
    health: Health
    streams: tuple[StreamHealth, ...]


@dataclass(frozen=True, slots=True)
class StreamSummary(Record):
    """What bringing one stream level did: objects that Google had news about, that were stored,
    taken out, and that failed, which are tried again. ``snapshot`` is whether everything was
    listed anew; ``error_code`` and ``error_message`` say what ended it early."""

    stream: str
    told: int
    stored: int
    removed: int
    failed: int
    snapshot: bool
    error_code: str | None
    error_message: str | None


@dataclass(frozen=True, slots=True)
class SyncSummary(Record):
    """What bringing accounts level did, stream by stream."""

    streams: tuple[StreamSummary, ...]


@dataclass(frozen=True, slots=True)
class Disconnected(Record):
    """What disconnecting an account did. Where Google has not taken back the consent
    (``revoked``), its owner can; the tokens are gone here either way. ``erased`` objects were
    taken out."""

    account: Account
    revoked: bool
    erased: int


@dataclass(frozen=True, slots=True)
class WebhookOutcome(Record):
    """What a notification is answered, whatever web framework does it: the HTTP ``status``,
    and ``text`` of the type ``content_type``. ``body`` is the same as a value."""

    status: int
    body: Json = field(hash=False)
    verdict: WebhookVerdict
    text: str
    content_type: str


@dataclass(frozen=True, slots=True)
class Attendee(Record):
    """Somebody who is invited, and what they answered."""

    email: str
    name: str | None
    response: EventStatus
    organizer: bool


@dataclass(frozen=True, slots=True)
class Meeting(Record):
    """A meeting, as the calendar has it.

    ``event_id`` is the calendar's name of it; ``ical_uid`` is the same in every attendee's
    calendar. ``series_id`` and ``original_start`` say of which series it is an occurrence,
    and when that was to begin before it was moved. ``virtual_attendee`` is which of the
    attendees is the owner's virtual address.
    """

    id: str
    event_id: str
    ical_uid: str | None
    calendar: str
    series_id: str | None
    original_start: datetime | None
    title: str
    description: str | None
    meeting_url: str
    start: datetime
    end: datetime
    status: EventStatus
    attendees: tuple[Attendee, ...]
    virtual_attendee: str | None
    project_id: str | None
    created_at: datetime
    updated_at: datetime
