"""One answer to each question of `habeas new`, and the spec that they make."""

from __future__ import annotations

ANSWERS = {
    "name": "Acme",
    "base": "https://api.acme.example.com/v1",
    "docs": "",
    "way": "key",
    "key": "X-Api-Key: <SECRET>",
    "verify": "/users?limit=1",
    "people": "users",
    "lookup": "GET /users?email=<EMAIL>",
    "records": "users",
    "match": "email",
    "capture": "USER_ID=id",
    "pages": "cursor",
    "cursor": "paging.next",
    "param": "after",
    "size": "limit=100",
    "paged": "no",
    "endpoint": "/users/<USER_ID>/meetings",
    "endpoint_name": "",
    "endpoint_records": "meetings",
    "endpoint_paged": "yes",
    "another": "/users/<USER_ID>",
    "another_name": "user",
    "another_records": "",
    "end": "",
}
EXPECTED = """\
# yaml-language-server: $schema=habeas.schema.json

spec: 1
vendor: acme
title: Acme
# TODO docs: where the facts come from, https://...
base_url: https://api.acme.example.com/v1

auth:
  headers: {X-Api-Key: <SECRET>}

verify: {get: /users, params: {limit: "1"}, records: users}

# TODO rate_limits: what the vendor allows, such as {all: 100/min}
pagination: {cursor: paging.next, param: after, size: {limit: 100}}
# TODO refusals: where a refusal has its code and message, and what it means
# TODO gaps: what this API cannot give, or is not asked; `none` where nothing is left out

access:
  lookup:
    get: /users
    params: {email: <EMAIL>}
    records: users
    match: email
    capture: {USER_ID: id}
    pagination: none

  endpoints:
    users_meetings:
      get: /users/<USER_ID>/meetings
      records: meetings
    user:
      get: /users/<USER_ID>
"""
