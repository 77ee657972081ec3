"""Opening day as locust plays it: each parent loads the week, holds five sessions, checks, pays by card, is confirmed.

Run with the address of a site on this machine (`--host`). `LOAD_PARENTS` names a JSON file with one parent a row:
cookie, picks (`pupil:session`) and Monday; what was seen is written to `LOAD_SEEN`, as JSON. Nobody signs in here: that
is measured apart. Each parent goes through once; `LOAD_THINKS` is the longest pause between two pages, in seconds.
The run ends when all have been through.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from locust import FastHttpUser, between, events, task
from locust.env import Environment
from locust.exception import StopUser

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
PARENTS = json.loads(Path(os.environ["LOAD_PARENTS"]).read_text())
THINKS = float(os.environ.get("LOAD_THINKS", "0"))
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
TO_PAY = re.compile(r'name="seen_pence" value="(\d+)"')
waiting = list(reversed(PARENTS))
through: list[str] = []


@events.init.add_listener
def only_here(environment: Environment, **_: object) -> None:
    """A load test is aimed at this machine and at nothing else."""
    if urlsplit(environment.host or "").hostname not in LOOPBACK:
        raise SystemExit("A load test is aimed at this machine alone (--host http://127.0.0.1:...).")


@events.quitting.add_listener
def tell(environment: Environment, **_: object) -> None:
    """Write down what was seen: seconds from the first page to the last, milliseconds at the percentiles, failures."""
    whole = environment.stats.total
    seen = {
        "took_seconds": (whole.last_request_timestamp or 0) - whole.start_time,
        "p50": whole.get_response_time_percentile(0.5),
        "p95": whole.get_response_time_percentile(0.95),
        "p99": whole.get_response_time_percentile(0.99),
        "requests": whole.num_requests,
        "failures": whole.num_failures,
        "through": len(through),
    }
    Path(os.environ["LOAD_SEEN"]).write_text(json.dumps(seen))


class WentWrong(Exception):
    """A page that a parent did not get; locust has counted it, and the parent goes no further."""


class Parent(FastHttpUser):
    """One parent on a telephone, signed in already."""

    wait_time = between(THINKS / 3, THINKS)

    @task
    def book_a_week(self) -> None:
        """From the week to the confirmation, once."""
        if not waiting:
            raise StopUser
        row = waiting.pop()
        self.cookie = row["cookie"]
        try:
            self._book(row)
            through.append(self.cookie)
        except WentWrong:
            pass
        finally:
            if len(through) == len(PARENTS):
                self.environment.runner.quit()
        raise StopUser

    def _book(self, row: dict[str, str]) -> None:
        page = self._page("GET", f"/book?week={row['monday']}", "1 the week")
        picks = [(name, pick) for pick in row["picks"] for name in ("pick", "shown")]
        fields = {"go": "hold", "week": row["monday"], "kind": "once", "end": "half_term"}
        self._press("/book", page, [*fields.items(), *picks], "2 held")
        self._page("GET", "/basket", "3 the basket")
        page = self._page("GET", "/checkout", "4 check answers")
        pence = TO_PAY.findall(page)[-1]
        card_page = self._press(
            "/checkout/pay", page, [("tender", "card"), ("seen_pence", pence)], "5 to the card page"
        )
        self._page("GET", card_page, "6 the card page")
        back = self._press(card_page, None, [("action", "pay")], "7 paid")
        done = self._press(back, None, None, "8 back from the card page")
        if "/bookings/" not in done:
            raise WentWrong(done)
        self._page("GET", done, "9 confirmed")

    def _page(self, method: str, url: str, name: str) -> str:
        """A page that must come whole."""
        self.wait()
        answer = self._ask(method, url, name, 200, None)
        return str(answer.text)

    def _press(self, url: str, page: str | None, fields: list[tuple[str, str]] | None, name: str) -> str:
        """A button (or the way back) that must lead on; where it leads."""
        token = TOKEN.search(page) if page else None
        data = None
        if fields is not None:
            data = urlencode([*([("csrf_token", token[1])] if token else []), *fields])
        return str(
            self._ask("POST" if fields is not None else "GET", url, name, 303, data).headers["Location"]
        )

    def _ask(self, method: str, url: str, name: str, status: int, data: str | None):
        headers = {"Cookie": self.cookie, "Accept-Encoding": "gzip", "Referer": f"{self.host}/book"}
        if data is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        whole = url if "://" in url else f"{self.host}{url}"
        with self.client.request(
            method, whole, name=name, data=data, headers=headers, allow_redirects=False, catch_response=True
        ) as answer:
            if answer.status_code != status:
                answer.failure(f"{name} answered {answer.status_code}")
                raise WentWrong(name)
            fresh = answer.headers.get("Set-Cookie")
            if (
                fresh
                and fresh.startswith("session=")
                and urlsplit(whole).netloc == urlsplit(self.host).netloc
            ):
                self.cookie = fresh.split(";")[0]
            answer.success()
            return answer
