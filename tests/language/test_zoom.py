"""specs/zoom.yaml covers Zoom's integration page line by line; the page's facts stand here as data."""

from __future__ import annotations

from pathlib import Path

from engine.language.load import check

FILE = Path(__file__).parent.parent.parent / "specs" / "zoom.yaml"
RAW = FILE.read_bytes()
VENDOR, NOTES = check(RAW, "zoom.yaml")

GRANULAR = (
    "user:read:user:admin",
    "user:read:settings:admin",
    "group:read:group:admin",
    "meeting:read:list_meetings:admin",
    "webinar:read:list_webinars:admin",
    "cloud_recording:read:list_user_recordings:admin",
    "phone:read:user:admin",
    "phone:read:user_setting:admin",
    "phone:read:list_recordings:admin",
    "phone:read:list_voicemails:admin",
    "phone:read:list_call_logs:admin",
)
CLASSIC = (
    "meeting:read:admin",
    "webinar:read:admin",
    "group:read:admin",
    "imgroup:read:admin",
    "user:read:admin",
    "recording:read:admin",
    "phone:read:admin",
)
PATHS = {
    "https://api.zoom.us/v2/users/<USER_ID>/settings",
    "https://api.zoom.us/v2/users/<USER_ID>/meetings",
    "https://api.zoom.us/v2/users/<USER_ID>/webinars",
    "https://api.zoom.us/v2/users/<USER_ID>/recordings",
    "https://api.zoom.us/v2/phone/users/<USER_ID>",
    "https://api.zoom.us/v2/phone/users/<USER_ID>/settings",
    "https://api.zoom.us/v2/phone/users/<USER_ID>/call_logs",
    "https://api.zoom.us/v2/phone/users/<USER_ID>/voice_mails",
    "https://api.zoom.us/v2/phone/users/<USER_ID>/recordings",
}


def test_the_oauth_facts_are_the_page_s():
    """Grant, both addresses and both scope lists, in the page's order."""
    oauth = VENDOR.auth.oauth2
    assert oauth.grant == "authorization_code"
    assert oauth.authorization_url == "https://zoom.us/oauth/authorize"
    assert oauth.token_url == "https://zoom.us/oauth/token"
    assert oauth.scopes == {"granular": GRANULAR, "classic": CLASSIC}


def test_verify_version_look_up_and_direct_contact_are_the_page_s():
    """GET /users verifies, version 2, the person is looked up by e-mail address."""
    assert str(VENDOR.verify.address) == "https://api.zoom.us/v2/users"
    assert VENDOR.version == "v2"
    assert str(VENDOR.lookups[0].address) == "https://api.zoom.us/v2/users/<EMAIL>"
    assert tuple(VENDOR.direct_contact) == ("access", "deletion")


def test_every_endpoint_of_the_page_is_asked():
    """All nine dependent requests are there; what comes beside them is about the same person."""
    asked = {str(one.address) for one in VENDOR.endpoints.values()}
    assert asked >= PATHS
    assert all("<USER_ID>" in address for address in asked - {"https://api.zoom.us/v2/phone/sms/sessions/<phone_sms_sessions.session_id>"})
    assert len(VENDOR.endpoints) == 17


def test_every_endpoint_is_granted_by_a_scope_of_each_family():
    """An app of either kind can read everything that is not optional; only `verify` needs one more granular scope."""
    for endpoint in (*VENDOR.lookups, *VENDOR.endpoints.values()):
        for family in (GRANULAR, CLASSIC):
            assert endpoint.optional or any(entry <= set(family) for entry in endpoint.granted_by), endpoint.name
    assert [one.name for one in VENDOR.endpoints.values() if one.optional] == ["past_meetings", "phone_sms_sessions", "phone_sms"]


def test_the_notes_are_the_known_ones():
    """Three scopes of the page that nothing uses, and the one that only `verify` needs."""
    assert [note.message for note in NOTES] == [
        "no request is granted by `group:read:group:admin`",
        "no request is granted by `group:read:admin`",
        "no request is granted by `imgroup:read:admin`",
        "`user:read:list_users:admin` is not listed under `scopes`",
        "no scope of the family `granular` grants `verify`",
    ]


def test_what_is_said_of_sms_holds_where_they_are_not_asked_for_too():
    """They need an optional scope, and the sentence stands beside every result: also beside one that has none because the scope is lacking."""
    assert all(VENDOR.endpoints[name].optional for name in ("phone_sms_sessions", "phone_sms"))
    (said,) = (gap for gap in VENDOR.gaps if "SMS are asked" in gap)
    assert said.endswith("SMS are asked for as long, if the connection may read them.")


def test_it_is_short_enough_to_be_read():
    """About three hundred lines, none of them long."""
    lines = RAW.decode().splitlines()
    assert len(lines) <= 300
    assert max(map(len, lines)) <= 130
